"""`python app.py audit`, as an operator runs it."""

import asyncio
import csv
import io
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import database_url

APP = Path(__file__).parents[1] / "app.py"
Ended = tuple[int | None, str, str]


@pytest.fixture
def url() -> Iterator[str]:
    with database_url("accounts", "sqlite") as url:
        yield url


async def audit(url: str, folder: Path, *options: str) -> Ended:
    """The exit code, what is written, and what is said beside it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(APP), "audit", *options),
        cwd=folder,
        env={"DATABASE_URL": url, "SLACK_BOT_TOKEN": "xoxb-test", "SLACK_APP_TOKEN": "xapp-test"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_an_honest_database_is_verified_and_an_account_written_out(url: str, tmp_path: Path) -> None:
    """R18"""
    verified, as_json, as_csv = await asyncio.gather(
        audit(url, tmp_path, "--verify"),
        audit(url, tmp_path, "--account", "acme", "--format", "json"),
        audit(url, tmp_path, "--account", "acme"),
    )
    assert verified[0] == 0
    entries = json.loads(as_json[1])
    assert f"acme: {len(entries)} entries, the last is {entries[-1]['hash']}\n" in verified[1]
    assert [row["hash"] for row in csv.DictReader(io.StringIO(as_csv[1]))] == [e["hash"] for e in entries]


async def test_a_database_that_was_tampered_with_is_told_by_account_and_entry(
    url: str, tmp_path: Path
) -> None:
    """R18"""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("DROP TRIGGER audit_entry_no_update")
        connection.execute("UPDATE audit_entry SET actor_name = 'x' WHERE account_id = 'acme' AND number = 1")
    connection.close()
    code, out, _ = await audit(url, tmp_path, "--verify")
    assert code == 1
    assert "acme: entry 1 was changed\n" in out
    assert "slow: 1 entries, the last is" in out


async def test_what_cannot_be_written_is_said_in_a_line(url: str, tmp_path: Path) -> None:
    nobody, nothing, old = await asyncio.gather(
        audit(url, tmp_path, "--account", "nobody"),
        audit(url, tmp_path),
        audit(f"sqlite:///{tmp_path}/empty.db", tmp_path, "--verify"),
    )
    assert nobody == (1, "", "there is no account nobody\n")
    assert nothing == (1, "", "say whose history: --account ACCOUNT; or --verify\n")
    assert (old[0], old[2]) == (1, "the database's shape is older than this version: python app.py migrate\n")
