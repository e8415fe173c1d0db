"""Blocks for tests to put together."""

from typing import Any

from tests.sandbox.gallery import Json, plain

SELECT = {"type": "static_select", "action_id": "s"}


def section(**fields: Any) -> Json:
    return {"type": "section", **fields}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def button(**fields: Any) -> Json:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **fields}
