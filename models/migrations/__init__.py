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

FOLDER = Path(__file__).parent


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, to: str = "head") -> None:
    if to == "head" and at_head(connection):
        return
    from alembic import command

    command.upgrade(_config(connection), to)


def downgrade(connection: Connection, to: str = "base") -> None:
    from alembic import command

    command.downgrade(_config(connection), to)


def at_head(connection: Connection) -> bool:
    """Whether the database has had every migration."""
    return _current(connection) == head()


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    current: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return current


@cache
def head() -> str:
    """The last by the number its file begins with, which is its name (a test sees to that)."""
    return max(file.name for file in (FOLDER / "versions").glob("[0-9]*.py")).partition("_")[0]


def write_migration(connection: Connection, message: str, number: str) -> None:
    """Write a migration from the difference between the models and this database (`make migration`)."""
    from alembic import command

    command.revision(_config(connection), message, autogenerate=True, rev_id=number)
