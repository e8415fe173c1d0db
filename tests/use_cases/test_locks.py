"""Two imports, placements and processing at the same moment: each waits its turn, and none in a ring."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import col, func, select

from bot.db import Database, lock_account
from bot.permissions import SlackIdentity
from bot.use_cases.account.portal import switch_portal
from bot.use_cases.accounts_import.run import import_accounts
from bot.use_cases.cart.save import save_cart
from bot.use_cases.checkout.open import open_checkout
from bot.use_cases.checkout.save import save_checkout
from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.home.publish import open_home, publish_due_homes
from bot.use_cases.quote.decide import decide_quote, reject_quote
from bot.use_cases.quote.expiry import enqueue_quote_reminders, expire_quotes
from bot.use_cases.service_order.place import place_service_order
from bot.use_cases.service_order.process import process_due_orders
from bot.use_cases.service_order.reminders import mark_overdue_orders, remind_customers
from bot.use_cases.slack_user import refresh_slack_user
from models.account import Account, Portal
from models.audit.entry import Actor, AuditEntry
from models.document_sequence import SERVICE_ORDER_PREFIX, DocumentSequence
from models.home import AccountChange, Home
from models.notice import NoticeKind
from models.quote import Quote, QuoteNotPending, QuoteStatus
from models.service_order import LineStatus, OrderLine, OrderStatus, ServiceOrder
from tests.audit_chain import list_broken_entries
from tests.handlers.steps import ForgetfulTasks
from tests.large_accounts_file import build_large_accounts_file
from tests.postgres import ACCOUNTS, database_url
from tests.time_limits import HANG_SECONDS
from tests.use_cases.outbox import START, Outbox, get_alice_destination
from tests.variants import both_databases, only_postgresql

pytestmark = both_databases

ALICE = SlackIdentity("T01ACME", "U01ALICE", "test")
DORA = SlackIdentity("T01ACME", "U03DORA", "test")
MANY = 120
SHOW_QUOTE = (NoticeKind.QUOTE_ARRIVED, NoticeKind.QUOTE_MESSAGE_UPDATE)


@pytest.fixture
async def outboxes() -> AsyncIterator[list[Outbox]]:
    """Three replicas of one database, with people who are known."""
    with database_url("accounts") as url:
        databases = [Database(url) for _ in range(3)]
        outboxes = [Outbox(database) for database in databases]
        for outbox in outboxes:
            outbox.directory.add("U03DORA", "dora@acme.example")
        yield outboxes
        for database in databases:
            await database.close()


async def run_at_once(*work: Awaitable[object]) -> None:
    async with asyncio.timeout(HANG_SECONDS):
        await asyncio.gather(*work)


@asynccontextmanager
async def lock_requested(outbox: Outbox) -> AsyncIterator[None]:
    """Leaves once this replica has asked for the lock that another holds: of the account, or of the file."""
    loop, requested = asyncio.get_running_loop(), asyncio.Event()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement == "BEGIN IMMEDIATE" or re.search(
            r"FROM account\b.* FOR NO KEY UPDATE", statement, re.S
        ):
            loop.call_soon_threadsafe(requested.set)

    # Until the engine ends with the test: a thread may be calling it right now.
    event.listen(outbox.database.sync_engine, "before_cursor_execute", note)
    yield
    async with asyncio.timeout(HANG_SECONDS):
        await requested.wait()


async def ready_to_place(outbox: Outbox, person: SlackIdentity, account_id: str, subscription_id: str) -> int:
    dependencies = outbox.dependencies
    await refresh_slack_user(dependencies, person)
    details = await save_cart(
        dependencies, person=person, account_id=account_id, seat_inputs={subscription_id: "2"}
    )
    checkout = await open_checkout(dependencies, person=person, quote_id=details.quote.key)
    await save_checkout(dependencies, person=person, quote_id=details.quote.key, form=checkout.form)
    return details.quote.key


async def test_concurrent_imports_and_placements_do_not_deadlock(outboxes: list[Outbox]) -> None:
    one, two, _ = outboxes
    for turn in range(3):
        for person in (ALICE, DORA):
            await open_home(one.dependencies, person=person)
        acme = await ready_to_place(one, ALICE, "acme", "acme_meeting")
        other = await ready_to_place(two, DORA, "declined", "declined_training")
        await run_at_once(
            *(import_accounts(o.database, path=ACCOUNTS, at=START) for o in (one, two)),
            *(place_service_order(o.dependencies, person=ALICE, quote_id=acme) for o in outboxes),
            *(place_service_order(o.dependencies, person=DORA, quote_id=other) for o in outboxes),
            *(process_due_orders(o.dependencies) for o in outboxes),
            *(deliver_due_notices(o.dependencies) for o in outboxes),
            *(job(o.dependencies) for o in outboxes for job in (expire_quotes, enqueue_quote_reminders)),
            *(publish_due_homes(o.dependencies) for o in outboxes),
            *(open_home(o.dependencies, person=ALICE) for o in outboxes),
        )
        for outbox in outboxes:
            await outbox.dependencies.tasks.wait_until_idle()
            outbox.at = START.replace(hour=10 + turn)
    await run_at_once(*(process_due_orders(o.dependencies) for o in outboxes))
    async with one.database.read() as session:
        orders = (await session.exec(select(ServiceOrder))).all()
        history = (await session.exec(select(AuditEntry).order_by(col(AuditEntry.number)))).all()
        counter = await session.get_one(DocumentSequence, SERVICE_ORDER_PREFIX)
    numbers = sorted(int(order.number.split("-")[1]) for order in orders)
    assert numbers == list(range(1001, 1001 + len(numbers)))
    assert counter.last_number == numbers[-1]
    assert len(numbers) == 6
    await _check_homes_are_current(outboxes)
    for account_id in ("acme", "declined"):
        assert list_broken_entries([e for e in history if e.account_id == account_id]) == []


@only_postgresql
async def test_processing_does_not_wait_for_another_change_of_the_account() -> None:
    with database_url("accounts") as url:
        outbox = Outbox(Database(url))
        dependencies = replace(outbox.dependencies, tasks=ForgetfulTasks())
        quote_id = await ready_to_place(outbox, ALICE, "acme", "acme_meeting")
        await place_service_order(dependencies, person=ALICE, quote_id=quote_id)
        async with dependencies.write() as session:
            await lock_account(session, "acme")
            assert await process_due_orders(dependencies) == 0
        assert await process_due_orders(dependencies) == 1
        await outbox.database.close()


async def _check_homes_are_current(outboxes: list[Outbox]) -> None:
    """Each Home shows the current state, whichever worker published it last."""
    # Twice: what changed while it was drawn is drawn again a little later.
    for outbox in [*outboxes, *outboxes]:
        outbox.at += timedelta(minutes=5)
        await publish_due_homes(outbox.dependencies)
    async with outboxes[0].database.read() as session:
        assert (await session.exec(select(AccountChange))).all() == []
        assert [home.due_at for home in (await session.exec(select(Home))).all()] == [None, None]
    shown = [home for outbox in outboxes for home in outbox.home_screens.shown]
    assert {home.user_id for home in shown} == {"U01ALICE", "U03DORA"}


async def test_two_concurrent_imports_of_the_same_new_accounts_both_succeed(
    outboxes: list[Outbox], tmp_path: Path
) -> None:
    path = tmp_path / "many.yml"
    path.write_text(build_large_accounts_file(MANY), encoding="utf-8")
    at = datetime(2026, 11, 22, 10, tzinfo=UTC)
    await run_at_once(*(import_accounts(o.database, path=path, at=at) for o in outboxes))
    async with outboxes[0].database.read() as session:
        imported = select(func.count()).select_from(Account).where(col(Account.id).startswith("account-"))
        assert (await session.exec(imported)).one() == MANY


async def test_rows_read_before_the_lock_are_reloaded_under_it(outboxes: list[Outbox]) -> None:
    """A worker that waited for another's change of the account sees it, and does not repeat it."""
    one, two, _ = outboxes
    await refresh_slack_user(one.dependencies, ALICE)
    async with one.database.write() as session:
        account = await lock_account(session, "acme")
        async with lock_requested(two):
            waiting = asyncio.create_task(switch_portal(two.dependencies, person=ALICE, account_id="acme"))
        assert not waiting.done()
        account.default_portal = Portal.ADMIN
        session.add(account)
    await run_at_once(waiting)
    async with one.database.read() as session:
        switched = select(AuditEntry).where(AuditEntry.action == "portal_switched")
        assert (await session.exec(switched)).all() == []


