"""Numbers of quotes, orders and receipts, allocated without gaps."""

from sqlmodel import Field, SQLModel

QUOTE_PREFIX, SERVICE_ORDER_PREFIX, RECEIPT_PREFIX = "SQ", "SO", "R"
PREFIXES = (QUOTE_PREFIX, SERVICE_ORDER_PREFIX, RECEIPT_PREFIX)

# What a new database starts with: nothing has been issued.
INITIAL_LAST_NUMBER = 1000


class DocumentSequence(SQLModel, table=True):
    """`last_number` is the last number given with this prefix."""

    __tablename__ = "document_sequence"

    prefix: str = Field(primary_key=True)
    last_number: int
