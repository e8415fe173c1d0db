"""What a simulated person sees: messages, modals, Home."""

import copy
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox import elements
from sandbox.core import SandboxCore
from sandbox.elements import InputValue
from sandbox.errors import Json, NotShown
from sandbox.interactions import Container
from sandbox.records import Client, Message, View
from sandbox.user_actions import Reply
from sandbox.visible_text import extract_text


class Viewer(Protocol):
    """A person who sees a surface and can use it."""

    slack: SandboxCore
    client: Client
    offered: dict[tuple[str, str, str], list[Json]]

    async def press_on(
        self,
        container: Container,
        action_id: str | None,
        value: InputValue = None,
        block_id: str | None = None,
    ) -> Reply: ...


@dataclass(frozen=True)
class PostedMessage:
    slack: SandboxCore
    record: Message

    @property
    def ts(self) -> str:
        return self.record.ts

    @property
    def text(self) -> str:
        """The top-level text, which notifications and screen readers use."""
        return self.record.text

    @property
    def blocks(self) -> list[Json]:
        return self.record.blocks

    @property
    def words(self) -> str:
        """All visible text of the blocks, or the message's text if it has none."""
        return extract_text(self.record.blocks) or self.record.text

    @property
    def channel_id(self) -> str:
        return self.record.channel_id

    @property
    def is_ephemeral(self) -> bool:
        return self.record.only_for is not None

    @property
    def is_deleted(self) -> bool:
        return self.record.deleted

    @property
    def thread_ts(self) -> str | None:
        return self.record.thread_ts

    @property
    def thread(self) -> list["PostedMessage"]:
        """The replies in its thread."""
        channel = self.slack.workspace.channels[self.record.channel_id]
        replies = [
            m for m in channel.messages if m.thread_ts == self.ts and m.ts != self.ts and not m.deleted
        ]
        return [PostedMessage(self.slack, reply) for reply in replies]

    @property
    def edits(self) -> list["PostedMessage"]:
        """Its content before each update, oldest first."""
        return [PostedMessage(self.slack, edit) for edit in self.record.edits]

    @property
    def files(self) -> list[Any]:
        return [self.slack.workspace.files[file_id] for file_id in self.record.files]

    @property
    def error(self) -> str | None:
        return self.record.error


def build_posted_message(slack: SandboxCore, message: Message) -> PostedMessage:
    return PostedMessage(slack, message)


class Surface:
    """A modal or Home as a person sees it."""

    def __init__(self, person: Viewer, view: View) -> None:
        self.person = person
        self.view = view

    @property
    def id(self) -> str:
        return self.view.id

    @property
    def callback_id(self) -> str:
        return self.view.callback_id

    @property
    def private_metadata(self) -> str:
        return self.view.private_metadata

    @property
    def blocks(self) -> list[Json]:
        return self.view.blocks

    @property
    def text(self) -> str:
        """All visible text, line by line."""
        return extract_text(self.view.blocks)

    @property
    def values(self) -> dict[str, dict[str, Json]]:
        return self.view.state

    @property
    def error(self) -> str | None:
        return self.view.error

    def get_block(self, block_id: str) -> Json:
        for block in self.view.blocks:
            if block["block_id"] == block_id:
                return block
        raise NotShown(f"no block {block_id}; there is {', '.join(b['block_id'] for b in self.view.blocks)}")

    def get_element(self, block_id: str | None = None, action_id: str | None = None) -> Json:
        return elements.find_element(self.view.blocks, block_id, action_id).element

    @property
    def action_ids(self) -> list[str]:
        return [item.action_id for item in elements.iterate_elements(self.view.blocks)]

    async def press(self, action_id: str, value: InputValue = None, *, block_id: str | None = None) -> Reply:
        return await self.person.press_on(Container(view=self.view), action_id, value, block_id)


class Modal(Surface):
    @property
    def title(self) -> str:
        return str((self.view.title or {}).get("text", ""))

    @property
    def submit_label(self) -> str | None:
        return (self.view.submit or {}).get("text")

    @property
    def close_label(self) -> str | None:
        return (self.view.close or {}).get("text")

    @property
    def errors(self) -> dict[str, str]:
        return self.view.errors

    @property
    def is_open(self) -> bool:
        return self.view in self.person.client.stack

    def get_value(self, block_id: str, action_id: str | None = None) -> Any:
        """A field's value: its text, its option's value, or a list of these."""
        item = elements.find_element(self.view.blocks, block_id, action_id)
        held = self.view.state[item.block_id][item.action_id][elements.STATEFUL_TYPES[item.type][0]]
        if isinstance(held, dict):
            return held.get("value")
        return [option["value"] for option in held] if held and isinstance(held[0], dict) else held

    def fill(self, block_id: str, value: InputValue, action_id: str | None = None) -> "Modal":
        """Enters or selects a value; an option by its value or visible text. Sends nothing to the app."""
        item = elements.find_element(self.view.blocks, block_id, action_id)
        if item.type not in elements.STATEFUL_TYPES:
            raise NotShown(f"{block_id}/{item.action_id} is a {item.type}: nothing to fill")
        offered = self.person.offered.get((self.view.id, item.block_id, item.action_id))
        state = elements.build_input_state(item.element, value, offered)
        self.view.state.setdefault(item.block_id, {})[item.action_id] = state
        return self

    async def load_options(self, block_id: str, query: str = "", action_id: str | None = None) -> list[Json]:
        """Asks the app for an external select's options; `fill` may then choose one."""
        item = elements.find_element(self.view.blocks, block_id, action_id)
        people = self.person.slack.people
        options = await people.load_options(self.person.client, Container(view=self.view), item, query)
        self.person.offered[(self.view.id, item.block_id, item.action_id)] = options
        return options

    def copy(self) -> "Modal":
        """A snapshot of the modal that later updates don't change, as in a browser with a stale view."""
        return Modal(self.person, copy.deepcopy(self.view))

    async def submit(self, *, strict: bool = False) -> Reply:
        """`strict` validates required fields, lengths and bounds first, as Slack's client does."""
        if self.view.submit is None:
            raise NotShown(f"{self.title} has no submit button")
        return await self.person.slack.people.submit(self.person.client, self.view, strict=strict)
