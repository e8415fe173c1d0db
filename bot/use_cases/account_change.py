"""That something of an account changed: a row, appended in the same transaction.

The job that publishes Homes marks them afterwards (`home/invalidate.py`), so changes of two accounts never
wait for each other over one person's Home.
"""

from sqlmodel import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from models.home import AccountChange

NOTED = "changed_accounts"

_NOTE = insert(AccountChange.__table__)  # type: ignore[attr-defined]


async def note_change(session: AsyncSession, account_id: str) -> None:
    """Once a transaction. `record` calls it: only what has no history needs it besides."""
    noted = session.info.setdefault(NOTED, set())
    if account_id not in noted:
        noted.add(account_id)
        await session.exec(_NOTE, params={"account_id": account_id})
