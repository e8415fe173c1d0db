"""One import: who runs it, when and how, and what it has found so far."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.db import Session
from bot.use_cases.accounts_import.row_sync import Changes
from bot.use_cases.audit.write import write_audit_entry
from models.audit.entry import Actor
from models.audit.subject import AuditSubject


@dataclass
class ImportRun:
    """`kept_subscriptions` and `kept_quotes` differ from the file and stay, for lack of `overwrite`."""

    actor: Actor
    at: datetime
    overwrite: bool
    changed_account_ids: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    kept_subscriptions: list[str] = field(default_factory=list)
    kept_quotes: list[str] = field(default_factory=list)

    async def record_change(
        self,
        session: Session,
        account_id: str,
        subject: AuditSubject,
        action: str,
        details: Changes,
        status_change: tuple[str | None, str | None] = (None, None),
    ) -> None:
        self.changed_account_ids.add(account_id)
        await write_audit_entry(
            session,
            account_id=account_id,
            actor=self.actor,
            subject=subject,
            action=action,
            at=self.at,
            status_change=status_change,
            details=details,
        )
