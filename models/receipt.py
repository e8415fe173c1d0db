"""The receipt of a completed order (R13): exactly one, over the lines that settled."""

from datetime import datetime

from sqlmodel import CheckConstraint, Field, SQLModel

from models.column import Minor


class Receipt(SQLModel, table=True):
    __table_args__ = (
        CheckConstraint("subtotal >= 0 AND tax >= 0 AND total = subtotal + tax", name="amounts"),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    order_id: int = Field(foreign_key="service_order.id", unique=True)
    issued_at: datetime
    currency: str
    subtotal: int = Field(sa_type=Minor)
    tax: int = Field(sa_type=Minor)
    total: int = Field(sa_type=Minor)

    @property
    def key(self) -> int:
        assert self.id is not None, "the receipt is stored"
        return self.id
