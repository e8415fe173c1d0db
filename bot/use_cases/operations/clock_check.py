"""The check of `doctor` that compares this machine's clock with those of others."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from bot.billing.gateway import BillingUnavailable
from bot.dependencies import Dependencies
from bot.directory.user_directory import DirectoryUnavailable
from bot.use_cases.operations.check_result import CheckResult
from bot.use_cases.operations.recorded_time import find_latest_recorded_time

# Slack and Stripe accept signatures of five minutes.
MAX_DIFFERENCE = timedelta(minutes=1)

ServerClock = Callable[[], Awaitable[datetime | None]]


async def check_clock(dependencies: Dependencies, wall_clock: Callable[[], datetime]) -> CheckResult:
    clocks: dict[str, ServerClock] = {
        "Slack": dependencies.directory.fetch_server_time,
        "Stripe": dependencies.billing.fetch_server_time,
        "the database": dependencies.database.fetch_server_time,
    }
    ahead = await _find_recorded_lead(dependencies, wall_clock)
    if ahead > MAX_DIFFERENCE:
        message = f"something was recorded {round(ahead.total_seconds()):,} s from now"
        return CheckResult(
            "clock", False, f"{message}: this machine's clock was set back, or a replica's is ahead"
        )
    differences: dict[str, timedelta] = {}
    for name, fetch_time in clocks.items():
        try:
            time = await fetch_time()
        except (DirectoryUnavailable, BillingUnavailable, SQLAlchemyError):
            # Other checks say that it does not answer.
            continue
        if time is not None:
            differences[name] = wall_clock() - time
    if not differences:
        return CheckResult("clock", None, "no other clock answers, so this machine's was compared with none")
    shown = ", ".join(f"{_format_difference(by)} {name}'s" for name, by in differences.items())
    if any(abs(difference) > MAX_DIFFERENCE for difference in differences.values()):
        message = f"this machine's clock is {shown}: set up time synchronisation (NTP)"
        return CheckResult("clock", False, f"{message}; Slack's requests are refused from five minutes on")
    return CheckResult("clock", True, f"this machine's is {shown}")


async def _find_recorded_lead(dependencies: Dependencies, wall_clock: Callable[[], datetime]) -> timedelta:
    try:
        latest = await find_latest_recorded_time(dependencies)
    except SQLAlchemyError:
        return timedelta()
    return latest - wall_clock() if latest is not None else timedelta()


def _format_difference(difference: timedelta) -> str:
    seconds = round(difference.total_seconds())
    if not seconds:
        return "the same as"
    return f"{abs(seconds):,} s {'ahead of' if seconds > 0 else 'behind'}"
