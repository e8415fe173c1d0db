"""What code is given to talk to the database."""

from typing import Any, TypeAlias, cast

from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from bot.db.sqlite import ISSUED_NUMBERS_KEY, SQLiteConnection, SQLiteSession

# PostgreSQL has the libraries' own. Callers use what both have, and need not ask which one it is.
Session: TypeAlias = AsyncSession | SQLiteSession
Connection: TypeAlias = AsyncConnection | SQLiteConnection


def select_joined(*entities: Any) -> Select[*tuple[Any, ...]]:
    """SQLModel's `select`, for more than the four entities or columns that its types allow."""
    query: Select[*tuple[Any, ...]] = select(*entities)
    return query


def with_counts(query: Select[*tuple[Any, ...]], *counts: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    """Adds window counts, over all rows that the query would find without its limit, as last columns."""
    return cast("Select[*tuple[Any, ...]]", query.add_columns(*counts))


def build_insert(session: Session, table: Any) -> postgresql.Insert | sqlite.Insert:
    """The INSERT of the session's database, which has `on_conflict_do_nothing` and `…_do_update`."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if is_postgresql else sqlite.insert(table)


def record_issued_number(session: Session, prefix: str, number: int) -> None:
    """Records the number outside the database once the transaction is committed, if a restore could otherwise
    go unnoticed (on SQLite)."""
    session.info.setdefault(ISSUED_NUMBERS_KEY, {})[prefix] = number
