"""What is counted and timed for `/metrics`; `docs/operate.md` says what each of them means."""

import functools
import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import event
from sqlmodel.ext.asyncio.session import AsyncSession

Port = TypeVar("Port")

# An ack has three seconds, a screen as well.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10)

ACKS = Histogram("seatbot_ack_seconds", "From a request to its ack", ["kind"], buckets=SECONDS)
SCREENS = Histogram(
    "seatbot_screen_seconds", "From a request to its screen in Slack", ["kind"], buckets=SECONDS
)
TURNED_AWAY = Counter("seatbot_turned_away", "Requests that are not Slack's, or malformed", ["why"])
FAULTS = Counter("seatbot_faults", "Failures of ours, each with a reference in the log", ["where"])
CALLS = Histogram(
    "seatbot_call_seconds", "Calls that leave the process", ["to", "operation"], buckets=SECONDS
)
CALL_ERRORS = Counter("seatbot_call_errors", "Calls that failed", ["to", "operation", "error"])
ORDERS = Counter("seatbot_orders", "Service orders that came to a status", ["status"])
CHARGES = Counter("seatbot_charges", "The provider's answers to a charge", ["outcome"])
NOTICES = Counter("seatbot_notices", "Attempts to deliver a notice", ["outcome"])
RETRIES = Counter("seatbot_retries", "What had to be tried again", ["of"])
JOBS = Histogram("seatbot_job_seconds", "Runs of a job", ["job"], buckets=SECONDS)
JOBS_DONE = Counter("seatbot_job_done", "What jobs worked off", ["job"])
JOB_FAILURES = Counter("seatbot_job_failures", "Runs of a job that failed", ["job"])
JOB_WELL = Gauge(
    "seatbot_job_last_success_timestamp_seconds",
    "When a job last ended well, or got on with its work",
    ["job"],
)

# What alerts ask for is there from the start: the first sample of a series is no increase.
for _counter, _labels in {
    TURNED_AWAY: ("unsigned", "malformed", "too large", "event"),
    SCREENS: ("command", "show"),
    FAULTS: ("request",),
    CHARGES: ("Unknown",),
    RETRIES: ("notice", "charge", "event"),
}.items():
    for _label in _labels:
        _counter.labels(_label)

# Read when they are asked for.
DATABASE_UP = Gauge("seatbot_database_up", "Whether the database answered this scrape")
OPEN_ORDERS = Gauge("seatbot_orders_open", "Service orders that are not finished", ["status"])
OLDEST_ORDER = Gauge("seatbot_order_oldest_seconds", "Age of the oldest order that is not finished")
WAITING_NOTICES = Gauge("seatbot_notices_waiting", "Notices that wait, up to 10,001")
OLDEST_NOTICE = Gauge(
    "seatbot_notice_oldest_seconds", "How long the oldest notice that may go out has waited"
)
TASKS = Gauge("seatbot_tasks", "Background tasks that run")
SOCKET_SILENCE = Gauge("seatbot_socket_silence_seconds", "Since something was last heard over Socket Mode")


# The job that this task works for, where it works for one.
working_for: ContextVar[str | None] = ContextVar("working_for", default=None)


def got_on(done: int) -> None:
    """So many things more are worked off: a run may last for as long as there is work, and is well."""
    job = working_for.get()
    if job is not None:
        JOBS_DONE.labels(job).inc(done)
        JOB_WELL.labels(job).set_to_current_time()


@contextmanager
def timed_call(
    to: str, operation: str, name: Callable[[Exception], str] = lambda error: type(error).__name__
) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    except Exception as error:
        CALL_ERRORS.labels(to, operation, name(error)).inc()
        raise
    finally:
        CALLS.labels(to, operation).observe(time.monotonic() - started)


def measured(to: str, *errors: type[Exception]) -> Callable[[type[Port]], type[Port]]:
    """A port's adapter, each of whose own coroutine methods is timed, and counted where it raises; `errors`
    are those that are there to be counted from the start."""

    def measure(adapter: type[Port]) -> type[Port]:
        for name, method in [*vars(adapter).items()]:
            if inspect.iscoroutinefunction(method) and not name.startswith("_"):
                setattr(adapter, name, _timed(to, name, method))
                for error in errors:
                    CALL_ERRORS.labels(to, name, error.__name__)
        return adapter

    return measure


def _timed(to: str, operation: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    async def timed(*args: Any, **kwargs: Any) -> Any:
        with timed_call(to, operation):
            return await method(*args, **kwargs)

    return timed


def count_when_stored(session: AsyncSession, counter: Counter) -> None:
    """Count once the transaction is committed; not at all where it is not."""
    event.listen(session.sync_session, "after_commit", lambda _: counter.inc(), once=True)
