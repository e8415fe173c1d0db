"""The history of an account: append-only, numbered without gaps, each entry sealing the one before (R18)."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import JSON, Field, SQLModel, UniqueConstraint

FIRST_HASH = "0" * 64
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Actor:
    """Who acts, and from where. `kind` is contact, scheduler, operator or provider; `source` names the
    command, button, job or file."""

    kind: str
    name: str
    source: str
    id: str = ""


class AuditEntry(SQLModel, table=True):
    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("account_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    number: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    source: str
    subject: str = Field(index=True)
    action: str
    from_status: str | None = None
    to_status: str | None = None
    reason: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    previous_hash: str
    hash: str

    def seal(self) -> str:
        """The SHA-256 (hex) over every field but `id` and `hash`, the one before's hash included."""
        content = self.model_dump(mode="json", exclude={"id", "hash", "at"})
        content["at"] = (self.at - EPOCH) // timedelta(microseconds=1)
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


class AuditHead(SQLModel, table=True):
    """How far an account's history has come: without it, nobody could tell that its last entries are gone."""

    __tablename__ = "audit_head"

    account_id: str = Field(primary_key=True, foreign_key="account.id")
    number: int = 0
    hash: str = FIRST_HASH


def broken_links(entries: list[AuditEntry]) -> list[int]:
    """The numbers at which one account's history, in order, was changed, removed or put in between."""
    broken = []
    previous = FIRST_HASH
    for expected, entry in enumerate(entries, start=1):
        if entry.number != expected or entry.previous_hash != previous or entry.hash != entry.seal():
            broken.append(entry.number)
        previous = entry.hash
    return broken
