"""Whether this process can do its work now, for a load balancer: asked every few seconds."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Generic, TypeVar

import structlog

from bot.directory.user_directory import DirectoryUnavailable
from bot.services import Services
from bot.use_cases.operations.doctor import CheckResult

log = structlog.get_logger()

Seen = TypeVar("Seen")

# Slack is not asked more often, however often we are; a silence is asked about again soon.
SUCCESS_CACHE_TTL = timedelta(seconds=15)
FAILURE_CACHE_TTL = timedelta(seconds=1)


class SingleFlight(Generic[Seen]):
    """One at a time, shared by all who ask meanwhile. What hangs is not ended, since a connection is lost
    with it: whoever comes next waits for the same."""

    def __init__(self, name: str, services: Services, call: Callable[[], Coroutine[Any, Any, Seen]]) -> None:
        self._name, self._services, self._call = name, services, call
        self._running_task: asyncio.Task[Seen] | None = None

    async def wait_for_result(self) -> Seen | None:
        """Nothing where there is no answer in time."""
        looking = self._running_task
        if looking is None or looking.done():
            looking = self._running_task = self._services.tasks.start_unbounded(
                self._call(), f"look at {self._name}"
            )
        ended, _ = await asyncio.wait({looking}, timeout=self._services.timeouts.check_seconds)
        if not ended:
            log.warning("check.timed_out", check=self._name)
            return None
        return looking.result()


class Readiness:
    def __init__(self, services: Services) -> None:
        self._services = services
        looks = {"database": self._check_database, "slack": self._check_slack}
        self._checks = {about: SingleFlight(about, services, look) for about, look in looks.items()}
        self._slack_result: CheckResult | None = None
        self._slack_result_expires_at = services.now()

    async def run_checks(self) -> list[CheckResult]:
        found = await asyncio.gather(*(look.wait_for_result() for look in self._checks.values()))
        return [
            finding
            or CheckResult(about, False, f"no answer within {self._services.timeouts.check_seconds:g} s")
            for about, finding in zip(self._checks, found, strict=True)
        ]

    async def _check_database(self) -> CheckResult:
        try:
            migrated = await self._services.database.is_migrated()
        except Exception:
            return CheckResult("database", False, "unreachable")
        return CheckResult("database", migrated, "up to date" if migrated else "not migrated")

    async def _check_slack(self) -> CheckResult:
        if self._slack_result is None or self._services.now() >= self._slack_result_expires_at:
            self._slack_result = await self._call_slack()
            counts = SUCCESS_CACHE_TTL if self._slack_result.passed else FAILURE_CACHE_TTL
            self._slack_result_expires_at = self._services.now() + counts
        return self._slack_result

    async def _call_slack(self) -> CheckResult:
        try:
            await self._services.directory.check_connection()
        except DirectoryUnavailable as error:
            return CheckResult("slack", False, f"does not answer ({error})")
        return CheckResult("slack", True, "answers")
