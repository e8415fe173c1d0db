from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.errors import ForbiddenTransition
from models.quote import (
    MAX_REASON_LENGTH,
    QuoteNotPending,
    QuoteStatus,
    ReasonTooLong,
    build_reminder_schedule,
    compute_expiry,
    find_first_reminder_check,
    find_next_reminder_check,
    get_default_expiry,
    validate_reason,
)
from models.subscription.proration import get_end_of_day
from tests.models.examples import NOW, PERIOD_END, make_account, make_quote, make_quote_line
from tests.models.states import QUOTE_TRANSITIONS, list_forbidden

SECOND = timedelta(seconds=1)
PENDING, ACCEPTED, REJECTED, EXPIRED = QuoteStatus


@pytest.mark.parametrize(
    ("at", "status"),
    [(PERIOD_END - SECOND, PENDING), (PERIOD_END, EXPIRED), (PERIOD_END + SECOND, EXPIRED)],
)
def test_r9_a_quote_is_expired_from_the_very_second_its_validity_ends(
    at: datetime, status: QuoteStatus
) -> None:
    quote = make_quote(expires_at=PERIOD_END)
    assert quote.get_status(at) is status
    assert quote.is_pending(at) is (status is PENDING)
    assert quote.status is PENDING


@pytest.mark.parametrize("status", [ACCEPTED, REJECTED, EXPIRED])
def test_r9_a_decided_quote_stays_as_it_was_decided(status: QuoteStatus) -> None:
    quote = make_quote(status=status, decided_at=NOW)
    assert quote.get_status(NOW) is status
    assert quote.get_status(PERIOD_END + SECOND) is status


@pytest.mark.parametrize(("current", "to"), list_forbidden(QuoteStatus, QUOTE_TRANSITIONS))
def test_r18_no_other_status_can_follow(current: QuoteStatus, to: QuoteStatus) -> None:
    quote = make_quote(status=current, decided_at=None)
    with pytest.raises(ForbiddenTransition) as refused:
        quote.change_status(to, NOW, "Alice Martin")
    assert refused.value.variables == {"current": current.value, "wanted": to.value}
    assert (quote.status, quote.decided_at, quote.decided_by) == (current, None, None)


@pytest.mark.parametrize(("current", "to"), sorted(QUOTE_TRANSITIONS))
def test_r18_deciding_records_who_when_and_why(current: QuoteStatus, to: QuoteStatus) -> None:
    quote = make_quote(status=current)
    quote.change_status(to, NOW, "Alice Martin", "trop cher")
    assert (quote.status, quote.decided_at) == (to, NOW)
    assert (quote.decided_by, quote.reason) == ("Alice Martin", "trop cher")


def test_r7_a_replaced_quote_expires_and_records_its_replacement() -> None:
    quote, replacement = make_quote(id=1), make_quote(id=2, number="SQ-1002")
    quote.mark_replaced(replacement, NOW, "Alice Martin")
    assert (quote.status, quote.replaced_by_id, quote.decided_at) == (EXPIRED, 2, NOW)


def test_a_pending_quote_passes_the_check() -> None:
    make_quote().check_pending(PERIOD_END - SECOND)


def test_r20_a_late_decision_sees_who_decided_and_when() -> None:
    quote = make_quote()
    quote.change_status(ACCEPTED, NOW, "Bob Durand")
    with pytest.raises(QuoteNotPending) as refused:
        quote.check_pending(NOW + SECOND, replaced_by="SQ-1002")
    assert refused.value.variables == {
        "number": "SQ-1001",
        "status": "accepted",
        "elsewhere": "no",
        "by": "Bob Durand",
        "at": NOW,
        "replaced_by": "SQ-1002",
    }


def test_r20_the_refusal_of_an_expired_quote_says_when_it_ended() -> None:
    with pytest.raises(QuoteNotPending) as refused:
        make_quote().check_pending(PERIOD_END)
    assert (refused.value.variables["status"], refused.value.variables["at"]) == ("expired", PERIOD_END)


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
    lines = [make_quote_line(period_end=date.fromisoformat(each)) for each in ends]
    end = compute_expiry(make_account(), lines, datetime.fromisoformat(wanted))
    assert end == datetime.fromisoformat(expected)


def test_r9_a_bare_date_of_validity_ends_with_that_day_in_the_accounts_zone() -> None:
    assert get_end_of_day(date(2026, 11, 29), "Europe/Paris") == datetime(2026, 11, 29, 23, 0, tzinfo=UTC)


def test_r9_validity_on_the_last_day_of_the_period_ends_with_it() -> None:
    last_day = get_end_of_day(date(2026, 11, 30), "Europe/Paris")
    line = make_quote_line(period_end=date(2026, 12, 1))
    assert compute_expiry(make_account(), [line], last_day) == last_day


def test_r9_validity_ends_when_the_provider_says_that_the_period_does() -> None:
    ends_at = datetime(2026, 12, 1, 13, 20, tzinfo=UTC)
    line = make_quote_line(period_end=date(2026, 12, 1), period_ends_at=ends_at)
    assert compute_expiry(make_account(), [line], ends_at + timedelta(days=1)) == ends_at


def test_validity_is_counted_in_days() -> None:
    """R9: and ends with a day in the account's time zone."""
    account = make_account()
    last_day = account.get_local_date(NOW + timedelta(days=30))
    assert get_default_expiry(account, NOW, 30) == get_end_of_day(last_day, account.time_zone)


DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("left", "first"),
    [
        (30 * DAY, 23 * DAY - 12 * HOUR),
        (7 * DAY, -12 * HOUR),
        (6 * DAY, 4 * DAY - 12 * HOUR),
        (48 * HOUR, -12 * HOUR),
        (4 * HOUR, -12 * HOUR),
    ],
)
def test_r9_reminders_are_checked_early_enough_for_quiet_hours(left: timedelta, first: timedelta) -> None:
    assert find_first_reminder_check(NOW, NOW + left) == NOW + first


def test_r9_each_reminder_is_checked_in_turn_and_then_none() -> None:
    ends = NOW + 30 * DAY
    looked = [find_first_reminder_check(NOW, ends)]
    while (last := looked[-1]) is not None:
        looked.append(find_next_reminder_check(last, ends))
    assert [(ends - at) / HOUR for at in looked if at] == [180, 60, 16]
    assert find_first_reminder_check(NOW, NOW - 9 * HOUR) is None


def build_local_schedule(
    ends: str, at: str, made: str = "2026-11-01T12:00", zone: str = "Europe/Paris"
) -> dict[int, str]:
    """Hours before the end → the reminder on the reader's clock, all by that clock."""
    moment = {n: in_zone(text, zone) for n, text in (("made", made), ("ends", ends), ("at", at))}
    found = build_reminder_schedule(moment["made"], moment["ends"], zone, moment["at"])
    local = {b // HOUR: then.astimezone(ZoneInfo(zone)) for b, then in found.items()}
    return {hours: f"{then:%Y-%m-%dT%H:%M}" for hours, then in local.items()}


def in_zone(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("ends", "reminder"),
    [
        ("2026-11-20T15:00", "2026-11-20T11:00"),
        (
            "2026-11-21T00:00",
            "2026-11-20T20:00",
        ),  # a bare date ends at midnight: eight in the evening will do
        ("2026-11-20T10:00", "2026-11-20T08:00"),  # from six moved later
        ("2026-11-20T08:30", "2026-11-20T08:00"),  # half an hour is left
        ("2026-11-20T08:29", "2026-11-19T20:00"),  # later would be too late: the evening before
        ("2026-11-20T03:00", "2026-11-19T20:00"),
    ],
)
def test_r9_the_last_reminder_comes_at_a_decent_hour_before_the_end(ends: str, reminder: str) -> None:
    looked_at = datetime.fromisoformat(ends) - 16 * HOUR
    assert build_local_schedule(ends, looked_at.isoformat())[4] == reminder


def test_r9_the_earlier_reminders_move_to_the_morning() -> None:
    """A quote that ends at three in the night, New York and Paris at the same instant."""
    assert build_local_schedule("2026-11-20T03:00", "2026-11-12T15:00") == {7 * 24: "2026-11-13T08:00"}
    assert build_local_schedule("2026-11-20T03:00", "2026-11-17T15:00")[48] == "2026-11-18T08:00"
    assert build_local_schedule("2026-11-19T21:00", "2026-11-12T15:00", zone="America/New_York") == {
        7 * 24: "2026-11-13T08:00"
    }


def test_r9_a_reminder_across_the_change_of_the_clocks_keeps_its_hour() -> None:
    """Summer time ends in Paris on 25 October 2026, in New York on 1 November."""
    assert (
        build_local_schedule("2026-10-27T03:00", "2026-10-24T17:00", "2026-10-01T12:00")[48]
        == "2026-10-25T08:00"
    )
    new_york = build_local_schedule(
        "2026-11-03T03:00", "2026-10-31T17:00", "2026-10-01T12:00", "America/New_York"
    )
    assert new_york[48] == "2026-11-01T08:00"


def test_r9_pointless_reminders_are_omitted() -> None:
    came = "2026-11-20T09:00"
    assert build_local_schedule("2026-11-20T13:30", came, made=came) == {}, (
        "half an hour after the quote itself"
    )
    assert build_local_schedule("2026-11-20T14:30", came, made=came) == {4: "2026-11-20T10:30"}
    assert build_local_schedule("2026-11-20T14:00", "2026-11-20T13:45") == {}, "its end is upon them"


def test_r9_the_last_of_several_missed_reminders_is_sent_now_or_in_the_morning() -> None:
    """After the job has been away."""
    assert build_local_schedule("2026-11-20T20:00", "2026-11-20T12:00") == {
        48: "2026-11-20T12:00",
        4: "2026-11-20T16:00",
    }
    assert build_local_schedule("2026-11-20T20:00", "2026-11-20T03:00")[48] == "2026-11-20T08:00"
    assert build_local_schedule("2026-11-20T20:00", "2026-11-20T14:59")[48] == "2026-11-20T14:59"
    assert build_local_schedule("2026-11-20T20:00", "2026-11-20T15:00") == {4: "2026-11-20T16:00"}, (
        "an hour ahead of it"
    )
    assert build_local_schedule("2026-11-20T06:00", "2026-11-20T03:00") == {}, "nobody is woken for it"


def test_a_decided_quote_is_not_reminded_of() -> None:
    quote = make_quote(remind_at=NOW)
    quote.change_status(REJECTED, NOW, "Alice Martin")
    assert quote.remind_at is None


@pytest.mark.parametrize(
    ("typed", "stored"), [(None, None), ("", None), ("  \n", None), (" trop cher ", "trop cher")]
)
def test_r8_a_reason_is_optional(typed: str | None, stored: str | None) -> None:
    assert validate_reason(typed) == stored


def test_a_reason_has_a_longest_length() -> None:
    assert validate_reason("x" * MAX_REASON_LENGTH) == "x" * MAX_REASON_LENGTH
    with pytest.raises(ReasonTooLong):
        validate_reason("x" * (MAX_REASON_LENGTH + 1))
