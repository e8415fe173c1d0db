"""How long a billing period is: every month, every year, every three months, every two weeks."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

from models.subscription.proration import add_months

T = TypeVar("T")


class PeriodUnit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


APPROXIMATE_DAYS = {PeriodUnit.DAY: 1, PeriodUnit.WEEK: 7, PeriodUnit.MONTH: 30, PeriodUnit.YEAR: 365}


class PeriodLength(str):
    """Text such as `month`, or `3-month` if it is more than one unit. Twelve months are a year."""

    __slots__ = ()
    MONTH: ClassVar["PeriodLength"]
    YEAR: ClassVar["PeriodLength"]

    def __new__(cls, text: str) -> "PeriodLength":
        """Raises ValueError."""
        found = re.fullmatch(r"(?:([1-9]\d{0,3})-)?([a-z]+)", text)
        if found is None:
            raise ValueError(f"not the length of a period: {text!r}")
        return cls.build(PeriodUnit(found[2]), int(found[1] or 1))

    @classmethod
    def build(cls, unit: PeriodUnit, count: int = 1) -> "PeriodLength":
        if unit is PeriodUnit.MONTH and count % 12 == 0:
            unit, count = PeriodUnit.YEAR, count // 12
        return super().__new__(cls, unit.value if count == 1 else f"{count}-{unit.value}")

    @property
    def unit(self) -> PeriodUnit:
        return PeriodUnit(self.rpartition("-")[2])

    @property
    def unit_count(self) -> int:
        return int(self.rpartition("-")[0] or 1)

    @property
    def months(self) -> int | None:
        """The length in months; None if it is in days or weeks."""
        return {PeriodUnit.MONTH: self.unit_count, PeriodUnit.YEAR: 12 * self.unit_count}.get(self.unit)

    def move_date(self, day: date, periods: int, anchor_day: int) -> date:
        """Moves `day` by whole periods. Months start on `anchor_day`, or on the last day of a shorter one."""
        if self.months is not None:
            return add_months(day, periods * self.months, anchor_day)
        return day + timedelta(days=periods * APPROXIMATE_DAYS[self.unit] * self.unit_count)

    @property
    def sort_key(self) -> int:
        return APPROXIMATE_DAYS[self.unit] * self.unit_count

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


PeriodLength.MONTH = PeriodLength("month")
PeriodLength.YEAR = PeriodLength("year")


def group_by_period(items: Iterable[tuple[PeriodLength, T]]) -> list[tuple[PeriodLength, list[T]]]:
    groups: dict[PeriodLength, list[T]] = {}
    for length, value in sorted(items, key=lambda item: item[0].sort_key):
        groups.setdefault(length, []).append(value)
    return list(groups.items())


class PeriodLengthColumn(TypeDecorator[PeriodLength]):
    """Stores a PeriodLength as its text."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: PeriodLength | None, dialect: Dialect) -> str | None:
        return value

    def process_result_value(self, value: str | None, dialect: Dialect) -> PeriodLength | None:
        return None if value is None else PeriodLength(value)


def get_anchor_day(start: date, end: date, length: PeriodLength) -> int:
    """Returns the day of the month on which periods start: the 31st for 31 Jan - 28 Feb, and for 28 Feb - 31
    Mar. If the first period is not a whole one, the day on which it ends."""
    later = max(start.day, end.day)
    return later if length.move_date(start, 1, later) == end else end.day


def get_period_containing(
    start: date, end: date, length: PeriodLength, anchor_day: int, today: date
) -> tuple[date, date]:
    while end <= today:
        start, end = end, length.move_date(end, 1, anchor_day)
    while today < start:
        start, end = length.move_date(start, -1, anchor_day), start
    return start, end
