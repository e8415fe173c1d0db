"""When people may be written to."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.notice.quiet_hours import (
    MAX_QUIET_HOURS_SHIFT,
    QUIET_HOURS_END,
    QUIET_HOURS_START,
    get_next_allowed_time,
    get_next_digest_time,
    resolve_time_zone,
)

ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "UTC",
)
HOUR = timedelta(hours=1)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


@given(instants, st.sampled_from(ZONES))
def test_a_decent_hour_is_decent_and_never_far(at: datetime, name: str) -> None:
    """A day of 25 hours may bring it an hour farther."""
    zone = ZoneInfo(name)
    for latest in (at + timedelta(days=2), at):
        then = get_next_allowed_time(at, zone, latest)
        assert QUIET_HOURS_END <= then.astimezone(zone).time() <= QUIET_HOURS_START
        assert then <= latest
        assert abs(then - at) <= MAX_QUIET_HOURS_SHIFT + HOUR


@given(instants, st.sampled_from(ZONES))
def test_the_next_digest_is_at_nine_within_a_day_across_clock_changes(at: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    then = get_next_digest_time(at, zone)
    assert then.astimezone(zone).strftime("%H:%M") == "09:00"
    assert timedelta(0) < then - at <= timedelta(hours=25)
    assert get_next_digest_time(then - timedelta(seconds=1), zone) == then, "and none is left out before it"


@pytest.mark.parametrize(
    ("at", "then"),
    [
        ("2026-10-24T08:59", "2026-10-24T07:00"),
        ("2026-10-24T09:00", "2026-10-25T08:00"),  # 25 hours later
        ("2027-03-27T09:00", "2027-03-28T07:00"),  # 23 hours later
    ],
)
def test_across_the_change_of_the_clocks_it_stays_nine(at: str, then: str) -> None:
    paris = ZoneInfo("Europe/Paris")
    local = datetime.fromisoformat(at).replace(tzinfo=paris).astimezone(UTC)
    assert get_next_digest_time(local, paris) == datetime.fromisoformat(then).replace(tzinfo=UTC)


def test_an_unknown_time_zone_falls_back_to_the_accounts() -> None:
    assert resolve_time_zone("Mars/Olympus", "Europe/Paris") == "Europe/Paris"
    assert resolve_time_zone(None, "Europe/Paris") == "Europe/Paris"
    assert resolve_time_zone("America/New_York", "Europe/Paris") == "America/New_York"
