"""What a command writes is read by its own user only."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from tests.variants import only_sqlite

pytestmark = only_sqlite


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_a_database_is_readable_by_its_own_user_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"DATABASE_URL": "sqlite:///new.db", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "1"}
    assert CliRunner().invoke(cli, ["migrate"], env=settings).exit_code == 0
    created = sorted(tmp_path.iterdir())
    assert "new.db" in [file.name for file in created]
    assert {file.name: file.stat().st_mode & 0o077 for file in created if file.stat().st_mode & 0o077} == {}
