"""Reading the body of an HTTP request up to a limit."""

from starlette.requests import Request

# Slack's payloads and a billing provider's events are far smaller.
MAX_BODY_BYTES = 1024 * 1024


class BodyTooLarge(Exception):
    pass


async def read_body(request: Request) -> bytes:
    """Raises BodyTooLarge past the limit, whatever its Content-Length says, or ClientDisconnect."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
    return bytes(body)
