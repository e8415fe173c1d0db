"""Exporting accounts, importing the export, and what else keeps files and database in step."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from bot.accounts_file.entries import AccountEntry
from bot.accounts_file.yaml_with_lines import InvalidAccountsFile
from bot.db import Database, Session
from bot.use_cases.accounts_import.close import close_account
from bot.use_cases.accounts_import.export import export_accounts
from bot.use_cases.accounts_import.import_run import describe_changes, describe_product_changes
from bot.use_cases.accounts_import.run import ImportOptions, ImportSummary, import_accounts
from demo.story import ACCOUNTS_PATH
from models.account import Account, AccountNotFound, Address
from models.account.address_fields import fits_country
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.audit.entry import AuditEntry
from models.product import Product
from models.quote import Quote, QuoteStatus
from models.subscription import Subscription
from tests.large_accounts_file import build_large_accounts_file
from tests.postgres import ACCOUNTS, database_url
from tests.use_cases.imports import ACME, AT, QUOTE, UMBRELLA, Import, change, get_row, list_rows, reject
from tests.yaml_files import read_yaml

DAY = timedelta(days=1)


async def store(database: Database, path: Path, **options: object) -> ImportSummary:
    return await import_accounts(database, path=path, at=AT + DAY, options=ImportOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("source", [ACCOUNTS, ACCOUNTS_PATH], ids=["tests", "demo"])
async def test_importing_an_export_changes_nothing(
    database: Database, session: Session, tmp_path: Path, source: Path
) -> None:
    await import_accounts(database, path=source, at=AT)
    before = len(await list_rows(session, AuditEntry))
    exported, path = await export_accounts(database), tmp_path / "export.yml"
    path.write_text(exported.text, "utf-8")
    summary = await store(database, path)
    assert (summary.changes, exported.omitted) == ([], [])
    assert len(await list_rows(session, AuditEntry)) == before
    assert (await export_accounts(database)).text == exported.text
    listed = read_yaml(source)
    assert {a["id"] for a in exported.content["accounts"]} == {a["id"] for a in listed["accounts"]}


@pytest.mark.long
async def test_importing_an_export_of_a_thousand_accounts_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "many.yml"
    path.write_text(build_large_accounts_file(1000), "utf-8")
    await import_accounts(database, path=path, at=AT)
    path.write_text((await export_accounts(database)).text, "utf-8")
    summary = await store(database, path)
    assert (summary.accounts, summary.changed_accounts, summary.warnings) == (1000, 0, [])


async def test_an_export_includes_changes_since_the_import(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    await change(database, Administrator(account_id="acme", email="zoe@acme.example", name="Zoé"))
    # An order's address became the account's (R10); tax is still that of the imported one's country.
    await change(database, await get_row(session, Account), city="Mons", country="BE")
    exported = await export_accounts(database, ["acme"])
    [account] = exported.content["accounts"]
    assert account["billing_address"]["city"] == "Mons"
    assert [a["email"] for a in account["administrators"]] == ["hugo@acme.example", "zoe@acme.example"]
    assert account["administrators"][0]["seats"] == ["sub_1"]
    assert (await imports(exported.text)).changes == []
    with pytest.raises(AccountNotFound):
        await export_accounts(database, ["acme", "nobody"])


ADDRESSES = (
    {"line1": "1 Queen's Road", "state": "Hong Kong Island", "country": "HK"},
    {"line1": "1 Sheikh Zayed Road", "state": "دبي", "country": "AE"},
    {"line1": "1 Corniche", "city": "Doha", "country": "QA"},
    {"line1": "1 Calle 50", "city": "Panamá", "country": "PA"},
    {"line1": "1 Main Street", "city": "Bray", "country": "IE"},
    {"line1": "1 Orchard Road", "postal_code": "238823", "country": "SG"},
)


async def test_an_address_that_checkout_accepts_is_imported_as_it_was_exported(
    imports: Import, database: Database, session: Session
) -> None:
    """Some countries have no postal codes, or no cities."""
    await imports()
    blank = dict.fromkeys(("line2", "postal_code", "city", "state"), "")
    for address in ADDRESSES:
        stored = Address(**{**blank, **address})
        assert fits_country(stored)
        await change(database, await get_row(session, Account), **stored.model_dump())
        exported = await export_accounts(database, ["acme"])
        assert exported.content["accounts"][0]["billing_address"] == address
        assert (await imports(exported.text)).changes == []


SIRET = "73282932000074"


async def test_a_tax_id_of_the_companys_country_stays_with_an_address_in_another(
    imports: Import, database: Database, session: Session
) -> None:
    with_siret = ACME.replace("    channel:", f'    tax_id: "{SIRET}"\n    channel:', 1)
    await imports(with_siret)
    await change(database, await get_row(session, Account), city="Mons", country="BE")
    exported = (await export_accounts(database)).text
    assert (await imports(exported)).changes == []
    with pytest.raises(InvalidAccountsFile, match="is not a tax id of BE"):
        await imports(exported.replace(SIRET, "73282932000075"))
    with pytest.raises(InvalidAccountsFile, match="is not a tax id of CH"):
        await imports(exported.replace("country: BE", "country: CH"))


async def test_an_export_of_a_linked_account_is_imported_into_a_new_database(
    imports: Import, database: Database, session: Session, tmp_path: Path
) -> None:
    """Its subscriptions are Stripe's, and not known there yet; its address has what Stripe knows."""
    await imports()
    await change(
        database,
        await get_row(session, Account),
        stripe_customer="cus_acme",
        line1="",
        postal_code="",
        city="",
    )
    exported, path = await export_accounts(database), tmp_path / "export.yml"
    [account] = exported.content["accounts"]
    assert account["administrators"] == [{"email": "hugo@acme.example", "name": "Hugo Petit"}]
    assert exported.omitted == ["acme: the seats of hugo@acme.example"]
    [warning] = exported.warnings
    assert warning.startswith("acme: quote Q-2041 can only be imported where its subscriptions are known")
    assert (await imports(exported.text)).changes == []
    del account["quotes"]
    path.write_text(exported.text, "utf-8")
    with database_url("migrated") as url:
        other = Database(url)
        assert (await store(other, path)).accounts == 1
        await other.close()


