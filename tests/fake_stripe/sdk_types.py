"""Whether an answer is what the SDK's own types say: every field known, of its type, and none missing."""

import importlib
import inspect
import sys
import types
import typing
from decimal import Decimal
from functools import cache
from typing import Any, Literal, get_args, get_origin

import stripe
from stripe import _object_classes

# Given only where it is expanded, or never of what this world holds.
ONLY_SOMETIMES = {"deleted", "payments", "lines_url"}


class Names(dict[str, Any]):
    """What annotations name: nested classes, the module's own, and what only type checkers import."""

    def __init__(self, cls: type) -> None:
        super().__init__({**vars(typing), **vars(sys.modules[cls.__module__]), **_nested(cls)})
        self._package = cls.__module__.rpartition(".")[0]

    def __missing__(self, name: str) -> Any:
        words = "".join("_" + c.lower() if c.isupper() else c for c in name)
        for module in ("stripe", f"{self._package}.{words}", f"stripe.{words}"):
            try:
                return getattr(importlib.import_module(module), name)
            except (ImportError, AttributeError):
                continue
        raise KeyError(name)


@cache
def hints(cls: Any) -> dict[str, Any]:
    """A class's fields."""
    found: dict[str, Any] = {}
    for base in (base for base in reversed(cls.__mro__) if base.__module__.startswith("stripe")):
        for name, hint in inspect.get_annotations(base).items():
            if not name.startswith("_"):
                found[name] = _resolved(hint, cls)
    return {name: hint for name, hint in found.items() if get_origin(hint) is not typing.ClassVar}


def _nested(cls: type) -> dict[str, Any]:
    return {name: value for name, value in vars(cls).items() if inspect.isclass(value)}


def optional(hint: Any) -> bool:
    return type(None) in get_args(hint)


def wrong(value: Any, hint: Any, cls: type, path: str) -> list[str]:
    """What is wrong with `value`, a line each."""
    hint = _resolved(hint, cls)
    if hint is Any or (value is None and optional(hint)):
        return []
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        tries = [wrong(value, each, cls, path) for each in inner if each is not type(None)]
        return [] if any(not found for found in tries) else min(tries, key=len)
    if origin is Literal:
        return [] if value in inner else [f"{path}: {value!r} is none of {inner}"]
    if origin is list:
        return _each(value, inner[0], cls, path) if isinstance(value, list) else [f"{path}: not a list"]
    if origin is stripe.ListObject:
        return _page(value, inner[0], cls, path)
    return _plain(value, origin or hint, path)


def _plain(value: Any, hint: Any, path: str) -> list[str]:
    if inspect.isclass(hint) and issubclass(hint, stripe.StripeObject):
        if not isinstance(value, dict):
            return [f"{path}: not an object"]
        return [] if hint is stripe.StripeObject else wrong_object(value, hint, path)
    kinds = {int: int, str: str, bool: bool, float: (int, float), Decimal: str, dict: dict}
    fits = isinstance(value, kinds.get(hint, object)) and (hint is not int or not isinstance(value, bool))  # type: ignore[arg-type]
    return [] if fits else [f"{path}: {value!r} is no {hint}"]


def wrong_object(value: dict[str, Any], cls: Any, path: str) -> list[str]:
    known = hints(cls)
    if not known:
        return []  # Whatever people write there, as metadata.
    found = [f"{path}.{name}: not a field of {cls.__name__}" for name in value.keys() - known.keys()]
    for name, hint in known.items():
        if name in value:
            found += wrong(value[name], hint, cls, f"{path}.{name}")
        elif not optional(hint):
            found.append(f"{path}.{name}: missing")
    return found


def _each(values: list[Any], hint: Any, cls: type, path: str) -> list[str]:
    return [line for i, value in enumerate(values) for line in wrong(value, hint, cls, f"{path}[{i}]")]


def _page(value: Any, hint: Any, cls: type, path: str) -> list[str]:
    if not isinstance(value, dict) or value.get("object") != "list":
        return [f"{path}: not a list object"]
    return _each(value["data"], hint, cls, path)


def _resolved(hint: Any, cls: type) -> Any:
    if isinstance(hint, typing.ForwardRef | str):
        name = hint if isinstance(hint, str) else hint.__forward_arg__
        return eval(name, {}, Names(cls))  # noqa: S307 -- the SDK's own source
    return hint


def check_object(answer: dict[str, Any]) -> None:
    """An answer of the API: an object, or a list of them."""
    things = answer["data"] if answer["object"] == "list" else [answer]
    for thing in things:
        cls = _object_classes.get_object_class("V1", thing["object"])
        if thing.get("deleted"):
            continue  # Of what was deleted only its id is left.
        found = wrong_object(thing, cls, thing["object"])
        assert not found, "\n".join(found)


def fill_object(cls: type, **values: Any) -> dict[str, Any]:
    """An object of the class: what is optional and not given is null, as Stripe has it."""
    empty = {name: None for name, hint in hints(cls).items() if optional(hint) and name not in ONLY_SOMETIMES}
    return {**empty, **values}
