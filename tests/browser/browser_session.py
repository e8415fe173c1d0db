"""People in their browsers: the sandbox's page, with the whole bot behind it."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.sandbox.browser import Pages
from tests.world import World

CHANNEL = "C01BILLING"
OVERFLOWING_ELEMENTS_SCRIPT = """
  [...document.querySelectorAll("html, #main, #side, .messages, .modal-body")]
    .filter((node) => node.scrollWidth > node.clientWidth)
    .map((node) => node.id || node.className || node.tagName)
"""


class BrowserSession:
    """One person's page. Everything is found by its visible text."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.modal = page.locator("#modal[open]")
        self.dialog = page.locator("#confirm[open]")
        self.thread = page.locator("#side")
        self.messages = page.locator("#main .message")
        self.press_count = 0

    async def type_message(self, words: str) -> None:
        await self.page.locator("#composer-text").fill(words)
        await self.page.keyboard.press("Enter")

    async def open_place(self, place: str) -> None:
        """Opens a channel, or Home, Messages, Mail or Traffic."""
        await self.page.locator("#sidebar").get_by_role("link", name=re.compile(f"^#? ?{place}")).click()

    def find_field(self, label: str) -> Locator:
        return self.modal.get_by_label(label)

    async def fill(self, **words: str) -> None:
        """Labels as names: an underscore is a space."""
        for label, value in words.items():
            await self.find_field(label.replace("_", " ")).fill(value)

    async def press(self, name: str, within: Locator | None = None) -> None:
        """A button in the modal, else in `within`."""
        self.press_count += 1
        await (within or self.modal).get_by_role("button", name=name, exact=True).last.click()

    async def expect_title(self, title: str) -> None:
        await expect(self.modal.locator("#modal-title")).to_have_text(title)

    async def expect_text(self, *words: str, within: Locator | None = None) -> None:
        for said in words:
            await expect(within or self.modal).to_contain_text(said)

    async def expect_private_message(self, words: str) -> None:
        """An ephemeral message in the channel."""
        private = self.page.locator(".message.ephemeral").last
        await expect(private).to_contain_text(words)
        await expect(private.locator(".note")).to_be_visible()

    async def expect_field_error(self, label: str, words: str) -> None:
        """An error at its field, also for screen readers."""
        faulty = self.find_field(label)
        await expect(faulty).to_have_attribute("aria-invalid", "true")
        await expect(faulty).to_have_accessible_description(re.compile(re.escape(words)))

    async def close(self) -> None:
        await self.modal.locator("header button").last.click()
        await expect(self.modal).to_have_count(0)

    async def expect_no_overflow(self) -> None:
        """Nothing is wider than the window, nor than the modal."""
        assert await self.page.evaluate(OVERFLOWING_ELEMENTS_SCRIPT) == []


@dataclass
class BrowserSessions:
    world: World
    pages: Pages

    async def open_session(self, name: str, place: str = CHANNEL, **options: Any) -> BrowserSession:
        """With its own cookies."""
        url = f"{self.world.slack.page_url}?user={self.world.get_person(name).id}#{place}"
        page = await self.pages.open(url, **options)
        await page.locator("#sidebar a").first.wait_for(state="attached")
        return BrowserSession(page)

    async def settle(self) -> None:
        await self.world.settle()
