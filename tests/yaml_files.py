"""Reads the tests' YAML files: each is parsed once, and every test gets a copy of its own."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

# The C parser is ten times as fast; not every machine's PyYAML has it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> dict[str, Any]:
    return copy.deepcopy(_parse(path))


def write_yaml(path: Path, content: dict[str, Any]) -> None:
    """As JSON, which is YAML too and quickly written."""
    path.write_text(json.dumps(content, default=str), encoding="utf-8")


@cache
def _parse(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(path.read_text("utf-8"), _LOADER)  # noqa: S506 -- the safe one
    return content
