"""Giving numbers."""

from sqlalchemy import bindparam, update

from bot.db import Session
from models.document_sequence import DocumentSequence

_SEQUENCE_TABLE = DocumentSequence.__table__  # type: ignore[attr-defined]
_NEXT_NUMBER_UPDATE = (
    update(_SEQUENCE_TABLE)
    .where(_SEQUENCE_TABLE.c.prefix == bindparam("of"))
    .values(last=_SEQUENCE_TABLE.c.last + 1)
    .returning(_SEQUENCE_TABLE.c.last)
)


async def allocate_document_number(session: Session, prefix: str) -> str:
    """`SQ-1001`, `SQ-1002`, … without gaps: the counter's row is held until the transaction ends.

    The migrations store the counters, so that there is always a row to hold.
    """
    found = await session.exec(_NEXT_NUMBER_UPDATE, params={"of": prefix})
    return f"{prefix}-{found.scalar_one()}"
