"""Upcoming changes to a subscription at Stripe: end, pause, trial, schedule, update, discounts (R27)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import stripe

from bot.billing.stripe.client import from_timestamp, is_missing, request_stripe
from bot.billing.stripe.currencies import to_minor_units
from models.subscription.proration import get_local_date
from models.subscription.upcoming_changes import (
    CollectionPause,
    Discount,
    InvoiceTerms,
    ScheduledChange,
    SeatsNotOrderable,
    SubscriptionStatus,
    UpcomingChanges,
)

# What a list of subscriptions expands; Stripe expands at most four levels.
EXPANSIONS = ["data.schedule", "data.discounts.source.coupon"]
# In any other status a subscription has not started, or has ended.
STATUSES = {
    "active": SubscriptionStatus.ACTIVE,
    "trialing": SubscriptionStatus.TRIAL,
    "past_due": SubscriptionStatus.PAST_DUE,
    "unpaid": SubscriptionStatus.PAST_DUE,
    "paused": SubscriptionStatus.PAUSED,
}


@dataclass(frozen=True)
class ItemDiscount:
    """`amounts` are Stripe's, by currency in upper case. Nothing is taken off an invoice in a currency that
    the coupon has no amount in, nor off other products than its own, if it has any
    (docs.stripe.com/api/coupons/object: `currency`, `currency_options`, `applies_to`). `product_ids` are
    Stripe's."""

    name: str = ""
    percent: Decimal | None = None
    amounts: tuple[tuple[str, int], ...] = ()
    ends_at: datetime | None = None
    product_ids: frozenset[str] = frozenset()

    def find_discount(self, currency: str, product_id: str, zone: str) -> Discount | None:
        """Finds the discount on this product in this currency; None if it doesn't apply there."""
        amount = dict(self.amounts).get(currency)
        if self.amounts and amount is None:
            return None
        if self.product_ids and product_id not in self.product_ids:
            return None
        return Discount(
            name=self.name,
            percent=self.percent,
            amount=amount,
            currency=None if amount is None else currency,
            until=_find_local_date(zone, self.ends_at),
        )


@dataclass(frozen=True)
class PhaseChange:
    """What a later phase of a schedule does to an item; see ScheduledChange."""

    at: datetime
    seats: int | None
    is_price_changed: bool = False


@dataclass(frozen=True)
class ItemUpcomingChanges:
    """Upcoming changes to one item of a subscription, which is charged in `currency`. `stripe_product_id` is
    that of its price."""

    standing: SubscriptionStatus
    currency: str
    ends_at: datetime | None = None
    trial_ends_at: datetime | None = None
    is_collection_paused: bool = False
    collection_resumes_at: datetime | None = None
    scheduled_change: PhaseChange | None = None
    pauses_at: datetime | None = None
    update_pending_until: datetime | None = None
    discounts: tuple[ItemDiscount, ...] = ()
    invoice_terms: InvoiceTerms | None = None
    stripe_product_id: str = ""
    billed_ahead_until: datetime | None = None
    charge_currency: str | None = None
    is_sold_by_stripe: bool = False
    payment_method_types: tuple[str, ...] = ()

    def build_upcoming_changes(self, zone: str) -> UpcomingChanges:
        """Builds it with dates in the account's time zone, without the renewal."""
        resumes_on = _find_local_date(zone, self.collection_resumes_at)
        return UpcomingChanges(
            standing=self.standing,
            ends_on=_find_local_date(zone, self.ends_at),
            trial_ends_on=_find_local_date(zone, self.trial_ends_at),
            collection_pause=CollectionPause(resumes_on=resumes_on) if self.is_collection_paused else None,
            scheduled_change=self._build_scheduled_change(zone),
            update_pending_until=self.update_pending_until,
            discounts=tuple(self._iter_discounts(zone)),
            invoice_terms=self.invoice_terms,
            # Stripe does not renew a paused subscription, and does not say until when it will be paused. What
            # has been billed ahead is not billed again when it renews.
            is_renewal_expected=self.pauses_at is None and self.billed_ahead_until is None,
            billed_ahead_until=_find_local_date(zone, self.billed_ahead_until),
            charge_currency=self.charge_currency,
            is_sold_by_provider=self.is_sold_by_stripe,
            payment_method_types=self.payment_method_types,
        )

    def _iter_discounts(self, zone: str) -> Iterator[Discount]:
        for each in self.discounts:
            discount = each.find_discount(self.currency, self.stripe_product_id, zone)
            if discount is not None:
                yield discount

    def _build_scheduled_change(self, zone: str) -> ScheduledChange | None:
        change = self.scheduled_change
        if self.pauses_at is not None and (change is None or self.pauses_at <= change.at):
            return ScheduledChange(on=get_local_date(zone, self.pauses_at))
        if change is None:
            return None
        return ScheduledChange(
            on=get_local_date(zone, change.at), seats=change.seats, is_price_changed=change.is_price_changed
        )

    def find_charge_refusal(self) -> SeatsNotOrderable | None:
        # Only its reason is used: its dates are in UTC.
        return self.build_upcoming_changes("UTC").find_charge_refusal()


