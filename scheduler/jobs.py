"""The jobs: id → use case and interval. What is due is read from the database, so that a missed tick, a
restart or a second process changes nothing."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from bot.jobs import JobId
from bot.services import Services
from bot.use_cases.billing_webhook import refresh_due_accounts
from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.home.publish import publish_due_homes
from bot.use_cases.quote.expiry import enqueue_quote_reminders, expire_quotes
from bot.use_cases.service_order.deadlines import announce_overdue_orders, remind_customers
from bot.use_cases.service_order.process import process_due_orders

# Returns how many items it processed.
JobFunction = Callable[[Services], Coroutine[Any, Any, int]]


@dataclass(frozen=True)
class Job:
    run: JobFunction
    interval_seconds: float


JOBS: Mapping[str, Job] = {
    JobId.PROCESS_ORDERS: Job(process_due_orders, 2),
    JobId.MARK_ORDERS_OVERDUE: Job(announce_overdue_orders, 30),
    JobId.REMIND_CUSTOMERS: Job(remind_customers, 60),
    JobId.REFRESH_ACCOUNTS: Job(refresh_due_accounts, 5),
    JobId.EXPIRE_QUOTES: Job(expire_quotes, 15),
    JobId.REMIND_OF_QUOTES: Job(enqueue_quote_reminders, 60),
    JobId.DELIVER_NOTICES: Job(deliver_due_notices, 0.5),
    JobId.PUBLISH_HOMES: Job(publish_due_homes, 0.25),
}
