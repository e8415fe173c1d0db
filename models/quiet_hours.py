"""Hours at which people may be written to without their having asked."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# On the reader's clock, both included.
FROM, UNTIL = time(8), time(20)
# No decent hour is farther than this from any instant.
FARTHEST = timedelta(hours=12)
DIGEST = time(9)


def zone_or(name: str | None, other: str) -> str:
    """A person's own zone, where Slack says one that is known here."""
    try:
        return ZoneInfo(name).key if name else other
    except (ZoneInfoNotFoundError, ValueError):
        return other


def decent(at: datetime, zone: ZoneInfo, latest: datetime) -> datetime:
    """`at` itself, or the next decent hour; where that is past `latest`, the last one before."""
    local = at.astimezone(zone)
    if FROM <= local.time() <= UNTIL:
        return at
    later = _next(at, zone, FROM)
    return later if later <= latest else _last(at, zone, UNTIL)


def next_digest(at: datetime, zone: ZoneInfo) -> datetime:
    """The next nine o'clock, however long the day is until then."""
    return _next(at, zone, DIGEST)


def _next(at: datetime, zone: ZoneInfo, hour: time) -> datetime:
    return min(then for then in _around(at, zone, hour) if then > at)


def _last(at: datetime, zone: ZoneInfo, hour: time) -> datetime:
    return max(then for then in _around(at, zone, hour) if then <= at)


def _around(at: datetime, zone: ZoneInfo, hour: time) -> list[datetime]:
    """That hour of the day before, the day and the day after, as instants."""
    today = at.astimezone(zone).date()
    days = [today + timedelta(days=n) for n in (-1, 0, 1)]
    return [datetime.combine(day, hour, zone).astimezone(at.tzinfo) for day in days]