async def test_r21_an_order_that_another_worker_announced_meanwhile_is_not_announced_again(
    outboxes: list[Outbox],
) -> None:
    one, two, _ = outboxes
    order = await one.store_order()
    await one.change(order, overdue_check_at=one.at)
    async with one.database.write() as session:
        account = await lock_account(session, "acme")
        async with lock_requested(two):
            waiting = asyncio.create_task(mark_overdue_orders(two.dependencies))
        locked = await session.get_one(ServiceOrder, order.key)
        locked.overdue_check_at = None
        session.add_all([account, locked])
    await run_at_once(waiting)
    assert await two.load_notices() == []
    async with one.database.read() as session:
        announced = select(AuditEntry).where(AuditEntry.action == "overdue")
        assert (await session.exec(announced)).all() == []


async def test_r9_a_quote_that_was_extended_meanwhile_does_not_expire(outboxes: list[Outbox]) -> None:
    one, two, _ = outboxes
    quote = await one.store_quote()
    two.at = quote.expires_at
    async with one.database.write() as session:
        await lock_account(session, "acme")
        async with lock_requested(two):
            waiting = asyncio.create_task(expire_quotes(two.dependencies))
        (await session.get_one(Quote, quote.key)).expires_at += timedelta(seconds=1)
    await run_at_once(waiting)
    async with one.database.read() as session:
        assert (await session.get_one(Quote, quote.key)).status is QuoteStatus.PENDING


