"""Events of the billing provider, each stored once, together with what follows from it."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class ReceivedBillingEvent(SQLModel, table=True):
    """`account_id` is none for an event about a customer the bot does not know."""

    __tablename__ = "received_billing_event"

    id: str = Field(primary_key=True)
    kind: str
    account_id: str | None = Field(default=None, foreign_key="account.id")
    received_at: datetime = Field(index=True)
