"""What several objects have in common."""

from typing import Any

CREATED_AT = 1_700_000_000
# So many of a list stand in the object that has it; the others are asked for.
EMBEDDED_LIST_SIZE = 10


def serialize_list(url: str, data: list[dict[str, Any]], more: bool = False) -> dict[str, Any]:
    """docs.stripe.com/api/pagination"""
    return {"object": "list", "url": url, "has_more": more, "data": data}
