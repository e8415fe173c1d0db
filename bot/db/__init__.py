from bot.db.engines import DATABASE_UNAVAILABLE_ERRORS, Database, to_driver_url, transaction_open
from bot.db.errors import (
    DatabaseErrorKind,
    DatabaseNotWritable,
    describe_database_error,
    get_database_error_kind,
)
from bot.db.locks import lock_account, lock_account_unless_locked, lock_audit_chain_tip, lock_imports
from bot.db.postgresql import PoolerOptions
from bot.db.postgresql_listener import LISTEN_ERRORS, NotDelivered
from bot.db.session import Connection, Session, build_insert, record_issued_number, select_joined, with_counts

__all__ = [
    "DATABASE_UNAVAILABLE_ERRORS",
    "LISTEN_ERRORS",
    "Connection",
    "Database",
    "DatabaseErrorKind",
    "DatabaseNotWritable",
    "NotDelivered",
    "PoolerOptions",
    "Session",
    "build_insert",
    "describe_database_error",
    "get_database_error_kind",
    "lock_account",
    "lock_account_unless_locked",
    "lock_audit_chain_tip",
    "lock_imports",
    "record_issued_number",
    "select_joined",
    "to_driver_url",
    "transaction_open",
    "with_counts",
]
