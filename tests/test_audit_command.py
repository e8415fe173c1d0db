"""`python app.py audit`, as an operator runs it."""

import csv
import io
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import cli
from tests.postgres import database_url

APP = Path(__file__).parents[1] / "app.py"
Ended = tuple[int | None, str, str]


@pytest.fixture
def url() -> Iterator[str]:
    with database_url("accounts", "sqlite") as url:
        yield url


@pytest.fixture(autouse=True)
def _no_settings_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def settings(url: str) -> dict[str, str]:
    return {"DATABASE_URL": url, "SLACK_BOT_TOKEN": "xoxb-test", "SLACK_APP_TOKEN": "xapp-test"}


def audit(url: str, *options: str) -> Ended:
    """The exit code, what is written, and what is said beside it."""
    ended = CliRunner().invoke(cli, ["audit", *options], env=settings(url))
    return ended.exit_code, ended.stdout, ended.stderr


def test_an_honest_database_is_verified_and_an_account_written_out(url: str) -> None:
    """R18: the first of these in a process of its own."""
    verified = subprocess.run(
        [sys.executable, APP, "audit", "--verify"],
        env=settings(url),
        capture_output=True,
        text=True,
        check=True,
    )
    _, as_json, _ = audit(url, "--account", "acme", "--format", "json")
    _, as_csv, _ = audit(url, "--account", "acme")
    entries = json.loads(as_json)
    assert f"acme: {len(entries)} entries, the last is {entries[-1]['hash']}\n" in verified.stdout
    assert [row["hash"] for row in csv.DictReader(io.StringIO(as_csv))] == [e["hash"] for e in entries]


def test_r18_tampering_with_the_database_is_reported_by_account_and_entry(url: str) -> None:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("DROP TRIGGER audit_entry_no_update")
        connection.execute("UPDATE audit_entry SET actor_name = 'x' WHERE account_id = 'acme' AND number = 1")
    connection.close()
    code, out, _ = audit(url, "--verify")
    assert code == 1
    assert "acme: entry 1 was changed\n" in out
    assert "slow: 1 entries, the last is" in out


def test_a_write_error_is_reported_in_one_line(url: str, tmp_path: Path) -> None:
    assert audit(url, "--account", "nobody") == (1, "", "there is no account nobody\n")
    assert audit(url) == (1, "", "choose --account ACCOUNT or --verify\n")
    old = audit(f"sqlite:///{tmp_path}/empty.db", "--verify")
    assert (old[0], old[2]) == (
        1,
        "the database's schema is older than this version: python app.py migrate\n",
    )
