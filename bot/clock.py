"""The clock that the bot computes with: the wall clock, without its steps backwards."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

log = structlog.get_logger()

# While it is ahead of the wall clock, it runs at this part of its speed, until that has caught up.
CATCH_UP_SPEED = 0.5
# A larger step backwards corrects a date that was wrong: it is followed.
MAX_SECONDS_AHEAD = timedelta(days=1).total_seconds()
# Smaller differences between the clocks are not worth a line in the log.
MIN_REPORTED_SECONDS = 5.0


class SteadyClock:
    """Never runs backwards and never stands still. Leases, rate limits and due times are stored as instants:
    if time ran backwards by an hour, everything stored before would rest for that hour. A step forward is
    followed at once: what was due in between is due now."""

    def __init__(
        self,
        wall_clock: Callable[[], float] = time.time,
        monotonic_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall_clock, self._monotonic_clock = wall_clock, monotonic_clock
        self._wall, self._monotonic = wall_clock(), monotonic_clock()
        self._seconds_ahead = 0.0

    def __call__(self) -> datetime:
        wall, monotonic = self._wall_clock(), self._monotonic_clock()
        elapsed = monotonic - self._monotonic
        step = wall - self._wall - elapsed
        self._wall, self._monotonic = wall, monotonic
        if abs(step) >= MIN_REPORTED_SECONDS:
            log.warning("clock.stepped", seconds=round(step))
        self._set_seconds_ahead(self._seconds_ahead - step - elapsed * CATCH_UP_SPEED)
        return datetime.fromtimestamp(wall + self._seconds_ahead, UTC)

    @property
    def seconds_ahead(self) -> float:
        """How far it is ahead of the wall clock."""
        return self._seconds_ahead

    def catch_up(self, latest: datetime) -> None:
        """Continues after `latest`, a time in the past, even if the wall clock has stepped back since."""
        self._set_seconds_ahead(max(self._seconds_ahead, latest.timestamp() - self._wall_clock()))
        if self._seconds_ahead >= MIN_REPORTED_SECONDS:
            log.warning("clock.ahead", seconds=round(self._seconds_ahead))

    def _set_seconds_ahead(self, seconds: float) -> None:
        self._seconds_ahead = seconds if 0 < seconds <= MAX_SECONDS_AHEAD else 0.0
