"""Reading accounts from a YAML file, and saying what is wrong with it: all of it, by line and field."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.accounts_file.cross_checks import StoredRecords, list_problems
from bot.accounts_file.entries import AccountEntry, AccountsFile, ProductEntry, convert_to_utc
from bot.accounts_file.yaml_with_lines import FileProblem, InvalidAccountsFile, YamlDocument, read_text

__all__ = [
    "AccountEntry",
    "AccountsFile",
    "FileProblem",
    "InvalidAccountsFile",
    "ProductEntry",
    "StoredRecords",
    "convert_to_utc",
    "parse_accounts",
    "read_accounts_file",
]

NO_STORED_RECORDS = StoredRecords()


def read_accounts_file(path: Path, stored: StoredRecords = NO_STORED_RECORDS) -> AccountsFile:
    """Raises WrongAccountsFile."""
    return parse_accounts(read_text(path), path.name, stored)


def parse_accounts(text: str, name: str, stored: StoredRecords = NO_STORED_RECORDS) -> AccountsFile:
    """The accounts that `text` lists; `name` is the file's. Raises WrongAccountsFile."""
    yaml = YamlDocument(text, name)
    problems = list(yaml.problems)
    if not isinstance(yaml.value, dict):
        raise InvalidAccountsFile([FileProblem(1, name, "must be a mapping that begins with accounts:")])
    file = _parse_document(yaml, problems)
    problems += [yaml.build_problem(path, message) for path, message in list_problems(yaml.value, stored)]
    if problems or file is None:
        raise InvalidAccountsFile(sorted(set(problems), key=lambda p: (p.line or 0, p.field)))
    return file


def _parse_document(yaml: YamlDocument, problems: list[FileProblem]) -> AccountsFile | None:
    try:
        return AccountsFile.model_validate(yaml.value)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            problems.append(yaml.build_problem(found["loc"], _format_error(dict(found))))
        return None


_ERROR_MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "is not a known key",
    "list_type": "must be a list",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "too_short": "is empty",
}


def _format_error(error: dict[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    return _ERROR_MESSAGES.get(error["type"], message)
