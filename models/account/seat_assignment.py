"""Seats that administrators hold (R11)."""

from sqlmodel import Field, SQLModel, UniqueConstraint


class SeatAssignment(SQLModel, table=True):
    """One seat of a product for one administrator; the order line it came from, or none if imported."""

    __tablename__ = "seat_assignment"
    __table_args__ = (UniqueConstraint("administrator_id", "product_id"),)

    id: int | None = Field(default=None, primary_key=True)
    administrator_id: int = Field(foreign_key="administrator.id")
    product_id: str = Field(foreign_key="product.id")
    subscription_id: str = Field(foreign_key="subscription.id")
    order_line_id: int | None = Field(default=None, foreign_key="order_line.id", unique=True)
