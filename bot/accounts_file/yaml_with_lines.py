"""YAML as plain text values that remember their lines, so that an error can name them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from models.errors import Refusal
from models.text.card_number import has_card_number, remove_card_numbers

FieldPath = tuple[str | int, ...]

# The C parser reads the largest files ten times as fast; not every machine's PyYAML has it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL_TAG = "tag:yaml.org,2002:null"
_MERGE_TAG = "tag:yaml.org,2002:merge"
# Aliases may repeat values of the file, but not without end.
MAX_VALUES_BY_ALIASES = 100_000
# An accounts file has six levels. libyaml composes nested values on the C stack, which ends the process.
MAX_DEPTH = 100


@dataclass(frozen=True)
class FileProblem:
    """`field` is like `accounts[0].subscriptions[1].unit_price`."""

    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        position = f"line {self.line}, {self.field}" if self.line and self.field else self.field
        return f"{position or f'line {self.line}'}: {self.message}"


class InvalidAccountsFile(Refusal):
    """The file cannot be imported; `problems` lists all that is wrong with it."""

    def __init__(self, problems: list[FileProblem]) -> None:
        super().__init__(problems="\n".join(map(str, problems)))
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class YamlDocument:
    """`value` holds dicts, lists, strings and None; `problems` what is wrong with the YAML itself.

    Numbers, booleans and dates stay strings: `14.10` does not become a float, nor the country `NO` false.
    Raises InvalidAccountsFile if the text is not YAML.
    """

    def __init__(self, text: str, name: str) -> None:
        self.problems: list[FileProblem] = []
        self._root = _parse_yaml(text, name)
        try:
            sizes: dict[int, int] = {}
            if _count_values(self._root, sizes) > len(sizes) + MAX_VALUES_BY_ALIASES:
                message = "its aliases (*name) repeat too many values: write them out"
                raise InvalidAccountsFile([FileProblem(None, name, message)])
            self.value = self._convert_node(self._root, ())
        except RecursionError:
            raise InvalidAccountsFile([FileProblem(None, name, "is nested too deeply")]) from None

    def build_problem(self, path: FieldPath, message: str) -> FileProblem:
        return FileProblem(
            self._find_line(path), remove_card_numbers(format_path(path)), remove_card_numbers(message)
        )

    def find_written_null(self, path: FieldPath) -> str | None:
        """Returns `Null`, `null` or `~` if the value is written like that."""
        node = self._root
        for part in path:
            child = _find_child(node, part)
            if child is None:
                return None
            _, node = child
        is_null = isinstance(node, yaml.ScalarNode) and node.tag == _NULL_TAG
        return node.value or None if is_null else None

    def _convert_node(self, node: yaml.Node, path: FieldPath) -> Any:
        if isinstance(node, yaml.MappingNode):
            return dict(self._read_pairs(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self._convert_node(item, (*path, index)) for index, item in enumerate(node.value)]
        if has_card_number(node.value):
            self.problems.append(
                self.build_problem(path, "looks like a card number, which is never stored (R23)")
            )
        return None if node.tag == _NULL_TAG else node.value

    def _read_pairs(self, node: yaml.MappingNode, path: FieldPath) -> Iterator[tuple[str, Any]]:
        names: set[str] = set()
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _MERGE_TAG:
                merged = {**self._read_merged(value, path), **merged}
                continue
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            value_path = (*path, name)
            if name in names:
                line = key.start_mark.line + 1
                self.problems.append(
                    FileProblem(line, remove_card_numbers(format_path(value_path)), "is given twice")
                )
            names.add(name)
            yield name, self._convert_node(value, value_path)
        yield from ((name, value) for name, value in merged.items() if name not in names)

    def _read_merged(self, node: yaml.Node, path: FieldPath) -> dict[str, Any]:
        """What `<<: *name` or `<<: [*name, *other]` adds; if mappings share a key, the first one wins."""
        if isinstance(node, yaml.SequenceNode):
            mappings = [self._read_merged(item, path) for item in node.value]
            return {name: value for mapping in reversed(mappings) for name, value in mapping.items()}
        value = self._convert_node(node, path)
        if not isinstance(value, dict):
            self.problems.append(self.build_problem((*path, "<<"), "must name a mapping"))
            return {}
        return value

    def _find_line(self, path: FieldPath) -> int:
        node, line = self._root, self._root.start_mark.line
        for part in path:
            child = _find_child(node, part)
            if child is None:
                break
            mark, node = child
            line = mark.line
        return int(line) + 1


def _parse_yaml(text: str, name: str) -> yaml.Node:
    try:
        _check_depth(text, name)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        message = f"is not YAML: {error.problem or 'it cannot be read'}"
        raise InvalidAccountsFile([FileProblem(line, name, remove_card_numbers(message))]) from None
    except yaml.YAMLError:
        raise InvalidAccountsFile(
            [FileProblem(None, name, "is not YAML: it holds unprintable bytes")]
        ) from None
    if root is None:
        raise InvalidAccountsFile([FileProblem(None, name, "is empty")])
    return root


def _check_depth(text: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else None
            raise InvalidAccountsFile([FileProblem(line, name, "is nested too deeply")])


def _count_values(node: yaml.Node, sizes: dict[int, int]) -> int:
    """Counts values with each alias replaced by what it names. `sizes` caches the count of each node."""
    if id(node) not in sizes:
        children = node.value if isinstance(node, yaml.SequenceNode) else []
        if isinstance(node, yaml.MappingNode):
            children = [child for pair in node.value for child in pair]
        sizes[id(node)] = 1 + sum(_count_values(child, sizes) for child in children)
    return sizes[id(node)]


def _find_child(node: yaml.Node, part: str | int) -> tuple[Any, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((k.start_mark, v) for k, v in node.value if k.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item.start_mark, item
    return None


def read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        message = "there is no such file"
    except IsADirectoryError:
        message = "is a folder, not a file"
    except UnicodeDecodeError:
        message = "is not text in UTF-8"
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
    raise InvalidAccountsFile([FileProblem(None, path.name, message)])


def format_path(path: FieldPath) -> str:
    """`("accounts", 0, "name")` → `accounts[0].name`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
