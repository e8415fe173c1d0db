"""How seats changed, told back from what they are now."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.subscription.seat_history import MAX_HISTORY_DAYS, SeatChange, build_seat_history

FIRST = date(2026, 11, 1)
changes = st.lists(
    st.builds(
        SeatChange,
        st.sampled_from(["meeting", "webinar"]),
        st.integers(0, 40).map(lambda n: FIRST + timedelta(days=n)),
        st.integers(-5, 20),
    ),
    max_size=30,
)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_each_day_with_a_change_has_the_seats_at_its_end() -> None:
    found = build_seat_history(
        {"meeting": 30, "webinar": 8, "training": 2},
        [
            SeatChange("meeting", day(3), 5),
            SeatChange("webinar", day(7), 2),
            SeatChange("webinar", day(7), 1),
            SeatChange("gone", day(9), 1),
        ],
    )
    assert found.days == (day(3), day(7))
    assert found.seats == {"meeting": (25, 30, 30), "webinar": (5, 5, 8)}


def test_the_last_days_are_kept_with_the_seats_before_them() -> None:
    found = build_seat_history(
        {"meeting": 100}, [SeatChange("meeting", day(n), 1) for n in range(MAX_HISTORY_DAYS + 17)]
    )
    assert found.days == tuple(day(n) for n in range(17, MAX_HISTORY_DAYS + 17))
    assert found.seats == {"meeting": tuple(range(100 - MAX_HISTORY_DAYS, 101))}


@given(changes, st.integers(500, 600))
def test_the_seat_history_ends_at_the_current_seats(made: list[SeatChange], now: int) -> None:
    found = build_seat_history({"meeting": now, "webinar": now}, made)
    for subscription, held in found.seats.items():
        assert len(held) == len(found.days) + 1
        assert held[-1] == now
        for on, before, after in zip(found.days, held, held[1:], strict=False):
            added = sum(c.seats for c in made if c.day == on and c.subscription_id == subscription)
            assert after - before == added
