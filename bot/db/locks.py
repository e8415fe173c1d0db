"""Locks across processes. SQLite has one writer anyway."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col, insert, select

from bot.db.session import Session
from bot.db.sqlite import SQLiteSession
from models.account import Account, AccountNotFound
from models.audit.entry import GENESIS_HASH, AuditChainTip

# Keys of PostgreSQL's advisory locks; the numbers mean nothing else.
MIGRATION_LOCK, IMPORT_LOCK = 7_328_001, 7_328_002

# Key of `Session.info`: the chain tips that its transaction has locked.
LOCKED_TIPS_KEY = "audit_chain_tips"


@dataclass
class LockedTip:
    """The number and hash of an account's last audit entry, updated with each entry that the
    transaction writes."""

    number: int = 0
    hash: str = GENESIS_HASH


async def lock_account(session: Session, account_id: str, *loaded: SQLModel) -> Account:
    """Returns the account, locked by this transaction with the tip of its audit history: changes to one
    account happen one after another. It and the rows in `loaded` are read again, since waiting for the lock
    may have taken a while. On SQLite, everything is as it was when the transaction began. PostgreSQL locks
    the rows, but not against rows that refer to them: otherwise storing a notice would wait for the account's
    change."""
    account = await _find_and_lock(session, account_id)
    if account is None:
        await _create_chain_tip(session, account_id)
        account = await _find_and_lock(session, account_id)
        assert account is not None, "its chain tip was missing"
    if not isinstance(session, SQLiteSession):
        for other in loaded:
            await session.refresh(other)
    return account


async def lock_account_unless_locked(session: Session, account_id: str) -> Account | None:
    """The same without waiting: None if another transaction is changing the account. The account must have a
    history."""
    return await _find_and_lock(session, account_id, skip_locked=True)


async def _find_and_lock(session: Session, account_id: str, *, skip_locked: bool = False) -> Account | None:
    """Returns None if there is no such account, or no tip of its audit history yet."""
    result = await session.exec(
        select(Account, AuditChainTip.number, AuditChainTip.hash)
        .join(AuditChainTip, col(AuditChainTip.account_id) == Account.id)
        .where(Account.id == account_id)
        .with_for_update(key_share=True, skip_locked=skip_locked)
        .execution_options(populate_existing=True)
    )
    row = result.one_or_none()
    if row is None:
        return None
    account, number, hash_ = row
    _get_locked_tips(session).setdefault(account_id, LockedTip(number, hash_))
    return account


async def lock_audit_chain_tip(session: Session, account_id: str) -> LockedTip:
    """The caller holds the account's lock, or has just created the account."""
    tips = _get_locked_tips(session)
    if account_id not in tips:
        await lock_account(session, account_id)
    return tips[account_id]


def _get_locked_tips(session: Session) -> dict[str, LockedTip]:
    tips: dict[str, LockedTip] = session.info.setdefault(LOCKED_TIPS_KEY, {})
    return tips


async def _create_chain_tip(session: Session, account_id: str) -> None:
    if await session.get(Account, account_id) is None:
        raise AccountNotFound
    await session.exec(insert(AuditChainTip), params={"account_id": account_id})


async def lock_imports(session: Session) -> None:
    # Imports run one after another, because a new account has no row yet that could be locked.
    if not isinstance(session, SQLiteSession):
        await lock_exclusively(await session.connection(), IMPORT_LOCK)


async def lock_exclusively(connection: AsyncConnection, key: int) -> None:
    await connection.execute(text("SET LOCAL statement_timeout = 0"))
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
