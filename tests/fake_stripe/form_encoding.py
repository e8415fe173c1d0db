"""Bodies as Stripe's clients send them, and whether the SDK's own types know what stands in them."""

import importlib
import re
import typing
from typing import Any
from urllib.parse import parse_qsl

from stripe import RequestOptions

from tests.fake_stripe.records import build_invalid_request


def parse_form(text: str) -> dict[str, Any]:
    """`items[0][id]=si_1` → `{"items": {"0": {"id": "si_1"}}}`; `expand[0]=a` → `{"expand": {"0": "a"}}`."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, *rest = re.findall(r"[^\[\]]+", name)
        holder, last = found, head
        for part in rest:
            holder = holder.setdefault(last, {})
            last = part
        holder[last] = value
    return found


def to_list(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []


def check_params(params: dict[str, Any], module: str, name: str) -> None:
    """Raises what Stripe answers to a parameter it does not know. `name` is a TypedDict of stripe.params."""
    source = importlib.import_module(f"stripe.params.{module}")
    _check(params, getattr(source, name), vars(source), "")


def _check(params: dict[str, Any], shape: Any, names: dict[str, Any], path: str) -> None:
    known = {k: v for k, v in shape.__annotations__.items() if k not in RequestOptions.__annotations__}
    for key, value in params.items():
        where = f"{path}[{key}]" if path else key
        if key not in known:
            raise build_invalid_request(f"Received unknown parameter: {where}", "parameter_unknown", where)
        inner = _shapes(known[key], names) if isinstance(value, dict) else []
        if inner:
            many = all(part.isdecimal() for part in value)
            for part in to_list(value) if many else [value]:
                _check(part, inner[0], names, where)


def _shapes(hint: Any, names: dict[str, Any]) -> list[Any]:
    """The typed dictionaries that a hint names, however deep."""
    if isinstance(hint, typing.ForwardRef):
        known = {**vars(typing), **names, "UntypedStripeObject": dict}
        hint = eval(hint.__forward_arg__, known)  # noqa: S307 -- the SDK's own source
    if typing.is_typeddict(hint):
        return [hint]
    return [found for inner in typing.get_args(hint) for found in _shapes(inner, names)]
