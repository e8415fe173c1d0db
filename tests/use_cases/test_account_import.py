"""An accounts file is imported: all of it or nothing, and again without change."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from bot.accounts_file.yaml_with_lines import InvalidAccountsFile
from bot.db import Database, Session
from bot.use_cases.accounts_import.catalogue import save_catalogue
from bot.use_cases.accounts_import.run import import_accounts
from models.account import Account, Portal
from models.account.billing_contact import BillingContact
from models.account.seat_assignment import SeatAssignment
from models.audit.entry import AuditEntry
from models.payment_method import PaymentMethod
from models.product import DEFAULT_PRODUCTS, Product
from models.subscription import Subscription
from tests.audit_chain import list_broken_entries
from tests.large_accounts_file import build_large_accounts_file
from tests.use_cases.imports import (
    ACME,
    AT,
    UMBRELLA,
    Import,
    change,
    dump_rows,
    get_row,
    list_history,
    list_rows,
)
from tests.variants import both_databases

pytestmark = both_databases


async def test_the_file_is_stored(imports: Import, session: Session) -> None:
    summary = await imports(ACME.replace("products:\n", UMBRELLA + "products:\n"))
    assert (summary.accounts, summary.subscriptions, summary.billing_contacts, summary.quotes) == (2, 2, 3, 1)
    assert (summary.changed_accounts, summary.warnings) == (2, [])
    acme, _ = await list_rows(session, Account)
    assert (acme.currency, acme.tax_rate, acme.locale, acme.home_country) == ("EUR", "0.20", "fr", "FR")
    assert acme.default_portal is Portal.CORPORATE
    meeting, rescue = await list_rows(session, Subscription)
    assert (meeting.seats, meeting.unit_price, meeting.period_end) == (25, 1400, date(2026, 12, 1))
    assert (rescue.product_id, rescue.unit_price) == ("rescue", 6000)
    method = await get_row(session, PaymentMethod)
    assert (method.last4, method.expiry_year, method.expiry_month, method.is_default) == (
        "4242",
        2028,
        4,
        True,
    )
    emails = [(c.account_id, c.email) for c in await list_rows(session, BillingContact)]
    assert ("acme", "alice@acme.example") in emails
    assert ("umbrella", "alice@acme.example") in emails
    seat = await get_row(session, SeatAssignment)
    assert (seat.product_id, seat.subscription_id, seat.order_line_id) == ("goto-meeting", "sub_1", None)


async def test_the_history_records_who_imported_which_file(imports: Import, session: Session) -> None:
    await imports()
    assert await list_history(session) == [
        ("account:acme", "imported", None, None),
        ("quote:Q-2041", "imported", None, "pending"),
    ]
    entries = await list_rows(session, AuditEntry)
    actors = {(e.actor_kind, e.actor_name, e.source) for e in entries}
    assert actors == {("operator", "operator", "import:accounts.yml")}
    assert entries[0].details["subscription:sub_1"] == "added"
    assert list_broken_entries(entries) == []


@pytest.mark.parametrize("overwrite", [False, True])
async def test_the_same_file_again_changes_nothing(
    imports: Import, database: Database, overwrite: bool
) -> None:
    await imports()
    before = dump_rows(database)
    summary = await imports(at=AT + timedelta(hours=3), overwrite=overwrite)
    assert (summary.changed_accounts, summary.warnings) == (0, [])
    assert dump_rows(database) == before


async def test_the_same_file_in_the_next_period_changes_nothing(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    [meeting, _] = await list_rows(session, Subscription)
    await change(database, meeting, period_start=date(2026, 12, 1), period_end=date(2027, 1, 1))
    before = dump_rows(database)
    summary = await imports(at=AT + timedelta(days=30), overwrite=True)
    assert (summary.changed_accounts, summary.warnings) == (0, [])
    assert dump_rows(database) == before


async def test_one_problem_anywhere_stores_nothing(
    imports: Import, database: Database, session: Session
) -> None:
    before = dump_rows(database)
    with pytest.raises(InvalidAccountsFile):
        await imports(ACME.replace("products:\n", UMBRELLA.replace("GBP", "GB") + "products:\n"))
    assert dump_rows(database) == before


async def test_a_failure_halfway_stores_nothing(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "big.yml"
    path.write_text(build_large_accounts_file(120), "utf-8")
    before = dump_rows(database)

    def unplugged(done: int, total: int) -> None:
        if done == 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await import_accounts(database, path=path, at=AT, progress=unplugged)
    assert dump_rows(database) == before


async def test_progress_is_reported(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "big.yml"
    path.write_text(build_large_accounts_file(120), "utf-8")
    progress_calls: list[tuple[int, int]] = []
    await import_accounts(database, path=path, at=AT, progress=lambda *now: progress_calls.append(now))
    assert progress_calls == [(50, 120), (100, 120), (120, 120)]


async def test_an_id_of_another_account_in_the_database_is_refused_by_name(imports: Import) -> None:
    await imports()
    method = "    payment_methods:\n      - {id: pm_1, brand: visa, last4: 4444, expires: 2028-04}\n"
    with pytest.raises(InvalidAccountsFile, match=r"line 10, .*id: pm_1 belongs to the account acme"):
        await imports("accounts:\n" + UMBRELLA + method)


async def test_products_of_earlier_files_are_known(imports: Import, session: Session) -> None:
    await imports()
    assert (await imports(ACME[: ACME.index("products:")])).changed_accounts == 0
    assert len(await list_rows(session, Product)) == len(DEFAULT_PRODUCTS) + 1


async def test_the_catalogue_is_stored_once_and_overrides_stay(
    imports: Import, database: Database, session: Session
) -> None:
    await imports(ACME + "  - {id: goto-training, name: GoTo Training, reason: No more.}\n")
    async with database.write() as writing:
        await save_catalogue(writing)
    training = select(Product).where(col(Product.id) == "goto-training")
    assert not (await session.exec(training)).one().additional_seats
