"""The history of an account: append-only, numbered without gaps, each entry sealing the one before (R18)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
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
        return seal(self.model_dump(exclude={"id", "hash"}))


def seal(entry: Mapping[str, Any]) -> str:
    """The SHA-256 (hex) over every field but `id` and `hash`, the one before's hash included."""
    content = {**entry, "at": (entry["at"] - EPOCH) // timedelta(microseconds=1)}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class AuditHead(SQLModel, table=True):
    """How far an account's history has come: without it, nobody could tell that its last entries are gone."""

    __tablename__ = "audit_head"

    account_id: str = Field(primary_key=True, foreign_key="account.id")
    number: int = 0
    hash: str = FIRST_HASH


@dataclass(frozen=True)
class Flaw:
    """What of a history is not as it was written, and from which entry on."""

    number: int
    words: str


class Chain:
    """One account's history, followed entry by entry in the order of their numbers."""

    def __init__(self) -> None:
        self.number, self.hash = 0, FIRST_HASH

    def follow(self, entry: AuditEntry) -> list[Flaw]:
        flaws = []
        number = entry.number
        if number <= self.number:
            flaws.append(Flaw(number, f"entry {number} was put in: its number is there already"))
        elif number > self.number + 1:
            flaws.append(_missing(self.number + 1, number - 1))
        elif entry.previous_hash != self.hash:
            flaws.append(Flaw(number, f"entry {number} does not follow the one before: another stood there"))
        if entry.hash != entry.seal():
            flaws.append(Flaw(number, f"entry {number} was changed"))
        self.number, self.hash = max(self.number, number), entry.hash
        return flaws

    def end(self, head: AuditHead | None) -> list[Flaw]:
        """Whether the history goes as far as it had come."""
        number = self.number
        if head is None:
            return [Flaw(number, f"how far it had come is gone; now it ends with entry {number}")]
        if head.number > number:
            return [_missing(number + 1, head.number)]
        if head.number < number:
            return [Flaw(head.number + 1, f"entry {head.number + 1} was put in after the last one")]
        if head.hash != self.hash:
            return [Flaw(number, f"entry {number}, the last, is not the one that was written")]
        return []


def _missing(first: int, last: int) -> Flaw:
    one = first == last
    return Flaw(first, f"entry {first} is missing" if one else f"entries {first} to {last} are missing")


def broken_links(entries: Iterable[AuditEntry]) -> list[int]:
    """The numbers at which one account's history, in order, was changed, removed or put in between."""
    chain = Chain()
    return [entry.number for entry in entries if chain.follow(entry)]
