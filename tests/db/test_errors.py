"""What a database error means, by real errors of both databases."""

import resource
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from bot.db import Database, DatabaseErrorKind, DatabaseNotWritable, PoolerOptions, describe_database_error
from bot.db.errors import get_database_error_kind
from bot.db.postgresql import NO_POOLER
from tests.postgres import create_database, run, server_url
from tests.variants import only_sqlite

pytestmark = only_sqlite


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def find_kind(url: str) -> DatabaseErrorKind | None:
    async with opened(url) as database:
        with pytest.raises(SQLAlchemyError) as raised:
            await database.is_migrated()
    described = describe_database_error(raised.value)
    assert "DATABASE_URL" in described or described == "its disk is full"
    return get_database_error_kind(raised.value)


async def test_connection_errors_are_classified(tmp_path: Path) -> None:
    server = make_url(server_url())
    for url, kind in {
        server.set(database="missing"): DatabaseErrorKind.NO_SUCH_DATABASE,
        server.set(username="nobody"): DatabaseErrorKind.AUTHENTICATION,
        server.update_query_dict({"host": str(tmp_path)}): DatabaseErrorKind.REFUSED,
        make_url("postgresql://127.0.0.1:9/seatbot"): DatabaseErrorKind.REFUSED,
        make_url("postgresql://host.invalid/seatbot"): DatabaseErrorKind.NO_SUCH_HOST,
        make_url("sqlite:////nowhere/at/all/seatbot.db"): DatabaseErrorKind.NOT_OPENED,
    }.items():
        assert await find_kind(url.render_as_string(hide_password=False)) == kind, url


async def test_a_damaged_file_or_a_full_disk_is_reported_on_opening(tmp_path: Path) -> None:
    """It is opened with a file of shared memory beside it, which takes some room on the disk."""
    text_file = tmp_path / "text.db"
    text_file.write_text("no database at all " * 100)
    assert await find_kind(f"sqlite:///{text_file}") is DatabaseErrorKind.DAMAGED
    url = f"sqlite:///{tmp_path}/seatbot.db"
    async with opened(url) as database:
        await database.migrate()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        assert await find_kind(url) is DatabaseErrorKind.DISK_FULL
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ('FATAL:  password authentication failed for user "seatbot"', DatabaseErrorKind.AUTHENTICATION),
        ("fe_sendauth: no password supplied", DatabaseErrorKind.AUTHENTICATION),
        ("FATAL:  unsupported startup parameter: options", DatabaseErrorKind.STARTUP_OPTIONS),
        ("FATAL:  sorry, too many clients already", DatabaseErrorKind.TOO_MANY_CONNECTIONS),
        ("FATAL:  no such database: seatbot", DatabaseErrorKind.NO_SUCH_DATABASE),
        ("FATAL:  no more connections allowed (max_client_conn)", DatabaseErrorKind.TOO_MANY_CONNECTIONS),
        ('FATAL:  permission denied for database "seatbot"\nDETAIL:  …', DatabaseErrorKind.PERMISSION),
        ("FATAL:  the database system is starting up", DatabaseErrorKind.STARTING_UP),
        ("FATAL:  the database system is not yet accepting connections", DatabaseErrorKind.STARTING_UP),
        ("server does not support SSL, but SSL was required", DatabaseErrorKind.TLS),
        ("SSL error: certificate verify failed", DatabaseErrorKind.TLS),
        ('root certificate file "database/ca.pem" does not exist', DatabaseErrorKind.TLS),
        ('could not read "ca.pem": certificate file: No such file or directory', DatabaseErrorKind.TLS),
        ('FATAL:  certificate authentication failed for user "seatbot"', DatabaseErrorKind.AUTHENTICATION),
        ("timeout expired", DatabaseErrorKind.TIMEOUT),
        ("FATAL:  désolé, trop de clients sont déjà connectés", DatabaseErrorKind.REJECTED),
        ("ВАЖНО:  система баз данных запускается", DatabaseErrorKind.REJECTED),
        ("server closed the connection unexpectedly\n\tThis probably means the server terminated", None),
    ],
)
def test_messages_of_servers_and_poolers_while_connecting_are_classified(
    message: str, kind: DatabaseErrorKind | None
) -> None:
    said = f'connection failed: connection to server at "::1", port 5432 failed: {message}'
    error = OperationalError(None, None, psycopg.OperationalError(said))
    assert get_database_error_kind(error) == kind


