"""YAML as plain text values, with the line of each kept so that a problem can name it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from models.errors import Refusal

FieldPath = tuple[str | int, ...]

# The C parser reads the largest files ten times as fast; not every machine's PyYAML has it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL_TAG = "tag:yaml.org,2002:null"
# Lengths and first digits that cards have, so that a company's registration number is not taken for one.
_CARD_NUMBER_PATTERN = re.compile(r"3[0689]\d{12}|3[47]\d{13}|4\d{12}|[24-6]\d{15,18}")
_LONG_NUMBER_PATTERN = re.compile(r"(?<![0-9A-Za-z])[0-9](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")


@dataclass(frozen=True)
class FileProblem:
    """What is wrong, and where: `field` as in `accounts[0].subscriptions[1].unit_price`."""

    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        where = f"line {self.line}, {self.field}" if self.line and self.field else self.field
        return f"{where or f'line {self.line}'}: {self.message}"


class InvalidAccountsFile(Refusal):
    """The file cannot be imported; `problems` holds everything that is wrong with it."""

    def __init__(self, problems: list[FileProblem]) -> None:
        super().__init__(problems="\n".join(map(str, problems)))
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class YamlDocument:
    """One document. `value` holds dicts, lists, text and none; `problems` what the text itself has.

    Numbers, booleans and dates stay the text that was written: `14.10` never is a float, and the country
    `NO` never false. Raises WrongAccountsFile where there is no document at all.
    """

    def __init__(self, text: str, name: str) -> None:
        self.problems: list[FileProblem] = []
        self._root = _parse_yaml(text, name)
        try:
            self.value = self._convert_node(self._root, ())
        except RecursionError:
            raise InvalidAccountsFile([FileProblem(None, name, "is nested too deeply")]) from None

    def build_problem(self, path: FieldPath, message: str) -> FileProblem:
        return FileProblem(
            self._find_line(path), remove_card_numbers(format_path(path)), remove_card_numbers(message)
        )

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
        seen: set[str] = set()
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            inner = (*path, name)
            if name in seen:
                line = key.start_mark.line + 1
                self.problems.append(
                    FileProblem(line, remove_card_numbers(format_path(inner)), "is given twice")
                )
            seen.add(name)
            yield name, self._convert_node(value, inner)

    def _find_line(self, path: FieldPath) -> int:
        """The line of the innermost part of `path` that is there."""
        node, line = self._root, self._root.start_mark.line
        for part in path:
            found = _find_child(node, part)
            if found is None:
                break
            mark, node = found
            line = mark.line
        return int(line) + 1


def _parse_yaml(text: str, name: str) -> yaml.Node:
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        message = f"is not YAML: {error.problem or 'it cannot be read'}"
        raise InvalidAccountsFile([FileProblem(line, name, remove_card_numbers(message))]) from None
    except yaml.YAMLError:
        raise InvalidAccountsFile(
            [FileProblem(None, name, "is not YAML: it holds unprintable bytes")]
        ) from None
    except RecursionError:
        raise InvalidAccountsFile([FileProblem(None, name, "is nested too deeply")]) from None
    if root is None:
        raise InvalidAccountsFile([FileProblem(None, name, "is empty")])
    return root


def _find_child(node: yaml.Node, part: str | int) -> tuple[Any, yaml.Node] | None:
    """Where `part` of `node` begins, and what it holds."""
    if isinstance(node, yaml.MappingNode):
        return next(((k.start_mark, v) for k, v in node.value if k.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item.start_mark, item
    return None


def read_text(path: Path) -> str:
    """Raises WrongAccountsFile."""
    try:
        return path.read_text("utf-8")
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


def has_card_number(text: str) -> bool:
    """Digits as of a card, spaced or not, with the check digit that cards have."""
    if len(text) < 13:
        return False
    numbers = [re.sub(r"\D", "", found[0]) for found in _LONG_NUMBER_PATTERN.finditer(text)]
    return any(_CARD_NUMBER_PATTERN.fullmatch(n) and _has_valid_check_digit(n) for n in numbers)


def remove_card_numbers(text: str) -> str:
    """`text` without what may be a card number."""
    return _LONG_NUMBER_PATTERN.sub("…", text)


def _has_valid_check_digit(number: str) -> bool:
    digits = [int(c) for c in reversed(number)]
    doubled = [d * 2 - 9 if d > 4 else d * 2 for d in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
