"""What is stored about a person is exported as a whole, and erased as a whole."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite
from sqlmodel import SQLModel, col, insert, select, update

from bot.db import Database
from bot.permissions import SlackIdentity
from bot.use_cases.audit.export import verify_histories
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.notice.preferences import save_preferences
from bot.use_cases.personal_data.erase import NotErasable, erase_person
from bot.use_cases.personal_data.mentions import Mentions
from bot.use_cases.personal_data.person import InvalidPersonKey, PersonKey
from bot.use_cases.personal_data.records import Records, load_records
from models.account import Account
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.account.contact_invitation import ContactInvitation
from models.account.seat_assignment import SeatAssignment
from models.audit.action import AuditAction
from models.audit.entry import Actor, AuditEntry, AuditPerson
from models.audit.subject import AuditSubject, SubjectType
from models.checkout import Checkout
from models.home import Home
from models.installation import installations
from models.migrations.tables import metadata
from models.notice import Notice, NoticeKind, NoticeStatus, OrderMessage, PostedMessage
from models.notice.notification_preferences import NotificationPreferences
from models.payment_method import PaymentMethod
from models.quote import Quote
from models.quote.extension import ExtensionStatus, QuoteExtension
from models.receipt import Receipt
from models.receipt_export import ReceiptExport
from models.service_order import OrderStatus, ServiceOrder
from models.service_order.order_screen import OrderScreen
from models.slack_user import SlackUser
from sandbox.driver import Person
from tests.commands import run_command
from tests.handlers.steps import (
    get_known_person,
    import_account,
    import_quote,
    open_modal,
    wait_for_modal_text,
)
from tests.hooked_database import open_hooked_database
from tests.models.examples import NOW
from tests.variants import only_sqlite
from tests.world import World

ALICE = PersonKey.parse("alice@acme.example")
WORDS_OF_ALICE = ("alice", "martin")

# Every column that can hold a text, and what erase-person does with it:
ERASED = "what it says of a person is deleted or replaced"
KEPT = "says who somebody is, and is kept: docs/privacy.md says why"
NOBODY = "names nobody: an id of ours or of a provider, a code, or a company's data"
TEXT_COLUMNS: dict[str, dict[str, str]] = {
    ERASED: {
        "account": "self_service_reason closed_reason",
        "administrator": "email name",
        "audit_entry": "reason details content_salt",
        "audit_person": "salt team_id user_id name email",
        "billing_contact": "email name slack_user withdrawn_by",
        "cart": "seats replaceable_quote_ids",
        "checkout": "form_values",
        "contact_invitation": "slack_user name email invited_by decided_by message_channel message_ts",
        "home": "team_id user_id",
        "home_account": "team_id user_id account_id",
        "notice": "payload last_error",
        "notification_preferences": "team_id user_id disabled_topics",
        "order_message": "channel ts",
        "order_screen": "external_id team_id user_id",
        "payment_method": "email",
        "posted_message": "team channel ts",
        "quote": "decided_by reason",
        "quote_extension": "requested_by reason decided_by decision_reason",
        "slack_user": "team_id user_id home_team_id enterprise_id enterprise_user_id workspace_ids name "
        "email locale time_zone",
    },
    KEPT: {
        "account": "line1 line2 postal_code city state country provider_address name tax_id",
        "order_line": "charged_methods",
        "quote": "address",
        "receipt": "buyer address seller lines cards po_number tax_facts",
        "service_order": "address po_number",
        "slack_installations": "user_id incoming_webhook_channel",
    },
    NOBODY: {
        "account": "id slack_team channel currency tax_rate tax_name tax_exemption locale time_zone "
        "default_portal home_country stripe_customer",
        "account_change": "account_id",
        "administrator": "account_id",
        "audit_chain_tip": "account_id hash",
        "audit_entry": "account_id actor_kind person_id source subject action from_status to_status "
        "content_digest previous_hash hash",
        "audit_person": "id",
        "billing_contact": "account_id",
        "cart": "account_id",
        "charge_attempt": "idempotency_key payment_method_id outcome",
        "contact_invitation": "account_id status",
        "database_identity": "cluster database",
        "delivery_slot": "destination",
        "document_sequence": "prefix",
        "invoice": "account_id provider_invoice_id number status currency",
        "ledger_charge": "idempotency_key subscription_id payment_method_id status",
        "ledger_seat_block": "subscription_id",
        "ledger_subscription": "id account_id period tax_rate",
        "notice": "event account_id team destination kind status",
        "order_line": "subscription_id payment_method_id status reason customer_link settled_taxes "
        "settled_tax_facts "
        "provider_receipt_id "
        "provider_invoice_number",
        "payment_method": "id account_id type brand last4 bank wallet",
        "product": "id name reason",
        "quote": "number account_id status currency tax_facts recurring",
        "quote_extension": "status",
        "quote_line": "subscription_id product_id pricing period taxes discounts",
        "receipt": "number account_id currency",
        "receipt_export": "account_id mails",
        "received_billing_event": "id kind account_id",
        "refused_block": "team_id surface block_type",
        "schema_support": "oldest_revision",
        "seat_assignment": "product_id subscription_id",
        "seat_block": "subscription_id",
        "service_order": "number account_id status payment_method_id",
        "slack_bots": "client_id app_id enterprise_id enterprise_name team_id team_name bot_token bot_id "
        "bot_user_id bot_scopes bot_refresh_token",
        "slack_installations": "client_id app_id enterprise_id enterprise_name team_id team_name bot_token "
        "bot_id bot_user_id bot_scopes bot_refresh_token enterprise_url user_token user_scopes "
        "user_refresh_token incoming_webhook_url incoming_webhook_channel_id "
        "incoming_webhook_configuration_url token_type",
        "slack_oauth_states": "state",
        "slack_organisation_workspaces": "client_id team_id enterprise_id",
        "subscription": "id account_id product_id pricing period self_service_reason "
        "default_payment_method_id outlook tax_rate",
    },
}


def list_text_columns() -> Iterator[str]:
    for table in metadata.tables.values():
        for column in table.columns:
            if column.type.compile(dialect=sqlite.dialect()).startswith(("VARCHAR", "TEXT", "JSON")):
                yield f"{table.name}.{column.name}"


def test_every_text_column_is_classified_as_personal_data_or_not() -> None:
    """A new column: does erase.py handle it, and records.py export it? Then add it here."""
    classified = [
        f"{table}.{column}"
        for tables in TEXT_COLUMNS.values()
        for table, columns in tables.items()
        for column in columns.split()
    ]
    assert sorted(classified) == sorted(list_text_columns())


@pytest.mark.parametrize(
    ("value", "is_mentioned"),
    [
        ("contact:alice@acme.example", True),
        ("Ask ALICE@acme.example.", True),
        ("<@U01ALICE> says so", True),
        ("Alice Martin’s budget", True),
        ("Malice@acme.example", False),
        ("alice@acme.example.org", False),
        ("not.alice@acme.example", False),
        ("U01ALICEX", False),
        ("Alice", True),
        ("Alice Cooper", False),
        ("alice martinez", False),
        ({"contact:alice@acme.example": "added"}, True),
        ({"seats": 5, "by": ["Benoît", {"who": "Alice Martin"}]}, True),
        ({"seats": 5, "by": None}, False),
    ],
)
def test_a_person_is_found_in_texts_by_words_of_their_own(value: Any, is_mentioned: bool) -> None:
    mentions = Mentions({"alice@acme.example", "U01ALICE"}, {"Alice Martin", "Alice"})
    assert mentions.are_in(value) is is_mentioned
    replaced = mentions.replace_in(value, "Contact 1")
    assert (replaced != value) is is_mentioned
    assert not mentions.are_in(replaced)


def test_nobody_is_found_without_words() -> None:
    assert not Mentions([], [""]).are_in(["", "anything"])


def test_a_person_is_an_address_or_a_user_of_a_workspace() -> None:
    assert PersonKey.parse(" Alice@ACME.example ") == ALICE
    assert PersonKey.parse("T01ACME/U01ALICE").slack_id == ("T01ACME", "U01ALICE")
    for text_ in ("", "Alice Martin", "U01ALICE", "/U01ALICE", "T01ACME/"):
        with pytest.raises(InvalidPersonKey):
            PersonKey.parse(text_)


# --- a person who has done everything


async def reject_quote(person: Person, reason: str) -> None:
    """The only one."""
    await open_modal(person, "/quotes", "", "quote.list")
    await person.press("quote.reject")
    await (await person.wait_for_modal("quote.reject")).fill("reason", reason).submit()
    await wait_for_modal_text(person, "no pending quotes")


async def alice_does_everything(world: World) -> None:
    """And others mention her."""
    alice = await get_known_person(world, "alice")
    await alice.open_home()
    await world.place_order(alice, acme_meeting=1)
    await world.settle()
    await import_quote(world)
    await reject_quote(alice, "Call me: +33 1 23 45 67 89")
    await world.fill_cart(alice, acme_meeting=2)
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    await alice.submit()
    await world.open_checkout(alice)
    await world.settle()
    dependencies, person = world.dependencies, SlackIdentity("T01ACME", "U01ALICE", "test")
    await save_preferences(dependencies, person=person, topics=["orders"], daily_digest=False)
    order, [quote] = (
        await world.load_row(ServiceOrder),
        [q for q in await world.load_rows(Quote) if q.status == "pending"],
    )
    alice_row = await world.load_row(BillingContact, email="alice@acme.example")
    benoit = await world.load_row(BillingContact, email="benoit@acme.example")
    async with dependencies.write() as session:
        await write_audit_entry(
            session,
            account_id="acme",
            actor=Actor("contact", benoit.name, "test", "T01ACME", "U02BENOIT", benoit.email),
            subject=AuditSubject(SubjectType.QUOTE, "SQ-1"),
            action=AuditAction.UPDATED,
            at=NOW,
            reason="Alice Martin has agreed",
            details={"contact:alice@acme.example": "added"},
        )
        for row in rows_that_mention_alice(order, quote, alice_row, benoit):
            session.add(row)
        await session.flush()
        [administrator] = (
            await session.exec(select(Administrator).where(Administrator.email == alice_row.email))
        ).all()
        session.add(
            SeatAssignment(
                administrator_id=administrator.key, product_id="goto-meeting", subscription_id="acme_meeting"
            )
        )
        [notice] = (await session.exec(select(Notice).where(Notice.event == "a"))).all()
        session.add(OrderMessage(notice_id=notice.key, order_id=order.key, channel="D01ALICE", ts="1.0"))
        account = await session.get_one(Account, "acme")
        account.self_service_reason = "Ask Alice Martin"
        session.add(
            BillingContact(
                account_id="acme",
                email="former@acme.example",
                name="Former",
                active=False,
                withdrawn_by="Alice Martin",
            )
        )
        values = {"client_id": "c", "app_id": "A", "team_id": "T01ACME", "user_id": "U01ALICE"}
        await session.exec(
            insert(installations).values(
                **values,
                bot_token="secret",
                is_enterprise_install=False,
                installed_at=NOW.replace(tzinfo=None),
            )
        )


def rows_that_mention_alice(
    order: ServiceOrder, quote: Quote, alice: BillingContact, benoit: BillingContact
) -> Iterator[SQLModel]:
    yield Administrator(account_id="acme", email=alice.email, name="A. Martin")
    yield Checkout(quote_id=quote.key, contact_id=benoit.key, form_values={"admin_email": alice.email})
    yield OrderScreen(
        external_id="x",
        order_id=order.key,
        team_id="T01ACME",
        user_id="U01ALICE",
        is_placement=True,
        shown_at=NOW,
    )
    yield PostedMessage(
        team="T01ACME", channel="D01ALICE", ts="1.0", quote_id=quote.key, contact_id=alice.key
    )
    for inviter, invited in ((alice, benoit), (benoit, alice)):
        yield ContactInvitation(
            account_id="acme",
            inviter_id=inviter.key,
            slack_user="U02" if invited is benoit else "U01ALICE",
            name=invited.name,
            email=invited.email,
            invited_by=inviter.name,
            invited_at=NOW,
            expires_at=NOW,
        )
    yield ReceiptExport(
        account_id="acme",
        contact_id=alice.key,
        requested_at=NOW,
        first_day=NOW.date(),
        last_day=NOW.date(),
        mails=[[1]],
    )
    yield PaymentMethod(id="pm_link", account_id="acme", type="link", email=alice.email, automatic=False)
    for contact, requested_by in ((alice, alice.name), (benoit, benoit.name)):
        yield QuoteExtension(
            quote_id=quote.key,
            contact_id=contact.key,
            status=ExtensionStatus.DECLINED,
            requested_by=requested_by,
            requested_at=NOW,
            requested_until=NOW.date(),
            reason="for Alice Martin",
            decided_by="Alice Martin",
            decided_at=NOW,
            decision_reason="alice@acme.example knows",
        )
    for event, destination, status in (
        ("a", f"contact:{alice.key}", NoticeStatus.WAITING),
        ("b", "channel:C01BILLING", NoticeStatus.DELIVERED),
    ):
        yield Notice(
            event=event,
            account_id="acme",
            team="T01ACME",
            destination=destination,
            kind=NoticeKind.PORTAL_CHANGED,
            payload={"by": "Alice Martin"},
            status=status,
            created_at=NOW,
            due_at=NOW,
            delivered_at=NOW if status is NoticeStatus.DELIVERED else None,
            last_error="550 <alice@acme.example>",
        )


async def find_words(database: Database, *words: str) -> set[str]:
    """The columns of the whole database that hold one of these words."""
    found = set()
    async with database.read() as session:
        for table in metadata.tables.values():
            names = ", ".join(f'CAST("{column.name}" AS VARCHAR)' for column in table.columns)
            rows = await session.exec(text(f"SELECT {names} FROM {table.name}"))  # type: ignore[call-overload]
            for row in rows.all():
                for column, value in zip(table.columns, row, strict=True):
                    if any(word in str(value).lower() for word in words):
                        found.add(f"{table.name}.{column.name}")
    return found


async def export(database: Database, key: PersonKey = ALICE) -> Records:
    async with database.stream() as session:
        return await load_records(session, key)


async def test_everything_about_a_person_is_exported_then_erased_and_they_come_back_as_a_new_one(
    world: World,
) -> None:
    """docs/privacy.md. Receipts, and who installed the bot, are all that is left."""
    await alice_does_everything(world)
    database, old = (
        world.dependencies.database,
        await world.load_row(BillingContact, email="alice@acme.example"),
    )
    before = await find_words(database, *WORDS_OF_ALICE)
    exported = await export(database)
    assert [name for name, rows in exported.items() if not rows] == []
    assert "secret" not in json.dumps(exported)
    assert {name: len(rows) for name, rows in exported.items()} == {
        name: len(rows)
        for name, rows in (await export(database, PersonKey.parse("T01ACME/U01ALICE"))).items()
    }
    histories = await verify_histories(database, progress=lambda *_: None)
    receipts = [receipt.model_dump() for receipt in await world.load_rows(Receipt)]

    erasure = await erase_person(database, ALICE, operator="mallory", at=world.clock())
    assert erasure.account_ids == ["acme"]
    assert len(before) > 20
    assert await find_words(database, *WORDS_OF_ALICE, "+33 1 23") == {"slack_installations.user_id"}
    assert [receipt.model_dump() for receipt in await world.load_rows(Receipt)] == receipts

    verified = await verify_histories(database, progress=lambda *_: None)
    assert [violation for history in verified for violation in history.violations] == []
    assert {h.account_id: h.last_number for h in verified} == {
        h.account_id: h.last_number + (h.account_id == "acme") for h in histories
    }
    [contact] = await world.load_rows(BillingContact, id=old.id)
    assert (contact.name, contact.active) == (f"Contact {old.id}", False)
    assert (await world.load_row(Notice, event="a")).status is NoticeStatus.UNDELIVERABLE
    assert (await world.load_row(Notice, event="b")).payload == {"by": contact.name}
    assert {quote.decided_by for quote in await world.load_rows(Quote, number="Q-2041")} == {contact.name}
    benoit = await get_known_person(world, "benoit")
    order = await open_modal(benoit, "/service-orders", "SO-1001", "service_order.show")
    assert contact.name in order.text
    assert (await erase_person(database, ALICE, operator="mallory", at=world.clock())).row_count == 0
    assert (await export(database)).keys() == exported.keys()

    await import_account(world, "acme")
    new = await world.load_row(BillingContact, email="alice@acme.example")
    assert new.id != old.id
    await reject_quote(await get_known_person(world, "alice"), "")
    assert [person.name for person in await world.load_rows(AuditPerson, user_id="U01ALICE")] == [
        "Alice Martin"
    ]
    assert await world.load_rows(NotificationPreferences) == []


async def test_what_happens_while_a_person_is_erased_is_erased_too(world: World) -> None:
    """An order that is placed and finished, and an account that gets them as its administrator."""
    alice, url = await get_known_person(world, "alice"), world.dependencies.database.url

    async def order_and_become_administrator() -> None:
        await world.place_order(alice, acme_meeting=1)
        await world.settle()
        administrators = [{"email": "alice@acme.example", "name": "Alice Martin"}]
        await import_account(world, "declined", administrators=administrators)

    async with open_hooked_database(url) as database:
        database.before_begin = order_and_become_administrator
        erasure = await erase_person(database, ALICE, operator="mallory", at=world.clock())
    assert erasure.account_ids == ["acme", "declined"]
    assert (await world.load_row(ServiceOrder)).status is OrderStatus.COMPLETED
    assert await find_words(world.dependencies.database, *WORDS_OF_ALICE) == set()


async def test_a_person_with_an_open_order_or_who_is_the_only_contact_is_not_erased(world: World) -> None:
    await world.place_order(world.get_person("sam"), slow_meeting=1)
    database, sam = world.dependencies.database, PersonKey.parse("sam@acme.example")
    before = await find_words(database, "sam")
    with pytest.raises(NotErasable, match="SO-1001 of slow is not finished"):
        await erase_person(database, sam, operator="mallory", at=world.clock())
    with pytest.raises(NotErasable, match="declined has no other billing contact"):
        await erase_person(database, PersonKey.parse("T01ACME/U03DORA"), operator="mallory", at=world.clock())
    assert await find_words(database, "sam") == before
    await world.settle()
    await world.pass_time(minutes=5)
    await erase_person(database, sam, operator="mallory", at=world.clock())
    async with world.dependencies.write() as session:
        await session.exec(
            update(Account).where(col(Account.id) == "declined").values(closed_at=world.clock())
        )
    await erase_person(database, PersonKey.parse("T01ACME/U03DORA"), operator="mallory", at=world.clock())
    assert await find_words(database, "dora") == set()


async def test_r29_a_person_of_an_organisation_is_one_in_all_its_workspaces(
    database_with_accounts: Database,
) -> None:
    """And a user of another workspace with the same id is somebody else."""
    async with database_with_accounts.write() as session:
        for team, user, organisation in (("T01ACME", "W1", "E1"), ("T2", "U2", "E1"), ("T9", "W1", None)):
            session.add(
                SlackUser(
                    team_id=team,
                    user_id=user,
                    home_team_id=team,
                    enterprise_id=organisation,
                    enterprise_user_id="W1" if organisation else None,
                    workspace_ids=["T01ACME", "T2"] if organisation else [],
                    name="Wei",
                    refreshed_at=NOW,
                )
            )
            session.add(Home(team_id=team, user_id=user, opened_at=NOW))
    await erase_person(database_with_accounts, PersonKey.parse("E1/W1"), operator="mallory", at=NOW)
    async with database_with_accounts.read() as session:
        assert [user.team_id for user in (await session.exec(select(SlackUser))).all()] == ["T9"]
        assert [home.team_id for home in (await session.exec(select(Home))).all()] == ["T9"]


# --- the commands


@only_sqlite
async def test_the_commands_print_the_people_they_found_and_what_they_did(
    database_with_accounts: Database, tmp_path: Path
) -> None:
    settings = {
        "DATABASE_URL": database_with_accounts.url,
        "SLACK_BOT_TOKEN": "xoxb-test",
        "SLACK_APP_TOKEN": "xapp-test",
    }
    wrong = await run_command(tmp_path, "erase-person", "Alice", **settings)
    assert (wrong.exit_code, wrong.stderr) == (
        1,
        "not a person: give an email address, or a Slack user such as T01ACME/U01ALICE\n",
    )
    exported = await run_command(tmp_path, "export-person", "alice@acme.example", **settings)
    assert [row["name"] for row in json.loads(exported.stdout)["billing_contacts"]] == ["Alice Martin"]
    unconfirmed = await run_command(tmp_path, "erase-person", "alice@acme.example", **settings)
    assert unconfirmed.stdout == "billing contact of acme: Alice Martin <alice@acme.example>\n"
    assert (unconfirmed.exit_code, unconfirmed.stderr) == (
        1,
        "nothing was erased: confirm it, or add --yes\n",
    )
    last = await run_command(tmp_path, "erase-person", "T01ACME/U03DORA", "--yes", **settings)
    assert last.stderr == (
        "nothing was erased:\n"
        "declined has no other billing contact: import another one first, or close the account\n"
    )
    done = await run_command(tmp_path, "erase-person", "alice@acme.example", "--yes", **settings)
    assert done.stdout.splitlines()[-1] == "erased; docs/privacy.md says what is left, and where else to look"
    again = await run_command(tmp_path, "erase-person", "alice@acme.example", **settings)
    assert (again.exit_code, again.stdout) == (0, "nothing is stored about this person\n")
    async with database_with_accounts.read() as session:
        last_entry = select(AuditEntry).where(AuditEntry.action == "person_erased")
        [entry] = (await session.exec(last_entry)).all()
    assert entry.source == "erase-person"
