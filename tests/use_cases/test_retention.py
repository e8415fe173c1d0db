"""What is old is deleted, unless it is still needed (docs/privacy.md)."""

from datetime import timedelta

from bot.db import Session
from bot.use_cases.personal_data.expire import expire_personal_data
from models.account.billing_contact import BillingContact
from models.notice import Notice, NoticeKind, NoticeStatus, OrderMessage
from models.service_order import ServiceOrder
from models.slack_user import SlackUser
from tests.handlers.steps import get_known_person
from tests.models.examples import make_quote
from tests.world import World


async def store_aged_notices(world: World, session: Session) -> None:
    contact = await world.load_row(BillingContact, email="alice@acme.example")
    finished, unfinished = await world.load_rows(ServiceOrder)
    pending = make_quote(
        number="SQ-77", contact_id=contact.id, expires_at=world.clock() + timedelta(days=300)
    )
    session.add(pending)
    await session.flush()
    delivered = NoticeStatus.DELIVERED
    for name, status, days, order_id, quote_id in (
        ("delivered", delivered, 366, finished.id, None),
        ("given up", NoticeStatus.UNDELIVERABLE, 366, None, None),
        ("of a pending quote", delivered, 366, None, pending.id),
        ("of an open order", delivered, 366, unfinished.id, None),
        ("waiting", NoticeStatus.WAITING, 366, None, None),
        ("younger", delivered, 364, None, None),
    ):
        at = world.clock() - timedelta(days=days)
        notice = Notice(
            event=f"aged: {name}",
            account_id="acme",
            team="T01ACME",
            destination=f"contact:{contact.id}",
            kind=NoticeKind.QUOTE_DECIDED,
            order_id=order_id,
            quote_id=quote_id,
            status=status,
            created_at=at,
            due_at=at,
            delivered_at=at if status is delivered else None,
        )
        session.add(notice)
        await session.flush()
        if order_id == finished.id:
            session.add(OrderMessage(notice_id=notice.key, order_id=finished.key, channel="D1", ts="1.0"))


async def list_aged(world: World) -> set[str]:
    events = [notice.event.partition(": ") for notice in await world.load_rows(Notice)]
    return {name for prefix, _, name in events if prefix == "aged"}


async def test_old_notices_and_profiles_are_deleted_unless_they_are_needed(world: World) -> None:
    """docs/privacy.md: MESSAGE_RETENTION_DAYS and PROFILE_RETENTION_DAYS."""
    await world.place_order(await get_known_person(world, "alice"), acme_meeting=1)
    await world.settle()
    await world.place_order(await get_known_person(world, "dora"), declined_meeting=1)
    await world.settle()
    async with world.dependencies.write() as session:
        await store_aged_notices(world, session)
        for user, days in (("U01ALICE", 91), ("U77OLD", 91), ("U78NEW", 89)):
            await session.merge(
                SlackUser(
                    team_id="T01ACME",
                    user_id=user,
                    home_team_id="T01ACME",
                    name=user,
                    refreshed_at=world.clock() - timedelta(days=days),
                )
            )
    assert await expire_personal_data(world.dependencies) == 3
    needed = {"of a pending quote", "of an open order", "waiting"}
    assert await list_aged(world) == {*needed, "younger"}
    users = {user.user_id for user in await world.load_rows(SlackUser)}
    assert {"U01ALICE", "U78NEW"} <= users
    assert "U77OLD" not in users
    assert await expire_personal_data(world.dependencies) == 0

    world.clock.move(days=366)
    assert await expire_personal_data(world.dependencies) > 0
    assert await list_aged(world) == needed
