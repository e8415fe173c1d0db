"""The database's shape over time (Alembic).

Alembic is imported where there is something to do: a database is mostly up to date, and a process starts a
tenth sooner without it, and smaller.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS_DIR = Path(__file__).parent


def _build_config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_DIR))
    config.attributes["connection"] = connection
    return config


def upgrade_database(connection: Connection, revision: str = "head") -> None:
    if revision == "head" and is_at_head(connection):
        return
    from alembic import command

    command.upgrade(_build_config(connection), revision)


def downgrade_database(connection: Connection, revision: str = "base") -> None:
    from alembic import command

    command.downgrade(_build_config(connection), revision)


def is_at_head(connection: Connection) -> bool:
    """Whether the database has had every migration."""
    return _find_current_revision(connection) == get_head_revision()


def _find_current_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    current: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return current


@cache
def get_head_revision() -> str:
    """The last by the number its file begins with, which is its name (a test sees to that)."""
    return max(file.name for file in (MIGRATIONS_DIR / "versions").glob("[0-9]*.py")).partition("_")[0]


def write_migration(connection: Connection, message: str, number: str) -> None:
    """Write a migration from the difference between the models and this database (`make migration`)."""
    from alembic import command

    command.revision(_build_config(connection), message, autogenerate=True, rev_id=number)
