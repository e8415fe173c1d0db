"""INSERT … ON CONFLICT DO NOTHING, which both databases have and SQLAlchemy offers for each of them."""

from typing import Any, TypeAlias

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from bot.db.session import Session

Insert: TypeAlias = postgresql.Insert | sqlite.Insert


def build_insert_if_missing(session: Session, table: type[SQLModel], unique_column: Any) -> Insert:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert: Insert = dialect.insert(table).on_conflict_do_nothing(index_elements=[unique_column])
    return insert
