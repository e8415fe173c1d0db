"""Completes a simulation: faults stop, jobs keep running, and all work must finish."""

import contextlib
import re
from collections.abc import Iterator
from datetime import timedelta

from bot.blocks.notice import render_notice_message
from bot.permissions import SlackIdentity
from bot.use_cases.billing_sync.subscriptions import refresh_subscriptions
from bot.use_cases.invoice.record import SLOW_CHECK_INTERVAL
from bot.use_cases.receipt_export import request_receipt_export
from bot.use_cases.slack_user import refresh_slack_user
from models.audit.entry import AuditEntry
from models.details import OrderDetails
from models.errors import Refusal
from models.notice import NoticeKind
from models.service_order import LineStatus
from tests.audit_chain import list_broken_entries
from tests.simulation.due import list_due_jobs
from tests.simulation.slack import TEAM
from tests.simulation.snapshot import format_instant, parse_instant, read_snapshot
from tests.simulation.world import SimulatedReplica, SimulatedWorld

MAX_ROUNDS = 400
CHARGED = re.compile(r"(?<!No tax is )\bcharged\b|débité|débit effectué", re.IGNORECASE)
# These edit posted messages; one notice may edit several.
EDITING_KINDS = (
    NoticeKind.ORDER_MESSAGES,
    NoticeKind.QUOTE_MESSAGE_UPDATE,
    NoticeKind.QUOTE_EXTENSION_MESSAGE_UPDATE,
    NoticeKind.CONTACT_INVITATION_MESSAGE_UPDATE,
)
NEXT_DUE_QUERY = """
    SELECT min(at) FROM (
        SELECT due_at AS at FROM order_line UNION ALL SELECT claimed_until FROM order_line
        UNION ALL SELECT overdue_check_at FROM service_order UNION ALL SELECT refresh_due_at FROM account
        UNION ALL SELECT expires_at FROM quote WHERE status = 'pending' UNION ALL SELECT remind_at FROM quote
        UNION ALL SELECT due_at FROM notice WHERE status = 'waiting'
        UNION ALL SELECT max(next_at, coalesce(claimed_until, next_at)) FROM delivery_slot
            WHERE EXISTS (SELECT 1 FROM notice WHERE status = 'waiting')
    ) WHERE at > ?
"""
PROGRESS_QUERY = """
    SELECT (SELECT count(*) FROM audit_entry) + (SELECT count(*) FROM notice WHERE status <> 'waiting')
"""
UNFINISHED_QUERY = """
    SELECT 'order ' || number || ' is ' || status FROM service_order WHERE status IN ('placed', 'processing')
    UNION ALL SELECT 'quote ' || number || ' is pending' FROM quote WHERE status = 'pending'
    UNION ALL SELECT 'notice ' || id || ' waits: ' || event FROM notice WHERE status = 'waiting'
    UNION ALL SELECT 'account ' || id || ' has a refresh due' FROM account WHERE refresh_due_at IS NOT NULL
"""


async def run_to_completion(world: SimulatedWorld) -> None:
    if world.violations:
        return
    world.trace.add("faults stop")
    for user in ("U01ALICE", "U02BENOIT"):
        world.slack.update_member(
            user, deleted=False, is_guest=False, email=f"{user[3:].lower()}@acme.example"
        )
    if world.stripe:
        world.stripe.records.finalization_error = None
    await world.open_gates()
    await _run_due_jobs(world)
    if world.change_invoice():
        await _follow_changed_invoices(world)
        await _run_due_jobs(world)
    if world.random.random() < 0.3:
        await _mail_receipts(world)
        await _run_due_jobs(world)
    if not world.violations:
        world.violations += [f"at the end: {what}" for what in await _find_unfinished(world)]
    if not world.violations:
        _count_final_states(world)


async def _run_due_jobs(world: SimulatedWorld) -> None:
    """Runs due jobs until nothing is left to do, with growing pauses while nothing changes."""
    done, pause = -1, 1.0
    for _ in range(MAX_ROUNDS):
        while not world.violations and await world.deliver_event(world.replicas[0]):
            world.check_invariants()
        if world.violations or not any(world.store.rows(UNFINISHED_QUERY)):
            return
        [(so_far,)] = world.store.rows(PROGRESS_QUERY)
        done, pause = so_far, (min(pause * 4, 20_000) if so_far == done else 1.0)
        for job_id in list_due_jobs(world):
            world.start_job(world.replicas[0], job_id)
            await world.loop.settle()
            world.check_invariants()
        [(at,)] = world.store.rows(NEXT_DUE_QUERY, format_instant(world.clock()))
        later = world.clock() + timedelta(seconds=pause)
        await world.advance_clock(max(parse_instant(at), later) if at else later)
        world.check_invariants()


