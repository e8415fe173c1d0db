"""What became of a key, read from the invoice that it made: nothing else Stripe keeps says it for good.

Before a charge its key is written on the subscription; the invoice takes a copy of that, which never changes.
"""

from datetime import datetime, timedelta

import stripe

from bot.billing.gateway import Charge, Declined, NeedsCustomer, Outcome, Pending, Settled
from bot.billing.stripe.client import asked, each, instant, seconds
from bot.billing.stripe.items import ATTEMPT, Item, id_of
from models.receipt import ReceiptPage

PATIENCE = timedelta(minutes=10)
CUSTOMER_TIME = timedelta(hours=23)
# Their clock may not be ours.
SLACK = timedelta(hours=1)

# A payment that waits for the bank, and not for anybody.
UNDER_WAY = ("processing", "requires_capture", "succeeded")


async def outcome_of(
    client: stripe.StripeClient, item: Item, charge: Charge, now: datetime
) -> Outcome | None:
    """None where the key has made no invoice. One that cannot be paid as it is, is voided first."""
    invoice = await _find(client, {"subscription": item.subscription}, item, charge)
    if invoice is None:
        return None
    until = (item.pending_until or customer_time(invoice)) if item.active else None
    return await read_outcome(client, invoice, until, now)


async def outcome_of_gone(
    client: stripe.StripeClient, customer: str, charge: Charge, now: datetime
) -> Outcome | None:
    """Where the item is no longer there: no request can change it any more, but one may have."""
    invoice = await _find(client, {"customer": customer}, None, charge)
    return None if invoice is None else await read_outcome(client, invoice, None, now)


async def read_outcome(
    client: stripe.StripeClient, invoice: stripe.Invoice, until: datetime | None, now: datetime
) -> Outcome:
    """`until` is when the change that waits for this payment is dropped; none where nothing waits for it."""
    if invoice.status == "paid":
        net = invoice.total if invoice.total_excluding_tax is None else invoice.total_excluding_tax
        return Settled(str(invoice.id), net, invoice.total - net)
    if invoice.status == "draft":
        return Pending(now + PATIENCE)
    payment = await _payment(client, invoice)
    if invoice.status in ("open", "uncollectible"):
        return await _unpaid_outcome(client, invoice, payment, until, now)
    return _declined(payment)


async def _unpaid_outcome(
    client: stripe.StripeClient,
    invoice: stripe.Invoice,
    payment: stripe.PaymentIntent | None,
    until: datetime | None,
    now: datetime,
) -> Outcome:
    # What somebody there has written off waits for nobody, nor what has no subscription to change any more;
    # but both can be paid all the same.
    waits = invoice.status == "open" and until is not None and now < until
    if payment.status in UNDER_WAY if payment else waits:
        return Pending(now + PATIENCE)
    if payment and payment.status == "requires_action" and waits and until:
        return NeedsCustomer(invoice.hosted_invoice_url or "", until)
    # Left open it could be paid later, by a retry of Stripe's, after another card was charged here.
    try:
        await asked(client.v1.invoices.void_invoice_async(str(invoice.id)))
    except stripe.InvalidRequestError:
        # Somebody was first: paid or voided meanwhile, which the next look tells.
        return Pending(now + timedelta(seconds=1))
    return _declined(payment)


def customer_time(invoice: stripe.Invoice) -> datetime:
    """Until when a customer is waited for, where the subscription does not say it."""
    return instant(invoice.created) + CUSTOMER_TIME


def _declined(payment: stripe.PaymentIntent | None) -> Declined:
    error = payment.last_payment_error if payment else None
    if error is None:
        return Declined("customer_timeout")
    failed = error.code == "payment_intent_authentication_failure"
    return Declined("authentication_failed" if failed else "card_declined")


async def _payment(client: stripe.StripeClient, invoice: stripe.Invoice) -> stripe.PaymentIntent | None:
    """The one that Stripe calls the invoice's; where it calls none so, the last."""
    made = sorted(invoice.payments.data if invoice.payments else [], key=lambda payment: payment.is_default)
    intent = id_of(made[-1].payment.payment_intent) if made else None
    return await asked(client.v1.payment_intents.retrieve_async(intent)) if intent else None


async def _find(
    client: stripe.StripeClient, of: dict[str, str], item: Item | None, charge: Charge
) -> stripe.Invoice | None:
    found = await asked(
        client.v1.invoices.list_async(
            {  # type: ignore[arg-type]
                **of,
                "created": {"gte": seconds(charge.stored_at - SLACK)},
                "limit": 100,
                "expand": ["data.payments"],
            }
        )
    )
    async for invoice in each(found):
        if await is_of(invoice, item, charge):
            return invoice
    return None


async def is_of(invoice: stripe.Invoice, item: Item | None, charge: Charge) -> bool:
    """Whether the key made it: it bears the key, and charges for those seats from that instant. A renewal
    bears the key too, or what others changed meanwhile. No item: whichever it was."""
    parent = invoice.parent.subscription_details if invoice.parent else None
    metadata = parent.metadata.to_dict() if parent and parent.metadata else {}
    if metadata.get(ATTEMPT) != charge.key:
        return False
    wanted = (charge.expected_seats + charge.seats, seconds(charge.at))
    async for line in each(invoice.lines):
        details = line.parent.subscription_item_details if line.parent else None
        own = details and details.proration and (item is None or details.subscription_item == item.item)
        if own and (line.quantity, line.period.start) == wanted:
            return True
    return False


async def receipt_page(client: stripe.StripeClient, customer: str, receipt: str) -> ReceiptPage | None:
    invoice = await asked(client.v1.invoices.retrieve_async(receipt))
    page, pdf = invoice.hosted_invoice_url, invoice.invoice_pdf
    if id_of(invoice.customer) != customer or page is None or pdf is None:
        return None
    return ReceiptPage(invoice.number or receipt, page, pdf)
