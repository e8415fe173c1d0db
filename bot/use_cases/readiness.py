"""Whether this process can do its work now, for a load balancer: asked every few seconds."""

import asyncio
from datetime import timedelta

from bot.directory.directory import DirectoryUnavailable
from bot.services import Services
from bot.use_cases.doctor import Finding

# Slack is not asked more often, however often we are; a silence is asked about again soon.
ANSWER_COUNTS = timedelta(seconds=15)
SILENCE_COUNTS = timedelta(seconds=1)


class Readiness:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._asking = asyncio.Lock()
        self._heard: Finding | None = None
        self._until = services.now()

    async def check(self) -> list[Finding]:
        return [await self._database(), await self._slack()]

    async def _database(self) -> Finding:
        try:
            migrated = await self._services.database.migrated()
        except Exception:
            return Finding("database", False, "unreachable")
        return Finding("database", migrated, "up to date" if migrated else "not migrated")

    async def _slack(self) -> Finding:
        """Of those who come at once one asks, and the others are told what it heard."""
        async with self._asking:
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
