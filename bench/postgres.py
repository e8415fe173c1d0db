"""Reads the statements and lock waits of one database from PostgreSQL's own log.

It is the server's log, so it contains the statements of every process and everything that a driver sends.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from tests.postgres import run

STATEMENT_PATTERN = re.compile(r"LOG:\s+(?:statement|execute [^:]+): (.*)", re.DOTALL)
# A wait is logged once it has lasted `deadlock_timeout`, and again when it ends.
LOCK_WAIT_PATTERN = re.compile(r"LOG:\s+process \d+ (?:acquired|still waiting for) .* after ([0-9.]+) ms")
SHORTEST_LOGGED_WAIT_MS = 10.0
NON_QUERY_PATTERN = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|SELECT 1$)", re.IGNORECASE)


@dataclass
class StatementLog:
    """The log entries since it was opened or rewound."""

    path: Path
    database: str
    _start: int = field(init=False)

    def __post_init__(self) -> None:
        self.rewind()

    def rewind(self) -> None:
        self._start = self.path.stat().st_size

    def list_queries(self) -> list[str]:
        return [s for s in self._list_statements() if not NON_QUERY_PATTERN.match(s)]

    def count_transactions(self) -> int:
        """Counts transactions that write: reads run in autocommit mode, without BEGIN."""
        return sum(s.upper().startswith("BEGIN") for s in self._list_statements())

    def get_longest_lock_wait_ms(self) -> float:
        """Returns 0 if every wait was shorter than SHORTEST_LOGGED_WAIT_MS: those are not logged."""
        waits = [LOCK_WAIT_PATTERN.search(entry) for entry in self._list_entries()]
        return max((float(wait.group(1)) for wait in waits if wait), default=0.0)

    def _list_statements(self) -> list[str]:
        found = [STATEMENT_PATTERN.match(entry) for entry in self._list_entries()]
        return [" ".join(statement.group(1).split()) for statement in found if statement]

    def _list_entries(self) -> Sequence[str]:
        with self.path.open("rb") as log:
            log.seek(self._start)
            text = log.read().decode(errors="replace")
        # Continuation lines of an entry begin with a tab.
        entries = re.split(r"\n(?!\t)", text)
        prefix = f"{self.database}|"
        return [entry.removeprefix(prefix) for entry in entries if entry.startswith(prefix)]


def open_statement_log(url: str, *, statements: bool = True) -> StatementLog:
    """Turns on logging for connections to this database that are opened from now on."""
    name = str(make_url(url).database)
    run(
        url,
        "ALTER SYSTEM SET log_line_prefix = '%d|'",
        "SELECT pg_reload_conf()",
        f"ALTER DATABASE {name} SET log_statement = '{'all' if statements else 'none'}'",
        f"ALTER DATABASE {name} SET log_lock_waits = on",
        f"ALTER DATABASE {name} SET deadlock_timeout = '{SHORTEST_LOGGED_WAIT_MS}ms'",
    )
    with psycopg.connect(url) as connection:
        [(folder,)] = connection.execute("SHOW data_directory")
    return StatementLog(Path(folder) / "log", name)
