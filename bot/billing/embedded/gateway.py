"""The embedded billing gateway: for evaluation, demos and tests. It charges nobody.

It stands in for a provider, with tables of its own (`ledger_*`) that nothing else reads, and short
transactions of its own.
"""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel import col, select

from bot.billing.embedded.ledger import (
    add_charged_seats,
    compute_period_days,
    list_open_charges,
    load_account_ledger,
    lock_ledger_subscription,
    settle_due_charges,
)
from bot.billing.embedded.simulated_cards import decide_initial_status, is_response_lost
from bot.billing.embedded.simulated_invoices import (
    FINALIZATION_DELAY,
    INVOICE_ID_PREFIX,
    build_invoice_state,
    compute_invoice_due_time,
    render_invoice,
)
from bot.billing.gateway import (
    BillingUnavailable,
    Charge,
    ChargeOutcome,
    CustomerState,
    Declined,
    InvoiceState,
    LineRequest,
    NeedsCustomer,
    NeverReceived,
    Pending,
    Preview,
    SeatsChanged,
    Settled,
    SubscriptionState,
    Unknown,
)
from bot.billing.pricing import build_tax_terms, price_lines
from bot.db import Database, Session
from bot.metrics import instrument_adapter
from models.account import Account, Address, ProviderAddress
from models.ledger import ChargeStatus, LedgerCharge, LedgerSubscription
from models.receipt import ProviderPdf, ProviderReceipt
from models.subscription import SubscriptionNotFound
from models.subscription.upcoming_changes import SubscriptionPaidByInvoice
from models.tax import TaxDetails


