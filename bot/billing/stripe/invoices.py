"""What became of an idempotency key, read from the invoice it created: Stripe keeps no other permanent
record.

The key is written to the subscription before a charge, and the invoice gets a copy of it that never changes.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import stripe
import structlog

from bot.billing.gateway import (
    Charge,
    ChargeOutcome,
    CustomerNotFound,
    Declined,
    InvoiceState,
    NeedsCustomer,
    Pending,
    Settled,
)
from bot.billing.stripe.client import (
    from_timestamp,
    is_missing,
    iter_all_pages,
    log_action_taken,
    log_rejected_request,
    request_stripe,
    to_timestamp,
)
from bot.billing.stripe.currencies import to_minor_units
from bot.billing.stripe.items import (
    ATTEMPT_METADATA_KEY,
    ENDED_STATUSES,
    SubscriptionItem,
    get_object_id,
    iter_stripe_items,
)
from bot.billing.stripe.payments import fetch_charged_methods
from bot.billing.stripe.taxes import (
    TaxRateReader,
    adjust_tax_parts,
    compute_invoice_net,
    read_tax_details,
    read_tax_parts,
)
from models.invoice import InvoiceStatus
from models.receipt import ChargedMethod, ProviderReceipt
from models.tax import TaxTreatment

log = structlog.get_logger()

# docs.stripe.com/error-codes: the customer failed to authenticate, or was asked to and never did.
AUTHENTICATION_ERRORS = frozenset(
    {
        "authentication_required",
        "payment_intent_authentication_failure",
        "subscription_payment_intent_requires_action",
    }
)
RECONCILE_INTERVAL = timedelta(minutes=10)
# How often an unpaid invoice is checked, if no webhook says that it was paid.
INVOICE_CHECK_INTERVAL = timedelta(hours=1)
CUSTOMER_CONFIRMATION_WINDOW = timedelta(hours=23)
# Stripe's clock may differ from ours, even by days if the machine's date was wrong and was corrected since.
# An invoice that is older than its charge by more is never found, and its line could be charged again.
CLOCK_SKEW = timedelta(days=31)

# Statuses of finalized invoices (docs.stripe.com/invoicing/overview, "Invoice statuses").
INVOICE_STATUSES = {
    "open": InvoiceStatus.DUE,
    "paid": InvoiceStatus.PAID,
    "void": InvoiceStatus.VOID,
    "uncollectible": InvoiceStatus.UNCOLLECTIBLE,
}

# docs.stripe.com/api/invoices/update, custom_fields
MAX_CUSTOM_FIELDS = 4

# The payment waits for the bank, and for nobody else.
IN_PROGRESS_STATUSES = ("processing", "requires_capture", "succeeded")


async def find_outcome(
    client: stripe.StripeClient, item: SubscriptionItem, charge: Charge, now: datetime
) -> ChargeOutcome | None:
    """Returns None if the key has created no invoice. An invoice that cannot be paid is voided first."""
    invoice = await _find_invoice(client, {"subscription": item.stripe_subscription_id}, item, charge)
    if invoice is None:
        return None
    until = (item.pending_until or compute_confirmation_deadline(invoice)) if item.is_active else None
    is_pending = item.pending_until is not None
    return await read_outcome(
        client, invoice, charge, until, now, is_pending=is_pending, is_ended=item.is_ended
    )


async def find_outcome_without_item(
    client: stripe.StripeClient, customer: str, charge: Charge, now: datetime
) -> ChargeOutcome | None:
    """Finds the outcome for an item whose id no longer exists: it can no longer be changed, but it may have
    been."""
    invoice = await _find_invoice(client, {"customer": customer}, None, charge)
    if invoice is None:
        return None
    is_ended = invoice.collection_method == "send_invoice" and not await _has_live_item(client, invoice)
    return await read_outcome(client, invoice, charge, None, now, is_ended=is_ended)


async def _has_live_item(client: stripe.StripeClient, invoice: stripe.Invoice) -> bool:
    # The seats may still be there: somebody may only have given the item another `seatbot_subscription`.
    parent = invoice.parent.subscription_details if invoice.parent else None
    subscription_id = get_object_id(parent.subscription) if parent else None
    if subscription_id is None:
        return False
    call = client.v1.subscriptions.retrieve_async(subscription_id)
    try:
        subscription = await request_stripe(call, "subscriptions.retrieve", expects=is_missing)
    except stripe.InvalidRequestError:
        return False
    if subscription.status in ENDED_STATUSES:
        return False
    item_ids = {item.id async for item in iter_stripe_items(client, subscription)}
    async for line in iter_all_pages(invoice.lines):
        details = line.parent.subscription_item_details if line.parent else None
        if details and details.proration and details.subscription_item in item_ids:
            return True
    return False


async def fetch_settled_outcome(
    client: stripe.StripeClient, invoice: stripe.Invoice, charge: Charge, now: datetime
) -> Settled | None:
    """Reads the invoice again; returns None unless it is paid, or the customer's to pay."""
    wanted = {"expand": ["payments"]}
    call = client.v1.invoices.retrieve_async(str(invoice.id), wanted)  # type: ignore[arg-type]
    invoice = await request_stripe(call, "invoices.retrieve")
    if invoice.status != "paid" and invoice.collection_method != "send_invoice":
        return None
    outcome = await read_outcome(client, invoice, charge, None, now)
    return outcome if isinstance(outcome, Settled) else None


