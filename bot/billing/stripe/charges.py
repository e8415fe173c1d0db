"""Placing a charge: check, price again, record the key, send once (R17, R19).

Stripe sets an absolute number of seats without comparing it. So the number is read shortly before, one line
of a subscription is charged at a time (R19), and a charge that took too long to prepare is not sent.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import stripe
import structlog

from bot.billing.gateway import (
    AddressChanged,
    BillingPeriodEnded,
    BillingRequestRejected,
    BillingUnavailable,
    Charge,
    ChargeOutcome,
    Declined,
    NeverReceived,
    Pending,
    PreviewIncomplete,
    PriceChanged,
    SeatsChanged,
    Settled,
    TaxLocationInvalid,
    TiersPreviewIncomplete,
    Unknown,
)
from bot.billing.stripe.client import (
    NO_RESPONSE_ERRORS,
    convert_stripe_error,
    from_timestamp,
    is_missing,
    is_outside_current_period,
    is_tax_location_invalid,
    log_action_taken,
    log_rejected_request,
    request_stripe,
    to_timestamp,
)
from bot.billing.stripe.customers import StripeCustomer
from bot.billing.stripe.invoices import (
    AUTHENTICATION_ERRORS,
    RECONCILE_INTERVAL,
    compute_confirmation_deadline,
    fetch_settled_outcome,
    find_outcome,
    get_charge_key,
    has_seats_of_charge,
    is_invoice_of_charge,
    read_outcome,
)
from bot.billing.stripe.items import (
    ATTEMPT_METADATA_KEY,
    NO_PAYMENT_METHOD,
    REPLACED_PAYMENT_METHOD_METADATA_KEY,
    SubscriptionItem,
)
from bot.billing.stripe.payment_methods import fetch_payment_methods
from bot.billing.stripe.prices import preview_proration, to_stripe_address
from models.account import Address

log = structlog.get_logger()

OutcomeT = TypeVar("OutcomeT", bound=ChargeOutcome | NeverReceived)
CustomerReader = Callable[[], Awaitable[StripeCustomer]]

# Stripe may forget a key after 24 hours; the same key would then make a new request.
IDEMPOTENCY_KEY_LIFETIME = timedelta(hours=23, minutes=30)
# After this time, a charge that Stripe has saved under its key without any visible effect had none.
SAVED_FAILURE_GRACE_PERIOD = timedelta(minutes=1)
CHARGE_OPERATION = "subscriptions.update"


async def prepare_charge(
    client: stripe.StripeClient,
    item: SubscriptionItem,
    customer: StripeCustomer,
    charge: Charge,
    now: datetime,
    read_customer: CustomerReader,
) -> ChargeOutcome | None:
    """Returns None if everything is ready to be sent, otherwise the outcome. Raises BillingUnavailable, also
    if Stripe refuses to say what became of the key: a charge may have gone through (R21)."""
    done = await find_outcome(client, item, charge, now)
    if done is not None:
        return await restore_default_payment_method(client, item, done)
    refused = await _find_refusal(client, item, customer, charge, now, read_customer)
    if refused is not None:
        # Unless another worker has just sent the same charge.
        done = await find_outcome(client, item, charge, now) or refused
        return await restore_default_payment_method(client, item, done)
    return None


async def _find_refusal(
    client: stripe.StripeClient,
    item: SubscriptionItem,
    customer: StripeCustomer,
    charge: Charge,
    now: datetime,
    read_customer: CustomerReader,
) -> ChargeOutcome | None:
    # Whether the key has been used is read by the caller.
    try:
        with log_action_taken("declined"):
            blocking = await _find_blocking_outcome(client, item, customer, charge, now)
            if blocking is not None:
                return blocking
            if customer.address != charge.address:
                # Somebody may have corrected it since it was read: the preview can take seconds.
                customer.provider_address = (await read_customer()).provider_address
                if _has_unread_address(customer, charge):
                    return AddressChanged()
                await update_customer_address(client, customer, charge.address)
            return await _record_attempt(client, item, customer, charge)
    except TaxLocationInvalid:
        return Declined("tax_location_invalid")
    except BillingPeriodEnded:
        return Declined("period_ended")
    except TiersPreviewIncomplete:
        return Declined("tiers_preview_incomplete")
    except PreviewIncomplete:
        return Declined("preview_incomplete")
    except BillingRequestRejected as error:
        return Declined(error.code or "provider_refused")


async def send_charge(
    client: stripe.StripeClient,
    item: SubscriptionItem,
    customer: StripeCustomer,
    charge: Charge,
    now: datetime,
) -> ChargeOutcome:
    """Sends the prepared charge. Raises BillingUnavailable if its outcome cannot be read."""
    outcome = await _send_update(client, item, charge, now)
    return await restore_default_payment_method(
        client,
        item,
        outcome,
        is_payment_method_replaced=_needs_different_payment_method(item, customer, charge),
    )


async def _find_blocking_outcome(
    client: stripe.StripeClient,
    item: SubscriptionItem,
    customer: StripeCustomer,
    charge: Charge,
    now: datetime,
) -> ChargeOutcome | None:
    if not item.is_active:
        return item.inactive_outcome
    refusal = item.upcoming_changes.find_charge_refusal()
    if refusal is not None:
        return Declined(refusal.decline_reason)
    if item.pending_until is not None:
        return Pending(now + RECONCILE_INTERVAL)  # Another change is waiting for its payment.
    if item.seats not in (charge.expected_seats, charge.expected_seats + charge.seats):
        return SeatsChanged()
    if item.pricing.is_by_usage:
        return Declined("priced_by_usage")
    if item.has_metered_sibling:
        return Declined("billed_with_usage")
    if item.is_of_other_product(charge.product_id):
        return Declined("product_changed")
    if item.is_paid_by_invoice != charge.is_on_invoice:
        # The person agreed to be charged, or to get an invoice.
        return Declined("not_paid_by_invoice" if charge.is_on_invoice else "paid_by_invoice")
    if item.currency != customer.currency:
        return Declined("other_currency")
    if now - charge.stored_at >= IDEMPOTENCY_KEY_LIFETIME:
        return Declined("never_received")
    if item.seats != charge.expected_seats:
        return await _find_repetition_outcome(client, item, customer, charge)
    if not await _accepts_payment_method(client, item, customer, charge):
        return Declined("method_not_accepted")
    price = await preview_proration(client, item, charge.seats, charge.at, charge.address, customer.id)
    amount, tax = price.amount + price.unrelated_amount, price.tax + price.unrelated_tax
    if price.other_amount_due is not None:
        return PriceChanged(price.other_amount_due - tax, tax, "unrelated_charges")
    if (price.amount, price.tax) != (charge.amount, charge.tax):
        return PriceChanged(amount, tax)
    if price.unrelated_amount or price.unrelated_tax:
        return PriceChanged(amount, tax, "unrelated_charges")
    if price.amount_due > charge.amount_limit:
        return PriceChanged(price.amount_due - price.tax, price.tax, "balance_due")
    return None


async def _accepts_payment_method(
    client: stripe.StripeClient, item: SubscriptionItem, customer: StripeCustomer, charge: Charge
) -> bool:
    # Checkout may have limited the types. With any other one, Stripe would use a different method, or none
    # (docs.stripe.com/billing/subscriptions/payment-methods-setting).
    if charge.is_on_invoice or not item.upcoming_changes.payment_method_types:
        return True
    methods = await fetch_payment_methods(client, customer.id, None, [charge.payment_method_id])
    types = [method.type for method in methods if method.id == charge.payment_method_id]
    return not types or types[0] in item.upcoming_changes.payment_method_types


async def _find_repetition_outcome(
    client: stripe.StripeClient, item: SubscriptionItem, customer: StripeCustomer, charge: Charge
) -> Unknown | None:
    # The seats are there, added by this charge or by somebody else. Sending the key again tells which: that
    # changes nothing, as long as nothing else is waiting to be invoiced.
    try:
        with log_action_taken("outcome_unknown"):
            price = await preview_proration(client, item, 0, charge.at, charge.address, customer.id)
    except (BillingPeriodEnded, PreviewIncomplete, TaxLocationInvalid, BillingRequestRejected):
        return Unknown()
    return Unknown() if price.total or price.unrelated_amount or price.unrelated_tax else None


def _has_unread_address(customer: StripeCustomer, charge: Charge) -> bool:
    known = charge.provider_address
    if known is None or known.customer_id != customer.id:
        return False
    return customer.address not in (known.address, charge.address)


async def update_customer_address(
    client: stripe.StripeClient, customer: StripeCustomer, address: Address
) -> None:
    """Tax depends on the customer's address, and placing the order made this one the account's (R10).
    Raises TaxLocationInvalid."""
    if customer.address == address:
        return
    change = {"address": to_stripe_address(address)}
    call = client.v1.customers.update_async(customer.id, change)  # type: ignore[arg-type]
    try:
        await request_stripe(call, "customers.update", expects=is_tax_location_invalid)
    except stripe.InvalidRequestError:
        # Because of any of the customer's subscriptions that Stripe Tax is on for
        # (docs.stripe.com/changelog/acacia/2024-10-28/tax-validate-location-auto).
        raise TaxLocationInvalid from None
    customer.provider_address = customer.provider_address.model_copy(update={"address": address})


async def restore_customer_address(
    client: stripe.StripeClient, customer: StripeCustomer, address: Address
) -> None:
    """Raises BillingUnavailable if it is to be tried again."""
    try:
        with log_action_taken("address_not_restored"):
            await update_customer_address(client, customer, address)
    except (BillingRequestRejected, TaxLocationInvalid) as error:
        code = error.code if isinstance(error, BillingRequestRejected) else "customer_tax_location_invalid"
        log.error("customer.address_not_restored", customer=customer.id, error=code)


async def _record_attempt(
    client: stripe.StripeClient, item: SubscriptionItem, customer: StripeCustomer, charge: Charge
) -> Declined | None:
    # An update that stays pending until it is paid cannot contain metadata or a payment method, so the key is
    # written before it, and with it the payment method unless it is the default. The default is stored as
    # well, so that it can always be restored.
    metadata = {ATTEMPT_METADATA_KEY: charge.key}
    swap = _needs_different_payment_method(item, customer, charge)
    if swap and item.replaced_payment_method is None:
        metadata[REPLACED_PAYMENT_METHOD_METADATA_KEY] = item.default_method or NO_PAYMENT_METHOD
    change: dict[str, object] = {"metadata": metadata}
    if swap:
        change["default_payment_method"] = charge.payment_method_id
    call = client.v1.subscriptions.update_async(item.stripe_subscription_id, change)  # type: ignore[arg-type]
    try:
        await request_stripe(call, "subscriptions.update", expects=is_missing)
    except stripe.InvalidRequestError as error:
        return _decline_for_missing(error, charge)
    return None


def _decline_for_missing(error: stripe.InvalidRequestError, charge: Charge) -> Declined:
    # Stripe names no parameter only if the customer has no card left to charge. Otherwise the card has been
    # removed, or what is missing is the subscription or its item.
    is_method = error.param in (None, "default_payment_method") and not charge.is_on_invoice
    return Declined("method_gone" if is_method else "subscription_gone")


def _find_default_payment_method(item: SubscriptionItem, customer: StripeCustomer) -> str | None:
    return item.own_payment_method_id or customer.default_method


def _needs_different_payment_method(item: SubscriptionItem, customer: StripeCustomer, charge: Charge) -> bool:
    return not charge.is_on_invoice and charge.payment_method_id != _find_default_payment_method(
        item, customer
    )


def _build_update(item: SubscriptionItem, charge: Charge) -> dict[str, object]:
    """Always the same for a key. Only a subscription that is charged automatically can wait for its payment
    (docs.stripe.com/billing/subscriptions/pending-updates): with an invoice, the seats are added at once, and
    the invoice begins as a draft (docs.stripe.com/billing/invoices/subscription)."""
    change: dict[str, object] = {
        "items": [{"id": item.stripe_item_id, "quantity": charge.expected_seats + charge.seats}],
        "proration_behavior": "always_invoice",
        "proration_date": to_timestamp(charge.at),
        "expand": ["latest_invoice.payments"],
    }
    if not charge.is_on_invoice:
        change["payment_behavior"] = "pending_if_incomplete"
    return change


async def _send_update(
    client: stripe.StripeClient, item: SubscriptionItem, charge: Charge, now: datetime
) -> ChargeOutcome:
    # The one request that moves money. A missing response is never treated as a failure.
    try:
        changed = await client.v1.subscriptions.update_async(
            item.stripe_subscription_id,
            _build_update(item, charge),  # type: ignore[arg-type]
            {"idempotency_key": charge.key},
        )
    except stripe.CardError as error:
        failed = error.code in AUTHENTICATION_ERRORS
        declined = Declined("authentication_failed" if failed else "card_declined")
        # An invoice left open could be paid later.
        return await find_outcome(client, item, charge, now) or declined
    except stripe.IdempotencyError:
        log.error("charge.idempotency_key_reused", charge_key=charge.key)
        return await _resolve_lost_response(client, item, charge, now)
    except stripe.InvalidRequestError as error:
        if is_outside_current_period(error):
            return Declined("period_ended")
        if is_tax_location_invalid(error):
            return Declined("tax_location_invalid")
        if is_missing(error):
            return _decline_for_missing(error, charge)
        with log_action_taken("declined"):
            log_rejected_request(CHARGE_OPERATION, error)
        return Declined(error.code or "provider_refused")
    except stripe.StripeError as error:
        return await _handle_stripe_error(client, item, charge, error, now)
    except NO_RESPONSE_ERRORS:
        return Unknown()
    return await _read_update_outcome(client, changed, item, charge, now)


async def _read_update_outcome(
    client: stripe.StripeClient,
    subscription: stripe.Subscription,
    item: SubscriptionItem,
    charge: Charge,
    now: datetime,
) -> ChargeOutcome:
    invoice = subscription.latest_invoice
    if isinstance(invoice, stripe.Invoice) and await is_invoice_of_charge(invoice, item, charge):
        pending = subscription.pending_update
        until = from_timestamp(pending.expires_at) if pending else compute_confirmation_deadline(invoice)
        return await read_outcome(client, invoice, charge, until, now, is_pending=pending is not None)
    # The response may be a saved one that is no longer the latest. Something may have been charged, so
    # nothing is sent again until the invoices have been checked.
    done = await find_outcome(client, item, charge, now)
    return done or await _resolve_missing_invoice(client, subscription, item, charge, now)


async def _resolve_missing_invoice(
    client: stripe.StripeClient,
    subscription: stripe.Subscription,
    item: SubscriptionItem,
    charge: Charge,
    now: datetime,
) -> ChargeOutcome:
    """Stripe has accepted the update, but no invoice has both its key and its seats. One that the update
    made would be the latest in its response, and have the key that the subscription has there. So nothing
    was charged if the latest does not have it: somebody else had set the same number before. If another
    program has written over the key, the seats are enough. Anything else is unknown: nobody may be asked to
    pay again (R21)."""
    latest, key = subscription.latest_invoice, subscription.metadata.to_dict().get(ATTEMPT_METADATA_KEY)
    invoice = latest if isinstance(latest, stripe.Invoice) else None
    is_latest_older = latest is None or (invoice is not None and get_charge_key(invoice) != key)
    if key == charge.key and is_latest_older:
        if charge.amount + charge.tax:
            return SeatsChanged()
        # It is not known whether Stripe makes an invoice for nothing. The seats are there, for nothing.
        if _has_seats(subscription, item, charge):
            return Settled(subscription.id, 0, 0)
    log.error("charge.invoice_missing", charge_key=charge.key)
    if key == charge.key or invoice is None or not await has_seats_of_charge(invoice, item, charge):
        return Unknown()
    return await fetch_settled_outcome(client, invoice, charge, now) or Unknown()


def _has_seats(subscription: stripe.Subscription, item: SubscriptionItem, charge: Charge) -> bool:
    wanted = (item.stripe_item_id, charge.expected_seats + charge.seats)
    return any((each.id, each.quantity) == wanted for each in subscription.items.data)


async def _handle_stripe_error(
    client: stripe.StripeClient,
    item: SubscriptionItem,
    charge: Charge,
    error: stripe.StripeError,
    now: datetime,
) -> ChargeOutcome:
    # Stripe may have saved the failure under the key: then every later request with it gets the same
    # response.
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    status = error.http_status or 0
    saved = status >= 500 and headers.get("idempotent-replayed") == "true"
    if status < 500:
        with log_action_taken("outcome_unknown"):
            convert_stripe_error(CHARGE_OPERATION, error)
    return await _resolve_lost_response(client, item, charge, now) if saved else Unknown()


async def _resolve_lost_response(
    client: stripe.StripeClient, item: SubscriptionItem, charge: Charge, now: datetime
) -> ChargeOutcome:
    # The key would only return its stored error, so read what the request has changed instead.
    if now - charge.stored_at < SAVED_FAILURE_GRACE_PERIOD:
        return Unknown()
    return await find_outcome(client, item, charge, now) or Declined("provider_error")


async def restore_default_payment_method(
    client: stripe.StripeClient,
    item: SubscriptionItem,
    outcome: OutcomeT,
    *,
    is_payment_method_replaced: bool = False,
) -> OutcomeT | Unknown:
    """Restores the default once the other payment method was charged or declined. Retried if that fails."""
    if isinstance(outcome, Unknown) or not (is_payment_method_replaced or item.replaced_payment_method):
        return outcome
    default = item.replaced_payment_method or item.default_method or NO_PAYMENT_METHOD
    change = {
        "default_payment_method": "" if default == NO_PAYMENT_METHOD else default,
        "metadata": {REPLACED_PAYMENT_METHOD_METADATA_KEY: ""},
    }
    call = client.v1.subscriptions.update_async(item.stripe_subscription_id, change)  # type: ignore[arg-type]
    try:
        with log_action_taken("payment_method_not_restored"):
            await request_stripe(call, "subscriptions.update")
    except BillingRequestRejected as error:
        log.error(
            "subscription.payment_method_not_restored",
            subscription=item.stripe_subscription_id,
            error=error.code,
        )
    except BillingUnavailable:
        return outcome if isinstance(outcome, Pending) else Unknown()
    return outcome
