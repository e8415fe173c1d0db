from bot.db.engines import DATABASE_UNAVAILABLE_ERRORS, Database, to_driver_url, transaction_open
from bot.db.locks import lock_account, lock_account_unless_locked, lock_audit_chain_tip, lock_imports
from bot.db.notifications import LISTEN_ERRORS, NotDelivered
from bot.db.session import Connection, Session, build_insert, record_issued_number, select_joined

__all__ = [
    "DATABASE_UNAVAILABLE_ERRORS",
    "LISTEN_ERRORS",
    "Connection",
    "Database",
    "NotDelivered",
    "Session",
    "build_insert",
    "lock_account",
    "lock_account_unless_locked",
    "lock_audit_chain_tip",
    "lock_imports",
    "record_issued_number",
    "select_joined",
    "to_driver_url",
    "transaction_open",
]
