from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from models.errors import ForbiddenTransition
from models.proration import end_of_day
from models.quote import (
    LONGEST_REASON,
    NEXT_STATUSES,
    QuoteNotPending,
    QuoteStatus,
    ReasonTooLong,
    check_reason,
    default_validity,
    next_reminder,
    validity,
)
from tests.models.examples import NOW, PERIOD_END, a_quote, an_account

SECOND = timedelta(seconds=1)
PENDING, ACCEPTED, REJECTED, EXPIRED = QuoteStatus
FOLLOWING = [(a, b) for a, b in product(QuoteStatus, repeat=2) if b in NEXT_STATUSES[a]]
FORBIDDEN = [(a, b) for a, b in product(QuoteStatus, repeat=2) if b not in NEXT_STATUSES[a]]


@pytest.mark.parametrize(
    ("at", "status"),
    [(PERIOD_END - SECOND, PENDING), (PERIOD_END, EXPIRED), (PERIOD_END + SECOND, EXPIRED)],
)
def test_r9_a_quote_is_expired_from_the_very_second_its_validity_ends(
    at: datetime, status: QuoteStatus
) -> None:
    quote = a_quote(expires_at=PERIOD_END)
    assert quote.status_at(at) is status
    assert quote.pending_at(at) is (status is PENDING)
    assert quote.status is PENDING


@pytest.mark.parametrize("status", [ACCEPTED, REJECTED, EXPIRED])
def test_r9_a_decided_quote_stays_as_it_was_decided(status: QuoteStatus) -> None:
    quote = a_quote(status=status, decided_at=NOW)
    assert quote.status_at(NOW) is status
    assert quote.status_at(PERIOD_END + SECOND) is status


@pytest.mark.parametrize(("current", "to"), FORBIDDEN)
def test_r18_no_other_status_can_follow(current: QuoteStatus, to: QuoteStatus) -> None:
    quote = a_quote(status=current, decided_at=None)
    with pytest.raises(ForbiddenTransition) as refused:
        quote.decide(to, NOW, "Alice Martin")
    assert refused.value.words == {"current": current.value, "wanted": to.value}
    assert (quote.status, quote.decided_at, quote.decided_by) == (current, None, None)


@pytest.mark.parametrize(("current", "to"), FOLLOWING)
def test_r18_deciding_records_who_when_and_why(current: QuoteStatus, to: QuoteStatus) -> None:
    quote = a_quote(status=current)
    quote.decide(to, NOW, "Alice Martin", "trop cher")
    assert (quote.status, quote.decided_at) == (to, NOW)
    assert (quote.decided_by, quote.reason) == ("Alice Martin", "trop cher")


def test_r7_a_replaced_quote_expires_and_records_its_replacement() -> None:
    quote, replacement = a_quote(id=1), a_quote(id=2, number="SQ-1002")
    quote.expire_for(replacement, NOW, "Alice Martin")
    assert (quote.status, quote.replaced_by_id, quote.decided_at) == (EXPIRED, 2, NOW)


def test_a_pending_quote_passes_the_check() -> None:
    a_quote().check_pending(PERIOD_END - SECOND)


def test_r20_whoever_comes_too_late_is_told_who_decided_and_when() -> None:
    quote = a_quote()
    quote.decide(ACCEPTED, NOW, "Bob Durand")
    with pytest.raises(QuoteNotPending) as refused:
        quote.check_pending(NOW + SECOND, replaced_by="SQ-1002")
    assert refused.value.words == {
        "number": "SQ-1001",
        "status": "accepted",
        "elsewhere": "no",
        "by": "Bob Durand",
        "at": NOW,
        "replaced_by": "SQ-1002",
    }


def test_r20_of_a_quote_past_its_validity_the_end_is_told() -> None:
    with pytest.raises(QuoteNotPending) as refused:
        a_quote().check_pending(PERIOD_END)
    assert (refused.value.words["status"], refused.value.words["at"]) == ("expired", PERIOD_END)


@pytest.mark.parametrize(
    ("wanted", "ends", "expected"),
    [
        ("2026-11-20T12:00+00:00", ["2026-12-01"], "2026-11-20T12:00+00:00"),
        ("2026-12-15T12:00+00:00", ["2026-12-01"], "2026-11-30T23:00+00:00"),
        ("2026-12-15T12:00+00:00", ["2027-03-01", "2026-12-01"], "2026-11-30T23:00+00:00"),
        ("2026-11-30T23:00+00:00", ["2026-12-01"], "2026-11-30T23:00+00:00"),
        ("2026-12-15T12:00+00:00", [], "2026-12-15T12:00+00:00"),
    ],
)
def test_r9_validity_ends_with_the_earliest_period_at_most(
    wanted: str, ends: list[str], expected: str
) -> None:
    end = validity(an_account(), map(date.fromisoformat, ends), datetime.fromisoformat(wanted))
    assert end == datetime.fromisoformat(expected)


def test_r9_a_bare_date_of_validity_ends_with_that_day_in_the_accounts_zone() -> None:
    assert end_of_day(date(2026, 11, 29), "Europe/Paris") == datetime(2026, 11, 29, 23, 0, tzinfo=UTC)


def test_r9_validity_on_the_last_day_of_the_period_ends_with_it() -> None:
    last_day = end_of_day(date(2026, 11, 30), "Europe/Paris")
    assert validity(an_account(), [date(2026, 12, 1)], last_day) == last_day


def test_validity_is_counted_in_days() -> None:
    assert default_validity(NOW, 30) == NOW + timedelta(days=30)


@pytest.mark.parametrize(
    ("left", "until_reminder"),
    [
        (timedelta(days=30), timedelta(days=23)),
        (timedelta(days=7, seconds=1), SECOND),
        (timedelta(days=7), timedelta(days=5)),
        (timedelta(hours=48), timedelta(hours=44)),
        (timedelta(hours=4, seconds=1), SECOND),
    ],
)
def test_r9_the_next_reminder_is_the_first_still_ahead(left: timedelta, until_reminder: timedelta) -> None:
    assert next_reminder(NOW, NOW + left) == NOW + until_reminder


@pytest.mark.parametrize("left", [timedelta(hours=4), timedelta(hours=1), timedelta(0), timedelta(days=-1)])
def test_r9_there_is_no_reminder_at_the_last_moment(left: timedelta) -> None:
    assert next_reminder(NOW, NOW + left) is None


def test_a_decided_quote_is_not_reminded_of() -> None:
    quote = a_quote(remind_at=NOW)
    quote.decide(REJECTED, NOW, "Alice Martin")
    assert quote.remind_at is None


@pytest.mark.parametrize(
    ("typed", "stored"), [(None, None), ("", None), ("  \n", None), (" trop cher ", "trop cher")]
)
def test_r8_a_reason_is_optional(typed: str | None, stored: str | None) -> None:
    assert check_reason(typed) == stored


def test_a_reason_has_a_longest_length() -> None:
    assert check_reason("x" * LONGEST_REASON) == "x" * LONGEST_REASON
    with pytest.raises(ReasonTooLong):
        check_reason("x" * (LONGEST_REASON + 1))
