"""What a database error means, in our own words: a driver's message may contain the URL with its password."""

import re
import sqlite3
from enum import StrEnum
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError


class DatabaseErrorKind(StrEnum):
    AUTHENTICATION = "authentication"
    NO_SUCH_DATABASE = "no_such_database"
    REFUSED = "refused"
    NO_SUCH_HOST = "no_such_host"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    PERMISSION = "permission"
    READ_ONLY = "read_only"
    DISK_FULL = "disk_full"
    IO_ERROR = "io_error"
    DAMAGED = "damaged"
    NOT_OPENED = "not_opened"
    PREPARED_STATEMENTS = "prepared_statements"
    STARTUP_OPTIONS = "startup_options"
    STARTING_UP = "starting_up"
    TIMEOUT = "timeout"
    LOCKED = "locked"
    TLS = "tls"
    REJECTED = "rejected"


DESCRIPTIONS = {
    DatabaseErrorKind.AUTHENTICATION: "it does not accept the user and password of DATABASE_URL",
    DatabaseErrorKind.NO_SUCH_DATABASE: "there is no such database: create it, or correct DATABASE_URL",
    DatabaseErrorKind.REFUSED: "nothing listens at the host and port of DATABASE_URL",
    DatabaseErrorKind.NO_SUCH_HOST: "the host of DATABASE_URL is not known",
    DatabaseErrorKind.TOO_MANY_CONNECTIONS: (
        "it has no connection left: raise max_connections, or the limit of the role, database or pooler"
    ),
    DatabaseErrorKind.PERMISSION: "the user of DATABASE_URL lacks a privilege: let it own the database",
    DatabaseErrorKind.READ_ONLY: "it is read-only: a standby, or a read-only role or disk",
    DatabaseErrorKind.DISK_FULL: "its disk is full",
    DatabaseErrorKind.IO_ERROR: "its disk fails: the operating system's log says why",
    DatabaseErrorKind.DAMAGED: (
        "the file of DATABASE_URL is no SQLite database, or is damaged: correct it, or restore a backup"
    ),
    DatabaseErrorKind.NOT_OPENED: "the file of DATABASE_URL cannot be opened: is its directory there?",
    DatabaseErrorKind.PREPARED_STATEMENTS: (
        "a pooler breaks prepared statements: set DATABASE_PREPARED_STATEMENTS=false"
    ),
    DatabaseErrorKind.STARTUP_OPTIONS: "a pooler rejects startup options: set DATABASE_STARTUP_OPTIONS=false",
    DatabaseErrorKind.STARTING_UP: "it is starting up, recovering or shutting down: wait, or look at its log",
    DatabaseErrorKind.TIMEOUT: (
        "the host and port of DATABASE_URL do not answer in time: is a firewall in between?"
    ),
    DatabaseErrorKind.LOCKED: (
        "another transaction holds a table that the migration changes: wait for its end, or end it"
        " (docs/operate.md, Upgrading)"
    ),
    DatabaseErrorKind.TLS: (
        "no encrypted connection: check sslmode and sslrootcert of DATABASE_URL, and the server's certificate"
    ),
    DatabaseErrorKind.REJECTED: "it refuses the connection; its log says why",
}

# PostgreSQL's error codes (appendix A of its documentation); a class has two characters.
KIND_BY_SQLSTATE = {
    "28": DatabaseErrorKind.AUTHENTICATION,
    "3D000": DatabaseErrorKind.NO_SUCH_DATABASE,
    "53300": DatabaseErrorKind.TOO_MANY_CONNECTIONS,
    "57P03": DatabaseErrorKind.STARTING_UP,
    "55P03": DatabaseErrorKind.LOCKED,
    "42501": DatabaseErrorKind.PERMISSION,
    "25006": DatabaseErrorKind.READ_ONLY,
    "53100": DatabaseErrorKind.DISK_FULL,
    "26000": DatabaseErrorKind.PREPARED_STATEMENTS,
    "42P05": DatabaseErrorKind.PREPARED_STATEMENTS,
}

