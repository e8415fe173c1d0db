"""What an import would change, line by line, for `import --dry-run`."""

from collections.abc import Iterator
from typing import Any

from bot.use_cases.accounts_import.import_run import ImportedChange
from models.audit.action import AuditAction


def describe_changes(changes: list[ImportedChange]) -> Iterator[str]:
    """`acme: name: "Acme SA" → "Acme SAS"`."""
    for change in changes:
        type_, _, name = change.subject.partition(":")
        subject = change.account_id if type_ == "account" else f"{change.account_id}: {type_} {name}"
        yield f"{subject}: {change.action}"
        if change.action is not AuditAction.IMPORTED:
            for key, value in change.details.items():
                yield from _describe_value(key, value)


def _describe_value(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for field, each in value.items():
            yield from _describe_value(f"{key} {field}", each)
    elif isinstance(value, list) and len(value) == 2:
        yield f"  {key}: {value[0]!r} → {value[1]!r}"
    else:
        yield f"  {key}: {value}"
