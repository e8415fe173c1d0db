"""Reading a request's body, which nobody may make larger than it can be."""

from starlette.requests import ClientDisconnect, Request

# Slack's own payloads stay far below, and a billing provider's.
LARGEST_BODY = 1024 * 1024


async def read_body(request: Request) -> bytes | None:
    """None past the bound, whatever was said of its length, or where the sender went away."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)