async def test_an_export_has_every_field_of_an_account(imports: Import, database: Database) -> None:
    everything = """    tax_id: FR40303265045
    tax_name: TVA
    tax_exemption: exempt
    po_number: required
    pay_by_invoice: true
    channel_amounts: true
    self_service: {eligible: false, reason: By hand}
"""
    invoiced = 'unit_price: "14.00", days_until_due: 14'
    file = ACME.replace("    billing_address", everything + "    billing_address", 1)
    kept_reason = 'unit_price: "60.00", self_service: {eligible: true, reason: By hand}'
    await imports(
        file.replace('unit_price: "14.00"', invoiced, 1).replace('unit_price: "60.00"', kept_reason)
    )
    exported = await export_accounts(database)
    [account] = exported.content["accounts"]
    assert AccountEntry.model_fields.keys() - account.keys() == {"slack_enterprise", "stripe_customer"}
    assert account["subscriptions"][0]["days_until_due"] == 14
    assert account["exported_state"][0].isalpha(), "sixteen digits could be a card number"
    assert (await imports(exported.text)).changes == []


async def test_a_dry_run_shows_the_changes_and_stores_nothing(
    imports: Import, database: Database, session: Session, tmp_path: Path
) -> None:
    await imports()
    path = tmp_path / "changed.yml"
    changed = ACME.replace("Acme SA", "Acme SAS").replace('"14.00"', '"15.00"')
    path.write_text(changed.replace("products:\n", UMBRELLA + "products:\n"), "utf-8")
    summary = await store(database, path, dry_run=True)
    assert [*describe_changes(summary.changes)] == [
        "acme: updated",
        "  name: 'Acme SA' → 'Acme SAS'",
        "  subscription:sub_1 unit_price: 1400 → 1500",
        "umbrella: imported",
    ]
    assert (await get_row(session, Account)).name == "Acme SA"
    assert len(await list_rows(session, AuditEntry)) == 2


