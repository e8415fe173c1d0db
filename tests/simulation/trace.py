"""The trace of a run, which is the same for the same seed."""

import re

from tests.simulation.loop import VirtualClock

KEY = re.compile(r"(SO-\d+-\d+-\d+)-[0-9a-f]{16}")


class Trace:
    """The random suffix of a charge's key is left out; everything else follows from the seed."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.lines: list[str] = []

    def add(self, text: str) -> None:
        self.lines.append(f"{len(self.lines):4} " + KEY.sub(r"\1", text))

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.lines[-lines:])
