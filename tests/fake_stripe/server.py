"""The fake's routes over HTTP, with Stripe's idempotency and the faults that a test sets.

docs.stripe.com/api/idempotent_requests, docs.stripe.com/api/errors, docs.stripe.com/rate-limits
"""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from socket import create_server
from typing import Any, Literal

import stripe
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from handlers.http import serve_http
from tests.fake_stripe import form_encoding, sdk_types, setup_routes
from tests.fake_stripe.invoice_pdf import open_pdf_link
from tests.fake_stripe.permissions import check_permission
from tests.fake_stripe.records import (
    ApiError,
    StripeRecords,
    build_invalid_request,
    get_charged_method,
)
from tests.fake_stripe.routes import ROUTES, ApiRoute

IDEMPOTENCY_KEY_LIFETIME_SECONDS = 24 * 3600
FaultKind = Literal[
    "cut_before",
    "cut_after",
    "delay",
    "save_500",
    "save_500_after",
    "conflict",
    "rate_limit",
    "down",
    "reject",
]


def moves_money(params: Mapping[str, Any]) -> bool:
    """A change of a quantity that is charged, or put on an invoice."""
    return "proration_behavior" in params


@dataclass
class Fault:
    """A fault of the next `times` requests whose path matches `path`.

    `cut_after` and `save_500_after` take effect first; `delay` takes effect after the client gave up.
    `charges_only` are the requests that move money. `reject` answers `status` with `code`. `then` happens in
    the same moment.
    """

    kind: FaultKind
    path: str = ""
    method: str = ""
    times: int = 1
    charges_only: bool = False
    code: str = ""
    status: int = 400
    then: Callable[[], object] | None = None

    def matches(self, method: str, path: str, params: dict[str, Any]) -> bool:
        fits = self.method in ("", method) and re.search(self.path, path) is not None
        return fits and (not self.charges_only or moves_money(params))


@dataclass(frozen=True)
class SavedResponse:
    """The response saved under an idempotency key."""

    request_hash: str
    status: int
    body: dict[str, Any]
    at: int


@dataclass(frozen=True)
class RecordedRequest:
    """`status` is None if there was no response."""

    method: str
    path: str
    params: dict[str, Any]
    idempotency_key: str | None
    status: int | None


class ConnectionCut(Exception):
    """The connection breaks without a response."""


