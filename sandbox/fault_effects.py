"""Applies a fault to an API call, before or after it takes effect."""

import asyncio

from aiohttp import web

from sandbox.faults import Fault
from sandbox.traffic import ApiCall

# Responses with status 200 that do not come from Slack: (content type, body).
NON_SLACK_RESPONSES = {
    "html": ("text/html", b"<!DOCTYPE html><title>Welcome to the guest network</title>"),
    "text": ("text/plain", b"no healthy upstream"),
    "empty": ("application/json", b""),
    "truncated": ("application/json", b'{"ok": true, "view": {"id": "V'),
}


async def apply_before_call(fault: Fault, request: web.Request, entry: ApiCall) -> web.Response | None:
    """Returns the response that replaces the real one, or None if the call continues."""
    entry.fault = fault.kind
    if fault.kind == "ratelimited":
        entry.status, entry.answer = 429, {"ok": False, "error": "ratelimited"}
        headers = {"Retry-After": str(round(fault.seconds))}
        return web.json_response(entry.answer, status=429, headers=headers)
    if fault.kind in ("error_500", "error_503"):
        entry.status = int(fault.kind[-3:])
        return web.Response(status=entry.status, text="upstream error")
    if fault.kind == "error":
        entry.answer = {"ok": False, "error": fault.error}
        return web.json_response(entry.answer)
    if fault.kind == "unknown_method":
        entry.answer = {"ok": False, "error": "unknown_method"}
        return web.json_response(entry.answer)
    if fault.kind in NON_SLACK_RESPONSES:
        content_type, body = NON_SLACK_RESPONSES[fault.kind]
        return web.Response(body=body, content_type=content_type)
    if fault.kind == "timeout":
        await asyncio.sleep(fault.seconds)
        _abort_connection(request)
        return web.Response(status=504)
    if fault.kind == "cut_before":
        _abort_connection(request)
        return web.Response(status=500)
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
    return None


def apply_after_call(fault: Fault, request: web.Request, response: web.Response) -> None:
    if fault.kind == "cut_after":
        _abort_connection(request)
    if fault.kind == "missing_headers":
        for name in [name for name in response.headers if name.lower().startswith("x-")]:
            del response.headers[name]


def _abort_connection(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()
