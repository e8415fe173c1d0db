"""Rejects requests from other websites open in the same browser: they can reach 127.0.0.1, but with a
different Origin or Host."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

ALLOWED_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
INLINE_CONTENT_TYPES = frozenset(
    {"application/pdf", "image/gif", "image/jpeg", "image/png", "text/plain", "text/csv"}
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def require_local_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    origin = request.headers.get("Origin")
    names = {_parse_host(f"//{request.host}"), _parse_host(origin) if origin else "127.0.0.1"}
    if not names <= ALLOWED_HOSTS:
        raise web.HTTPForbidden(text="the sandbox accepts requests from 127.0.0.1 only")
    return await handler(request)


def _parse_host(url: str) -> str | None:
    return urlsplit(url).hostname


def build_file_response(content: bytes, content_type: str) -> web.Response:
    """Serves an app's file: shown in the browser if its type is harmless, otherwise as a download."""
    kind = content_type.partition(";")[0]
    headers = {"X-Content-Type-Options": "nosniff", "Content-Type": content_type}
    if kind not in INLINE_CONTENT_TYPES:
        headers |= {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
    return web.Response(body=content, headers=headers)
