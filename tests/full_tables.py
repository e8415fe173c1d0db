"""Fills every table with copies of its first row, each for an account, an order and a person of its own."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Enum, Table, text
from sqlmodel import SQLModel

# Above every id that is there already.
FIRST_ID = 10_000_000
# They stay small, however much there is of everything else.
SMALL_TABLES = {"product", "document_sequence", "refused_block", "account_change"}


def fill_tables(connection: Connection, rows: int, at: datetime) -> set[str]:
    """On PostgreSQL. Returns the names of the tables that had a row to copy."""
    # Foreign keys are not checked, but the copies of a row and of those it refers to have the same keys.
    connection.execute(text("SET session_replication_role = replica"))
    copied = {
        table.name for table in SQLModel.metadata.sorted_tables if _copy_rows(connection, table, rows, at)
    }
    connection.execute(text("ANALYZE"))
    connection.commit()
    return copied


def _copy_rows(connection: Connection, table: Table, rows: int, at: datetime) -> bool:
    if table.name in SMALL_TABLES:
        return False
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    values = ", ".join(_build_value(connection.dialect, table, column) for column in table.columns)
    key = ", ".join(column.name for column in table.primary_key)
    source = f"generate_series(1, {rows}) AS i, (SELECT * FROM {table.name} ORDER BY {key} LIMIT 1) AS sample"
    result = connection.execute(
        text(f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM {source}"), {"at": at}
    )
    return result.rowcount > 0


def _build_value(dialect: Dialect, table: Table, column: Column[Any]) -> str:
    """What an index holds differs from row to row; times lie further and further from now."""
    sample = f'sample."{column.name}"'
    refers_to_small = any(key.column.table.name in SMALL_TABLES for key in column.foreign_keys)
    if refers_to_small or not _is_indexed(table, column) or isinstance(column.type, Enum):
        return sample
    kind = column.type.compile(dialect)
    if kind in ("INTEGER", "BIGINT"):
        return f"CASE WHEN {sample} IS NOT NULL THEN {FIRST_ID} + i END"
    if kind.startswith("VARCHAR"):
        return f"CASE WHEN {sample} IS NOT NULL THEN 'copy-' || i END"
    assert kind.startswith("TIMESTAMP"), f"no rule for {kind}"
    return f"{sample} + CASE WHEN {sample} > :at THEN i ELSE -i END * interval '1 minute'"


def _is_indexed(table: Table, column: Column[Any]) -> bool:
    indexed = [*table.indexes, table.primary_key, *table.constraints]
    return any(column.name in getattr(index, "columns", ()) for index in indexed)
