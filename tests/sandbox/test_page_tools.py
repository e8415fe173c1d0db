"""What the page has beside Slack: mail, traffic, faults and the reset."""

import asyncio
import re
from email.message import EmailMessage

import aiohttp
import aiosmtplib
import pytest
from playwright.async_api import Route, expect
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.browser_page import GENERAL, SandboxBrowser, type_message

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_mail_is_read_in_the_page(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page(place="mail")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "bot@acme.example", "alice@acme.example", "Your receipt"
    mail.set_content("Thanks")
    mail.add_alternative("<h1>Thanks</h1><script>parent.document.title = 'x'</script>", subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="receipt.pdf")
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=browsing.slack.mail.port)
    await expect(page.locator(".email")).to_contain_text("alice@acme.example")
    await expect(page.frame_locator(".email iframe").locator("h1")).to_have_text("Thanks")
    await expect(page.get_by_role("link", name="receipt.pdf")).to_be_visible()
    # The browser says aloud that the letter's script was not run.
    assert all("sandboxed" in trouble or "Content Security" in trouble for trouble in browsing.pages.errors)
    browsing.pages.errors.clear()


async def test_mail_that_loads_slowly_does_not_take_anothers_place(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    waiting: list[Route] = []

    async def hold(route: Route) -> None:
        waiting.append(route)

    await page.route("**/control/mail", hold)
    await page.locator("#sidebar").get_by_role("link", name="Mail").click()
    await browsing.slack.wait_until(lambda: waiting)
    await page.locator("#sidebar").get_by_role("link", name="general").click()
    async with page.expect_response("**/control/mail"):
        await waiting[0].continue_()
    await page.evaluate("new Promise((done) => setTimeout(done, 50))")
    await expect(page.locator("#main h1")).to_contain_text("general")


async def test_traffic_shows_a_late_answer_and_one_that_never_came(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page(place="traffic")
    browsing.slack.inject_fault("slow", "conversations.open", times=1, seconds=1)
    browsing.slack.inject_fault("cut_before", "conversations.open", times=1)
    call = asyncio.create_task(browsing.client.conversations_open(users="U01ALICE"))
    entry = page.locator(".entries li", has_text="conversations.open")
    await browsing.slack.wait_until(lambda: browsing.slack.list_calls("conversations.open"))
    await browsing.slack.get_person("U01ALICE").write("hello", channel=GENERAL)
    await expect(entry.locator(".result")).to_have_text("…")
    await call
    await expect(entry.locator(".result")).to_have_text("ok")
    client = AsyncWebClient(
        token=browsing.slack.bot_token, base_url=browsing.slack.api_url, retry_handlers=[]
    )
    with pytest.raises(aiohttp.ClientError):
        await client.conversations_open(users="U01ALICE")
    await expect(entry.first.locator(".result")).to_have_text("no answer")


async def test_traffic_shows_acks_calls_and_refusals(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page(place="traffic")
    await browsing.slack.get_person("U01ALICE").command("/hello", "you", channel=GENERAL)
    with pytest.raises(Exception, match="channel_not_found"):
        await browsing.client.chat_postMessage(channel="C99", text="x")
    await expect(page.locator(".refusals")).to_contain_text("chat.postMessage: channel_not_found")
    entry = page.locator(".entries li", has_text="/hello")
    await expect(entry).to_contain_text(re.compile(r"200 in [\d.]+ ms"))
    await entry.locator("summary").click()
    await expect(entry).to_contain_text('"text": "you"')


async def test_faults_are_made_in_the_page(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page(place="traffic")
    await page.get_by_text("Make things go wrong").click()
    await page.get_by_label("Fault").select_option("error_503")
    await page.get_by_role("textbox", name="Method").fill("chat.postMessage")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("status")).to_have_text("1 active")
    assert [fault.kind for fault in browsing.slack.slack.faults.rules] == ["error_503"]


async def test_reset_is_one_click(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await type_message(page, "hello")
    await expect(page.locator(".message")).to_have_count(1)
    await page.get_by_role("button", name="Reset").click()
    await expect(page.locator(".message")).to_have_count(0)


async def test_a_long_reset_says_that_it_is_under_way(browsing: SandboxBrowser) -> None:
    page, ready = await browsing.open_page(), asyncio.Event()

    async def start_over() -> None:
        await ready.wait()

    browsing.slack.on_reset(start_over)
    await page.get_by_role("button", name="Reset").click()
    waiting = page.get_by_role("button", name="Resetting…")
    await expect(waiting).to_have_attribute("aria-disabled", "true")
    await expect(waiting).to_be_focused()
    ready.set()
    await expect(page.get_by_role("alert")).to_have_text("Everything is as it was at the start.")
    await expect(page.get_by_role("button", name="Reset", exact=True)).to_be_focused()
