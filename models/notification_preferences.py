"""Which notices a person wants by direct message, and when."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlmodel import JSON, Field, SQLModel

from models.notice import Notice, NoticeKind


class Topic(StrEnum):
    """What can be switched off. What asks the person for something always comes, and so does the receipt's
    e-mail."""

    ORDERS = "orders"
    RECEIPTS = "receipts"
    DECISIONS = "decisions"
    REMINDERS = "reminders"


TOPICS = {
    NoticeKind.ORDER_PLACED: Topic.ORDERS,
    NoticeKind.ORDER_WAITS: Topic.ORDERS,
    NoticeKind.RECEIPT: Topic.RECEIPTS,
    NoticeKind.QUOTE_DECIDED: Topic.DECISIONS,
    NoticeKind.QUOTE_REMINDER: Topic.REMINDERS,
}
# The last reminder of a quote asks for a decision now or never.
LAST_REMINDER_HOURS = 4


class NoticeChoice(SQLModel, table=True):
    """Of a person, for all their accounts; whoever has none gets everything at once."""

    __tablename__ = "notice_choice"

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    off: list[str] = Field(default_factory=list, sa_type=JSON)
    daily: bool = False
    changed_at: datetime

    def wants(self, topic: Topic) -> bool:
        return topic.value not in self.off

    def choose(self, wanted: Collection[str], at: datetime, *, daily: bool) -> None:
        self.off = [topic.value for topic in Topic if topic.value not in wanted]
        self.daily, self.changed_at = daily, at


def topic_of(notice: Notice) -> Topic | None:
    """None for what always comes at once: also a receipt that was asked for."""
    if notice.kind is NoticeKind.QUOTE_REMINDER and notice.words.get("hours", 0) <= LAST_REMINDER_HOURS:
        return None
    return None if notice.words.get("asked") else TOPICS.get(notice.kind)
