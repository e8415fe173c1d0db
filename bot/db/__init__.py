from bot.db.engines import DATABASE_UNAVAILABLE_ERRORS, Database, to_driver_url, transaction_open
from bot.db.insert import build_insert_if_missing
from bot.db.locks import lock_account, lock_imports
from bot.db.session import Connection, Session

__all__ = [
    "DATABASE_UNAVAILABLE_ERRORS",
    "Connection",
    "Database",
    "Session",
    "build_insert_if_missing",
    "lock_account",
    "lock_imports",
    "to_driver_url",
    "transaction_open",
]
