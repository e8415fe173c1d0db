"""What stands on an account's Home: of many orders in progress, those that need somebody first."""

from sqlmodel import select

from bot.db import Database
from bot.permissions import SlackIdentity
from bot.use_cases.account.overview import get_account_overview, load_home_overviews
from bot.use_cases.slack_user import refresh_slack_user
from models.ledger import LedgerSubscription
from models.service_order import LineStatus, OrderLine, ServiceOrder
from tests.use_cases.outbox import Outbox

ALICE = SlackIdentity("T01ACME", "U01ALICE", "test")


async def numbers(outbox: Outbox) -> list[str]:
    await refresh_slack_user(outbox.dependencies, ALICE)
    [overview] = await load_home_overviews(outbox.dependencies, person=ALICE)
    return [order.order.number for order in overview.open_orders]


async def ask_customer(outbox: Outbox, order: ServiceOrder) -> None:
    async with outbox.database.write() as session:
        row = await session.get_one(ServiceOrder, order.key)
        row.status = row.status.PROCESSING
        line = (await session.exec(select(OrderLine).where(OrderLine.order_id == order.key))).one()
        for status in (LineStatus.CHARGING, LineStatus.NEEDS_CUSTOMER):
            line.status = status
            await session.flush()


async def test_a_payment_to_confirm_is_listed_before_orders_that_wait_for_it(
    database_with_accounts: Database,
) -> None:
    """R19: every other order of the subscription waits until somebody has confirmed it."""
    outbox = Outbox(database_with_accounts)
    await ask_customer(outbox, await outbox.store_order("SO-1001"))
    for number in range(1002, 1014):
        await outbox.store_order(f"SO-{number}")
    assert (await numbers(outbox))[:3] == ["SO-1001", "SO-1013", "SO-1012"]
    [overview] = await load_home_overviews(outbox.dependencies, person=ALICE)
    assert (overview.omitted_orders, overview.omitted_problem_orders) == (3, 0)


async def test_orders_that_are_not_listed_are_counted(database_with_accounts: Database) -> None:
    outbox = Outbox(database_with_accounts)
    for number in range(1001, 1013):
        await outbox.store_order(f"SO-{number}")
    outbox.move(seconds=24 * 3600)
    for number in range(1013, 1016):
        await outbox.store_order(f"SO-{number}")
    assert len(await numbers(outbox)) == 10
    [overview] = await load_home_overviews(outbox.dependencies, person=ALICE)
    assert (overview.omitted_orders, overview.omitted_problem_orders) == (3, 2), "twelve of 15 are overdue"


async def test_r21_an_overdue_order_is_listed_before_newer_ones(database_with_accounts: Database) -> None:
    outbox = Outbox(database_with_accounts)
    await outbox.store_order("SO-1001")
    outbox.move(seconds=24 * 3600)
    for number in range(1002, 1014):
        await outbox.store_order(f"SO-{number}")
    assert (await numbers(outbox))[:3] == ["SO-1001", "SO-1013", "SO-1012"]


async def test_an_overview_shows_what_the_provider_changed_already_when_first_opened(
    database_with_accounts: Database,
) -> None:
    outbox = Outbox(database_with_accounts)
    await refresh_slack_user(outbox.dependencies, ALICE)
    await outbox.dependencies.billing.list_subscriptions("acme")
    async with outbox.database.write() as session:
        (await session.get_one(LedgerSubscription, "acme_meeting")).seats = 41
    opened = await get_account_overview(outbox.dependencies, person=ALICE, account_id="acme")
    assert {row.subscription.id: row.subscription.seats for row in opened.rows}["acme_meeting"] == 41
