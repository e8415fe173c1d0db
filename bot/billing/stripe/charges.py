"""Placing a charge: looked at, priced again, made known, sent once (R17, R19).

Stripe sets an absolute number of seats, without comparing. So the number is read shortly before, one line of
a subscription is charged at a time (R19), and a charge that took too long to prepare is not sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import stripe
import structlog

from bot.billing.gateway import (
    BillingUnavailable,
    Charge,
    Declined,
    NeverReceived,
    OtherPrice,
    Outcome,
    Pending,
    SeatsChanged,
    Unknown,
)
from bot.billing.stripe.client import SILENCE, asked, instant, is_of_another_period, seconds
from bot.billing.stripe.invoices import PATIENCE, customer_time, is_of, outcome_of, read_outcome
from bot.billing.stripe.items import ATTEMPT, NO_CARD, SWAPPED, Item
from bot.billing.stripe.prices import price_now, stripe_address
from models.account import Address

log = structlog.get_logger()

Told = TypeVar("Told", bound=Outcome | NeverReceived)

# Stripe may forget a key after 24 hours; a request under it would be a new one then.
KEY_LIVES = timedelta(hours=23, minutes=30)
# What Stripe has saved under the key, and what still shows no effect after so long, had none.
FAILURE_IS_FINAL = timedelta(minutes=1)


@dataclass(frozen=True)
class Buyer:
    """The Stripe customer; `card` is charged where a subscription names none. `currency` is the account's."""

    id: str
    currency: str
    card: str | None
    address: Address | None


async def prepare(
    client: stripe.StripeClient, item: Item, buyer: Buyer, charge: Charge, now: datetime
) -> Outcome | None:
    """None where all is ready to be sent; else why nothing is. Raises BillingUnavailable."""
    done = await outcome_of(client, item, charge, now)
    if done is not None:
        return await put_card_back(client, item, done)
    refused = await _refusal(client, item, buyer, charge, now)
    if refused is not None:
        # Unless the very same charge came through a moment ago, by another worker.
        done = await outcome_of(client, item, charge, now) or refused
        return await put_card_back(client, item, done)
    await move_customer(client, buyer, charge.address)
    missing = await _announce(client, item, buyer, charge)
    return await put_card_back(client, item, missing) if missing else None


async def send(
    client: stripe.StripeClient, item: Item, buyer: Buyer, charge: Charge, now: datetime
) -> Outcome:
    """What `prepare` made ready. Raises BillingUnavailable where what became of it cannot be read."""
    outcome = await _send(client, item, charge, now)
    return await put_card_back(client, item, outcome, swapped=charge.payment_method_id != _card(item, buyer))


async def _refusal(
    client: stripe.StripeClient, item: Item, buyer: Buyer, charge: Charge, now: datetime
) -> Outcome | None:
    if not item.active:
        return item.inactive
    if item.pending_until is not None:
        return Pending(now + PATIENCE)  # Somebody else's change waits for its payment.
    if item.seats != charge.expected_seats:
        return SeatsChanged()
    if not item.price_active:
        return Declined("price_archived")
    if item.paid_by_invoice:
        return Declined("paid_by_invoice")
    if item.currency != buyer.currency:
        return Declined("other_currency")
    if now - charge.stored_at >= KEY_LIVES:
        return Declined("never_received")
    price = await price_now(client, item, charge.seats, charge.at, charge.address, buyer.id)
    if price.others or (price.amount, price.tax) != (charge.amount, charge.tax):
        return OtherPrice(price.amount + price.others, price.tax)
    return None


async def move_customer(client: stripe.StripeClient, buyer: Buyer, address: Address) -> None:
    """Tax follows the customer's address; placing the order made this one the account's (R10)."""
    if buyer.address != address:
        change = {"address": stripe_address(address)}
        await asked(client.v1.customers.update_async(buyer.id, change))  # type: ignore[arg-type]


