"""Every view and message of the bot, in both languages, in a sandbox without a bot."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks.block_kit import Block, View, build_alert, build_modal, build_section, render_form_with_errors
from bot.blocks.help import format_help
from bot.blocks.home import page as home_page
from bot.blocks.notice import render_notice_message
from bot.i18n import Localizer
from demo.story import WORKSPACE_PATH
from handlers.routes import ROUTES
from models.errors import ViewTriggerExpired
from models.notice import NoticeKind
from sandbox import Sandbox
from tests.blocks import sample_messages
from tests.blocks.sample_messages import make_message
from tests.blocks.samples import LONGEST, USUAL, Size
from tests.blocks.test_limits import SCREENS, URL

ALICE, GALLERY = "U01ALICE", "C01GALLERY"


def build_guide() -> dict[str, Any]:
    """The demo's, for the people and channels of the gallery."""
    guide: dict[str, Any] = yaml.safe_load(WORKSPACE_PATH.read_text("utf-8"))["guide"]
    steps = [{**step, "user": ALICE, "place": GALLERY} for step in guide["steps"]]
    return {**guide, "steps": steps}


WORKSPACE: dict[str, Any] = {
    "teams": [{"id": "T1", "name": "Acme"}],
    "app": {"manifest": str(Path(__file__).parents[2] / "manifest.yml")},
    "users": [{"id": ALICE, "name": "alice", "tz": "Europe/Paris"}],
    "channels": [{"id": GALLERY, "name": "gallery", "members": [ALICE]}],
    "guide": build_guide(),
}
SIZES = {"usual": USUAL, "longest": LONGEST}
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
            payload=sample_messages.make_payload(NoticeKind.ORDER_HISTORY, size, step),
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
        trigger = workspace.create_trigger(workspace.get_client(ALICE, client), "T1").id
        await self._send(name, self.client.views_open, trigger_id=trigger, view=view)

    async def _send(self, name: str, method: Send, **arguments: Any) -> Any:
        try:
            return await method(**arguments)
        except SlackApiError as error:
            self.refused[name] = error.response.data
            return None


def numbered(view: View, number: int) -> View:
    """So that one sees which of them is on the screen."""
    close: Block = {"type": "plain_text", "text": str(number)}
    return {**view, "close": close} if view["type"] == "modal" else view
