"""Builders of blocks for tests."""

from typing import Any

from tests.sandbox.gallery import Json, build_plain_text

SELECT_ELEMENT = {"type": "static_select", "action_id": "s"}


def build_section(**fields: Any) -> Json:
    return {"type": "section", **fields}


def build_actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def build_button(**fields: Any) -> Json:
    return {"type": "button", "text": build_plain_text("Go"), "action_id": "go", **fields}
