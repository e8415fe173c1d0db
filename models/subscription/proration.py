"""Proration by the second, over periods from midnight to midnight in an account's time zone (R17)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from models.money import round_half_up


def get_midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def get_end_of_day(day: date, zone: str) -> datetime:
    return get_midnight(day + timedelta(days=1), zone)


def get_local_date(zone: str, at: datetime) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def truncate_to_second(at: datetime) -> datetime:
    """`at` without the fraction of a second, as a quote freezes it."""
    return at.replace(microsecond=0)


@dataclass(frozen=True)
class BillingPeriod:
    """A billing period: `start` included, `end` excluded, both in UTC."""

    start: datetime
    end: datetime

    @classmethod
    def from_dates(cls, start: date, end: date, zone: str) -> "BillingPeriod":
        return cls(get_midnight(start, zone), get_midnight(end, zone))

    def get_remaining_fraction(self, at: datetime) -> Fraction:
        """The part of the period left at `at`: 1 at its start (or before), 0 at its end (or after)."""
        left = (self.end - max(at, self.start)) // timedelta(seconds=1)
        return Fraction(max(left, 0), (self.end - self.start) // timedelta(seconds=1))

    def prorate_price(self, seats: int, unit_price: int, at: datetime) -> int:
        """Returns the price of `seats` from `at` to the period's end, in minor units, rounded half up."""
        return round_half_up(seats * unit_price * self.get_remaining_fraction(at))


def add_months(day: date, months: int, anchor_day: int) -> date:
    """Adds whole months to `day`, on `anchor_day` or the last day of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    following = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return first.replace(day=min(anchor_day, last))
