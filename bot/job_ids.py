"""The ids of the scheduler's jobs, as `feature.verb`: the same in audit entries, logs, metrics and docs."""

from enum import StrEnum

from models.audit.entry import Actor


class JobId(StrEnum):
    PROCESS_ORDERS = "service_order.process"
    MARK_ORDERS_OVERDUE = "service_order.mark_overdue"
    REMIND_CUSTOMERS = "service_order.remind_customer"
    FOLLOW_INVOICES = "invoice.follow"
    REFRESH_ACCOUNTS = "account.refresh"
    EXPIRE_QUOTES = "quote.expire"
    REMIND_OF_QUOTES = "quote.remind"
    DELIVER_NOTICES = "notice.deliver"
    PUBLISH_HOMES = "home.publish"
    UPDATE_ORDER_SCREENS = "order_screen.update"
    EXPIRE_PERSONAL_DATA = "personal_data.expire"


def build_job_actor(job_id: JobId) -> Actor:
    return Actor("scheduler", "seatbot", job_id.value)
