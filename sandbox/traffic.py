"""Records every request and response, for the inspector and for tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sandbox.errors import Json


@dataclass
class ApiCall:
    """A call from the app to Slack."""

    number: int
    at: float
    method: str
    args: Json
    team_id: str = ""
    answer: Json = field(default_factory=dict)
    status: int = 200
    fault: str | None = None
    done: bool = False

    @property
    def ok(self) -> bool:
        return bool(self.answer.get("ok"))

    @property
    def error(self) -> str | None:
        return self.answer.get("error")


@dataclass
class Ack:
    """The app's response: a status (200 for an envelope) and a body, or Slack's error if there was none."""

    status: int | None = None
    body: Any = None
    ms: float = 0
    no_retry: bool = False
    error: str | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


@dataclass
class AppRequest:
    """A request from Slack to the app: `body` and `headers` are what is sent over HTTP, byte for byte."""

    number: int
    at: float
    kind: str
    payload: Json
    transport: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ack: Ack | None = None
    client_id: str = "main"
    retry: int = 0


@dataclass
class Refusal:
    """Something that Slack rejected: a failed call or an invalid ack."""

    what: str
    error: str
    messages: list[str] = field(default_factory=list)


Entry = ApiCall | AppRequest


class Traffic:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        self.entries: list[Entry] = []
        self.refusals: list[Refusal] = []
        self.warnings: list[str] = []
        self._numbers = count(1)

    def record_call(self, method: str, args: Json) -> ApiCall:
        entry = ApiCall(next(self._numbers), self._clock(), method, args)
        self.entries.append(entry)
        return entry

    @contextmanager
    def track_response(self, entry: ApiCall, notify: Callable[[], None]) -> Iterator[None]:
        """Marks the call as done when the block ends, and notifies everyone who waits for changes."""
        try:
            yield
        finally:
            entry.done = True
            notify()

    def record_request(self, kind: str, payload: Json, client_id: str = "main") -> AppRequest:
        entry = AppRequest(next(self._numbers), self._clock(), kind, payload, client_id=client_id)
        self.entries.append(entry)
        return entry

    def record_redelivery(self, request: AppRequest) -> AppRequest:
        """Records a second delivery of the same bytes."""
        copy = self.record_request(request.kind, request.payload, request.client_id)
        copy.body, copy.headers, copy.retry = request.body, dict(request.headers), request.retry
        return copy

    def record_refusal(self, what: str, error: str, messages: list[str] | None = None) -> None:
        self.refusals.append(Refusal(what, error, messages or []))

    @property
    def calls(self) -> list[ApiCall]:
        return [entry for entry in self.entries if isinstance(entry, ApiCall)]

    @property
    def requests(self) -> list[AppRequest]:
        return [entry for entry in self.entries if isinstance(entry, AppRequest)]
