from sqlmodel import col, update

from bot.db import Session, record_issued_number
from models.document_sequence import DocumentSequence


async def allocate_document_number(session: Session, prefix: str) -> str:
    """`SQ-1001`, `SQ-1002`, … without gaps: the sequence's row stays locked until the transaction ends, and
    every other account waits for it. So store first what doesn't depend on the number, and afterwards nothing
    that may wait for another lock."""
    await session.flush()
    number = await session.exec(
        update(DocumentSequence)
        .where(col(DocumentSequence.prefix) == prefix)
        .values(last_number=col(DocumentSequence.last_number) + 1)
        .returning(col(DocumentSequence.last_number))
    )
    last_number: int = number.scalar_one()
    record_issued_number(session, prefix, last_number)
    return f"{prefix}-{last_number}"
