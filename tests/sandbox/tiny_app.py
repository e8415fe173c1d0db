"""A small Bolt app that uses each kind of request once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox import gallery

Json = dict[str, Any]


def build_text(words: str) -> Json:
    return {"type": "plain_text", "text": words}


def build_button(action_id: str, words: str, value: str = "") -> Json:
    body: Json = {"type": "button", "action_id": action_id, "text": build_text(words)}
    return {**body, "value": value} if value else body


def build_modal(callback_id: str, blocks: list[Json], **fields: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": build_text("Greeting"),
        "submit": build_text("Send"),
        "blocks": blocks,
        **fields,
    }


NAME = {
    "type": "input",
    "block_id": "name",
    "label": build_text("Whom to greet"),
    "element": {"type": "plain_text_input", "action_id": "name"},
}
TIMES = {
    "type": "input",
    "block_id": "times",
    "label": build_text("How often"),
    "element": {
        "type": "number_input",
        "action_id": "times",
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": "9",
        "initial_value": "1",
    },
}
HELLO_MODAL = build_modal(
    "hello",
    [NAME, TIMES, {"type": "actions", "block_id": "more", "elements": [build_button("more", "More")]}],
    notify_on_close=True,
    private_metadata="kept",
)
HELLO_HOME = {
    "type": "home",
    "blocks": [{"type": "actions", "block_id": "home", "elements": [build_button("greet", "Greet", "all")]}],
}


def build_greeting(words: str) -> list[Json]:
    return [
        {"type": "section", "block_id": "words", "text": {"type": "mrkdwn", "text": words}},
        {
            "type": "actions",
            "block_id": "row",
            "elements": [build_button("wave", "Wave", "1"), build_button("open", "Open")],
        },
    ]


def create_tiny_app(slack: Sandbox) -> AsyncApp:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret, process_before_response=True)
    seen: list[str] = []
    app.seen = seen  # type: ignore[attr-defined]  # a place for the tests to look

    @app.command("/hello")
    async def hello(ack: Any, command: Json, client: AsyncWebClient) -> None:
        if command["text"] == "modal":
            await ack()
            await client.views_open(trigger_id=command["trigger_id"], view=HELLO_MODAL)
        elif command["text"] == "gallery":
            await ack()
            await client.views_open(trigger_id=command["trigger_id"], view=gallery.MODAL)
        elif command["text"] == "post":
            await ack()
            await client.chat_postMessage(
                channel=command["channel_id"], text="Hello all", blocks=build_greeting("Hello *all*")
            )
        else:
            await ack(f"Hello {command['text']}")

    @app.view("hello")
    async def submitted(ack: Any, view: Json, body: Json, client: AsyncWebClient) -> None:
        name = view["state"]["values"]["name"]["name"]["value"]
        if not name or name == "nobody":
            await ack(response_action="errors", errors={"name": "Nobody can be greeted."})
            return
        await ack()
        seen.append(f"submitted {name}")
        await client.chat_postMessage(channel=body["user"]["id"], text=f"Greeted {name}")

    @app.view_closed("hello")
    async def closed(ack: Any, body: Json) -> None:
        await ack()
        seen.append(f"closed {body['is_cleared']}")

    @app.action("more")
    async def more(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        note = {"type": "section", "block_id": "note", "text": build_text("More was asked")}
        view = {**HELLO_MODAL, "blocks": [*HELLO_MODAL["blocks"], note]}
        await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)

    @app.action("wave")
    async def wave(ack: Any, body: Json, respond: Any) -> None:
        await ack()
        await respond(text="You waved", replace_original=False, response_type="ephemeral")

    @app.action("open")
    async def open_(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=HELLO_MODAL)

    @app.action("greet")
    async def greet(ack: Any, body: Json) -> None:
        await ack()
        seen.append(f"greet {body['actions'][0]['value']}")

    @app.event("app_home_opened")
    async def home(event: Json, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view=HELLO_HOME)

    @app.action("danger")
    async def danger(ack: Any) -> None:
        await ack()
        seen.append("danger")

    @app.event("message")
    async def message() -> None:
        """Ignores the event."""

    @app.options("external_select")
    async def cities(ack: Any, payload: Json) -> None:
        names = [name for name in ("Paris", "Parma", "Rome") if name.lower().startswith(payload["value"])]
        await ack(options=[{"text": build_text(name), "value": name.lower()} for name in names])

    return app


@asynccontextmanager
async def connect_over_http(slack: Sandbox, app: AsyncApp) -> AsyncIterator[None]:
    runner = web.AppRunner(app.web_app("/slack/events"), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def connect_over_socket_mode(slack: Sandbox, app: AsyncApp) -> AsyncIterator[None]:
    handler: Any = AsyncSocketModeHandler(app, slack.app_token, web_client=app.client)
    await handler.connect_async()
    try:
        await slack.wait_until(lambda: slack.slack.sockets.is_open)
        yield
    finally:
        await handler.close_async()


TRANSPORTS = {"http": connect_over_http, "socket": connect_over_socket_mode}
