"""Applies migrations to a database, and writes new ones (Alembic).

Alembic is imported only if there is something to apply: without it a process starts faster and needs less
memory.
"""

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from models.migrations.previous_version import OLDEST_SUPPORTED_REVISION

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS_DIR = Path(__file__).parent
# The revision is the file's name, and `alembic_version` has room for 32 characters.
MAX_REVISION_LENGTH = 32


class UnsupportedSchema(Exception):
    """The database was made by a version that this one cannot upgrade."""


def upgrade_database(connection: Connection, revision: str = "head") -> None:
    if revision == "head" and is_usable(connection):
        return
    from alembic import command

    command.upgrade(_build_config(connection), revision)
    _store_oldest_supported_revision(connection)


def downgrade_database(connection: Connection, revision: str = "base") -> None:
    from alembic import command

    command.downgrade(_build_config(connection), revision)


def is_usable(connection: Connection) -> bool:
    """Whether this version can work with the schema: it is this version's, or a newer one that supports it.
    Raises UnsupportedSchema."""
    current = _find_current_revision(connection)
    if current is None or current in list_revisions():
        return current == get_head_revision()
    # Before 1.0.0 a revision was a bare number.
    oldest = None if current.isdecimal() else _find_oldest_supported_revision(connection)
    if oldest is None or oldest > get_head_revision():
        raise UnsupportedSchema(_describe_unknown_revision(current))
    return True


@cache
def list_revisions() -> list[str]:
    return sorted(file.stem for file in (MIGRATIONS_DIR / "versions").glob("[0-9]*.py"))


def get_head_revision() -> str:
    return list_revisions()[-1]


def write_migration(connection: Connection, message: str, number: str) -> None:
    from alembic import command

    revision = f"{number}_{_build_slug(message)}"[:MAX_REVISION_LENGTH].rstrip("_")
    command.revision(_build_config(connection), message, autogenerate=True, rev_id=revision)


def _build_config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_DIR))
    config.set_main_option("file_template", "%%(rev)s")
    config.attributes["connection"] = connection
    return config


def _find_current_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    current: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return current


def _find_oldest_supported_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("schema_support"):
        return None
    oldest: str | None = connection.scalar(text("SELECT oldest_revision FROM schema_support"))
    return oldest


def _store_oldest_supported_revision(connection: Connection) -> None:
    """Stores it for versions that don't know the last migration."""
    if inspect(connection).has_table("schema_support"):
        connection.execute(
            text("UPDATE schema_support SET oldest_revision = :revision"),
            {"revision": OLDEST_SUPPORTED_REVISION},
        )


def _describe_unknown_revision(revision: str) -> str:
    # Before 1.0.0 a revision was a bare number.
    if revision.isdecimal():
        return (
            "the database is from before version 1.0.0 and cannot be upgraded: "
            "set DATABASE_URL to a new, empty database, then import the accounts again"
        )
    return f"the database is from a newer version of seatbot (its schema is {revision}): install that version"


def _build_slug(message: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
