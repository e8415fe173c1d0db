"""`python app.py import`, as an operator runs it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from tests.postgres import database_url
from tests.test_audit_command import settings

FILE = """\
accounts:
  - id: markup
    name: "[nw] & <b> *Markup* [/b]"
    slack_team: T09MARKUP
    currency: EUR
    billing_address: {line1: "[/]", postal_code: "75002", city: Paris, country: FR}
    subscriptions:
      - {id: "[nw]_meeting[/b]", product: goto-meeting, seats: 25, unit_price: 14.10, period: month,
         period_start: 2026-11-01, period_end: 2026-12-01}
"""


def test_names_are_printed_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not as markup of the terminal, nor as its commands."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "accounts.yml"

    def run_import(text: str) -> tuple[int, str, str]:
        path.write_text(text, encoding="utf-8")
        ended = CliRunner().invoke(cli, ["import", str(path)], env=settings(url))
        return ended.exit_code, ended.stdout, ended.stderr

    with database_url("accounts", "sqlite") as url:
        assert run_import(FILE)[0] == 0
        code, out, _ = run_import(FILE.replace("seats: 25", "seats: 26"))
        assert code == 0
        assert "[nw]_meeting[/b]" in out
        code, out, err = run_import(FILE.replace("currency: EUR", 'currency: EUR\n    "\\e[2J": x'))
        assert (code, out) == (1, "")
        assert r"accounts[0].\x1b[2J: is not a known key" in err
        assert "\x1b" not in err
