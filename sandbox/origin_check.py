"""Keeps other web sites in the same browser out: they may reach 127.0.0.1, but not under our name."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

OUR_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
SHOWN_IN_BROWSER = frozenset(
    {"application/pdf", "image/gif", "image/jpeg", "image/png", "text/plain", "text/csv"}
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def only_from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    origin = request.headers.get("Origin")
    names = {_name(f"//{request.host}"), _name(origin) if origin else "127.0.0.1"}
    if not names <= OUR_NAMES:
        raise web.HTTPForbidden(text="the sandbox answers to 127.0.0.1 only")
    return await handler(request)


def _name(url: str) -> str | None:
    return urlsplit(url).hostname


def file_response(content: bytes, content_type: str) -> web.Response:
    """A file that an app made: shown if it is of a harmless kind, else offered for download."""
    kind = content_type.partition(";")[0]
    headers = {"X-Content-Type-Options": "nosniff", "Content-Type": content_type}
    if kind not in SHOWN_IN_BROWSER:
        headers |= {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
    return web.Response(body=content, headers=headers)
