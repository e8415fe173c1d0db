"""Making stored rows match the entries of a file, and describing the changes for the history."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Protocol, TypeVar

# For a field [old, new]; for a row "added", "withdrawn", or its changed fields.
Changes = dict[str, Any]
FieldValues = dict[str, Any]


class Deactivatable(Protocol):
    active: bool


RowT = TypeVar("RowT", bound=Deactivatable)


def sync_rows(
    label: str,
    rows: dict[str, RowT],
    entries: Mapping[str, FieldValues],
    create_row: Callable[..., RowT],
    *,
    withdraw_all: bool = False,
) -> Changes:
    """Adds to `rows`, updates, withdraws and reactivates, so that the active rows match `entries` (both have
    the same keys). Rows that were not imported stay, unless `withdraw_all`."""
    changes: Changes = {}
    for key, values in entries.items():
        if key not in rows:
            rows[key] = create_row(**values)
            changes[f"{label}:{key}"] = "added"
        elif field_changes := update_fields(rows[key], {**values, "active": True}):
            changes[f"{label}:{key}"] = field_changes
    for key in rows.keys() - entries.keys():
        if rows[key].active and (withdraw_all or getattr(rows[key], "imported", True)):
            rows[key].active = False
            changes[f"{label}:{key}"] = "withdrawn"
    return changes


def update_fields(row: object, values: FieldValues) -> Changes:
    changes: Changes = {}
    for name, new in values.items():
        old = getattr(row, name)
        if old != new:
            setattr(row, name, new)
            changes[name] = [_format_audit_value(old), _format_audit_value(new)]
    return changes


def _format_audit_value(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
