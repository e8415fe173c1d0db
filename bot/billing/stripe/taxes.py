"""The tax of an invoice's lines: at which rate, or why there is none."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

import stripe
import structlog

from bot.billing.gateway import (
    BillingUnavailable,
    ShippingLocationInvalid,
    TaxCalculationFailed,
    TaxLocationInvalid,
)
from bot.billing.stripe.client import log_action_taken, request_stripe
from bot.billing.stripe.currencies import to_minor_units
from models.account import Address
from models.tax import TaxDetails, TaxItem, TaxTreatment, sum_tax_items

log = structlog.get_logger()

# Why an amount is 0 (docs.stripe.com/tax/zero-tax).
TREATMENTS = {
    "customer_exempt": TaxTreatment.CUSTOMER_EXEMPT,
    "product_exempt": TaxTreatment.PRODUCT_EXEMPT,
    "product_exempt_holiday": TaxTreatment.PRODUCT_EXEMPT,
    "reverse_charge": TaxTreatment.REVERSE_CHARGE,
    "zero_rated": TaxTreatment.ZERO_RATED,
}
# With these reasons the tax is 0 only because there is little to tax.
TAXED_REASONS = frozenset(["standard_rated", "reduced_rated"])
# Of a rate that is set by hand (docs.stripe.com/api/credit_notes/object).
MANUAL_REASON = "not_available"
CUSTOMER_TREATMENTS = {
    "exempt": TaxTreatment.CUSTOMER_EXEMPT,
    "reverse": TaxTreatment.REVERSE_CHARGE,
}
ADDRESS_FIELDS = ("line1", "line2", "postal_code", "city", "state", "country")


@dataclass(frozen=True)
class TaxPart:
    """The tax of a line at one rate. `rate_id` is Stripe's, if tax is due."""

    treatment: TaxTreatment
    rate_id: str | None
    taxable_amount: int
    amount: int


class TaxRateReader:
    """Reads each rate once: its percentage never changes (docs.stripe.com/api/tax_rates/update)."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client
        self._rates: dict[str, tuple[str, Decimal | None]] = {}

    async def build_items(self, parts: Iterable[TaxPart]) -> tuple[TaxItem, ...]:
        items = []
        for part in parts:
            name, percent = await self._fetch_rate(part.rate_id) if part.rate_id else ("", None)
            items.append(
                TaxItem(
                    treatment=part.treatment,
                    name=name,
                    percent=percent,
                    taxable_amount=part.taxable_amount,
                    amount=part.amount,
                )
            )
        return tuple(sum_tax_items(items))

    async def _fetch_rate(self, rate_id: str) -> tuple[str, Decimal | None]:
        # If the key may not read the rate, it has no name and percentage: the amounts are right all the same.
        if rate_id not in self._rates:
            call = self._client.v1.tax_rates.retrieve_async(rate_id)
            try:
                with log_action_taken("rate_not_shown"):
                    rate = await request_stripe(call, "tax_rates.retrieve")
            except BillingUnavailable as error:
                log.warning("tax_rate.unreadable", tax_rate=rate_id, error=type(error).__name__)
                return "", None
            percentage = rate.percentage if rate.effective_percentage is None else rate.effective_percentage
            self._rates[rate_id] = rate.display_name, Decimal(str(percentage)).normalize()
        return self._rates[rate_id]


def check_tax_location(invoice: stripe.Invoice) -> None:
    # For an address that it cannot place, Stripe previews an invoice without tax
    # (docs.stripe.com/tax/subscriptions).
    status = invoice.automatic_tax.status if invoice.automatic_tax.enabled else None
    if status == "requires_location_inputs":
        raise ShippingLocationInvalid if read_shipping_address(invoice) else TaxLocationInvalid
    if status == "failed":
        raise TaxCalculationFailed(why="the tax cannot be calculated")


def read_tax_details(invoice: stripe.Invoice) -> TaxDetails:
    is_automatic = invoice.automatic_tax.enabled
    return TaxDetails(
        buyer_tax_ids=tuple(tax_id.value for tax_id in invoice.customer_tax_ids or () if tax_id.value),
        address=read_shipping_address(invoice) if is_automatic else None,
    )


def read_shipping_address(owner: stripe.Invoice | stripe.Customer) -> Address | None:
    # It takes precedence over the billing address (docs.stripe.com/tax/customer-locations, "Which customer
    # address we use").
    shipping = owner.customer_shipping if isinstance(owner, stripe.Invoice) else owner.shipping
    held = shipping.address if shipping else None
    if held is None:
        return None
    values = {name: getattr(held, name, None) or "" for name in ADDRESS_FIELDS}
    return Address(**values) if any(values.values()) else None


def is_exempt_by_hand(invoice: stripe.Invoice) -> bool:
    """Whether the customer pays none of the taxes whose rates are set by hand."""
    is_exempt = (invoice.customer_tax_exempt or "") in CUSTOMER_TREATMENTS
    return (
        is_exempt
        and not invoice.automatic_tax.enabled
        and not any(t.amount for t in invoice.total_taxes or ())
    )


def compute_invoice_net(invoice: stripe.Invoice) -> int | None:
    """The total without tax, if Stripe says so."""
    net = invoice.total if is_exempt_by_hand(invoice) else invoice.total_excluding_tax
    return None if net is None else to_minor_units(net, invoice.currency)


def read_tax_parts(
    invoice: stripe.Invoice, lines: Iterable[stripe.InvoiceLineItem], net: int, *, is_tax_disabled: bool
) -> list[TaxPart]:
    """`net` is what the lines cost before tax."""
    parts = [part for line in lines for part in _read_line_parts(invoice, line, is_tax_disabled)]
    if is_exempt_by_hand(invoice) and not any(part.amount for part in parts):
        # The lines may have no taxes, or rates with a tax of 0, and amounts with or without the tax.
        return [TaxPart(CUSTOMER_TREATMENTS[invoice.customer_tax_exempt or ""], None, net, 0)]
    return parts


def compute_rounding_tolerance(lines: Iterable[stripe.InvoiceLineItem], *, is_tax_removed: bool) -> int:
    """How far the invoice's tax may be from the sum of its lines' taxes: each of them is rounded, and Stripe
    does not document that the invoice's is their sum."""
    return sum(max(len(line.taxes or ()), is_tax_removed) for line in lines)


