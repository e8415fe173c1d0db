"""What a changed file changes of an account, what stays, and what is overwritten only when told to."""

import re
from datetime import date

import pytest

from bot.billing.embedded.gateway import EmbeddedGateway
from bot.db import Database, Session
from bot.use_cases.accounts_import.export import export_accounts
from models.account import Account, Portal
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.account.seat_assignment import SeatAssignment
from models.audit.entry import AuditEntry
from models.payment_method import PaymentMethod
from models.subscription import SeatBlock, Subscription
from tests.use_cases.imports import (
    ACME,
    AT,
    UMBRELLA,
    Import,
    change,
    get_row,
    list_active_flags,
    list_rows,
)


async def test_changes_of_an_account_are_in_one_entry_with_old_and_new(
    imports: Import, session: Session
) -> None:
    await imports()
    await imports(ACME.replace("Acme SA", "Acme SAS").replace('"14.00"', '"15.00"'))
    entry = (await list_rows(session, AuditEntry))[-1]
    assert (entry.subject, entry.action) == ("account:acme", "updated")
    assert entry.details == {
        "name": ["Acme SA", "Acme SAS"],
        "subscription:sub_1": {"unit_price": [1400, 1500]},
    }


async def test_people_and_methods_no_longer_listed_are_withdrawn_and_restored(
    imports: Import, session: Session
) -> None:
    await imports()
    shorter = re.sub(r"      - {(email: benoit|email: hugo|id: pm_1).*\n", "", ACME)
    shorter = shorter.replace("    administrators:\n", "").replace("    payment_methods:\n", "")
    await imports(shorter)
    assert await list_active_flags(session) == [True, False, False, False]
    assert (await list_rows(session, AuditEntry))[-1].details == {
        "contact:benoit@acme.example": "withdrawn",
        "administrator:hugo@acme.example": "withdrawn",
        "payment_method:pm_1": "withdrawn",
    }
    await imports()
    assert await list_active_flags(session) == [True, True, True, True]


async def test_an_administrator_added_by_an_order_is_not_removed(
    imports: Import, database: Database, session: Session
) -> None:
    """R11: a file withdraws whom it no longer lists, and never listed them."""
    await imports()
    await change(database, Administrator(account_id="acme", email="zoe@acme.example", name="Zoé"))
    await imports(ACME.replace("Acme SA", "Acme"))
    found = {a.email: a.active for a in await list_rows(session, Administrator)}
    assert found == {"hugo@acme.example": True, "zoe@acme.example": True}


async def test_contacts_who_were_added_or_withdrawn_in_slack_stay_so(
    imports: Import, database: Database, session: Session
) -> None:
    """And are listed, and so does the export's file; only overwriting the account changes it."""
    await imports()
    zoe = BillingContact(
        account_id="acme", email="zoe@acme.example", name="Zoé", slack_user="U9", imported=False
    )
    await change(database, zoe)
    contacts = {c.email: c for c in await list_rows(session, BillingContact)}
    benoit = contacts["benoit@acme.example"]
    await change(database, benoit, active=False, withdrawn_by="Zoé", withdrawn_at=AT)
    exported = (await export_accounts(database)).text
    assert exported.count("added_in_slack: true") == 1
    assert "benoit@acme.example" not in exported
    assert (await imports(exported)).changes == []

    summary = await imports()
    assert summary.changes == []
    assert [w for w in summary.warnings if "Slack" in w] == [
        "contacts added in Slack stay without --overwrite ACCOUNT: zoe@acme.example (acme)",
        "contacts removed in Slack stay removed without --overwrite ACCOUNT: benoit@acme.example (acme)",
    ]
    found = {c.email: c.active for c in await list_rows(session, BillingContact)}
    assert (found["benoit@acme.example"], found["zoe@acme.example"]) == (False, True)

    await imports(overwrite=True)
    found = {c.email: c.active for c in await list_rows(session, BillingContact)}
    assert (found["benoit@acme.example"], found["zoe@acme.example"]) == (True, False)
    assert (await list_rows(session, AuditEntry))[-1].details == {
        "contact:benoit@acme.example": {"active": [False, True]},
        "contact:zoe@acme.example": "withdrawn",
    }


async def test_a_contact_of_an_export_of_another_database_is_still_one_of_slack(
    imports: Import, session: Session
) -> None:
    listed = "      - {email: zoe@acme.example, name: Zoé, slack_user: U9, added_in_slack: true}\n"
    await imports(ACME.replace("    billing_contacts:\n", "    billing_contacts:\n" + listed))
    assert {c.email: c.imported for c in await list_rows(session, BillingContact)}[
        "zoe@acme.example"
    ] is False
    summary = await imports()
    assert "zoe@acme.example (acme)" in "".join(summary.warnings)
    assert all(c.active for c in await list_rows(session, BillingContact))


async def test_accounts_that_are_not_named_stay(imports: Import, session: Session) -> None:
    await imports()
    await imports("accounts:\n" + UMBRELLA)
    assert all(c.active for c in await list_rows(session, BillingContact))


