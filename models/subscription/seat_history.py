"""How the seats of an account's subscriptions changed, computed backwards from the current numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

# Slack's chart takes 20 points; people can read fewer.
MAX_HISTORY_DAYS = 12


@dataclass(frozen=True)
class SeatChange:
    subscription_id: str
    day: date
    seats: int  # added, or removed if negative


@dataclass(frozen=True)
class SeatHistory:
    """`seats` maps each subscription that changed to its seats before the first of `days`, then at the end of
    each of them."""

    days: tuple[date, ...] = ()
    seats: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def build_seat_history(current_seats: Mapping[str, int], changes: Iterable[SeatChange]) -> SeatHistory:
    by_day: dict[date, dict[str, int]] = {}
    for change in changes:
        if change.subscription_id in current_seats and change.seats:
            of_day = by_day.setdefault(change.day, {})
            of_day[change.subscription_id] = of_day.get(change.subscription_id, 0) + change.seats
    days = sorted(by_day)[-MAX_HISTORY_DAYS:]
    changed = [s for s in current_seats if any(s in by_day[day] for day in days)]
    return SeatHistory(
        tuple(days),
        {s: _compute_past_seats(current_seats[s], [by_day[day].get(s, 0) for day in days]) for s in changed},
    )


def _compute_past_seats(current: int, changes: list[int]) -> tuple[int, ...]:
    held = [current]
    for seats in reversed(changes):
        held.insert(0, max(held[0] - seats, 0))
    return tuple(held)
