"""Reading the body of an HTTP request up to a limit."""

from starlette.requests import ClientDisconnect, Request

# Slack's payloads and a billing provider's events are far smaller.
MAX_BODY_BYTES = 1024 * 1024


async def read_body(request: Request) -> bytes | None:
    """None if it is larger than the limit, whatever its Content-Length says, or if the client
    disconnected."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)
