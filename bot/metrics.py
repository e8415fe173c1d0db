"""What `/metrics` exports; docs/operate.md explains each metric."""

import functools
import inspect
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import event

from bot.db import Session
from bot.version import VERSION
from models.notice.destination import DestinationKind

AdapterT = TypeVar("AdapterT")

# Slack allows three seconds for an ack, and for a view.
DURATION_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10)

BUILD_INFO = Gauge("seatbot_build_info", "Always 1; the version that runs", ["version"])
BUILD_INFO.labels(VERSION).set(1)

ACK_DURATION_SECONDS = Histogram(
    "seatbot_ack_duration_seconds",
    "From a request to its acknowledgement",
    ["kind"],
    buckets=DURATION_BUCKETS_SECONDS,
)
VIEW_DURATION_SECONDS = Histogram(
    "seatbot_view_duration_seconds",
    "From a request to its view in Slack",
    ["kind"],
    buckets=DURATION_BUCKETS_SECONDS,
)
REQUESTS_REJECTED_TOTAL = Counter(
    "seatbot_requests_rejected_total", "Requests that were malformed, or not signed", ["reason"]
)
ERRORS_TOTAL = Counter("seatbot_errors_total", "Failures that a person was shown", ["handler"])
CALL_DURATION_SECONDS = Histogram(
    "seatbot_call_duration_seconds",
    "Calls to another service",
    ["service", "operation"],
    buckets=DURATION_BUCKETS_SECONDS,
)
CALL_ERRORS_TOTAL = Counter(
    "seatbot_call_errors_total", "Calls to another service that failed", ["service", "operation", "error"]
)
ORDERS_TOTAL = Counter("seatbot_orders_total", "Service orders that reached a status", ["status"])
CHARGES_TOTAL = Counter("seatbot_charges_total", "The provider's answers to charges", ["outcome"])
NOTICES_TOTAL = Counter("seatbot_notices_total", "Attempts to deliver a notice", ["outcome"])
UNDELIVERABLE_NOTICES_TOTAL = Counter(
    "seatbot_undeliverable_notices_total",
    "Notices that were given up at their destination",
    ["destination", "reason"],
)
RETRIES_TOTAL = Counter("seatbot_retries_total", "What failed and is tried again", ["kind"])
JOB_DURATION_SECONDS = Histogram(
    "seatbot_job_duration_seconds", "Runs of a job", ["job"], buckets=DURATION_BUCKETS_SECONDS
)
JOB_ITEMS_TOTAL = Counter("seatbot_job_items_total", "Items that a job worked through", ["job"])
JOB_FAILURES_TOTAL = Counter("seatbot_job_failures_total", "Runs of a job that failed", ["job"])
JOB_LAST_SUCCESS_TIMESTAMP_SECONDS = Gauge(
    "seatbot_job_last_success_timestamp_seconds",
    "When a job last succeeded, or made progress",
    ["job"],
)

# Alerts see an increase only between two samples, so what they query is exported as 0 from the start.
for _metric, _label_values in {
    REQUESTS_REJECTED_TOTAL: (
        "unsigned",
        "malformed",
        "too_large",
        "incomplete",
        "too_many_connections",
        "small_chunks",
        "unsigned_event",
        "unsupported_event",
    ),
    VIEW_DURATION_SECONDS: ("command", "show"),
    ERRORS_TOTAL: ("request",),
    CHARGES_TOTAL: ("unknown",),
    RETRIES_TOTAL: ("notice", "charge", "event"),
}.items():
    for _label_value in _label_values:
        _metric.labels(_label_value)

for _destination in DestinationKind:
    for _reason in ("unreachable", "rejected", "refused", "unavailable", "failed"):
        UNDELIVERABLE_NOTICES_TOTAL.labels(_destination.value, _reason)

# Set at each scrape.
DATABASE_UP = Gauge("seatbot_database_up", "Whether the database answered this scrape")
DATABASE_WRITABLE = Gauge("seatbot_database_writable", "Whether the database took writes at this scrape")
OPEN_ORDERS = Gauge("seatbot_open_orders", "Service orders that are not finished", ["status"])
OLDEST_ORDER_AGE_SECONDS = Gauge(
    "seatbot_oldest_order_age_seconds", "Age of the oldest order that is not finished"
)
WAITING_NOTICES = Gauge("seatbot_waiting_notices", "Notices that wait, counted up to 10,001")
OLDEST_NOTICE_AGE_SECONDS = Gauge(
    "seatbot_oldest_notice_age_seconds", "How long the oldest notice that is due has waited"
)
CLOCK_AHEAD_SECONDS = Gauge(
    "seatbot_clock_ahead_seconds", "How far the bot's clock is ahead of the wall clock, which stepped back"
)
BACKGROUND_TASKS = Gauge("seatbot_background_tasks", "Background tasks that are running")
SOCKET_LAST_EVENT_AGE_SECONDS = Gauge(
    "seatbot_socket_last_event_age_seconds", "Since something was last received over Socket Mode"
)


# The job in which the current task runs, if any.
current_job: ContextVar[str | None] = ContextVar("current_job", default=None)


def record_job_progress(item_count: int) -> None:
    # A run lasts as long as there is work, so progress counts as success before it ends.
    job = current_job.get()
    if job is not None:
        JOB_ITEMS_TOTAL.labels(job).inc(item_count)
        JOB_LAST_SUCCESS_TIMESTAMP_SECONDS.labels(job).set_to_current_time()


def get_error_label(error: Exception) -> str:
    return to_snake_case(type(error).__name__)


def to_snake_case(class_name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", class_name).lower()


@contextmanager
def record_call(
    service: str, operation: str, get_label: Callable[[Exception], str] = get_error_label
) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    except Exception as error:
        CALL_ERRORS_TOTAL.labels(service, operation, get_label(error)).inc()
        raise
    finally:
        CALL_DURATION_SECONDS.labels(service, operation).observe(time.monotonic() - started)


def instrument_adapter(service: str, *errors: type[Exception]) -> Callable[[type[AdapterT]], type[AdapterT]]:
    """Times each public coroutine method that the class itself defines, and counts what it raises. `errors`
    are exported as 0 from the start."""

    def instrument_class(adapter: type[AdapterT]) -> type[AdapterT]:
        for name, method in [*vars(adapter).items()]:
            if inspect.iscoroutinefunction(method) and not name.startswith("_"):
                setattr(adapter, name, _wrap_method(service, name, method))
                for error in errors:
                    CALL_ERRORS_TOTAL.labels(service, name, to_snake_case(error.__name__))
        return adapter

    return instrument_class


def _wrap_method(service: str, operation: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    async def record_method_call(*args: Any, **kwargs: Any) -> Any:
        with record_call(service, operation):
            return await method(*args, **kwargs)

    return record_method_call


def count_on_commit(session: Session, counter: Counter) -> None:
    event.listen(session.sync_session, "after_commit", lambda _: counter.inc(), once=True)
