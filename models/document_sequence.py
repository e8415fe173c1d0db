"""Numbers that people read: quotes, orders and receipts, counted without gaps."""

from sqlmodel import Field, SQLModel

QUOTE, SERVICE_ORDER, RECEIPT = "SQ", "SO", "R"


class Numbering(SQLModel, table=True):
    """`last` is the last number given with this prefix."""

    prefix: str = Field(primary_key=True)
    last: int
