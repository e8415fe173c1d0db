"""Installs the app by OAuth: the page where a person allows it, and the exchange of the code for a token."""

import uuid
from base64 import b64decode
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlencode

from aiohttp import web

from sandbox.errors import Json, SlackError
from sandbox.workspace import Workspace


@dataclass
class OAuth:
    workspace: Workspace
    codes: dict[str, tuple[str, list[str]]] = field(default_factory=dict)

    async def authorize(self, request: web.Request) -> web.Response:
        """Asks in which workspace to install; with `allow`, redirects to the app with a single-use code."""
        app, asked = self.workspace.config.app, request.query
        if asked.get("client_id") != app.client_id:
            return web.Response(status=400, text="invalid client_id")
        team = self.workspace.teams.get(asked.get("allow", ""))
        if team is None:
            return web.Response(text=self._render_page(request), content_type="text/html")
        redirect_uri = asked.get("redirect_uri") or app.redirect_url
        if not redirect_uri:
            return web.Response(status=400, text="the app has no redirect URL")
        code = uuid.uuid4().hex
        self.codes[code] = (team.id, [scope for scope in asked.get("scope", "").split(",") if scope])
        query = urlencode({"code": code, "state": asked.get("state", "")})
        return web.Response(status=302, headers={"Location": f"{redirect_uri}?{query}"})

    def _render_page(self, request: web.Request) -> str:
        links = [
            (escape(str(request.rel_url.update_query(allow=team.id))), escape(team.name))
            for team in self.workspace.teams.values()
        ]
        teams = "".join(f'<li><a href="{url}">{name}</a>' for url, name in links)
        name = escape(self.workspace.app_name)
        return f"<!doctype html><title>{name}</title><h1>Allow {name} in</h1><ul>{teams}</ul>"

    def exchange_code(self, args: Json, authorization: str) -> Json:
        """Implements `oauth.v2.access`."""
        app = self.workspace.config.app
        if _read_client_credentials(args, authorization) != (app.client_id, app.client_secret):
            raise SlackError("bad_client_secret")
        team_id, scopes = self.codes.pop(str(args.get("code")), (None, []))
        if team_id is None:
            raise SlackError("invalid_code")
        installation = self.workspace.install(team_id, scopes)
        users = self.workspace.users.values()
        people = [user.id for user in users if team_id in user.all_team_ids and not user.is_bot]
        place = {"id": team_id, "name": self.workspace.teams[team_id].name}
        is_organisation = self.workspace.teams[team_id].is_organisation
        return {
            "access_token": installation.bot_token,
            "token_type": "bot",
            "scope": ",".join(scopes),
            "bot_user_id": installation.bot_user_id,
            "app_id": self.workspace.app_id,
            "team": None if is_organisation else place,
            "enterprise": place if is_organisation else None,
            "authed_user": {"id": people[0]},
            "is_enterprise_install": is_organisation,
        }


def _read_client_credentials(args: Json, authorization: str) -> tuple[str, str]:
    if authorization.startswith("Basic "):
        login, _, password = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        return login, password
    return str(args.get("client_id")), str(args.get("client_secret"))