class FakeStripe:
    """Compares every request and response with the SDK's types; `violations` are the differences."""

    def __init__(self, records: StripeRecords, api_key: str = "sk_test_fake") -> None:
        self.records, self.api_key = records, api_key
        self.violations: list[str] = []
        # Of a restricted key, such as `customer_write`.
        self.missing_permissions: set[str] = set()
        self.faults: list[Fault] = []
        self.requests: list[RecordedRequest] = []
        # Called once, before and after the next request that moves money.
        self.before_charge: Callable[[], object] | None = None
        self.after_charge: Callable[[], object] | None = None
        # Called once, before the next request that voids an invoice.
        self.before_void: Callable[[], object] | None = None
        # Requests that have not arrived yet, although their client has given up.
        self.delayed_requests: list[Callable[[], object]] = []
        self._saved: dict[str, SavedResponse] = {}
        self.latency_seconds = 0.0
        self.url = ""
        routes = [
            Route("/i/{invoice}/pdf", self._redirect_to_pdf),
            Route("/files/{invoice}/pdf", self._serve_pdf),
            Route("/{path:path}", self._serve, methods=["GET", "POST", "DELETE"]),
        ]
        self._app = Starlette(routes=routes)

    @asynccontextmanager
    async def run(self) -> AsyncIterator["FakeStripe"]:
        listener = create_server(("127.0.0.1", 0))
        self.url = self.records.files_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with serve_http(self, listener):
            yield self
        assert not self.violations, "\n".join(self.violations)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The outermost application: only here can the connection be cut."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        try:
            await self._app(scope, receive, keep)
        except ConnectionCut:
            _cut_connection(send)
            return
        for message in messages:
            await send(message)

    async def _serve(self, request: Request) -> JSONResponse:
        method, path = request.method, "/" + request.path_params["path"]
        await asyncio.sleep(self.latency_seconds)
        text = request.url.query if method == "GET" else (await request.body()).decode()
        return self.handle_request(method, path, text, request.headers)

    async def _redirect_to_pdf(self, request: Request) -> Response:
        """Without a key; the file itself is on another host."""
        if "authorization" in request.headers:
            self.violations.append("the API key was sent with the link of an invoice")
        match self._take_fault("GET", request.url.path, {}):
            case "cut_before":
                raise ConnectionCut
            case "down":
                return Response(status_code=503)
        target = request.url.replace(path=request.url.path.replace("/i/", "/files/"))
        return RedirectResponse(str(target), 302)

    async def _serve_pdf(self, request: Request) -> Response:
        return Response(open_pdf_link(self.records, str(request.url)))

    async def download_pdf(self, url: str) -> bytes:
        """In this process, as InProcessTransport."""
        return open_pdf_link(self.records, url)

    def handle_request(
        self, method: str, path: str, text: str, headers: Mapping[str, str], fault: str | None = None
    ) -> JSONResponse:
        """`text` is the query or the body; `headers` have lower-case names. Raises ConnectionCut."""
        self.deliver_delayed_requests()
        key, params = headers.get("idempotency-key"), form_encoding.parse_form(text)
        if headers.get("authorization") != f"Bearer {self.api_key}":
            return _build_error_response(ApiError(401, "invalid_request_error", "Invalid API Key provided"))
        fault = fault or self._take_fault(method, path, params)
        try:
            check_permission(method, path, self.missing_permissions)
            response = self._respond(method, path, text, params, key, fault)
        except ApiError as denied:
            response = _build_error_response(denied)
        except ConnectionCut:
            self.requests.append(RecordedRequest(method, path, params, key, None))
            raise
        self.requests.append(RecordedRequest(method, path, params, key, response.status_code))
        # docs.stripe.com/api/request_ids
        response.headers["Request-Id"] = f"req_{len(self.requests)}"
        if response.status_code >= 400:
            self._check_error(json.loads(bytes(response.body)), f"{method} {path}")
        return response

    def deliver_delayed_requests(self) -> None:
        while self.delayed_requests:
            with suppress(ConnectionCut):
                self.delayed_requests.pop(0)()

    def _take_fault(self, method: str, path: str, params: dict[str, Any]) -> str | None:
        for fault in self.faults:
            if fault.times > 0 and fault.matches(method, path, params):
                fault.times -= 1
                if fault.then is not None:
                    fault.then()
                return f"reject:{fault.status}:{fault.code}" if fault.kind == "reject" else fault.kind
        return None

    def _respond(
        self, method: str, path: str, text: str, params: dict[str, Any], key: str | None, fault: str | None
    ) -> JSONResponse:
        match fault:
            case "cut_before":
                raise ConnectionCut
            case "delay":
                self.delayed_requests.append(partial(self._respond, method, path, text, params, key, None))
                raise ConnectionCut
            case "down":
                return _build_error_response(ApiError(503, "api_error", "Down for maintenance"))
            case str() if fault.startswith("reject:"):
                _, status, code = fault.split(":")
                return _build_error_response(
                    build_invalid_request("It is refused.", code or None, status=int(status))
                )
            case "conflict":
                message = "There is currently another in-progress request using this key"
                return _build_error_response(
                    ApiError(409, "idempotency_error", message, "idempotency_key_in_use")
                )
            case "rate_limit":
                return _build_error_response(
                    ApiError(429, "invalid_request_error", "Too many requests", "rate_limit")
                )
        if moves_money(params) and self.before_charge is not None:
            callback, self.before_charge = self.before_charge, None
            callback()
        if path.endswith("/void") and self.before_void is not None:
            callback, self.before_void = self.before_void, None
            callback()
        self.records.apply_due_changes()
        request = hashlib.sha256(f"{method} {path} {text}".encode()).hexdigest()
        saved = self._saved.get(key) if key and method == "POST" else None
        if saved is not None and self.records.now - saved.at < IDEMPOTENCY_KEY_LIFETIME_SECONDS:
            response = self._replay_saved(saved, request)
        else:
            response = self._execute(method, path, params, key, request, fault)
        if moves_money(params) and self.after_charge is not None:
            callback, self.after_charge = self.after_charge, None
            callback()
        if fault == "cut_after" or self._is_response_lost(path, params):
            raise ConnectionCut
        return response

    def _replay_saved(self, saved: SavedResponse, request: str) -> JSONResponse:
        if saved.request_hash != request:
            message = "Keys for idempotent requests can only be used with the same parameters"
            return _build_error_response(ApiError(400, "idempotency_error", message))
        return JSONResponse(
            saved.body, saved.status, {"Idempotent-Replayed": "true", "Stripe-Should-Retry": "false"}
        )

    def _execute(
        self, method: str, path: str, params: dict[str, Any], key: str | None, request: str, fault: str | None
    ) -> JSONResponse:
        """Validation errors are not saved under the key; everything else is, failures included."""
        status, body = 200, {}
        try:
            if fault != "save_500":
                route, names = self._find_route(method, path)
                self._check_request(params, route)
                body = route.handler(self.records, params, *names)
                self._check_response(body, route)
            if fault in ("save_500", "save_500_after"):
                raise ApiError(500, "api_error", "Something went wrong on Stripe's end")
        except ApiError as refused:
            if refused.status in (400, 404):
                return _build_error_response(refused)
            status, body = refused.status, _build_error_body(refused)
        if key and method == "POST":
            self._saved[key] = SavedResponse(request, status, json.loads(json.dumps(body)), self.records.now)
        return JSONResponse(body, status)

    def _find_route(self, method: str, path: str) -> tuple[ApiRoute, tuple[str, ...]]:
        for route in (*ROUTES, *setup_routes.ROUTES):
            found = re.fullmatch(route.pattern, path)
            if route.method == method and found:
                return route, found.groups()
        raise ApiError(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path})")

    def _check_request(self, params: dict[str, Any], route: ApiRoute) -> None:
        ignored = params.keys() - set(route.params.split())
        errors = [f" {name}: the fake does not obey it" for name in ignored]
        errors = sdk_types.find_request_errors(params, route.sdk_method) or errors
        self.violations += [f"{route.method} {route.pattern}: request{error}" for error in errors]
        if errors:
            raise build_invalid_request(errors[0], "parameter_unknown")

    def _check_response(self, body: dict[str, Any], route: ApiRoute) -> None:
        response_type = sdk_types.get_method_types(route.sdk_method).response
        errors = sdk_types.find_response_errors(body, response_type)
        self.violations += [f"{route.method} {route.pattern}: {error}" for error in errors]

    def _check_error(self, body: dict[str, Any], request: str) -> None:
        """docs.stripe.com/api/errors"""
        errors = sdk_types.find_response_errors(body["error"], stripe.ErrorObject)
        self.violations += [f"{request}: {error}" for error in errors]

    def _is_response_lost(self, path: str, params: dict[str, Any]) -> bool:
        """By a card that behaves as `lost`."""
        if "payment_behavior" not in params:
            return False
        subscription = self.records.subscriptions[path.rsplit("/", 1)[1]]
        customer = self.records.customers[subscription.customer]
        card = get_charged_method(subscription, customer)
        return card is not None and self.records.cards[card].behaviour == "lost"

    def save_key(self, key: str, request: str) -> None:
        """As if a request had been sent under the key."""
        self._saved[key] = SavedResponse(request, 200, {}, self.records.now)

    def list_charge_requests(self) -> list[RecordedRequest]:
        """The requests that move money, in order."""
        return [call for call in self.requests if moves_money(call.params)]


def _cut_connection(send: Send) -> None:
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("cut")
    transport.abort()


def _build_error_response(refused: ApiError) -> JSONResponse:
    return JSONResponse(_build_error_body(refused), refused.status)


def _build_error_body(refused: ApiError) -> dict[str, Any]:
    fields = {"type": refused.type, "message": refused.message, "code": refused.code, "param": refused.param}
    return {"error": {name: value for name, value in fields.items() if value is not None}}
