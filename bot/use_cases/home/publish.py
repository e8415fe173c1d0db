"""Drawing people's Home tabs, and drawing them again when something of their accounts changes (home_change).

What was claimed, and when the next drawing is permitted, are rows: all this holds across replicas.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError
from sqlmodel import and_, col, delete, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.billing.gateway import BillingUnavailable, CustomerUnknown
from bot.messaging.home_publisher import ChartRefused, HomeContent
from bot.messaging.messenger import MessengerUnavailable, PersonUnreachable, RateLimited
from bot.permissions import Person
from bot.services import Services
from bot.tasks import TooBusy
from bot.use_cases.account.overview import read_home
from bot.use_cases.billing_sync.account import refresh_account
from bot.use_cases.delivery.claim import delivery_lease, longest_delivery
from bot.use_cases.due_rows import work_off
from bot.use_cases.home.invalidate import PAUSE, mark_changed
from bot.use_cases.slack_user import NO_HURRY, reader_of, refresh_slack_user
from models.errors import Refusal
from models.home import TRY_BLOCK_AGAIN, Home, HomeAccount, RefusedBlock
from models.notice import DeliverySlot

log = structlog.get_logger()

# Slack takes a hundred views a minute in a workspace: ten may go at once, a hundred a minute follow.
TEAM_PAUSE = timedelta(seconds=0.6)
TEAM_LEAD = 9 * TEAM_PAUSE
TEAM = "home:"
MOST_REFRESHED, MOST_PAGES = 5, 1000
FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(seconds=1), timedelta(minutes=5)
CHART = ("home", "data_visualization")

Key = tuple[str, str]


async def open_home(services: Services, *, person: Person, page: int = 0) -> None:
    """They look at it, or turn its page: drawn at once, and from now on when something changes."""
    at = services.now()
    key = (person.team_id, person.user_id)
    try:
        await _store_opened(services, key, page, at)
    except IntegrityError:
        await _store_opened(services, key, page, at)  # First opened in two windows at the same moment.
    home = await _claim(services, key, at, hurry=True)
    if home is not None:
        await _draw(services, home)
    with contextlib.suppress(TooBusy):
        services.tasks.start(_refresh_accounts(services, key), "refresh_accounts_of_home")


async def _refresh_accounts(services: Services, key: Key) -> None:
    """What the provider says meanwhile is a change like any other, and so drawn."""
    async with services.read() as session:
        of_home = and_(col(HomeAccount.team_id) == key[0], col(HomeAccount.user_id) == key[1])
        found = await session.exec(select(HomeAccount.account_id).where(of_home).limit(MOST_REFRESHED))
        account_ids = found.all()
    for account_id in account_ids:
        with contextlib.suppress(BillingUnavailable, CustomerUnknown):
            await refresh_account(services, account_id)


async def redraw_homes(services: Services) -> int:
    """Draw what is due and permitted now. Returns how many were drawn."""

    async def claim(room: int) -> list[Home]:
        if services.tasks.draining or room == 0:
            return []
        await mark_changed(services)
        return await _claim_due(services, room)

    return await work_off(claim, partial(_draw, services))


async def _store_opened(services: Services, key: Key, page: int, at: datetime) -> None:
    async with services.write() as session:
        home = await session.get(Home, key, with_for_update=True)
        home = home or Home(team_id=key[0], user_id=key[1], opened_at=at)
        # A page past the last one is the last one; a forged number is none that a column cannot hold.
        home.page, home.opened_at, home.due_at, home.attempts = min(page, MOST_PAGES), at, at, 0
        home.changes += 1
        session.add(home)


# --- claiming


async def _claim_due(services: Services, room: int) -> list[Home]:
    """Whoever looked last comes first."""
    at = services.now()
    async with services.read() as session:
        found = await session.exec(
            select(Home.team_id, Home.user_id)
            .where(col(Home.due_at) <= at, _unclaimed(at))
            .order_by(col(Home.opened_at).desc())
            .limit(room)
        )
        keys = found.all()
    return [home for key in keys if (home := await _claim(services, key, at))]


def _unclaimed(at: datetime) -> ColumnElement[bool]:
    return or_(col(Home.claimed_until).is_(None), col(Home.claimed_until) <= at)


async def _claim(services: Services, key: Key, at: datetime, *, hurry: bool = False) -> Home | None:
    """The Home as it is drawn now, whatever happens to it meanwhile. Who has just opened theirs is not made
    to wait for the workspace's turn."""
    async with services.write() as session:
        found = await session.exec(
            select(Home)
            .where(Home.team_id == key[0], Home.user_id == key[1], col(Home.due_at) <= at, _unclaimed(at))
            .with_for_update(skip_locked=True)
        )
        home = found.one_or_none()
        if home is None or not (await _take_turn(session, home.team_id, at) or hurry):
            return None
        home.claimed_until = at + delivery_lease(services.settings)
        session.add(home)
        return home


