"""A person in a test: what they do, and what comes into their sight."""

from collections.abc import Callable
from typing import Any

from sandbox import elements
from sandbox.core import Slack
from sandbox.elements import Typed
from sandbox.errors import Json, NotShown
from sandbox.interactions import Place
from sandbox.records import Channel, Client
from sandbox.screen import Modal, PostedMessage, Surface, posted
from sandbox.user_actions import Reply
from sandbox.workspace import WAIT_SECONDS

__all__ = ["Modal", "Person", "PostedMessage", "Surface", "posted"]


class Person:
    def __init__(self, slack: Slack, client: Client) -> None:
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
        return [posted(self.slack, message) for message in sorted(found, key=lambda m: float(m.ts))]

    @property
    def dms(self) -> list[PostedMessage]:
        return [
            posted(self.slack, message)
            for channel in self._dm_channels()
            for message in channel.messages
            if not message.deleted and message.only_for in (None, self.id)
        ]

    def _dm_channels(self) -> list[Channel]:
        return [c for c in self.slack.workspace.channels.values() if c.is_im and self.id in c.members]

    # --- what they do

    def go_to(self, team_id: str) -> "Person":
        """Another of their workspaces."""
        self.slack.people.go_to(self.client, team_id)
        return self

    async def command(self, name: str, text: str = "", *, channel: str = "DM") -> Reply:
        return await self.slack.people.command(self.client, name, text, channel)

    async def shortcut(self, callback_id: str, message: PostedMessage | None = None) -> Reply:
        return await self.slack.people.shortcut(self.client, callback_id, message.record if message else None)

    async def write(
        self, text: str, *, channel: str = "DM", thread: PostedMessage | None = None
    ) -> PostedMessage:
        thread_ts = thread.ts if thread else None
        return posted(self.slack, await self.slack.people.write(self.client, channel, text, thread_ts))

    async def open_home(self, tab: str = "home") -> Reply:
        return await self.slack.people.open_home(self.client, tab)

    async def press(
        self,
        action_id: str | None = None,
        value: Typed = None,
        *,
        text: str | None = None,
        block_id: str | None = None,
    ) -> Reply:
        """Presses what the top modal shows; with none open, what Home and the messages show, newest first.

        A button is named by its action_id or by the `text` on it; `value` tells equal buttons apart, or is
        what one chooses in a select. Confirm dialogs are accepted."""
        if self.client.stack:
            return await self.press_on(Place(view=self.client.stack[-1]), action_id, value, block_id, text)
        for place in self._places():
            try:
                return await self.press_on(place, action_id, value, block_id, text)
            except NotShown:
                continue
        raise NotShown(f"{self.id} sees nothing to press called {action_id or text!r}")

    async def press_in(
        self,
        message: PostedMessage,
        action_id: str | None = None,
        value: Typed = None,
        *,
        text: str | None = None,
    ) -> Reply:
        channel = self.slack.workspace.channels[message.channel_id]
        if self.id not in channel.members:
            raise NotShown(f"{self.id} is not in {channel.id}")
        return await self.press_on(
            Place(message=message.record, channel=channel), action_id, value, None, text
        )

    async def press_on(
        self,
        place: Place,
        action_id: str | None,
        value: Typed = None,
        block_id: str | None = None,
        text: str | None = None,
    ) -> Reply:
        wanted = str(value) if value is not None and not isinstance(value, list) else None
        placed = self._find(place, action_id, wanted, block_id, text)
        if not placed.acts:
            raise NotShown(f"{placed.action_id} is an input without dispatch_action: it waits for the submit")
        choice = value if placed.type in elements.STATEFUL or placed.type == "overflow" else None
        return await self.slack.people.press(self.client, place, placed, choice)

    def _find(
        self, place: Place, action_id: str | None, value: str | None, block_id: str | None, text: str | None
    ) -> elements.Placed:
        if text is None:
            placed = elements.find_element(place.blocks, block_id, action_id, value)
            if placed.type == "button" and value is not None and placed.element.get("value") != value:
                raise NotShown(f"no button {action_id} with value {value!r}")
            return placed
        for placed in elements.placed_elements(place.blocks):
            if placed.element.get("text", {}).get("text") == text and action_id in (None, placed.action_id):
                return placed
        raise NotShown(f"no button says {text!r}")

    def _places(self) -> list[Place]:
        homes = [home for home in self.slack.workspace.homes.values() if home.user_id == self.id]
        seen = [
            Place(message=message, channel=channel)
            for channel in self.slack.workspace.channels.values()
            if self.id in channel.members
            for message in channel.messages
            if not message.deleted and message.only_for in (None, self.id)
        ]
        newest_first = sorted(seen, key=lambda place: -float(place.message.ts if place.message else 0))
        return [*(Place(view=home) for home in homes), *newest_first]

    async def submit(self, *, strict: bool = False) -> Reply:
        return await self._top().submit(strict=strict)

    async def close_modal(self, *, everything: bool = False) -> Reply:
        return await self.slack.people.close(self.client, everything=everything)

    def fill(self, block_id: str, value: Typed, action_id: str | None = None) -> Modal:
        return self._top().fill(block_id, value, action_id)

    def _top(self) -> Modal:
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
        """The newest direct message once there are at least `count`."""
        dms: list[PostedMessage] = await self.wait_until(lambda: self.dms[count - 1 :] and self.dms, timeout)
        return dms[-1]

    async def wait_for_ephemeral(self, count: int = 1, timeout: float = WAIT_SECONDS) -> PostedMessage:  # noqa: ASYNC109
        found: list[PostedMessage] = await self.wait_until(
            lambda: self.ephemerals[count - 1 :] and self.ephemerals, timeout
        )
        return found[-1]

    async def wait_until(self, predicate: Callable[[], Any], timeout: float = WAIT_SECONDS) -> Any:  # noqa: ASYNC109
        try:
            return await self.slack.workspace.changes.until(predicate, timeout)
        except TimeoutError as error:
            raise TimeoutError(f"{self.id}: {error}; {self._sight()}") from None

    def _sight(self) -> str:
        modal = f"modal {self.modal.callback_id or self.modal.title!r}" if self.modal else "no modal"
        refusals = "; ".join(f"{r.what}: {r.error} {r.messages}" for r in self.slack.traffic.refusals[-3:])
        return f"they see {modal}" + (f"; refused: {refusals}" if refusals else "")