async def read_outcome(
    client: stripe.StripeClient,
    invoice: stripe.Invoice,
    charge: Charge,
    until: datetime | None,
    now: datetime,
    *,
    is_pending: bool = False,
    is_ended: bool = False,
) -> ChargeOutcome:
    """`until` is when the update expires, by Stripe's clock; None if it can't be applied any more. As long as
    it `is_pending` there, it has not, whatever ours says. `is_ended`: the subscription has ended, or has lost
    the item."""
    if invoice.collection_method == "send_invoice":
        return await _read_sent_invoice(client, invoice, charge, now, is_ended=is_ended)
    if invoice.status == "paid":
        return _build_settled(invoice, await fetch_charged_methods(client, invoice))
    if invoice.status == "draft":
        return Pending(now + RECONCILE_INTERVAL)
    payment = await _fetch_payment_intent(client, invoice)
    if invoice.status in ("open", "uncollectible"):
        return await _resolve_unpaid_invoice(client, invoice, payment, until, now, is_pending=is_pending)
    return _build_declined(payment)


async def _read_sent_invoice(
    client: stripe.StripeClient, invoice: stripe.Invoice, charge: Charge, now: datetime, *, is_ended: bool
) -> ChargeOutcome:
    # The seats were added when the invoice was created. It counts once it is finalized, whatever happens to
    # it later, unless the seats are gone by now.
    final: stripe.Invoice | None = invoice
    if invoice.status == "draft":
        await _add_invoice_fields(client, invoice, charge)
        final = await _finalize_draft(client, invoice, advance=not is_ended)
    if final is None:
        return Pending(now + RECONCILE_INTERVAL)
    if is_ended and final.status != "paid" and not final.amount_paid:
        return await _cancel_sent_invoice(client, final, now)
    return _build_settled(final)


async def _cancel_sent_invoice(
    client: stripe.StripeClient, invoice: stripe.Invoice, now: datetime
) -> ChargeOutcome:
    # There are no seats to pay for any more. A subscription's draft can be neither deleted nor voided before
    # it is finalized (docs.stripe.com/api/invoices/delete, docs.stripe.com/api/invoices/void), so an open one
    # may be what an earlier run has left between the two steps.
    if invoice.status != "void":
        unvoided = await _void_invoice(client, invoice, now)
        if unvoided is not None:
            return unvoided
    return Declined("subscription_gone")


async def _add_invoice_fields(client: stripe.StripeClient, invoice: stripe.Invoice, charge: Charge) -> None:
    """A list replaces the fields that the invoice has from the customer or the account, so they are sent as
    well (docs.stripe.com/api/invoices/update). An invoice without them is better than none."""
    found = [{"name": field.name, "value": field.value} for field in invoice.custom_fields or []]
    wanted = [{"name": name, "value": value} for name, value in charge.invoice_fields]
    missing = [field for field in wanted if field not in found]
    fields = [*found, *missing][:MAX_CUSTOM_FIELDS]
    if len(found) + len(missing) > MAX_CUSTOM_FIELDS:
        _log_missing_fields(invoice, "too_many_custom_fields")
    if fields == found:
        return
    change = {"custom_fields": fields}
    call = client.v1.invoices.update_async(str(invoice.id), change)  # type: ignore[arg-type]
    try:
        await request_stripe(call, "invoices.update", expects=lambda _: True)
    except stripe.InvalidRequestError as error:
        _log_missing_fields(invoice, error.code, error.request_id)


def _log_missing_fields(invoice: stripe.Invoice, error: str | None, request_id: str | None = None) -> None:
    log.warning("invoice.fields_rejected", invoice=str(invoice.id), error=error, stripe_request=request_id)


