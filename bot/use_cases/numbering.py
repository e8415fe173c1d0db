"""Giving numbers."""

from sqlalchemy import bindparam, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from models.numbering import Numbering

_NEXT = (
    update(Numbering)
    .where(col(Numbering.prefix) == bindparam("of"))
    .values(last=col(Numbering.last) + 1)
    .returning(col(Numbering.last))
    .execution_options(synchronize_session=False)
)


async def next_number(session: AsyncSession, prefix: str) -> str:
    """`SQ-1001`, `SQ-1002`, … without gaps: the counter's row is held until the transaction ends.

    The migrations store the counters, so that there is always a row to hold.
    """
    found = await session.exec(_NEXT, params={"of": prefix})
    return f"{prefix}-{found.scalar_one()}"