@instrument_adapter("billing", BillingUnavailable)
class EmbeddedGateway:
    """Customers confirm charges and manage payment methods at `portal_link`."""

    # It has no webhooks, so it is polled.
    reconcile_interval = timedelta(seconds=10)
    invoice_check_interval = timedelta(seconds=30)

    def __init__(self, database: Database, now: Callable[[], datetime], portal_link: str) -> None:
        self._database = database
        self._now = now
        self._portal_link = portal_link

    async def list_subscriptions(self, account_id: str) -> list[SubscriptionState]:
        now = self._now()
        ledger = await load_account_ledger(self._database, account_id, now)
        return [*ledger.build_states(now).values()]

    async def fetch_customer(self, account_id: str) -> CustomerState:
        return CustomerState(None, None)

    async def fetch_billing_address(self, account_id: str) -> ProviderAddress | None:
        return None

    async def restore_billing_address(
        self, account_id: str, address: Address, replaced: ProviderAddress
    ) -> ProviderAddress | None:
        return None

    async def preview_lines(
        self, account_id: str, lines: list[LineRequest], at: datetime, address: Address
    ) -> Preview:
        ledger = await load_account_ledger(self._database, account_id, self._now())
        if any(line.subscription_id not in ledger.entries for line in lines):
            raise SubscriptionNotFound
        account, states = ledger.account, ledger.build_states(at)
        rates = {id_: entry.subscription.tax_rate for id_, entry in ledger.entries.items()}
        terms = build_tax_terms(account, address, rates)
        return price_lines(states, lines, at=at, zone=account.time_zone, tax_terms=terms)

    async def place_charge(self, charge: Charge) -> ChargeOutcome:
        async with self._database.write() as session:
            subscription, account = await _lock_subscription(session, charge)
            record = await self._find_charge(session, subscription, charge)
            if record is not None:
                return self._build_outcome(record, account)
            if subscription.seats != charge.expected_seats:
                return SeatsChanged()
            is_invoiced = subscription.days_until_due is not None
            if is_invoiced and not (charge.is_on_invoice and account.pay_by_invoice):
                return Declined(SubscriptionPaidByInvoice.decline_reason)
            if charge.is_on_invoice and not is_invoiced:
                return Declined("not_paid_by_invoice")
            record = _create_charge(charge, subscription, account, self._now())
            session.add(record)
            if record.status is ChargeStatus.SETTLED:
                await add_charged_seats(session, subscription, record)
        return (
            Unknown() if is_response_lost(charge.payment_method_id) else self._build_outcome(record, account)
        )

    async def reconcile_charge(self, charge: Charge) -> ChargeOutcome | NeverReceived:
        async with self._database.write() as session:
            subscription, account = await _lock_subscription(session, charge)
            record = await self._find_charge(session, subscription, charge)
            return self._build_outcome(record, account) if record else NeverReceived()

    async def fetch_invoice(self, account_id: str, receipt: str) -> InvoiceState | None:
        record = await self._find_invoiced_charge(account_id, receipt)
        return build_invoice_state(record, self._now()) if record else None

    async def fetch_receipt_page(self, account_id: str, receipt: str) -> ProviderReceipt | None:
        invoice = await self.fetch_invoice(account_id, receipt)
        return ProviderReceipt(invoice.number, self._portal_link, self._portal_link) if invoice else None

    async def fetch_receipt_pdf(self, account_id: str, receipt: str) -> ProviderPdf | None:
        record = await self._find_invoiced_charge(account_id, receipt)
        if record is None:
            return None
        async with self._database.read() as session:
            account = await session.get_one(Account, account_id)
        invoice = build_invoice_state(record, self._now())
        return ProviderPdf(invoice.number, await asyncio.to_thread(render_invoice, invoice, account))

    async def _find_invoiced_charge(self, account_id: str, receipt: str) -> LedgerCharge | None:
        async with self._database.read() as session:
            found = await session.exec(
                select(LedgerCharge)
                .join(LedgerSubscription, col(LedgerSubscription.id) == LedgerCharge.subscription_id)
                .where(
                    LedgerSubscription.account_id == account_id,
                    LedgerCharge.idempotency_key == receipt.removeprefix(INVOICE_ID_PREFIX),
                    col(LedgerCharge.invoice_due_at).is_not(None),
                )
            )
            return found.one_or_none()

    async def create_portal_link(self, account_id: str) -> str:
        return self._portal_link

    async def fetch_server_time(self) -> datetime | None:
        return None

    async def check_connection(self) -> str:
        return "for evaluation and demos, nobody is charged"

    async def _find_charge(
        self, session: Session, subscription: LedgerSubscription, charge: Charge
    ) -> LedgerCharge | None:
        charges = await list_open_charges(session, subscription, charge.key)
        await settle_due_charges(session, subscription, charges, self._now())
        return next((record for record in charges if record.idempotency_key == charge.key), None)

    def _build_outcome(self, record: LedgerCharge, account: Account) -> ChargeOutcome:
        if record.status is ChargeStatus.SETTLED:
            return self._build_settled(record, account)
        # Only a charge that was undecided at first has a deadline.
        if record.deadline_at is None:
            return Declined("card_declined")
        if record.status is ChargeStatus.DECLINED:
            return Declined("customer_timeout")
        if record.status is ChargeStatus.NEEDS_CUSTOMER:
            return NeedsCustomer(self._portal_link, record.deadline_at)
        return Pending(record.deadline_at)

    def _build_settled(self, record: LedgerCharge, account: Account) -> Settled:
        # The tax ID may have been entered or corrected since the quote.
        tax_details = TaxDetails(buyer_tax_ids=(account.tax_id,)) if account.tax_id else None
        if record.invoice_due_at is None:
            reference = _make_receipt_reference(record.idempotency_key)
            return Settled(reference, record.amount, record.tax, tax_details=tax_details)
        invoice = build_invoice_state(record, self._now())
        return Settled(
            invoice.id,
            record.amount,
            record.tax,
            invoice_number=invoice.number,
            tax_details=tax_details,
            invoice=invoice,
        )


async def _lock_subscription(session: Session, charge: Charge) -> tuple[LedgerSubscription, Account]:
    subscription, account = await lock_ledger_subscription(session, charge.subscription_id)
    if account.id != charge.account_id:
        raise SubscriptionNotFound
    return subscription, account


def _create_charge(
    charge: Charge, subscription: LedgerSubscription, account: Account, now: datetime
) -> LedgerCharge:
    _, end_day = compute_period_days(subscription, account.get_local_date(charge.at))
    period_end = account.get_midnight(end_day)
    status, deadline_at = decide_initial_status(charge.payment_method_id, now, period_end)
    invoice_due_at = None
    if subscription.days_until_due is not None:
        status, deadline_at = ChargeStatus.PENDING, now + FINALIZATION_DELAY
        invoice_due_at = compute_invoice_due_time(subscription, deadline_at)
    return LedgerCharge(
        idempotency_key=charge.key,
        subscription_id=subscription.id,
        payment_method_id=charge.payment_method_id,
        seats=charge.seats,
        unit_price=subscription.unit_price if charge.unit_price is None else charge.unit_price,
        amount=charge.amount,
        tax=charge.tax,
        status=status,
        created_at=now,
        deadline_at=deadline_at,
        invoice_due_at=invoice_due_at,
    )


def _make_receipt_reference(key: str) -> str:
    return "ch_" + hashlib.sha256(key.encode()).hexdigest()[:14]