# libpq gives no code for an error while it connects, and a server speaks the language of its `lc_messages`.
# The first pattern that matches counts.
KIND_BY_CONNECTION_MESSAGE = {
    # First, since a file of certificates may be what does not exist.
    r"SSL (error|required|connection)|support SSL|certificate (?!authentication)|private key file": (
        DatabaseErrorKind.TLS
    ),
    r"authentication failed|no password supplied|role .* does not exist|pg_hba\.conf|no such user": (
        DatabaseErrorKind.AUTHENTICATION
    ),
    r"permission denied for database": DatabaseErrorKind.PERMISSION,
    r"database .* does not exist|no such database": DatabaseErrorKind.NO_SUCH_DATABASE,
    r"unsupported startup parameter": DatabaseErrorKind.STARTUP_OPTIONS,
    r"too many (clients|connections)|connection slots|no more connections allowed": (
        DatabaseErrorKind.TOO_MANY_CONNECTIONS
    ),
    r"could not translate host name|failed to resolve host": DatabaseErrorKind.NO_SUCH_HOST,
    r"Connection refused|No such file or directory": DatabaseErrorKind.REFUSED,
    r"database system is (starting up|shutting down|in recovery|not)|not yet accepting": (
        DatabaseErrorKind.STARTING_UP
    ),
    r"timeout expired|timed out": DatabaseErrorKind.TIMEOUT,
    # A severity in any language: the server has answered.
    r"(^|: )\w+ ?:  ": DatabaseErrorKind.REJECTED,
}

KIND_BY_SQLITE_CODE = {
    sqlite3.SQLITE_READONLY: DatabaseErrorKind.READ_ONLY,
    sqlite3.SQLITE_FULL: DatabaseErrorKind.DISK_FULL,
    sqlite3.SQLITE_CANTOPEN: DatabaseErrorKind.NOT_OPENED,
    sqlite3.SQLITE_PERM: DatabaseErrorKind.PERMISSION,
    sqlite3.SQLITE_IOERR: DatabaseErrorKind.IO_ERROR,
    sqlite3.SQLITE_NOTADB: DatabaseErrorKind.DAMAGED,
    sqlite3.SQLITE_CORRUPT: DatabaseErrorKind.DAMAGED,
    # There is no room for the file of shared memory, which is created when the database is opened.
    sqlite3.SQLITE_IOERR_SHMSIZE: DatabaseErrorKind.DISK_FULL,
}

NOT_WRITABLE_KINDS = {DatabaseErrorKind.READ_ONLY, DatabaseErrorKind.DISK_FULL}


class DatabaseNotWritable(OperationalError):
    """It answers, but stores nothing."""

    def __init__(self, kind: DatabaseErrorKind, statement: str | None, orig: BaseException) -> None:
        super().__init__(statement, None, orig, hide_parameters=True)
        self.kind = kind


def get_database_error_kind(error: BaseException) -> DatabaseErrorKind | None:
    match error:
        case DatabaseNotWritable():
            return error.kind
        case DBAPIError():
            return get_database_error_kind(error.orig) if error.orig is not None else None
        case psycopg.Error():
            return _get_postgresql_kind(error)
        case sqlite3.Error():
            # The lower byte is the primary code.
            code = getattr(error, "sqlite_errorcode", 0)
            return KIND_BY_SQLITE_CODE.get(code) or KIND_BY_SQLITE_CODE.get(code & 0xFF)
        case _:
            return None


def describe_database_error(error: BaseException) -> str:
    kind = get_database_error_kind(error)
    if kind is None:
        return f"it does not answer ({type(error).__name__}): check DATABASE_URL, and that it is running"
    return DESCRIPTIONS[kind]


def _get_postgresql_kind(error: psycopg.Error) -> DatabaseErrorKind | None:
    if error.sqlstate:
        return KIND_BY_SQLSTATE.get(error.sqlstate) or KIND_BY_SQLSTATE.get(error.sqlstate[:2])
    message = str(error)
    return next((kind for p, kind in KIND_BY_CONNECTION_MESSAGE.items() if re.search(p, message)), None)


def raise_not_writable(engine: Engine) -> None:
    # The drivers of PostgreSQL report it as an internal error.
    event.listen(engine, "handle_error", _convert_error)


def _convert_error(context: ExceptionContext) -> Any:
    error = context.original_exception
    kind = get_database_error_kind(error)
    if kind in (DatabaseErrorKind.READ_ONLY, DatabaseErrorKind.PERMISSION):
        # A connection keeps the role and defaults with which it was opened, however they have changed since.
        context.is_disconnect = True
    return DatabaseNotWritable(kind, context.statement, error) if kind in NOT_WRITABLE_KINDS else None
