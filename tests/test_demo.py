import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.accounts_file.entries import AccountsFile
from bot.accounts_file.read import parse_accounts, read_accounts_file
from bot.db import Database
from bot.use_cases.accounts_import.run import import_accounts
from demo.story import ACCOUNTS_PATH, STORY_DATE, WORKSPACE_PATH, render_accounts
from models.invoice import Invoice
from sandbox.config import ORGANISATION_ID, Config, UserConfig
from tests.world import world
from tests.yaml_files import read_yaml

DAYS = [STORY_DATE, date(2025, 1, 31), date(2027, 12, 31), date(2028, 2, 29), date(2031, 3, 1)]
CARDS = ("pm_declined", "pm_slow_20", "pm_customer", "pm_customer_never", "pm_lost")


@pytest.fixture(scope="module")
def file() -> AccountsFile:
    return read_accounts_file(ACCOUNTS_PATH)


@pytest.fixture(scope="module")
def workspace() -> Config:
    return Config.model_validate(read_yaml(WORKSPACE_PATH))


def test_there_is_an_account_for_each_simulated_card(file: AccountsFile) -> None:
    methods = [m.id for account in file.accounts for m in account.payment_methods]
    for card in CARDS:
        assert any(m.startswith(card) for m in methods)


@pytest.mark.parametrize("today", DAYS)
def test_no_quote_is_near_its_end_on_any_day(today: date) -> None:
    for account in parse_accounts(render_accounts(today), "accounts.yml").accounts:
        for quote in account.quotes:
            assert quote.expires - today >= timedelta(days=3)


def test_with_an_organisation_one_account_belongs_to_it() -> None:
    text = render_accounts(STORY_DATE, organisation=True)
    accounts = parse_accounts(text, "accounts.yml").accounts
    assert [a.id for a in accounts if a.slack_enterprise == ORGANISATION_ID] == ["bolt"]


@pytest.mark.parametrize("today", DAYS)
async def test_the_demo_is_imported_without_a_warning_on_any_day(
    database: Database, tmp_path: Path, today: date
) -> None:
    path = tmp_path / "accounts.yml"
    path.write_text(render_accounts(today), "utf-8")
    at = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    assert (await import_accounts(database, path=path, at=at)).warnings == []


def test_every_contact_is_somebody_of_the_accounts_workspace(file: AccountsFile, workspace: Config) -> None:
    people = {(str(user.team), user.email): user for user in workspace.users}
    for account in file.accounts:
        for contact in account.billing_contacts:
            user: UserConfig = people[str(account.slack_team), contact.email]
            assert contact.slack_user in (None, user.id)


def test_every_channel_of_the_bots_workspace_is_there(file: AccountsFile, workspace: Config) -> None:
    channels = {channel.id for channel in workspace.channels}
    for account in file.accounts:
        assert account.slack_team != "T01ACME" or account.channel is None or account.channel in channels


async def test_of_three_orders_on_invoice_one_is_paid_one_is_paid_late_and_one_never(tmp_path: Path) -> None:
    """As the README promises, with the demo's accounts and people."""
    path = tmp_path / "accounts.yml"
    async with world("migrated", workspace=WORKSPACE_PATH) as demo:
        path.write_text(render_accounts(demo.clock().date()), "utf-8")
        await import_accounts(demo.dependencies.database, path=path, at=demo.clock())
        hanna, fates = demo.get_person("hanna"), ("paid", "late", "unpaid")
        placement = await demo.reach_placement(hanna, **{f"sub_{fate}_60_hotel": 1 for fate in fates})
        assert re.search(r"will get 3 invoices for €[\d.]+ in total, the first due within 14", placement.text)
        await hanna.submit()
        await hanna.wait_for_modal("service_order.show")
        await demo.settle()
        for seconds, statuses in (
            (15, "due due due"),
            (60, "paid overdue overdue"),
            (60, "paid paid overdue"),
        ):
            await demo.pass_time(seconds=seconds)
            lines = await demo.load_lines()
            found = {invoice.order_line_id: invoice.status for invoice in await demo.load_rows(Invoice)}
            by_fate = {line.subscription_id.split("_")[1]: found[line.key] for line in lines}
            assert [by_fate[fate] for fate in fates] == statuses.split()
        assert not any("harged" in message.text for message in hanna.dms)
