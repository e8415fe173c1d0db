from sqlalchemy import bindparam, update

from bot.db import Session
from models.document_sequence import DocumentSequence

_SEQUENCE_TABLE = DocumentSequence.__table__  # type: ignore[attr-defined]
# Prebuilt: run for every quote, order and receipt.
_NEXT_NUMBER_UPDATE = (
    update(_SEQUENCE_TABLE)
    .where(_SEQUENCE_TABLE.c.prefix == bindparam("document_prefix"))
    .values(last_number=_SEQUENCE_TABLE.c.last_number + 1)
    .returning(_SEQUENCE_TABLE.c.last_number)
)


async def allocate_document_number(session: Session, prefix: str) -> str:
    """`SQ-1001`, `SQ-1002`, … without gaps: the sequence's row stays locked until the transaction ends."""
    number = await session.exec(_NEXT_NUMBER_UPDATE, params={"document_prefix": prefix})
    return f"{prefix}-{number.scalar_one()}"
