"""Changing what SQLite cannot alter in a table, such as a check constraint."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op


def rewrite_table(table: str, rewrite: Callable[[str], str]) -> None:
    """Replaces a table by one with a rewritten CREATE TABLE, and keeps its rows, indexes and triggers. The
    procedure of sqlite.org/lang_altertable.html, section 7. Foreign keys must not be enforced meanwhile."""
    schema = sa.table("sqlite_master", sa.column("type"), sa.column("tbl_name"), sa.column("sql"))
    query = sa.select(schema.c.type, schema.c.sql).where(
        schema.c.tbl_name == table, schema.c.sql.is_not(None)
    )
    parts = op.get_bind().execute(query).all()
    [create] = [sql for kind, sql in parts if kind == "table"]
    _, columns = rewrite(create).split("(", 1)
    op.execute(f"CREATE TABLE new_{table} ({columns}")
    # Both have the same columns, in the same order.
    op.execute(f"INSERT INTO new_{table} SELECT * FROM {table}")  # noqa: S608
    op.drop_table(table)
    op.rename_table(f"new_{table}", table)
    for sql in [sql for kind, sql in parts if kind != "table"]:
        op.execute(sql)
