"""Changing what SQLite cannot alter in a table, such as a check constraint."""

from collections.abc import Callable

from alembic import op
from sqlalchemy import text


def rewrite_table(table: str, rewrite: Callable[[str], str]) -> None:
    """Replace a table by one that its rewritten CREATE TABLE makes, with its rows, indexes and triggers.

    The procedure of sqlite.org/lang_altertable.html, section 7. Foreign keys must not be enforced meanwhile.
    """
    connection = op.get_bind()
    kept = text("SELECT sql FROM sqlite_master WHERE tbl_name = :table AND type != 'table' AND sql IS NOT NULL")
    indexes_and_triggers = connection.execute(kept, {"table": table}).scalars().all()
    create = text("SELECT sql FROM sqlite_master WHERE name = :table AND type = 'table'")
    before = connection.execute(create, {"table": table}).scalar_one()
    # SQLite quotes the name of a table that was once renamed.
    head, columns = rewrite(before).split("(", 1)
    op.execute(f'{head.split(table)[0].rstrip(chr(34))}"new_{table}" ({columns}')
    op.execute(f"INSERT INTO new_{table} SELECT * FROM {table}")
    op.drop_table(table)
    op.rename_table(f"new_{table}", table)
    for statement in indexes_and_triggers:
        op.execute(statement)
