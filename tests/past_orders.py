"""Copies of the first order and all that belongs to it, each a little older than the one before."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, inspect, text

# 10,000 orders take four and a half years.
ORDER_INTERVAL_SECONDS = 4 * 3600
# Above every id that is there already.
FIRST_COPY_ID = 10_000_000
ROWS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) ",
    "postgresql": "WITH n(i) AS (SELECT generate_series({first}, {last})) ",
}
EARLIER = {
    "sqlite": "datetime({column}, '-' || (i * {seconds}) || ' seconds')",
    "postgresql": "{column} - i * interval '{seconds} seconds'",
}
COPY_ID = f"{FIRST_COPY_ID} + i"
ORDERS: dict[str, dict[str, str]] = {
    "quote": {"id": COPY_ID, "number": "'SQ-' || ({id})"},
    "quote_line": {"id": COPY_ID, "quote_id": COPY_ID},
    "service_order": {
        "id": COPY_ID,
        "number": "'SO-' || ({id})",
        "quote_id": COPY_ID,
        "placed_at": "<",
        "finished_at": "<",
    },
    "order_line": {"id": COPY_ID, "order_id": COPY_ID, "quote_line_id": COPY_ID, "settled_at": "<"},
    "receipt": {"id": COPY_ID, "number": "'R-' || ({id})", "order_id": COPY_ID, "issued_at": "<"},
    "audit_entry": {"id": COPY_ID, "number": COPY_ID, "subject": "'service_order:SO-' || ({id})", "at": "<"},
}
OLD_NOTICES = {"notice": {"id": COPY_ID, "event": "'old:' || i", "order_id": COPY_ID, "due_at": "<"}}


@contextmanager
def open_fast_connection(url: str) -> Iterator[Connection]:
    """Without waiting for the disk: a crash loses nothing but test data."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-200000"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
        else:
            # Foreign keys are checked by triggers: copies are as good as what they are copied from.
            connection.exec_driver_sql("SET session_replication_role = replica")
        yield connection
        connection.commit()
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
    engine.dispose()


def copy_rows(
    connection: Connection, tables: dict[str, dict[str, str]], rows: int, *, first: int = 1
) -> None:
    """Copies each table's first row `rows` times; `tables` gives values in SQL, `<` a time further back."""
    kind = connection.dialect.name
    numbered = ROWS[kind].format(first=first, last=first + rows - 1)
    for table, values in tables.items():
        columns = [column["name"] for column in inspect(connection).get_columns(table)]
        chosen = ", ".join(_value(kind, column, values.get(column)) for column in columns)
        names = ", ".join(f'"{column}"' for column in columns)
        row = f"(SELECT * FROM {table} ORDER BY id LIMIT 1) AS first"
        connection.execute(text(f"INSERT INTO {table} ({names}) {numbered}SELECT {chosen} FROM n, {row}"))


def _value(kind: str, column: str, value: str | None) -> str:
    if value is None:
        return f'first."{column}"'
    if value == "<":
        return EARLIER[kind].format(column=f'first."{column}"', seconds=ORDER_INTERVAL_SECONDS)
    return value.replace("{id}", COPY_ID)