async def test_r18_a_rejection_that_waited_for_another_is_refused(outboxes: list[Outbox]) -> None:
    one, two, _ = outboxes
    quote = await one.store_quote()
    await refresh_slack_user(one.dependencies, ALICE)
    async with one.database.write() as session:
        await lock_account(session, "acme")
        async with lock_requested(two):
            waiting = asyncio.create_task(
                reject_quote(two.dependencies, person=ALICE, quote_id=quote.key, reason="Too late")
            )
        deciding = await session.get_one(Quote, quote.key)
        by = Actor("U02BENOIT", "Benoît Roche", "test")
        await decide_quote(session, deciding, QuoteStatus.REJECTED, by, one.at, reason="Too dear")
    with pytest.raises(QuoteNotPending) as refused:
        await run_at_once(waiting)
    assert "Benoît Roche" in refused.value.variables.values()
    async with one.database.read() as session:
        assert (await session.get_one(Quote, quote.key)).reason == "Too dear"


async def test_r9_nobody_is_reminded_of_a_quote_decided_meanwhile(outboxes: list[Outbox]) -> None:
    one, two, _ = outboxes
    quote = await one.store_quote()
    two.at = quote.expires_at - timedelta(hours=6)
    await one.change(quote, remind_at=two.at)
    async with one.database.write() as session:
        await lock_account(session, "acme")
        async with lock_requested(two):
            waiting = asyncio.create_task(enqueue_quote_reminders(two.dependencies))
        deciding = await session.get_one(Quote, quote.key)
        deciding.change_status(QuoteStatus.REJECTED, two.at, "Benoît Roche")
    await run_at_once(waiting)
    assert await two.load_notices() == []


async def test_nobody_is_reminded_of_a_payment_confirmed_meanwhile(outboxes: list[Outbox]) -> None:
    one, two, _ = outboxes
    order = await one.store_order()
    async with one.database.write() as session:
        (await session.get_one(ServiceOrder, order.key)).change_status(OrderStatus.PROCESSING, one.at)
        line = (await session.exec(select(OrderLine))).one()
        for status in (LineStatus.CHARGING, LineStatus.NEEDS_CUSTOMER):
            line.change_status(status, one.at)
            await session.flush()
        line.remind_at = one.at
    async with one.database.write() as session:
        await lock_account(session, "acme")
        async with lock_requested(two):
            waiting = asyncio.create_task(remind_customers(two.dependencies))
        (await session.exec(select(OrderLine))).one().change_status(LineStatus.SETTLED, one.at)
    await run_at_once(waiting)
    assert await two.load_notices() == []


async def test_a_copy_stored_while_its_quote_is_being_decided_shows_the_decision(
    outboxes: list[Outbox],
) -> None:
    """R20, R25: neither sees the other before it is stored."""
    one, two, _ = outboxes
    quote = await one.store_quote()
    await one.enqueue(await get_alice_destination(one), kind=NoticeKind.QUOTE_ARRIVED, quote=quote)
    outside = copy_context()
    async with one.database.write() as session:
        await lock_account(session, "acme")
        deciding = await session.get_one(Quote, quote.key)
        by = Actor("U02BENOIT", "Benoît Roche", "test")
        await decide_quote(session, deciding, QuoteStatus.REJECTED, by, one.at)
        async with lock_requested(two):
            delivering = asyncio.create_task(two.deliver(), context=outside)
    await run_at_once(delivering)
    await two.deliver_all()
    shown = [sent.message for sent in two.messenger.to("D01ALICE") if sent.message.kind in SHOW_QUOTE]
    assert shown[-1].quote
    assert not shown[-1].quote.is_pending, [message.kind for message in shown]
