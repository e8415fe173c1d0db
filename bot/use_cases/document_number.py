"""Giving numbers."""

from sqlalchemy import bindparam, update
from sqlmodel.ext.asyncio.session import AsyncSession

from models.document_sequence import Numbering

_COUNTERS = Numbering.__table__  # type: ignore[attr-defined]
_NEXT = (
    update(_COUNTERS)
    .where(_COUNTERS.c.prefix == bindparam("of"))
    .values(last=_COUNTERS.c.last + 1)
    .returning(_COUNTERS.c.last)
)


async def next_number(session: AsyncSession, prefix: str) -> str:
    """`SQ-1001`, `SQ-1002`, … without gaps: the counter's row is held until the transaction ends.

    The migrations store the counters, so that there is always a row to hold.
    """
    found = await session.exec(_NEXT, params={"of": prefix})
    return f"{prefix}-{found.scalar_one()}"
