"""Giving numbers."""

from sqlalchemy import bindparam
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.numbering import Numbering

_COUNTER = select(Numbering).where(Numbering.prefix == bindparam("prefix")).with_for_update()


async def next_number(session: AsyncSession, prefix: str) -> str:
    """`SQ-1001`, `SQ-1002`, … without gaps: the counter's row is held until the transaction ends.

    The migrations store the counters, so that there is always a row to hold.
    """
    counter = (await session.exec(_COUNTER, params={"prefix": prefix})).one()
    counter.last += 1
    session.add(counter)
    await session.flush()
    return f"{prefix}-{counter.last}"
