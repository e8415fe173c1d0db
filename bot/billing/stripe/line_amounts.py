"""What an invoice's lines cost before tax, and their tax."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import stripe

from bot.billing.stripe.currencies import to_minor_units
from bot.billing.stripe.taxes import is_exempt_by_hand
from models.money import round_half_up


@dataclass(frozen=True)
class LineReader:
    """`removed_rate` is that of the included tax which the amounts of the lines contain, and which the
    invoice does not charge."""

    removed_rate: Fraction = Fraction(0)

    def compute_net(self, line: stripe.InvoiceLineItem) -> int:
        inclusive = sum(t.amount for t in line.taxes or () if t.tax_behavior == "inclusive")
        discounts = sum(d.amount for d in line.discount_amounts or ())
        net = to_minor_units(line.amount - inclusive - discounts, line.currency)
        removed = round_half_up(abs(net) * self.removed_rate / (1 + self.removed_rate))
        return net - removed if net > 0 else net + removed

    def compute_nets(self, lines: Iterable[stripe.InvoiceLineItem]) -> int:
        return sum(map(self.compute_net, lines))

    def remove_tax(self, total: int) -> int:
        return round_half_up(total / (1 + self.removed_rate))


def compute_tax(line: stripe.InvoiceLineItem) -> int:
    return to_minor_units(sum(t.amount for t in line.taxes or ()), line.currency)


def create_line_reader(
    invoice: stripe.Invoice, lines: Sequence[stripe.InvoiceLineItem], included_rate: Fraction
) -> LineReader:
    """With tax rates that are set by hand, a customer who is exempt pays the price less the tax that it
    includes; with Stripe Tax, the whole price (docs.stripe.com/billing/taxes/tax-rates, "Tax exempt and
    reverse charge"; docs.stripe.com/tax/zero-tax). Stripe documents the invoice's total, and not whether its
    lines are reduced as well: the total decides.

    `included_rate` is the sum of the inclusive rates that are set by hand."""
    whole, reduced = LineReader(), LineReader(included_rate)
    if not is_exempt_by_hand(invoice) or any(map(compute_tax, lines)):
        return whole
    missing = whole.compute_nets(lines) - to_minor_units(invoice.total, invoice.currency)
    included = whole.compute_nets(lines) - reduced.compute_nets(lines)
    # Other items of a renewal may have other rates, so only the direction is known.
    return reduced if missing * included > 0 else whole
