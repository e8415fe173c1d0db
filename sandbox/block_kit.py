"""Checks blocks and views against `block_kit.yml`, with Slack's own error messages."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.errors import Json

TABLE_PATH = Path(__file__).parent / "block_kit.yml"
NOTATION = re.compile(
    r"(?P<kind>\[\(?[\w ]+\)?\]|\([\w ]+\)|\w+)"
    r"(?: (?P<range>\d*\.\.\d*))?"
    r"(?: each (?P<each>\d*\.\.\d*))?"
    r"(?P<required> required)?"
)
TEXT_LIMIT = 3000
FORMATS: dict[str, tuple[re.Pattern[str], Callable[[str], Any]]] = {
    "date": (re.compile(r"\d{4}-\d\d-\d\d"), date.fromisoformat),
    "time": (re.compile(r"\d\d:\d\d"), time.fromisoformat),
}
COMMON_FIELDS = {"blocks": ("type", "block_id"), "types": ("type",), "views": ("type",), "objects": ()}


@dataclass(frozen=True)
class Range:
    low: int | None = None
    high: int | None = None

    @classmethod
    def parse(cls, text: str | None) -> "Range":
        low, _, high = (text or "..").partition("..")
        return cls(int(low) if low else None, int(high) if high else None)


@dataclass(frozen=True)
class Field:
    kind: str
    range: Range = Range()
    each: "Field | None" = None
    choices: tuple[str, ...] = ()
    required: bool = False

    @classmethod
    def parse(cls, notation: str) -> "Field":
        match = NOTATION.fullmatch(notation)
        if match is None:
            raise ValueError(f"not in the notation: {notation!r}")
        kind, required = match["kind"], bool(match["required"])
        if kind.startswith("["):
            each = replace(cls.parse(kind[1:-1]), range=Range.parse(match["each"]))
            return cls("list", Range.parse(match["range"]), each, required=required)
        if kind.startswith("("):
            return cls("enum", choices=tuple(kind[1:-1].split()), required=required)
        return cls(kind, Range.parse(match["range"]), required=required)


@dataclass(frozen=True)
class Shape:
    name: str
    fields: dict[str, Field]
    only_on: frozenset[str]
    one_of: tuple[str, ...]
    only_one_of: tuple[str, ...]
    common_fields: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    surfaces: dict[str, Range]
    views: dict[str, Shape]
    blocks: dict[str, Shape]
    types: dict[str, Shape]
    objects: dict[str, Shape]
    lists: dict[str, Field]
    groups: dict[str, frozenset[str]]


@cache
def load_table() -> Table:
    raw = yaml.safe_load(TABLE_PATH.read_text("utf-8"))
    shapes = {
        part: {name: _parse_shape(name, entry, common) for name, entry in raw[part].items()}
        for part, common in COMMON_FIELDS.items()
    }
    return Table(
        surfaces={name: Range.parse(entry["blocks"]) for name, entry in raw["surfaces"].items()},
        lists={name: Field.parse(notation) for name, notation in raw["lists"].items()},
        groups={name: frozenset(members) for name, members in raw["groups"].items()},
        **shapes,
    )


def _parse_shape(name: str, entry: Json, common: tuple[str, ...]) -> Shape:
    fields = {key: Field.parse(notation) for key, notation in entry.get("fields", {}).items()}
    if "block_id" in common:
        fields["block_id"] = Field("string", Range(None, 255))
    return Shape(
        name,
        fields,
        frozenset(entry.get("only_on", ("message", "modal", "home"))),
        tuple(entry.get("one_of", ())),
        tuple(entry.get("only_one_of", ())),
        common,
    )


@dataclass
class Checker:
    """Walks through a payload and collects errors, each with a JSON pointer to where it is."""

    surface: str
    errors: list[str] = field(default_factory=list)

    def add_error(self, text: str, pointer: str) -> None:
        self.errors.append(f"{text} [json-pointer:{pointer}]")

    def check_blocks(self, value: Any, pointer: str) -> None:
        if not isinstance(value, list):
            self.add_error("must provide an array", pointer)
            return
        self._check_count(value, load_table().surfaces[self.surface], pointer)
        for number, block in enumerate(value):
            self._check_block(block, f"{pointer}/{number}")

    def check_view(self, value: Json, kind: str, pointer: str) -> None:
        self._check_shape(value, load_table().views[kind], pointer)
        if "blocks" in value:
            self.check_blocks(value["blocks"], f"{pointer}/blocks")

    def check_value(self, value: Any, rule: Field, pointer: str) -> None:
        check = CHECKS.get(rule.kind)
        if check:
            check(self, value, rule, pointer)
        elif rule.kind in load_table().lists:
            self.check_value(value, load_table().lists[rule.kind], pointer)
        elif rule.kind in load_table().objects:
            if self._is_object(value, pointer):
                self._check_shape(value, load_table().objects[rule.kind], pointer)
                self._check_text_length(value, rule, pointer)
        else:
            self._check_typed(value, rule, pointer)

    # --- what has a `type`

    def _check_block(self, value: Any, pointer: str) -> None:
        if not self._is_object(value, pointer):
            return
        shape = load_table().blocks.get(str(value.get("type")))
        if "type" not in value:
            self.add_error("missing required field: type", pointer)
        elif shape is None or self.surface not in shape.only_on:
            self.add_error(f"unsupported type: {value['type']}", f"{pointer}/type")
        else:
            self._check_shape(value, shape, pointer)

    def _check_typed(self, value: Any, rule: Field, pointer: str) -> None:
        if not self._is_object(value, pointer):
            return
        allowed = load_table().groups.get(rule.kind, frozenset([rule.kind]))
        if value.get("type") is None:
            self.add_error("missing required field: type", pointer)
            return
        name = str(value["type"])
        shape = load_table().types.get(name) if name in load_table().types else load_table().blocks.get(name)
        if rule.kind == "container_child" and name in allowed:
            self._check_block(value, pointer)
        elif name not in allowed or shape is None or self.surface not in shape.only_on:
            self.add_error(f"unsupported type: {name}", f"{pointer}/type")
        else:
            self._check_shape(value, shape, pointer)
            self._check_text_length(value, rule, pointer)

    def _check_shape(self, value: Json, shape: Shape, pointer: str) -> None:
        for name in value:
            if name not in shape.fields and name not in shape.common_fields:
                self.add_error(f"invalid additional property: {name}", pointer)
        for name, rule in shape.fields.items():
            if name in value:
                self.check_value(value[name], rule, f"{pointer}/{name}")
            elif rule.required:
                self.add_error(f"missing required field: {name}", pointer)
        self._check_alternatives(value, shape, pointer)

    def _check_alternatives(self, value: Json, shape: Shape, pointer: str) -> None:
        names = " or ".join(f"`{name}`" for name in shape.one_of or shape.only_one_of)
        present = [name for name in shape.one_of or shape.only_one_of if name in value]
        if names and not present:
            self.add_error(f"must define either {names}", pointer)
        elif shape.only_one_of and len(present) > 1:
            self.add_error(f"must define only one of {names}", pointer)

    # --- sizes

    def _check_count(self, value: list[Any], allowed: Range, pointer: str) -> None:
        if allowed.high is not None and len(value) > allowed.high:
            self.add_error(f"no more than {allowed.high} items allowed", pointer)
        if allowed.low is not None and len(value) < allowed.low:
            self.add_error(f"no fewer than {allowed.low} items allowed", pointer)

    def check_length(self, text: str, allowed: Range, pointer: str) -> None:
        if allowed.high is not None and len(text) > allowed.high:
            self.add_error(f"must be less than {allowed.high + 1} characters", pointer)
        if allowed.low is not None and len(text) < allowed.low:
            self.add_error(f"must be more than {allowed.low - 1} characters", pointer)

    def _check_text_length(self, value: Json, rule: Field, pointer: str) -> None:
        text, high = value.get("text"), rule.range.high
        # The text's own limit is already checked; its field may have a lower one.
        if isinstance(text, str) and high is not None and high < TEXT_LIMIT:
            self.check_length(text, replace(rule.range, low=None), f"{pointer}/text")

    def _is_object(self, value: Any, pointer: str) -> bool:
        if isinstance(value, dict):
            return True
        self.add_error("must provide an object", pointer)
        return False

    # --- plain values

    def check_string(self, value: Any, rule: Field, pointer: str) -> None:
        if isinstance(value, str):
            self.check_length(value, rule.range, pointer)
        else:
            self.add_error("must provide a string", pointer)

    def check_number(self, value: Any, rule: Field, pointer: str) -> None:
        whole = rule.kind == "integer"
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            self.add_error(f"must provide {'an integer' if whole else 'a number'}", pointer)
            return
        if rule.range.low is not None and value < rule.range.low:
            self.add_error(f"must be greater than {rule.range.low - 1}", pointer)
        if rule.range.high is not None and value > rule.range.high:
            self.add_error(f"must be less than {rule.range.high + 1}", pointer)

    def check_boolean(self, value: Any, rule: Field, pointer: str) -> None:
        if not isinstance(value, bool):
            self.add_error("must provide a boolean", pointer)

    def check_enum(self, value: Any, rule: Field, pointer: str) -> None:
        if value not in rule.choices:
            self.add_error("must be a valid enum value", pointer)

    def check_format(self, value: Any, rule: Field, pointer: str) -> None:
        pattern, parse = FORMATS[rule.kind]
        try:
            right = bool(pattern.fullmatch(value) and parse(value))
        except (TypeError, ValueError):
            right = False
        if not right:
            self.add_error(f"must be a valid {rule.kind}", pointer)

    def check_items(self, value: Any, rule: Field, pointer: str) -> None:
        assert rule.each
        if not isinstance(value, list):
            self.add_error("must provide an array", pointer)
            return
        self._check_count(value, rule.range, pointer)
        for number, item in enumerate(value):
            self.check_value(item, rule.each, f"{pointer}/{number}")

    def accept_anything(self, value: Any, rule: Field, pointer: str) -> None:
        pass


CHECKS = {
    "string": Checker.check_string,
    "number": Checker.check_number,
    "integer": Checker.check_number,
    "boolean": Checker.check_boolean,
    "enum": Checker.check_enum,
    "date": Checker.check_format,
    "time": Checker.check_format,
    "list": Checker.check_items,
    "any": Checker.accept_anything,
}


def walk_objects(value: Any, pointer: str = "") -> Iterator[tuple[Json, str]]:
    """Yields every object inside a payload, with its JSON pointer."""
    if isinstance(value, dict):
        yield value, pointer
        for name, child in value.items():
            yield from walk_objects(child, f"{pointer}/{name}")
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from walk_objects(child, f"{pointer}/{number}")
