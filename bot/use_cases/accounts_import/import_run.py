"""One import: who runs it, when and how, and what it has found so far."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.db import Session
from bot.use_cases.accounts_import.row_sync import Changes
from bot.use_cases.audit.write import write_audit_entry
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.audit.subject import AuditSubject


@dataclass(frozen=True)
class ImportedChange:
    """One entry that an import adds to an account's history."""

    account_id: str
    subject: str
    action: AuditAction
    details: Changes


@dataclass
class ImportRun:
    """`overwrite` are the accounts whose seats, periods, decided quotes, and people added elsewhere the file
    replaces. The other lists differ from the file and stay, as their account is not among them: the contacts
    are those that were added in Slack, and those that were withdrawn there. `known_entries` has the number of
    each account's last history entry of an operator when the import began."""

    actor: Actor
    at: datetime
    overwrite: frozenset[str] = frozenset()
    known_entries: Mapping[str, int] = field(default_factory=dict)
    product_changes: Changes = field(default_factory=dict)
    changes: list[ImportedChange] = field(default_factory=list)
    changed_account_ids: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    # If there are any, nothing is stored.
    problems: list[str] = field(default_factory=list)
    kept_subscriptions: list[str] = field(default_factory=list)
    kept_quotes: list[str] = field(default_factory=list)
    added_contacts: list[str] = field(default_factory=list)
    withdrawn_contacts: list[str] = field(default_factory=list)

    async def record_change(
        self,
        session: Session,
        account_id: str,
        subject: AuditSubject,
        action: AuditAction,
        details: Changes,
        status_change: tuple[str | None, str | None] = (None, None),
        reason: str | None = None,
    ) -> None:
        self.changed_account_ids.add(account_id)
        self.changes.append(ImportedChange(account_id, str(subject), action, details))
        await write_audit_entry(
            session,
            account_id=account_id,
            actor=self.actor,
            subject=subject,
            action=action,
            at=self.at,
            status_change=status_change,
            reason=reason,
            details=details,
        )


def describe_changes(changes: list[ImportedChange]) -> Iterator[str]:
    """Describes them line by line, for `import --dry-run`: `acme: name: "Acme SA" → "Acme SAS"`."""
    for change in changes:
        type_, _, name = change.subject.partition(":")
        subject = change.account_id if type_ == "account" else f"{change.account_id}: {type_} {name}"
        yield f"{subject}: {change.action}"
        if change.action is not AuditAction.IMPORTED:
            for key, value in change.details.items():
                yield from _describe_value(key, value)


def describe_product_changes(changes: Changes) -> Iterator[str]:
    """Like `describe_changes`: they affect every account, and are in no history."""
    for product_id, change in changes.items():
        if isinstance(change, dict):
            yield f"product {product_id}: {AuditAction.UPDATED}"
            for name, value in change.items():
                yield from _describe_value(name, value)
        else:
            yield f"product {product_id}: {change}"


def _describe_value(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _describe_value(f"{key} {name}", each)
    elif isinstance(value, list) and len(value) == 2:
        yield f"  {key}: {value[0]!r} → {value[1]!r}"
    else:
        yield f"  {key}: {value}"