async def test_a_server_that_never_answers_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.db.postgresql.CONNECT_TIMEOUT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://127.0.0.1:{silent.getsockname()[1]}/seatbot"
        assert await find_kind(url) is DatabaseErrorKind.TIMEOUT


async def test_a_read_only_role_is_reported() -> None:
    url = create_database("read_only")
    name = make_url(url).database
    async with opened(url) as database:
        await database.migrate()
        await database.check_writable()
    run(server_url(), f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    async with opened(url) as database:
        with pytest.raises(DatabaseNotWritable):
            await database.check_writable()
        with pytest.raises(DatabaseNotWritable) as raised:
            async with database.write() as session:
                await (await session.connection()).execute(text("DELETE FROM account"))
        assert raised.value.kind is DatabaseErrorKind.READ_ONLY


async def test_a_role_without_the_privilege_to_write_is_reported() -> None:
    url = create_database("select_only")
    async with opened(url) as database:
        await database.migrate()
    run(url, "CREATE ROLE viewer LOGIN", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO viewer")
    viewer = make_url(url).set(username="viewer").render_as_string(hide_password=False)
    async with opened(viewer) as database:
        with pytest.raises(DatabaseNotWritable) as raised:
            await database.check_writable()
        assert raised.value.kind is DatabaseErrorKind.PERMISSION
        with pytest.raises(DatabaseNotWritable) as raised:
            async with database.write() as session:
                await (await session.connection()).execute(text("DELETE FROM account"))
        assert raised.value.kind is DatabaseErrorKind.PERMISSION
        run(url, "GRANT ALL ON ALL TABLES IN SCHEMA public TO viewer")
        await database.check_writable()
    run(url, "DROP OWNED BY viewer", "DROP ROLE viewer")


async def test_a_full_disk_is_noticed_until_something_can_be_stored_again(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/seatbot.db") as database:
        await database.migrate()
        async with database.write() as session:
            connection = await session.connection()
            pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        # The engine has one connection, because nothing else is open.
        async with database.read() as session:
            await (await session.connection()).execute(text(f"PRAGMA max_page_count = {pages}"))
        await database.check_writable()
        with pytest.raises(DatabaseNotWritable) as raised:
            await fill(database)
        assert raised.value.kind is DatabaseErrorKind.DISK_FULL
        async with database.read() as session:
            await (await session.connection()).execute(text(f"PRAGMA max_page_count = {pages + 1000}"))
        await database.check_writable()
        await fill(database)


async def fill(database: Database) -> None:
    async with database.write() as session:
        connection = await session.connection()
        statement = text("INSERT INTO document_sequence VALUES (:prefix, 1)")
        await connection.execute(statement, [{"prefix": f"{n} {'x' * 1000}"} for n in range(100)])


@pytest.mark.parametrize(("options", "prepared_count"), [(NO_POOLER, 1), (PoolerOptions(False, False), 0)])
async def test_prepared_statements_and_startup_options_can_be_turned_off(
    options: PoolerOptions, prepared_count: int
) -> None:
    database = Database(create_database("pooled"), pooler_options=options)
    await database.check_prepared_statements()
    async with database.read() as session:
        connection = await session.connection()
        prepared = await connection.execute(text("SELECT count(*) FROM pg_prepared_statements"))
        timeout = await connection.execute(text("SHOW statement_timeout"))
        assert (prepared.scalar_one() > 0) is (prepared_count > 0)
        assert timeout.scalar_one() == ("15s" if options.startup_options else "0")
    await database.close()