async def test_changed_products_are_shown_though_they_are_in_no_accounts_history(
    imports: Import, database: Database, tmp_path: Path
) -> None:
    await imports()
    path, changed = tmp_path / "changed.yml", ACME.replace("Sold by Account Services", "Ask us")
    more = "  - {id: goto-meeting, name: GoTo Meeting}\n  - {id: new, name: New}\n"
    path.write_text(changed + more, "utf-8")
    for dry_run in (True, False):
        summary = await store(database, path, dry_run=dry_run)
        assert [*describe_product_changes(summary.product_changes)] == [
            "product rescue: updated",
            "  reason: 'Sold by Account Services.' → 'Ask us.'",
            "product goto-meeting: updated",
            "  additional_seats: True → False",
            "product new: added",
        ]
    assert (await store(database, path)).product_changes == {}


async def test_a_stale_export_does_not_replace_a_changed_product(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    exported = (await export_accounts(database)).text
    rescue = next(p for p in await list_rows(session, Product) if p.id == "rescue")
    await change(database, rescue, reason="Ask us")
    with pytest.raises(InvalidAccountsFile, match="the product rescue has changed since it was exported"):
        await imports(exported)
    fresh = (await export_accounts(database)).text
    assert (await imports(fresh.replace("Ask us", "Ask them"))).product_changes == {
        "rescue": {"reason": ["Ask us", "Ask them"]}
    }


async def test_the_second_of_two_operators_sees_what_the_first_one_changed(
    imports: Import, database: Database, session: Session, tmp_path: Path
) -> None:
    await imports()
    text, path = (await export_accounts(database)).text, tmp_path / "bob.yml"
    path.write_text(text.replace("Acme SA", "Acme SAS"), "utf-8")
    await store(database, path, operator="bob")
    path = tmp_path / "eve.yml"
    path.write_text(text.replace("Acme SA", "Acme Group"), "utf-8")
    with pytest.raises(InvalidAccountsFile) as refused:
        await store(database, path, operator="eve")
    assert (
        "acme was changed by bob (import:bob.yml) on 2026-11-17 11:00 UTC since it was exported: "
        "export it again, and make your changes there" in str(refused.value)
    )
    assert (await get_row(session, Account)).name == "Acme SAS"
    await store(database, path, operator="eve", overwrite=frozenset({"acme"}))
    assert (await get_row(session, Account)).name == "Acme Group"
    entry = (await list_rows(session, AuditEntry))[-1]
    assert (entry.actor_kind, entry.source) == ("operator", "import:eve.yml")


async def test_two_files_for_one_account_are_reported(
    imports: Import, database: Database, tmp_path: Path
) -> None:
    await imports()
    path = tmp_path / "other.yml"
    path.write_text(ACME.replace("Acme SA", "Acme SAS"), "utf-8")
    summary = await store(database, path)
    [warning] = summary.warnings
    assert warning == "acme was last changed by operator (import:accounts.yml) on 2026-11-16 11:00 UTC"


async def test_accounts_that_a_file_no_longer_names_are_reported_and_closed_on_demand(
    imports: Import, database: Database, session: Session, tmp_path: Path
) -> None:
    await imports(ACME.replace("products:\n", UMBRELLA + "products:\n"))
    path = tmp_path / "accounts.yml"
    path.write_text(ACME, "utf-8")
    summary = await store(database, path)
    assert summary.missing_accounts == ["umbrella"]
    assert summary.warnings == ["not in this file, and still open: umbrella; --close-missing closes them"]
    closed = await store(database, path, close_missing=True)
    assert (closed.missing_accounts, closed.changed_accounts) == ([], 1)
    acme, umbrella = await list_rows(session, Account)
    assert (acme.closed_at, umbrella.closed_at) == (None, AT + DAY)
    assert [a["id"] for a in (await export_accounts(database)).content["accounts"]] == ["acme"]


async def test_a_closed_account_stays_closed_until_it_is_overwritten(
    imports: Import, database: Database, session: Session, tmp_path: Path
) -> None:
    await imports()
    closing = {"account_id": "acme", "reason": "The contract has ended", "operator": "bob", "at": AT}
    assert await close_account(database, **closing)  # type: ignore[arg-type]
    assert not await close_account(database, **closing)  # type: ignore[arg-type]
    [quote] = await list_rows(session, Quote)
    assert (quote.status, quote.reason) == (QuoteStatus.EXPIRED, "The contract has ended")
    entry = next(e for e in await list_rows(session, AuditEntry) if e.action == "closed")
    assert (entry.source, entry.reason) == ("close", "The contract has ended")
    path = tmp_path / "accounts.yml"
    path.write_text(ACME, "utf-8")
    summary = await store(database, path)
    assert "acme is closed and stays so without --overwrite acme" in summary.warnings
    assert (await get_row(session, Account)).closed_at == AT
    await store(database, path, overwrite=frozenset({"acme"}))
    account = await get_row(session, Account)
    assert (account.closed_at, account.closed_reason) == (None, None)
    with pytest.raises(AccountNotFound):
        await close_account(database, account_id="nobody", reason=None, operator="bob", at=AT)


async def test_an_account_to_overwrite_must_be_in_the_file(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "accounts.yml"
    path.write_text(ACME, "utf-8")
    with pytest.raises(InvalidAccountsFile, match="does not list umbrella, to be overwritten"):
        await store(database, path, overwrite=frozenset({"umbrella"}))


STALE = "acme has changed since it was exported, and this file would replace what is stored"


async def export_and_change(imports: Import, database: Database, session: Session) -> str:
    """An order has set an address, the account is exported, and another order sets the next address."""
    await imports()
    await change(database, await get_row(session, Account), city="Lyon", postal_code="69001")
    exported = (await export_accounts(database)).text
    await change(database, await get_row(session, Account), city="Nice", postal_code="06000")
    return exported


async def test_a_stale_export_does_not_replace_an_orders_address(
    imports: Import, database: Database, session: Session, tmp_path: Path
) -> None:
    exported = await export_and_change(imports, database, session)
    path = tmp_path / "export.yml"
    path.write_text(exported.replace("Acme SA", "Acme SAS"), "utf-8")
    for options in ({}, {"dry_run": True}):
        with pytest.raises(InvalidAccountsFile) as refused:
            await store(database, path, **options)
        assert f"{STALE} (name, billing_address)" in str(refused.value)
        assert "or add --overwrite acme" in str(refused.value)
    account = await get_row(session, Account)
    assert (account.name, account.city) == ("Acme SA", "Nice")
    await store(database, path, overwrite=frozenset({"acme"}))
    account = await get_row(session, Account)
    assert (account.name, account.city, account.postal_code) == ("Acme SAS", "Lyon", "69001")


async def test_overwriting_also_brings_back_the_imported_address(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    await change(database, await get_row(session, Account), city="Lyon")
    await imports(overwrite=True)
    assert (await get_row(session, Account)).city == "Paris"


async def test_a_handwritten_file_has_no_state_to_compare(
    imports: Import, database: Database, session: Session
) -> None:
    exported = await export_and_change(imports, database, session)
    lines = [line for line in exported.splitlines(keepends=True) if "exported_" not in line]
    await imports("".join(lines).replace("Acme SA", "Acme SAS"))
    assert (await get_row(session, Account)).city == "Lyon"


async def test_changes_that_an_import_ignores_do_not_make_an_export_stale(
    imports: Import, database: Database, session: Session, tmp_path: Path
) -> None:
    """Seats that were bought, people whom Slack and orders added, and a quote that was decided."""
    await imports()
    path = tmp_path / "export.yml"
    path.write_text((await export_accounts(database)).text.replace("Acme SA", "Acme SAS"), "utf-8")
    meeting = (await list_rows(session, Subscription))[0]
    await change(database, meeting, seats=40)
    await change(database, Administrator(account_id="acme", email="zoe@acme.example", name="Zoé"))
    nora = BillingContact(account_id="acme", email="nora@acme.example", name="Nora", imported=False)
    await change(database, nora)
    benoit = next(c for c in await list_rows(session, BillingContact) if c.email.startswith("benoit"))
    await change(database, benoit, active=False, withdrawn_by="Nora", withdrawn_at=AT)
    await reject(database, session)
    await store(database, path)
    assert (await get_row(session, Account)).name == "Acme SAS"
    assert (await list_rows(session, Subscription))[0].seats == 40


LATER_CHANGES: dict[str, tuple[type[SQLModel], dict[str, object]]] = {
    "contact": (BillingContact, {"name": "Alice Roy"}),
    "administrator": (Administrator, {"name": "Hugo Roy"}),
    "PO number": (Account, {"po_number_required": True}),
    "price": (Subscription, {"unit_price": 1500}),
    "quote": (Quote, {"expires_at": AT + 10 * DAY}),
}


@pytest.mark.parametrize("name", LATER_CHANGES)
async def test_a_stale_export_replaces_nothing_else_either(
    imports: Import, database: Database, session: Session, tmp_path: Path, name: str
) -> None:
    await imports()
    path = tmp_path / "export.yml"
    path.write_text((await export_accounts(database)).text, "utf-8")
    model, values = LATER_CHANGES[name]
    await change(database, (await list_rows(session, model))[0], **values)
    with pytest.raises(InvalidAccountsFile, match=STALE):
        await store(database, path)
    path.write_text((await export_accounts(database)).text, "utf-8")
    assert (await store(database, path)).changes == []


async def test_an_import_leaves_no_account_without_contacts(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    start, end = ACME.index("    billing_contacts:"), ACME.index("    administrators:")
    without = ACME[:start] + ACME[end:]
    with pytest.raises(InvalidAccountsFile) as refused:
        await imports(without)
    reason = "leaves acme without a billing contact: list at least one"
    assert str(refused.value) == f"line 2, accounts[0].billing_contacts: {reason}"

    alice, _ = await list_rows(session, BillingContact)
    await change(database, alice, active=False, withdrawn_by="Benoît Roy", withdrawn_at=AT)
    only_alice = ACME.replace("      - {email: benoit@acme.example, name: Benoît Roy}\n", "")
    with pytest.raises(InvalidAccountsFile) as refused:
        await imports(only_alice)
    reason = "leaves acme without a billing contact: alice@acme.example was removed in Slack"
    assert str(refused.value) == f"line 11, accounts[0].billing_contacts: {reason}"
    await imports(only_alice, overwrite=True)
    assert [c.active for c in await list_rows(session, BillingContact)] == [True, False]
    with pytest.raises(InvalidAccountsFile, match="list at least one"):
        await imports(without, overwrite=True)

    _, benoit = await list_rows(session, BillingContact)
    await change(database, benoit, active=True, imported=False)
    await imports(without)
    assert [c.active for c in await list_rows(session, BillingContact)] == [False, True]


async def test_a_closed_account_gets_no_pending_quotes(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    await close_account(database, account_id="acme", reason=None, operator="bob", at=AT)
    with_another = ACME.replace("    quotes:\n", "    quotes:\n      " + QUOTE.replace("2041", "2042") + "\n")
    with pytest.raises(InvalidAccountsFile) as refused:
        await imports(with_another)
    assert (
        str(refused.value) == "line 24, accounts[0].quotes[0].number: Q-2042 is pending, and acme is closed"
    )
    closed = "decided: {status: rejected, at: 2026-11-16T10:30:00Z}, "
    await imports(with_another.replace("number: Q-2042, ", "number: Q-2042, " + closed))
    assert [q.status for q in await list_rows(session, Quote)] == [QuoteStatus.EXPIRED, QuoteStatus.REJECTED]
    await imports(with_another.replace("2042", "2043"), overwrite=True)
    assert (await list_rows(session, Quote))[-1].status is QuoteStatus.PENDING
