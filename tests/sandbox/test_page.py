"""The page as a person uses it, in a real browser."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import aiosmtplib
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox import gallery
from tests.sandbox.browser import chromium
from tests.sandbox.tiny_app import HELLO_HOME, greeting, over_http, tiny_app

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

GENERAL = "C01GENERAL"
FAINT_WORDS = Path(__file__).with_name("contrast.js").read_text("utf-8")
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
class Desk:
    """The sandbox, the tiny app, and a browser to look at them."""

    browser: Browser
    slack: Sandbox
    app: AsyncApp
    client: AsyncWebClient
    pages: list[Page] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    async def open(self, user: str = "U01ALICE", place: str = GENERAL, **options: Any) -> Page:
        page = await self.browser.new_page(**options)
        self.pages.append(page)
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda line: self.troubles.append(line.text) if line.type == "error" else None)
        await page.goto(f"{self.slack.page_url}?user={user}#{place}")
        await page.locator("#sidebar a").first.wait_for(state="attached")
        return page

    @property
    def seen(self) -> list[str]:
        return self.app.seen  # type: ignore[attr-defined,no-any-return]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser) -> AsyncIterator[Desk]:
    async with Sandbox.start(CONFIG) as slack:
        app = tiny_app(slack)
        async with over_http(slack, app):
            desk = Desk(browser, slack, app, AsyncWebClient(token=slack.bot_token, base_url=slack.api_url))
            yield desk
            for page in desk.pages:
                await page.close()
    assert desk.troubles == []


async def say(page: Page, words: str) -> None:
    await page.locator("#composer-text").fill(words)
    await page.keyboard.press("Enter")


def modal(page: Page) -> Locator:
    return page.locator("#modal[open]")


async def test_a_command_is_completed_sent_and_answered(desk: Desk) -> None:
    page = await desk.open()
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


async def test_words_half_typed_stay_when_the_app_writes_for_the_first_time(desk: Desk) -> None:
    page = await desk.open()
    # Opening the tab would give it its channel first.
    await page.route("**/people/U01ALICE/home", lambda route: route.fulfill(json={}))
    await page.get_by_role("link", name="Messages").first.click()
    await page.locator("#composer-text").fill("/hel")
    await desk.client.chat_postMessage(channel="U01ALICE", text="Welcome")
    await expect(page.locator(".message")).to_contain_text("Welcome")
    await expect(page.locator("#composer-text")).to_have_value("/hel")
    await page.locator("#composer-text").press_sequentially("lo you")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.ephemeral")).to_contain_text("Hello you")


async def test_what_is_for_one_person_is_not_shown_to_another(desk: Desk) -> None:
    alice, bruno = await desk.open(), await desk.open("U02BRUNO")
    await say(alice, "/hello you")
    await expect(alice.locator(".message")).to_contain_text("Hello you")
    await say(alice, "Good *morning* <@U02BRUNO>")
    await expect(bruno.locator(".message")).to_have_count(1)
    await expect(bruno.locator(".message")).to_contain_text("Good morning")


async def test_a_form_is_corrected_and_sent(desk: Desk) -> None:
    page = await desk.open()
    await say(page, "/hello modal")
    name, times = modal(page).get_by_label("Whom to greet"), modal(page).get_by_label("How often")
    await expect(name).to_be_focused()
    await times.fill("many")
    await modal(page).get_by_role("button", name="Send").click()
    await expect(modal(page).locator(".field-error")).to_have_text(
        ["Please complete this required field.", "Please enter a valid number."]
    )
    await expect(name).to_be_focused()
    await expect(name).to_have_attribute("aria-invalid", "true")
    await times.fill("2")
    await name.fill("nobody")
    await page.keyboard.press("Enter")
    await expect(modal(page).locator(".field-error")).to_have_text(["Nobody can be greeted."])
    await name.fill("Bruno")
    await page.keyboard.press("Enter")
    await expect(modal(page)).to_have_count(0)
    await expect(page.locator("#sidebar a[href='#messages'] .count")).to_have_text("1")
    await page.get_by_role("link", name="Messages").first.click()
    await expect(page.locator(".message")).to_contain_text("Greeted Bruno")
    assert desk.seen == ["submitted Bruno"]


async def test_an_update_keeps_words_and_cursor(desk: Desk) -> None:
    page = await desk.open()
    await say(page, "/hello modal")
    name = modal(page).get_by_label("Whom to greet")
    await name.fill("Bruno")
    await modal(page).get_by_role("button", name="More").click()
    await expect(modal(page)).to_contain_text("More was asked")
    await expect(name).to_have_value("Bruno")
    await expect(modal(page).get_by_role("button", name="More")).to_be_focused()


async def test_focus_stays_in_the_modal_and_returns(desk: Desk) -> None:
    page = await desk.open()
    await say(page, "/hello modal")
    await modal(page).get_by_label("Whom to greet").wait_for()
    for _ in range(8):
        await page.keyboard.press("Tab")
        assert await page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('#modal')"
        )
    await page.keyboard.press("Escape")
    await expect(modal(page)).to_have_count(0)
    await expect(page.locator("#composer-text")).to_be_focused()
    assert desk.seen == ["closed False"]


async def test_a_reload_loses_the_modal_and_keeps_the_rest(desk: Desk) -> None:
    page = await desk.open()
    await say(page, "hello")
    await say(page, "/hello modal")
    await modal(page).wait_for()
    await page.reload()
    await expect(page.locator(".message")).to_contain_text("hello")
    await expect(modal(page)).to_have_count(0)


async def test_buttons_ask_before_they_act_where_told_to(desk: Desk) -> None:
    page = await desk.open()
    section = {"type": "section", "text": gallery.mrkdwn("Careful"), "accessory": gallery.DANGER}
    await desk.client.chat_postMessage(channel=GENERAL, text="Careful", blocks=[section, *greeting("Hello")])
    await page.get_by_role("button", name="Delete").click()
    dialog = page.locator("#confirm[open]")
    await expect(dialog).to_contain_text("This cannot be undone.")
    await dialog.get_by_role("button", name="Stop").click()
    await page.get_by_role("button", name="Wave").click()
    await expect(page.locator(".ephemeral")).to_contain_text("You waved")
    assert desk.seen == []
    await page.get_by_role("button", name="Delete").click()
    await dialog.get_by_role("button", name="Do").click()
    await expect(dialog).to_have_count(0)
    await desk.slack.wait_until(lambda: desk.seen == ["danger"])


async def test_every_block_and_element_is_drawn(desk: Desk) -> None:
    page = await desk.open()
    await desk.client.chat_postMessage(channel=GENERAL, text="one", blocks=gallery.MESSAGE)
    await desk.client.chat_postMessage(channel=GENERAL, text="two", blocks=gallery.SECOND_MESSAGE)
    await expect(page.locator(".message")).to_have_count(2)
    await say(page, "/hello gallery")
    await modal(page).wait_for()
    assert await page.locator(".unknown").count() == 0
    for number, shown in enumerate((gallery.MESSAGE, gallery.SECOND_MESSAGE)):
        assert await page.locator(".message").nth(number).locator(".blocks > .block").count() == len(shown)
    assert await modal(page).locator(".block").count() == len(gallery.MODAL["blocks"])
    assert await page.locator(".chart svg").count() == 4
    await expect(page.locator(".chart table").first).to_contain_text("bought")


NAMELESS = """() => [...document.querySelectorAll("input, select, textarea, button, a, [role=group]")]
    .filter((node) => !node.labels?.length && !node.title && !node.textContent.trim()
        && !node.getAttribute("aria-label") && !node.getAttribute("aria-labelledby"))
    .map((node) => node.outerHTML)"""


async def test_everything_that_can_be_used_has_a_name(desk: Desk) -> None:
    page = await desk.open()
    await desk.client.chat_postMessage(channel=GENERAL, text="one", blocks=gallery.MESSAGE)
    await expect(page.locator(".message")).to_have_count(1)
    await say(page, "/hello gallery")
    await modal(page).wait_for()
    assert await page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_words_stand_out_from_their_ground(desk: Desk, scheme: Any) -> None:
    page = await desk.open(color_scheme=scheme)
    await desk.client.chat_postMessage(channel=GENERAL, text="one", blocks=gallery.MESSAGE)
    await say(page, "/hello you")
    await expect(page.locator(".message")).to_have_count(2)
    await page.locator("#composer-text").fill("")
    assert await page.evaluate(FAINT_WORDS) == []
    await say(page, "/hello gallery")
    await modal(page).wait_for()
    assert await page.evaluate(FAINT_WORDS) == []


async def test_what_goes_wrong_in_a_modal_is_said_inside_it(desk: Desk) -> None:
    """All that is outside a modal dialog is hidden from screen readers, and lies behind its shade."""
    page = await desk.open()
    await say(page, "/hello modal")
    await modal(page).get_by_role("button", name="Send").click()
    await expect(modal(page).locator("[aria-live]")).to_have_text("Please complete this required field.")
    desk.slack.slack.workspace.clients.clear()
    await modal(page).get_by_role("button", name="Send").click()
    await expect(modal(page).get_by_role("alert")).to_contain_text("is no longer open")
    desk.troubles.clear()


async def test_the_cursor_returns_to_a_button_that_was_drawn_anew(desk: Desk) -> None:
    page = await desk.open()
    posted = await desk.client.chat_postMessage(channel=GENERAL, text="Hello", blocks=greeting("Hello"))
    button = page.get_by_role("button", name="Open", exact=True)
    await button.click()
    await modal(page).wait_for()
    await desk.client.chat_update(channel=GENERAL, ts=posted["ts"], text="Hi", blocks=greeting("Hi"))
    await expect(page.locator(".message")).to_contain_text("Hi")
    await page.keyboard.press("Escape")
    await expect(modal(page)).to_have_count(0)
    await expect(button).to_be_focused()


@pytest.mark.parametrize("kind", ["static_select", "datepicker", "radio_buttons", "external_select"])
async def test_any_field_may_ask_for_the_cursor(desk: Desk, kind: str) -> None:
    page = await desk.open()
    fields = {**gallery.INPUTS[kind], "focus_on_load": True}
    blocks = [gallery.input_block("plain_text_input", {}), gallery.input_block(kind, fields)]
    clients = desk.slack.slack.workspace.clients
    client = next(client for (_, name), client in clients.items() if name.startswith("page-"))
    trigger = desk.slack.slack.workspace.new_trigger(client, "T01").id
    await desk.client.views_open(trigger_id=trigger, view={**gallery.MODAL, "blocks": blocks})
    asked = modal(page).locator(".block").nth(1).locator("input, select").first
    await expect(asked).to_be_focused()


async def test_a_data_table_sorts_filters_and_pages(desk: Desk) -> None:
    page = await desk.open()
    await desk.client.chat_postMessage(channel=GENERAL, text="table", blocks=[gallery.DATA_TABLE])
    rows = page.locator(".data-table tbody tr")
    await expect(rows).to_have_count(2)
    await page.get_by_role("button", name="Next page").click()
    await expect(rows.first).to_contain_text("Row 2")
    await page.get_by_role("button", name="Month").dblclick()
    await expect(page.get_by_role("columnheader", name="Month")).to_have_attribute("aria-sort", "descending")
    await page.get_by_role("searchbox").fill("row 4")
    await expect(rows).to_have_count(1)


async def test_an_external_select_offers_what_the_app_answers(desk: Desk) -> None:
    page = await desk.open()
    await say(page, "/hello gallery")
    city = modal(page).locator("[data-action=external_select]")
    await city.press_sequentially("pa")
    await expect(modal(page).locator(".suggestions [role=option]")).to_have_text(["Paris", "Parma"])
    await page.keyboard.press("Enter")
    await expect(city).to_have_value("Paris")


async def test_words_are_shown_as_slack_shows_them(desk: Desk) -> None:
    words = (
        "<!date^1795341600^{date_long} at {time}|then> <@U01ALICE> <script>alert(1)</script> &lt;b&gt; `x`"
    )
    alice, bruno = await desk.open(), await desk.open("U02BRUNO")
    await desk.client.chat_postMessage(channel=GENERAL, text=words)
    text = alice.locator(".message .text")
    await expect(text).to_contain_text(re.compile(r"Sunday, November 22, 2026 at 5:00\sAM"))
    await expect(text).to_contain_text("@Alice Martin <script>alert(1)</script> <b> x")
    await expect(bruno.locator(".message .text")).to_contain_text("dimanche 22 novembre 2026 at 11:00")


async def test_bold_holds_what_is_inside_it_and_no_more(desk: Desk) -> None:
    words = "*no post to <#C01GENERAL>* and *`/x` bold* but `*a*` *b `c*` d_e_f <http://a.example/_x_|*l*>"
    alice = await desk.open()
    await desk.client.chat_postMessage(channel=GENERAL, text=words)
    text = alice.locator(".message .text")
    await expect(text).to_contain_text("but *a* *b c* d_e_f *l*")
    await expect(text.locator("strong")).to_have_text(["no post to #general", "/x bold"])
    await expect(text.locator("strong code")).to_have_text(["/x"])


async def test_threads_edits_and_files(desk: Desk) -> None:
    page = await desk.open()
    posted = await desk.client.chat_postMessage(channel=GENERAL, text="first words")
    await desk.client.chat_update(channel=GENERAL, ts=posted["ts"], text="better words")
    await desk.client.files_upload_v2(channel=GENERAL, filename="a.pdf", content="%PDF-1.7", title="A paper")
    await expect(page.locator(".edited")).to_have_attribute("title", "first words")
    await page.locator(".message").first.hover()
    await page.get_by_role("button", name="Reply in thread").first.click()
    await page.locator("#thread-text").fill("my reply")
    await page.keyboard.press("Enter")
    await expect(page.locator("#side .message")).to_have_count(2)
    await expect(page.get_by_role("button", name="1 reply")).to_be_visible()
    file = page.get_by_role("link", name="A paper")
    answer = await page.request.get(f"{desk.slack.slack.base_url}{await file.get_attribute('href')}")
    assert (answer.headers["content-type"], await answer.body()) == ("application/pdf", b"%PDF-1.7")


async def test_home_is_opened_drawn_and_pressed(desk: Desk) -> None:
    page = await desk.open(place="home")
    await page.locator(".home").get_by_role("button", name="Greet").click()
    await desk.slack.wait_until(lambda: desk.seen == ["greet all"])
    changed = {**HELLO_HOME, "blocks": [{"type": "section", "text": gallery.mrkdwn("Changed")}]}
    await desk.client.views_publish(user_id="U01ALICE", view=changed)
    await expect(page.locator(".home")).to_contain_text("Changed")


async def test_mail_is_read_in_the_page(desk: Desk) -> None:
    page = await desk.open(place="mail")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "bot@acme.example", "alice@acme.example", "Your receipt"
    mail.set_content("Thanks")
    mail.add_alternative("<h1>Thanks</h1><script>parent.document.title = 'x'</script>", subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="receipt.pdf")
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=desk.slack.mail.port)
    await expect(page.locator(".letter")).to_contain_text("alice@acme.example")
    await expect(page.frame_locator(".letter iframe").locator("h1")).to_have_text("Thanks")
    await expect(page.get_by_role("link", name="receipt.pdf")).to_be_visible()
    # The browser says aloud that the letter's script was not run.
    assert all("sandboxed" in trouble or "Content Security" in trouble for trouble in desk.troubles)
    desk.troubles.clear()


async def test_mail_that_loads_slowly_does_not_take_anothers_place(desk: Desk) -> None:
    page = await desk.open()
    waiting: list[Route] = []

    async def hold(route: Route) -> None:
        waiting.append(route)

    await page.route("**/control/mail", hold)
    await page.locator("#sidebar").get_by_role("link", name="Mail").click()
    await desk.slack.wait_until(lambda: waiting)
    await page.locator("#sidebar").get_by_role("link", name="general").click()
    async with page.expect_response("**/control/mail"):
        await waiting[0].continue_()
    await page.evaluate("new Promise((done) => setTimeout(done, 50))")
    await expect(page.locator("#main h1")).to_contain_text("general")


async def test_traffic_shows_a_late_answer_and_one_that_never_came(desk: Desk) -> None:
    page = await desk.open(place="traffic")
    desk.slack.fault("slow", "conversations.open", times=1, seconds=1)
    desk.slack.fault("cut_before", "conversations.open", times=1)
    call = asyncio.create_task(desk.client.conversations_open(users="U01ALICE"))
    entry = page.locator(".entries li", has_text="conversations.open")
    await desk.slack.wait_until(lambda: desk.slack.calls("conversations.open"))
    await desk.slack.person("U01ALICE").write("hello", channel=GENERAL)
    await expect(entry.locator(".result")).to_have_text("…")
    await call
    await expect(entry.locator(".result")).to_have_text("ok")
    hasty = AsyncWebClient(token=desk.slack.bot_token, base_url=desk.slack.api_url, retry_handlers=[])
    with pytest.raises(aiohttp.ClientError):
        await hasty.conversations_open(users="U01ALICE")
    await expect(entry.first.locator(".result")).to_have_text("no answer")


async def test_traffic_shows_acks_calls_and_refusals(desk: Desk) -> None:
    page = await desk.open(place="traffic")
    await desk.slack.person("U01ALICE").command("/hello", "you", channel=GENERAL)
    with pytest.raises(Exception, match="channel_not_found"):
        await desk.client.chat_postMessage(channel="C99", text="x")
    await expect(page.locator(".refusals")).to_contain_text("chat.postMessage: channel_not_found")
    entry = page.locator(".entries li", has_text="/hello")
    await expect(entry).to_contain_text(re.compile(r"200 in [\d.]+ ms"))
    await entry.locator("summary").click()
    await expect(entry).to_contain_text('"text": "you"')


async def test_faults_are_made_in_the_page(desk: Desk) -> None:
    page = await desk.open(place="traffic")
    await page.get_by_text("Make things go wrong").click()
    await page.get_by_label("Fault").select_option("error_503")
    await page.get_by_label("Method").fill("chat.postMessage")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("status")).to_have_text("1 active")
    assert [fault.kind for fault in desk.slack.slack.faults.rules] == ["error_503"]


async def test_one_becomes_somebody_else_and_changes_language(desk: Desk) -> None:
    page = await desk.open()
    await expect(page.locator("#sidebar")).to_contain_text("second")
    await page.get_by_label("You are").select_option("U02BRUNO")
    await expect(page.locator("#sidebar")).not_to_contain_text("second")
    assert await page.get_by_label("Your language").input_value() == "fr-FR"
    await page.get_by_label("Your language").select_option("de-DE")
    await desk.slack.wait_until(lambda: desk.slack.slack.workspace.users["U02BRUNO"].locale == "de-DE")
    await page.get_by_label("You are").select_option("U03OTTO")
    await expect(page.locator("#sidebar")).to_contain_text("Not installed here")


async def test_reset_is_one_click(desk: Desk) -> None:
    page = await desk.open()
    await say(page, "hello")
    await expect(page.locator(".message")).to_have_count(1)
    await page.get_by_role("button", name="Reset").click()
    await expect(page.locator(".message")).to_have_count(0)


async def test_a_long_reset_says_that_it_is_under_way(desk: Desk) -> None:
    page, ready = await desk.open(), asyncio.Event()

    async def start_over() -> None:
        await ready.wait()

    desk.slack.on_reset(start_over)
    await page.get_by_role("button", name="Reset").click()
    waiting = page.get_by_role("button", name="Resetting…")
    await expect(waiting).to_have_attribute("aria-disabled", "true")
    await expect(waiting).to_be_focused()
    ready.set()
    await expect(page.get_by_role("alert")).to_have_text("Everything is as it was at the start.")
    await expect(page.get_by_role("button", name="Reset", exact=True)).to_be_focused()


async def test_an_app_that_does_not_answer_is_marked(desk: Desk) -> None:
    page = await desk.open()
    await say(page, "/hello modal")
    await modal(page).wait_for()
    desk.slack.deliver_to("http://127.0.0.1:9/nobody")
    await modal(page).get_by_role("button", name="More").click()
    await expect(modal(page).get_by_role("alert")).to_contain_text("We had some trouble connecting.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_theme_follows_and_is_switched(desk: Desk, scheme: Any) -> None:
    page = await desk.open(color_scheme=scheme)
    ground = "getComputedStyle(document.documentElement).getPropertyValue('--ground').trim()"
    before = await page.evaluate(ground)
    await page.get_by_role("button", name="Theme").click()
    after = await page.evaluate(ground)
    assert {before, after} == {"#ffffff", "#171b1c"}
    assert (before == "#ffffff") == (scheme == "light")


async def test_a_phone_shows_one_thing_at_a_time(desk: Desk) -> None:
    page = await desk.open(viewport={"width": 390, "height": 780})
    await expect(page.locator("#sidebar")).not_to_be_visible()
    await page.get_by_role("button", name="Menu").click()
    await page.locator("#sidebar").get_by_role("link", name="Home").click()
    await expect(page.locator(".home")).to_be_visible()
    await expect(page.locator("#sidebar")).not_to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
