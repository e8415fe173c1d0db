"""What people do in Slack. Each method is one action of a person: it is delivered to the app, and its ack is
applied."""

from dataclasses import dataclass, field
from typing import Any

from sandbox import elements, interactions
from sandbox.ack_handler import CONNECTION_ERROR_TEXT, AckHandler
from sandbox.block_kit_rules import find_options_errors
from sandbox.delivery import Delivery
from sandbox.elements import ElementInBlock, InputValue
from sandbox.errors import Json, NotShown
from sandbox.forms import find_form_errors
from sandbox.interactions import Container, InteractionContext
from sandbox.payloads import build_user_json, build_view_json
from sandbox.records import Channel, Client, File, Installation, Message, View
from sandbox.surfaces import check_view, open_view
from sandbox.traffic import Ack, AppRequest, Traffic
from sandbox.workspace import Workspace


@dataclass
class Reply:
    """The result of an action. `request` is None if the client rejected it, e.g. because a field is
    missing."""

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


class UserActions:
    def __init__(
        self, workspace: Workspace, delivery: Delivery, traffic: Traffic, base_url: str = ""
    ) -> None:
        self.workspace = workspace
        self.delivery = delivery
        self.traffic = traffic
        self.base_url = base_url
        self.acks = AckHandler(workspace, traffic)

    # --- commands, shortcuts, words

    async def run_command(self, client: Client, name: str, text: str, channel_id: str) -> Reply:
        context = self._build_context(client)
        channel = self._get_channel(context, channel_id)
        if not self.workspace.has_command(name):
            note = f"{name} is not a valid command."
            return Reply(
                message=self.acks.post_as_slackbot(channel, client.user_id, context.installation, note)
            )
        payload = interactions.build_command(context, self.base_url, name, text, channel)
        request = await self.delivery.send("command", payload, client.id)
        assert request.ack
        message = self.acks.apply_command_ack(
            request.ack, name, client.user_id, channel, context.installation
        )
        return Reply(request, message)

    async def run_shortcut(self, client: Client, callback_id: str, message: Message | None = None) -> Reply:
        context = self._build_context(client)
        if message is None:
            payload = interactions.build_global_shortcut(context, callback_id)
        else:
            channel = self._get_channel(context, message.channel_id)
            payload = interactions.build_message_shortcut(
                context, self.base_url, callback_id, channel, message
            )
        return Reply(await self.delivery.send("interactive", payload, client.id))

    async def post_message(
        self, client: Client, channel_id: str, text: str, thread_ts: str | None = None
    ) -> Message:
        """Posts a person's message; the app gets an event if it is subscribed to it."""
        user = self.workspace.get_user(client.user_id)
        installation = self.workspace.find_client_installation(client) or self.workspace.installations[0]
        channel = self._get_channel(
            InteractionContext(self.workspace, client, user, installation), channel_id
        )
        ts = self.workspace.create_ts()
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
            await self.send_event("app_mention", installation, event)
        if installation.bot_user_id in channel.members:
            kind = "im" if channel.is_im else "group" if channel.is_private else "channel"
            await self.send_event(f"message.{kind}", installation, {**event, "channel_type": kind})
        return message

    # --- elements and views

    async def press(
        self,
        client: Client,
        container: Container,
        item: ElementInBlock,
        value: InputValue = None,
        offered: list[Json] | None = None,
    ) -> Reply:
        context = self._build_context(client, self._get_team_id(container))
        state = self._store_choice(client, container, item, value, offered)
        action = elements.build_action(item, state, self.workspace.create_ts())
        payload = interactions.build_block_actions(context, self.base_url, container, action)
        request = await self.delivery.send("interactive", payload, client.id)
        target = container.view or container.message
        assert target
        target.error = None if request.ack and request.ack.ok else CONNECTION_ERROR_TEXT
        return Reply(request)

    async def load_options(
        self, client: Client, container: Container, item: ElementInBlock, query: str
    ) -> list[Json]:
        """Loads the options of an external select for `query` from the app."""
        context = self._build_context(client, self._get_team_id(container))
        payload = interactions.build_block_suggestion(
            context, container, item.block_id, item.action_id, query
        )
        request = await self.delivery.send("interactive", payload, client.id)
        body = request.ack.body if request.ack and request.ack.ok else None
        if not isinstance(body, dict):
            return []
        if errors := find_options_errors(body):
            self.traffic.record_refusal(f"options of {item.action_id}", "invalid_options", errors)
            return []
        return elements.list_options(body)

    async def submit(self, client: Client, view: View, *, strict: bool = False) -> Reply:
        if strict and (errors := find_form_errors(view)):
            (client.find_view(view.id) or view).errors = errors
            self.workspace.changes.notify()
            return Reply(errors=errors)
        context = self._build_context(client, view.team_id)
        payload = interactions.build_view_submission(context, self.base_url, view)
        request = await self.delivery.send("interactive", payload, client.id)
        assert request.ack
        self.acks.apply_submission_ack(request.ack, client, view)
        return Reply(request, errors=dict((client.find_view(view.id) or view).errors))

    async def close_view(self, client: Client, *, everything: bool = False) -> Reply:
        """Closes the top view, as the Cancel button does; with `everything` the whole stack, as the X
        does."""
        if not client.stack:
            raise NotShown("no modal is open")
        everything = everything or client.stack[-1].clear_on_close
        closed = client.stack[0] if everything else client.stack[-1]
        is_notified = (
            any(view.notify_on_close for view in client.stack) if everything else closed.notify_on_close
        )
        client.stack = [] if everything else client.stack[:-1]
        self.workspace.changes.notify()
        if not is_notified:
            return Reply()
        payload = interactions.build_view_closed(
            self._build_context(client, closed.team_id), closed, is_cleared=everything
        )
        return Reply(await self.delivery.send("interactive", payload, client.id))

    async def open_home(self, client: Client, tab: str = "home") -> Reply:
        context = self._build_context(client)
        home = self.workspace.homes.get((context.team_id, client.user_id))
        event: Json = {
            "user": client.user_id,
            "channel": self.workspace.get_or_open_dm(context.installation, client.user_id).id,
            "event_ts": self.workspace.create_ts(),
            "tab": tab,
        }
        if home and tab == "home":
            event["view"] = build_view_json(self.workspace, home)
        return Reply(await self.send_event("app_home_opened", context.installation, event, context.team.id))

    def switch_workspace(self, client: Client, team_id: str) -> None:
        """Shows a different team of the person, as Slack's workspace switcher does."""
        user = self.workspace.get_user(client.user_id)
        if team_id not in (user.team_id, *user.other_teams):
            raise NotShown(f"{user.name} does not belong to {team_id}")
        client.team_id = team_id
        self.workspace.changes.notify()

    async def send_event(
        self, name: str, installation: Installation, event: Json, team_id: str | None = None
    ) -> AppRequest | None:
        """`name` is the subscription, such as `message.im`; the event's type is the part before the dot."""
        subscribed = self.workspace.config.app.events
        if subscribed is not None and name not in subscribed:
            return None
        body = {"type": name.partition(".")[0], **event}
        channel = self.workspace.channels.get(str(event.get("channel")))
        shared = channel is not None and self.workspace.is_ext_shared(channel)
        payload = interactions.build_event_callback(
            self.workspace, installation, body, team_id, is_ext_shared_channel=shared
        )
        return await self.delivery.send_event(payload)

    async def send_user_change(self, user_id: str) -> None:
        user = self.workspace.get_user(user_id)
        installation = self.workspace.find_installation(user.team_id)
        if installation:
            body = build_user_json(
                self.workspace, user, viewer_team=user.team_id, include_locale=True, email=True
            )
            await self.send_event(
                "user_change", installation, {"user": body, "event_ts": self.workspace.create_ts()}
            )

    def upload_file(self, user_id: str, name: str, content: bytes) -> File:
        file = File(
            self.workspace.create_id("F"), name, self.workspace.get_user(user_id).team_id, content=content
        )
        file.created, file.complete = self.workspace.clock(), True
        self.workspace.files[file.id] = file
        return file

    # --- redelivered and forged requests

    async def redeliver(self, request: AppRequest) -> Reply:
        """Delivers the same bytes and signature again, as a retry or a replay does."""
        again = self.traffic.record_redelivery(request)
        await self.delivery.deliver(again)
        return self.apply_ack(again)

    async def send_raw(self, kind: str, payload: Json, client_id: str = "main") -> Reply:
        return self.apply_ack(await self.delivery.send(kind, payload, client_id))

    def apply_ack(self, request: AppRequest) -> Reply:
        """Applies an ack to what the person named in the payload sees."""
        payload, ack = request.payload, request.ack
        assert ack
        user_id = payload.get("user_id") or payload.get("user", {}).get("id", "")
        if user_id not in self.workspace.users:
            return Reply(request)
        client = self.workspace.get_client(user_id, request.client_id)
        if request.kind == "command" and payload.get("channel_id") in self.workspace.channels:
            channel = self.workspace.channels[payload["channel_id"]]
            installation = self.workspace.find_installation(payload["team_id"])
            assert installation
            return Reply(
                request, self.acks.apply_command_ack(ack, payload["command"], user_id, channel, installation)
            )
        if payload.get("type") == "view_submission":
            view = client.find_view(payload["view"]["id"])
            if view:
                self.acks.apply_submission_ack(ack, client, view)
            body = ack.body if isinstance(ack.body, dict) else {}
            return Reply(request, errors=dict(body.get("errors") or {}))
        return Reply(request)

    # --- helpers

    def open_modal_for(self, client: Client, definition: Json) -> View:
        """Opens a modal without an app, for tests."""
        check_view(self.workspace, definition, "modal")
        return open_view(self.workspace, client, definition, self._build_context(client).team_id)

    def _build_context(self, client: Client, team_id: str | None = None) -> InteractionContext:
        user, team_id = (
            self.workspace.get_user(client.user_id),
            team_id or self.workspace.get_client_team(client).id,
        )
        installation = self.workspace.find_installation(team_id)
        if installation is None:
            raise NotShown(f"the app is not installed in {team_id}, the workspace of {user.name}")
        return InteractionContext(self.workspace, client, user, installation)

    def _get_channel(self, context: InteractionContext, channel_id: str) -> Channel:
        """Returns a channel the person is in; `DM` is their direct message with the app."""
        if channel_id == "DM":
            return self.workspace.get_or_open_dm(context.installation, context.user.id)
        channel = self.workspace.channels.get(channel_id)
        if channel is None or context.user.id not in channel.members:
            raise NotShown(f"{context.user.name} is in no channel {channel_id}")
        return channel

    def _get_team_id(self, container: Container) -> str:
        if container.view:
            return container.view.team_id
        assert container.message
        return container.message.team_id

    def _store_choice(
        self,
        client: Client,
        container: Container,
        item: ElementInBlock,
        value: InputValue,
        offered: list[Json] | None,
    ) -> Json | None:
        """Stores and returns what the person chose. A plain button has no state."""
        if item.type == "overflow":
            options = elements.list_options(item.element)
            chosen = elements.build_input_state({**item.element, "type": "static_select"}, value, options)
            return {**chosen, "type": "overflow"}
        if item.type not in elements.STATEFUL_TYPES:
            return None
        if value is not None:
            state = elements.build_input_state(item.element, value, offered)
        else:
            state = self._get_value(client, container, item)
        self._get_state(client, container).setdefault(item.block_id, {})[item.action_id] = state
        return state

    def _get_value(self, client: Client, container: Container, item: ElementInBlock) -> Json:
        held = self._get_state(client, container).get(item.block_id, {}).get(item.action_id)
        return held or elements.build_form_state([item.block], {})[item.block_id][item.action_id]

    def _get_state(self, client: Client, container: Container) -> dict[str, dict[str, Json]]:
        if container.view:
            return container.view.state
        assert container.message
        return container.message.states.setdefault(client.user_id, {})