async def _announce(client: stripe.StripeClient, item: Item, buyer: Buyer, charge: Charge) -> Declined | None:
    """Write the key on the subscription, and the card where it is another than the usual: neither may travel
    with an update that waits for its payment. The usual card is remembered there too, whatever comes."""
    metadata = {ATTEMPT: charge.key}
    swap = charge.payment_method_id != _card(item, buyer)
    if swap and item.swapped is None:
        metadata[SWAPPED] = item.card or NO_CARD
    change: dict[str, object] = {"metadata": metadata}
    if swap:
        change["default_payment_method"] = charge.payment_method_id
    try:
        await asked(client.v1.subscriptions.update_async(item.subscription, change))  # type: ignore[arg-type]
    except stripe.InvalidRequestError as error:
        if error.param != "default_payment_method":
            raise
        return Declined("method_gone")
    return None


def _card(item: Item, buyer: Buyer) -> str | None:
    return item.card or buyer.card


async def _send(client: stripe.StripeClient, item: Item, charge: Charge, now: datetime) -> Outcome:
    """The one request that moves money. Silence is never a failure."""
    try:
        changed = await client.v1.subscriptions.update_async(
            item.subscription,
            {
                "items": [{"id": item.item, "quantity": charge.expected_seats + charge.seats}],
                "proration_behavior": "always_invoice",
                "payment_behavior": "pending_if_incomplete",
                "proration_date": seconds(charge.at),
                "expand": ["latest_invoice.payments"],
            },
            {"idempotency_key": charge.key},
        )
    except stripe.CardError as error:
        failed = error.code in ("authentication_required", "subscription_payment_intent_requires_action")
        declined = Declined("authentication_failed" if failed else "card_declined")
        # An invoice that it left open could be paid later.
        return await outcome_of(client, item, charge, now) or declined
    except stripe.IdempotencyError:
        log.error("a key was sent with another request", key=charge.key)
        return await _never_answered(client, item, charge, now)
    except stripe.InvalidRequestError as error:
        if is_of_another_period(error):
            return Declined("period_ended")
        log.error("stripe refuses the charge", key=charge.key, code=error.code, param=error.param)
        return Declined(error.code or "provider_refused")
    except stripe.StripeError as error:
        return await _after_failure(client, item, charge, error, now)
    except SILENCE:
        return Unknown()
    return await _outcome(client, changed, item, charge, now)


async def _outcome(
    client: stripe.StripeClient, changed: stripe.Subscription, item: Item, charge: Charge, now: datetime
) -> Outcome:
    invoice = changed.latest_invoice
    if not isinstance(invoice, stripe.Invoice) or not await is_of(invoice, item, charge):
        # A saved answer is no longer the latest, or others set the same number a moment ago. Something may
        # have been charged all the same: nothing is sent again before somebody has looked.
        done = await outcome_of(client, item, charge, now)
        if done is None:
            log.error("a charge went through without its invoice", key=charge.key)
        return done or Declined("seats_changed")
    pending = changed.pending_update
    until = instant(pending.expires_at) if pending else customer_time(invoice)
    return await read_outcome(client, invoice, until, now)


async def _after_failure(
    client: stripe.StripeClient, item: Item, charge: Charge, error: stripe.StripeError, now: datetime
) -> Outcome:
    """A failure may be saved under the key, and is then all that this key will ever answer."""
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    saved = (error.http_status or 0) >= 500 and headers.get("idempotent-replayed") == "true"
    return await _never_answered(client, item, charge, now) if saved else Unknown()


async def _never_answered(client: stripe.StripeClient, item: Item, charge: Charge, now: datetime) -> Outcome:
    """Where the key answers nothing else any more, what it did is read."""
    if now - charge.stored_at < FAILURE_IS_FINAL:
        return Unknown()
    return await outcome_of(client, item, charge, now) or Declined("provider_error")


async def put_card_back(
    client: stripe.StripeClient, item: Item, outcome: Told, *, swapped: bool = False
) -> Told | Unknown:
    """The usual card, once what it was swapped for is charged or not. Asked again where that fails."""
    if isinstance(outcome, Unknown) or not (swapped or item.swapped):
        return outcome
    usual = item.swapped or item.card or NO_CARD
    change = {"default_payment_method": "" if usual == NO_CARD else usual, "metadata": {SWAPPED: ""}}
    try:
        await asked(client.v1.subscriptions.update_async(item.subscription, change))  # type: ignore[arg-type]
    except BillingUnavailable:
        return outcome if isinstance(outcome, Pending) else Unknown()
    except stripe.InvalidRequestError as error:
        log.error("the usual card could not be put back", subscription=item.subscription, code=error.code)
    return outcome
