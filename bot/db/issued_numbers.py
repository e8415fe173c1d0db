"""The file beside a SQLite database that remembers the last document numbers (`seatbot.db-numbers`).

A copy of the database is the same as the database: neither its content nor, if it was copied over the
original, its inode tells them apart. So what was issued is also written where a restore does not reach.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Within one sector of a disk, which is written entirely or not at all.
RECORD_BYTES = 256


class NumbersUnreadable(Exception):
    """The file is damaged."""


@dataclass(frozen=True)
class IssuedNumbers:
    """`key` is also stored in the database. `last_numbers` are by prefix."""

    key: str
    last_numbers: dict[str, int]


class IssuedNumbersFile:
    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}-numbers")

    def read(self) -> IssuedNumbers | None:
        """Returns None if there is no file, or it can't be read."""
        try:
            return _parse(self._path.read_bytes())
        except FileNotFoundError:
            return None

    def create(self, last_numbers: Mapping[str, int]) -> str:
        """Returns the new key."""
        key = secrets.token_hex(16)
        self._path.touch()
        with open(self._path, "rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _write(file.fileno(), IssuedNumbers(key, dict(last_numbers)))
        _sync_directory(self._path.parent)
        return key

    def record(self, last_numbers: Mapping[str, int]) -> None:
        """Numbers never go back: several processes may share the database. Raises FileNotFoundError, another
        OSError, or NumbersUnreadable."""
        with open(self._path, "rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            known = _parse(file.read())
            if known is None:
                raise NumbersUnreadable
            numbers = {p: max(n, known.last_numbers.get(p, 0)) for p, n in last_numbers.items()}
            _write(file.fileno(), IssuedNumbers(known.key, {**known.last_numbers, **numbers}))


def _parse(content: bytes) -> IssuedNumbers | None:
    try:
        values = json.loads(content)
        return IssuedNumbers(str(values["key"]), {str(p): int(n) for p, n in values["last_numbers"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _sync_directory(path: Path) -> None:
    # Without this, a new file may be missing after a power failure.
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write(file: int, numbers: IssuedNumbers) -> None:
    # In place and at a constant length, so that after a power failure the file has either the old numbers or
    # the new ones.
    content = json.dumps({"key": numbers.key, "last_numbers": numbers.last_numbers}).encode()
    os.pwrite(file, content.ljust(RECORD_BYTES - 1) + b"\n", 0)
    # A damaged file may have been longer.
    os.ftruncate(file, RECORD_BYTES)
    os.fsync(file)
