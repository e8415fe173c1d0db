"""Whether this process can do its work now, for a load balancer: asked every few seconds."""

from datetime import datetime, timedelta

from bot.directory.directory import DirectoryUnavailable
from bot.services import Services
from bot.use_cases.doctor import Finding

# Slack is not asked more often, however often we are.
SLACK_ANSWER_COUNTS = timedelta(seconds=15)


class Readiness:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._slack_answered: datetime | None = None

    async def check(self) -> list[Finding]:
        return [await self._database(), await self._slack()]

    async def _database(self) -> Finding:
        try:
            migrated = await self._services.database.migrated()
        except Exception:
            return Finding("database", False, "unreachable")
        return Finding("database", migrated, "up to date" if migrated else "not migrated")

    async def _slack(self) -> Finding:
        at = self._services.now()
        if self._slack_answered is None or at - self._slack_answered >= SLACK_ANSWER_COUNTS:
            try:
                await self._services.directory.reach()
            except DirectoryUnavailable as error:
                return Finding("slack", False, f"does not answer ({error})")
            self._slack_answered = at
        return Finding("slack", True, "answers")
