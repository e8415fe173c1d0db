"""A subscription of the bot's is an item of a Stripe subscription, with a licensed price per seat.

Its id here is the item's own (`si_…`), or what the item's metadata say under `seatbot_subscription`. The
price's metadata say under `seatbot_product` which product of the catalogue it is.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import stripe
import structlog

from bot.billing.gateway import Declined, SubscriptionState
from bot.billing.stripe.client import asked, each, instant
from models.proration import day_in
from models.subscription import PeriodLength

log = structlog.get_logger()

ID, PRODUCT = "seatbot_subscription", "seatbot_product"
# On the Stripe subscription: the key of the charge that is under way, and the card that it was swapped for.
ATTEMPT, SWAPPED = "seatbot_attempt", "seatbot_swapped_card"
NO_CARD = "none"
# Of these nothing comes back; the others may be active again.
ENDED = ("canceled", "incomplete_expired")


@dataclass(frozen=True)
class Item:
    """An item with what is needed of its Stripe subscription. `start` and `end` are the current period's;
    `card` is what the subscription itself is charged to, where it says so. `currency` is none where it
    is charged in another than its price tells the amount in."""

    id: str
    item: str
    subscription: str
    status: str
    seats: int
    unit_price: int
    period: PeriodLength
    start: datetime
    end: datetime
    price_active: bool
    paid_by_invoice: bool
    currency: str | None
    product_id: str | None
    card: str | None
    swapped: str | None
    pending_until: datetime | None

    @property
    def active(self) -> bool:
        return self.status == "active"

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def inactive(self) -> Declined:
        return Declined("subscription_gone" if self.ended else "subscription_not_active")

    def has_days(self, zone: str) -> bool:
        """A first period may be cut so short that it ends, in days, as it begins."""
        return day_in(zone, self.start) < day_in(zone, self.end)

    def state(self, zone: str) -> SubscriptionState:
        """In days: a period that turns in the middle of a day ends, here, with the midnight before."""
        start, end = day_in(zone, self.start), day_in(zone, self.end)
        return SubscriptionState(
            self.id,
            self.seats,
            self.unit_price,
            self.period,
            start,
            end,
            product_id=self.product_id,
            changed_with=self.subscription,
            closed=None if self.active else self.inactive.reason,
        )


async def items_of(client: stripe.StripeClient, subscription: stripe.Subscription) -> AsyncIterator[Item]:
    """The items that are sold by the seat; others are none of the bot's business."""
    page = subscription.items
    if page.has_more:
        # Asked for by itself: the pages after it would not say of which subscription they are.
        wanted = {"subscription": subscription.id, "limit": 100}
        page = await asked(client.v1.subscription_items.list_async(wanted))  # type: ignore[arg-type]
    async for item in each(page):
        length = _length(item.price)
        if length is None or item.price.unit_amount is None:
            log.info("no seats are sold of this item", item=item.id)
        else:
            yield _item(subscription, item, length, item.price.unit_amount)


def _item(
    subscription: stripe.Subscription, item: stripe.SubscriptionItem, length: PeriodLength, unit_price: int
) -> Item:
    metadata, pending = subscription.metadata.to_dict(), subscription.pending_update
    return Item(
        id=item.metadata.to_dict().get(ID, item.id),
        item=item.id,
        subscription=subscription.id,
        status=subscription.status,
        seats=item.quantity or 0,
        unit_price=unit_price,
        period=length,
        start=instant(item.current_period_start),
        end=instant(item.current_period_end),
        price_active=item.price.active,
        paid_by_invoice=subscription.collection_method == "send_invoice",
        currency=_currency(subscription, item.price),
        product_id=item.price.metadata.to_dict().get(PRODUCT),
        card=id_of(subscription.default_payment_method),
        swapped=metadata.get(SWAPPED),
        pending_until=instant(pending.expires_at) if pending else None,
    )


def _currency(subscription: stripe.Subscription, price: stripe.Price) -> str | None:
    return price.currency.upper() if price.currency == subscription.currency else None


def _length(price: stripe.Price) -> PeriodLength | None:
    """None for a price that is not so much a seat and month, or year."""
    every = price.recurring
    if every is None or every.interval_count != 1 or every.usage_type != "licensed":
        return None
    plain = price.billing_scheme == "per_unit" and price.transform_quantity is None
    return {"month": PeriodLength.MONTH, "year": PeriodLength.YEAR}.get(every.interval) if plain else None


def id_of(thing: str | stripe.StripeObject | None) -> str | None:
    """Of what Stripe gives as an id, or whole."""
    return thing if isinstance(thing, str) or thing is None else str(thing["id"])
