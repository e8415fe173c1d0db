"""The price of an item's new seats, computed by Stripe: it does the proration, rounding and tax."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

import stripe
import structlog

from bot.billing.gateway import (
    BillingPeriodEnded,
    BillingRequestRejected,
    LineRequest,
    MixedPricesUnsupported,
    Preview,
    PreviewIncomplete,
    PreviewMismatch,
    PricedLine,
    RecurringTotal,
    SeatsReducePrice,
    SubscriptionNotActive,
    SubscriptionProductChanged,
    TaxLocationInvalid,
    TiersPreviewIncomplete,
    UnrelatedChargesPending,
)
from bot.billing.stripe.client import (
    is_no_renewal,
    is_outside_current_period,
    is_tax_location_invalid,
    iter_all_pages,
    log_action_taken,
    request_stripe,
    to_timestamp,
)
from bot.billing.stripe.currencies import get_documented_minimum_charge, to_minor_units
from bot.billing.stripe.items import SubscriptionItem
from bot.billing.stripe.line_amounts import LineReader, compute_tax, create_line_reader
from bot.billing.stripe.renewal_cache import CachedRenewals, RenewalTotals
from bot.billing.stripe.seat_share import (
    WholePeriods,
    compute_whole_periods,
    fetch_tier_periods,
    find_expected_total,
)
from bot.billing.stripe.taxes import (
    TaxPart,
    TaxRateReader,
    adjust_tax_parts,
    check_tax_location,
    compute_invoice_net,
    compute_rounding_tolerance,
    read_tax_details,
    read_tax_parts,
)
from bot.tasks import gather_or_cancel
from models.account import Account, Address
from models.money import Money
from models.service_order.account_balance import compute_amounts_due
from models.subscription import SubscriptionNotFound
from models.subscription.period_length import PeriodLength, group_by_period
from models.subscription.seat_pricing import CurrencyMismatch, SeatsBilledWithUsage, SeatsPricedByUsage
from models.subscription.upcoming_changes import RenewalTotal
from models.tax import TaxDetails

log = structlog.get_logger()

MAX_CONCURRENT_PREVIEWS = 8
PREVIEW_OPERATION = "invoices.create_preview"


@dataclass(frozen=True)
class PricePreview:
    """Before tax, and the tax. `unrelated_amount` and `unrelated_tax` are what the invoice would charge for
    anything else: they must be 0."""

    amount: int
    tax: int
    unrelated_amount: int = 0
    unrelated_tax: int = 0
    starting_balance: int = 0
    # Too small to be charged: it is added to the next invoice.
    is_below_minimum: bool = False
    tax_parts: tuple[TaxPart, ...] = ()
    tax_details: TaxDetails = field(default_factory=TaxDetails)
    # Before discounts, with included tax.
    undiscounted: int = 0
    # The parts of the item's own new seats; the amount and the tax are their sums.
    lines: tuple[stripe.InvoiceLineItem, ...] = ()
    # Set if the provider would charge something other than the sum of its lines.
    other_amount_due: int | None = None
    line_reader: LineReader = field(default_factory=LineReader)

    @property
    def total(self) -> int:
        return self.amount + self.tax

    @property
    def unrelated_total(self) -> int:
        return self.unrelated_amount + self.unrelated_tax

    @property
    def amount_due(self) -> int:
        return 0 if self.is_below_minimum else max(0, self.total + self.starting_balance)


async def preview_lines(
    client: stripe.StripeClient, items: dict[str, SubscriptionItem], lines: list[LineRequest], at: datetime,
    address: Address, customer: str, account: Account, tax_rates: TaxRateReader,
) -> Preview:  # fmt: skip
    for line in lines:
        _check_line(items.get(line.subscription_id), line, at, account)
    few = asyncio.Semaphore(MAX_CONCURRENT_PREVIEWS)
    unknown_lengths: set[PeriodLength] = set()

    async def price_renewal(line: LineRequest) -> PricePreview | None:
        item = items[line.subscription_id]
        if not item.will_renew(account.time_zone):
            return None
        try:
            return await preview_renewal(client, item, line.seats, address, customer)
        except PreviewIncomplete:
            unknown_lengths.add(item.period)
            return None

    async def price_tiers(
        item: SubscriptionItem, seats: int, later: PricePreview | None
    ) -> WholePeriods | None:
        # The previews are right in every currency, but there are none if it will not renew.
        before = await preview_renewal(client, item, 0, address, customer) if later is not None else None
        if before is None or later is None:
            return await fetch_tier_periods(client, item, seats)
        return WholePeriods(Fraction(later.undiscounted), Fraction(before.undiscounted))

    async def price_line(
        line: LineRequest,
    ) -> tuple[PricedLine, PricePreview, tuple[PeriodLength, PricePreview | None]]:
        item = items[line.subscription_id]
        async with few:
            now, later = await gather_or_cancel(
                preview_proration(client, item, line.seats, at, address, customer), price_renewal(line)
            )
            periods = compute_whole_periods(item, line.seats) or await price_tiers(item, line.seats, later)
        if now.unrelated_amount or now.unrelated_tax:
            raise UnrelatedChargesPending(amount=Money(now.unrelated_total, account.currency))
        _check_charge(now, item, periods, account.currency)
        if now.amount < 0:
            raise SeatsReducePrice
        priced_line = _build_priced_line(item, line, now, account)
        taxes = await tax_rates.build_items(now.tax_parts)
        return replace(priced_line, taxes=taxes), now, (item.period, later)

    priced = await gather_or_cancel(*(price_line(line) for line in lines))
    prices = [price for _, price, _ in priced]
    minimum_charge = find_minimum_charge(prices, account.currency)
    renewals = [
        (length, later)
        for _, _, (length, later) in priced
        if later is not None and length not in unknown_lengths
    ]
    return Preview(
        tuple(line for line, _, _ in priced),
        _build_recurring_totals(renewals),
        starting_balance=prices[0].starting_balance if prices else 0,
        amount_due=sum(
            compute_amounts_due(
                [price.total for price in prices], prices[0].starting_balance if prices else 0, minimum_charge
            )
        ),
        minimum_charge=minimum_charge,
        tax_details=_build_tax_details(prices, account),
    )


def _build_tax_details(prices: Sequence[PricePreview], account: Account) -> TaxDetails:
    # Stripe's tax ids, or else the one of the accounts file.
    details = prices[0].tax_details if prices else TaxDetails()
    if details.buyer_tax_ids or not account.tax_id:
        return details
    return details.model_copy(update={"buyer_tax_ids": (account.tax_id,)})


def find_minimum_charge(prices: Iterable[PricePreview], currency: str) -> int:
    """The minimum that Stripe documents, corrected by what its previews show: it also depends on the currency
    of the seller's bank account, which the API does not reveal."""
    minimum = get_documented_minimum_charge(currency)
    for price in prices:
        owed = price.total + price.starting_balance
        if price.is_below_minimum:
            minimum = max(minimum, owed + 1)
        elif owed > 0:
            minimum = min(minimum, owed)
    return minimum


