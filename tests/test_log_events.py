"""Every event of the log has a stable id, fields with one meaning each, and a row in docs/operate.md."""

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PRODUCT = ("app.py", "bot", "handlers", "models", "scheduler")
EVENT_ID_PATTERN = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}

# Passed on to structlog, which makes `exception` of it.
TRACEBACK_FIELD = "exc_info"

# Events with more than one call: the same thing happens in each.
SHARED_EVENTS = {
    "app.uninstalled",  # with one workspace and with many
    "reply.undelivered",  # by a response URL, and in any other way
    "slack.unavailable",  # an error of Slack's, and no answer
    "token.undecryptable",  # when it is used, and when keys are rotated
}


@dataclass(frozen=True)
class LogCall:
    location: str
    event: str
    level: str
    fields: frozenset[str]


def test_every_use_of_the_log_is_a_call_with_a_literal_event() -> None:
    """Else the other tests here would not see it."""
    unseen = [
        f"{path.relative_to(ROOT)}:{name.lineno}"
        for path, tree in parse_product()
        for name in ast.walk(tree)
        if isinstance(name, ast.Name) and name.id == "log" and isinstance(name.ctx, ast.Load)
    ]
    assert sorted(unseen) == sorted(call.location for call in list_log_calls())


def test_every_event_id_is_a_noun_and_a_verb_or_state() -> None:
    wrong = [call for call in list_log_calls() if not EVENT_ID_PATTERN.fullmatch(call.event)]
    assert wrong == []


def test_an_event_has_one_meaning() -> None:
    calls = defaultdict(list)
    for call in list_log_calls():
        calls[call.event].append(call)
    assert {event for event, found in calls.items() if len(found) > 1} == SHARED_EVENTS
    assert [event for event, found in calls.items() if len({call.level for call in found}) > 1] == []


def test_every_field_is_explained() -> None:
    explained = {name for row in read_table("## Logs") for name in re.findall(r"`(\w+)`", row[0])}
    used = {name for call in list_log_calls() for name in call.fields}
    assert used - {TRACEBACK_FIELD} | {"exception"} == explained


def test_every_warning_and_error_is_in_the_table_of_events() -> None:
    expected = {(f"`{call.event}`", call.level) for call in list_log_calls()}
    expected = {(event, level) for event, level in expected if level in ("warning", "error")}
    rows = read_table("### Events that need attention")
    assert [(event, level) for event, level, *_ in rows] == sorted(expected)
    assert all(meaning and action for _, _, meaning, action in rows)


def list_log_calls() -> list[LogCall]:
    return [
        read_log_call(path, node)
        for path, tree in parse_product()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
    ]


def read_log_call(path: Path, node: ast.Call) -> LogCall:
    location = f"{path.relative_to(ROOT)}:{node.lineno}"
    assert isinstance(node.func, ast.Attribute)
    [event] = node.args
    assert isinstance(event, ast.Constant), f"{location} has an event that is computed"
    fields = frozenset(keyword.arg for keyword in node.keywords if keyword.arg is not None)
    return LogCall(location, str(event.value), LEVELS[node.func.attr], fields)


@cache
def parse_product() -> list[tuple[Path, ast.Module]]:
    paths = [path for name in PRODUCT for path in sorted((ROOT / name).rglob("*.py")) or [ROOT / name]]
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def read_table(heading: str) -> list[list[str]]:
    """The cells of the rows of the first table below a heading of docs/operate.md."""
    page = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    section = page.split(f"\n{heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[0].splitlines()[2:]]
