"""Compares requests and responses with the types of the SDK's methods, and names every difference.

pydantic and typeguard do not fit: the classes of responses only have annotations, which name imports under
TYPE_CHECKING, and of an enum, which is `Union[Literal[…], str]`, they accept any string.
"""

import ast
import importlib
import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin

import stripe
import typing_extensions
from stripe.params import WebhookEndpointCreateParams

Find = Callable[[Any, str], Iterable[str]]

# Left out unless they are expanded or apply. `deleted` is only in what is left of a deleted object.
OMITTED_FIELDS = {"deleted", "payments", "lines_url", "currency_options", "tiers"}
# docs.stripe.com/expand; the `data` of a list counts.
MAX_EXPAND_LEVELS = 4

# Parameters of a list are mixed with what goes into the headers.
OPTIONS = frozenset(inspect.get_annotations(stripe.RequestOptions))


@dataclass(frozen=True)
class MethodTypes:
    params: Any
    response: Any


@cache
def get_method_types(method: Callable[..., Any]) -> MethodTypes:
    """Of a method of a service of the SDK, such as `stripe.SubscriptionService.update`."""
    hints = typing.get_type_hints(method, localns=_Names(method.__module__))
    return MethodTypes(_remove_none(hints["params"]), hints["return"])


def find_request_errors(params: dict[str, Any], method: Callable[..., Any]) -> list[str]:
    """`params` as decoded from a query or a form: all values are strings."""
    types = get_method_types(method)
    errors = FORM.find_errors(params, types.params, "")
    for path in params.get("expand", []):
        errors += _find_expand_errors(path, types.response)
    return errors


def find_response_errors(response: dict[str, Any], response_type: Any) -> list[str]:
    return JSON.find_errors(response, response_type, str(response.get("object", "error")))


def find_event_type_errors(event_type: str) -> list[str]:
    """The SDK names all types of events where an endpoint chooses among them."""
    return JSON.find_errors([event_type], get_fields(WebhookEndpointCreateParams)["enabled_events"], "event")


def fill_object(cls: type, **values: Any) -> dict[str, Any]:
    """An object of the class; other optional fields are null."""
    return {**_list_null_fields(cls), **values}


@cache
def _list_null_fields(cls: type) -> dict[str, None]:
    fields = get_fields(cls)
    return {name: None for name in fields if _is_optional(fields[name]) and name not in OMITTED_FIELDS}


@cache
def get_fields(cls: type) -> dict[str, Any]:
    """A StripeObject's or a TypedDict's fields with their resolved annotations."""
    fields: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("stripe"):
            fields |= _resolve_annotations(base)
    return fields


def _resolve_annotations(cls: type) -> dict[str, Any]:
    ignored = OPTIONS if typing_extensions.is_typeddict(cls) else ()
    own = {
        name: hint
        for name, hint in inspect.get_annotations(cls).items()
        if not name.startswith("_") and name not in ignored
    }
    holder = type(cls.__name__, (), {"__annotations__": own})
    names = _Names(cls.__module__, vars(cls))
    hints: dict[str, Any] = typing_extensions.get_type_hints(holder, vars(sys.modules[cls.__module__]), names)
    own_origin: Callable[[Any], Any] = get_origin
    return {name: hint for name, hint in hints.items() if own_origin(hint) is not ClassVar}


class _Names(dict[str, Any]):
    """What annotations may name: also nested classes, and imports under TYPE_CHECKING."""

    def __init__(self, module: str, nested: Mapping[str, Any] | None = None) -> None:
        classes = {name: value for name, value in (nested or {}).items() if inspect.isclass(value)}
        super().__init__({**vars(sys.modules[module]), **classes})
        self._imports = _read_imports(module)

    def __missing__(self, name: str) -> Any:
        source, original = self._imports[name]
        return getattr(importlib.import_module(source), original)