async def _finalize_draft(
    client: stripe.StripeClient, invoice: stripe.Invoice, *, advance: bool
) -> stripe.Invoice | None:
    """Stripe would do it about an hour later; until then, its amount could still change (R17). None if it is
    still a draft: Stripe could not finalize it."""
    invoice_id = str(invoice.id)
    try:
        call = client.v1.invoices.finalize_invoice_async(invoice_id, {"auto_advance": advance})
        return await request_stripe(call, "invoices.finalize", expects=lambda _: True)
    except stripe.InvalidRequestError as error:
        # Unless it was finalized in the meantime.
        current = await request_stripe(client.v1.invoices.retrieve_async(invoice_id), "invoices.retrieve")
        if current.status != "draft":
            return current
        log.error(
            "invoice.finalization_failed",
            invoice=invoice_id,
            error=error.code,
            stripe_request=error.request_id,
        )
        return None


def _build_settled(invoice: stripe.Invoice, methods: tuple[ChargedMethod, ...] = ()) -> Settled:
    """The balance before and after says what was used of a credit, and what was added or carried over
    (docs.stripe.com/billing/customer/balance)."""
    before, after = invoice.starting_balance, invoice.ending_balance or 0

    def convert(amount: int) -> int:
        return to_minor_units(amount, invoice.currency)

    net = compute_invoice_net(invoice)
    net = convert(invoice.total) if net is None else net
    return Settled(
        str(invoice.id),
        net,
        convert(invoice.total) - net,
        credit_used=convert(max(0, -before) - max(0, -after)),
        earlier_balance=convert(max(0, before)),
        carried_over=convert(max(0, after)),
        invoice_number=invoice.number or str(invoice.id),
        methods=methods,
        tax_details=read_tax_details(invoice),
        invoice=_build_state(invoice) if invoice.collection_method == "send_invoice" else None,
    )


def _build_state(invoice: stripe.Invoice) -> InvoiceState:
    return InvoiceState(
        id=str(invoice.id),
        number=invoice.number or str(invoice.id),
        status=INVOICE_STATUSES[invoice.status or "open"],
        amount=to_minor_units(invoice.amount_due, invoice.currency),
        amount_remaining=to_minor_units(invoice.amount_remaining, invoice.currency),
        due_at=from_timestamp(invoice.due_date) if invoice.due_date else None,
    )


async def fetch_invoice(client: stripe.StripeClient, receipt: str) -> stripe.Invoice | None:
    call = client.v1.invoices.retrieve_async(receipt)
    try:
        return await request_stripe(call, "invoices.retrieve", expects=is_missing)
    except stripe.InvalidRequestError:
        return None


def read_invoice_state(invoice: stripe.Invoice) -> InvoiceState | None:
    return _build_state(invoice) if invoice.status in INVOICE_STATUSES else None


async def complete_taxes(
    client: stripe.StripeClient, tax_rates: TaxRateReader, charge: Charge, settled: Settled
) -> Settled:
    """With the taxes of the invoice by rate, and what they depended on: those of its quote do not add up to
    other amounts, and say why there was no tax by then. Seats that cost nothing may have no invoice."""
    call = client.v1.invoices.retrieve_async(settled.receipt)
    try:
        invoice = await request_stripe(call, "invoices.retrieve", expects=is_missing)
    except stripe.InvalidRequestError:
        return settled
    lines = [line async for line in iter_all_pages(invoice.lines)]
    is_tax_disabled = invoice.automatic_tax.disabled_reason is not None
    parts = read_tax_parts(invoice, lines, settled.amount, is_tax_disabled=is_tax_disabled)
    taxes = await tax_rates.build_items(adjust_tax_parts(parts, settled.tax))
    is_unexplained = all(item.treatment is TaxTreatment.NOT_COLLECTED for item in taxes)
    if charge.tax == settled.tax == 0 and is_unexplained:
        # The quote may know a reason.
        return settled
    return replace(settled, taxes=taxes, tax_details=read_tax_details(invoice))


async def _resolve_unpaid_invoice(
    client: stripe.StripeClient,
    invoice: stripe.Invoice,
    payment: stripe.PaymentIntent | None,
    until: datetime | None,
    now: datetime,
    *,
    is_pending: bool,
) -> ChargeOutcome:
    # Nobody is expected to pay an invoice that was marked as uncollectible, or whose subscription can no
    # longer change; but a payment may still succeed.
    waits = invoice.status == "open" and until is not None and (is_pending or now < until)
    if payment.status in IN_PROGRESS_STATUSES if payment else waits:
        return Pending(now + RECONCILE_INTERVAL)
    if payment and payment.status == "requires_action" and waits and until:
        return NeedsCustomer(invoice.hosted_invoice_url or "", until)
    # If it stayed open, Stripe's retries could still pay it after another card was charged here.
    return await _void_invoice(client, invoice, now) or _build_declined(payment)


