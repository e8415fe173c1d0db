"""Which notices a person gets by direct message, and when."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlmodel import JSON, Field, SQLModel

from models.notice import Notice, NoticeKind
from models.notice.payloads import QuoteReminderPayload, is_requested, parse_payload


class NotificationTopic(StrEnum):
    """What can be turned off. Requests for action and emailed receipts cannot."""

    ORDERS = "orders"
    RECEIPTS = "receipts"
    DECISIONS = "decisions"
    REMINDERS = "reminders"


TOPIC_BY_NOTICE_KIND = {
    NoticeKind.ORDER_PLACED: NotificationTopic.ORDERS,
    NoticeKind.ORDER_QUEUED: NotificationTopic.ORDERS,
    NoticeKind.RECEIPT: NotificationTopic.RECEIPTS,
    NoticeKind.INVOICE_PAID: NotificationTopic.RECEIPTS,
    NoticeKind.INVOICE_CANCELLED: NotificationTopic.RECEIPTS,
    NoticeKind.QUOTE_DECIDED: NotificationTopic.DECISIONS,
    NoticeKind.QUOTE_REMINDER: NotificationTopic.REMINDERS,
}
# The last reminder of a quote is the last chance to decide: it cannot be turned off.
FINAL_REMINDER_HOURS = 4


class NotificationPreferences(SQLModel, table=True):
    """A person's preferences for all their accounts. By default everything is sent immediately."""

    __tablename__ = "notification_preferences"

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    disabled_topics: list[str] = Field(default_factory=list, sa_type=JSON)
    daily_digest: bool = False
    updated_at: datetime

    def is_enabled(self, topic: NotificationTopic) -> bool:
        return topic.value not in self.disabled_topics

    def set_topics(self, enabled_topics: Collection[str], at: datetime, *, daily: bool) -> None:
        self.disabled_topics = [
            topic.value for topic in NotificationTopic if topic.value not in enabled_topics
        ]
        self.daily_digest, self.updated_at = daily, at


def find_topic(notice: Notice) -> NotificationTopic | None:
    """Returns None for what is always sent immediately, including a requested receipt."""
    payload = parse_payload(notice)
    if isinstance(payload, QuoteReminderPayload) and payload.hours_before_expiry <= FINAL_REMINDER_HOURS:
        return None
    return None if is_requested(notice) else TOPIC_BY_NOTICE_KIND.get(notice.kind)
