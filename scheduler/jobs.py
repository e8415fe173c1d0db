"""The jobs: id → use case, when it is due next, and what wakes it. What is due is read from the database, so
that a missed wake-up, a restart or a second process changes nothing."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.dependencies import Dependencies
from bot.job_ids import JobId
from bot.use_cases.billing_webhook import find_next_refresh_time, refresh_due_accounts
from bot.use_cases.delivery.next_time import find_next_delivery_time
from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.home.publish import find_next_publish_time, publish_due_homes
from bot.use_cases.invoice.follow import find_next_check_time, follow_due_invoices
from bot.use_cases.order_screen import find_next_screen_time, update_due_screens
from bot.use_cases.personal_data.expire import expire_personal_data, find_next_expiry_run
from bot.use_cases.quote.expiry import (
    enqueue_quote_reminders,
    expire_quotes,
    find_next_expiry_time,
    find_next_reminder_time,
)
from bot.use_cases.service_order.process import find_next_line_time, process_due_orders
from bot.use_cases.service_order.reminders import (
    find_next_customer_reminder_time,
    find_next_overdue_time,
    mark_overdue_orders,
    remind_customers,
)

# Returns how many items it processed.
JobFunction = Callable[[Dependencies], Coroutine[Any, Any, int]]
# When there will be something to do: in the past if there is now, None if nothing is stored.
NextTimeFunction = Callable[[Dependencies], Coroutine[Any, Any, datetime | None]]


@dataclass(frozen=True)
class Job:
    """`tables` hold its work: one that is written wakes it. The interval is for wake-ups that were lost."""

    run: JobFunction
    find_next_time: NextTimeFunction
    interval_seconds: float
    tables: frozenset[str] = frozenset()


JOBS: Mapping[str, Job] = {
    JobId.PROCESS_ORDERS: Job(process_due_orders, find_next_line_time, 30, frozenset({"order_line"})),
    JobId.MARK_ORDERS_OVERDUE: Job(mark_overdue_orders, find_next_overdue_time, 60),
    JobId.REMIND_CUSTOMERS: Job(remind_customers, find_next_customer_reminder_time, 60),
    JobId.FOLLOW_INVOICES: Job(follow_due_invoices, find_next_check_time, 60, frozenset({"invoice"})),
    JobId.REFRESH_ACCOUNTS: Job(refresh_due_accounts, find_next_refresh_time, 30, frozenset({"account"})),
    JobId.EXPIRE_QUOTES: Job(expire_quotes, find_next_expiry_time, 60),
    JobId.REMIND_OF_QUOTES: Job(enqueue_quote_reminders, find_next_reminder_time, 60),
    JobId.DELIVER_NOTICES: Job(deliver_due_notices, find_next_delivery_time, 30, frozenset({"notice"})),
    JobId.PUBLISH_HOMES: Job(
        publish_due_homes, find_next_publish_time, 30, frozenset({"account_change", "home"})
    ),
    JobId.UPDATE_ORDER_SCREENS: Job(
        update_due_screens, find_next_screen_time, 60, frozenset({"order_screen"})
    ),
    JobId.EXPIRE_PERSONAL_DATA: Job(expire_personal_data, find_next_expiry_run, 60),
}
