"""Quiet hours: when people are not sent messages they did not ask for."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# In the reader's time zone; both times themselves are allowed.
QUIET_HOURS_END, QUIET_HOURS_START = time(8), time(20)
# No allowed time is farther than this from any other time.
MAX_QUIET_HOURS_SHIFT = timedelta(hours=12)
DAILY_DIGEST_TIME = time(9)


def resolve_time_zone(name: str | None, default: str) -> str:
    """The person's time zone if Slack reports a known one."""
    try:
        return ZoneInfo(name).key if name else default
    except (ZoneInfoNotFoundError, ValueError):
        return default


def get_next_allowed_time(at: datetime, zone: ZoneInfo, latest: datetime) -> datetime:
    """`at` itself, or the next allowed time; if that is after `latest`, the last allowed one before it."""
    local = at.astimezone(zone)
    if QUIET_HOURS_END <= local.time() <= QUIET_HOURS_START:
        return at
    later = _get_next_occurrence(at, zone, QUIET_HOURS_END)
    return later if later <= latest else _get_last_occurrence(at, zone, QUIET_HOURS_START)


def get_next_digest_time(at: datetime, zone: ZoneInfo) -> datetime:
    return _get_next_occurrence(at, zone, DAILY_DIGEST_TIME)


def _get_next_occurrence(at: datetime, zone: ZoneInfo, hour: time) -> datetime:
    return min(then for then in _list_occurrences(at, zone, hour) if then > at)


def _get_last_occurrence(at: datetime, zone: ZoneInfo, hour: time) -> datetime:
    return max(then for then in _list_occurrences(at, zone, hour) if then <= at)


def _list_occurrences(at: datetime, zone: ZoneInfo, hour: time) -> list[datetime]:
    today = at.astimezone(zone).date()
    days = [today + timedelta(days=n) for n in (-1, 0, 1)]
    return [datetime.combine(day, hour, zone).astimezone(at.tzinfo) for day in days]
