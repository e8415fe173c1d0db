"""Notices: stored together with what they report, and delivered afterwards (R24, R25)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlmodel import JSON, CheckConstraint, Field, Index, SQLModel, UniqueConstraint

from models.column_types import string_enum
from models.lease import is_leased
from models.notice.destination import Destination

_FINISHED_INDEX_CONDITION = text("status IN ('delivered', 'undeliverable')")
# A literal: the planner does not use the partial index for a condition with parameters.
FINISHED_NOTICE_CONDITION = text("notice.status IN ('delivered', 'undeliverable')")


class NoticeStatus(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"


class NoticeKind(StrEnum):
    """The first word says what the notice is about."""

    ORDER_STATUS = "order_status"  # the status message of an order in a channel, posted or updated in place
    ORDER_HISTORY = "order_history"  # a reply in that message's thread
    ORDER_PLACED = "order_placed"
    ORDER_QUEUED = "order_waits"
    ORDER_DECLINED = "order_declined"
    ORDER_NEEDS_CUSTOMER = "order_needs_customer"
    ORDER_FAILED = "order_failed"
    ORDER_OVERDUE = "order_overdue"
    ORDER_MESSAGES = "order_messages"  # edits what the order's earlier messages asked for or promised
    INVOICE_OVERDUE = "invoice_overdue"
    INVOICE_PAID = "invoice_paid"
    INVOICE_CANCELLED = "invoice_cancelled"  # or written off
    RECEIPT = "receipt"
    RECEIPT_FILE = "receipt_file"  # the PDF, uploaded to the direct message that announced it
    RECEIPT_EMAIL = "receipt_mail"
    RECEIPT_EXPORT = "receipt_export"  # an email with receipts of a period, for the books
    QUOTE_ARRIVED = "quote_arrived"
    QUOTE_REMINDER = "quote_reminder"
    QUOTE_DECIDED = "quote_decided"
    QUOTE_EXTENSION_REQUESTED = "quote_extension_requested"  # to Account Services, who decide
    QUOTE_EXTENSION_MESSAGE_UPDATE = "quote_extension_card"  # edits that message
    QUOTE_EXTENSION_DECIDED = "quote_extension_decided"
    QUOTE_EXTENSION_UNDELIVERED = "quote_extension_undelivered"  # to who asked: nobody can decide
    QUOTE_PDF_REQUESTED = "quote_requested"  # a copy for somebody who asked for the PDF
    QUOTE_FILE = "quote_file"  # the PDF, uploaded to that direct message
    QUOTE_MESSAGE_UPDATE = "quote_card"  # edits a posted message that shows a quote
    PORTAL_CHANGED = "portal_changed"
    CONTACT_INVITED = "contact_invited"  # to a colleague, who accepts or declines
    CONTACT_INVITATION_MESSAGE_UPDATE = "contact_invitation_card"  # edits that message
    CONTACTS_CHANGED = "contacts_changed"
    CONTACT_WITHDRAWN = "contact_withdrawn"  # to the person who was withdrawn
    CHANNEL_UNREACHABLE = "channel_unreachable"


# Kinds that ask for the payment of an invoice, also after the order has finished.
INVOICE_MESSAGE_KINDS = (NoticeKind.INVOICE_OVERDUE, NoticeKind.RECEIPT)


class Notice(SQLModel, table=True):
    """`event` identifies what is reported, once per destination.

    `destination` is a Destination's `str()`; notices of one destination are delivered in order of id.
    `payload` is the JSON of the kind's payload model (`models/notice/payloads.py`).
    """

    __table_args__ = (
        CheckConstraint("(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered"),
        Index("ix_notice_waiting", "due_at", "id", sqlite_where=text("status = 'waiting'"),
              postgresql_where=text("status = 'waiting'")),
        Index("ix_notice_waiting_destination", "destination", "id", sqlite_where=text("status = 'waiting'"),
              postgresql_where=text("status = 'waiting'")),
        # Old notices, to delete them.
        Index("ix_notice_finished", "created_at", sqlite_where=_FINISHED_INDEX_CONDITION,
              postgresql_where=_FINISHED_INDEX_CONDITION),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    event: str = Field(unique=True)
    account_id: str = Field(foreign_key="account.id")
    team: str
    destination: str
    kind: NoticeKind = Field(sa_type=string_enum(NoticeKind))
    order_id: int | None = Field(default=None, foreign_key="service_order.id")
    quote_id: int | None = Field(default=None, foreign_key="quote.id")
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    status: NoticeStatus = Field(default=NoticeStatus.WAITING, sa_type=string_enum(NoticeStatus))
    created_at: datetime
    due_at: datetime
    # Set if the recipient has chosen a daily digest: the time of the digest that the notice waits for.
    digest_at: datetime | None = None
    attempts: int = 0
    last_error: str | None = None
    delivered_at: datetime | None = None

    @property
    def key(self) -> int:
        assert self.id is not None, "the notice is stored"
        return self.id

    @property
    def parsed_destination(self) -> Destination:
        return Destination.parse(self.destination)


class DeliverySlot(SQLModel, table=True):
    """A destination or workspace (`team:<id>`, `home:<id>`): its lease, and when the next call is allowed.
    `limited:<id>` says how long Slack's limit of one of the workspace's destinations lasts."""

    __tablename__ = "delivery_slot"

    destination: str = Field(primary_key=True)
    next_at: datetime
    claimed_until: datetime | None = None

    def is_claimed(self, at: datetime) -> bool:
        return is_leased(self.claimed_until, at)


class PostedMessage(SQLModel, table=True):
    """A message in Slack that shows an order or a quote, and is updated when that changes."""

    __tablename__ = "posted_message"
    __table_args__ = (
        UniqueConstraint("channel", "ts"),
        # R25: one status message per order and channel.
        UniqueConstraint("order_id", "channel"),
    )

    id: int | None = Field(default=None, primary_key=True)
    team: str
    channel: str
    ts: str
    order_id: int | None = Field(default=None, foreign_key="service_order.id")
    quote_id: int | None = Field(default=None, foreign_key="quote.id", index=True)
    contact_id: int | None = Field(default=None, foreign_key="billing_contact.id")
    # The request that a message to Account Services is about.
    quote_extension_id: int | None = Field(default=None, foreign_key="quote_extension.id")

    @property
    def key(self) -> int:
        assert self.id is not None, "the message is stored"
        return self.id


class OrderMessage(SQLModel, table=True):
    """A message in Slack that asks for something about an order or its invoices, or promises it: it is edited
    in place until the order is finished, or the invoices are paid or cancelled. The notice says what kind of
    message it is, for whom, and what else it shows."""

    __tablename__ = "order_message"

    notice_id: int = Field(primary_key=True, foreign_key="notice.id")
    order_id: int = Field(foreign_key="service_order.id", index=True)
    channel: str
    ts: str