def _check_line(item: SubscriptionItem | None, line: LineRequest, at: datetime, account: Account) -> None:
    if item is None or item.is_ended:
        raise SubscriptionNotFound
    if item.is_of_other_product(line.product_id):
        raise SubscriptionProductChanged
    if at >= item.period_end:
        # Stripe has not renewed it yet.
        raise BillingPeriodEnded
    refusal = item.build_upcoming_changes(account.time_zone).find_charge_refusal()
    if refusal is not None:
        raise refusal
    if not item.is_active:
        raise SubscriptionNotActive
    if item.pricing.is_by_usage:
        raise SeatsPricedByUsage(product="")
    if item.has_metered_sibling:
        raise SeatsBilledWithUsage(product="")
    if item.currency != account.currency:
        raise CurrencyMismatch
    if line.unit_price not in (None, item.unit_price):
        raise MixedPricesUnsupported


def _check_charge(
    now: PricePreview, item: SubscriptionItem, periods: WholePeriods | None, currency: str
) -> None:
    """Without `periods`, nothing but Stripe's own preview says what the new seats cost."""
    if now.other_amount_due is not None:
        raise PreviewMismatch(
            billed=Money(now.other_amount_due, currency), expected=Money(now.amount_due, currency)
        )
    expected = None if periods is None else find_expected_total(now.lines, item, periods)
    if expected is not None:
        # The lines may contain a tax that is not charged.
        expected = now.line_reader.remove_tax(expected)
        raise PreviewMismatch(billed=Money(now.total, currency), expected=Money(expected, currency))


async def preview_proration(
    client: stripe.StripeClient,
    item: SubscriptionItem,
    seats: int,
    at: datetime,
    address: Address,
    customer: str,
) -> PricePreview:
    invoice, lines = await _create_invoice_preview(client, item, seats, address, customer, at)
    check_tax_location(invoice)
    own, others = [], []
    for line in lines:
        if _is_proration(line, item, at):
            own.append(line)
        else:
            # Also one of the next period: what is previewed is the invoice that is made at once.
            others.append(line)
    reader = create_line_reader(invoice, lines, item.included_tax_rate)
    amount, tax = _compute_amounts(invoice, own, lines, reader)
    parts = read_tax_parts(invoice, own, amount, is_tax_disabled=item.is_tax_disabled)
    price = PricePreview(
        amount,
        tax,
        reader.compute_nets(others),
        sum(map(compute_tax, others)),
        to_minor_units(invoice.starting_balance, invoice.currency),
        is_below_minimum=invoice.amount_due == 0 and invoice.total + invoice.starting_balance > 0,
        tax_parts=tuple(adjust_tax_parts(parts, tax)),
        tax_details=read_tax_details(invoice),
        lines=tuple(own),
        line_reader=reader,
    )
    return replace(price, other_amount_due=_find_other_amount_due(invoice, price))


