"""What a test looks at beside the screen, and what happens in the world behind the bot's back."""

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select
from sqlmodel import SQLModel

from sandbox.driver import Modal, Person, PostedMessage
from tests.world import Row, World

# A mere request may write who Slack says a person is, whose Home was opened, and when it may be drawn again.
OF_A_REQUEST = {"slack_user", "home", "home_account", "delivery_slot"}


async def load_all_rows(world: World) -> dict[str, list[Any]]:
    """Every row of every table but those: equal before and after if nothing changed."""
    async with world.dependencies.read() as session:
        tables = [t for t in SQLModel.metadata.sorted_tables if t.name not in OF_A_REQUEST]
        connection = await session.connection()
        return {t.name: [tuple(row) for row in (await connection.execute(select(t))).all()] for t in tables}


async def change(world: World, table: type[Row], key: Any, **values: Any) -> None:
    """Someone else changes a row: an import, the provider, another worker."""
    async with world.dependencies.write() as session:
        row = await session.get_one(table, key)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


async def add(world: World, *rows: SQLModel) -> None:
    async with world.dependencies.write() as session:
        session.add_all(rows)


def show_form(person: Person, callback_id: str, metadata: str, *inputs: str) -> Modal:
    """A modal on a person's screen that the bot has not put there, with a text field for each of `inputs`."""
    fields = [
        {
            "type": "input",
            "block_id": name,
            "optional": True,
            "label": {"type": "plain_text", "text": "A field"},
            "element": {"type": "plain_text_input", "action_id": name},
        }
        for name in inputs
    ]
    return _show(person, callback_id, metadata, fields or [_build_section("A form")])


def show_button(person: Person, action_id: str, value: str, metadata: str) -> Modal:
    """The same, with a button."""
    return _show(person, "some.view", metadata, [_build_actions(action_id, value)])


async def post_button(world: World, channel: str, action_id: str, value: str) -> PostedMessage:
    """A message of the bot with a button."""
    world.clock.move(seconds=1)  # A channel takes a message a second.
    client = AsyncWebClient(token=world.slack.bot_token, base_url=world.slack.api_url)
    await client.chat_postMessage(
        channel=channel, text="A message", blocks=[_build_actions(action_id, value)]
    )
    return world.list_messages(channel)[-1]


async def get_answer(world: World, person: Person, before: int) -> str:
    """The newest private line after the first `before`; else the modal on top, first what is wrong in it."""
    await world.dependencies.tasks.wait_until_idle()
    if len(person.ephemerals) > before:
        return person.ephemerals[-1].words
    return "\n".join([*person.modal.errors.values(), person.modal.text]) if person.modal else ""


def _show(person: Person, callback_id: str, metadata: str, blocks: list[dict[str, Any]]) -> Modal:
    person.client.stack.clear()
    definition = {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "title": {"type": "plain_text", "text": "A modal"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": blocks,
    }
    person.slack.people.open_modal_for(person.client, definition)
    assert person.modal is not None
    return person.modal


def _build_section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text}}


def _build_actions(action_id: str, value: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": "Press"}
    return {
        "type": "actions",
        "elements": [{"type": "button", "action_id": action_id, "value": value, "text": text}],
    }
