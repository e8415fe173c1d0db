"""Applies the provider's response to a charge, with one handler for each kind of outcome (R11, R18)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from bot.billing.gateway import (
    AddressChanged,
    Charge,
    ChargeOutcome,
    Declined,
    InvoiceState,
    NeedsCustomer,
    Pending,
    PriceChanged,
    SeatsChanged,
    Settled,
    SubscriptionState,
    Unknown,
)
from bot.dependencies import Dependencies
from bot.metrics import CHARGES_TOTAL, to_snake_case
from bot.use_cases.billing_sync.address import apply_provider_address
from bot.use_cases.billing_sync.subscriptions import apply_subscription_states
from bot.use_cases.invoice.record import build_invoice, build_invoice_entry
from bot.use_cases.receipt import list_charged_methods
from bot.use_cases.service_order.announce import (
    announce_attention_needed,
    announce_resolution,
    edit_earlier_messages,
)
from bot.use_cases.service_order.charge_attempt import RETRY_DELAY, LeasedLine
from bot.use_cases.service_order.order_update import OrderUpdate, update_order
from bot.use_cases.service_order.transitions import (
    decline_line,
    finish_order_if_done,
    mark_waiting_lines_due,
    update_line_status,
)
from models.account.seat_assignment import SeatAssignment
from models.audit.action import AuditAction
from models.details import OrderLineDetails
from models.notice import NoticeKind
from models.payment_method import SHOWN_METHOD_FIELDS
from models.service_order import AttemptOutcome, ChargeAttempt, LineStatus, OrderLine, find_reminder_time
from models.service_order.account_balance import compute_settled_limit

log = structlog.get_logger()

MIN_PENDING_DELAY = timedelta(seconds=1)
MAX_IMMEDIATE_ATTEMPTS = 3


@dataclass(frozen=True)
class ResolvedAttempt:
    """`subscription_states` are the provider's after the charge; empty if it was not settled."""

    update: OrderUpdate
    row: OrderLineDetails
    attempt: ChargeAttempt
    subscription_states: Sequence[SubscriptionState]

    def close(self, outcome: AttemptOutcome) -> None:
        self.attempt.outcome, self.attempt.ended_at = outcome, self.update.at
        self.update.session.add(self.attempt)


async def apply_charge_outcome(
    dependencies: Dependencies,
    leased: LeasedLine,
    charge: Charge,
    outcome: ChargeOutcome,
    subscription_states: Sequence[SubscriptionState],
) -> None:
    line_id = leased.line.key
    CHARGES_TOTAL.labels(to_snake_case(type(outcome).__name__)).inc()
    async with update_order(dependencies, charge.account_id, leased.line.order_id) as update:
        row = update.get_row(line_id)
        attempt = next(a for a in update.attempts[line_id] if a.idempotency_key == charge.key)
        if not row.line.is_busy or attempt.ended_at is not None:
            return  # Another worker has stored the outcome already.
        resolved = ResolvedAttempt(update, row, attempt, subscription_states)
        if subscription_states and update.account.revision != leased.update.account.revision:
            # The copy was refreshed in the meantime, perhaps with something newer than these states.
            update.account.schedule_refresh(update.at)
            update.session.add(update.account)
        await _store_provider_address(update, charge, outcome)
        was_unconfirmed = row.line.status is LineStatus.NEEDS_CUSTOMER
        await OUTCOME_HANDLERS[type(outcome)](resolved, outcome)
        is_decided = was_unconfirmed and row.line.status is not LineStatus.NEEDS_CUSTOMER
        if is_decided and not update.order.is_finished:
            await announce_resolution(update)
        update.session.add(row.line)


async def _store_provider_address(update: OrderUpdate, charge: Charge, outcome: ChargeOutcome) -> None:
    found, stored = outcome.provider_address, update.account.known_provider_address
    if found is None or found.customer_id != update.account.stripe_customer:
        return
    if stored is None or stored == charge.provider_address or found.read_at > stored.read_at:
        # Before the attempt is closed, so that what it wrote is not taken for a correction.
        update.audit_entries += await apply_provider_address(update.session, update.account, found, update.at)


async def handle_settled(resolved: ResolvedAttempt, outcome: Settled) -> None:
    update, row, line = resolved.update, resolved.row, resolved.row.line
    limit = compute_settled_limit(update.quote, update.lines, line)
    was_on_invoice = line.is_on_invoice
    resolved.close(AttemptOutcome.SETTLED)
    _store_settlement(line, outcome, limit)
    if (outcome.amount, outcome.tax) != (line.amount, line.tax) or outcome.amount_due > limit:
        # R17, R26: something was changed between the provider's check and its charge.
        log.error(
            "charge.amount_mismatch",
            order=update.order.number,
            receipt=outcome.receipt,
            promised=[line.amount, line.tax, limit],
            charged=[outcome.amount, outcome.tax, outcome.amount_due],
        )
    if (outcome.invoice is not None) != was_on_invoice:
        log.error(
            "charge.payment_mismatch",
            order=update.order.number,
            receipt=outcome.receipt,
            promised="invoice" if was_on_invoice else "charge",
        )
    details: dict[str, object] = {"receipt": outcome.receipt, "amount": outcome.amount, "tax": outcome.tax}
    if outcome.amount_due != outcome.amount + outcome.tax:
        details["amount_due" if outcome.invoice else "amount_paid"] = outcome.amount_due
    if outcome.invoice is not None:
        details["invoice"] = outcome.invoice.number
    if line.difference is not None:
        details["promised"] = line.difference.promised
    charged = list_charged_methods(row) if row.payment_method is not None else line.charged_to
    if charged:
        details["charged_to"] = charged[0].model_dump(include=set(SHOWN_METHOD_FIELDS), exclude_none=True)
    update_line_status(update, row, LineStatus.SETTLED, details=details)
    line.release(None)
    await apply_subscription_states(update.session, resolved.subscription_states)
    _assign_seat(update, row)
    if outcome.invoice is not None:
        _record_invoice(update, row, outcome.invoice)
    await mark_waiting_lines_due(update, line)
    await finish_order_if_done(update)


