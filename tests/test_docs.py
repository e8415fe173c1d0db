"""What is written about the project is so."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from typer.main import get_command

from bot.cli import cli
from bot.settings import Settings
from demo.story import WORKSPACE_PATH
from docs import generate
from docs.generate import MESSAGES_PATH, STATES_PATH, render_states_page
from docs.messages import render_messages_page
from handlers.routes import ROUTES
from tests.postgres import database_url
from tests.yaml_files import read_yaml

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
WRITTEN_BY_PEOPLE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NEEDED = "needed"


def rows(page: str) -> Iterator[list[str]]:
    """The rows of a page's tables, as cells."""
    for line in page.splitlines():
        if line.startswith("| "):
            yield [cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line.strip("|"))]


def defaults() -> dict[str, str]:
    """What the README's table says of each setting."""
    return {row[0]: row[1] for row in rows(README) if re.fullmatch(r"[A-Z][A-Z_]+", row[0])}


def test_the_page_of_states_is_what_the_models_say() -> None:
    assert STATES_PATH.read_text(encoding="utf-8") == render_states_page(), (
        "docs/states.md is stale: make docs"
    )


def test_the_page_of_messages_is_what_the_texts_say() -> None:
    assert MESSAGES_PATH.read_text(encoding="utf-8") == render_messages_page(), (
        "docs/messages.md is stale: make docs"
    )


def test_the_page_of_messages_has_every_text_in_every_language() -> None:
    written = {row[0]: row[1:] for row in rows(MESSAGES_PATH.read_text(encoding="utf-8"))}
    keys = re.findall(
        r"^([a-z][a-z0-9-]+) =", (ROOT / "bot/i18n/en.ftl").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert written.keys() - {"key", "---"} == {*keys}
    assert [key for key in keys if len(written[key]) != 2 or not all(written[key])] == []
    assert written["close"] == ["Close", "Fermer"]


@pytest.mark.parametrize(
    "states",
    [
        generate.QUOTE_STATES,
        generate.SERVICE_ORDER_STATES,
        generate.ORDER_LINE_STATES,
        generate.INVOICE_STATES,
        generate.NOTICE_STATES,
    ],
)
def test_every_state_has_its_meaning(states: generate.StateMachine) -> None:
    assert [*states.meanings] == [*type(states.initial)]


def test_both_commands_stand_at_the_top_of_the_readme() -> None:
    top = README.split("\n## ")[0]
    assert re.search("^make demo", top, re.MULTILINE)
    assert re.search("^make test", top, re.MULTILINE)


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    written = defaults()
    assert written.keys() == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        default = NEEDED if field.is_required() else str(field.default if field.default is not None else "")
        assert written[name.upper()] == default


def test_every_command_people_type_is_in_the_readme() -> None:
    typed = {row[0].split()[0] for row in rows(README) if row[0].startswith("/")}
    assert typed == {route.id for route in ROUTES if route.kind == "command"}


def test_every_command_of_app_py_is_in_the_readme() -> None:
    [table] = re.findall(r"\| `python app\.py …`.*?\n\n", README, re.DOTALL)
    written = {row[0].split()[0] for row in [*rows(table)][2:]}
    assert written == {*get_command(cli).commands}  # type: ignore[attr-defined]


def test_everybody_of_the_demo_is_in_the_readme() -> None:
    workspace = read_yaml(WORKSPACE_PATH)
    assert [user["real_name"] for user in workspace["users"] if user["real_name"] not in README] == []


def test_every_target_that_is_written_about_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in WRITTEN_BY_PEOPLE:
        named = re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(named) <= targets


@pytest.mark.parametrize("page", WRITTEN_BY_PEOPLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("page", WRITTEN_BY_PEOPLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_is_named_is_there(page: Path) -> None:
    named = re.findall(
        r"`((?:bot|models|handlers|scheduler|tests|docs|demo|sandbox)/[\w./]*)`",
        page.read_text(encoding="utf-8"),
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def parse_directory_map() -> dict[str, set[str]]:
    """Folder -> modules: a line for each folder, and its modules indented below it."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    [drawn] = re.findall(r"## Directory map\n.*?```\n(.*?)```", page, re.DOTALL)
    folders: dict[str, set[str]] = {}
    folder = ""
    for line in drawn.splitlines():
        if line.startswith(" "):
            folders[folder] |= set(line.split())
        else:
            folder = line.split(" ")[0].rstrip("/")
            folders[folder] = set()
    return folders


def test_the_statements_for_operators_fit_the_schema() -> None:
    """Those of the runbook and of docs/privacy.md. PostgreSQL's own tables are not on this database."""
    pages = [(ROOT / f"docs/{name}.md").read_text(encoding="utf-8") for name in ("operate", "privacy")]
    found = re.findall(
        r"`(SELECT \w+.*? FROM .*?)`|^(UPDATE .*?;)$", "\n".join(pages), re.MULTILINE | re.DOTALL
    )
    statements = [query or update for query, update in found]
    assert len(statements) > 4
    with database_url("migrated", "sqlite") as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()


def test_the_architectures_directory_map_is_the_tree() -> None:
    modules: dict[str, set[str]] = {}
    for package in ("bot", "handlers", "models", "scheduler"):
        for path in (ROOT / package).rglob("*.py"):
            if path.parent.name != "versions":
                names = modules.setdefault(str(path.parent.relative_to(ROOT)), set())
                names |= {path.stem} - {"__init__"}
    drawn = parse_directory_map()
    assert {folder: drawn.get(folder) for folder in modules} == modules
    assert [folder for folder in drawn if not (ROOT / folder).exists()] == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"\]\((\d{4}-[^)]+)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in folder.glob("0*.md"))
