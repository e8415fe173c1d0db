"""What an account has ordered, by month and product, from its receipts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

SPENDING_MONTHS = 6


@dataclass(frozen=True)
class SpentAmount:
    """A line of a receipt, in minor units, with its tax."""

    day: date
    product: str
    amount: int
    currency: str = ""


@dataclass(frozen=True)
class Spending:
    """`amounts` maps each product, the dearest first, to its amount in each of `months`, which are named by
    their first days. `other_totals` are the sums in other currencies than the account's. If it
    `is_incomplete`, there were more receipts than were read, and the oldest are left out."""

    months: tuple[date, ...] = ()
    amounts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    other_totals: Mapping[str, int] = field(default_factory=dict)
    is_incomplete: bool = False

    @property
    def total(self) -> int:
        return sum(map(sum, self.amounts.values()))

    def list_month(self, month: date) -> list[tuple[str, int]]:
        number = self.months.index(month)
        return [(name, amounts[number]) for name, amounts in self.amounts.items() if amounts[number]]


def list_months(today: date) -> tuple[date, ...]:
    number = today.year * 12 + today.month - 1
    return tuple(date(n // 12, n % 12 + 1, 1) for n in range(number - SPENDING_MONTHS + 1, number + 1))


def build_spending(today: date, spent: Iterable[SpentAmount], currency: str = "") -> Spending:
    months = list_months(today)
    by_product: dict[str, Counter[date]] = {}
    other_totals: Counter[str] = Counter()
    for each in spent:
        month = each.day.replace(day=1)
        if month not in months or not each.amount:
            continue
        if each.currency != currency:
            other_totals[each.currency] += each.amount
        else:
            by_product.setdefault(each.product, Counter())[month] += each.amount
    dearest_first = sorted(by_product, key=lambda name: (-by_product[name].total(), name))
    return Spending(
        months, {name: tuple(by_product[name][m] for m in months) for name in dearest_first}, other_totals
    )
