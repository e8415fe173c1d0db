"""A mutant's trial: if its bug is planted in a copy of the tree, does a test of its suite fail?"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

from tests.mutants.mutants import DoesNotApply, Mutant

# For one suite; a mutant that is caught later counts as not caught.
TRIAL_TIMEOUT_SECONDS = 600
SHUTDOWN_TIMEOUT_SECONDS = 10

IGNORED_FILES = ignore_patterns(".git", ".venv", "build", ".*_cache", ".hypothesis", "*.db*")
FAILED = re.compile(r"^FAILED (\S+?::.+?)(?: - .*)?$", re.MULTILINE)


class NoVerdict(Exception):
    """The trial was inconclusive; the message says why."""


@dataclass(frozen=True)
class Trial:
    """`test` is the first that failed; `problem` says why there is no verdict."""

    mutant: Mutant
    test: str | None = None
    problem: str | None = None

    @property
    def caught(self) -> bool:
        return self.test is not None


def run_trial(mutant: Mutant, clean: Path) -> Trial:
    """Caught if a test fails with the bug and passes without it, in the tree `clean`."""
    try:
        with copy_tree(clean) as tree:
            plant_bug(mutant, tree)
            test = find_first_failure(tree, mutant.suite, mutant.database)
        if test is not None and find_first_failure(clean, [test], mutant.database) is not None:
            raise NoVerdict(f"{test} fails without the bug too")
    except NoVerdict as why:
        return Trial(mutant, problem=str(why))
    return Trial(mutant, test)


@contextmanager
def copy_tree(root: Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix="planted-") as folder:
        yield copytree(root, Path(folder) / "tree", ignore=IGNORED_FILES)


def plant_bug(mutant: Mutant, tree: Path) -> None:
    path = tree / mutant.file
    try:
        path.write_text(mutant.apply_to(path.read_text(encoding="utf-8")), encoding="utf-8")
    except DoesNotApply as error:
        raise NoVerdict(f"does not apply: {error}") from None


def find_first_failure(tree: Path, suite: list[str], database: str) -> str | None:
    """The first test of the suite that fails in `tree`; None if all pass. Raises NoVerdict if pytest fails
    otherwise, for example because a test could not be collected or set up."""
    if not suite:
        raise NoVerdict("names no suite")
    code, said = _run_pytest(tree, [*suite, "-x", "-q", "-rf", "-p", "no:cacheprovider"], database)
    failed = FAILED.search(said)
    if code == 1 and failed:
        return failed[1]
    if code != 0:
        raise NoVerdict(f"no test failed, but pytest ended with {code}:\n{said[-2000:].strip()}")
    return None


def _run_pytest(tree: Path, arguments: list[str], database: str) -> tuple[int, str]:
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=tree,
        env={**os.environ, "SEATBOT_TEST_DATABASE": database},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=TRIAL_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            _stop_pytest(process)
            raise NoVerdict(f"not done after {TRIAL_TIMEOUT_SECONDS} s") from None
    return process.returncode, said


def _stop_pytest(process: subprocess.Popen[str]) -> None:
    """An interrupted pytest stops its servers too; if it ignores that, it is killed."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(SHUTDOWN_TIMEOUT_SECONDS)
    process.kill()
