"""The web page: a template and static files, without a build step."""

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from sandbox.workspace import Workspace

STYLESHEETS = ("base.css", "layout.css", "messages.css", "blocks.css", "elements.css", "panels.css")
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src * data:",
    "Referrer-Policy": "no-referrer",
}
FOLDER = Path(__file__).parent / "web"


class Page:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._templates = Environment(loader=FileSystemLoader(FOLDER), autoescape=True)

    def list_routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/", self.show_index), web.static("/static", FOLDER / "static")]

    async def show_index(self, _: web.Request) -> web.Response:
        html = self._templates.get_template("index.html").render(
            app_name=self._workspace.app_name, sheets=STYLESHEETS
        )
        return web.Response(text=html, content_type="text/html", headers=HEADERS)
