"""The committed rows that the invariants compare."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from models.audit.entry import AuditEntry, AuditPerson
from tests.simulation.database import Store

QUERIES = {
    "quote": "SELECT * FROM quote",
    "quote_line": "SELECT * FROM quote_line",
    "service_order": "SELECT * FROM service_order",
    "order_line": "SELECT * FROM order_line",
    "charge_attempt": "SELECT * FROM charge_attempt",
    "receipt": "SELECT * FROM receipt",
    "invoice": "SELECT * FROM invoice",
    "notice": "SELECT id, event, destination, kind, order_id, quote_id, status, due_at, payload, last_error, "
    "delivered_at, account_id FROM notice",
    "billing_contact": "SELECT * FROM billing_contact",
    "quote_extension": "SELECT * FROM quote_extension",
    "contact_invitation": "SELECT * FROM contact_invitation",
    "account": "SELECT id, refresh_due_at FROM account",
    "received_billing_event": "SELECT * FROM received_billing_event",
}

Row = sqlite3.Row


@dataclass(frozen=True)
class DatabaseSnapshot:
    """Every table by id, and the entries of the history since the previous snapshot."""

    tables: dict[str, dict[int, Row]]
    new_entries: list[AuditEntry]

    def __getitem__(self, table: str) -> dict[int, Row]:
        return self.tables[table]

    def where(self, table: str, **equal: Any) -> list[Row]:
        return [row for row in self.tables[table].values() if all(row[k] == v for k, v in equal.items())]


def read_snapshot(store: Store, after_entry: int) -> DatabaseSnapshot:
    """`after_entry` is the id of the last entry of the history that was already read."""
    tables = {table: {row["id"]: row for row in _read_rows(store, query)} for table, query in QUERIES.items()}
    people = {row["id"]: AuditPerson(**dict(row)) for row in _read_rows(store, "SELECT * FROM audit_person")}
    entries = _read_rows(store, f"SELECT * FROM audit_entry WHERE id > {after_entry} ORDER BY id")
    return DatabaseSnapshot(tables, [_build_entry(row, people) for row in entries])


def _read_rows(store: Store, query: str) -> Iterator[Row]:
    cursor = store.raw.cursor()
    cursor.row_factory = sqlite3.Row
    return iter(cursor.execute(query).fetchall())


def _build_entry(row: Row, people: dict[str, AuditPerson]) -> AuditEntry:
    values = {**dict(row), "at": parse_instant(row["at"]), "details": json.loads(row["details"])}
    return AuditEntry(**values, person=people.get(row["person_id"]))


def parse_instant(text: str) -> datetime:
    """As SQLite stores it: UTC, without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def format_instant(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(" ", "microseconds")