class CouponReader:
    """Reads each coupon once, with its products and its amounts in other currencies: a list of subscriptions
    cannot include them."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client
        self._coupons: dict[str, stripe.Coupon | None] = {}

    async def find_coupon(self, coupon_id: str) -> stripe.Coupon | None:
        """Returns None if it was deleted: its discounts go on without it
        (docs.stripe.com/api/coupons/delete)."""
        if coupon_id not in self._coupons:
            self._coupons[coupon_id] = await self._fetch_coupon(coupon_id)
        return self._coupons[coupon_id]

    async def _fetch_coupon(self, coupon_id: str) -> stripe.Coupon | None:
        wanted = ["applies_to", "currency_options"]
        call = self._client.v1.coupons.retrieve_async(coupon_id, {"expand": wanted})
        try:
            return await request_stripe(call, "coupons.retrieve", expects=is_missing)
        except stripe.InvalidRequestError:
            return None


async def fetch_upcoming_changes(
    coupons: CouponReader, subscription: stripe.Subscription, item: stripe.SubscriptionItem
) -> ItemUpcomingChanges:
    pause, pending, product = subscription.pause_collection, subscription.pending_update, item.price.product
    standing = STATUSES.get(subscription.status, SubscriptionStatus.ACTIVE)
    trial_end = subscription.trial_end
    if item.current_trial is not None and standing is SubscriptionStatus.ACTIVE:
        # A trial offer of the item, which leaves the subscription's status as it is
        # (docs.stripe.com/payments/checkout/trial-offers).
        standing, trial_end = SubscriptionStatus.TRIAL, item.current_trial.end_date
    schedule = _find_schedule(subscription)
    pause_at = _find_scheduled_pause(schedule)
    return ItemUpcomingChanges(
        standing=standing,
        currency=subscription.currency.upper(),
        ends_at=_find_end(subscription, schedule, item),
        trial_ends_at=_to_instant(trial_end) if standing is SubscriptionStatus.TRIAL else None,
        is_collection_paused=pause is not None,
        collection_resumes_at=_to_instant(pause.resumes_at) if pause else None,
        scheduled_change=_find_scheduled_change(schedule, subscription, item) if schedule else None,
        pauses_at=pause_at,
        update_pending_until=from_timestamp(pending.expires_at) if pending else None,
        discounts=await _fetch_discounts(coupons, subscription, item),
        invoice_terms=_read_invoice_terms(subscription),
        stripe_product_id=product if isinstance(product, str) else product.id,
        billed_ahead_until=_find_prebilling_end(subscription, item),
        charge_currency=_find_charge_currency(subscription),
        is_sold_by_stripe=_is_sold_by_stripe(subscription),
        payment_method_types=_read_payment_method_types(subscription),
    )


def _find_prebilling_end(subscription: stripe.Subscription, item: stripe.SubscriptionItem) -> datetime | None:
    """Returns until when the item is billed, if that is after its current period
    (docs.stripe.com/billing/subscriptions/prebilling). A billing schedule without `applies_to` is for all
    items."""
    ends = [getattr(item, "billed_until", None) or 0]
    for schedule in getattr(subscription, "billing_schedules", None) or ():
        price_ids = [_get_price_id(each) for each in schedule.applies_to or ()]
        if not price_ids or item.price.id in price_ids:
            ends.append(schedule.bill_until.computed_timestamp)
    return from_timestamp(max(ends)) if max(ends) > item.current_period_end else None


def _find_charge_currency(subscription: stripe.Subscription) -> str | None:
    """The currency that Adaptive Pricing converts payments to
    (docs.stripe.com/api/subscriptions/object, presentment_details)."""
    details = getattr(subscription, "presentment_details", None)
    if details is None or details.presentment_currency == subscription.currency:
        return None
    return str(details.presentment_currency).upper()


def _read_payment_method_types(subscription: stripe.Subscription) -> tuple[str, ...]:
    settings = subscription.payment_settings
    return tuple(map(str, settings.payment_method_types or ())) if settings else ()


def _is_sold_by_stripe(subscription: stripe.Subscription) -> bool:
    """By Managed Payments (docs.stripe.com/payments/managed-payments)."""
    managed = getattr(subscription, "managed_payments", None)
    return managed is not None and managed.enabled


def _read_invoice_terms(subscription: stripe.Subscription) -> InvoiceTerms | None:
    # Whether the account may order is checked elsewhere.
    if subscription.collection_method != "send_invoice":
        return None
    return InvoiceTerms(days_until_due=subscription.days_until_due)


def _find_schedule(subscription: stripe.Subscription) -> stripe.SubscriptionSchedule | None:
    # A released or completed schedule no longer applies to the subscription.
    schedule = subscription.schedule
    if not isinstance(schedule, stripe.SubscriptionSchedule):
        return None
    return schedule if schedule.status in ("active", "not_started") else None


def _find_scheduled_pause(schedule: stripe.SubscriptionSchedule | None) -> datetime | None:
    """The first one that has not begun: docs.stripe.com/api/subscription_schedules/object, pause_schedules"""
    pauses = [each.pause for each in schedule.pause_schedules or ()] if schedule is not None else []
    times = [pause.pause_at for pause in pauses if pause.status.type == "scheduled"]
    return from_timestamp(min(times)) if times else None


def _find_end(
    subscription: stripe.Subscription,
    schedule: stripe.SubscriptionSchedule | None,
    item: stripe.SubscriptionItem,
) -> datetime | None:
    if subscription.cancel_at is not None:
        return from_timestamp(subscription.cancel_at)
    if subscription.cancel_at_period_end:
        # With items of different intervals, the earliest end counts
        # (docs.stripe.com/changelog/basil/2025-07-30/cancel-at-enums).
        ends = [each.current_period_end for each in subscription.items.data]
        return from_timestamp(min([item.current_period_end, *ends]))
    if schedule is not None and schedule.end_behavior == "cancel" and schedule.phases:
        return from_timestamp(schedule.phases[-1].end_date)
    return None


def _find_scheduled_change(
    schedule: stripe.SubscriptionSchedule, subscription: stripe.Subscription, item: stripe.SubscriptionItem
) -> PhaseChange | None:
    # When a phase begins, Stripe sets the quantities of that phase, whatever they are by then: a later phase
    # that repeats today's number of seats takes new ones back.
    current_end = schedule.current_phase.end_date if schedule.current_phase else 0
    for phase in schedule.phases:
        if phase.start_date >= current_end:
            return _compare_phase(phase, subscription, item)
    return None


def _compare_phase(
    phase: stripe.SubscriptionSchedule.Phase, subscription: stripe.Subscription, item: stripe.SubscriptionItem
) -> PhaseChange:
    # A phase names prices, not the items that they replace. A new price certainly takes an item's place only
    # if both are the only ones without a counterpart.
    at = from_timestamp(phase.start_date)
    own = [each for each in phase.items if _get_price_id(each) == item.price.id]
    if own:
        return PhaseChange(at, sum(1 if each.quantity is None else each.quantity for each in own))
    phase_prices = {_get_price_id(each) for each in phase.items}
    replaced = [each for each in subscription.items.data if each.price.id not in phase_prices]
    usual_prices = {each.price.id for each in subscription.items.data}
    new = [each for each in phase.items if _get_price_id(each) not in usual_prices]
    if not new:
        return PhaseChange(at, 0)
    if len(new) == len(replaced) == 1 and not subscription.items.has_more:
        return PhaseChange(at, new[0].quantity, is_price_changed=True)
    return PhaseChange(at, None)


async def _fetch_discounts(
    coupons: CouponReader, subscription: stripe.Subscription, item: stripe.SubscriptionItem
) -> tuple[ItemDiscount, ...]:
    # An item's own come first; Stripe does not expand them in a list of subscriptions.
    found = []
    for discount in [*(item.discounts or ()), *(subscription.discounts or ())]:
        if isinstance(discount, stripe.Discount):
            found.append(await _fetch_discount(coupons, discount, subscription.currency))
        else:
            found.append(ItemDiscount())
    return tuple(found)


async def _fetch_discount(coupons: CouponReader, discount: stripe.Discount, currency: str) -> ItemDiscount:
    coupon = discount.source.coupon
    if not isinstance(coupon, stripe.Coupon):
        return read_discount(discount)
    whole, known = await coupons.find_coupon(coupon.id), read_discount(discount)
    if whole is not None:
        return _build_discount(discount, whole)
    return known if coupon.currency in (None, currency) else replace(known, amounts=())


def read_discount(discount: stripe.Discount) -> ItemDiscount:
    """The discount has no name and size if its coupon is not expanded."""
    return _build_discount(discount, discount.source.coupon)


def _build_discount(discount: stripe.Discount, coupon: stripe.Coupon | str | None) -> ItemDiscount:
    ends_at = _to_instant(discount.end)
    if not isinstance(coupon, stripe.Coupon):
        return ItemDiscount(ends_at=ends_at)
    return ItemDiscount(
        name=coupon.name or "",
        percent=None if coupon.percent_off is None else Decimal(str(coupon.percent_off)),
        amounts=tuple(sorted(_read_amounts(coupon).items())),
        ends_at=ends_at,
        product_ids=_read_product_ids(coupon),
    )


def _read_product_ids(coupon: stripe.Coupon) -> frozenset[str]:
    # They are there only if the request expanded them, and the coupon is for certain products only.
    applies_to = getattr(coupon, "applies_to", None)
    return frozenset(applies_to.products if applies_to else ())


def _read_amounts(coupon: stripe.Coupon) -> dict[str, int]:
    # The options are there only if the request expanded them.
    amounts = {}
    if coupon.amount_off is not None and coupon.currency is not None:
        amounts[coupon.currency] = coupon.amount_off
    options = getattr(coupon, "currency_options", None)
    for currency, option in (options.to_dict() if options else {}).items():
        amounts[currency] = option["amount_off"]
    return {code.upper(): to_minor_units(amount, code) for code, amount in amounts.items()}


def _find_local_date(zone: str, at: datetime | None) -> date | None:
    return None if at is None else get_local_date(zone, at)


def _to_instant(timestamp: int | None) -> datetime | None:
    return None if timestamp is None else from_timestamp(timestamp)


def _get_price_id(
    holder: stripe.SubscriptionSchedule.Phase.Item | stripe.Subscription.BillingSchedule.AppliesTo,
) -> str | None:
    price = holder.price
    return price if isinstance(price, str) or price is None else price.id
