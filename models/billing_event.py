"""Word from the billing provider, once each: stored with what followed of it."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class ReceivedBillingEvent(SQLModel, table=True):
    """`account_id` is none for word about nobody the bot knows."""

    __tablename__ = "received_billing_event"

    id: str = Field(primary_key=True)
    kind: str
    account_id: str | None = Field(default=None, foreign_key="account.id")
    received_at: datetime = Field(index=True)
