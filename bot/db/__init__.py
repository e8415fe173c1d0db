from bot.db.engines import DATABASE_UNAVAILABLE_ERRORS, Database, to_driver_url, transaction_open
from bot.db.insert import build_insert_if_missing
from bot.db.locks import lock_account, lock_audit_chain_tip, lock_imports
from bot.db.notifications import LISTEN_ERRORS, NotDelivered
from bot.db.session import Connection, Session, select_joined

__all__ = [
    "DATABASE_UNAVAILABLE_ERRORS",
    "LISTEN_ERRORS",
    "Connection",
    "Database",
    "NotDelivered",
    "Session",
    "build_insert_if_missing",
    "lock_account",
    "lock_audit_chain_tip",
    "lock_imports",
    "select_joined",
    "to_driver_url",
    "transaction_open",
]
