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

from bot.db import Session

AdapterT = TypeVar("AdapterT")

# An ack has three seconds, a screen as well.
DURATION_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10)

ACK_DURATION_SECONDS = Histogram(
    "seatbot_ack_seconds", "From a request to its ack", ["kind"], buckets=DURATION_BUCKETS_SECONDS
)
SCREEN_DURATION_SECONDS = Histogram(
    "seatbot_screen_seconds",
    "From a request to its screen in Slack",
    ["kind"],
    buckets=DURATION_BUCKETS_SECONDS,
)
REQUESTS_REJECTED_TOTAL = Counter(
    "seatbot_turned_away", "Requests that are not Slack's, or malformed", ["why"]
)
ERRORS_TOTAL = Counter("seatbot_faults", "Failures of ours, each with a reference in the log", ["where"])
CALL_DURATION_SECONDS = Histogram(
    "seatbot_call_seconds",
    "Calls that leave the process",
    ["to", "operation"],
    buckets=DURATION_BUCKETS_SECONDS,
)
CALL_ERRORS_TOTAL = Counter("seatbot_call_errors", "Calls that failed", ["to", "operation", "error"])
ORDERS_TOTAL = Counter("seatbot_orders", "Service orders that came to a status", ["status"])
CHARGES_TOTAL = Counter("seatbot_charges", "The provider's answers to a charge", ["outcome"])
NOTICES_TOTAL = Counter("seatbot_notices", "Attempts to deliver a notice", ["outcome"])
RETRIES_TOTAL = Counter("seatbot_retries", "What had to be tried again", ["of"])
JOB_DURATION_SECONDS = Histogram(
    "seatbot_job_seconds", "Runs of a job", ["job"], buckets=DURATION_BUCKETS_SECONDS
)
JOB_ITEMS_TOTAL = Counter("seatbot_job_done", "What jobs worked off", ["job"])
JOB_FAILURES_TOTAL = Counter("seatbot_job_failures", "Runs of a job that failed", ["job"])
JOB_LAST_SUCCESS_TIMESTAMP_SECONDS = Gauge(
    "seatbot_job_last_success_timestamp_seconds",
    "When a job last ended well, or got on with its work",
    ["job"],
)

# What alerts ask for is there from the start: the first sample of a series is no increase.
for _counter, _labels in {
    REQUESTS_REJECTED_TOTAL: ("unsigned", "malformed", "too large", "event"),
    SCREEN_DURATION_SECONDS: ("command", "show"),
    ERRORS_TOTAL: ("request",),
    CHARGES_TOTAL: ("Unknown",),
    RETRIES_TOTAL: ("notice", "charge", "event"),
}.items():
    for _label in _labels:
        _counter.labels(_label)

# Read when they are asked for.
DATABASE_UP = Gauge("seatbot_database_up", "Whether the database answered this scrape")
OPEN_ORDERS = Gauge("seatbot_orders_open", "Service orders that are not finished", ["status"])
OLDEST_ORDER_AGE_SECONDS = Gauge(
    "seatbot_order_oldest_seconds", "Age of the oldest order that is not finished"
)
WAITING_NOTICES = Gauge("seatbot_notices_waiting", "Notices that wait, up to 10,001")
OLDEST_NOTICE_AGE_SECONDS = Gauge(
    "seatbot_notice_oldest_seconds", "How long the oldest notice that may go out has waited"
)
BACKGROUND_TASKS = Gauge("seatbot_tasks", "Background tasks that run")
SOCKET_LAST_EVENT_AGE_SECONDS = Gauge(
    "seatbot_socket_silence_seconds", "Since something was last heard over Socket Mode"
)


# The job that this task works for, where it works for one.
current_job: ContextVar[str | None] = ContextVar("current_job", default=None)


def record_job_progress(count: int) -> None:
    """So many things more are worked off: a run may last for as long as there is work, and is well."""
    job = current_job.get()
    if job is not None:
        JOB_ITEMS_TOTAL.labels(job).inc(count)
        JOB_LAST_SUCCESS_TIMESTAMP_SECONDS.labels(job).set_to_current_time()


@contextmanager
def record_call(
    service: str,
    operation: str,
    get_error_label: Callable[[Exception], str] = lambda error: type(error).__name__,
) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    except Exception as error:
        CALL_ERRORS_TOTAL.labels(service, operation, get_error_label(error)).inc()
        raise
    finally:
        CALL_DURATION_SECONDS.labels(service, operation).observe(time.monotonic() - started)


def instrument_adapter(service: str, *errors: type[Exception]) -> Callable[[type[AdapterT]], type[AdapterT]]:
    """A port's adapter, each of whose own coroutine methods is timed, and counted where it raises; `errors`
    are those that are there to be counted from the start."""

    def instrument_class(adapter: type[AdapterT]) -> type[AdapterT]:
        for name, method in [*vars(adapter).items()]:
            if inspect.iscoroutinefunction(method) and not name.startswith("_"):
                setattr(adapter, name, _wrap_method(service, name, method))
                for error in errors:
                    CALL_ERRORS_TOTAL.labels(service, name, error.__name__)
        return adapter

    return instrument_class


def _wrap_method(service: str, operation: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    async def record_method_call(*args: Any, **kwargs: Any) -> Any:
        with record_call(service, operation):
            return await method(*args, **kwargs)

    return record_method_call


def count_on_commit(session: Session, counter: Counter) -> None:
    """Count once the transaction is committed; not at all where it is not."""
    event.listen(session.sync_session, "after_commit", lambda _: counter.inc(), once=True)