def _compute_amounts(
    invoice: stripe.Invoice,
    own: list[stripe.InvoiceLineItem],
    lines: list[stripe.InvoiceLineItem],
    reader: LineReader,
) -> tuple[int, int]:
    """What the new seats cost before tax, and the tax. If nothing else is invoiced, the invoice's own figures
    count: the sums of its lines may differ because taxes are rounded."""
    amount, tax = reader.compute_nets(own), sum(map(compute_tax, own))
    net = compute_invoice_net(invoice)
    if net is None or len(own) < len(lines):
        return amount, tax
    total = to_minor_units(invoice.total, invoice.currency)
    tolerance = compute_rounding_tolerance(own, is_tax_removed=reader.removed_rate > 0)
    is_rounding = abs(net - amount) <= tolerance and abs(total - net - tax) <= tolerance
    return (net, total - net) if is_rounding else (amount, tax)


def _find_other_amount_due(invoice: stripe.Invoice, price: PricePreview) -> int | None:
    total, due = (to_minor_units(each, invoice.currency) for each in (invoice.total, invoice.amount_due))
    read_total = price.total + price.unrelated_total
    read_due = 0 if price.is_below_minimum else max(0, read_total + price.starting_balance)
    return None if (total, due) == (read_total, read_due) else due


async def preview_renewal(
    client: stripe.StripeClient, item: SubscriptionItem, seats: int, address: Address, customer: str
) -> PricePreview | None:
    """Returns None if Stripe says that nothing renews. Raises PreviewIncomplete."""
    try:
        invoice, lines = await _create_invoice_preview(client, item, seats, address, customer, None)
    except stripe.InvalidRequestError:
        return None
    own = _list_renewal_lines(lines, item)
    amount = create_line_reader(invoice, lines, item.included_tax_rate).compute_nets(own)
    undiscounted = sum(to_minor_units(line.amount, line.currency) for line in own)
    return PricePreview(amount, sum(map(compute_tax, own)), undiscounted=undiscounted)


async def preview_current_renewals(
    client: stripe.StripeClient, items: Iterable[SubscriptionItem], customer: str, cached: CachedRenewals
) -> RenewalTotals:
    """Maps item ids to the cost of the next period as things stand, with Stripe's discounts and tax; without
    the items that Stripe refuses to price."""
    items_by_subscription: dict[str, list[SubscriptionItem]] = {}
    for item in items:
        items_by_subscription.setdefault(item.stripe_subscription_id, []).append(item)
    few = asyncio.Semaphore(MAX_CONCURRENT_PREVIEWS)

    async def price_subscription(subscription_id: str) -> RenewalTotals:
        own = items_by_subscription[subscription_id]
        known = cached.find(own)
        if known is not None:
            return known
        async with few:
            totals = await _preview_subscription_renewal(client, subscription_id, own, customer)
        if totals:
            cached.store(own, totals)
        return totals

    found: RenewalTotals = {}
    for totals in await gather_or_cancel(*map(price_subscription, items_by_subscription)):
        found |= totals
    return found


async def _preview_subscription_renewal(
    client: stripe.StripeClient, subscription_id: str, items: list[SubscriptionItem], customer: str
) -> RenewalTotals:
    wanted = {"customer": customer, "subscription": subscription_id, "preview_mode": "recurring"}
    call = client.v1.invoices.create_preview_async(wanted)  # type: ignore[arg-type]
    try:
        with log_action_taken("renewal_not_shown"):
            invoice = await request_stripe(call, PREVIEW_OPERATION, expects=is_no_renewal)
            lines = await _find_all_lines(client, invoice)
        error = "too many lines" if lines is None else None
    except stripe.InvalidRequestError:
        return {item.id: None for item in items}
    except BillingRequestRejected as refused:
        lines, error = None, refused.code or "no code"
    if error is not None or lines is None:
        log.warning("renewal.preview_failed", subscription=subscription_id, error=error)
        return {}
    totals: RenewalTotals = {}
    for item in items:
        own = _list_renewal_lines(lines, item)
        net = create_line_reader(invoice, lines, item.included_tax_rate).compute_nets(own)
        totals[item.id] = RenewalTotal(net=net, tax=sum(map(compute_tax, own)))
    return totals


