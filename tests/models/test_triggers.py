"""The database refuses, by itself, what the models refuse: a transition, a history or a receipt rewritten."""

from enum import StrEnum
from itertools import product

import pytest

from models.account.contact_invitation import ContactInvitation, InvitationStatus
from models.audit.entry import Actor, AuditChainTip, AuditPerson
from models.invoice import InvoiceStatus
from models.quote import QuoteStatus
from models.quote.extension import ExtensionStatus, QuoteExtension
from models.service_order import LineStatus, OrderStatus
from tests.models.examples import (
    NOW,
    make_account,
    make_audit_entry,
    make_invoice,
    make_receipt,
)
from tests.models.migrated import (
    Migrated,
    get_next_number,
    store_line,
    store_order,
    store_quote,
    try_statement,
)
from tests.models.states import (
    EXTENSION_TRANSITIONS,
    INVITATION_TRANSITIONS,
    INVOICE_TRANSITIONS,
    LINE_TRANSITIONS,
    ORDER_TRANSITIONS,
    QUOTE_TRANSITIONS,
)


def expected(table: str, follows: bool) -> str:
    return "allowed" if follows else f"{table}_transition"


def pairs(states: type[StrEnum]) -> list[tuple[StrEnum, ...]]:
    return list(product(states, repeat=2))


@pytest.mark.parametrize(("current", "to"), pairs(QuoteStatus))
def test_r18_the_database_takes_the_quotes_transitions_and_no_other(
    migrated: Migrated, current: QuoteStatus, to: QuoteStatus
) -> None:
    pending = QuoteStatus.PENDING
    quote_id = store_quote(migrated, status=current, decided_at=None if current is pending else NOW)
    decided = "NULL" if to is pending else "CURRENT_TIMESTAMP"
    update = f"UPDATE quote SET status = '{to}', decided_at = {decided} WHERE id = {quote_id}"
    follows = to is current or (current, to) in QUOTE_TRANSITIONS
    assert try_statement(migrated, update) == expected("quote", follows)


@pytest.mark.parametrize(("current", "to"), pairs(ExtensionStatus))
def test_the_database_takes_the_extensions_transitions_and_no_other(
    migrated: Migrated, current: ExtensionStatus, to: ExtensionStatus
) -> None:
    requested, approved = ExtensionStatus.REQUESTED, ExtensionStatus.APPROVED
    extension = QuoteExtension(
        quote_id=store_quote(migrated),
        contact_id=1,
        status=current,
        requested_by="Alice",
        requested_at=NOW,
        requested_until=NOW.date(),
        decided_at=None if current is requested else NOW,
        granted_until=NOW.date() if current is approved else None,
    )
    migrated.store(extension)
    decided = "NULL" if to is requested else "CURRENT_TIMESTAMP"
    granted = "CURRENT_DATE" if to is approved else "NULL"
    update = (
        f"UPDATE quote_extension SET status = '{to}', decided_at = {decided}, granted_until = {granted} "
        f"WHERE id = {extension.id}"
    )
    follows = to is current or (current, to) in EXTENSION_TRANSITIONS
    assert try_statement(migrated, update) == expected("quote_extension", follows)


@pytest.mark.parametrize(("current", "to"), pairs(InvitationStatus))
def test_the_database_takes_the_invitations_transitions_and_no_other(
    migrated: Migrated, current: InvitationStatus, to: InvitationStatus
) -> None:
    pending = InvitationStatus.PENDING
    invitation = ContactInvitation(
        account_id="acme",
        inviter_id=1,
        slack_user=f"U{get_next_number()}",
        name="Nora Body",
        email="nobody@acme.example",
        status=current,
        invited_by="Alice",
        invited_at=NOW,
        expires_at=NOW,
        decided_at=None if current is pending else NOW,
    )
    migrated.store(invitation)
    decided = "NULL" if to is pending else "CURRENT_TIMESTAMP"
    update = (
        f"UPDATE contact_invitation SET status = '{to}', decided_at = {decided} WHERE id = {invitation.id}"
    )
    follows = to is current or (current, to) in INVITATION_TRANSITIONS
    assert try_statement(migrated, update) == expected("contact_invitation", follows)


@pytest.mark.parametrize(("current", "to"), pairs(OrderStatus))
def test_r18_the_database_takes_the_orders_transitions_and_no_other(
    migrated: Migrated, current: OrderStatus, to: OrderStatus
) -> None:
    order_id = store_order(migrated, current)
    finished = "CURRENT_TIMESTAMP" if to in (OrderStatus.COMPLETED, OrderStatus.FAILED) else "NULL"
    update = f"UPDATE service_order SET status = '{to}', finished_at = {finished} WHERE id = {order_id}"
    follows = to is current or (current, to) in ORDER_TRANSITIONS
    assert try_statement(migrated, update) == expected("service_order", follows)


@pytest.mark.parametrize(("current", "to"), pairs(InvoiceStatus))
def test_r18_the_database_takes_the_invoices_transitions_and_no_other(
    migrated: Migrated, current: InvoiceStatus, to: InvoiceStatus
) -> None:
    line_id = store_line(migrated, LineStatus.SETTLED)
    invoice = make_invoice(order_line_id=line_id, status=current)
    migrated.store(invoice)
    update = f"UPDATE invoice SET status = '{to}' WHERE id = {invoice.id}"
    follows = to is current or (current, to) in INVOICE_TRANSITIONS
    assert try_statement(migrated, update) == expected("invoice", follows)


