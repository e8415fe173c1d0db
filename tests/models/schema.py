"""Everything that a database's schema says, as plain values that can be compared and stored as JSON."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Inspector, inspect, text

Schema = dict[str, Any]


def read_schema(connection: Connection) -> Schema:
    """Tables with their columns, constraints and indexes; triggers; and the functions of PostgreSQL."""
    inspector = inspect(connection)
    tables = sorted(set(inspector.get_table_names()) - {"alembic_version"})
    return {
        "tables": {table: _read_table(inspector, table) for table in tables},
        "triggers": _read_triggers(connection),
        "functions": _read_functions(connection),
    }


def _read_table(inspector: Inspector, table: str) -> Schema:
    key = inspector.get_pk_constraint(table)
    return {
        "columns": {c["name"]: _describe_column(inspector, c) for c in inspector.get_columns(table)},
        "primary_key": {str(key["name"]): _join_names(key["constrained_columns"])},
        "foreign_keys": {str(k["name"]): _describe_foreign_key(k) for k in inspector.get_foreign_keys(table)},
        "unique": {
            str(c["name"]): _join_names(c["column_names"]) for c in inspector.get_unique_constraints(table)
        },
        "checks": {str(c["name"]): str(c["sqltext"]) for c in inspector.get_check_constraints(table)},
        "indexes": {
            str(index["name"]): _describe_index(index)
            for index in inspector.get_indexes(table)
            if "duplicates_constraint" not in index
        },
    }


def _describe_column(inspector: Inspector, column: Any) -> str:
    """Its type, as the database spells it, its default, and whether it may be empty."""
    parts = [column["type"].compile(dialect=inspector.dialect)]
    if column["default"] is not None:
        parts.append(f"DEFAULT {column['default']}")
    return " ".join(parts if column["nullable"] else [*parts, "NOT NULL"])


def _describe_foreign_key(key: Any) -> str:
    options = "".join(f" {name}={value}" for name, value in sorted(key.get("options", {}).items()))
    columns, referred = _join_names(key["constrained_columns"]), _join_names(key["referred_columns"])
    return f"{columns} -> {key['referred_table']} {referred}{options}"


def _describe_index(index: Any) -> str:
    options = index.get("dialect_options", {})
    condition = next((str(value) for name, value in options.items() if name.endswith("_where")), None)
    unique = "UNIQUE " if index["unique"] else ""
    return f"{unique}{_join_names(index['column_names'])}" + (f" WHERE {condition}" if condition else "")


def _join_names(names: Sequence[str | None]) -> str:
    return f"({', '.join(map(str, names))})"


def _read_triggers(connection: Connection) -> dict[str, str]:
    if connection.dialect.name == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
    return {name: _join_lines(sql) for name, sql in connection.execute(text(query))}


def _read_functions(connection: Connection) -> dict[str, str]:
    if connection.dialect.name == "sqlite":
        return {}
    query = (
        "SELECT proname, pg_get_functiondef(pg_proc.oid) FROM pg_proc "
        "JOIN pg_namespace ON pg_namespace.oid = pronamespace WHERE nspname = 'public'"
    )
    return {name: _join_lines(sql) for name, sql in connection.execute(text(query))}


def _join_lines(sql: str) -> str:
    return re.sub(r"\s+", " ", sql).strip()
