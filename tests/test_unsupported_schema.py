"""A database that this version cannot upgrade is refused in one line, whatever the command."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from models.migrations.run import get_head_revision
from tests.postgres import database_url, run
from tests.variants import only_sqlite

BEFORE_1_0 = (
    "the database is from before version 1.0.0 and cannot be upgraded: "
    "set DATABASE_URL to a new, empty database, then import the accounts again"
)
NEWER = "the database is from a newer version of seatbot (its schema is 9999_future): install that version"

pytestmark = only_sqlite


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with database_url("migrated", request.param) as url:
        yield url


def set_revision(url: str, revision: str) -> None:
    execute(url, f"UPDATE alembic_version SET version_num = '{revision}'")


def execute(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute(statement)
    else:
        run(url, statement)


def run_command(url: str, *arguments: str) -> tuple[int, list[str]]:
    """The exit code, and the lines of both outputs."""
    settings = {
        "DATABASE_URL": url,
        "SLACK_BOT_TOKEN": "xoxb-test",
        "SLACK_SIGNING_SECRET": "secret",
        # Nothing listens there.
        "SLACK_API_URL": "http://127.0.0.1:1/api/",
        "PORT": "0",
    }
    result = CliRunner().invoke(cli, arguments, env=settings)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, (result.stdout + result.stderr).splitlines()


@pytest.fixture
def accounts_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "accounts.yml"
    file.write_text("accounts: []\n", encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("revision", ["0001", "0012"])
@pytest.mark.parametrize("command", ["serve", "migrate", "import", "audit"])
def test_a_database_from_before_1_0_is_refused(
    url: str, accounts_file: str, command: str, revision: str
) -> None:
    set_revision(url, revision)
    arguments = {"import": [accounts_file], "audit": ["--verify"]}.get(command, [])
    exit_code, lines = run_command(url, command, *arguments)
    # `serve` also logs that Slack does not answer.
    assert (exit_code, [line for line in lines if "slack" not in line]) == (1, [BEFORE_1_0])


@pytest.mark.usefixtures("accounts_file")
def test_doctor_says_that_a_database_is_from_before_1_0(url: str) -> None:
    set_revision(url, "0012")
    exit_code, lines = run_command(url, "doctor")
    assert exit_code == 1
    assert f"wrong database: {BEFORE_1_0}" in lines


@pytest.mark.usefixtures("accounts_file")
def test_a_database_from_a_newer_version_is_refused_unless_it_supports_this_one(url: str) -> None:
    """Replicas of the version before are not stopped for an upgrade, and it can be undone."""
    set_revision(url, "9999_future")
    execute(url, "UPDATE schema_support SET oldest_revision = '9998_future'")
    assert run_command(url, "migrate") == (1, [NEWER])
    execute(url, f"UPDATE schema_support SET oldest_revision = '{get_head_revision()}'")
    assert run_command(url, "migrate") == (0, ["the database is up to date"])
    assert "ok    database: reachable, writable and up to date" in run_command(url, "doctor")[1]
