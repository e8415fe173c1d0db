"""`python app.py audit`, as an operator runs it."""

import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from tests.postgres import database_url

APP = Path(__file__).parents[1] / "app.py"
PRIVACY_PAGE = (APP.parent / "docs/privacy.md").read_text(encoding="utf-8")
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
    """R18"""
    code, verified, _ = audit(url, "--verify")
    assert code == 0
    _, as_json, _ = audit(url, "--account", "acme", "--format", "json")
    _, as_csv, _ = audit(url, "--account", "acme")
    entries = json.loads(as_json)
    assert f"acme: {len(entries)} entries, the last is {entries[-1]['hash']}\n" in verified
    assert [row["hash"] for row in csv.DictReader(io.StringIO(as_csv.removeprefix("\ufeff")))] == [
        e["hash"] for e in entries
    ]


def run_sql(url: str, *statements: str) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_r18_tampering_with_the_database_is_reported_by_account_and_entry(url: str) -> None:
    run_sql(
        url,
        "DROP TRIGGER audit_entry_no_update",
        "UPDATE audit_entry SET source = 'x' WHERE account_id = 'acme' AND number = 1",
    )
    code, out, _ = audit(url, "--verify")
    assert code == 1
    assert "acme: entry 1 was changed\n" in out
    assert "slow: 1 entries, the last is" in out


def test_r18_another_name_for_who_acted_is_reported_by_account_and_entry(url: str) -> None:
    run_sql(url, "DROP TRIGGER audit_person_no_update", "UPDATE audit_person SET name = 'x'")
    code, out, _ = audit(url, "--verify")
    assert code == 1
    assert "acme: entry 1 was changed: the name or ids of the person who acted\n" in out


def test_r18_the_statements_of_the_privacy_page_erase_who_acted_and_what_they_wrote(url: str) -> None:
    _, before, _ = audit(url, "--account", "acme", "--format", "json")
    assert {row["actor_name"] for row in json.loads(before)} == {"operator"}
    person, content = re.findall(r"^(UPDATE audit_\w+ SET [^;]+);", PRIVACY_PAGE, re.MULTILINE)
    run_sql(
        url,
        person.replace("'mallory'", "'operator'"),
        content.replace("number = 42", "number = 1"),
    )
    code, out, _ = audit(url, "--verify")
    _, exported, _ = audit(url, "--account", "acme", "--format", "json")
    rows = json.loads(exported)
    assert code == 0
    assert f"acme: {len(rows)} entries, {len(rows)} with erased data, the last is" in out
    assert {(row["actor_name"], row["actor_email"], row["erased"]) for row in rows} == {("", None, True)}
    assert (rows[0]["reason"], rows[0]["details"]) == (None, {})
    assert [row["hash"] for row in rows] == [row["hash"] for row in json.loads(before)]


def test_a_write_error_is_reported_in_one_line(url: str, tmp_path: Path) -> None:
    assert audit(url, "--account", "nobody") == (1, "", "there is no account nobody\n")
    assert audit(url) == (1, "", "choose --account ACCOUNT or --verify\n")
    old = audit(f"sqlite:///{tmp_path}/empty.db", "--verify")
    assert (old[0], old[2]) == (
        1,
        "the database's schema is older than this version: python app.py migrate\n",
    )


def test_output_is_utf_8_whatever_the_terminal_says_and_a_closed_pipe_is_quiet(url: str) -> None:
    run_sql(url, "DROP TRIGGER audit_person_no_update", "UPDATE audit_person SET name = 'Zoë 株式会社'")
    command = [sys.executable, str(APP), "audit", "--account", "acme"]
    ascii_only = {**settings(url), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    written = subprocess.run(command, env=ascii_only, capture_output=True, check=True)
    assert written.stdout.startswith(b"\xef\xbb\xbf")
    assert "Zoë 株式会社".encode() in written.stdout
    with subprocess.Popen(command, env=ascii_only, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as piped:
        assert piped.stdout
        assert piped.stderr
        piped.stdout.close()
        assert piped.stderr.read() == b""
