"""Whether this process can do its work now. Load balancers ask every few seconds."""

import asyncio
from datetime import timedelta

from bot.db import DATABASE_UNAVAILABLE_ERRORS, get_database_error_kind
from bot.dependencies import Dependencies
from bot.directory.user_directory import DirectoryUnavailable
from bot.use_cases.operations.check_result import CheckResult
from bot.use_cases.operations.single_flight import SingleFlight
from models.migrations.run import UnsupportedSchema

# Bounds how often Slack is called, however often readiness is queried.
SUCCESS_CACHE_TTL = timedelta(seconds=15)
FAILURE_CACHE_TTL = timedelta(seconds=1)


class Readiness:
    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        checks = {"database": self._check_database, "slack": self._check_slack}
        self._checks = {name: SingleFlight(name, dependencies, check) for name, check in checks.items()}
        self._slack_result: CheckResult | None = None
        self._slack_result_expires_at = dependencies.now()

    async def run_checks(self) -> list[CheckResult]:
        results = await asyncio.gather(*(check.wait_for_result() for check in self._checks.values()))
        return [
            result
            or CheckResult(name, False, f"no answer within {self._dependencies.timeouts.check_seconds:g} s")
            for name, result in zip(self._checks, results, strict=True)
        ]

    async def _check_database(self) -> CheckResult:
        try:
            migrated = await self._dependencies.database.is_migrated()
        except UnsupportedSchema:
            return CheckResult("database", False, "migrated by another version")
        except Exception as error:
            kind = get_database_error_kind(error)
            return CheckResult("database", False, f"unreachable ({kind})" if kind else "unreachable")
        if not migrated:
            return CheckResult("database", False, "not migrated")
        return await self._check_writable()

    async def _check_writable(self) -> CheckResult:
        try:
            await self._dependencies.database.check_writable()
        except DATABASE_UNAVAILABLE_ERRORS as error:
            return CheckResult(
                "database", False, f"is not writable ({get_database_error_kind(error) or 'unreachable'})"
            )
        return CheckResult("database", True, "up to date")

    async def _check_slack(self) -> CheckResult:
        if self._slack_result is None or self._dependencies.now() >= self._slack_result_expires_at:
            self._slack_result = await self._call_slack()
            lifetime = SUCCESS_CACHE_TTL if self._slack_result.passed else FAILURE_CACHE_TTL
            self._slack_result_expires_at = self._dependencies.now() + lifetime
        return self._slack_result

    async def _call_slack(self) -> CheckResult:
        try:
            await self._dependencies.directory.check_connection()
        except DirectoryUnavailable as error:
            return CheckResult("slack", False, f"does not answer ({error})")
        return CheckResult("slack", True, "answers")
