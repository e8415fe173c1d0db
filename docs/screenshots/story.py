"""The demo in one process, on the day its accounts were written for, with everybody in one language."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from bot.commands.server import run_bot
from bot.dependencies import Dependencies
from bot.settings import Settings
from bot.use_cases.accounts_import.run import import_accounts
from demo.story import ACCOUNTS_PATH, STORY_DATE, WORKSPACE_PATH
from sandbox import Sandbox

INVOICE_DUE_AFTER = timedelta(days=14)
UNPAID_SUBSCRIPTION = f"sub_unpaid_{int(INVOICE_DUE_AFTER.total_seconds())}_hotel"
MANIFEST_PATH = WORKSPACE_PATH.with_name("manifest.yml")
# Ten in the morning in Alice's time zone.
STORY_START = datetime(STORY_DATE.year, STORY_DATE.month, STORY_DATE.day, 9, tzinfo=UTC)


class StoryClock:
    """Runs from that morning on, so that the pictures change only if what they show does."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.skipped = timedelta()

    def __call__(self) -> datetime:
        return STORY_START + self.skipped + timedelta(seconds=time.monotonic() - self.started)

    def timestamp(self) -> float:
        return self().timestamp()

    def skip(self, duration: timedelta) -> None:
        self.skipped += duration


@asynccontextmanager
async def run_demo_story(locale: str, clock: StoryClock) -> AsyncIterator[tuple[Sandbox, Dependencies]]:
    """As `make demo`, but with people and channels that all read `locale`."""
    with TemporaryDirectory() as folder:
        accounts_path = _write_accounts(Path(folder), locale)
        async with Sandbox.start(_build_workspace(locale), clock=clock.timestamp) as slack:
            values: dict[str, Any] = {
                "_env_file": None,
                "slack_bot_token": slack.bot_token,
                "slack_app_token": slack.app_token,
                "slack_api_url": slack.api_url,
                "smtp_url": slack.smtp_url,
                "mail_from": "seatbot@acme.example",
                "account_services_channel": "C00GENERAL",
                "seller_address": "1 Main Street; Dublin 2; Ireland",
                "seller_tax_id": "VAT IE1234567T",
                "database_url": f"sqlite:///{folder}/seatbot.db",
                "port": 0,
            }
            async with run_bot(Settings(**values), clock=clock) as (dependencies, _):
                await import_accounts(dependencies.database, path=accounts_path, at=clock())
                yield slack, dependencies


def _build_workspace(locale: str) -> dict[str, Any]:
    workspace: dict[str, Any] = yaml.safe_load(WORKSPACE_PATH.read_text("utf-8"))
    workspace["app"]["manifest"] = str(MANIFEST_PATH)
    for user in workspace["users"]:
        user["locale"] = locale
    return workspace


def _write_accounts(folder: Path, locale: str) -> Path:
    """Without what their names say about their cards, which is for those who try the demo. The unpaid invoice
    is due after as many days as its subscription says, not after a minute."""
    text = re.sub(r"^    locale: .*\n", "", ACCOUNTS_PATH.read_text("utf-8"), flags=re.MULTILINE)
    text = re.sub(r"^(    name: .*) \(.*\)$", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"^(?=    time_zone: )", f"    locale: {locale[:2]}\n", text, flags=re.MULTILINE)
    text = text.replace("sub_unpaid_60_hotel", UNPAID_SUBSCRIPTION)
    path = folder / "accounts.yml"
    path.write_text(text, encoding="utf-8")
    return path
