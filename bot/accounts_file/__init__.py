"""Reading accounts from a YAML file, and saying what is wrong with it: all of it, by line and field."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.accounts_file.cross_checks import Stored, findings
from bot.accounts_file.entries import AccountEntry, AccountsFile, ProductEntry, in_utc
from bot.accounts_file.yaml_with_lines import MarkedYaml, Problem, WrongAccountsFile, read_text

__all__ = [
    "AccountEntry",
    "AccountsFile",
    "Problem",
    "ProductEntry",
    "Stored",
    "WrongAccountsFile",
    "in_utc",
    "parse_accounts",
    "read_accounts_file",
]

NOTHING_STORED = Stored()


def read_accounts_file(path: Path, stored: Stored = NOTHING_STORED) -> AccountsFile:
    """Raises WrongAccountsFile."""
    return parse_accounts(read_text(path), path.name, stored)


def parse_accounts(text: str, name: str, stored: Stored = NOTHING_STORED) -> AccountsFile:
    """The accounts that `text` lists; `name` is the file's. Raises WrongAccountsFile."""
    yaml = MarkedYaml(text, name)
    problems = list(yaml.problems)
    if not isinstance(yaml.value, dict):
        raise WrongAccountsFile([Problem(1, name, "must be a mapping that begins with accounts:")])
    file = _parsed(yaml, problems)
    problems += [yaml.problem(path, message) for path, message in findings(yaml.value, stored)]
    if problems or file is None:
        raise WrongAccountsFile(sorted(set(problems), key=lambda p: (p.line or 0, p.field)))
    return file


def _parsed(yaml: MarkedYaml, problems: list[Problem]) -> AccountsFile | None:
    try:
        return AccountsFile.model_validate(yaml.value)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            problems.append(yaml.problem(found["loc"], _sentence(dict(found))))
        return None


_SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not a known key",
    "list_type": "must be a list",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "too_short": "is empty",
}


def _sentence(found: dict[str, Any]) -> str:
    message = str(found["msg"]).removeprefix("Value error, ")
    return _SENTENCES.get(found["type"], message)
