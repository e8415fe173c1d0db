"""Everything the bot can show, in both languages: taken by a strict Slack, and drawn in the page."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks.block_kit import Block, View, build_alert, build_modal, build_section, render_form_with_errors
from bot.blocks.help import format_help
from bot.blocks.home import page as home_page
from bot.blocks.notice import render_notice_message
from bot.i18n import Localizer
from handlers.routes import ROUTES
from models.errors import ViewTriggerExpired
from models.notice import NoticeKind
from sandbox import Sandbox
from tests.blocks import sample_messages
from tests.blocks.sample_messages import make_message
from tests.blocks.samples import LONGEST, USUAL, Size
from tests.blocks.test_limits import SCREENS, URL

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALICE, GALLERY = "U01ALICE", "C01GALLERY"
WORKSPACE: dict[str, Any] = {
    "teams": [{"id": "T1", "name": "Acme"}],
    "app": {"manifest": str(Path(__file__).parents[2] / "manifest.yml")},
    "users": [{"id": ALICE, "name": "alice", "tz": "Europe/Paris"}],
    "channels": [{"id": GALLERY, "name": "gallery", "members": [ALICE]}],
}
SIZES = {"usual": USUAL, "longest": LONGEST}
LANGUAGES = ("en-GB", "fr-FR")
DESTINATIONS = ("contact", "channel", "services")

Send = Callable[..., Any]


@cache
def everything(language: str, size: str) -> tuple[list[tuple[str, View]], list[tuple[str, dict[str, Any]]]]:
    """Views and messages, each with a name."""
    reader = Localizer(language, "Europe/Paris")
    return [*views(reader, SIZES[size])], [*messages(reader, SIZES[size])]


def views(reader: Localizer, size: Size) -> Iterator[tuple[str, View]]:
    for name, draw in SCREENS.items():
        yield name, draw(reader, size)
    for name in ("cart.save", "checkout.save", "quote.reject"):
        words = {"a field": "Wrong. " * 40 if size is LONGEST else "Wrong."}
        yield f"{name}, again", render_form_with_errors(SCREENS[name](reader, size), words)
    waiting = build_section(reader.format_mrkdwn("loading-text"))
    yield "waiting", build_modal("waiting.show", reader.format_text("loading-title"), [waiting], reader)
    yield "home, refused", home_page.render_refused_home(reader, ViewTriggerExpired(), URL)
    for level in ("default", "info", "warning", "error", "success"):
        yield f"alert, {level}", build_modal("alert.show", "Alert", [build_alert("&" * 200, level)], reader)


def messages(reader: Localizer, size: Size) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in NoticeKind:
        for to in DESTINATIONS:
            yield f"{kind.value} to {to}", render_notice_message(make_message(kind, reader, size, to), URL)
    for step in sample_messages.STEPS:
        sent = make_message(
            NoticeKind.ORDER_HISTORY,
            reader,
            size,
            "channel",
            payload=sample_messages.payload(NoticeKind.ORDER_HISTORY, size, step),
        )
        yield f"history, {step}", render_notice_message(sent, URL)
    for route in ROUTES:
        if route.kind == "command":
            yield f"{route.id} help", {"text": format_help(reader, route.id), "blocks": []}


class Gallery:
    """The sandbox, with no bot behind it: only what the bot would show."""

    def __init__(self, slack: Sandbox) -> None:
        self.slack = slack
        self.client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        self.refused: dict[str, Any] = {}

    async def post(self, name: str, content: dict[str, Any]) -> None:
        """And edit it, since status messages are kept up to date in place."""
        posted = await self._send(name, self.client.chat_postMessage, channel=GALLERY, **content)
        if posted is not None:
            await self._send(name, self.client.chat_update, channel=GALLERY, ts=posted["ts"], **content)

    async def show(self, name: str, view: View, client: str = "main") -> None:
        if view["type"] == "home":
            await self._send(name, self.client.views_publish, user_id=ALICE, view=view)
            return
        workspace = self.slack.slack.workspace
        trigger = workspace.new_trigger(workspace.client(ALICE, client), "T1").id
        await self._send(name, self.client.views_open, trigger_id=trigger, view=view)

    async def _send(self, name: str, method: Send, **arguments: Any) -> Any:
        try:
            return await method(**arguments)
        except SlackApiError as error:
            self.refused[name] = error.response.data
            return None


@pytest_asyncio.fixture(loop_scope="session")
async def gallery() -> AsyncIterator[Gallery]:
    async with Sandbox.start(WORKSPACE) as slack:
        yield Gallery(slack)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
async def test_a_strict_slack_takes_everything(gallery: Gallery, size: str, language: str) -> None:
    screens, sent = everything(language, size)
    for name, view in screens:
        await gallery.show(name, view)
    for name, content in sent:
        await gallery.post(name, content)
    assert gallery.refused == {}
    assert gallery.slack.warnings == []


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_draws_everything_with_the_longest_texts(
    gallery: Gallery, browser: Browser, language: str
) -> None:
    """In one visit: every message in a channel, then every modal and every Home, one after the other."""
    screens, sent = everything(language, "longest")
    for name, content in sent:
        await gallery.post(name, content)
    page, page_errors = await visit(browser, gallery)
    await expect(page.locator("#main .message")).to_have_count(len(sent))
    await expect_drawn(page, "#main .messages")
    await page.goto(f"{gallery.slack.page_url}?user={ALICE}#home")
    client = next(name for _, name in gallery.slack.slack.workspace.clients if name.startswith("page-"))
    for number, (name, view) in enumerate(screens):
        await gallery.show(name, numbered(view, number), client)
        if view["type"] == "home":
            await expect(page.locator(".home .block")).to_have_count(len(view["blocks"]))
            continue
        await expect(page.locator("#modal[open] footer button").first).to_have_text(str(number))
        await expect(page.locator("#modal .block")).to_have_count(len(view["blocks"]))
        await expect_drawn(page, "#modal .modal-body")
        gallery.slack.slack.workspace.client(ALICE, client).stack.clear()
    await expect(page.locator(".unknown")).to_have_count(0)
    await page.close()
    assert page_errors == []
    assert gallery.refused == {}


async def visit(browser: Browser, gallery: Gallery) -> tuple[Page, list[str]]:
    page_errors: list[str] = []
    page = await browser.new_page(viewport={"width": 1100, "height": 800})
    page.on("pageerror", lambda error: page_errors.append(str(error)))
    page.on("console", lambda line: page_errors.append(line.text) if line.type == "error" else None)
    await page.goto(f"{gallery.slack.page_url}?user={ALICE}#{GALLERY}")
    return page, page_errors


def numbered(view: View, number: int) -> View:
    """So that one sees which of them is on the screen."""
    close: Block = {"type": "plain_text", "text": str(number)}
    return {**view, "close": close} if view["type"] == "modal" else view


async def expect_drawn(page: Page, where: str) -> None:
    """No block is unknown, and none is wider than its place."""
    await expect(page.locator(f"{where} .unknown")).to_have_count(0)
    assert await page.locator(where).evaluate("node => node.scrollWidth - node.clientWidth") <= 0
