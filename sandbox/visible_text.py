"""The words a person reads on a surface, in their order."""

from collections.abc import Iterator
from typing import Any

from sandbox.errors import Json

# In the order in which they are drawn. What is not listed (ids, urls, values) is not read.
SHOWN = (
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


def visible_words(blocks: list[Json]) -> str:
    return "\n".join(word for block in blocks for word in _words(block))


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        if node:
            yield node
    elif isinstance(node, list):
        for item in node:
            yield from _words(item)
    elif isinstance(node, dict):
        if node.get("type") == "user":
            yield f"<@{node.get('user_id')}>"
        for key in SHOWN:
            if key in node:
                yield from _words(node[key])
