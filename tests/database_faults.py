"""Faults of the database: statements that fail as they are executed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from bot.db import Database


@contextmanager
def failing_statements(database: Database, is_affected: Callable[[str, Any], bool]) -> Iterator[None]:
    """With an error that no driver raises: to the bot it is a bug, and not an outage."""

    def fail(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if is_affected(statement, parameters):
            raise RuntimeError("a fault of the database")

    engine = database.sync_engine
    event.listen(engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", fail)
