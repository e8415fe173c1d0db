"""What new seats of an item cost, as Stripe reckons it: proration, rounding and tax are its own."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import stripe
import structlog

from bot.billing.gateway import (
    BillingUnavailable,
    LineRequest,
    OtherCurrency,
    PaidByInvoice,
    Preview,
    PriceArchived,
    PricedLine,
    PriceNotHeld,
    RecurringTotal,
    SubscriptionNotActive,
)
from bot.billing.stripe.client import asked, seconds
from bot.billing.stripe.items import Item
from models.account import Account, Address
from models.subscription import PeriodLength, SubscriptionNotFound

log = structlog.get_logger()

AT_ONCE = 8


@dataclass(frozen=True)
class Price:
    """Before tax, and the tax. `others` is what else the invoice would charge for: what it must not."""

    amount: int
    tax: int
    others: int = 0


async def preview(
    client: stripe.StripeClient, items: dict[str, Item], lines: list[LineRequest], at: datetime,
    address: Address, customer: str, account: Account,
) -> Preview:  # fmt: skip
    for line in lines:
        _check(items.get(line.subscription_id), line, account)
    few = asyncio.Semaphore(AT_ONCE)

    async def one(line: LineRequest) -> tuple[PricedLine, PeriodLength, Price]:
        item = items[line.subscription_id]
        async with few:
            now, later = await asyncio.gather(
                price_now(client, item, line.seats, at, address, customer),
                price_later(client, item, line.seats, address, customer),
            )
        if now.others:
            raise PriceNotHeld
        return _priced(item, line, now, account.time_zone), item.period, later

    priced = await asyncio.gather(*(one(line) for line in lines))
    return Preview(tuple(p for p, _, _ in priced), _recurring([(length, p) for _, length, p in priced]))


def _check(item: Item | None, line: LineRequest, account: Account) -> None:
    if item is None or item.ended or not item.has_days(account.time_zone):
        raise SubscriptionNotFound
    if not item.active:
        raise SubscriptionNotActive
    if not item.price_active:
        raise PriceArchived
    if item.paid_by_invoice:
        raise PaidByInvoice
    if item.currency != account.currency:
        raise OtherCurrency
    if line.unit_price not in (None, item.unit_price):
        raise PriceNotHeld


async def price_now(
    client: stripe.StripeClient, item: Item, seats: int, at: datetime, address: Address, customer: str
) -> Price:
    """From `at` to the end of the period."""
    invoice = await _preview(client, item, seats, address, customer, at)
    own, others = [], []
    for line in invoice.lines.data:
        if _prorates(line, item, at):
            own.append(line)
        elif not _renews(line, item):
            others.append(line)
    return Price(sum(map(net_of, own)), sum(map(tax_of, own)), sum(map(net_of, others)))


async def price_later(
    client: stripe.StripeClient, item: Item, seats: int, address: Address, customer: str
) -> Price:
    """Of a whole period, all seats together."""
    invoice = await _preview(client, item, seats, address, customer, None)
    own = [line for line in invoice.lines.data if _item_of(line) == item.item]
    return Price(sum(map(net_of, own)), sum(map(tax_of, own)))


async def _preview(
    client: stripe.StripeClient, item: Item, seats: int, address: Address, customer: str, at: datetime | None
) -> stripe.Invoice:
    details: dict[str, object] = {"items": [{"id": item.item, "quantity": item.seats + seats}]}
    if at is not None:
        details |= {"proration_behavior": "always_invoice", "proration_date": seconds(at)}
    wanted: dict[str, object] = {
        "customer": customer,
        "customer_details": {"address": stripe_address(address)},
        "subscription": item.subscription,
        "subscription_details": details,
        "preview_mode": "recurring" if at is None else "next",
    }
    invoice = await asked(client.v1.invoices.create_preview_async(wanted))  # type: ignore[arg-type]
    if invoice.lines.has_more:
        # A preview is not kept: of its lines Stripe shows the first, and has no sure way to the others.
        log.error("a preview has more lines than are shown", subscription=item.subscription)
        raise BillingUnavailable(why="the preview has too many lines")
    return invoice


def stripe_address(address: Address) -> dict[str, str]:
    return address.model_dump()


def net_of(line: stripe.InvoiceLineItem) -> int:
    """Before tax, after discounts."""
    inclusive = sum(t.amount for t in line.taxes or () if t.tax_behavior == "inclusive")
    return line.amount - inclusive - sum(d.amount for d in line.discount_amounts or ())


def tax_of(line: stripe.InvoiceLineItem) -> int:
    return sum(t.amount for t in line.taxes or ())


def _prorates(line: stripe.InvoiceLineItem, item: Item, at: datetime) -> bool:
    details = line.parent.subscription_item_details if line.parent else None
    own = details is not None and details.proration and details.subscription_item == item.item
    return own and line.period.start == seconds(at)


def _renews(line: stripe.InvoiceLineItem, item: Item) -> bool:
    """Of the next period: shown beside the rest, and not charged with it."""
    details = line.parent.subscription_item_details if line.parent else None
    return details is not None and not details.proration and line.period.start >= seconds(item.end)


def _item_of(line: stripe.InvoiceLineItem) -> str | None:
    details = line.parent.subscription_item_details if line.parent else None
    return details.subscription_item if details and not details.proration else None


def _priced(item: Item, line: LineRequest, now: Price, zone: str) -> PricedLine:
    state = item.state(zone)
    return PricedLine(
        subscription_id=item.id,
        seats=line.seats,
        seats_before=item.seats,
        unit_price=item.unit_price,
        period=item.period,
        period_start=state.period_start,
        period_end=state.period_end,
        amount=now.amount,
        tax=now.tax,
    )


def _recurring(prices: Iterable[tuple[PeriodLength, Price]]) -> tuple[RecurringTotal, ...]:
    by_length = {length: [p for found, p in prices if found is length] for length in PeriodLength}
    return tuple(
        RecurringTotal(length, sum(p.amount for p in found), sum(p.tax for p in found))
        for length, found in by_length.items()
        if found
    )
