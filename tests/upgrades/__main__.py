"""`python -m tests.upgrades COMMIT…` records what the versions at these commits send to their databases."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.upgrades.recording import Recording

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "recordings"
GIT = shutil.which("git") or "git"
DIALECTS = ("sqlite", "postgresql")
# Runs in the recorded version's tree.
MODULES = ("__init__.py", "recording.py", "scenario.py")


def record(commit: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        command = [GIT, "archive", commit]
        archive = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(tree, filter="data")
        (tree / "tests/upgrades").mkdir(exist_ok=True)
        for name in MODULES:
            shutil.copy(Path(__file__).parent / name, tree / "tests/upgrades" / name)
        for dialect in DIALECTS:
            path = tree / f"{dialect}.json.gz"
            environment = {**os.environ, "SEATBOT_TEST_DATABASE": dialect, "PYTHONDONTWRITEBYTECODE": "1"}
            command = [sys.executable, "-m", "tests.upgrades.scenario", str(path)]
            subprocess.run(command, cwd=tree, env=environment, check=True, stdout=subprocess.DEVNULL)
            version = Recording.load(path).version
            FOLDER.mkdir(exist_ok=True)
            shutil.copy(path, FOLDER / f"{version}.{dialect}.json.gz")
            print(f"recorded {version} on {dialect}")  # noqa: T201


if __name__ == "__main__":
    for commit in sys.argv[1:]:
        record(commit)
