"""Queries and bodies as Stripe's clients encode them: docs.stripe.com/api"""

import re
from typing import Any
from urllib.parse import parse_qsl


def parse_form(text: str) -> dict[str, Any]:
    """`items[0][id]=si_1` → `{"items": [{"id": "si_1"}]}`. All values are strings."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, *rest = re.findall(r"[^\[\]]+", name)
        holder, last = found, head
        for part in rest:
            holder = holder.setdefault(last, {})
            last = part
        holder[last] = value
    return {name: _build_lists(value) for name, value in found.items()}


def _build_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _build_lists(each) for name, each in value.items()}
    return list(inner.values()) if list(inner) == [str(number) for number in range(len(inner))] else inner