@cache
def _read_imports(module: str) -> dict[str, tuple[str, str]]:
    """Each imported name's module and its name there."""
    statements = ast.parse(inspect.getsource(sys.modules[module])).body
    blocks = [*statements, *(inner for each in statements if isinstance(each, ast.If) for inner in each.body)]
    imports = [each for each in blocks if isinstance(each, ast.ImportFrom) and each.module]
    return {
        alias.asname or alias.name: (str(each.module), alias.name) for each in imports for alias in each.names
    }


class _Wire:
    """How values of plain types travel. Checks are compiled once for each type."""

    def __init__(self, plain: dict[Any, Callable[[Any], bool]]) -> None:
        self._plain = plain
        self._compiled: dict[Any, Find] = {}
        self._objects: dict[Any, tuple[set[str], dict[str, Find]]] = {}

    def find_errors(self, value: Any, hint: Any, path: str) -> list[str]:
        return list(self._get(hint)(value, path))

    def _get(self, hint: Any) -> Find:
        found = self._compiled.get(hint)
        if found is None:
            found = self._compiled[hint] = self._compile(hint)
        return found

    def _defer(self, hint: Any) -> Find:
        """Compiled when it is first met, since a class leads to half of the SDK. Looked up once: hashing
        a type takes longer than checking a value."""
        found: list[Find] = []

        def find(value: Any, path: str) -> Iterable[str]:
            if not found:
                found.append(self._get(hint))
            return found[0](value, path)

        return find

    def _compile(self, hint: Any) -> Find:
        origin, args = get_origin(hint), get_args(hint)
        if hint is Any:
            return lambda value, path: ()
        if hint in self._plain:
            return partial(_find_plain_error, hint, self._plain[hint])
        if origin in (Union, UnionType):
            return self._compile_union(args)
        if origin is Literal:
            return partial(_find_literal_error, frozenset(args))
        if origin is list:
            return partial(self._find_list_errors, self._defer(args[0]))
        if origin is stripe.ListObject:
            return partial(self._find_page_errors, self._defer(args[0]))
        if origin is dict or getattr(origin, "__name__", "") == "UntypedStripeObject":
            return partial(self._find_mapping_errors, self._defer(args[-1]))
        if typing_extensions.is_typeddict(hint) or (
            inspect.isclass(hint) and issubclass(hint, stripe.StripeObject)
        ):
            return partial(self._find_object_errors, hint)
        raise TypeError(f"no check for {hint}")

    def _compile_union(self, args: tuple[Any, ...]) -> Find:
        """The `str` beside a Literal stands for values of later API versions: the fake has none. Beside the
        empty string, which removes a value, it is any text."""
        is_enum = any(get_origin(each) is Literal and get_args(each) != ("",) for each in args)
        members = [each for each in args if each is not NoneType and not (is_enum and each is str)]
        is_nullable = NoneType in args
        finds = [self._defer(member) for member in members]
        if len(members) == 1 and not is_nullable:
            return self._get(members[0])

        def find(value: Any, path: str) -> Iterable[str]:
            if value is None:
                return () if is_nullable else [f"{path}: null"]
            failures: list[list[str]] = []
            for find_each in finds:
                errors = list(find_each(value, path))
                if not errors:
                    return ()
                failures.append(errors)
            # An object's own errors say more than that it is not an id.
            return failures[-1] if isinstance(value, dict) else failures[0]

        return find

    def _find_list_errors(self, find: Find, value: Any, path: str) -> Iterable[str]:
        if not isinstance(value, list):
            yield f"{path}: {value!r} is not a list"
            return
        for number, each in enumerate(value):
            yield from find(each, f"{path}[{number}]")

    def _find_page_errors(self, find: Find, value: Any, path: str) -> Iterable[str]:
        if not isinstance(value, dict) or value.get("object") != "list":
            yield f"{path}: {value!r} is not a list object"
            return
        # `total_count` and the like are not in the SDK's type.
        yield from (f"{path}: {name} is not a field of a list" for name in value.keys() - LIST_FIELDS)
        yield from (f"{path}.{name}: missing" for name in LIST_FIELDS - value.keys())
        yield from self._get(bool)(value.get("has_more"), f"{path}.has_more")
        yield from self._get(str)(value.get("url"), f"{path}.url")
        yield from self._find_list_errors(find, value.get("data"), f"{path}.data")

    def _find_mapping_errors(self, find: Find, value: Any, path: str) -> Iterable[str]:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is not an object"
            return
        for name, each in value.items():
            yield from find(each, f"{path}.{name}")

    def _find_object_errors(self, cls: Any, value: Any, path: str) -> Iterable[str]:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is not an object"
            return
        required, checks = self._get_checks(cls)
        if value.get("deleted") is True and "deleted" in checks:
            # The SDK has no type of its own for it: docs.stripe.com/api/customers/delete
            required = {"id", "object", "deleted"}
            yield from (f"{path}.{name}: is in a deleted object" for name in value.keys() - required)
        yield from (f"{path}.{name}: missing" for name in required - value.keys())
        for name, each in value.items():
            if name in checks:
                yield from checks[name](each, f"{path}.{name}")
            else:
                yield f"{path}.{name}: not a field of {cls.__qualname__}"

    def _get_checks(self, cls: Any) -> tuple[set[str], dict[str, Find]]:
        known = self._objects.get(cls)
        if known is None:
            fields = get_fields(cls)
            required: set[str] = (
                set(cls.__required_keys__)
                if typing_extensions.is_typeddict(cls)
                else {name for name, hint in fields.items() if not _is_optional(hint)}
            )
            checks = {name: self._defer(hint) for name, hint in fields.items()}
            known = self._objects[cls] = required, checks
        return known


