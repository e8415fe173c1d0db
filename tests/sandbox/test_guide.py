"""What a newcomer can try, on the page."""

from copy import deepcopy

import pytest
from playwright.async_api import Page, expect
from pydantic import ValidationError

from sandbox import Sandbox
from sandbox.config import load_config
from tests.sandbox.browser import Pages
from tests.sandbox.browser_page import CONFIG, GENERAL, SandboxBrowser, type_message

pytestmark = pytest.mark.asyncio(loop_scope="session")

STEP = {
    "title": {"en": "Say hello", "fr": "Dire bonjour"},
    "user": "U02BRUNO",
    "place": GENERAL,
    "command": "/hello post",
    "text": "The app answers.",
}
GUIDE = {"title": "What to try", "notes": ["Mail holds emails. `/hello` says hello."], "steps": [STEP]}


async def press_button(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).click()


@pytest.mark.browser
async def test_a_step_takes_one_to_its_person_and_place_with_the_command_typed(pages: Pages) -> None:
    async with Sandbox.start({**deepcopy(CONFIG), "guide": GUIDE}) as slack:
        page = await pages.open(slack.page_url)
        await expect(page.get_by_role("heading", name="What to try", level=1)).to_be_visible()
        await expect(page.locator("#main")).to_contain_text("Mail holds emails. /hello says hello.")
        await expect(page.locator(".guide p code")).to_have_text("/hello")
        await press_button(page, "Try as Bruno Roy: Say hello")
        await expect(page.locator("#composer-text")).to_be_focused()
        await expect(page.locator("#composer-text")).to_have_value("/hello post")
        await expect(page.locator("#persona")).to_have_value("U02BRUNO")
        assert slack.traffic == [], "it is typed, and not sent"
        await page.locator("#sidebar").get_by_role("link", name="What to try").click()
        await expect(page.get_by_role("heading", name="Dire bonjour")).to_be_visible()
        await pages.close()


@pytest.mark.parametrize("change", [{"user": "U09NOBODY"}, {"place": "C09NOWHERE"}])
async def test_a_step_needs_a_person_and_a_place_that_exist(change: dict[str, str]) -> None:
    guide = {**GUIDE, "steps": [{**STEP, **change}]}
    with pytest.raises(ValidationError, match=r"'Say hello'.* needs a user and a place that exist"):
        load_config({**deepcopy(CONFIG), "guide": guide})


@pytest.mark.browser
async def test_the_skip_link_leads_past_the_sidebar_on_every_page(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the message field")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#composer-text")).to_be_focused()
    for place in ("mail", "traffic"):
        await page.goto(f"{browsing.slack.page_url}?user=U01ALICE#{place}")
        await page.reload()
        await expect(page.locator("#main h1")).to_be_visible()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#main")).to_be_focused()
        assert page.url.endswith(f"#{place}")


@pytest.mark.browser
async def test_focus_moves_to_a_step_that_replaces_another_in_the_same_modal(
    browsing: SandboxBrowser,
) -> None:
    page = await browsing.open_page()
    await type_message(page, "/hello modal")
    modal = page.locator("#modal[open]")
    await modal.get_by_role("button", name="More").focus()
    clients = browsing.slack.slack.workspace.clients
    [view] = [client.stack[-1] for client in clients.values() if client.stack]
    await browsing.client.views_update(
        view_id=view.id,
        view={
            "type": "modal",
            "callback_id": "second",
            "title": {"type": "plain_text", "text": "Second step"},
            "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Nothing to fill in."}}],
        },
    )
    await expect(modal.get_by_role("heading", name="Second step")).to_be_focused()
    await expect(modal.locator(".announcer")).to_have_text("Second step")
