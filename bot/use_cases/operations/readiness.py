"""Whether this process can do its work now, for a load balancer: asked every few seconds."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Generic, TypeVar

import structlog

from bot.directory.user_directory import DirectoryUnavailable
from bot.services import Services
from bot.tasks import Tasks
from bot.use_cases.operations.doctor import Finding

log = structlog.get_logger()

Seen = TypeVar("Seen")

# Whoever asks gives up after ten seconds, and then knows nothing at all.
ANSWERS_WITHIN = 2.0

# Slack is not asked more often, however often we are; a silence is asked about again soon.
ANSWER_COUNTS = timedelta(seconds=15)
SILENCE_COUNTS = timedelta(seconds=1)


class Look(Generic[Seen]):
    """One at a time, shared by all who ask meanwhile. What hangs is not ended, since a connection is lost
    with it: whoever comes next waits for the same."""

    def __init__(self, about: str, tasks: Tasks, look: Callable[[], Coroutine[Any, Any, Seen]]) -> None:
        self._about, self._tasks, self._look = about, tasks, look
        self._looking: asyncio.Task[Seen] | None = None

    async def seen(self) -> Seen | None:
        """Nothing where there is no answer in time."""
        looking = self._looking
        if looking is None or looking.done():
            looking = self._looking = self._tasks.follow(self._look(), f"look at {self._about}")
        ended, _ = await asyncio.wait({looking}, timeout=ANSWERS_WITHIN)
        if not ended:
            log.warning("no answer in time", about=self._about)
            return None
        return looking.result()


class Readiness:
    def __init__(self, services: Services) -> None:
        self._services = services
        looks = {"database": self._database, "slack": self._slack}
        self._looks = {about: Look(about, services.tasks, look) for about, look in looks.items()}
        self._heard: Finding | None = None
        self._until = services.now()

    async def check(self) -> list[Finding]:
        found = await asyncio.gather(*(look.seen() for look in self._looks.values()))
        return [
            finding or Finding(about, False, f"no answer within {ANSWERS_WITHIN:g} s")
            for about, finding in zip(self._looks, found, strict=True)
        ]

    async def _database(self) -> Finding:
        try:
            migrated = await self._services.database.migrated()
        except Exception:
            return Finding("database", False, "unreachable")
        return Finding("database", migrated, "up to date" if migrated else "not migrated")

    async def _slack(self) -> Finding:
        if self._heard is None or self._services.now() >= self._until:
            self._heard = await self._ask_slack()
            counts = ANSWER_COUNTS if self._heard.well else SILENCE_COUNTS
            self._until = self._services.now() + counts
        return self._heard

    async def _ask_slack(self) -> Finding:
        try:
            await self._services.directory.reach()
        except DirectoryUnavailable as error:
            return Finding("slack", False, f"does not answer ({error})")
        return Finding("slack", True, "answers")
