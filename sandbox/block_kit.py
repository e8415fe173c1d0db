"""Checks blocks and views against `block_kit.yml`, in the words Slack uses for what it refuses."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.errors import Json

TABLE = Path(__file__).parent / "block_kit.yml"
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
COMMON = {"blocks": ("type", "block_id"), "types": ("type",), "views": ("type",), "objects": ()}


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
    words: tuple[str, ...] = ()
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
            return cls("word", words=tuple(kind[1:-1].split()), required=required)
        return cls(kind, Range.parse(match["range"]), required=required)


@dataclass(frozen=True)
class Shape:
    name: str
    fields: dict[str, Field]
    only_on: frozenset[str]
    one_of: tuple[str, ...]
    only_one_of: tuple[str, ...]
    common: tuple[str, ...]


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
def table() -> Table:
    raw = yaml.safe_load(TABLE.read_text("utf-8"))
    shapes = {
        part: {name: _shape(name, entry, common) for name, entry in raw[part].items()}
        for part, common in COMMON.items()
    }
    return Table(
        surfaces={name: Range.parse(entry["blocks"]) for name, entry in raw["surfaces"].items()},
        lists={name: Field.parse(notation) for name, notation in raw["lists"].items()},
        groups={name: frozenset(members) for name, members in raw["groups"].items()},
        **shapes,
    )


def _shape(name: str, entry: Json, common: tuple[str, ...]) -> Shape:
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
    """Walks a payload and keeps what is wrong with it, each with a JSON pointer to the place."""

    surface: str
    errors: list[str] = field(default_factory=list)

    def wrong(self, text: str, pointer: str) -> None:
        self.errors.append(f"{text} [json-pointer:{pointer}]")

    def blocks(self, value: Any, pointer: str) -> None:
        if not isinstance(value, list):
            self.wrong("must provide an array", pointer)
            return
        self._count(value, table().surfaces[self.surface], pointer)
        for number, block in enumerate(value):
            self._block(block, f"{pointer}/{number}")

    def view(self, value: Json, kind: str, pointer: str) -> None:
        self._shape(value, table().views[kind], pointer)
        if "blocks" in value:
            self.blocks(value["blocks"], f"{pointer}/blocks")

    def value(self, value: Any, rule: Field, pointer: str) -> None:
        check = CHECKS.get(rule.kind)
        if check:
            check(self, value, rule, pointer)
        elif rule.kind in table().lists:
            self.value(value, table().lists[rule.kind], pointer)
        elif rule.kind in table().objects:
            if self._is_object(value, pointer):
                self._shape(value, table().objects[rule.kind], pointer)
                self._text_length(value, rule, pointer)
        else:
            self._typed(value, rule, pointer)

    # --- what has a `type`

    def _block(self, value: Any, pointer: str) -> None:
        if not self._is_object(value, pointer):
            return
        shape = table().blocks.get(str(value.get("type")))
        if "type" not in value:
            self.wrong("missing required field: type", pointer)
        elif shape is None or self.surface not in shape.only_on:
            self.wrong(f"unsupported type: {value['type']}", f"{pointer}/type")
        else:
            self._shape(value, shape, pointer)

    def _typed(self, value: Any, rule: Field, pointer: str) -> None:
        if not self._is_object(value, pointer):
            return
        allowed = table().groups.get(rule.kind, frozenset([rule.kind]))
        if value.get("type") is None:
            self.wrong("missing required field: type", pointer)
            return
        name = str(value["type"])
        shape = table().types.get(name) if name in table().types else table().blocks.get(name)
        if rule.kind == "container_child" and name in allowed:
            self._block(value, pointer)
        elif name not in allowed or shape is None or self.surface not in shape.only_on:
            self.wrong(f"unsupported type: {name}", f"{pointer}/type")
        else:
            self._shape(value, shape, pointer)
            self._text_length(value, rule, pointer)

    def _shape(self, value: Json, shape: Shape, pointer: str) -> None:
        for name in value:
            if name not in shape.fields and name not in shape.common:
                self.wrong(f"invalid additional property: {name}", pointer)
        for name, rule in shape.fields.items():
            if name in value:
                self.value(value[name], rule, f"{pointer}/{name}")
            elif rule.required:
                self.wrong(f"missing required field: {name}", pointer)
        self._alternatives(value, shape, pointer)

    def _alternatives(self, value: Json, shape: Shape, pointer: str) -> None:
        names = " or ".join(f"`{name}`" for name in shape.one_of or shape.only_one_of)
        present = [name for name in shape.one_of or shape.only_one_of if name in value]
        if names and not present:
            self.wrong(f"must define either {names}", pointer)
        elif shape.only_one_of and len(present) > 1:
            self.wrong(f"must define only one of {names}", pointer)

    # --- sizes

    def _count(self, value: list[Any], allowed: Range, pointer: str) -> None:
        if allowed.high is not None and len(value) > allowed.high:
            self.wrong(f"no more than {allowed.high} items allowed", pointer)
        if allowed.low is not None and len(value) < allowed.low:
            self.wrong(f"no fewer than {allowed.low} items allowed", pointer)

    def length(self, text: str, allowed: Range, pointer: str) -> None:
        if allowed.high is not None and len(text) > allowed.high:
            self.wrong(f"must be less than {allowed.high + 1} characters", pointer)
        if allowed.low is not None and len(text) < allowed.low:
            self.wrong(f"must be more than {allowed.low - 1} characters", pointer)

    def _text_length(self, value: Json, rule: Field, pointer: str) -> None:
        text, high = value.get("text"), rule.range.high
        # The text's own limit has been looked at: here is the narrower one of its place.
        if isinstance(text, str) and high is not None and high < TEXT_LIMIT:
            self.length(text, replace(rule.range, low=None), f"{pointer}/text")

    def _is_object(self, value: Any, pointer: str) -> bool:
        if isinstance(value, dict):
            return True
        self.wrong("must provide an object", pointer)
        return False

    # --- plain values

    def string(self, value: Any, rule: Field, pointer: str) -> None:
        if isinstance(value, str):
            self.length(value, rule.range, pointer)
        else:
            self.wrong("must provide a string", pointer)

    def number(self, value: Any, rule: Field, pointer: str) -> None:
        whole = rule.kind == "integer"
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            self.wrong(f"must provide {'an integer' if whole else 'a number'}", pointer)
            return
        if rule.range.low is not None and value < rule.range.low:
            self.wrong(f"must be greater than {rule.range.low - 1}", pointer)
        if rule.range.high is not None and value > rule.range.high:
            self.wrong(f"must be less than {rule.range.high + 1}", pointer)

    def boolean(self, value: Any, rule: Field, pointer: str) -> None:
        if not isinstance(value, bool):
            self.wrong("must provide a boolean", pointer)

    def word(self, value: Any, rule: Field, pointer: str) -> None:
        if value not in rule.words:
            self.wrong("must be a valid enum value", pointer)

    def formatted(self, value: Any, rule: Field, pointer: str) -> None:
        pattern, parse = FORMATS[rule.kind]
        try:
            right = bool(pattern.fullmatch(value) and parse(value))
        except (TypeError, ValueError):
            right = False
        if not right:
            self.wrong(f"must be a valid {rule.kind}", pointer)

    def items(self, value: Any, rule: Field, pointer: str) -> None:
        assert rule.each
        if not isinstance(value, list):
            self.wrong("must provide an array", pointer)
            return
        self._count(value, rule.range, pointer)
        for number, item in enumerate(value):
            self.value(item, rule.each, f"{pointer}/{number}")

    def anything(self, value: Any, rule: Field, pointer: str) -> None:
        pass


CHECKS = {
    "string": Checker.string,
    "number": Checker.number,
    "integer": Checker.number,
    "boolean": Checker.boolean,
    "word": Checker.word,
    "date": Checker.formatted,
    "time": Checker.formatted,
    "list": Checker.items,
    "any": Checker.anything,
}


def walk(value: Any, pointer: str = "") -> Iterator[tuple[Json, str]]:
    """Every object inside a payload, with its pointer."""
    if isinstance(value, dict):
        yield value, pointer
        for name, child in value.items():
            yield from walk(child, f"{pointer}/{name}")
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from walk(child, f"{pointer}/{number}")
