"""Everything the bot can show, in both languages: taken by a strict Slack, and drawn in the page."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.gallery import ALICE, GALLERY, Gallery, everything, numbered
from tests.sandbox.browser import Pages

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Sentences are longer in French, and the limits are the same.
LANGUAGES = [pytest.param("en-GB", marks=pytest.mark.long), "fr-FR"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [pytest.param("usual", marks=pytest.mark.long), "longest"])
async def test_a_strict_slack_takes_everything(gallery: Gallery, size: str, language: str) -> None:
    screens, sent = everything(language, size)
    for name, view in screens:
        await gallery.show(name, view)
    for name, content in sent:
        await gallery.post(name, content)
    assert gallery.refused == {}
    assert gallery.slack.warnings == []


@pytest.mark.browser
@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_draws_everything_with_the_longest_texts(
    gallery: Gallery, pages: Pages, language: str
) -> None:
    """In one visit: every message in a channel, then every modal and every Home, one after the other."""
    screens, sent = everything(language, "longest")
    for name, content in sent:
        await gallery.post(name, content)
    url = f"{gallery.slack.page_url}?user={ALICE}"
    page = await pages.open(f"{url}#{GALLERY}", viewport={"width": 1100, "height": 800})
    await expect(page.locator("#main .message")).to_have_count(len(sent))
    await expect_drawn(page, "#main .messages")
    await page.goto(f"{url}#home")
    client = next(name for _, name in gallery.slack.slack.workspace.clients if name.startswith("page-"))
    for number, (name, view) in enumerate(screens):
        await gallery.show(name, numbered(view, number), client)
        if view["type"] == "home":
            await expect(page.locator(".home .block")).to_have_count(len(view["blocks"]))
            continue
        await expect(page.locator("#modal[open] footer button").first).to_have_text(str(number))
        await expect(page.locator("#modal .block")).to_have_count(len(view["blocks"]))
        await expect_drawn(page, "#modal .modal-body")
        gallery.slack.slack.workspace.get_client(ALICE, client).stack.clear()
    await expect(page.locator(".unknown")).to_have_count(0)
    assert gallery.refused == {}


async def expect_drawn(page: Page, where: str) -> None:
    """No block is unknown, and none is wider than its place."""
    await expect(page.locator(f"{where} .unknown")).to_have_count(0)
    assert await page.locator(where).evaluate("node => node.scrollWidth - node.clientWidth") <= 0
