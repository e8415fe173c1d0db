"""The database's shape over time (Alembic)."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, to: str = "head") -> None:
    command.upgrade(_config(connection), to)


def downgrade(connection: Connection, to: str = "base") -> None:
    command.downgrade(_config(connection), to)


def at_head(connection: Connection) -> bool:
    """Whether the database has had every migration."""
    current = MigrationContext.configure(connection).get_current_revision()
    return current == _head()


@cache
def _head() -> str | None:
    """Reading all migrations takes long, and a load balancer asks every few seconds."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def write_migration(connection: Connection, message: str, number: str) -> None:
    """Write a migration from the difference between the models and this database (`make migration`)."""
    command.revision(_config(connection), message, autogenerate=True, rev_id=number)
