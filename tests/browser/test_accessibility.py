"""axe-core finds nothing serious on any screen: in light and dark, on a phone, and at 200 % zoom."""

import os
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.gallery import ALICE, GALLERY, Gallery, everything, numbered

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.browser]

AXE_PATH = Path(__file__).parents[2] / "build/axe/node_modules/axe-core/axe.min.js"
WINDOWS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1100, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1100, "height": 800}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 780}},
    "dark phone": {"color_scheme": "dark", "viewport": {"width": 390, "height": 780}},
    # As wide as a window of 1280 pixels in which everything is twice as large.
    "200 % zoom": {"color_scheme": "light", "viewport": {"width": 640, "height": 400}},
}
# Less serious to axe, yet each is a step that a keyboard or a screen reader stumbles over.
ALWAYS_REPORTED = ("heading-order", "skip-link", "region", "aria-allowed-role", "label-content-name-mismatch")
FIND_VIOLATIONS = """
  async (always) => {
    const { violations } = await axe.run({ rules: { "label-content-name-mismatch": { enabled: true } } });
    return violations
      .filter(({ id, impact }) => ["serious", "critical"].includes(impact) || always.includes(id))
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }
"""


@pytest.fixture(scope="module", autouse=True)
def axe() -> None:
    """Skips, or fails if the run requires a browser."""
    if not AXE_PATH.exists():
        reason = f"no axe-core: {AXE_PATH.name} is missing (make test gets it with npm)"
        if os.environ.get("SEATBOT_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)


async def open_page(browser: Browser, url: str, window: str) -> Page:
    page = await browser.new_page(**WINDOWS[window], reduced_motion="reduce")
    await page.add_init_script(path=AXE_PATH)
    await page.goto(url)
    return page


async def find_violations(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(FIND_VIOLATIONS, list(ALWAYS_REPORTED))
    return found


async def check_screens(
    gallery: Gallery, browser: Browser, screens: list[tuple[str, dict[str, Any]]], window: str
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    page = await open_page(browser, f"{gallery.slack.page_url}?user={ALICE}#home", window)
    await expect(page.locator("#main h1")).to_be_visible()
    *_, (_, client) = gallery.slack.slack.workspace.clients
    for number, (name, view) in enumerate(screens):
        await gallery.show(name, numbered(view, number), client)
        if view["type"] == "home":
            await expect(page.locator(".home .block")).to_have_count(len(view["blocks"]))
        else:
            await expect(page.locator("#modal[open] footer button").first).to_have_text(str(number))
        found[name] = await find_violations(page)
        gallery.slack.slack.workspace.get_client(ALICE, client).stack.clear()
        gallery.slack.slack.workspace.changes.notify()
        await expect(page.locator("#modal[open]")).to_have_count(0)
    await page.close()
    return found


async def test_every_screen_is_accessible_in_one_of_the_windows(gallery: Gallery, browser: Browser) -> None:
    screens, _ = everything("en-GB", "usual")
    windows = cycle(WINDOWS)
    shares: dict[str, list[Any]] = {name: [] for name in WINDOWS}
    for screen in screens:
        shares[next(windows)].append(screen)
    for window, share in shares.items():
        found = await check_screens(gallery, browser, share, window)
        assert {name: violations for name, violations in found.items() if violations} == {}, window
    assert gallery.refused == {}


@pytest.mark.long
@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("window", WINDOWS)
async def test_every_screen_is_accessible_in_every_window(
    gallery: Gallery, browser: Browser, window: str, language: str
) -> None:
    screens, _ = everything(language, "longest")
    found = await check_screens(gallery, browser, screens, window)
    assert {name: violations for name, violations in found.items() if violations} == {}


@pytest.mark.parametrize("window", WINDOWS)
async def test_messages_and_the_pages_beside_them_are_accessible(
    gallery: Gallery, browser: Browser, window: str
) -> None:
    _, sent = everything("en-GB", "usual")
    for name, content in sent:
        await gallery.post(name, content)
    page = await open_page(browser, f"{gallery.slack.page_url}?user={ALICE}#{GALLERY}", window)
    await expect(page.locator("#main .message")).to_have_count(len(sent))
    assert await find_violations(page) == []
    for place, shown in {
        "home": ".home",
        "messages": "#composer-text",
        "mail": "#main .empty",
        "traffic": ".inspector",
    }.items():
        await page.goto(f"{gallery.slack.page_url}?user={ALICE}#{place}")
        await expect(page.locator(shown)).to_be_visible()
        assert await find_violations(page) == [], place
    await page.close()