async def _void_invoice(
    client: stripe.StripeClient, invoice: stripe.Invoice, now: datetime
) -> Pending | None:
    """Returns None if the invoice is void now."""
    call = client.v1.invoices.void_invoice_async(str(invoice.id))
    try:
        await request_stripe(call, "invoices.void", expects=lambda _: True)
    except stripe.InvalidRequestError as error:
        return await _recheck_unvoided_invoice(client, str(invoice.id), error, now)
    return None


async def _recheck_unvoided_invoice(
    client: stripe.StripeClient, invoice_id: str, error: stripe.InvalidRequestError, now: datetime
) -> Pending:
    # It may have been paid or voided in the meantime, which Stripe has no documented code for: the next check
    # shows it.
    invoice = await request_stripe(client.v1.invoices.retrieve_async(invoice_id), "invoices.retrieve")
    if invoice.status not in ("open", "uncollectible"):
        return Pending(now + timedelta(seconds=1))
    with log_action_taken("checked_again"):
        log_rejected_request("invoices.void", error)
    return Pending(now + RECONCILE_INTERVAL)


def compute_confirmation_deadline(invoice: stripe.Invoice) -> datetime:
    return from_timestamp(invoice.created) + CUSTOMER_CONFIRMATION_WINDOW


def _build_declined(payment: stripe.PaymentIntent | None) -> Declined:
    error = payment.last_payment_error if payment else None
    if error is None:
        return Declined("customer_timeout")
    failed = error.code in AUTHENTICATION_ERRORS
    return Declined("authentication_failed" if failed else "card_declined")


async def _fetch_payment_intent(
    client: stripe.StripeClient, invoice: stripe.Invoice
) -> stripe.PaymentIntent | None:
    """Fetches that of the invoice's default payment, or else of the last one."""
    made = sorted(invoice.payments.data if invoice.payments else [], key=lambda payment: payment.is_default)
    intent = get_object_id(made[-1].payment.payment_intent) if made else None
    if intent is None:
        return None
    return await request_stripe(client.v1.payment_intents.retrieve_async(intent), "payment_intents.retrieve")


async def _find_invoice(
    client: stripe.StripeClient, filters: dict[str, str], item: SubscriptionItem | None, charge: Charge
) -> stripe.Invoice | None:
    """Raises CustomerNotFound if all of a customer's are searched, and Stripe no longer has it."""
    wanted = {
        **filters,
        "created": {"gte": to_timestamp(charge.stored_at - CLOCK_SKEW)},
        "limit": 100,
        "expand": ["data.payments"],
    }
    call = client.v1.invoices.list_async(wanted)  # type: ignore[arg-type]
    try:
        found = await request_stripe(call, "invoices.list", expects=is_missing if item is None else None)
    except stripe.InvalidRequestError:
        raise CustomerNotFound from None
    async for invoice in iter_all_pages(found):
        if await is_invoice_of_charge(invoice, item, charge):
            return invoice
    return None


async def is_invoice_of_charge(
    invoice: stripe.Invoice, item: SubscriptionItem | None, charge: Charge
) -> bool:
    """The key alone is not enough: renewals and other people's changes copy it too."""
    return get_charge_key(invoice) == charge.key and await has_seats_of_charge(invoice, item, charge)


async def has_seats_of_charge(invoice: stripe.Invoice, item: SubscriptionItem | None, charge: Charge) -> bool:
    """It charges for the seats of the charge from its timestamp. Without an item, any of the customer's
    counts."""
    quantities: dict[str, list[int]] = {}
    async for line in iter_all_pages(invoice.lines):
        details = line.parent.subscription_item_details if line.parent else None
        if details is None or not details.proration or line.amount < 0:
            continue
        if line.period.start == to_timestamp(charge.at):
            quantities.setdefault(details.subscription_item, []).append(line.quantity or 0)
    own = quantities.values() if item is None else [quantities.get(item.stripe_item_id, [])]
    return any(_can_add_up(each, charge.expected_seats + charge.seats) for each in own)


def _can_add_up(quantities: Iterable[int], wanted: int) -> bool:
    """Whether some of them do: tiers may have a line each, and a credit for nothing looks like a charge."""
    sums = {0}
    for quantity in quantities:
        sums |= {each + quantity for each in sums if each + quantity <= wanted}
    return wanted in sums


def get_charge_key(invoice: stripe.Invoice) -> str:
    """Blank if the invoice's subscription had no charge of ours before it."""
    parent = invoice.parent.subscription_details if invoice.parent else None
    metadata = parent.metadata.to_dict() if parent and parent.metadata else {}
    return metadata.get(ATTEMPT_METADATA_KEY) or ""


def read_receipt_page(invoice: stripe.Invoice) -> ProviderReceipt | None:
    page, pdf = invoice.hosted_invoice_url, invoice.invoice_pdf
    return (
        None if page is None or pdf is None else ProviderReceipt(invoice.number or str(invoice.id), page, pdf)
    )
