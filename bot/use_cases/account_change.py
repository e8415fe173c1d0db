"""Recording that something of an account has changed: a row, appended in the same transaction.

The job that publishes Homes marks them afterwards (`home/invalidate.py`), so changes of two accounts never
wait for each other over one person's Home.
"""

from sqlmodel import insert

from bot.db import Session
from models.home import AccountChange

RECORDED_ACCOUNTS_KEY = "changed_accounts"

_CHANGE_INSERT = insert(AccountChange.__table__)  # type: ignore[attr-defined]


async def record_account_change(session: Session, account_id: str) -> None:
    """Call it once per transaction. `write_audit_entry` does; only changes without an audit entry need to
    call it."""
    noted = session.info.setdefault(RECORDED_ACCOUNTS_KEY, set())
    if account_id not in noted:
        noted.add(account_id)
        await session.exec(_CHANGE_INSERT, params={"account_id": account_id})
