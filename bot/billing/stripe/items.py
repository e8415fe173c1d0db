"""The bot's subscriptions are items of Stripe subscriptions, of any price that is licensed by the seat. One
that is billed by usage, or of a product that is not in the catalogue, is shown, but has no seats to sell.

Their ids here are the items' own (`si_…`), or the value of `seatbot_subscription` in the item's metadata.
`seatbot_product` in the metadata of the price, or of its product, is the product's id in the catalogue.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

import stripe

from bot.billing.gateway import Declined, SubscriptionState
from bot.billing.stripe.client import from_timestamp, iter_all_pages, request_stripe
from bot.billing.stripe.price_terms import CurrencyOption, fetch_currency_option, read_seat_pricing
from bot.billing.stripe.products import PRODUCT_METADATA_KEY
from bot.billing.stripe.upcoming_changes import (
    STATUSES,
    CouponReader,
    ItemUpcomingChanges,
    fetch_upcoming_changes,
)
from models.account import Account
from models.subscription.period_length import PeriodLength, PeriodUnit
from models.subscription.proration import get_local_date
from models.subscription.seat_pricing import SeatPricing
from models.subscription.upcoming_changes import UpcomingChanges

SUBSCRIPTION_METADATA_KEY = "seatbot_subscription"
# In the Stripe subscription's metadata: the key of the current charge, and the default card that was replaced
# for it.
ATTEMPT_METADATA_KEY, REPLACED_PAYMENT_METHOD_METADATA_KEY = "seatbot_attempt", "seatbot_swapped_card"
NO_PAYMENT_METHOD = "none"
# These are final; with any other status a subscription can become active again.
ENDED_STATUSES = ("canceled", "incomplete_expired")


@dataclass(frozen=True)
class SubscriptionItem:
    """An item with what is needed of its Stripe subscription. `default_method` and `default_source` are the
    subscription's own, if it has them. `currency` is the one that the subscription is charged in; its price
    may have several. `product_id` and `product_name` are as in SubscriptionState. `period_end` is that of the
    subscription if it is earlier than `current_period_end`, up to which Stripe computes prorations."""

    id: str
    stripe_item_id: str
    stripe_subscription_id: str
    status: str
    seats: int
    unit_price: int | None
    pricing: SeatPricing
    period: PeriodLength
    period_start: datetime
    period_end: datetime
    current_period_end: datetime
    currency: str
    product_id: str | None
    default_method: str | None
    default_source: str | None
    replaced_payment_method: str | None
    pending_until: datetime | None
    upcoming_changes: ItemUpcomingChanges
    # Stripe has stopped calculating its tax, because the address is missing
    # (docs.stripe.com/tax/customer-locations, "Invoice finalization errors").
    is_tax_disabled: bool = False
    # The sum of its inclusive tax rates, if they are set by hand.
    included_tax_rate: Fraction = Fraction(0)
    price_id: str = ""
    product_name: str | None = None
    # Stripe bills its usage with the pending update of any item of the subscription, and discards it if that
    # expires (docs.stripe.com/billing/subscriptions/pending-updates, "Metered items").
    has_metered_sibling: bool = False

    @property
    def is_active(self) -> bool:
        return self.status == "active"

    @property
    def is_ended(self) -> bool:
        return self.status in ENDED_STATUSES

    @property
    def is_paid_by_invoice(self) -> bool:
        return self.upcoming_changes.invoice_terms is not None

    def with_invoices_allowed(self) -> "SubscriptionItem":
        terms = self.upcoming_changes.invoice_terms
        if terms is None:
            return self
        allowed = terms.model_copy(update={"is_order_allowed": True})
        return replace(self, upcoming_changes=replace(self.upcoming_changes, invoice_terms=allowed))

    @property
    def own_payment_method_id(self) -> str | None:
        """What Stripe charges for the subscription instead of the customer's default. A legacy source comes
        second, whatever the customer has (docs.stripe.com/api/subscriptions/object)."""
        return self.default_method or self.default_source

    @property
    def usual_payment_method_id(self) -> str | None:
        if self.replaced_payment_method is None:
            return self.own_payment_method_id
        return (
            self.default_source
            if self.replaced_payment_method == NO_PAYMENT_METHOD
            else self.replaced_payment_method
        )

    @property
    def inactive_outcome(self) -> Declined:
        if self.is_ended:
            return Declined("subscription_gone")
        refusal = self.upcoming_changes.find_charge_refusal()
        return Declined(refusal.decline_reason if refusal else "subscription_not_active")

    def is_of_other_product(self, product_id: str | None) -> bool:
        """Whether its price is of another product than this one of the catalogue, if both are known."""
        return None not in (product_id, self.product_id) and product_id != self.product_id

    def has_full_day(self, zone: str) -> bool:
        return get_local_date(zone, self.period_start) < get_local_date(zone, self.current_period_end)

    def will_renew(self, zone: str) -> bool:
        return self.build_upcoming_changes(zone).will_renew(get_local_date(zone, self.period_end))

    def build_upcoming_changes(self, zone: str) -> UpcomingChanges:
        changes = self.upcoming_changes.build_upcoming_changes(zone)
        if self.has_full_day(zone):
            return changes
        return changes.model_copy(update={"orderable_from": self.period_end})

    def build_state(self, account: Account) -> SubscriptionState:
        # Dates are only for display: PricedLine has the moment at which the period ends.
        zone, other_currency = account.time_zone, None if self.currency == account.currency else self.currency
        start, end = get_local_date(zone, self.period_start), get_local_date(zone, self.period_end)
        if start == end:
            # Nothing is priced in it, unless the subscription ends on the day on which it was renewed.
            start -= timedelta(days=1)
        return SubscriptionState(
            self.id,
            self.seats,
            self.unit_price,
            self.period,
            start,
            end,
            pricing=self.pricing.model_copy(
                update={"other_currency": other_currency, "has_metered_sibling": self.has_metered_sibling}
            ),
            product_id=self.product_id,
            product_name=self.product_name,
            charge_group=self.stripe_subscription_id,
            closed_reason=None if self.status in STATUSES else self.inactive_outcome.reason,
            outlook=self.build_upcoming_changes(zone),
            default_payment_method_id=self.usual_payment_method_id,
        )


async def iter_seat_items(
    client: stripe.StripeClient, subscription: stripe.Subscription, coupons: CouponReader
) -> AsyncIterator[SubscriptionItem]:
    items = []
    async for item in iter_stripe_items(client, subscription):
        option = await fetch_currency_option(client, item.price, subscription.currency)
        changes = await fetch_upcoming_changes(coupons, subscription, item)
        items.append(_build_item(subscription, item, option, changes))
    metered_ids = {item.stripe_item_id for item in items if item.pricing.is_by_usage}
    for built in items:
        yield replace(built, has_metered_sibling=bool(metered_ids - {built.stripe_item_id}))


async def iter_stripe_items(
    client: stripe.StripeClient, subscription: stripe.Subscription
) -> AsyncIterator[stripe.SubscriptionItem]:
    page = subscription.items
    if page.has_more:
        # Queried separately, because the later pages of an embedded list do not name their subscription.
        wanted = {"subscription": subscription.id, "limit": 100}
        call = client.v1.subscription_items.list_async(wanted)  # type: ignore[arg-type]
        page = await request_stripe(call, "subscription_items.list")
    async for item in iter_all_pages(page):
        yield item


def _build_item(
    subscription: stripe.Subscription,
    item: stripe.SubscriptionItem,
    option: CurrencyOption | None,
    changes: ItemUpcomingChanges,
) -> SubscriptionItem:
    metadata, pending = subscription.metadata.to_dict(), subscription.pending_update
    included_rate = _read_included_tax_rate(subscription, item)
    unit_price, pricing = read_seat_pricing(
        item.price,
        option,
        subscription.currency,
        has_automatic_tax=subscription.automatic_tax.enabled,
        has_inclusive_rates=included_rate > 0,
    )
    return SubscriptionItem(
        id=item.metadata.to_dict().get(SUBSCRIPTION_METADATA_KEY, item.id),
        stripe_item_id=item.id,
        stripe_subscription_id=subscription.id,
        status=subscription.status,
        seats=item.quantity or 0,
        unit_price=unit_price,
        pricing=pricing,
        period=_read_period_length(item.price),
        period_start=from_timestamp(item.current_period_start),
        period_end=_find_period_end(item, changes),
        current_period_end=from_timestamp(item.current_period_end),
        currency=subscription.currency.upper(),
        product_id=item.price.metadata.to_dict().get(PRODUCT_METADATA_KEY),
        default_method=get_object_id(subscription.default_payment_method),
        default_source=get_object_id(subscription.default_source),
        replaced_payment_method=metadata.get(REPLACED_PAYMENT_METHOD_METADATA_KEY),
        pending_until=from_timestamp(pending.expires_at) if pending else None,
        upcoming_changes=changes,
        price_id=item.price.id,
        is_tax_disabled=subscription.automatic_tax.disabled_reason is not None,
        included_tax_rate=included_rate,
    )


def _read_included_tax_rate(subscription: stripe.Subscription, item: stripe.SubscriptionItem) -> Fraction:
    rates = item.tax_rates or subscription.default_tax_rates or ()
    percentage = sum((Fraction(str(rate.percentage)) for rate in rates if rate.inclusive), Fraction(0))
    return percentage / 100


def _find_period_end(item: stripe.SubscriptionItem, changes: ItemUpcomingChanges) -> datetime:
    """Returns the end of the period, or of the subscription if that is earlier."""
    start, end = from_timestamp(item.current_period_start), from_timestamp(item.current_period_end)
    return changes.ends_at if changes.ends_at is not None and start < changes.ends_at < end else end


def _read_period_length(price: stripe.Price) -> PeriodLength:
    recurring = price.recurring
    assert recurring is not None, "prices of subscriptions recur"
    return PeriodLength.build(PeriodUnit(recurring.interval), recurring.interval_count)


def get_object_id(value: str | stripe.StripeObject | None) -> str | None:
    return value if isinstance(value, str) or value is None else str(value["id"])
