"""How the seats of an account's subscriptions changed, told from what they are now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

# A chart takes 20 points, and a person fewer.
MOST_DAYS = 12


@dataclass(frozen=True)
class SeatChange:
    subscription_id: str
    day: date
    seats: int  # added, or taken away


@dataclass(frozen=True)
class SeatHistory:
    """`seats` maps each subscription that changed to its seats before the first of `days`, then at the end of
    each of them."""

    days: tuple[date, ...] = ()
    seats: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def seat_history(now: Mapping[str, int], changes: Iterable[SeatChange], most: int = MOST_DAYS) -> SeatHistory:
    """The last `most` days on which anything changed."""
    by_day: dict[date, dict[str, int]] = {}
    for change in changes:
        if change.subscription_id in now and change.seats:
            of_day = by_day.setdefault(change.day, {})
            of_day[change.subscription_id] = of_day.get(change.subscription_id, 0) + change.seats
    days = sorted(by_day)[-most:]
    changed = [s for s in now if any(s in by_day[day] for day in days)]
    return SeatHistory(
        tuple(days), {s: _backwards(now[s], [by_day[day].get(s, 0) for day in days]) for s in changed}
    )


def _backwards(now: int, added: list[int]) -> tuple[int, ...]:
    held = [now]
    for seats in reversed(added):
        held.insert(0, max(held[0] - seats, 0))
    return tuple(held)
