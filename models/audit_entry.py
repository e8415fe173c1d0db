"""The history of an account: append-only, numbered without gaps, each entry sealing the one before (R18)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import JSON, Field, SQLModel, UniqueConstraint

GENESIS_HASH = "0" * 64
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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

    def compute_hash(self) -> str:
        return compute_entry_hash(self.model_dump(exclude={"id", "hash"}))


def compute_entry_hash(entry: Mapping[str, Any]) -> str:
    """The SHA-256 (hex) over every field but `id` and `hash`, the one before's hash included."""
    content = {**entry, "at": (entry["at"] - UNIX_EPOCH) // timedelta(microseconds=1)}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class AuditChainTip(SQLModel, table=True):
    """How far an account's history has come: without it, nobody could tell that its last entries are gone."""

    __tablename__ = "audit_chain_tip"

    account_id: str = Field(primary_key=True, foreign_key="account.id")
    number: int = 0
    hash: str = GENESIS_HASH


@dataclass(frozen=True)
class ChainViolation:
    """What of a history is not as it was written, and from which entry on."""

    number: int
    description: str


class HashChainVerifier:
    """One account's history, followed entry by entry in the order of their numbers."""

    def __init__(self) -> None:
        self.last_number, self.last_hash = 0, GENESIS_HASH

    def verify_next(self, entry: AuditEntry) -> list[ChainViolation]:
        flaws = []
        number = entry.number
        if number <= self.last_number:
            flaws.append(ChainViolation(number, f"entry {number} was put in: its number is there already"))
        elif number > self.last_number + 1:
            flaws.append(_build_gap_violation(self.last_number + 1, number - 1))
        elif entry.previous_hash != self.last_hash:
            flaws.append(
                ChainViolation(number, f"entry {number} does not follow the one before: another stood there")
            )
        if entry.hash != entry.compute_hash():
            flaws.append(ChainViolation(number, f"entry {number} was changed"))
        self.last_number, self.last_hash = max(self.last_number, number), entry.hash
        return flaws

    def verify_tip(self, tip: AuditChainTip | None) -> list[ChainViolation]:
        """Whether the history goes as far as it had come."""
        number = self.last_number
        if tip is None:
            return [ChainViolation(number, f"how far it had come is gone; now it ends with entry {number}")]
        if tip.number > number:
            return [_build_gap_violation(number + 1, tip.number)]
        if tip.number < number:
            return [ChainViolation(tip.number + 1, f"entry {tip.number + 1} was put in after the last one")]
        if tip.hash != self.last_hash:
            return [ChainViolation(number, f"entry {number}, the last, is not the one that was written")]
        return []


def _build_gap_violation(first: int, last: int) -> ChainViolation:
    one = first == last
    return ChainViolation(
        first, f"entry {first} is missing" if one else f"entries {first} to {last} are missing"
    )


def list_broken_entries(entries: Iterable[AuditEntry]) -> list[int]:
    """The numbers at which one account's history, in order, was changed, removed or put in between."""
    chain = HashChainVerifier()
    return [entry.number for entry in entries if chain.verify_next(entry)]