async def _take_turn(session: AsyncSession, team: str, at: datetime) -> bool:
    pace = await _pace_of(session, team, at)
    if pace.next_at > at + TEAM_LEAD:
        return False
    pace.next_at = max(pace.next_at, at) + TEAM_PAUSE
    session.add(pace)
    return True


async def _pace_of(session: AsyncSession, team: str, at: datetime) -> DeliverySlot:
    slot = await session.get(DeliverySlot, TEAM + team, with_for_update=True)
    return slot or DeliverySlot(destination=TEAM + team, next_at=at)


# --- drawing


async def _draw(services: Services, home: Home) -> bool:
    """Whether it was drawn. Never raises: other Homes go on."""
    try:
        async with asyncio.timeout(longest_delivery(services.settings).total_seconds()):
            content = await _content(services, home)
            await _show(services, content)
    except RateLimited as limit:
        await _put_off(services, home, timedelta(seconds=limit.seconds), whole_team=True)
        return False
    except PersonUnreachable:
        await _forget(services, home)
        return False
    except (MessengerUnavailable, TimeoutError) as error:
        log.warning("home waits", user=home.user_id, error=f"{type(error).__name__}: {error}")
        await _put_off(services, home, _backoff(home))
        return False
    except Exception:
        log.exception("home cannot be drawn", user=home.user_id)
        await _put_off(services, home, _backoff(home))
        return False
    await _store_drawn(services, home, [sheet.account.id for sheet in content.sheets])
    return True


async def _content(services: Services, home: Home) -> HomeContent:
    person = Person(home.team_id, home.user_id, "job:redraw_homes")
    await refresh_slack_user(services, person, at_most=NO_HURRY)
    content = HomeContent(
        home.team_id, home.user_id, await reader_of(services, person), page=home.page,
        charts=await _charts_taken(services, home.team_id),
    )  # fmt: skip
    try:
        return replace(content, sheets=await read_home(services, person=person))
    except Refusal as refusal:
        return replace(content, refusal=refusal)


async def _show(services: Services, content: HomeContent) -> None:
    try:
        await services.home_screens.show(content)
    except ChartRefused:
        await services.home_screens.show(replace(content, charts=False))
        await _remember_refusal(services, content.team)


async def _charts_taken(services: Services, team: str) -> bool:
    async with services.read() as session:
        refused = await session.get(RefusedBlock, (team, *CHART))
    return refused is None or services.now() - refused.refused_at >= TRY_BLOCK_AGAIN


async def _remember_refusal(services: Services, team: str) -> None:
    """Once a workspace: nobody else's Home is refused for it."""
    log.info("no charts on Home", team=team)
    surface, block = CHART
    async with services.write() as session:
        at = services.now()
        await session.merge(RefusedBlock(team_id=team, surface=surface, block=block, refused_at=at))


# --- storing what became of it


async def _store_drawn(services: Services, drawn: Home, account_ids: Sequence[str]) -> None:
    at = services.now()
    async with services.write() as session:
        home = await _locked(session, drawn)
        home.drawn_at, home.attempts = at, 0
        home.due_at = None if home.changes == drawn.changes else at + PAUSE
        session.add(home)
        await _link(session, home, set(account_ids))


async def _locked(session: AsyncSession, drawn: Home) -> Home:
    home = await session.get_one(Home, (drawn.team_id, drawn.user_id), with_for_update=True)
    if home.claimed_until == drawn.claimed_until:
        home.claimed_until = None
    return home


async def _link(session: AsyncSession, home: Home, account_ids: set[str]) -> None:
    own = and_(col(HomeAccount.team_id) == home.team_id, col(HomeAccount.user_id) == home.user_id)
    linked = set((await session.exec(select(HomeAccount.account_id).where(own))).all())
    gone = linked - account_ids
    if gone:
        await session.exec(delete(HomeAccount).where(own, col(HomeAccount.account_id).in_(gone)))
    session.add_all(
        HomeAccount(team_id=home.team_id, user_id=home.user_id, account_id=account_id)
        for account_id in sorted(account_ids - linked)
    )


def _backoff(home: Home) -> timedelta:
    doubled: timedelta = FIRST_BACKOFF * 2 ** min(home.attempts, 20)
    return min(doubled, LONGEST_BACKOFF)


async def _put_off(services: Services, drawn: Home, rest: timedelta, *, whole_team: bool = False) -> None:
    at = services.now()
    async with services.write() as session:
        home = await _locked(session, drawn)
        home.attempts, home.due_at = home.attempts + 1, at + rest
        session.add(home)
        if whole_team:
            pace = await _pace_of(session, home.team_id, at)
            pace.next_at = max(pace.next_at, at + rest + TEAM_LEAD)
            session.add(pace)


async def _forget(services: Services, drawn: Home) -> None:
    """There is nobody to show it to."""
    async with services.write() as session:
        home = await _locked(session, drawn)
        await _link(session, home, set())
        await session.delete(home)
