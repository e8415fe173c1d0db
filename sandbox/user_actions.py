"""What people do: each method is one gesture of a person, delivered to the app, with its ack taken in."""

from dataclasses import dataclass, field
from typing import Any

from sandbox import elements, interactions
from sandbox.ack_handler import TROUBLE, Acks
from sandbox.block_kit_rules import options_errors
from sandbox.delivery import Delivery
from sandbox.elements import Placed, Typed
from sandbox.errors import Json, NotShown
from sandbox.forms import form_errors
from sandbox.interactions import Place, Scene
from sandbox.payloads import user_json, view_json
from sandbox.records import Channel, Client, File, Installation, Message, View
from sandbox.surfaces import check_view, place_view
from sandbox.traffic import Ack, AppRequest, Traffic
from sandbox.workspace import Workspace


@dataclass
class Reply:
    """What came of a gesture. `request` is None if the client refused, e.g. for a missing field."""

    request: AppRequest | None = None
    message: Message | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def ack(self) -> Ack:
        return (self.request.ack if self.request else None) or Ack(error="not_sent")

    @property
    def status(self) -> int | None:
        return self.ack.status

    @property
    def ms(self) -> float:
        return self.ack.ms

    @property
    def body(self) -> Any:
        return self.ack.body

    @property
    def error(self) -> str | None:
        return self.ack.error

    @property
    def ok(self) -> bool:
        return self.ack.ok

    @property
    def text(self) -> str:
        return self.message.text if self.message else ""


