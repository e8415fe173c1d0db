"""What a version sends to its database, as a file: statements with their values, in the order of execution.

This module also runs in the tree of the version that is recorded, so it imports nothing but libraries."""

import base64
import gzip
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from psycopg.types.json import Json, Jsonb
from sqlalchemy import Connection, Engine, event

REPLAYED = re.compile(r"\s*(WITH|SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
CHANGES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
# What migrations and SQLAlchemy itself ask, and what asks nothing of our schema.
LEFT_OUT = re.compile(
    r"alembic_version|pg_catalog|pg_class|sqlite_master|CREATE |pg_notify|pg_control_system"
)


@dataclass
class Recording:
    """`steps` are [transaction, index of the statement, values]. What `rolled_back` transactions did is
    undone in a replay, too: on PostgreSQL they have used up ids."""

    version: str
    revision: str
    statements: list[str] = field(default_factory=list)
    steps: list[tuple[int, int, Any]] = field(default_factory=list)
    rolled_back: list[int] = field(default_factory=list)

    def save(self, path: Path) -> None:
        content = json.dumps(vars(self), separators=(",", ":"), ensure_ascii=False)
        # Without a time, so that the same recording is the same file.
        path.write_bytes(gzip.compress(content.encode(), mtime=0))

    @classmethod
    def load(cls, path: Path) -> "Recording":
        return cls(**json.loads(gzip.decompress(path.read_bytes())))


@contextmanager
def record_statements(recording: Recording) -> Iterator[None]:
    """Of every engine."""
    recorder = _Recorder(recording)
    listeners: dict[str, Callable[..., Any]] = {
        "before_cursor_execute": recorder.record,
        "begin": recorder.begin,
        "commit": recorder.commit,
        "rollback": recorder.roll_back,
    }
    for name, listener in listeners.items():
        event.listen(Engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(Engine, name, listener)


class _Recorder:
    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._indexes: dict[str, int] = {}
        self._transactions: dict[Any, int] = {}
        self._number = 0

    def begin(self, connection: Connection) -> None:
        self._number += 1
        self._transactions[connection] = self._number

    def commit(self, connection: Connection) -> None:
        self._transactions.pop(connection, None)

    def roll_back(self, connection: Connection) -> None:
        number = self._transactions.pop(connection, None)
        if number is not None and any(step[0] == number for step in self._recording.steps):
            self._recording.rolled_back.append(number)

    def record(self, connection: Connection, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        if not REPLAYED.match(sql) or LEFT_OUT.search(sql):
            return
        is_new = sql not in self._indexes
        if is_new:
            self._indexes[sql] = len(self._recording.statements)
            self._recording.statements.append(sql)
        # A query changes nothing: once is enough.
        if is_new or CHANGES.match(sql):
            number = self._transactions.get(connection, 0)
            self._recording.steps.append((number, self._indexes[sql], encode(parameters)))


def encode(value: Any) -> Any:
    """As JSON, with objects of one key for what JSON has no type for."""
    match value:
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case bytes():
            return {"bytes": base64.b64encode(value).decode()}
        case Json() | Jsonb():
            return {type(value).__name__.lower(): json.dumps(value.obj)}
        case dict():
            return {"row": {name: encode(part) for name, part in value.items()}}
        case list() | tuple():
            return [encode(part) for part in value]
        case str():
            # A column's enum is a string of its own kind.
            return str(value)
        case _:
            return value


def decode(value: Any) -> Any:
    match value:
        case {"datetime": text}:
            return datetime.fromisoformat(text)
        case {"date": text}:
            return date.fromisoformat(text)
        case {"bytes": text}:
            return base64.b64decode(text)
        case {"json": text}:
            return Json(json.loads(text))
        case {"jsonb": text}:
            return Jsonb(json.loads(text))
        case {"row": row}:
            return {name: decode(part) for name, part in row.items()}
        case list():
            return [decode(part) for part in value]
        case _:
            return value


@dataclass(frozen=True)
class FailedStatement:
    statement: str
    error: str


def replay(recording: Recording, connection: Connection) -> list[FailedStatement]:
    """All of it, in a transaction of its own each; what the version rolled back is rolled back."""
    failed = []
    rolled_back = set(recording.rolled_back)
    for transaction, index, encoded in recording.steps:
        sql, parameters = recording.statements[index], decode(encoded)
        if isinstance(parameters, list) and not (parameters and isinstance(parameters[0], (dict, list))):
            parameters = tuple(parameters)
        elif isinstance(parameters, list):
            parameters = [tuple(row) if isinstance(row, list) else row for row in parameters]
        savepoint = connection.begin_nested()
        try:
            connection.exec_driver_sql(sql, parameters)
        except Exception as error:
            savepoint.rollback()
            if transaction not in rolled_back:
                failed.append(FailedStatement(sql, str(error).splitlines()[0]))
            continue
        if transaction in rolled_back:
            savepoint.rollback()
        else:
            savepoint.commit()
    return failed
