"""The history of an account: append-only, numbered without gaps, each entry with the previous one's hash
(R18).

The hash covers no name, email address, Slack id or free text, only a person's key and a digest of the text.
Both are salted: once a person or a text is erased together with the salt, what is left cannot be guessed from
(decision 18).
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import JSON, CheckConstraint, Field, Relationship, SQLModel, UniqueConstraint

from models.audit.subject import AuditSubject

GENESIS_HASH = "0" * 64
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What the hash does not cover: the row's own id, the hash itself, and what can be erased.
UNHASHED_FIELDS = {"id", "hash", "reason", "details", "content_salt"}
# Actors that are not people, by kind.
SYSTEM_ACTOR_NAMES = {"scheduler": "seatbot", "provider": "billing"}


@dataclass(frozen=True)
class Actor:
    """Who acts, and from where. `kind` is contact, services, operator, scheduler or provider; `source` names
    the command, button, job or file; `person_id` is their AuditPerson's, if it is known."""

    kind: str
    name: str
    source: str
    team_id: str = ""
    user_id: str = ""
    email: str = ""
    person_id: str | None = None

    @property
    def is_person(self) -> bool:
        return self.kind not in SYSTEM_ACTOR_NAMES


class AuditPerson(SQLModel, table=True):
    """A person's name and ids when they acted. The id is computed from the other columns; of an erased
    person only the id is left."""

    __tablename__ = "audit_person"
    __table_args__ = (
        UniqueConstraint("team_id", "user_id", "name", "email"),
        CheckConstraint(
            "(salt IS NULL) = (team_id IS NULL) AND (salt IS NULL) = (user_id IS NULL) "
            "AND (salt IS NULL) = (name IS NULL) AND (salt IS NULL) = (email IS NULL)",
            name="erased_as_a_whole",
        ),
    )

    id: str = Field(primary_key=True)
    salt: str | None
    team_id: str | None
    user_id: str | None
    name: str | None
    email: str | None

    @classmethod
    def from_actor(cls, actor: Actor) -> "AuditPerson":
        person = cls(
            id="",
            salt=generate_salt(),
            team_id=actor.team_id,
            user_id=actor.user_id,
            name=actor.name,
            email=actor.email,
        )
        person.id = person.compute_id()
        return person

    def compute_id(self) -> str:
        return compute_digest(self.salt or "", [self.team_id, self.user_id, self.name, self.email])

    @property
    def is_erased(self) -> bool:
        return self.salt is None


class AuditEntry(SQLModel, table=True):
    """`subject` is an AuditSubject's `str()`. `content_digest` covers `reason` and `details`."""

    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("account_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    number: int
    at: datetime
    actor_kind: str
    person_id: str | None = Field(default=None, foreign_key="audit_person.id")
    source: str
    subject: str = Field(index=True)
    action: str
    from_status: str | None = None
    to_status: str | None = None
    reason: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    content_salt: str | None = None
    content_digest: str | None = None
    previous_hash: str
    hash: str

    person: AuditPerson | None = Relationship(sa_relationship_kwargs={"lazy": "joined"})

    @property
    def actor_name(self) -> str:
        if self.person is not None:
            return self.person.name or ""
        return SYSTEM_ACTOR_NAMES.get(self.actor_kind, "")

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject.parse(self.subject)

    @property
    def is_content_erased(self) -> bool:
        return self.content_digest is not None and self.content_salt is None

    @property
    def is_person_erased(self) -> bool:
        return self.person is not None and self.person.is_erased

    def compute_hash(self) -> str:
        return compute_entry_hash(self.model_dump(exclude=UNHASHED_FIELDS))

    def compute_content_digest(self) -> str:
        return compute_content_digest(self.content_salt or "", self.reason, self.details)


def compute_entry_hash(entry: Mapping[str, Any]) -> str:
    """The SHA-256 (hex) of every field except UNHASHED_FIELDS, including the previous entry's hash."""
    hashed = {name: value for name, value in entry.items() if name not in UNHASHED_FIELDS}
    return _hash_json({**hashed, "at": (entry["at"] - UNIX_EPOCH) // timedelta(microseconds=1)})


def compute_content_digest(salt: str, reason: str | None, details: dict[str, Any]) -> str:
    return compute_digest(salt, [reason, details])


def compute_digest(salt: str, content: list[Any]) -> str:
    return _hash_json([salt, *content])


def generate_salt() -> str:
    return secrets.token_hex(16)


def _hash_json(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class AuditChainTip(SQLModel, table=True):
    """The last entry of an account's history: without it, missing latest entries could not be
    detected."""

    __tablename__ = "audit_chain_tip"

    account_id: str = Field(primary_key=True, foreign_key="account.id")
    number: int = 0
    hash: str = GENESIS_HASH


@dataclass(frozen=True)
class ChainViolation:
    """Something in a history that was changed after it was written; `number` is the first entry affected."""

    number: int
    description: str


class HashChainVerifier:
    """Verifies one account's history, entry by entry in the order of their numbers."""

    def __init__(self) -> None:
        self.last_number, self.last_hash = 0, GENESIS_HASH
        self.erased_entries = 0

    def verify_next(self, entry: AuditEntry) -> list[ChainViolation]:
        descriptions = [*self._check_link(entry), *_check_content(entry), *_check_person(entry)]
        self.last_number, self.last_hash = max(self.last_number, entry.number), entry.hash
        self.erased_entries += entry.is_content_erased or entry.is_person_erased
        return [ChainViolation(number, description) for number, description in descriptions]

    def _check_link(self, entry: AuditEntry) -> Iterable[tuple[int, str]]:
        number = entry.number
        if number <= self.last_number:
            yield number, f"entry {number} was put in: its number is there already"
        elif number > self.last_number + 1:
            yield self.last_number + 1, _describe_gap(self.last_number + 1, number - 1)
        elif entry.previous_hash != self.last_hash:
            yield number, f"entry {number} does not follow the one before: another stood there"
        if entry.hash != entry.compute_hash():
            yield number, f"entry {number} was changed"

    def verify_tip(self, tip: AuditChainTip | None) -> list[ChainViolation]:
        number = self.last_number
        if tip is None:
            return [ChainViolation(number, f"how far it had come is gone; now it ends with entry {number}")]
        if tip.number > number:
            return [ChainViolation(number + 1, _describe_gap(number + 1, tip.number))]
        if tip.number < number:
            return [ChainViolation(tip.number + 1, f"entry {tip.number + 1} was put in after the last one")]
        if tip.hash != self.last_hash:
            return [ChainViolation(number, f"entry {number}, the last, is not the one that was written")]
        return []


def _check_content(entry: AuditEntry) -> Iterable[tuple[int, str]]:
    if entry.content_salt is None:
        is_intact = entry.reason is None and not entry.details
    else:
        is_intact = entry.content_digest == entry.compute_content_digest()
    if not is_intact:
        yield entry.number, f"entry {entry.number} was changed: its reason or details"


def _check_person(entry: AuditEntry) -> Iterable[tuple[int, str]]:
    if entry.person_id is None:
        return
    if entry.person is None:
        yield entry.number, f"entry {entry.number} names a person whose row is missing"
    elif not entry.person.is_erased and entry.person.compute_id() != entry.person_id:
        yield entry.number, f"entry {entry.number} was changed: the name or ids of the person who acted"


def _describe_gap(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"