@pytest.mark.parametrize(("current", "to"), pairs(LineStatus))
def test_r18_the_database_takes_the_lines_transitions_and_no_other(
    migrated: Migrated, current: LineStatus, to: LineStatus
) -> None:
    line_id = store_line(migrated, current)
    settled = "CURRENT_TIMESTAMP" if to is LineStatus.SETTLED else "NULL"
    update = f"UPDATE order_line SET status = '{to}', settled_at = {settled} WHERE id = {line_id}"
    follows = to is current or (current, to) in LINE_TRANSITIONS
    assert try_statement(migrated, update) == expected("order_line", follows)


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("UPDATE audit_entry SET reason = 'another'", "audit_entry_no_update"),
        ("UPDATE audit_entry SET number = number", "audit_entry_no_update"),
        ("DELETE FROM audit_entry", "audit_entry_no_delete"),
    ],
)
def test_r18_the_history_cannot_be_rewritten(migrated: Migrated, statement: str, guard: str) -> None:
    migrated.store(make_audit_entry(number=get_next_number()))
    assert try_statement(migrated, statement) == guard


ERASE_CONTENT = "UPDATE audit_entry SET reason = NULL, details = '{}', content_salt = NULL"


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        (ERASE_CONTENT, "allowed"),
        (f"{ERASE_CONTENT}, action = 'other'", "audit_entry_no_update"),
        (f"{ERASE_CONTENT}, to_status = NULL", "audit_entry_no_update"),
        (f"{ERASE_CONTENT}, content_digest = NULL", "audit_entry_no_update"),
        (f"{ERASE_CONTENT}, hash = 'other'", "audit_entry_no_update"),
        ("UPDATE audit_entry SET reason = NULL, content_salt = NULL", "audit_entry_no_update"),
        ("UPDATE audit_entry SET details = '{}', content_salt = NULL", "audit_entry_no_update"),
        ("UPDATE audit_entry SET content_salt = 'other'", "audit_entry_no_update"),
    ],
)
def test_r18_of_an_entry_only_the_content_can_be_erased(
    migrated: Migrated, statement: str, guard: str
) -> None:
    number = get_next_number()
    migrated.store(make_audit_entry(number))
    assert try_statement(migrated, f"{statement} WHERE number = {number}") == guard


def test_r18_an_erased_content_stays_erased(migrated: Migrated) -> None:
    number = get_next_number()
    migrated.store(make_audit_entry(number))
    assert try_statement(migrated, f"{ERASE_CONTENT} WHERE number = {number}") == "allowed"
    update = f"UPDATE audit_entry SET reason = 'other' WHERE number = {number}"
    assert try_statement(migrated, update) == "audit_entry_no_update"


ERASE_PERSON = (
    "UPDATE audit_person SET salt = NULL, team_id = NULL, user_id = NULL, name = NULL, email = NULL"
)


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        (ERASE_PERSON, "allowed"),
        ("UPDATE audit_person SET name = 'other'", "audit_person_no_update"),
        ("UPDATE audit_person SET id = id", "audit_person_no_update"),
        (f"{ERASE_PERSON}, id = 'other'", "audit_person_no_update"),
        ("DELETE FROM audit_person", "audit_person_no_delete"),
    ],
)
def test_r18_a_person_can_only_be_erased(migrated: Migrated, statement: str, guard: str) -> None:
    person = AuditPerson.from_actor(Actor("contact", f"Person {get_next_number()}", "test"))
    migrated.store(person)
    assert try_statement(migrated, f"{statement} WHERE id = '{person.id}'") == guard


def test_r18_of_a_person_nothing_is_left_over(migrated: Migrated) -> None:
    person = AuditPerson.from_actor(Actor("contact", f"Person {get_next_number()}", "test"))
    migrated.store(person)
    erase_half = f"UPDATE audit_person SET salt = NULL, name = NULL WHERE id = '{person.id}'"
    assert "erased_as_a_whole" in try_statement(migrated, erase_half)


def test_r18_the_history_cannot_be_replaced_or_emptied(migrated: Migrated) -> None:
    number = get_next_number()
    migrated.store(make_audit_entry(number))
    sqlite = migrated.engine.dialect.name == "sqlite"
    replace = "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry"
    assert try_statement(migrated, replace if sqlite else "TRUNCATE audit_entry") != "allowed"


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("DELETE FROM audit_chain_tip", "audit_chain_tip_no_delete"),
        ("UPDATE audit_chain_tip SET number = number - 1", "audit_chain_tip_forward_only"),
        ("UPDATE audit_chain_tip SET hash = 'another'", "audit_chain_tip_forward_only"),
        ("UPDATE audit_chain_tip SET number = number + 1", "allowed"),
        ("UPDATE audit_chain_tip SET number = number + 3", "allowed"),
    ],
)
def test_r18_the_end_of_a_history_only_moves_on(migrated: Migrated, statement: str, guard: str) -> None:
    account_id = f"account_{get_next_number()}"
    migrated.store(make_account(id=account_id), AuditChainTip(account_id=account_id, number=7, hash="f" * 64))
    assert try_statement(migrated, f"{statement} WHERE account_id = '{account_id}'") == guard


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("UPDATE receipt SET buyer = 'Other'", "receipt_no_update"),
        ("DELETE FROM receipt", "receipt_no_delete"),
    ],
)
def test_r13_an_issued_receipt_stays_unchanged(migrated: Migrated, statement: str, guard: str) -> None:
    migrated.store(make_receipt(number=f"R-{get_next_number()}", order_id=store_order(migrated)))
    assert try_statement(migrated, statement) == guard
