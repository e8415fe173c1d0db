"""A simulated person in a test: what they do, and what they see."""

from collections.abc import Callable
from typing import Any

from sandbox import elements
from sandbox.core import SandboxCore
from sandbox.elements import InputValue
from sandbox.errors import Json, NotShown
from sandbox.interactions import Container
from sandbox.records import Channel, Client
from sandbox.screen import Modal, PostedMessage, Surface, build_posted_message
from sandbox.user_actions import Reply
from sandbox.workspace import WAIT_SECONDS

__all__ = ["Modal", "Person", "PostedMessage", "Surface", "build_posted_message"]


class Person:
    def __init__(self, slack: SandboxCore, client: Client) -> None:
        self.slack = slack
        self.client = client
        self.offered: dict[tuple[str, str, str], list[Json]] = {}

    @property
    def id(self) -> str:
        return self.client.user_id

    # --- what they see

    @property
    def modal(self) -> Modal | None:
        return Modal(self, self.client.stack[-1]) if self.client.stack else None

    @property
    def modals(self) -> list[Modal]:
        return [Modal(self, view) for view in self.client.stack]

    @property
    def home(self) -> Surface | None:
        homes = [home for home in self.slack.workspace.homes.values() if home.user_id == self.id]
        return Surface(self, homes[-1]) if homes else None

    @property
    def ephemerals(self) -> list[PostedMessage]:
        """In all channels, oldest first."""
        found = [
            message
            for channel in self.slack.workspace.channels.values()
            for message in channel.messages
            if message.only_for == self.id and not message.deleted
        ]
        return [
            build_posted_message(self.slack, message) for message in sorted(found, key=lambda m: float(m.ts))
        ]

    @property
    def dms(self) -> list[PostedMessage]:
        return [
            build_posted_message(self.slack, message)
            for channel in self._list_dm_channels()
            for message in channel.messages
            if not message.deleted and message.only_for in (None, self.id)
        ]

    def _list_dm_channels(self) -> list[Channel]:
        return [c for c in self.slack.workspace.channels.values() if c.is_im and self.id in c.members]

    # --- what they do

    def switch_workspace(self, team_id: str) -> "Person":
        """Switches to a different workspace of theirs."""
        self.slack.people.switch_workspace(self.client, team_id)
        return self

    async def command(self, name: str, text: str = "", *, channel: str = "DM") -> Reply:
        return await self.slack.people.run_command(self.client, name, text, channel)

    async def shortcut(self, callback_id: str, message: PostedMessage | None = None) -> Reply:
        return await self.slack.people.run_shortcut(
            self.client, callback_id, message.record if message else None
        )

    async def write(
        self, text: str, *, channel: str = "DM", thread: PostedMessage | None = None
    ) -> PostedMessage:
        thread_ts = thread.ts if thread else None
        return build_posted_message(
            self.slack, await self.slack.people.post_message(self.client, channel, text, thread_ts)
        )

    async def open_home(self, tab: str = "home") -> Reply:
        return await self.slack.people.open_home(self.client, tab)

    async def press(
        self,
        action_id: str | None = None,
        value: InputValue = None,
        *,
        text: str | None = None,
        block_id: str | None = None,
    ) -> Reply:
        """Presses an element of the top modal or, if none is open, of Home or of a message, newest first.

        A button is identified by its action_id or its `text`; `value` selects one of several equal buttons,
        or an option of a select. Confirm dialogs are accepted."""
        if self.client.stack:
            return await self.press_on(
                Container(view=self.client.stack[-1]), action_id, value, block_id, text
            )
        for container in self._list_containers():
            try:
                return await self.press_on(container, action_id, value, block_id, text)
            except NotShown:
                continue
        raise NotShown(f"{self.id} sees nothing to press called {action_id or text!r}")

    async def press_in(
        self,
        message: PostedMessage,
        action_id: str | None = None,
        value: InputValue = None,
        *,
        text: str | None = None,
    ) -> Reply:
        channel = self.slack.workspace.channels[message.channel_id]
        if self.id not in channel.members:
            raise NotShown(f"{self.id} is not in {channel.id}")
        return await self.press_on(
            Container(message=message.record, channel=channel), action_id, value, None, text
        )

    async def press_on(
        self,
        container: Container,
        action_id: str | None,
        value: InputValue = None,
        block_id: str | None = None,
        text: str | None = None,
    ) -> Reply:
        wanted = str(value) if value is not None and not isinstance(value, list) else None
        item = self._find_element(container, action_id, wanted, block_id, text)
        if not item.sends_action:
            raise NotShown(f"{item.action_id} is an input without dispatch_action: it waits for the submit")
        choice = value if item.type in elements.STATEFUL_TYPES or item.type == "overflow" else None
        return await self.slack.people.press(self.client, container, item, choice)

    def _find_element(
        self,
        container: Container,
        action_id: str | None,
        value: str | None,
        block_id: str | None,
        text: str | None,
    ) -> elements.ElementInBlock:
        if text is None:
            item = elements.find_element(container.blocks, block_id, action_id, value)
            if item.type == "button" and value is not None and item.element.get("value") != value:
                raise NotShown(f"no button {action_id} with value {value!r}")
            return item
        for item in elements.iterate_elements(container.blocks):
            if item.element.get("text", {}).get("text") == text and action_id in (None, item.action_id):
                return item
        raise NotShown(f"no button says {text!r}")

    def _list_containers(self) -> list[Container]:
        homes = [home for home in self.slack.workspace.homes.values() if home.user_id == self.id]
        seen = [
            Container(message=message, channel=channel)
            for channel in self.slack.workspace.channels.values()
            if self.id in channel.members
            for message in channel.messages
            if not message.deleted and message.only_for in (None, self.id)
        ]
        newest_first = sorted(
            seen, key=lambda container: -float(container.message.ts if container.message else 0)
        )
        return [*(Container(view=home) for home in homes), *newest_first]

    async def submit(self, *, strict: bool = False) -> Reply:
        return await self._get_top_modal().submit(strict=strict)

    async def close_modal(self, *, everything: bool = False) -> Reply:
        return await self.slack.people.close_view(self.client, everything=everything)

    def fill(self, block_id: str, value: InputValue, action_id: str | None = None) -> Modal:
        return self._get_top_modal().fill(block_id, value, action_id)

    def _get_top_modal(self) -> Modal:
        if self.modal is None:
            raise NotShown(f"{self.id} has no modal open")
        return self.modal

    # --- waiting for what an app does after its ack

    async def wait_for_modal(self, callback_id: str | None = None, timeout: float = WAIT_SECONDS) -> Modal:  # noqa: ASYNC109
        def shown() -> Modal | None:
            modal = self.modal
            return modal if modal and callback_id in (None, modal.callback_id) else None

        modal = await self.wait_until(shown, timeout)
        assert isinstance(modal, Modal)
        return modal

    async def wait_for_dm(self, count: int = 1, timeout: float = WAIT_SECONDS) -> PostedMessage:  # noqa: ASYNC109
        """Returns the newest direct message once there are at least `count`."""
        dms: list[PostedMessage] = await self.wait_until(lambda: self.dms[count - 1 :] and self.dms, timeout)
        return dms[-1]

    async def wait_for_ephemeral(self, count: int = 1, timeout: float = WAIT_SECONDS) -> PostedMessage:  # noqa: ASYNC109
        found: list[PostedMessage] = await self.wait_until(
            lambda: self.ephemerals[count - 1 :] and self.ephemerals, timeout
        )
        return found[-1]

    async def wait_until(self, predicate: Callable[[], Any], timeout: float = WAIT_SECONDS) -> Any:  # noqa: ASYNC109
        try:
            return await self.slack.workspace.changes.wait_until(predicate, timeout)
        except TimeoutError as error:
            raise TimeoutError(f"{self.id}: {error}; {self._describe_visible_state()}") from None

    def _describe_visible_state(self) -> str:
        modal = f"modal {self.modal.callback_id or self.modal.title!r}" if self.modal else "no modal"
        refusals = "; ".join(f"{r.what}: {r.error} {r.messages}" for r in self.slack.traffic.refusals[-3:])
        return f"they see {modal}" + (f"; refused: {refusals}" if refusals else "")
