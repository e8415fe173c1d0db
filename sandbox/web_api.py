"""The Web API: authenticates the token, checks scopes, runs the method, and responds as Slack does."""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.errors import Json, SlackError
from sandbox.fault_effects import apply_after_call, apply_before_call
from sandbox.faults import Faults
from sandbox.methods import auth, chat, conversations, files, users, views
from sandbox.methods.request import Call, Method, build_scope_error
from sandbox.oauth import OAuth
from sandbox.rate_limits import RateLimiter
from sandbox.records import Installation
from sandbox.socket_mode import SocketMode
from sandbox.traffic import ApiCall, Traffic
from sandbox.workspace import Workspace

METHODS: dict[str, Method] = {
    **auth.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **users.METHODS,
    **views.METHODS,
}


@dataclass
class WebApi:
    workspace: Workspace
    traffic: Traffic
    sockets: SocketMode
    faults: Faults
    rate_limits: RateLimiter
    oauth: OAuth
    base_url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        request_error: SlackError | None = None
        try:
            args = await read_arguments(request)
        except SlackError as error:
            args, request_error = {}, error
        token = _read_token(request, args)
        entry = self.traffic.record_call(
            method, {key: value for key, value in args.items() if key != "token"}
        )
        with self.traffic.track_response(entry, self.workspace.changes.notify):
            fault = self.faults.pick_fault(method)
            if fault and (response := await apply_before_call(fault, request, entry)):
                return response
            response = self._respond(entry, token, args, request_error)
        if fault:
            apply_after_call(fault, request, response)
        return response

    def _respond(
        self, entry: ApiCall, token: str, args: Json, request_error: SlackError | None
    ) -> web.Response:
        headers: dict[str, str] = {}
        try:
            if request_error:
                raise request_error
            entry.answer = {"ok": True, **self._run_method(entry, token, args, headers)}
        except SlackError as error:
            entry.answer = error.build_body()
            if not _is_closed_view(entry, error):
                self.traffic.record_refusal(entry.method, error.error, error.messages)
            if error.error == "ratelimited":
                entry.status = 429
                headers["Retry-After"] = str(error.extra.get("retry_after", 1))
        return web.json_response(entry.answer, status=entry.status, headers=headers)

    def _run_method(self, entry: ApiCall, token: str, args: Json, headers: dict[str, str]) -> Json:
        if entry.method == "apps.connections.open":
            return self._open_connection(token)
        if entry.method == "oauth.v2.access":
            return self.oauth.exchange_code(args, token)
        if entry.method == "api.test":
            return {"args": args}
        method = METHODS.get(entry.method)
        if method is None:
            raise SlackError("unknown_method", req_method=entry.method)
        installation = self._authenticate(token)
        entry.team_id = installation.team_id
        headers["X-OAuth-Scopes"] = ",".join(installation.scopes)
        _check_scopes(method, installation)
        call = Call(entry.method, args, self.workspace, self.base_url, installation, self.rate_limits)
        body = method.handler(call)
        if call.warnings:
            body |= {"warning": ",".join(call.warnings), "response_metadata": {"warnings": call.warnings}}
        return body

    def _open_connection(self, token: str) -> Json:
        if token != self.workspace.config.app.app_token:
            raise SlackError(
                "invalid_auth" if token.startswith("xapp-") or not token else "not_allowed_token_type"
            )
        url = self.base_url.replace("http", "ws", 1)
        return {"url": f"{url}/link/?ticket={self.sockets.create_ticket()}&app_id={self.workspace.app_id}"}

    def _authenticate(self, token: str) -> Installation:
        if not token:
            raise SlackError("not_authed")
        installation = self.workspace.find_installation_by_token(token)
        if installation is None:
            raise SlackError("not_allowed_token_type" if token.startswith("xapp-") else "invalid_auth")
        return installation


def _check_scopes(method: Method, installation: Installation) -> None:
    if method.scopes and not set(method.scopes) & set(installation.scopes):
        raise build_scope_error(method.scopes, installation)


async def read_arguments(request: web.Request) -> Json:
    args: dict[str, Any] = dict(request.query)
    if request.method != "POST":
        return args
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        return args | body
    form = await request.post()
    return args | {key: value for key, value in form.items() if isinstance(value, str)}


def _read_token(request: web.Request, args: Json) -> str:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ").strip() if header else str(args.get("token", ""))


def _is_closed_view(entry: ApiCall, error: SlackError) -> bool:
    """A person can close a view at any time: this error is how the app learns about it, and not a mistake."""
    return (
        entry.method == "views.update" and bool(entry.args.get("external_id")) and error.error == "not_found"
    )
