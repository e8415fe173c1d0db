"""`python app.py import`, as an operator runs it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from bot.db.sqlite import create_sqlite_engine
from bot.version import PROGRAM
from models.migrations.run import upgrade_database
from tests.commands import CommandResult, run_command
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


BOMB = "\n    ".join(
    [
        "a0: &a0 [x, x, x, x]",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)),
    ]
)
UNUSABLE = {
    'name: "North\\0wind"': "line 3, accounts[0].name: ",
    "name: Null": "line 3, accounts[0].name: ",
    "name: &a [x, *a]": "is nested too deeply",
    BOMB: "its aliases (*name) repeat too many values",
}


def test_a_file_that_cannot_be_used_is_refused_by_line_and_nothing_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "accounts.yml"
    with database_url("migrated", "sqlite") as url:
        for name, problem in UNUSABLE.items():
            path.write_text(FILE.replace('name: "[nw] & <b> *Markup* [/b]"', name), encoding="utf-8")
            ended = CliRunner().invoke(cli, ["import", str(path)], env=settings(url))
            assert (ended.exit_code, ended.stdout) == (1, ""), name
            assert problem in ended.stderr, ended.stderr
            assert "Traceback" not in ended.stderr
        path.write_text(FILE, encoding="utf-8")
        assert "1 account" in CliRunner().invoke(cli, ["import", str(path)], env=settings(url)).stdout


async def test_a_dry_run_writes_nothing_not_even_the_schema_or_the_catalogue(tmp_path: Path) -> None:
    """It runs against production, where the old version may still be serving."""
    path, database = tmp_path / "accounts.yml", tmp_path / "seatbot.db"
    path.write_text(FILE, "utf-8")

    async def run(*arguments: str) -> tuple[int, str]:
        stripe = {"BILLING": "stripe", "STRIPE_API_KEY": "rk_test_1", "STRIPE_API_URL": "http://127.0.0.1:1"}
        more = stripe if "link-stripe" in arguments else {}
        ended = await run_command(tmp_path, *arguments, **settings(f"sqlite:///{database}"), **more)
        return ended.exit_code, ended.output

    listings = [("import", str(path), "--dry-run"), ("link-stripe", "cus_1", "--dry-run"), ("link-stripe",)]
    for arguments in listings:
        code, output = await run(*arguments)
        assert (code, database.exists()) == (1, False), output
    engine = create_sqlite_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        upgrade_database(connection, "0001_baseline")
    engine.dispose()
    before = database.read_bytes()
    too_old = f"the database's schema is older than this version: {PROGRAM} migrate\n"
    for arguments in listings:
        assert await run(*arguments) == (1, too_old)
        assert database.read_bytes() == before
    with database_url("migrated", "sqlite") as url:
        database = Path(url.removeprefix("sqlite:///"))
        before = database.read_bytes()
        path.write_text(FILE + "products: [{id: goto-meeting, name: Meetings}]\n", "utf-8")
        code, output = await run("import", str(path), "--dry-run")
        assert (code, "would import 1 accounts" in output) == (0, True), output
        assert "product goto-meeting: updated\n  name: 'GoTo Meeting' → 'Meetings'\n" in output
        assert database.read_bytes() == before, "its products are not stored yet"


async def test_the_history_names_the_operator_by_option_setting_or_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container everybody is the same user."""
    monkeypatch.setenv("SUDO_USER", "root-of-sue")
    path = tmp_path / "accounts.yml"
    with database_url("accounts", "sqlite") as url:

        async def run(*arguments: str, **more: str) -> CommandResult:
            return await run_command(tmp_path, *arguments, **settings(url), **more)

        path.write_text(FILE, "utf-8")
        assert (
            await run("import", str(path), "--operator", " Ana Ops ", SEATBOT_OPERATOR="Bo")
        ).exit_code == 0
        path.write_text(FILE.replace("Markup", "Mark"), "utf-8")
        assert (await run("import", str(path), SEATBOT_OPERATOR=" Bo Ops ")).exit_code == 0
        assert (await run("close", "markup", "--operator", "Cy")).exit_code == 0
        assert (await run("erase-person", "ines@acme.example", "--yes")).exit_code == 0
        exported = await run("audit", "--account", "markup", "--format", "json")
        assert [row["actor_name"] for row in json.loads(exported.stdout)] == ["Ana Ops", "Bo Ops", "Cy"]
        erased = await run("audit", "--account", "acme", "--format", "json")
        assert json.loads(erased.stdout)[-1]["actor_name"] == "root-of-sue"
        for wrong in ("", "two\nlines", "x" * 101):
            refused = await run("close", "acme", "--operator", wrong)
            assert refused.exit_code == 2
            assert "must be a name: one line of" in refused.stderr
