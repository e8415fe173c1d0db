"""The sandbox's HTTP servers on 127.0.0.1."""

from aiohttp import web

from sandbox.control import Control
from sandbox.core import SandboxCore
from sandbox.oauth import OAuth
from sandbox.origin_check import build_file_response, require_local_origin
from sandbox.page import Page
from sandbox.payloads import build_file_json
from sandbox.response_urls import ResponseUrls
from sandbox.web_api import WebApi

HOST = "127.0.0.1"
MAX_BODY_BYTES = 50 * 1024 * 1024


class Server:
    def __init__(self, slack: SandboxCore) -> None:
        self.slack = slack
        self._oauth = OAuth(slack.workspace)
        self._web_api = WebApi(
            slack.workspace, slack.traffic, slack.sockets, slack.faults, slack.rate_limits, self._oauth
        )
        self._control = Control(slack)
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0, smtp_port: int = 0, public_url: str | None = None) -> None:
        await self.slack.delivery.start()
        await self.slack.mailbox.start(smtp_port)
        self._runner = web.AppRunner(self._build_application(), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, port).start()
        base_url = public_url or f"http://{HOST}:{self._runner.addresses[0][1]}"
        self._web_api.base_url = self.slack.people.base_url = base_url

    async def stop(self) -> None:
        self._control.close()
        await self.slack.sockets.close()
        await self.slack.delivery.stop()
        if self._runner:
            await self._runner.cleanup()
        await self.slack.mailbox.stop()

    def _build_application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[require_local_origin])
        slack = self.slack
        response_urls = ResponseUrls(slack.workspace, slack.traffic, slack.people.acks, slack.faults)
        app.add_routes(
            [
                web.get("/api/{method}", self._web_api.handle),
                web.post("/api/{method}", self._web_api.handle),
                web.post("/response/{team}/{id}", response_urls.handle),
                web.post("/upload/v1/{id}", self._receive_upload),
                web.get("/files/{id}/{name}", self._serve_file),
                web.get("/oauth/v2/authorize", self._oauth.authorize),
                web.get("/link/", slack.sockets.connect),
                *self._control.list_routes(),
                *Page(slack.workspace).list_routes(),
            ]
        )
        return app

    async def _receive_upload(self, request: web.Request) -> web.Response:
        file = self.slack.workspace.files.get(request.match_info["id"])
        if file is None:
            return web.Response(status=404, text="no such upload")
        if self.slack.faults.pick_fault("upload"):
            return web.Response(status=403, text="forbidden")
        content = await _read_uploaded_bytes(request)
        if len(content) != file.length:
            return web.Response(status=400, text=f"{file.length} bytes were announced, {len(content)} came")
        file.content = content
        return web.Response(text=f"OK - {len(content)}")

    async def _serve_file(self, request: web.Request) -> web.Response:
        file = self.slack.workspace.files.get(request.match_info["id"])
        if file is None or not file.complete:
            return web.Response(status=404, text="no such file")
        return build_file_response(file.content, build_file_json(file)["mimetype"])


async def _read_uploaded_bytes(request: web.Request) -> bytes:
    """Slack accepts the raw bytes or a form with one file."""
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    for part in (await request.post()).values():
        if isinstance(part, web.FileField):
            return part.file.read()
    return b""
