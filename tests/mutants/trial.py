"""One bug's trial: planted in a copy of the tree, does a test of its suite fail?"""

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

from tests.mutants.mutants import Bug

# For one suite; then its bug counts as not caught.
MOST_SECONDS = 240
SECONDS_TO_END = 10

LEFT_OUT = ignore_patterns(".git", ".venv", "build", ".*_cache", ".hypothesis", "*.db*")
FAILED = re.compile(r"^FAILED (\S+?::.+?)(?: - .*)?$", re.MULTILINE)


class NoVerdict(Exception):
    """The trial says nothing about the bug; why, in words."""


@dataclass(frozen=True)
class Trial:
    """`test` is the first that failed; `trouble` says why there is no verdict."""

    bug: Bug
    test: str | None = None
    trouble: str | None = None

    @property
    def caught(self) -> bool:
        return self.test is not None


def put_on_trial(bug: Bug, clean: Path) -> Trial:
    """Caught where a test fails with the bug, and does not without it, in the tree `clean`."""
    try:
        with copy_of(clean) as tree:
            plant(bug, tree)
            test = first_failure(tree, bug.suite, bug.database)
        if test is not None and first_failure(clean, [test], bug.database) is not None:
            raise NoVerdict(f"{test} fails without the bug too")
    except NoVerdict as why:
        return Trial(bug, trouble=str(why))
    return Trial(bug, test)


@contextmanager
def copy_of(root: Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix="planted-") as folder:
        yield copytree(root, Path(folder) / "tree", ignore=LEFT_OUT)


def plant(bug: Bug, tree: Path) -> None:
    if complaint := apply(bug, tree):
        raise NoVerdict(f"does not apply: {complaint}")


def apply(bug: Bug, tree: Path, *options: str) -> str:
    """What git says against it, if anything."""
    # Inside another repository it would pass over everything, and call that success.
    alone = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    # Of the lines around it one is enough: a change nearby leaves it the same bug.
    command = ["git", "apply", "-C1", *options, str(bug.path)]
    done = subprocess.run(command, cwd=tree, env=alone, stderr=subprocess.PIPE, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""


def first_failure(tree: Path, suite: list[str], database: str) -> str | None:
    """The first test of the suite that fails in `tree`; none where all pass.

    Only a test that failed says something: NoVerdict where none could be collected or set up.
    """
    if not suite:
        raise NoVerdict("names no suite")
    code, said = _pytest(tree, [*suite, "-x", "-q", "-rf", "-p", "no:cacheprovider"], database)
    failed = FAILED.search(said)
    if code == 1 and failed:
        return failed[1]
    if code != 0:
        raise NoVerdict(f"no test failed, but pytest ended with {code}:\n{said[-2000:].strip()}")
    return None


def _pytest(tree: Path, arguments: list[str], database: str) -> tuple[int, str]:
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=tree,
        env={**os.environ, "SEATBOT_TEST_DATABASE": database},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            _end(process)
            raise NoVerdict(f"not done after {MOST_SECONDS} s") from None
    return process.returncode, said


def _end(process: subprocess.Popen[str]) -> None:
    """Interrupted, pytest ends its servers too; what does not mind that is killed."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_END)
    process.kill()
