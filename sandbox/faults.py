"""Faults on demand: which calls fail, how, and how often."""

import random
from dataclasses import dataclass
from typing import Literal, get_args

FaultKind = Literal[
    "ratelimited",  # 429 with Retry-After
    "error_500",
    "error_503",
    "timeout",  # no response until the connection is cut; the call has no effect
    "error",  # 200 with one of Slack's errors, as `error` says; the call has no effect
    "cut_before",  # the connection is cut, the call has no effect
    "cut_after",  # the call takes effect, its response is lost
    "slow",  # a late response
    "html",  # 200 with an HTML page, as from a proxy; the call has no effect
    "text",  # 200 with a line of text, as from a proxy
    "empty",  # 200 with an empty body
    "truncated",  # 200 with the first half of a JSON response
    "unknown_method",  # Slack's own error for a method that it does not have
    "missing_headers",  # the real response, without Slack's headers
    "duplicate",  # a request to the app is delivered twice: here `method` is event, command or interactive
]
FAULT_KINDS: tuple[str, ...] = get_args(FaultKind)
API_FAULTS = frozenset(FAULT_KINDS) - {"duplicate"}


@dataclass
class Fault:
    """`method` may also be "upload", for the bytes of a file. `times` limits how often it applies; `seconds`
    is Retry-After, the delay, or the time before a timeout."""

    kind: FaultKind
    method: str = "*"
    probability: float = 1.0
    times: int | None = None
    seconds: float = 1.0
    error: str = "internal_error"


class Faults:
    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        self.rules: list[Fault] = []
        self._random = random.Random(self._seed)  # noqa: S311 -- repeatable faults, not secrets

    def add(self, fault: Fault) -> Fault:
        self.rules.append(fault)
        return fault

    def pick_fault(self, method: str, kinds: frozenset[str] = API_FAULTS) -> Fault | None:
        for fault in self.rules:
            if fault.kind not in kinds or fault.method not in ("*", method) or fault.times == 0:
                continue
            if self._random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None
