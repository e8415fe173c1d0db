"""Locks across processes. SQLite has one writer anyway."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, select

from bot.db.session import Session
from bot.db.sqlite import SQLiteSession
from models.account import Account, AccountNotFound

# Keys of PostgreSQL's advisory locks; the numbers mean nothing else.
MIGRATION_LOCK, IMPORT_LOCK = 7_328_001, 7_328_002


async def lock_account(session: Session, account_id: str, *loaded: SQLModel) -> Account:
    """The account, locked by this transaction: changes of one account happen one after another. It and the
    rows that were `loaded` before are read again, since the lock may have been waited for.

    SQLite shows everything as it was when the transaction began. PostgreSQL locks the row, but not against
    rows that refer to it: otherwise storing a notice would wait for the account's change.
    """
    if isinstance(session, SQLiteSession):
        account = await session.get(Account, account_id)
    else:
        locked = select(Account).where(Account.id == account_id).with_for_update(key_share=True)
        account = (await session.exec(locked.execution_options(populate_existing=True))).one_or_none()
        for row in loaded:
            await session.refresh(row)
    if account is None:
        raise AccountNotFound
    return account


async def lock_imports(session: Session) -> None:
    """Imports of accounts happen one after another: a new account has no row yet that could be locked."""
    if not isinstance(session, SQLiteSession):
        await lock_exclusively(await session.connection(), IMPORT_LOCK)


async def lock_exclusively(connection: AsyncConnection, key: int) -> None:
    await connection.execute(text("SET LOCAL statement_timeout = 0"))
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
