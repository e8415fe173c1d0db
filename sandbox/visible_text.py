"""Extracts the text that a person reads on a surface, in reading order."""

from collections.abc import Iterator
from typing import Any

from sandbox.errors import Json

# In the order in which they are rendered. Other keys (ids, urls, values) are not visible.
VISIBLE_KEYS = (
    "title",
    "rich_text_title",
    "subtitle",
    "caption",
    "label",
    "text",
    "body",
    "fields",
    "accessory",
    "element",
    "elements",
    "child_blocks",
    "rows",
    "chart",
    "series",
    "segments",
    "data",
    "options",
    "option_groups",
    "description",
    "placeholder",
    "initial_value",
    "actions",
    "hint",
    "alt_text",
    "name",
)


def extract_text(blocks: list[Json]) -> str:
    return "\n".join(word for block in blocks for word in _iterate_texts(block))


def _iterate_texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        if node:
            yield node
    elif isinstance(node, list):
        for item in node:
            yield from _iterate_texts(item)
    elif isinstance(node, dict):
        if node.get("type") == "user":
            yield f"<@{node.get('user_id')}>"
        for key in VISIBLE_KEYS:
            if key in node:
                yield from _iterate_texts(node[key])
