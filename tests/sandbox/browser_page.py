"""Opens the sandbox's page in a real browser."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Locator, Page
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox.browser import Pages

GENERAL = "C01GENERAL"
CONFIG: dict[str, Any] = {
    "teams": [{"id": "T01", "name": "Acme"}, {"id": "T02", "name": "Other", "installed": False}],
    "app": {
        "manifest": {
            "display_information": {"name": "Tiny"},
            "features": {
                "slash_commands": [
                    {"command": "/hello", "description": "Say hello", "usage_hint": "[modal|post]"},
                    {"command": "/help", "description": "Explain"},
                ]
            },
        }
    },
    "users": [
        {"id": "U01ALICE", "name": "alice", "real_name": "Alice Martin", "tz": "America/New_York"},
        {
            "id": "U02BRUNO",
            "name": "bruno",
            "real_name": "Bruno Roy",
            "locale": "fr-FR",
            "tz": "Europe/Paris",
        },
        {"id": "U03OTTO", "name": "otto", "real_name": "Otto Other", "team": "T02"},
    ],
    "channels": [
        {"id": GENERAL, "name": "general", "members": ["U01ALICE", "U02BRUNO", "U03OTTO"]},
        {"id": "C02", "name": "second", "members": ["U01ALICE"], "is_private": True},
    ],
}


@dataclass
class SandboxBrowser:
    """The sandbox, the tiny app and a browser."""

    pages: Pages
    slack: Sandbox
    app: AsyncApp
    client: AsyncWebClient

    async def open_page(self, user: str = "U01ALICE", place: str = GENERAL, **options: Any) -> Page:
        page = await self.pages.open(f"{self.slack.page_url}?user={user}#{place}", **options)
        await page.locator("#sidebar a").first.wait_for(state="attached")
        return page

    @property
    def seen(self) -> list[str]:
        return self.app.seen  # type: ignore[attr-defined,no-any-return]


async def type_message(page: Page, words: str) -> None:
    await page.locator("#composer-text").fill(words)
    await page.keyboard.press("Enter")


def find_modal(page: Page) -> Locator:
    return page.locator("#modal[open]")
