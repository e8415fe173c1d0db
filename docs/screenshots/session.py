"""One person's browser, whose screens are pictured on a desktop and on a phone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, FloatRect, Locator, Page, ViewportSize, expect

from bot.dependencies import Dependencies
from bot.i18n import Localizer
from docs.screenshots.palette import reduce_to_palette
from docs.screenshots.story import StoryClock
from sandbox import Sandbox

PICTURES_PATH = Path(__file__).parents[1] / "pictures"
DESKTOP, PHONE = "desktop", "phone"
SIZES = {DESKTOP: ViewportSize(width=960, height=640), PHONE: ViewportSize(width=390, height=780)}
MAX_HEIGHT = 3000
SETTLING_MILLISECONDS = 250
# Around a modal, if a window is wider.
MARGIN = 24
MEASURE_OVERFLOW_SCRIPT = """
  () => {
    const grows = document.querySelector("#modal[open]") ? "#modal .modal-body" : ".home, .guide, .email";
    const hidden = [...document.querySelectorAll(grows)].map((node) => node.scrollHeight - node.clientHeight);
    document.querySelectorAll(".messages").forEach((node) => node.scrollTo(0, node.scrollHeight));
    return Math.max(0, ...hidden);
  }
"""


@dataclass
class Studio:
    """Where the pictures of one language are taken."""

    browser: Browser
    # To calculate in.
    workshop: Page
    slack: Sandbox
    dependencies: Dependencies
    clock: StoryClock
    localizer: Localizer

    async def open_session(self, user: str, place: str) -> "ScreenshotSession":
        page = await self.browser.new_page(
            viewport=SIZES[DESKTOP], locale=self.localizer.language_tag, timezone_id="Europe/Paris"
        )
        await page.goto(f"{self.slack.page_url}?user={user}#{place}")
        await page.locator("#sidebar a").first.wait_for(state="attached")
        return ScreenshotSession(page, self)


class ScreenshotSession:
    """Controls are named by the keys of their texts, whatever the language."""

    def __init__(self, page: Page, studio: Studio) -> None:
        self.page = page
        self.studio = studio
        self.modal = page.locator("#modal[open]")
        self.messages = page.locator("#main .message")

    def say(self, key: str, **arguments: Any) -> str:
        return self.studio.localizer.format_text(key, **arguments)

    async def send_text(self, text: str) -> None:
        await self.page.locator("#composer-text").fill(text)
        await self.page.keyboard.press("Enter")

    async def open_page(self, name: str) -> None:
        await self.page.evaluate(f"location.hash = '{name}'")

    async def press(self, key: str, within: Locator | None = None, **arguments: Any) -> None:
        """In the modal, else in `within`."""
        name = self.say(key, **arguments)
        await (within or self.modal).get_by_role("button", name=name, exact=True).last.click()

    async def confirm(self, key: str) -> None:
        await self.press(key, within=self.page.locator("#confirm[open]"))

    async def fill(self, label: str, value: str) -> None:
        await self.modal.get_by_label(label).fill(value)

    async def wait_for(self, key: str, **arguments: Any) -> None:
        await self.wait_for_text(self.say(key, **arguments))

    async def wait_for_text(self, text: str) -> None:
        await expect(self.page.locator("body")).to_contain_text(text)

    async def wait_for_title(self, key: str, **arguments: Any) -> None:
        await expect(self.modal.locator("#modal-title")).to_have_text(self.say(key, **arguments))

    async def close_modal(self) -> None:
        await self.modal.locator("header button").last.click()
        await expect(self.modal).to_have_count(0)

    async def take(self, name: str, *widths: str) -> None:
        """Of all that the screen has; of a channel, its end."""
        for width in widths or SIZES:
            size = SIZES[width]
            await self._fit(size)
            language = self.studio.localizer.language
            clip = await self._find_modal_box()
            screenshot = self.page.screenshot(animations="disabled", clip=clip)
            await self._write(f"{language}/{width}/{name}", screenshot)
        await self.page.set_viewport_size(SIZES[DESKTOP])

    async def take_part(self, name: str, part: Locator) -> None:
        language = self.studio.localizer.language
        await self._write(f"{language}/{DESKTOP}/{name}", part.screenshot(animations="disabled"))

    async def close(self) -> None:
        await self.page.close()

    async def _fit(self, size: ViewportSize) -> None:
        await self.page.mouse.move(0, 0)
        await self.page.set_viewport_size(size)
        height = size["height"]
        # For what is just being updated.
        await self.page.wait_for_timeout(SETTLING_MILLISECONDS)
        # A modal is as high as a part of the window: twice is not enough.
        while height < MAX_HEIGHT and (overflow := await self.page.evaluate(MEASURE_OVERFLOW_SCRIPT)):
            height = min(height + overflow, MAX_HEIGHT)
            await self.page.set_viewport_size(ViewportSize(width=size["width"], height=height))

    async def _find_modal_box(self) -> FloatRect | None:
        """Without the page behind it, which is not what the picture is about."""
        box = await self.modal.bounding_box() if await self.modal.count() else None
        if box is None:
            return None
        left, top = max(box["x"] - MARGIN, 0), max(box["y"] - MARGIN, 0)
        width, height = box["width"] + 2 * (box["x"] - left), box["height"] + 2 * (box["y"] - top)
        return FloatRect(x=left, y=top, width=width, height=height)

    async def _write(self, name: str, screenshot: Any) -> None:
        path = PICTURES_PATH / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(await reduce_to_palette(self.studio.workshop, await screenshot))
