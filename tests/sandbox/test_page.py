"""The page as a person uses it, in a real browser: who one is, what one writes and reads."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.sandbox import gallery
from tests.sandbox.browser_page import GENERAL, SandboxBrowser, type_message
from tests.sandbox.tiny_app import HELLO_HOME, build_greeting
from tests.variants import leave_to_long

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_command_is_completed_sent_and_answered(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await page.locator("#composer-text").press_sequentially("/he")
    options = page.locator(".suggestions [role=option]")
    await expect(options).to_have_text(["/hello[modal|post] — Say hello", "/helpExplain"])
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Tab")
    await page.keyboard.type("world")
    await page.keyboard.press("Enter")
    reply = page.locator(".message.ephemeral")
    await expect(reply).to_contain_text("Only visible to you")
    await expect(reply).to_contain_text("Hello world")


async def test_a_draft_stays_when_the_app_first_writes(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    # Opening the tab would give it its channel first.
    await page.route("**/people/U01ALICE/home", lambda route: route.fulfill(json={}))
    await page.get_by_role("link", name="Messages").first.click()
    await page.locator("#composer-text").fill("/hel")
    await browsing.client.chat_postMessage(channel="U01ALICE", text="Welcome")
    await expect(page.locator(".message")).to_contain_text("Welcome")
    await expect(page.locator("#composer-text")).to_have_value("/hel")
    await page.locator("#composer-text").press_sequentially("lo you")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.ephemeral")).to_contain_text("Hello you")


async def test_ephemeral_messages_are_shown_to_one_person_only(browsing: SandboxBrowser) -> None:
    alice, bruno = await browsing.open_page(), await browsing.open_page("U02BRUNO")
    await type_message(alice, "/hello you")
    await expect(alice.locator(".message")).to_contain_text("Hello you")
    await type_message(alice, "Good *morning* <@U02BRUNO>")
    await expect(bruno.locator(".message")).to_have_count(1)
    await expect(bruno.locator(".message")).to_contain_text("Good morning")


async def test_buttons_ask_before_they_act_where_told_to(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    section = {"type": "section", "text": gallery.build_mrkdwn("Careful"), "accessory": gallery.DANGER}
    posted = await browsing.client.chat_postMessage(
        channel=GENERAL, text="Careful", blocks=[section, *build_greeting("Hello")]
    )
    await page.get_by_role("button", name="Delete").click()
    dialog = page.locator("#confirm[open]")
    await expect(dialog).to_contain_text("This cannot be undone.")
    await expect(dialog.get_by_role("button", name="Do")).to_be_focused()
    await dialog.get_by_role("button", name="Stop").click()
    await page.get_by_role("button", name="Wave").click()
    await expect(page.locator(".ephemeral")).to_contain_text("You waved")
    assert browsing.seen == []
    await page.get_by_role("button", name="Delete").click()
    await dialog.get_by_role("button", name="Do").click()
    await expect(dialog).to_have_count(0)
    await browsing.slack.wait_until(lambda: browsing.seen == ["danger"])
    dangerous = {**gallery.DANGER, "confirm": {**gallery.CONFIRM, "style": "danger"}}
    await browsing.client.chat_update(
        channel=GENERAL, ts=posted["ts"], text="Careful", blocks=[{**section, "accessory": dangerous}]
    )
    await page.get_by_role("button", name="Wave").wait_for(state="detached")
    await page.get_by_role("button", name="Delete").click()
    await expect(dialog.get_by_role("button", name="Stop")).to_be_focused()


async def test_threads_edits_and_files(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    posted = await browsing.client.chat_postMessage(channel=GENERAL, text="first words")
    await browsing.client.chat_update(channel=GENERAL, ts=posted["ts"], text="better words")
    await browsing.client.files_upload_v2(
        channel=GENERAL, filename="a.pdf", content="%PDF-1.7", title="A paper"
    )
    await expect(page.locator(".edited")).to_have_attribute("title", "first words")
    await page.locator(".message").first.hover()
    await page.get_by_role("button", name="Reply in thread").first.click()
    await page.locator("#thread-text").fill("my reply")
    await page.keyboard.press("Enter")
    await expect(page.locator("#side .message")).to_have_count(2)
    await expect(page.get_by_role("button", name="1 reply")).to_be_visible()
    file = page.get_by_role("link", name="A paper")
    answer = await page.request.get(f"{browsing.slack.slack.base_url}{await file.get_attribute('href')}")
    assert (answer.headers["content-type"], await answer.body()) == ("application/pdf", b"%PDF-1.7")


async def test_home_is_opened_drawn_and_pressed(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page(place="home")
    await page.locator(".home").get_by_role("button", name="Greet").click()
    await browsing.slack.wait_until(lambda: browsing.seen == ["greet all"])
    changed = {**HELLO_HOME, "blocks": [{"type": "section", "text": gallery.build_mrkdwn("Changed")}]}
    await browsing.client.views_publish(user_id="U01ALICE", view=changed)
    await expect(page.locator(".home")).to_contain_text("Changed")


async def test_one_becomes_somebody_else_and_changes_language(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await expect(page.locator("#sidebar")).to_contain_text("second")
    await page.get_by_label("You are").select_option("U02BRUNO")
    await expect(page.locator("#sidebar")).not_to_contain_text("second")
    assert await page.get_by_label("Your language").input_value() == "fr-FR"
    await page.get_by_label("Your language").select_option("de-DE")
    await browsing.slack.wait_until(
        lambda: browsing.slack.slack.workspace.users["U02BRUNO"].locale == "de-DE"
    )
    await page.get_by_label("You are").select_option("U03OTTO")
    await expect(page.locator("#sidebar")).to_contain_text("Not installed here")


@pytest.mark.parametrize("scheme", ["light", *leave_to_long("dark")])
async def test_the_theme_follows_and_is_switched(browsing: SandboxBrowser, scheme: Any) -> None:
    page = await browsing.open_page(color_scheme=scheme)
    ground = "getComputedStyle(document.documentElement).getPropertyValue('--ground').trim()"
    before = await page.evaluate(ground)
    await page.get_by_role("button", name="Theme").click()
    after = await page.evaluate(ground)
    assert {before, after} == {"#ffffff", "#171b1c"}
    assert (before == "#ffffff") == (scheme == "light")


async def test_a_phone_shows_one_thing_at_a_time(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page(viewport={"width": 390, "height": 780})
    await expect(page.locator("#sidebar")).not_to_be_visible()
    await page.get_by_role("button", name="Menu").click()
    await page.locator("#sidebar").get_by_role("link", name="Home").click()
    await expect(page.locator(".home")).to_be_visible()
    await expect(page.locator("#sidebar")).not_to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