async def _create_invoice_preview(
    client: stripe.StripeClient,
    item: SubscriptionItem,
    seats: int,
    address: Address,
    customer: str,
    at: datetime | None,
) -> tuple[stripe.Invoice, list[stripe.InvoiceLineItem]]:
    """Previews the next period if `at` is missing; raises InvalidRequestError if there is none. Also returns
    all lines, of which the invoice itself may have the first ten only."""
    details: dict[str, object] = {"items": [{"id": item.stripe_item_id, "quantity": item.seats + seats}]}
    if at is not None:
        details |= {"proration_behavior": "always_invoice", "proration_date": to_timestamp(at)}
    wanted: dict[str, object] = {
        "customer": customer,
        "customer_details": {"address": to_stripe_address(address)},
        "subscription": item.stripe_subscription_id,
        "subscription_details": details,
        "preview_mode": "recurring" if at is None else "next",
    }
    call = client.v1.invoices.create_preview_async(wanted)  # type: ignore[arg-type]
    try:
        invoice = await request_stripe(call, PREVIEW_OPERATION, expects=lambda e: _is_known(e, at))
    except stripe.InvalidRequestError as error:
        if is_tax_location_invalid(error):
            raise TaxLocationInvalid from None
        if is_outside_current_period(error):
            raise BillingPeriodEnded from None
        raise
    lines = await _find_all_lines(client, invoice)
    if lines is None:
        log.error("preview.truncated", subscription=item.stripe_subscription_id)
        is_of_tiers = at is not None and all(_is_proration(line, item, at) for line in invoice.lines.data)
        raise TiersPreviewIncomplete if is_of_tiers else PreviewIncomplete
    return invoice, lines


async def _find_all_lines(
    client: stripe.StripeClient, invoice: stripe.Invoice
) -> list[stripe.InvoiceLineItem] | None:
    """Returns None if Stripe does not list them."""
    if not invoice.lines.has_more:
        return invoice.lines.data
    # A preview can be read by its id for 72 hours (docs.stripe.com/invoicing/preview). The list starts at the
    # first line, because the ids of a preview's lines are temporary: Stripe may not find the line after which
    # the next page begins (github.com/stripe/stripe-node/issues/2518). So more than one page can fail.
    call = client.v1.invoices.line_items.list_async(invoice.id, {"limit": 100})
    try:
        page = await request_stripe(call, "invoices.line_items.list")
        return [line async for line in iter_all_pages(page)]
    except BillingRequestRejected:
        return None


def _is_known(error: stripe.InvalidRequestError, at: datetime | None) -> bool:
    if at is None and is_no_renewal(error):
        return True
    return is_tax_location_invalid(error) or is_outside_current_period(error)


def to_stripe_address(address: Address) -> dict[str, str]:
    return address.model_dump()


def _is_proration(line: stripe.InvoiceLineItem, item: SubscriptionItem, at: datetime) -> bool:
    details = line.parent.subscription_item_details if line.parent else None
    own = details is not None and details.proration and details.subscription_item == item.stripe_item_id
    return own and line.period.start == to_timestamp(at)


def _list_renewal_lines(
    lines: Iterable[stripe.InvoiceLineItem], item: SubscriptionItem
) -> list[stripe.InvoiceLineItem]:
    # If the subscription is cancelled in the middle of the next period, Stripe prorates that period
    # (docs.stripe.com/api/subscriptions/update, `cancel_at`).
    return [line for line in lines if _is_of_next_period(line, item)]


def _is_of_next_period(line: stripe.InvoiceLineItem, item: SubscriptionItem) -> bool:
    details = line.parent.subscription_item_details if line.parent else None
    if details is None or details.subscription_item != item.stripe_item_id:
        return False
    return not details.proration or line.period.start >= to_timestamp(item.current_period_end)


def _build_priced_line(
    item: SubscriptionItem, line: LineRequest, price: PricePreview, account: Account
) -> PricedLine:
    state = item.build_state(account)
    return PricedLine(
        subscription_id=item.id,
        seats=line.seats,
        seats_before=item.seats,
        unit_price=item.unit_price,
        period=item.period,
        period_start=state.period_start,
        period_end=state.period_end,
        period_ends_at=item.period_end,
        amount=price.amount,
        tax=price.tax,
        pricing=item.pricing,
    )


def _build_recurring_totals(
    prices: Iterable[tuple[PeriodLength, PricePreview]],
) -> tuple[RecurringTotal, ...]:
    return tuple(
        RecurringTotal(length, sum(p.amount for p in found), sum(p.tax for p in found))
        for length, found in group_by_period(prices)
    )
