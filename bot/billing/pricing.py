"""Pricing new seats by arithmetic alone, for when no provider can be queried (R17)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bot.billing.gateway import LineRequest, Preview, PricedLine, RecurringTotal, SubscriptionState
from models.account import Account, Address, TaxExemption
from models.money import compute_tax
from models.subscription import compute_recurring_amount
from models.subscription.period_length import PeriodLength, group_by_period
from models.subscription.proration import BillingPeriod
from models.tax import TaxDetails, TaxItem, TaxTreatment

EXEMPT_TREATMENTS = {
    TaxExemption.EXEMPT: TaxTreatment.CUSTOMER_EXEMPT,
    TaxExemption.REVERSE: TaxTreatment.REVERSE_CHARGE,
}


@dataclass(frozen=True)
class TaxTerms:
    """`rate` is such as "0.20"; `rate_overrides` are the rates of single subscriptions, by id. `name` is what
    the tax is called, such as `VAT`."""

    rate: str
    treatment: TaxTreatment = TaxTreatment.TAXED
    tax_details: TaxDetails = field(default_factory=TaxDetails)
    rate_overrides: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    def get_rate(self, subscription_id: str) -> str:
        return self.rate_overrides.get(subscription_id, self.rate)

    def compute_item(self, subscription_id: str, amount: int) -> TaxItem:
        rate = self.get_rate(subscription_id)
        is_taxed = self.treatment is TaxTreatment.TAXED
        return TaxItem(
            treatment=self.treatment,
            name=self.name if is_taxed else "",
            percent=(Decimal(rate) * 100).normalize() if is_taxed else None,
            taxable_amount=amount,
            amount=compute_tax(amount, rate),
        )


def build_tax_terms(
    account: Account, address: Address, subscription_rates: Mapping[str, str | None]
) -> TaxTerms:
    """The account's rates apply in the country of its imported address, unless it is exempt; elsewhere there
    are none."""
    tax_details = TaxDetails(buyer_tax_ids=(account.tax_id,) if account.tax_id else ())
    if account.tax_exemption is not TaxExemption.NONE:
        return TaxTerms("0", EXEMPT_TREATMENTS[account.tax_exemption], tax_details)
    rate_overrides = {id_: rate for id_, rate in subscription_rates.items() if rate is not None}
    has_rates = account.tax_rate != "0" or bool(rate_overrides)
    if address.country != account.home_country or not has_rates:
        return TaxTerms("0", TaxTreatment.NOT_COLLECTED, tax_details)
    return TaxTerms(
        account.tax_rate, tax_details=tax_details, rate_overrides=rate_overrides, name=account.tax_name
    )


def price_lines(
    states: Mapping[str, SubscriptionState],
    lines: list[LineRequest],
    *,
    at: datetime,
    zone: str,
    tax_terms: TaxTerms,
) -> Preview:
    """Prices the seats from `at` to the end of each period. Each subscription must have a unit price.
    `states` maps the ids of the subscriptions to them; their periods are in the account's `zone`."""
    priced = tuple(_price_line(states[line.subscription_id], line, at, zone, tax_terms) for line in lines)
    wanted = dict.fromkeys(line.subscription_id for line in lines)
    renewing = [i for i in wanted if states[i].outlook.will_renew(states[i].period_end)]
    costs = [
        (states[i].period, (_compute_recurring_net(states[i], priced), tax_terms.get_rate(i)))
        for i in renewing
    ]
    return Preview(priced, _build_recurring_totals(costs), tax_details=tax_terms.tax_details)


def _price_line(
    state: SubscriptionState, line: LineRequest, at: datetime, zone: str, tax_terms: TaxTerms
) -> PricedLine:
    unit_price = state.unit_price if line.unit_price is None else line.unit_price
    period = BillingPeriod.from_dates(state.period_start, state.period_end, zone)
    assert unit_price is not None, "there is a price per seat"
    amount = period.prorate_price(line.seats, unit_price, at)
    tax = tax_terms.compute_item(state.id, amount)
    return PricedLine(
        subscription_id=state.id,
        seats=line.seats,
        seats_before=state.seats,
        unit_price=unit_price,
        period=state.period,
        period_start=state.period_start,
        period_end=state.period_end,
        amount=amount,
        tax=tax.amount,
        taxes=(tax,),
    )


def _compute_recurring_net(state: SubscriptionState, lines: tuple[PricedLine, ...]) -> int:
    own = [line for line in lines if line.subscription_id == state.id]
    added = sum(line.seats * (line.unit_price or 0) for line in own)
    return compute_recurring_amount(state.seats, state.unit_price or 0, state.blocks) + added


def _build_recurring_totals(
    costs: list[tuple[PeriodLength, tuple[int, str]]],
) -> tuple[RecurringTotal, ...]:
    # Tax is rounded for each subscription, and the totals are sums (R17).
    return tuple(
        RecurringTotal(
            length, sum(net for net, _ in found), sum(compute_tax(net, rate) for net, rate in found)
        )
        for length, found in group_by_period(costs)
    )
