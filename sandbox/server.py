"""The sandbox as a whole: its parts put together and served on 127.0.0.1."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.config import ConfigSource, load_config
from sandbox.control import Control
from sandbox.delivery import Delivery
from sandbox.faults import Faults
from sandbox.guard import file_response, only_from_here
from sandbox.mailbox import Mailbox
from sandbox.page import Page
from sandbox.payloads import file_json
from sandbox.people import People
from sandbox.rate_limits import RateLimits
from sandbox.response_urls import ResponseUrls
from sandbox.socket_mode import SocketMode
from sandbox.traffic import Traffic
from sandbox.web_api import WebApi
from sandbox.workspace import Clock, Workspace, wall_clock

HOST = "127.0.0.1"
MAX_BODY = 50 * 1024 * 1024

OnReset = Callable[[], Awaitable[None]]


class Slack:
    def __init__(
        self, source: ConfigSource = None, *, clock: Clock = wall_clock, rate_limits: bool = True
    ) -> None:
        config = load_config(source)
        self.workspace = Workspace(config, clock)
        self.traffic = Traffic(clock)
        self.faults = Faults()
        self.rate_limits = RateLimits(clock, enabled=rate_limits)
        self.sockets = SocketMode(config.app.id)
        self.delivery = Delivery(self.workspace, self.traffic, self.sockets, self.faults)
        self.mailbox = Mailbox(clock, self.workspace.changes.notify)
        self.people = People(self.workspace, self.delivery, self.traffic)
        self.on_reset: list[OnReset] = []
        self.reset_url = config.app.reset_url
        self._web_api = WebApi(self.workspace, self.traffic, self.sockets, self.faults, self.rate_limits)
        self._control = Control(self)
        self._runner: web.AppRunner | None = None
        self.base_url = ""

    async def start(self, port: int = 0, smtp_port: int = 0) -> None:
        await self.delivery.start()
        await self.mailbox.start(smtp_port)
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, port).start()
        self.base_url = f"http://{HOST}:{self._runner.addresses[0][1]}"
        self._web_api.base_url = self.people.base_url = self.base_url

    async def stop(self) -> None:
        self._control.close()
        await self.sockets.close()
        await self.delivery.stop()
        if self._runner:
            await self._runner.cleanup()
        await self.mailbox.stop()

    async def reset(self) -> None:
        await self.delivery.forget_retries()
        self.workspace.reset()
        self.traffic.reset()
        self.faults.reset()
        self.rate_limits.reset()
        self.mailbox.reset()
        for hook in self.on_reset:
            await hook()
        if self.reset_url:
            await self.delivery.announce(self.reset_url)
        self.workspace.changes.notify()

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY, middlewares=[only_from_here])
        response_urls = ResponseUrls(self.workspace, self.traffic, self.people.acks)
        app.add_routes(
            [
                web.get("/api/{method}", self._web_api.handle),
                web.post("/api/{method}", self._web_api.handle),
                web.post("/response/{team}/{id}", response_urls.handle),
                web.post("/upload/v1/{id}", self._upload),
                web.get("/files/{id}/{name}", self._file),
                web.get("/link/", self.sockets.connect),
                *self._control.routes(),
                *Page(self.workspace).routes(),
            ]
        )
        return app

    async def _upload(self, request: web.Request) -> web.Response:
        file = self.workspace.files.get(request.match_info["id"])
        if file is None:
            return web.Response(status=404, text="no such upload")
        content = await _uploaded_bytes(request)
        if len(content) != file.length:
            return web.Response(status=400, text=f"{file.length} bytes were announced, {len(content)} came")
        file.content = content
        return web.Response(text=f"OK - {len(content)}")

    async def _file(self, request: web.Request) -> web.Response:
        file = self.workspace.files.get(request.match_info["id"])
        if file is None or not file.complete:
            return web.Response(status=404, text="no such file")
        return file_response(file.content, file_json(file)["mimetype"])


async def _uploaded_bytes(request: web.Request) -> bytes:
    """Slack takes the raw bytes or a form with one file."""
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    for part in (await request.post()).values():
        if isinstance(part, web.FileField):
            return part.file.read()
    return b""