class People:
    def __init__(
        self, workspace: Workspace, delivery: Delivery, traffic: Traffic, base_url: str = ""
    ) -> None:
        self.workspace = workspace
        self.delivery = delivery
        self.traffic = traffic
        self.base_url = base_url
        self.acks = Acks(workspace, traffic)

    # --- commands, shortcuts, words

    async def command(self, client: Client, name: str, text: str, channel_id: str) -> Reply:
        scene = self._scene(client)
        channel = self._channel(scene, channel_id)
        if not self.workspace.knows_command(name):
            note = f"{name} is not a valid command."
            return Reply(message=self.acks.slackbot(channel, client.user_id, scene.installation, note))
        payload = interactions.command(scene, self.base_url, name, text, channel)
        request = await self.delivery.send("command", payload, client.id)
        assert request.ack
        message = self.acks.command(request.ack, name, client.user_id, channel, scene.installation)
        return Reply(request, message)

    async def shortcut(self, client: Client, callback_id: str, message: Message | None = None) -> Reply:
        scene = self._scene(client)
        if message is None:
            payload = interactions.global_shortcut(scene, callback_id)
        else:
            channel = self._channel(scene, message.channel_id)
            payload = interactions.message_shortcut(scene, self.base_url, callback_id, channel, message)
        return Reply(await self.delivery.send("interactive", payload, client.id))

    async def write(
        self, client: Client, channel_id: str, text: str, thread_ts: str | None = None
    ) -> Message:
        """A person's message; the app gets an event if it has subscribed to it."""
        user = self.workspace.user(client.user_id)
        installation = self.workspace.installation_of(client) or self.workspace.installations[0]
        channel = self._channel(Scene(self.workspace, client, user, installation), channel_id)
        ts = self.workspace.new_ts()
        message = Message(ts, channel.id, user.id, text, team_id=user.team_id, thread_ts=thread_ts)
        channel.messages.append(message)
        self.workspace.changes.notify()
        event: Json = {
            "user": user.id,
            "text": text,
            "ts": ts,
            "channel": channel.id,
            "event_ts": ts,
            "team": user.team_id,
        }
        if thread_ts:
            event["thread_ts"] = thread_ts
        if f"<@{installation.bot_user_id}>" in text:
            await self.event("app_mention", installation, event)
        if installation.bot_user_id in channel.members:
            kind = "im" if channel.is_im else "group" if channel.is_private else "channel"
            await self.event(f"message.{kind}", installation, {**event, "channel_type": kind})
        return message

    # --- elements and views

    async def press(
        self,
        client: Client,
        place: Place,
        placed: Placed,
        value: Typed = None,
        offered: list[Json] | None = None,
    ) -> Reply:
        scene = self._scene(client, self._team_of(place))
        state = self._remember(client, place, placed, value, offered)
        action = elements.action_json(placed, state, self.workspace.new_ts())
        payload = interactions.block_actions(scene, self.base_url, place, action)
        request = await self.delivery.send("interactive", payload, client.id)
        target = place.view or place.message
        assert target
        target.error = None if request.ack and request.ack.ok else TROUBLE
        return Reply(request)

    async def options(self, client: Client, place: Place, placed: Placed, query: str) -> list[Json]:
        """What an external select offers for some typed letters."""
        scene = self._scene(client, self._team_of(place))
        payload = interactions.block_suggestion(scene, place, placed.block_id, placed.action_id, query)
        request = await self.delivery.send("interactive", payload, client.id)
        body = request.ack.body if request.ack and request.ack.ok else None
        if not isinstance(body, dict):
            return []
        if errors := options_errors(body):
            self.traffic.refuse(f"options of {placed.action_id}", "invalid_options", errors)
            return []
        return elements.options_of(body)

    async def submit(self, client: Client, view: View, *, strict: bool = False) -> Reply:
        if strict and (errors := form_errors(view)):
            (client.find(view.id) or view).errors = errors
            self.workspace.changes.notify()
            return Reply(errors=errors)
        scene = self._scene(client, view.team_id)
        payload = interactions.view_submission(scene, self.base_url, view)
        request = await self.delivery.send("interactive", payload, client.id)
        assert request.ack
        self.acks.submission(request.ack, client, view)
        return Reply(request, errors=dict((client.find(view.id) or view).errors))

    async def close(self, client: Client, *, everything: bool = False) -> Reply:
        """The Cancel button closes the top view, the X all of them."""
        if not client.stack:
            raise NotShown("no modal is open")
        everything = everything or client.stack[-1].clear_on_close
        closed = client.stack[0] if everything else client.stack[-1]
        tell = any(view.notify_on_close for view in client.stack) if everything else closed.notify_on_close
        client.stack = [] if everything else client.stack[:-1]
        self.workspace.changes.notify()
        if not tell:
            return Reply()
        payload = interactions.view_closed(self._scene(client, closed.team_id), closed, is_cleared=everything)
        return Reply(await self.delivery.send("interactive", payload, client.id))

    async def open_home(self, client: Client, tab: str = "home") -> Reply:
        scene = self._scene(client)
        home = self.workspace.homes.get((scene.team_id, client.user_id))
        event: Json = {
            "user": client.user_id,
            "channel": self.workspace.dm(scene.installation, client.user_id).id,
            "event_ts": self.workspace.new_ts(),
            "tab": tab,
        }
        if home and tab == "home":
            event["view"] = view_json(self.workspace, home)
        return Reply(await self.event("app_home_opened", scene.installation, event, scene.team.id))

    def go_to(self, client: Client, team_id: str) -> None:
        """Another of the person's teams, as the switcher at the left of Slack's window does."""
        user = self.workspace.user(client.user_id)
        if team_id not in (user.team_id, *user.other_teams):
            raise NotShown(f"{user.name} does not belong to {team_id}")
        client.team_id = team_id
        self.workspace.changes.notify()

    async def event(
        self, name: str, installation: Installation, event: Json, team_id: str | None = None
    ) -> AppRequest | None:
        """`name` is the subscription, such as `message.im`; the event's type is the part before the dot."""
        subscribed = self.workspace.config.app.events
        if subscribed is not None and name not in subscribed:
            return None
        body = {"type": name.partition(".")[0], **event}
        channel = self.workspace.channels.get(str(event.get("channel")))
        shared = channel is not None and self.workspace.is_ext_shared(channel)
        payload = interactions.event_callback(
            self.workspace, installation, body, team_id, is_ext_shared_channel=shared
        )
        return await self.delivery.send_event(payload)

    async def tell_of_change(self, user_id: str) -> None:
        user = self.workspace.user(user_id)
        installation = self.workspace.installation_in(user.team_id)
        if installation:
            body = user_json(self.workspace, user, viewer_team=user.team_id, include_locale=True, email=True)
            await self.event("user_change", installation, {"user": body, "event_ts": self.workspace.new_ts()})

    def upload(self, user_id: str, name: str, content: bytes) -> File:
        file = File(self.workspace.new_id("F"), name, self.workspace.user(user_id).team_id, content=content)
        file.created, file.complete = self.workspace.clock(), True
        self.workspace.files[file.id] = file
        return file

    # --- the same request once more, or a forged one

    async def redeliver(self, request: AppRequest) -> Reply:
        """The same bytes and signature again, as a retry or a replay would bring them."""
        again = self.traffic.copy(request)
        await self.delivery.carry(again)
        return self.take_in(again)

    async def send_raw(self, kind: str, payload: Json, client_id: str = "main") -> Reply:
        return self.take_in(await self.delivery.send(kind, payload, client_id))

    def take_in(self, request: AppRequest) -> Reply:
        """The effects of an ack on what the person named in the payload sees."""
        payload, ack = request.payload, request.ack
        assert ack
        user_id = payload.get("user_id") or payload.get("user", {}).get("id", "")
        if user_id not in self.workspace.users:
            return Reply(request)
        client = self.workspace.client(user_id, request.client_id)
        if request.kind == "command" and payload.get("channel_id") in self.workspace.channels:
            channel = self.workspace.channels[payload["channel_id"]]
            installation = self.workspace.installation_in(payload["team_id"])
            assert installation
            return Reply(request, self.acks.command(ack, payload["command"], user_id, channel, installation))
        if payload.get("type") == "view_submission":
            view = client.find(payload["view"]["id"])
            if view:
                self.acks.submission(ack, client, view)
            body = ack.body if isinstance(ack.body, dict) else {}
            return Reply(request, errors=dict(body.get("errors") or {}))
        return Reply(request)

    # --- helpers

    def open_for(self, client: Client, definition: Json) -> View:
        """Puts a modal on a person's screen, for tests that need one without an app."""
        check_view(self.workspace, definition, "modal")
        return place_view(self.workspace, client, definition, self._scene(client).team_id)

    def _scene(self, client: Client, team_id: str | None = None) -> Scene:
        user, team_id = self.workspace.user(client.user_id), team_id or self.workspace.team_of(client).id
        installation = self.workspace.installation_in(team_id)
        if installation is None:
            raise NotShown(f"the app is not installed in {team_id}, the workspace of {user.name}")
        return Scene(self.workspace, client, user, installation)

    def _channel(self, scene: Scene, channel_id: str) -> Channel:
        """A person's own view of a channel; `DM` is the one with the app."""
        if channel_id == "DM":
            return self.workspace.dm(scene.installation, scene.user.id)
        channel = self.workspace.channels.get(channel_id)
        if channel is None or scene.user.id not in channel.members:
            raise NotShown(f"{scene.user.name} is in no channel {channel_id}")
        return channel

    def _team_of(self, place: Place) -> str:
        if place.view:
            return place.view.team_id
        assert place.message
        return place.message.team_id

    def _remember(
        self, client: Client, place: Place, placed: Placed, value: Typed, offered: list[Json] | None
    ) -> Json | None:
        """Keeps what was chosen, and returns it. A plain button holds nothing."""
        if placed.type == "overflow":
            options = elements.options_of(placed.element)
            chosen = elements.typed_state({**placed.element, "type": "static_select"}, value, options)
            return {**chosen, "type": "overflow"}
        if placed.type not in elements.STATEFUL:
            return None
        if value is not None:
            state = elements.typed_state(placed.element, value, offered)
        else:
            state = self._held(client, place, placed)
        self._state(client, place).setdefault(placed.block_id, {})[placed.action_id] = state
        return state

    def _held(self, client: Client, place: Place, placed: Placed) -> Json:
        held = self._state(client, place).get(placed.block_id, {}).get(placed.action_id)
        return held or elements.form_state([placed.block], {})[placed.block_id][placed.action_id]

    def _state(self, client: Client, place: Place) -> dict[str, dict[str, Json]]:
        if place.view:
            return place.view.state
        assert place.message
        return place.message.states.setdefault(client.user_id, {})
