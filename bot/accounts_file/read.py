"""Reading accounts from a YAML file, with every error in it, by line and field."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.accounts_file.cross_checks import StoredRecords, list_problems
from bot.accounts_file.entries import AccountsFile
from bot.accounts_file.yaml_with_lines import FileProblem, InvalidAccountsFile, YamlDocument, read_text

NO_STORED_RECORDS = StoredRecords()


def read_accounts_file(path: Path, stored: StoredRecords = NO_STORED_RECORDS) -> AccountsFile:
    return parse_accounts(read_text(path), path.name, stored)


def parse_accounts(text: str, name: str, stored: StoredRecords = NO_STORED_RECORDS) -> AccountsFile:
    """`name` is the file's, for error messages. Raises InvalidAccountsFile."""
    document = YamlDocument(text, name)
    if not isinstance(document.value, dict):
        raise InvalidAccountsFile([FileProblem(1, name, "must be a mapping that begins with accounts:")])
    file, problems = _parse_document(document)
    problems += document.problems
    problems += [document.build_problem(*problem) for problem in list_problems(document.value, stored)]
    if problems or file is None:
        raise InvalidAccountsFile(sorted(set(problems), key=lambda p: (p.line or 0, p.field)))
    return file


def _parse_document(document: YamlDocument) -> tuple[AccountsFile | None, list[FileProblem]]:
    try:
        return AccountsFile.model_validate(document.value), []
    except ValidationError as error:
        return None, [
            document.build_problem(
                found["loc"], _explain_null(document, dict(found)) or format_error(dict(found))
            )
            for found in error.errors(include_url=False)
        ]


_ERROR_MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "is not a known key",
    "list_type": "must be a list",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "too_short": "is empty",
}


def _explain_null(document: YamlDocument, error: dict[str, Any]) -> str | None:
    null = document.find_written_null(error["loc"]) if error["type"] == "missing" else None
    return f"is missing: {null} means “no value” in YAML; write it in quotes if it is text" if null else None


def format_error(error: dict[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    return _ERROR_MESSAGES.get(error["type"], message)
