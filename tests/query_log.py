"""What is asked of the database: queries, and transactions that write."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

# Passed to a database's driver to manage its transactions and connections.
_NOT_A_QUERY = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|SET|SELECT 1$)", re.IGNORECASE)

Query = tuple[str, Any]


@dataclass
class QueryLog:
    """Statements with their parameters. What only reads is rolled back, so commits are of what writes."""

    statements: list[Query] = field(default_factory=list)
    commits: int = 0

    @property
    def queries(self) -> list[Query]:
        return [(sql, parameters) for sql, parameters in self.statements if not _NOT_A_QUERY.match(sql)]


@contextmanager
def log_queries(engine: Engine | type[Engine]) -> Iterator[QueryLog]:
    """Of this engine, or with `Engine` of every one of this process."""
    log = QueryLog()

    def record_statement(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        log.statements.append((sql, parameters))

    def record_commit(_connection: Any) -> None:
        log.commits += 1

    event.listen(engine, "before_cursor_execute", record_statement)
    event.listen(engine, "commit", record_commit)
    try:
        yield log
    finally:
        event.remove(engine, "before_cursor_execute", record_statement)
        event.remove(engine, "commit", record_commit)