def _find_plain_error(hint: Any, is_valid: Callable[[Any], bool], value: Any, path: str) -> Iterable[str]:
    return () if is_valid(value) else [f"{path}: {value!r} is no {hint.__name__}"]


def _find_literal_error(allowed: frozenset[object], value: Any, path: str) -> Iterable[str]:
    is_allowed = not isinstance(value, dict | list) and value in allowed
    return () if is_allowed else [f"{path}: {value!r} is none of {sorted(map(str, allowed))}"]


def _find_expand_errors(path: str, response_type: Any) -> list[str]:
    """Whether each part of the path is a field, down to an object, and the path is not too deep."""
    if path.count(".") >= MAX_EXPAND_LEVELS:
        return [f"expand: {path} has more than {MAX_EXPAND_LEVELS} levels"]
    hint = response_type
    for part in path.split("."):
        classes = [each for each in _list_classes(hint) if part in get_fields(each)]
        if not classes:
            return [f"expand: {path} is not a field of {hint}"]
        hint = get_fields(classes[0])[part] if classes[0] is not stripe.ListObject else get_args(hint)[0]
    return [] if _list_classes(hint) else [f"expand: {path} is no object"]


def _list_classes(hint: Any) -> list[Any]:
    """The SDK's classes that a type names."""
    if get_origin(hint) is stripe.ListObject:
        return [stripe.ListObject]
    if inspect.isclass(hint) and issubclass(hint, stripe.StripeObject):
        return [hint]
    return [found for inner in get_args(hint) for found in _list_classes(inner)]


def _is_optional(hint: Any) -> bool:
    return NoneType in get_args(hint)


def _remove_none(hint: Any) -> Any:
    [only] = [each for each in get_args(hint) if each is not NoneType] if _is_optional(hint) else [hint]
    return only


def _is_number(text: Any) -> bool:
    try:
        return isinstance(text, str) and Decimal(text).is_finite()
    except InvalidOperation:
        return False


LIST_FIELDS = {"object", "data", "has_more", "url"}
# A Decimal is a string in both: it would lose digits as a number of JSON.
JSON = _Wire(
    {
        str: lambda value: isinstance(value, str),
        int: lambda value: isinstance(value, int) and not isinstance(value, bool),
        float: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
        bool: lambda value: isinstance(value, bool),
        Decimal: _is_number,
    }
)
FORM = _Wire(
    {
        str: lambda value: isinstance(value, str),
        int: lambda value: isinstance(value, str) and value.removeprefix("-").isdecimal(),
        float: _is_number,
        bool: lambda value: value in ("true", "false"),
        Decimal: _is_number,
    }
)