async def _follow_changed_invoices(world: SimulatedWorld) -> None:
    """Checks them on a later day, as the job does without Stripe's events."""
    for _ in range(world.random.randint(0, 2)):
        world.change_invoice()
    await world.advance_clock(world.clock() + SLOW_CHECK_INTERVAL)
    world.start_job(world.replicas[0], "invoice.follow")
    await world.loop.settle()
    world.check_invariants()


async def _mail_receipts(world: SimulatedWorld) -> None:
    """Each contact requests the receipts of a period, one of them twice."""
    replica = world.replicas[0]
    last_day = world.clock().date()
    for user in ("U01ALICE", "U02BENOIT", "U01ALICE"):
        person = SlackIdentity(TEAM, user, "receipt_export.request")
        await refresh_slack_user(replica.dependencies, person)
        with contextlib.suppress(Refusal):
            await request_receipt_export(
                replica.dependencies,
                person=person,
                account_id="acme",
                first_day=last_day - timedelta(days=90),
                last_day=last_day,
            )
        world.check_invariants()


async def _find_unfinished(world: SimulatedWorld) -> list[str]:
    replica = world.replicas[0]
    found = [str(what) for (what,) in world.store.rows(UNFINISHED_QUERY)]
    found += _find_broken_chains(world)
    if world.webhooks and not world.webhooks.lost:
        found += [f"all events were sent, and {what}" for what in _find_wrong_copies(world)]
    world.start_actor(replica, "refresh", _refresh_accounts(world, replica))
    await world.loop.settle()
    found += _find_unlogged_notices(world)
    found += await _find_wrong_invoices(world, replica)
    found += _find_false_charges(world)
    return [*found, *_find_wrong_copies(world), *_find_duplicate_messages(world), *world.failures]


async def _refresh_accounts(world: SimulatedWorld, replica: SimulatedReplica) -> None:
    unknown = {world.unlinked_account, world.get_deleted_account()}
    for account in sorted({"acme", "borea", "custos"} - unknown):
        await refresh_subscriptions(replica.dependencies, account)


def _find_wrong_copies(world: SimulatedWorld) -> Iterator[str]:
    """In the end, the bot's copy equals the provider's records, except for a deleted customer, of which
    Stripe shows nothing, and for an account without a customer, which is not refreshed."""
    copies = "SELECT id, seats, active FROM subscription WHERE account_id NOT IN (?, ?)"
    without_customer = (world.get_deleted_account(), world.unlinked_account or "")
    provider_seats = world.provider_state.list_seats()
    for subscription, seats, active in world.store.rows(copies, *without_customer):
        recorded = provider_seats.get(subscription)
        if recorded is None:
            # An item that is billed by usage, which somebody may have removed again.
            if seats:
                yield f"the copy of {subscription} has {seats} seats, the provider counts none"
            continue
        if recorded.is_ended == active:
            yield f"the copy of {subscription} is {'running' if active else 'ended'}"
        if recorded.is_ended:
            continue
        found = world.store.rows(
            "SELECT unit_price, seats FROM seat_block WHERE subscription_id = ?", subscription
        )
        if seats != recorded.seats or dict(found) != recorded.blocks:
            yield f"the copy of {subscription} has {seats} seats, the provider has {recorded}"


async def _find_wrong_invoices(world: SimulatedWorld, replica: SimulatedReplica) -> list[str]:
    """After one more check, each has the provider's status, or is overdue, and the provider's amounts."""
    world.store.raw.execute(
        "UPDATE invoice SET check_at = ? WHERE check_at IS NOT NULL", [format_instant(world.clock())]
    )
    world.start_job(replica, "invoice.follow")
    await world.loop.settle()
    found, provider_invoices = [], world.provider_state.list_invoices()
    stored = "SELECT provider_invoice_id, status, amount, amount_remaining FROM invoice"
    for id_, status, *amounts in world.store.rows(stored):
        invoice = provider_invoices[id_]
        if status != invoice.status.value and (status, invoice.status.value) != ("overdue", "due"):
            found.append(f"invoice {id_} is {status}, and {invoice.status.value} at the provider")
        if amounts != [invoice.amount, invoice.amount_remaining]:
            found.append(f"invoice {id_} has {amounts}, and {invoice} at the provider")
    return found


