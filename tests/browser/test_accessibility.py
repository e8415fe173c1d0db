"""axe-core finds nothing serious on any screen, in both languages and all windows."""

import os
from collections.abc import Iterable
from email.message import EmailMessage
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
from playwright.async_api import Locator, Page, expect

from bot.blocks.block_kit import View
from tests.blocks.limits import list_buttons
from tests.browser.gallery import ALICE, GALLERY, Gallery, everything, numbered
from tests.sandbox.browser import Pages
from tests.variants import leave_to_long

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.browser]

AXE_PATH = Path(__file__).parents[2] / "build/axe/node_modules/axe-core/axe.min.js"
LANGUAGES = ("en-GB", "fr-FR")
# One of so many in each language; `make test-long` takes them all.
SCREENS_BY_ALL_RULES = 4
WINDOWS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1100, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1100, "height": 800}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 780}},
    "dark phone": {"color_scheme": "dark", "viewport": {"width": 390, "height": 780}},
    # As wide as a window of 1280 pixels in which everything is twice as large.
    "200 % zoom": {"color_scheme": "light", "viewport": {"width": 640, "height": 400}},
}
# A narrow page has other elements than a wide one; colours and zoom change none.
WINDOWS_FOR_ALL_RULES = ("light", "phone")
# Less serious to axe, yet each is a step that a keyboard or a screen reader stumbles over.
ALWAYS_REPORTED = ("heading-order", "skip-link", "region", "aria-allowed-role", "label-content-name-mismatch")
# What these find depends on the window; what the others find in a modal or on Home does not.
LAYOUT_RULES = ("color-contrast", "link-in-text-block", "target-size")
# What this finds depends on the language.
TEXT_RULES = ("label-content-name-mismatch",)
SCROLL_RULES = ("scrollable-region-focusable",)
FIND_VIOLATIONS = """
  async ([only, always]) => {
    const added = { "label-content-name-mismatch": { enabled: true }, "target-size": { enabled: true } };
    const rules = only.length ? { runOnly: { type: "rule", values: only } } : { rules: added };
    const { violations } = await axe.run({ ...rules, resultTypes: ["violations"], preload: false });
    return violations
      .filter(({ id, impact }) => ["serious", "critical"].includes(impact) || always.includes(id))
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }
"""
# The same nodes under the same style sheets: all screens in one modal, and one run of axe sees all of them.
KEEP_SCREEN = """
  () => {
    const shown = document.querySelector("#modal[open] .modal-form") ?? document.querySelector(".home");
    (window.kept ??= []).push(shown.cloneNode(true));
  }
"""
SHOW_KEPT_SCREENS = """
  () => {
    const modal = document.querySelector("#modal");
    if (!modal.open) modal.showModal();
    Object.assign(modal.style, { maxHeight: "none", overflow: "visible" });
    modal.querySelector(".dialog-content").replaceChildren(...window.kept);
  }
"""
MAKE_SCREENS_SCROLL = """
  () => document.querySelectorAll(".modal-body, .home").forEach((node) => {
    Object.assign(node.style, { maxHeight: "40px", overflow: "auto" });
  })
"""


