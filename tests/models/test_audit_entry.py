from datetime import timedelta, timezone
from typing import Any

import pytest

from bot.db import Database
from models.account.contact_invitation import InvitationStatus
from models.audit.action import AuditAction
from models.audit.entry import GENESIS_HASH, UNHASHED_FIELDS, Actor, AuditEntry, AuditPerson
from models.quote import QuoteStatus
from models.service_order import OrderStatus
from tests.audit_chain import list_broken_entries
from tests.models.examples import NOW, make_account, make_audit_entry

ALICE = Actor("contact", "Alice Martin", "quote.reject", "T01ACME", "U01ALICE", "alice@acme.example")
OTHER: dict[str, Any] = {
    "account_id": "other",
    "number": 2,
    "at": NOW + timedelta(microseconds=1),
    "actor_kind": "operator",
    "person_id": "b0b",
    "source": "import",
    "subject": "quote:SQ-1002",
    "action": "accept",
    "from_status": None,
    "to_status": "accepted",
    "content_digest": "d" * 64,
    "previous_hash": "f" * 64,
}


def history(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number in range(1, length + 1):
        entries.append(make_audit_entry(number, entries[-1].hash if entries else GENESIS_HASH))
    return entries


def test_the_seal_covers_every_field() -> None:
    assert set(OTHER) == set(AuditEntry.model_fields) - UNHASHED_FIELDS


@pytest.mark.parametrize("field", OTHER)
def test_r18_the_entry_hash_changes_with_any_field(field: str) -> None:
    entry = make_audit_entry()
    setattr(entry, field, OTHER[field])
    assert entry.compute_hash() != entry.hash


def test_the_seal_does_not_depend_on_the_zone_or_the_order_of_details() -> None:
    entry = make_audit_entry(details={"a": 1, "b": [1, "é"]})
    same = make_audit_entry(details={"b": [1, "é"], "a": 1}, at=NOW.astimezone(timezone(timedelta(hours=2))))
    assert same.hash == entry.hash


@pytest.mark.parametrize(
    "changes", [{"reason": "other"}, {"reason": None}, {"details": {}}, {"content_salt": "5a18"}]
)
def test_r18_the_digest_tells_any_change_of_the_content(changes: dict[str, Any]) -> None:
    entry = make_audit_entry()
    entry.sqlmodel_update(changes)
    assert entry.compute_hash() == entry.hash
    assert list_broken_entries([entry]) == [1]


def test_r18_an_erased_content_breaks_nothing_and_cannot_be_replaced() -> None:
    entry = make_audit_entry()
    entry.sqlmodel_update({"reason": None, "details": {}, "content_salt": None})
    assert entry.is_content_erased
    assert list_broken_entries([entry]) == []
    entry.reason = "another"
    assert list_broken_entries([entry]) == [1]


def an_entry_by(person: AuditPerson) -> AuditEntry:
    return make_audit_entry(person_id=person.id, person=person)


@pytest.mark.parametrize("column", ["name", "email", "team_id", "user_id", "salt"])
def test_r18_a_persons_key_tells_any_change_of_who_acted(column: str) -> None:
    entry = an_entry_by(AuditPerson.from_actor(ALICE))
    assert list_broken_entries([entry]) == []
    setattr(entry.person, column, "other")
    assert list_broken_entries([entry]) == [1]


def test_r18_an_erased_person_breaks_nothing_but_one_that_is_missing_does() -> None:
    entry = an_entry_by(AuditPerson.from_actor(ALICE))
    assert entry.person is not None
    erased = dict.fromkeys(["salt", "team_id", "user_id", "name", "email"])
    entry.person.sqlmodel_update(erased)
    assert (entry.actor_name, list_broken_entries([entry])) == ("", [])
    entry.person = None
    assert list_broken_entries([entry]) == [1]


def test_a_person_has_another_key_in_another_installation() -> None:
    """Else a key would tell who it stands for."""
    assert AuditPerson.from_actor(ALICE).id != AuditPerson.from_actor(ALICE).id


async def test_r18_a_stored_history_reads_back_unbroken(database: Database) -> None:
    details = {"seats": 10, "lines": [1, 2], "none": None, "word": "été", "rate": 0.1}
    async with database.write() as session:
        session.add(make_account())
        await session.flush()
        session.add(make_audit_entry(at=NOW.replace(microsecond=123457), details=details))
    async with database.read() as session:
        entry = await session.get(AuditEntry, 1)
    assert entry is not None
    assert list_broken_entries([entry]) == []


@pytest.mark.parametrize("length", [0, 1, 5])
def test_r18_an_honest_history_is_unbroken(length: int) -> None:
    assert list_broken_entries(history(length)) == []


@pytest.mark.parametrize("number", [1, 3, 5])
def test_r18_a_changed_entry_breaks_the_history(number: int) -> None:
    entries = history(5)
    entries[number - 1].reason = "something else"
    assert list_broken_entries(entries) == [number]


@pytest.mark.parametrize("number", [1, 3, 4])
def test_r18_a_changed_entry_sealed_again_breaks_the_next_link(number: int) -> None:
    entries = history(5)
    changed = entries[number - 1]
    changed.reason = "something else"
    changed.content_digest = changed.compute_content_digest()
    changed.hash = changed.compute_hash()
    assert list_broken_entries(entries) == [number + 1]


@pytest.mark.parametrize("number", [1, 2, 4])
def test_r18_a_removed_entry_breaks_the_history(number: int) -> None:
    entries = history(5)
    del entries[number - 1]
    assert list_broken_entries(entries)[0] == number + 1


def test_r18_an_inserted_entry_breaks_the_history() -> None:
    entries = history(5)
    entries.insert(2, make_audit_entry(3, entries[1].hash, reason="put in between"))
    assert list_broken_entries(entries)[0] == 3


def test_r18_swapped_entries_break_the_history() -> None:
    entries = history(3)
    entries[1], entries[2] = entries[2], entries[1]
    assert list_broken_entries(entries) == [3, 2]


def test_every_status_that_the_history_records_is_an_action() -> None:
    assert set(OrderStatus) <= set(AuditAction)
    assert set(QuoteStatus) - {QuoteStatus.PENDING} <= set(AuditAction)
    for status in set(InvitationStatus) - {InvitationStatus.PENDING}:
        assert f"contact_invitation_{status.value}" in set(AuditAction)
