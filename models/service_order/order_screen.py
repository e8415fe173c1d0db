"""Modals that show an order or one of its invoices, and are updated while it changes."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class OrderScreen(SQLModel, table=True):
    """Exists until what it shows is final, or the modal is closed. `external_id` is unique to what was shown:
    once the modal shows something else, it has another. `change_count` is as in Home."""

    __tablename__ = "order_screen"

    external_id: str = Field(primary_key=True)
    order_id: int = Field(foreign_key="service_order.id", index=True)
    # Set if the screen shows this invoice instead of the order.
    invoice_id: int | None = Field(default=None, foreign_key="invoice.id")
    team_id: str
    user_id: str
    # Whether it was shown right after placing.
    is_placement: bool
    shown_at: datetime
    change_count: int = 0
    # When to update it; None if it is up to date.
    due_at: datetime | None = Field(default=None, index=True)
    claimed_until: datetime | None = None
    attempts: int = 0