@pytest.fixture(scope="module", autouse=True)
def axe() -> None:
    """Skips, or fails if the run requires a browser."""
    if not AXE_PATH.exists():
        reason = f"no axe-core: {AXE_PATH.name} is missing (make test gets it with npm)"
        if os.environ.get("SEATBOT_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)


async def open_page(pages: Pages, gallery: Gallery, place: str, language: str) -> Page:
    url = f"{gallery.slack.page_url}?user={ALICE}#{place}"
    page = await pages.open(url, **WINDOWS["light"], reduced_motion="reduce")
    await page.evaluate(AXE_PATH.read_text("utf-8"))
    await page.locator("#locale").select_option(language)
    await expect(page.locator("html")).to_have_attribute("lang", language)
    return page


async def set_window(page: Page, window: str) -> None:
    await page.emulate_media(color_scheme=WINDOWS[window]["color_scheme"])
    await page.set_viewport_size(WINDOWS[window]["viewport"])


async def find_violations(page: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """Of these rules only, or of all."""
    found: list[str] = await page.evaluate(FIND_VIOLATIONS, [list(rules), list(ALWAYS_REPORTED)])
    return found


def group_by_violation(found: dict[str, list[str]]) -> dict[str, list[str]]:
    places: dict[str, list[str]] = {}
    for place, violations in found.items():
        for violation in violations:
            places.setdefault(violation, []).append(place)
    return places


async def find_violations_in_windows(
    page: Page, rules: tuple[str, ...] = (), *, place: str = "all", windows: Iterable[str] = WINDOWS
) -> dict[str, list[str]]:
    """Of these rules only, or of all that can differ."""
    found = {}
    for window in windows:
        await set_window(page, window)
        applied = rules or (() if window in WINDOWS_FOR_ALL_RULES else LAYOUT_RULES)
        found[f"{place}, {window}"] = await find_violations(page, applied)
    await set_window(page, "light")
    return found


class Stage:
    """A page on which the gallery's screens are shown, one after the other."""

    def __init__(self, page: Page, gallery: Gallery) -> None:
        self.page, self.gallery = page, gallery
        self.workspace = gallery.slack.slack.workspace
        *_, (_, self.client) = self.workspace.clients

    async def show(self, name: str, view: View, number: int) -> None:
        self.workspace.get_client(ALICE, self.client).stack.clear()
        await self.gallery.show(name, numbered(view, number), self.client)
        if view["type"] == "home":
            self.workspace.changes.notify()
            await expect(self.page.locator("#modal[open]")).to_have_count(0)
            await self._wait_for("document.querySelectorAll('.home .block').length", len(view["blocks"]))
        else:
            await self._wait_for(
                "document.querySelector('#modal[open] footer button')?.textContent", str(number)
            )

    async def open_confirmations(self, view: View, seen: set[str]) -> dict[str, list[str]]:
        """What axe finds in those of controls that nobody has pressed yet."""
        found = {}
        for button in list_buttons(view):
            if "confirm" in button and button["action_id"] not in seen:
                seen.add(button["action_id"])
                title = button["confirm"]["title"]["text"]
                await self._find_button(button).click()
                found[title] = await self._check_confirmation(title, first=len(seen) == 1)
        return found

    async def _check_confirmation(self, title: str, *, first: bool) -> list[str]:
        dialog = self.page.locator("#confirm[open]")
        await expect(dialog).to_contain_text(title)
        if first:
            found = await find_violations_in_windows(self.page)
            violations = [*chain.from_iterable(found.values())]
        else:
            violations = await find_violations(self.page)
        await dialog.get_by_role("button").first.click()
        await expect(dialog).to_have_count(0)
        return violations

    def _find_button(self, button: dict[str, Any]) -> Locator:
        place = self.page.locator("#modal[open], .home").last
        action, value = button["action_id"], button["value"]
        return place.locator(f"button[data-action='{action}'][data-value='{value}']").first

    async def _wait_for(self, expression: str, expected: object) -> None:
        """At each frame: what `expect` waits between two looks is long, for a hundred screens."""
        await self.page.wait_for_function(f"(expected) => {expression} === expected", arg=expected)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_screen_is_accessible_in_every_window(
    gallery: Gallery, pages: Pages, language: str
) -> None:
    """Half of them by all rules, in one window and one of the two languages; each one's confirmations; all
    together by the rules that depend on window and language, in French in two windows only."""
    page = await open_page(pages, gallery, "home", language)
    stage, found, seen = Stage(page, gallery), {}, set[str]()
    screens, _ = everything(language, "usual")
    for number, (name, view) in enumerate(screens):
        await stage.show(name, view, number)
        if number % SCREENS_BY_ALL_RULES == LANGUAGES.index(language):
            found[name] = await find_violations(page)
        await page.evaluate(KEEP_SCREEN)
        found |= await stage.open_confirmations(view, seen)
    assert len(seen) > 3
    await page.evaluate(SHOW_KEPT_SCREENS)
    windows = WINDOWS if language == "en-GB" else WINDOWS_FOR_ALL_RULES
    found |= await find_violations_in_windows(page, LAYOUT_RULES, windows=windows)
    found["texts"] = await find_violations(page, TEXT_RULES)
    await page.evaluate(MAKE_SCREENS_SCROLL)
    found["scrolled"] = await find_violations(page, SCROLL_RULES)
    assert group_by_violation(found) == {}
    assert gallery.refused == {}


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("window", WINDOWS)
async def test_every_screen_is_accessible_by_every_rule_in_every_window(
    gallery: Gallery, pages: Pages, window: str, language: str
) -> None:
    page = await open_page(pages, gallery, "home", language)
    stage, found = Stage(page, gallery), {}
    await set_window(page, window)
    screens, _ = everything(language, "longest")
    for number, (name, view) in enumerate(screens):
        await stage.show(name, view, number)
        found[name] = await find_violations(page)
    assert group_by_violation(found) == {}


@pytest.mark.parametrize(
    ("language", "windows"),
    [
        ("en-GB", [*WINDOWS]),
        # What depends on the window hardly depends on the language.
        *leave_to_long(("fr-FR", [*WINDOWS])),
    ],
)
async def test_messages_and_the_pages_beside_them_are_accessible(
    gallery: Gallery, pages: Pages, language: str, windows: list[str]
) -> None:
    check = partial(find_violations_in_windows, windows=windows)
    _, sent = everything(language, "usual")
    page = await open_page(pages, gallery, "guide", language)
    places = {"guide": ".guide", "home": ".home", "messages": "#composer-text", "mail": "#main .empty"}
    found: dict[str, list[str]] = {}
    for place, shown in places.items():
        await page.evaluate(f"location.hash = '{place}'")
        await expect(page.locator(shown)).to_be_visible()
        found |= await check(page, place=place)
    await _send_email(gallery)
    await expect(page.locator(".email iframe")).to_be_visible()
    found |= await check(page, place="email")
    await gallery.post(*sent[0])
    await page.evaluate(f"location.hash = '{GALLERY}'")
    await page.locator("#main .replies").click()
    await expect(page.locator("#side .message")).to_be_visible()
    found |= await check(page, place="thread")
    await page.evaluate("location.hash = 'traffic'")
    await expect(page.locator(".entries summary").first).to_be_visible()
    found |= await check(page, place="traffic")
    for name, content in sent[1:]:
        await gallery.post(name, content)
    await page.evaluate(f"location.hash = '{GALLERY}'")
    await expect(page.locator("#main .message")).to_have_count(len(sent))
    found["messages"] = await find_violations(page)
    found |= await check(page, LAYOUT_RULES, place="messages")
    assert group_by_violation(found) == {}


async def _send_email(gallery: Gallery) -> None:
    email = EmailMessage()
    email["From"], email["To"], email["Subject"] = "bot@acme.example", "alice@acme.example", "Receipt R-1001"
    email.set_content("Receipt R-1001")
    email.add_alternative("<p>Receipt R-1001</p>", subtype="html")
    host, _, port = gallery.slack.smtp_url.removeprefix("smtp://").partition(":")
    await aiosmtplib.send(email, hostname=host, port=int(port.rstrip("/")))
