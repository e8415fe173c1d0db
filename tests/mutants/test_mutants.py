"""The mutants' files are valid, and a trial shows whether one is caught. `make planted` tries them all."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mutants import trial
from tests.mutants.mutants import ROOT, Change, Mutant, list_mutants
from tests.mutants.trial import Trial, run_trial
from tests.rules_page import rule_sections

MUTANTS = list_mutants()
MIN_MUTANTS = 30
RULES = {number for number, _ in rule_sections()}
TEST = "test_seats.py"
RunTrial = Callable[..., Trial]
PRODUCT = ("bot", "handlers", "models", "scheduler")

each_mutant = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)


def test_there_are_enough_mutants_and_half_of_them_are_independent() -> None:
    assert len(MUTANTS) >= MIN_MUTANTS
    assert sum(mutant.is_independent for mutant in MUTANTS) * 2 >= len(MUTANTS)
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@each_mutant
def test_a_mutant_describes_its_bug_and_the_rule_it_breaks(mutant: Mutant) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", mutant.name)
    assert re.fullmatch(r"[A-Z].{20,}\.", mutant.description)
    assert mutant.rules
    assert set(mutant.rules) <= RULES
    assert mutant.database in ("sqlite", "postgresql")


@each_mutant
def test_a_mutant_changes_one_or_two_lines_of_the_product(mutant: Mutant) -> None:
    assert mutant.file.startswith(PRODUCT)
    assert 1 <= sum(change.count_lines() for change in mutant.changes) <= 2


@each_mutant
def test_a_mutant_still_applies(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    changed = mutant.apply_to(text)
    assert changed != text
    ast.parse(changed)


@each_mutant
def test_the_suite_of_a_mutant_exists(mutant: Mutant) -> None:
    assert mutant.suite
    for named in mutant.suite:
        path, *names = named.split("[")[0].split("::")
        assert (ROOT / path).exists()
        assert set(names) <= _list_names(ROOT / path)


def _list_names(path: Path) -> set[str]:
    """The classes and functions of a file."""
    if path.is_dir():
        return set()
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in nodes if isinstance(node, kinds)}


# --- the trial itself, in a tree of two files

PASSES = "from seats import total\n\ndef test_total():\n    assert total(2) == 4\n"
FAILS = PASSES.replace("4", "5")
SETS_UP = "import pytest\nfrom seats import total\n\n@pytest.fixture\ndef four():\n    assert total(2) == 4\n"
NEEDS_IT = f"{SETS_UP}\ndef test_total(four):\n    pass\n"
WRONG, EQUAL = "    return seats", "    return 2 + seats"


@pytest.fixture
def run_small_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunTrial:
    # These tests need no plugin, and start faster without.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "seats.py").write_text("def total(seats):\n    return seats + 2\n", encoding="utf-8")

    def run(
        line: str, *, instead_of: str = "    return seats + 2", test: str = PASSES, suite: str = TEST
    ) -> Trial:
        (tree / "test_seats.py").write_text(test, encoding="utf-8")
        mutant = Mutant(tmp_path / "small.toml")
        change = f"[[change]]\nold = '''{instead_of}'''\nnew = '''{line}'''\n"
        head = f"bug = 'Small.'\nbreaks = 'R1'\nsuite = {suite.split()}\nfile = 'seats.py'\n"
        mutant.path.write_text(head + change, encoding="utf-8")
        return run_trial(mutant, tree)

    return run


def test_a_mutant_is_caught_by_the_test_that_fails(run_small_trial: RunTrial) -> None:
    assert run_small_trial(WRONG).test == "test_seats.py::test_total"


def test_a_mutant_that_fails_no_test_is_not_caught(run_small_trial: RunTrial) -> None:
    result = run_small_trial(EQUAL)
    assert (result.caught, result.problem) == (False, None)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"line": WRONG, "instead_of": "    return seats + 3"}, "does not apply"),
        ({"line": "    return ("}, "no test failed"),
        ({"line": WRONG, "test": NEEDS_IT}, "no test failed"),
        ({"line": WRONG, "suite": "test_other.py"}, "no test failed"),
        ({"line": WRONG, "suite": ""}, "names no suite"),
        ({"line": WRONG, "test": FAILS}, "fails without the bug too"),
    ],
    ids=[
        "stale",
        "cannot be imported",
        "cannot be set up",
        "no such file",
        "no suite",
        "fails anyway",
    ],
)
def test_nothing_else_counts_as_caught(run_small_trial: RunTrial, given: dict[str, str], why: str) -> None:
    result = run_small_trial(**given)
    assert not result.caught
    assert why in (result.problem or "")


def test_a_suite_that_hangs_is_stopped_and_catches_nothing(
    run_small_trial: RunTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "TRIAL_TIMEOUT_SECONDS", 2)
    result = run_small_trial('    return __import__("time").sleep(3600)')
    assert not result.caught
    assert "not done after 2 s" in (result.problem or "")


def test_a_change_applies_to_reformatted_code() -> None:
    change = Change(old="call(first, second)\nreturn first", new="call(second)\nreturn first")
    text = "def f():\n    call(\n        first, second\n    )\n    return first\n"
    assert change.apply_to(text) == "def f():\n    call(second)\n    return first\n"