async def test_the_default_portal_is_never_reset(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    await change(database, await get_row(session, Account), default_portal=Portal.ADMIN)
    await imports(ACME.replace("Acme SA", "Acme SAS"))
    assert (await get_row(session, Account)).default_portal is Portal.ADMIN


async def test_an_orders_address_stays_until_the_file_has_a_new_one(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    await change(database, await get_row(session, Account), city="Lyon", postal_code="69001")
    assert (await imports()).changed_accounts == 0
    assert (await get_row(session, Account)).city == "Lyon"
    await imports(ACME.replace("city: Paris", "city: Nantes"))
    account = await get_row(session, Account)
    assert (account.city, account.postal_code) == ("Nantes", "75002")


NEW_SEATS = ACME.replace("seats: 25", "seats: 30")
NEW_PERIOD = ACME.replace("period_start: 2026-11-01, period_end: 2026-12-01",
                          "period_start: 2026-11-10, period_end: 2026-12-10")  # fmt: skip


@pytest.mark.parametrize("text", [NEW_SEATS, NEW_PERIOD])
async def test_seats_and_periods_that_are_stored_stay(imports: Import, session: Session, text: str) -> None:
    await imports()
    summary = await imports(text)
    assert summary.warnings == ["seats and periods differ here and stay without --overwrite ACCOUNT: sub_1"]
    meeting = (await list_rows(session, Subscription))[0]
    assert (meeting.seats, meeting.period_start) == (25, date(2026, 11, 1))
    assert len(await list_rows(session, AuditEntry)) == 2


async def test_overwriting_seats_is_in_the_history(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    await change(database, SeatBlock(subscription_id="sub_1", unit_price=1300, seats=5))
    await imports(NEW_SEATS, overwrite=True)
    assert (await list_rows(session, Subscription))[0].seats == 30
    assert await list_rows(session, SeatBlock) == []
    entry = (await list_rows(session, AuditEntry))[-1]
    assert (entry.subject, entry.action) == ("subscription:sub_1", "overwritten")
    assert entry.details == {"seats": [25, 30]}


async def test_overwritten_values_reach_the_embedded_provider(imports: Import, database: Database) -> None:
    await imports()
    gateway = EmbeddedGateway(database, lambda: AT, "https://portal.example")
    assert [s.seats for s in await gateway.list_subscriptions("acme")] == [25, 3]
    await imports(ACME.replace("seats: 25", "seats: 40"))
    assert [s.seats for s in await gateway.list_subscriptions("acme")] == [25, 3]
    await imports(ACME.replace("seats: 25", "seats: 40").replace('"14.00"', '"15.00"'), overwrite=True)
    held = (await gateway.list_subscriptions("acme"))[0]
    assert (held.seats, held.unit_price) == (40, 1500)


async def test_overwriting_a_period_is_in_the_history(imports: Import, session: Session) -> None:
    await imports()
    await imports(NEW_PERIOD, overwrite=True)
    entry = (await list_rows(session, AuditEntry))[-1]
    assert entry.details == {
        "period_start": ["2026-11-01", "2026-11-10"],
        "period_end": ["2026-12-01", "2026-12-10"],
    }


async def test_seats_of_administrators_follow_the_file_except_for_those_assigned_by_orders(
    imports: Import, session: Session
) -> None:
    await imports()
    await imports(ACME.replace("seats: [sub_1]", "seats: [sub_2]"))
    assert (await get_row(session, SeatAssignment)).product_id == "rescue"
    await imports(ACME.replace(", seats: [sub_1]", ""))
    assert (await get_row(session, SeatAssignment)).product_id == "rescue"


async def test_r3_another_method_becomes_the_default(imports: Import, session: Session) -> None:
    """Whichever of the two is written first, the account never has two defaults."""
    line = '      - {id: pm_1, brand: visa, last4: "4242", expires: 2028-04, default: true}\n'
    for default, other in (("pm_1", "pm_2"), ("pm_2", "pm_1"), ("pm_1", "pm_2")):
        second = line.replace("pm_1", other).replace("default: true", "default: false")
        await imports(ACME.replace(line, line.replace("pm_1", default) + second))
        assert {m.id: m.is_default for m in await list_rows(session, PaymentMethod)} == {
            default: True,
            other: False,
        }


async def test_a_file_leaves_the_cards_of_a_linked_account_alone(imports: Import, session: Session) -> None:
    """Stripe says which there are."""
    await imports()
    card = '      - {id: pm_1, brand: visa, last4: "4242", expires: 2028-04, default: true}\n'
    methods = f"    payment_methods:\n{card}"
    linked = ACME.replace(methods, "    stripe_customer: cus_acme1\n")
    await imports(linked)
    assert (await get_row(session, Account)).stripe_customer == "cus_acme1"
    method = await get_row(session, PaymentMethod)
    assert (method.active, method.is_default) == (True, True)
