"""Which database was served before, and which is a copy of it (docs/decisions/0023)."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from bot.db import Database
from bot.use_cases.document_number import allocate_document_number
from bot.use_cases.operations.restore import (
    NumberUnknown,
    RestoredDatabase,
    accept_restored_database,
    check_not_restored,
)
from models.document_sequence import SERVICE_ORDER_PREFIX
from tests.postgres import database_url, run, server_url, sqlite_file
from tests.test_restore import tools
from tests.variants import only_sqlite

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
ALL = ["SQ-1010", "SO-1020", "R-1030"]


@asynccontextmanager
async def serve_database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        await check_not_restored(database, AT)
        yield database
    finally:
        await database.close()


async def issue(database: Database) -> str:
    async with database.write() as session:
        return await allocate_document_number(session, SERVICE_ORDER_PREFIX)


@pytest.fixture
def url(tmp_path: Path) -> str:
    shutil.copy(sqlite_file("accounts"), tmp_path / "seatbot.db")
    return f"sqlite:///{tmp_path}/seatbot.db"


async def is_refused(url: str) -> bool:
    try:
        async with serve_database(url):
            return False
    except RestoredDatabase:
        return True


async def test_a_file_that_was_copied_over_is_noticed_if_numbers_were_issued_since(
    url: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    async with serve_database(url) as database:
        assert await issue(database) == "SO-1001"
        with closing(sqlite3.connect(tmp_path / "seatbot.db")) as connection:
            connection.execute("VACUUM INTO ?", [str(copy)])
    shutil.copy(copy, tmp_path / "seatbot.db")
    assert not await is_refused(url), "nothing was issued since"
    async with serve_database(url) as database:
        assert await issue(database) == "SO-1002"
    shutil.copy(copy, tmp_path / "seatbot.db")
    with pytest.raises(RestoredDatabase, match="SO-1002"):
        async with serve_database(url):
            pass
    database = Database(url)
    gaps = await accept_restored_database(database, ["SQ-1000", "SO-1001", "R-1000"], AT)
    await database.close()
    assert gaps == {"SO": (1001, 1002)}, "what is remembered counts, too"
    async with serve_database(url) as database:
        assert await issue(database) == "SO-1003"


async def test_a_database_moves_with_the_file_beside_it(url: str, tmp_path: Path) -> None:
    """To another volume, say: neither device nor inode stay the same."""
    async with serve_database(url) as database:
        await issue(database)
    shutil.copytree(tmp_path, tmp_path / "moved")
    assert not await is_refused(f"sqlite:///{tmp_path}/moved/seatbot.db")
    (tmp_path / "moved/seatbot.db-numbers").unlink()
    assert await is_refused(f"sqlite:///{tmp_path}/moved/seatbot.db"), "a copy of the database alone"
    (tmp_path / "seatbot.db-numbers").write_text("{")
    assert await is_refused(url), "a file that is damaged"


async def test_a_new_database_in_the_place_of_an_old_one_is_noticed(url: str, tmp_path: Path) -> None:
    async with serve_database(url) as database:
        await issue(database)
    shutil.copy(sqlite_file("accounts"), tmp_path / "seatbot.db")
    assert await is_refused(url)


async def test_numbers_are_remembered_only_once_they_are_committed(url: str, tmp_path: Path) -> None:
    async with serve_database(url) as database:
        with suppress(ZeroDivisionError):
            async with database.write() as session:
                await allocate_document_number(session, SERVICE_ORDER_PREFIX)
                raise ZeroDivisionError
        assert database.read_remembered_numbers()["SO"] == 1000
        await issue(database)
        assert database.read_remembered_numbers()["SO"] == 1001


async def test_numbers_survive_a_power_failure_at_any_moment(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "seatbot.db-numbers"
    synced: list[bytes] = []
    sync = os.fsync

    def record_and_sync(descriptor: int) -> None:
        synced.append(file.read_bytes())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", record_and_sync)
    async with serve_database(url) as database:
        before = file.read_bytes()
        await issue(database)
        assert synced[-1] == file.read_bytes() != before
        monkeypatch.setattr(os, "pwrite", fail_to_write)
        written = file.read_bytes()
        with capture_logs() as logs:
            await issue(database)
        assert file.read_bytes() == written
        assert [entry["event"] for entry in logs] == ["issued_numbers.write_failed"]


def fail_to_write(*_: object) -> int:
    raise OSError


async def test_a_file_that_was_damaged_while_the_bot_runs_is_reported(url: str, tmp_path: Path) -> None:
    file = tmp_path / "seatbot.db-numbers"
    async with serve_database(url) as database:
        file.write_text("{" * 1000)
        with capture_logs() as logs:
            await issue(database)
        assert [(entry["event"], entry["error"]) for entry in logs] == [
            ("issued_numbers.write_failed", "NumbersUnreadable")
        ]
        await accept_restored_database(database, ALL, AT)
    assert not await is_refused(url), "the file is a new one"


def dump(url: str, file: Path) -> None:
    subprocess.run([tools() / "pg_dump", "--format=custom", f"--file={file}", url], check=True)


def restore(url: str, file: Path) -> None:
    """Over what is there, which stays the same database of the same cluster."""
    subprocess.run([tools() / "pg_restore", "--clean", f"--dbname={url}", file], check=True)


@only_sqlite
async def test_a_dump_restored_over_its_own_database_is_noticed(tmp_path: Path) -> None:
    with database_url("accounts", "postgresql") as url:
        async with serve_database(url) as database:
            await issue(database)
            dump(url, tmp_path / "dump")
            await issue(database)
        assert not await is_refused(url)
        restore(url, tmp_path / "dump")
        assert await is_refused(url)


NUMBERING = ("document_sequence", "database_identity")


def dump_rows(url: str, file: Path) -> None:
    tables = [f"--table={name}" for name in NUMBERING]
    subprocess.run([tools() / "pg_dump", "--data-only", *tables, f"--file={file}", url], check=True)


def load_rows(url: str, file: Path) -> None:
    subprocess.run([tools() / "psql", "--quiet", f"--file={file}", url], check=True)


@only_sqlite
async def test_a_dump_loaded_into_the_emptied_tables_is_noticed(tmp_path: Path) -> None:
    """Database and tables stay the same, and the dump brings the identity that was stored."""
    with database_url("accounts", "postgresql") as url:
        async with serve_database(url) as database:
            await issue(database)
            dump_rows(url, tmp_path / "dump.sql")
            await issue(database)
        run(url, *(f"DELETE FROM {name}" for name in NUMBERING))
        load_rows(url, tmp_path / "dump.sql")
        assert await is_refused(url)
        database = Database(url)
        await accept_restored_database(database, ALL, AT)
        await database.close()
        assert not await is_refused(url)


@only_sqlite
async def test_an_upgrade_starts_and_an_older_dump_is_detected(tmp_path: Path) -> None:
    """Neither has stored which database it is."""
    with database_url("accounts", "postgresql") as url:
        database = Database(url)
        dump(url, tmp_path / "unused")
        await issue(database)
        dump(url, tmp_path / "used")
        await database.close()
        assert not await is_refused(url)
        run(url, "DELETE FROM database_identity")
        assert not await is_refused(url), "as upgraded"
        restore(url, tmp_path / "used")
        assert await is_refused(url)
        restore(url, tmp_path / "unused")
        assert not await is_refused(url), "nothing tells it from a new one"


@only_sqlite
async def test_another_cluster_or_database_is_a_restored_one_and_a_standby_is_not() -> None:
    with database_url("accounts", "postgresql") as url:
        async with serve_database(url) as database:
            await issue(database)
        assert not await is_refused(url), "as after a failover: the standby has the same identifiers"
        name = make_url(url).database
        run(server_url(), f"CREATE DATABASE restored_{name} TEMPLATE {name}")
        copy = url.replace(f"/{name}?", f"/restored_{name}?")
        assert await is_refused(copy)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("UPDATE database_identity SET cluster = '1'")
        assert await is_refused(url), "the same OID in another cluster"
        run(server_url(), f"DROP DATABASE restored_{name} WITH (FORCE)")


@only_sqlite
async def test_a_role_without_rights_on_the_server_can_identify_its_database() -> None:
    with database_url("migrated", "postgresql") as url:
        run(url, "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC", "CREATE ROLE plain LOGIN")
        run(url, "GRANT ALL ON ALL TABLES IN SCHEMA public TO plain")
        plain = make_url(url).set(username="plain").render_as_string(hide_password=False)
        async with serve_database(plain):
            pass
        assert not await is_refused(plain)
        run(url, "DROP OWNED BY plain", "DROP ROLE plain")


@pytest.mark.parametrize("issued", [[], ALL[:2], [*ALL, "SO-1021"], ["SO-1", "SO-2", "R-3"], ["1", "2", "3"]])
async def test_the_last_number_of_each_kind_is_required(url: str, issued: list[str]) -> None:
    database = Database(url)
    with pytest.raises(NumberUnknown):
        await accept_restored_database(database, issued, AT)
    await database.close()