def _find_false_charges(world: SimulatedWorld) -> Iterator[str]:
    """If a whole order is on invoice, no message says that anything was charged."""
    messages = [post.message for post in world.slack.posts if _is_all_on_invoice(post.message.order)]
    texts = {render_notice_message(message, "")["text"] for message in messages}
    numbers = {message.order.order.number for message in messages if message.order}
    texts |= {mail.text for mail in world.mails if any(number in mail.subject for number in numbers)}
    return (f"on invoice, and announced as charged: {text}" for text in sorted(texts) if CHARGED.search(text))


def _is_all_on_invoice(order: OrderDetails | None) -> bool:
    return order is not None and all(
        row.line.is_on_invoice and row.line.status is LineStatus.SETTLED for row in order.rows
    )


def _find_broken_chains(world: SimulatedWorld) -> Iterator[str]:
    histories: dict[str, list[AuditEntry]] = {}
    for entry in read_snapshot(world.store, 0).new_entries:
        histories.setdefault(entry.account_id, []).append(entry)
    for account, entries in histories.items():
        if broken := list_broken_entries(entries):
            yield f"the history of {account} is broken at {broken}"


def _find_unlogged_notices(world: SimulatedWorld) -> Iterator[str]:
    """R24: an undeliverable notice is logged, unless a process died before it could do so."""
    if world.seen["fault crash"]:
        return
    query = "SELECT id FROM notice WHERE status = 'undeliverable' AND last_error <> 'contact withdrawn'"
    for (id_,) in world.store.rows(query):
        if id_ not in world.logged_undeliverable:
            yield f"notice {id_} is undeliverable, and not in the log"


def _find_duplicate_messages(world: SimulatedWorld) -> Iterator[str]:
    """If every answer arrived, nothing was sent twice."""
    if world.doubt or any(fault.endswith(" lost") for fault in world.seen):
        return
    delivered = "SELECT count(*) FROM notice WHERE status = 'delivered' AND destination {} LIKE 'email:%'"
    edits = ", ".join(f"'{kind}'" for kind in EDITING_KINDS)
    [(notices,)] = world.store.rows(delivered.format("NOT") + f" AND kind NOT IN ({edits})")
    posted = sum(post.message.update_ts is None for post in world.slack.posts)
    if posted > notices:
        yield f"{posted} messages for {notices} notices"
    [(mailed,)] = world.store.rows(delivered.format(""))
    if len(world.mails) > mailed or len({mail.message_id for mail in world.mails}) < len(world.mails):
        yield f"{len(world.mails)} emails for {mailed} notices"


FINAL_STATES_QUERY = """
    SELECT 'order ' || status FROM service_order
    UNION ALL SELECT 'order completed in part' FROM service_order o WHERE status = 'completed'
        AND EXISTS (SELECT 1 FROM order_line WHERE order_id = o.id AND status = 'declined')
    UNION ALL SELECT 'order given up' FROM service_order WHERE retries_abandoned
    UNION ALL SELECT 'line ' || status || coalesce(' ' || reason, '') FROM order_line
    UNION ALL SELECT 'line settled after a retry' FROM order_line l WHERE status = 'settled'
        AND EXISTS (SELECT 1 FROM charge_attempt WHERE order_line_id = l.id AND outcome = 'declined')
    UNION ALL SELECT 'attempt ' || outcome FROM charge_attempt
    UNION ALL SELECT 'quote ' || status || CASE WHEN decided_externally THEN ' externally' ELSE '' END
        || CASE WHEN replaced_by_id IS NOT NULL THEN ', replaced' ELSE '' END FROM quote
    UNION ALL SELECT 'notice ' || status FROM notice
    UNION ALL SELECT 'notice retried until given up' FROM notice
        WHERE status = 'undeliverable' AND last_error LIKE 'refused:%'
    UNION ALL SELECT 'invoice ' || status FROM invoice
    UNION ALL SELECT 'notice kind ' || kind FROM notice
    UNION ALL SELECT 'history ' || action FROM audit_entry
"""


def _count_final_states(world: SimulatedWorld) -> None:
    for (state,) in world.store.rows(FINAL_STATES_QUERY):
        world.seen[state] += 1
