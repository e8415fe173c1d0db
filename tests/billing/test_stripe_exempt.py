"""Customers who pay no tax, with tax rates that are set by hand: what is promised and charged (R17, R26)."""

from decimal import Decimal
from fractions import Fraction
from typing import get_args

import pytest

from bot.billing.gateway import LineRequest, PreviewMismatch, Settled, UnrelatedChargesPending
from models.tax import TaxTreatment
from tests.billing.conftest import StripeProvider, list_paid_invoices
from tests.billing.contract import HALF_OF_NOVEMBER, PARIS
from tests.billing.scenarios import price_charge
from tests.billing.test_stripe_price import TEN_MORE, THERE, left_by_others
from tests.fake_stripe.subscription_settings import Coupon
from tests.fake_stripe.taxes import ExemptLines, ManualTaxRate

LINES: tuple[ExemptLines, ...] = get_args(ExemptLines)
VAT = ManualTaxRate("txr_vat", "VAT", 20, inclusive=True)
CITY = ManualTaxRate("txr_city", "City tax", 3.5, inclusive=True)
ADDED = ManualTaxRate("txr_added", "Levy", 5, inclusive=False)


def exempt_customer(provider: StripeProvider, lines: ExemptLines, *rates: ManualTaxRate) -> None:
    records = provider.fake.records
    records.customers["cus_acme"].tax.exempt = "exempt"
    records.exempt_lines = lines
    records.subscriptions[THERE].default_tax_rates = list(rates)


@pytest.mark.parametrize("lines", LINES)
async def test_r26_included_taxes_are_taken_off_the_price_however_stripe_shows_it(
    provider: StripeProvider, lines: ExemptLines
) -> None:
    records, charged = provider.fake.records, []
    # 10 seats cost 7000 for half of November. Odd prices are rounded by the line and by the invoice.
    for number, (rates, unit_amount, coupons, expected) in enumerate(
        [
            ((VAT,), 1400, [], Fraction(7000) / Fraction(120, 100)),
            ((VAT, CITY), 1400, [], Fraction(7000) / Fraction(1235, 1000)),
            ((VAT, ADDED), 1400, [], Fraction(7000) / Fraction(120, 100)),
            ((ADDED,), 1400, [], Fraction(7000)),
            ((VAT,), 1400, [Coupon("c", "Loyalty", 15)], Fraction(7000 * 85, 100) / Fraction(120, 100)),
            ((VAT,), 1399, [], Fraction(6995) / Fraction(120, 100)),
            ((VAT,), Decimal("12.5"), [], Fraction(125, 2) / Fraction(120, 100)),
        ]
    ):
        exempt_customer(provider, lines, *rates)
        records.use_other_price("sub_month", unit_amount=unit_amount)
        records.subscriptions[THERE].settings.coupons = coupons
        provider.fake.records.set_quantity("sub_month", 25)
        preview = await provider.gateway.preview_lines("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)
        [line] = preview.lines
        assert (preview.tax, line.tax) == (0, 0)
        assert abs(line.amount - expected) <= 1
        assert [(tax.treatment, tax.taxable_amount) for tax in line.taxes] == [
            (TaxTreatment.CUSTOMER_EXEMPT, line.amount)
        ]
        renewal = preview.recurring[0]
        assert (renewal.tax, abs(renewal.net - expected * 7) <= 1) == (0, True)
        [state] = [
            each for each in await provider.gateway.list_subscriptions("acme") if each.id == "sub_month"
        ]
        assert state.outlook.renewal is not None
        assert abs(state.outlook.renewal.net - expected * 5) <= 1
        settled = await provider.gateway.place_charge(await price_charge(provider, f"line-{number}"))
        assert isinstance(settled, Settled)
        assert (settled.amount, settled.tax) == (line.amount, 0)
        charged.append(line.amount)
    assert [invoice.total for invoice in list_paid_invoices(provider)] == charged


@pytest.mark.parametrize("lines", LINES)
async def test_r26_nothing_else_is_taken_for_an_included_tax(
    provider: StripeProvider, lines: ExemptLines
) -> None:
    exempt_customer(provider, lines, VAT)
    for amount in (500, -500, -1166):
        provider.fake.records.amount_shipping = amount
        with pytest.raises(PreviewMismatch):
            await provider.gateway.preview_lines("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)
    provider.fake.records.amount_shipping = 0
    provider.fake.records.pending_invoice_items += left_by_others(provider, 1)
    with pytest.raises(UnrelatedChargesPending):
        await provider.gateway.preview_lines("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)


async def test_r28_a_rate_set_by_hand_is_named_even_if_a_line_is_free(provider: StripeProvider) -> None:
    """Stripe gives no reason for the tax of such a rate: it is not untaxed."""
    records = provider.fake.records
    records.subscriptions[THERE].default_tax_rates = [VAT]
    records.manual_tax_rates[VAT.id] = VAT
    records.set_quantity("sub_month", 0)
    wanted = [LineRequest("sub_month", 10)]
    [line] = (await provider.gateway.preview_lines("acme", wanted, HALF_OF_NOVEMBER, PARIS)).lines
    assert [(tax.treatment, tax.name, tax.percent) for tax in line.taxes] == [
        (TaxTreatment.TAXED, "VAT", Decimal(20))
    ]


async def test_only_stripe_tax_uses_the_tax_behavior_of_a_price(provider: StripeProvider) -> None:
    provider.fake.records.use_other_price("sub_month", tax_behavior="inclusive")
    shown = []
    for rates in ([], [ADDED], [VAT]):
        provider.fake.records.subscriptions[THERE].default_tax_rates = rates
        states = {each.id: each for each in await provider.gateway.list_subscriptions("acme")}
        shown.append(states["sub_month"].pricing.is_tax_included)
    assert shown == [True, False, True]
