"""How long a quote may be valid, and what may become of a request for more time (R9)."""

from datetime import UTC, date, datetime

import pytest

from models.errors import ForbiddenTransition, Refusal
from models.quote.extension import (
    EXTENSION_TRANSITIONS,
    ExtensionStatus,
    ExtensionTooLong,
    ExtensionTooShort,
    QuoteExtension,
    compute_extended_expiry,
    is_extendable,
    suggest_extension_day,
)
from tests.blocks.samples import make_extension
from tests.models.examples import NOW, make_account, make_quote
from tests.models.states import EXTENSION_TRANSITIONS as ALLOWED
from tests.models.states import list_forbidden

ACCOUNT = make_account(time_zone="Europe/Paris")
MONTH_AND_YEAR = [date(2027, 3, 1), date(2026, 12, 1)]
# The end of 20 November in Paris.
QUOTE = make_quote(expires_at=datetime(2026, 11, 20, 23, tzinfo=UTC))


def test_r9_a_quote_is_valid_at_most_until_the_earliest_period_end_of_its_lines() -> None:
    last = compute_extended_expiry(ACCOUNT, QUOTE, MONTH_AND_YEAR, date(2026, 11, 30))
    assert last == datetime(2026, 11, 30, 23, tzinfo=UTC), "the midnight at which December begins in Paris"
    with pytest.raises(ExtensionTooLong) as too_long:
        compute_extended_expiry(ACCOUNT, QUOTE, MONTH_AND_YEAR, date(2026, 12, 1))
    assert too_long.value.variables["last"] == date(2026, 11, 30)


def test_an_extension_ends_later_than_the_quote_does_anyway() -> None:
    next_day = compute_extended_expiry(ACCOUNT, QUOTE, MONTH_AND_YEAR, date(2026, 11, 21))
    assert next_day == datetime(2026, 11, 21, 23, tzinfo=UTC)
    with pytest.raises(ExtensionTooShort):
        compute_extended_expiry(ACCOUNT, QUOTE, MONTH_AND_YEAR, date(2026, 11, 20))


def test_a_week_more_is_suggested_or_as_long_as_possible() -> None:
    assert suggest_extension_day(ACCOUNT, QUOTE, MONTH_AND_YEAR) == date(2026, 11, 27)
    late = make_quote(expires_at=datetime(2026, 11, 27, 23, tzinfo=UTC))
    assert suggest_extension_day(ACCOUNT, late, MONTH_AND_YEAR) == date(2026, 11, 30)
    assert is_extendable(ACCOUNT, late, MONTH_AND_YEAR)
    assert not is_extendable(ACCOUNT, late, [date(2026, 11, 28)])


def test_a_request_is_decided_once() -> None:
    assert {(a, b) for a, following in EXTENSION_TRANSITIONS.items() for b in following} == ALLOWED
    for current, to in list_forbidden(ExtensionStatus, ALLOWED):
        if to is not ExtensionStatus.REQUESTED:
            decided = make_extension(status=current)
            with pytest.raises(ForbiddenTransition):
                decide(decided, to)


def decide(extension: QuoteExtension, to: ExtensionStatus) -> None:
    if to is ExtensionStatus.APPROVED:
        extension.approve(date(2026, 11, 30), NOW, "Vera")
    else:
        extension.decline(NOW, "Vera", None)


def test_a_decided_request_says_by_whom() -> None:
    extension = make_extension()
    extension.check_open("SQ-1001")
    extension.decline(NOW, "Vera Lind", "No")
    with pytest.raises(Refusal) as refused:
        extension.check_open("SQ-1001")
    assert refused.value.variables["by"] == "Vera Lind"
