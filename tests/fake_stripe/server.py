"""The fake's routes over HTTP: idempotency as Stripe keeps it, and whatever a test wants to go wrong."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from socket import create_server
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from handlers.http import serve_http
from tests.fake_stripe import forms, setting_up, types
from tests.fake_stripe.books import Refused, StripeRecords
from tests.fake_stripe.routes import ROUTES

KEY_LIVES = 24 * 3600
Kind = Literal["cut_before", "cut_after", "save_500", "save_500_after", "conflict", "rate_limit", "down"]


@dataclass
class Fault:
    """What goes wrong with the next `times` requests like `POST /v1/subscriptions/…`: `path` is searched for.

    `cut_after` and `save_500_after` take effect first. Of a path, `charges` are the requests that move money.
    """

    kind: Kind
    path: str = ""
    method: str = ""
    times: int = 1
    charges: bool = False

    def takes(self, method: str, path: str, params: dict[str, Any]) -> bool:
        fits = self.method in ("", method) and re.search(self.path, path) is not None
        return fits and (not self.charges or "payment_behavior" in params)


@dataclass(frozen=True)
class Saved:
    """What a key answers from now on."""

    request: str
    status: int
    body: dict[str, Any]
    at: int


@dataclass(frozen=True)
class Call:
    """A request as it came, and what was answered; none where nothing was."""

    method: str
    path: str
    params: dict[str, Any]
    key: str | None
    status: int | None


class Cut(Exception):
    """The connection is gone, and nobody hears why."""


class FakeStripe:
    """`checked` holds every answer against the SDK's types, which takes its time."""

    def __init__(self, books: StripeRecords, key: str = "sk_test_fake", *, checked: bool = True) -> None:
        self.books, self.key, self._checked = books, key, checked
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        # What happens, once, right before and right after the next request that moves money.
        self.before_charge: Callable[[], object] | None = None
        self.after_charge: Callable[[], object] | None = None
        self._saved: dict[str, Saved] = {}
        # How long each answer takes.
        self.slow_seconds = 0.0
        self.url = ""
        routes = [Route("/{path:path}", self._answer, methods=["GET", "POST", "DELETE"])]
        self._app = Starlette(routes=routes)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeStripe"]:
        listener = create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with serve_http(self, listener):
            yield self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The outermost: here the connection itself is at hand, to be cut."""
        answered: list[Message] = []

        async def keep(message: Message) -> None:
            answered.append(message)

        try:
            await self._app(scope, receive, keep)
        except Cut:
            _cut(send)
            return
        for message in answered:
            await send(message)

    async def _answer(self, request: Request) -> JSONResponse:
        method, path = request.method, "/" + request.path_params["path"]
        await asyncio.sleep(self.slow_seconds)
        text = request.url.query if method == "GET" else (await request.body()).decode()
        return self.handle(method, path, text, request.headers)

    def handle(
        self, method: str, path: str, text: str, headers: Mapping[str, str], fault: str | None = None
    ) -> JSONResponse:
        """What `text` (query or body) is answered; `headers` have small names. Raises Cut."""
        key, params = headers.get("idempotency-key"), forms.parse(text)
        if headers.get("authorization") != f"Bearer {self.key}":
            return _shown(Refused(401, "invalid_request_error", "Invalid API Key provided"))
        fault = fault or self._fault(method, path, params)
        try:
            response = self._through(method, path, text, params, key, fault)
        except Cut:
            self.calls.append(Call(method, path, params, key, None))
            raise
        self.calls.append(Call(method, path, params, key, response.status_code))
        return response

    def _fault(self, method: str, path: str, params: dict[str, Any]) -> str | None:
        for fault in self.faults:
            if fault.times > 0 and fault.takes(method, path, params):
                fault.times -= 1
                return fault.kind
        return None

    def _through(
        self, method: str, path: str, text: str, params: dict[str, Any], key: str | None, fault: str | None
    ) -> JSONResponse:
        match fault:
            case "cut_before":
                raise Cut
            case "down":
                return _shown(Refused(503, "api_error", "Down for maintenance"))
            case "conflict":
                words = "There is currently another in-progress request using this key"
                return _shown(Refused(409, "idempotency_error", words, "idempotency_key_in_use"))
            case "rate_limit":
                return _shown(Refused(429, "invalid_request_error", "Too many requests", "rate_limit"))
        if "payment_behavior" in params and self.before_charge is not None:
            happens, self.before_charge = self.before_charge, None
            happens()
        self.books.catch_up()
        request = hashlib.sha256(f"{method} {path} {text}".encode()).hexdigest()
        saved = self._saved.get(key) if key and method == "POST" else None
        if saved is not None and self.books.now - saved.at < KEY_LIVES:
            response = self._replay(saved, request)
        else:
            response = self._do(method, path, params, key, request, fault)
        if "payment_behavior" in params and self.after_charge is not None:
            happens, self.after_charge = self.after_charge, None
            happens()
        if fault == "cut_after" or self._lost(path, params):
            raise Cut
        return response

    def _replay(self, saved: Saved, request: str) -> JSONResponse:
        if saved.request != request:
            words = "Keys for idempotent requests can only be used with the same parameters"
            return _shown(Refused(400, "idempotency_error", words))
        return JSONResponse(
            saved.body, saved.status, {"Idempotent-Replayed": "true", "Stripe-Should-Retry": "false"}
        )

    def _do(
        self, method: str, path: str, params: dict[str, Any], key: str | None, request: str, fault: str | None
    ) -> JSONResponse:
        """Errors of validation are not kept under the key; whatever began to run is, failures too."""
        status, body = 200, {}
        try:
            if fault != "save_500":
                body = self._route(method, path)(self.books, params)
                if self._checked:
                    types.check(body)
            if fault in ("save_500", "save_500_after"):
                raise Refused(500, "api_error", "Something went wrong on Stripe's end")
        except Refused as refused:
            if refused.status in (400, 404):
                return _shown(refused)
            status, body = refused.status, _error(refused)
        if key and method == "POST":
            self._saved[key] = Saved(request, status, json.loads(json.dumps(body)), self.books.now)
        return JSONResponse(body, status)

    def _route(self, method: str, path: str) -> Callable[[StripeRecords, dict[str, Any]], dict[str, Any]]:
        for wanted, pattern, answer in (*ROUTES, *setting_up.ROUTES):
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                return lambda books, params: answer(books, params, *found.groups())
        raise Refused(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path})")

    def _lost(self, path: str, params: dict[str, Any]) -> bool:
        """A card whose answers never arrive."""
        if "payment_behavior" not in params:
            return False
        subscription = self.books.subscriptions[path.rsplit("/", 1)[1]]
        customer = self.books.customers[subscription.customer]
        card = subscription.default_card or customer.default_card
        return card is not None and self.books.cards[card].behaviour == "lost"

    # --- what tests ask

    def save(self, key: str, request: str) -> None:
        """As if another request had been sent under the key."""
        self._saved[key] = Saved(request, 200, {}, self.books.now)

    def charges(self) -> list[Call]:
        """The requests that were to move money, in order."""
        return [call for call in self.calls if "payment_behavior" in call.params]


def _cut(send: Send) -> None:
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("cut")
    transport.abort()


def _shown(refused: Refused) -> JSONResponse:
    return JSONResponse(_error(refused), refused.status)


def _error(refused: Refused) -> dict[str, Any]:
    fields = {"type": refused.kind, "message": refused.message, "code": refused.code, "param": refused.param}
    return {"error": {name: value for name, value in fields.items() if value is not None}}