def adjust_tax_parts(parts: list[TaxPart], tax: int) -> list[TaxPart]:
    """Adds what is missing to `tax` because of rounding to the largest part."""
    difference = tax - sum(part.amount for part in parts)
    if not 0 < abs(difference) <= len(parts):
        return parts
    largest = max(range(len(parts)), key=lambda index: abs(parts[index].amount))
    adjusted = replace(parts[largest], amount=parts[largest].amount + difference)
    return [*parts[:largest], adjusted, *parts[largest + 1 :]]


def _read_line_parts(
    invoice: stripe.Invoice, line: stripe.InvoiceLineItem, is_tax_disabled: bool
) -> list[TaxPart]:
    def convert(amount: int) -> int:
        return to_minor_units(amount, line.currency)

    if not line.taxes:
        # With rates set by hand, an exempt customer's lines have no taxes at all.
        untaxed = TaxTreatment.NOT_CALCULATED if is_tax_disabled else TaxTreatment.NOT_COLLECTED
        treatment = CUSTOMER_TREATMENTS.get(invoice.customer_tax_exempt or "", untaxed)
        discounts = sum(discount.amount for discount in line.discount_amounts or ())
        return [TaxPart(treatment, None, convert(line.amount - discounts), 0)]
    parts = []
    for tax in line.taxes:
        treatment = _find_treatment(invoice, tax)
        rate = tax.tax_rate_details.tax_rate if tax.tax_rate_details else None
        parts.append(
            TaxPart(
                treatment,
                rate if treatment is TaxTreatment.TAXED else None,
                convert(tax.taxable_amount or 0),
                convert(tax.amount),
            )
        )
    return parts


def _find_treatment(invoice: stripe.Invoice, tax: stripe.InvoiceLineItem.Tax) -> TaxTreatment:
    is_manual = tax.taxability_reason == MANUAL_REASON and not invoice.automatic_tax.enabled
    if tax.amount == 0 and tax.taxability_reason not in TAXED_REASONS and not is_manual:
        return TREATMENTS.get(tax.taxability_reason, TaxTreatment.NOT_COLLECTED)
    return TaxTreatment.TAXED
