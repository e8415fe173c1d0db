"""Logs statements that the database took long to answer."""

import hashlib
import time
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext, ExecutionContext

SLOW_STATEMENT_SECONDS = 0.5

# The key of `Connection.info` for when its statement was sent.
STARTED_AT_KEY = "statement_started_at"

log = structlog.get_logger()


def log_slow_statements(engine: Engine) -> None:
    event.listen(engine, "before_cursor_execute", _record_start)
    event.listen(engine, "after_cursor_execute", _log_completed)
    event.listen(engine, "handle_error", _log_failed)


def compute_statement_id(sql: str) -> str:
    """The same for the same code, in every process and on every machine."""
    return hashlib.sha256(sql.encode()).hexdigest()[:12]


def _record_start(connection: Connection, *_: Any) -> None:
    connection.info[STARTED_AT_KEY] = time.monotonic()


def _log_completed(
    connection: Connection, _cursor: Any, sql: str, _parameters: Any, context: ExecutionContext, *_: Any
) -> None:
    _log_if_slow(connection, sql, context)


def _log_failed(context: ExceptionContext) -> None:
    # Without a statement, it was connecting, beginning or committing that failed.
    if context.connection is not None and context.statement is not None:
        _log_if_slow(context.connection, context.statement, context.execution_context)


def _log_if_slow(connection: Connection, sql: str, context: ExecutionContext | None) -> None:
    started_at = connection.info.pop(STARTED_AT_KEY, None)
    if started_at is None or time.monotonic() - started_at < SLOW_STATEMENT_SECONDS:
        return
    # What SQLAlchemy compiled: `sql` has a placeholder for each element of a list.
    template = " ".join((str(context.compiled) if context and context.compiled else sql).split())
    log.warning(
        "database.slow_statement",
        statement=compute_statement_id(template),
        sql=template,
        duration_seconds=round(time.monotonic() - started_at, 3),
    )
