from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.cart import EmptyOrder, SeatLimits, SeatsNotANumber, TooManySeats, TooManySeatsInOrder

BOUNDS = SeatLimits(max_per_line=1000, max_per_order=2000)


@pytest.mark.parametrize(
    ("typed", "seats"),
    [
        ("10", 10),
        (" 10 ", 10),
        ("\u00a010\n", 10),
        ("007", 7),
        ("1000", 1000),
        ("٣", 3),
        ("１２", 12),
        ("0", 0),
        ("", 0),
        ("   ", 0),
    ],
)
def test_r10_a_number_of_seats_is_read(typed: str, seats: int) -> None:
    assert BOUNDS.parse_seats(typed) == seats


@pytest.mark.parametrize(
    "typed",
    ["ten", "-1", "+1", "1.5", "1,5", "1 000", "1_000", "1e3", "0x10", "½", "²", "10 seats", "∞", "٣٫٥"],
)
def test_a_number_that_is_not_whole_is_refused(typed: str) -> None:
    with pytest.raises(SeatsNotANumber):
        BOUNDS.parse_seats(typed)


@pytest.mark.parametrize("typed", ["1001", "999999999", "9" * 5000])
def test_more_seats_than_a_line_may_have_are_refused(typed: str) -> None:
    with pytest.raises(TooManySeats) as refused:
        BOUNDS.parse_seats(typed)
    assert refused.value.variables == {"most": 1000}


def test_a_refusal_quotes_the_beginning_of_what_was_typed_only() -> None:
    with pytest.raises(SeatsNotANumber) as refused:
        BOUNDS.parse_seats("x" * 3000)
    assert refused.value.variables == {"typed": "x" * 20}


@given(st.text())
def test_any_input_is_a_number_within_bounds_or_refused(typed: str) -> None:
    with suppress(SeatsNotANumber, TooManySeats):
        assert 0 <= BOUNDS.parse_seats(typed) <= 1000


@pytest.mark.parametrize("seats", [{}, {"sub_1": 0}, {"sub_1": 0, "sub_2": 0}])
def test_r10_only_an_empty_order_is_refused_for_a_blank(seats: dict[str, int]) -> None:
    with pytest.raises(EmptyOrder):
        BOUNDS.check_order(seats)


@pytest.mark.parametrize("seats", [{"sub_1": 1}, {"sub_1": 0, "sub_2": 1}, {"sub_1": 1000, "sub_2": 1000}])
def test_an_order_within_the_limits_is_accepted(seats: dict[str, int]) -> None:
    BOUNDS.check_order(seats)


def test_more_seats_than_an_order_may_have_are_refused() -> None:
    with pytest.raises(TooManySeatsInOrder) as refused:
        BOUNDS.check_order({"sub_1": 1000, "sub_2": 1000, "sub_3": 1})
    assert refused.value.variables == {"most": 2000, "total": 2001}
