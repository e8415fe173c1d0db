from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.accounts_file.entries import AccountsFile
from bot.accounts_file.read import parse_accounts, read_accounts_file
from bot.db import Database
from bot.use_cases.accounts_import.run import import_accounts
from demo.story import ACCOUNTS_PATH, STORY_DATE, WORKSPACE_PATH, render_accounts
from sandbox.config import ORGANISATION_ID, Config, UserConfig
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