def _store_settlement(line: OrderLine, outcome: Settled, limit: int) -> None:
    # R26: if it was not paid as agreed, everything says how it was paid.
    line.is_on_invoice = outcome.invoice is not None
    line.provider_receipt_id = outcome.receipt
    line.provider_invoice_number = outcome.invoice_number
    line.settled_amount, line.settled_tax = outcome.amount, outcome.tax
    line.settled_taxes = outcome.taxes
    line.settled_tax_facts = outcome.tax_details.model_dump(mode="json") if outcome.tax_details else None
    line.charged_methods = [method.model_dump(mode="json", exclude_none=True) for method in outcome.methods]
    line.credit_used, line.earlier_balance = outcome.credit_used, outcome.earlier_balance
    line.carried_over = outcome.carried_over
    line.promised_charge = limit if outcome.amount_due > limit else None


def _record_invoice(update: OrderUpdate, row: OrderLineDetails, state: InvoiceState) -> None:
    invoice = build_invoice(
        state, update.account, row.line.key, update.dependencies.billing.invoice_check_interval, update.at
    )
    update.add_invoice(row, invoice)
    update.audit_entries.append(build_invoice_entry(update.order, invoice, None, update.actor, update.at))


def _assign_seat(update: OrderUpdate, row: OrderLineDetails) -> None:
    # R11: the administrator gets one seat of each product.
    administrator_id, product_id = update.order.administrator_id, row.product.id
    if product_id in update.assigned_product_ids:
        return
    update.session.add(
        SeatAssignment(
            administrator_id=administrator_id,
            product_id=product_id,
            subscription_id=row.line.subscription_id,
            order_line_id=row.line.id,
        )
    )
    update.add_audit_entry(
        AuditAction.SEAT_ASSIGNED, details={"product": product_id, "administrator": administrator_id}
    )


async def handle_declined(resolved: ResolvedAttempt, outcome: Declined) -> None:
    resolved.close(AttemptOutcome.DECLINED)
    await decline_line(resolved.update, resolved.row, outcome.reason)


async def handle_price_changed(resolved: ResolvedAttempt, outcome: PriceChanged) -> None:
    resolved.close(AttemptOutcome.DECLINED)
    offered_price = (outcome.amount, outcome.tax)
    await decline_line(resolved.update, resolved.row, outcome.reason, offered_price=offered_price)


async def handle_seats_changed(resolved: ResolvedAttempt, outcome: SeatsChanged) -> None:
    update, line = resolved.update, resolved.row.line
    if line.status is LineStatus.NEEDS_CUSTOMER:
        # The customer can no longer confirm this attempt; only a retry starts another.
        await handle_declined(resolved, Declined("seats_changed"))
        return
    resolved.close(AttemptOutcome.SEATS_CHANGED)
    _mark_charging(resolved)
    # Seats rarely change several times in a row, so further attempts are delayed.
    is_immediate = resolved.attempt.number < MAX_IMMEDIATE_ATTEMPTS
    line.release(update.at if is_immediate else update.at + RETRY_DELAY)


async def handle_address_changed(resolved: ResolvedAttempt, outcome: AddressChanged) -> None:
    # Now that the address is stored, the charge may replace it by what the order was placed with.
    _mark_charging(resolved)
    resolved.row.line.release(resolved.update.at)


async def handle_pending(resolved: ResolvedAttempt, outcome: Pending) -> None:
    _mark_charging(resolved)
    resolved.row.line.release(max(outcome.until, resolved.update.at + MIN_PENDING_DELAY))


async def handle_needs_customer(resolved: ResolvedAttempt, outcome: NeedsCustomer) -> None:
    update, row, line = resolved.update, resolved.row, resolved.row.line
    if line.status is not LineStatus.NEEDS_CUSTOMER:
        update_line_status(update, row, LineStatus.NEEDS_CUSTOMER)
        line.customer_link, line.deadline_at = outcome.link, outcome.until
        line.remind_at = find_reminder_time(update.at, outcome.until)
        await edit_earlier_messages(update, row)
        await announce_attention_needed(update, row, NoticeKind.ORDER_NEEDS_CUSTOMER)
    deadline = max(outcome.until, update.at + RETRY_DELAY)
    line.release(min(update.at + update.dependencies.billing.reconcile_interval, deadline))


async def handle_unknown(resolved: ResolvedAttempt, outcome: Unknown) -> None:
    update, row = resolved.update, resolved.row
    if row.line.status is LineStatus.CHARGING:
        update_line_status(update, row, LineStatus.UNKNOWN)
    row.line.release(update.at + RETRY_DELAY)


def _mark_charging(resolved: ResolvedAttempt) -> None:
    if resolved.row.line.status is LineStatus.UNKNOWN:
        update_line_status(resolved.update, resolved.row, LineStatus.CHARGING)


OUTCOME_HANDLERS: dict[type[ChargeOutcome], Callable[[ResolvedAttempt, Any], Awaitable[None]]] = {
    Settled: handle_settled,
    Declined: handle_declined,
    PriceChanged: handle_price_changed,
    SeatsChanged: handle_seats_changed,
    AddressChanged: handle_address_changed,
    Pending: handle_pending,
    NeedsCustomer: handle_needs_customer,
    Unknown: handle_unknown,
}
