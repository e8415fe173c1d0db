"""Drives the sandbox from a test: a real server on 127.0.0.1 in the test's own event loop, and simulated
people."""

import copy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sandbox.config import ConfigSource
from sandbox.core import ResetHook, SandboxCore
from sandbox.delivery import ACK_TIMEOUT_SECONDS, EVENT_RETRY_SECONDS
from sandbox.errors import Json
from sandbox.faults import Fault, FaultKind
from sandbox.interactions import build_event_callback
from sandbox.mailbox import Mailbox
from sandbox.person import Modal, Person, PostedMessage, build_posted_message
from sandbox.records import Channel, File
from sandbox.server import Server
from sandbox.socket_mode import DisconnectReason
from sandbox.traffic import ApiCall, AppRequest, Refusal
from sandbox.user_actions import Reply
from sandbox.workspace import WAIT_SECONDS, Clock, read_wall_clock

__all__ = ["Conversation", "Modal", "Person", "PostedMessage", "Reply", "Sandbox"]


class Conversation:
    """A channel or direct message, for a test to inspect."""

    def __init__(self, slack: SandboxCore, channel: Channel) -> None:
        self._slack = slack
        self.record = channel

    @property
    def messages(self) -> list[PostedMessage]:
        """The messages that every member sees, without ephemeral ones."""
        shown = [m for m in self.record.messages if not m.deleted and m.only_for is None]
        return [build_posted_message(self._slack, message) for message in shown]

    def add_bot(self) -> None:
        installation = self._slack.workspace.find_installation(self.record.team_id)
        assert installation
        if installation.bot_user_id not in self.record.members:
            self.record.members.append(installation.bot_user_id)

    def remove_bot(self) -> None:
        bots = {installation.bot_user_id for installation in self._slack.workspace.installations}
        self.record.members = [member for member in self.record.members if member not in bots]

    def archive(self) -> None:
        self.record.is_archived = True


class Sandbox:
    def __init__(self, slack: SandboxCore) -> None:
        self.slack = slack

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        config: ConfigSource = None,
        *,
        port: int = 0,
        clock: Clock = read_wall_clock,
        rate_limits: bool = False,
        pace: Clock | None = None,
        ack_seconds: float = ACK_TIMEOUT_SECONDS,
        event_retry_seconds: tuple[float, ...] = EVENT_RETRY_SECONDS,
        organisation: bool = False,
        public_url: str | None = None,
    ) -> AsyncIterator["Sandbox"]:
        """`public_url` is the address that apps use, if it differs from the server's own."""
        slack = SandboxCore(
            config, clock=clock, rate_limits=rate_limits, pace=pace, organisation=organisation
        )
        slack.delivery.ack_seconds = ack_seconds
        slack.delivery.event_retry_seconds = event_retry_seconds
        server = Server(slack)
        try:
            await server.start(port, public_url=public_url)
            yield cls(slack)
        finally:
            await server.stop()

    # --- settings for the app

    @property
    def api_url(self) -> str:
        return f"{self.slack.base_url}/api/"

    @property
    def page_url(self) -> str:
        return f"{self.slack.base_url}/"

    @property
    def bot_token(self) -> str:
        return self.slack.workspace.installations[0].bot_token

    @property
    def app_token(self) -> str:
        return self.slack.workspace.config.app.app_token

    @property
    def signing_secret(self) -> str:
        return self.slack.workspace.config.app.signing_secret

    @property
    def smtp_url(self) -> str:
        return self.slack.mailbox.url

    def deliver_to(self, url: str | None) -> None:
        """HTTP delivery; an open Socket Mode connection takes precedence."""
        self.slack.delivery.request_url = url

    # --- people, channels and files

    def get_person(self, user_id: str, client: str = "main") -> Person:
        """A different `client` is the same person in a second browser."""
        return Person(self.slack, self.slack.workspace.get_client(user_id, client))

    def get_channel(self, channel_id: str) -> Conversation:
        return Conversation(self.slack, self.slack.workspace.channels[channel_id])

    def set_user(self, user_id: str, **fields: Any) -> None:
        user = self.slack.workspace.users[user_id]
        for name, value in fields.items():
            if not hasattr(user, name):
                raise AttributeError(name)
            setattr(user, name, value)

    @property
    def mail(self) -> Mailbox:
        return self.slack.mailbox

    @property
    def files(self) -> list[File]:
        return [file for file in self.slack.workspace.files.values() if file.complete]

    # --- what went over the wire

    @property
    def traffic(self) -> list[ApiCall | AppRequest]:
        return self.slack.traffic.entries

    @property
    def requests(self) -> list[AppRequest]:
        return self.slack.traffic.requests

    @property
    def refusals(self) -> list[Refusal]:
        """Failed calls and invalid acks. A good test ends with none."""
        return self.slack.traffic.refusals

    @property
    def warnings(self) -> list[str]:
        """What Slack accepted with a warning, such as `chat.postMessage: missing_text_in_message`."""
        warned = [call for call in self.slack.traffic.calls if call.answer.get("warning")]
        return [
            *(f"{call.method}: {call.answer['warning']}" for call in warned),
            *self.slack.traffic.warnings,
        ]

    def list_calls(self, method: str | None = None) -> list[ApiCall]:
        return [call for call in self.slack.traffic.calls if method in (None, call.method)]

    # --- redelivered and forged requests, events

    async def redeliver(self, request: AppRequest | None = None) -> Reply:
        """Sends the same bytes and signature again (the last request by default)."""
        return await self.slack.people.redeliver(request or self.requests[-1])

    async def forge(self, request: AppRequest, edit: Callable[[Json], None]) -> Reply:
        """Sends a copy of the payload changed by `edit`, with a new trigger_id and a new valid signature."""
        payload = copy.deepcopy(request.payload)
        user_id = payload.get("user_id") or payload.get("user", {}).get("id")
        if "trigger_id" in payload and user_id in self.slack.workspace.users:
            client = self.slack.workspace.get_client(user_id, request.client_id)
            team_id = payload.get("team_id") or (payload["team"] or payload["enterprise"])["id"]
            payload["trigger_id"] = self.slack.workspace.create_trigger(client, team_id).id
        edit(payload)
        return await self.slack.people.send_raw(request.kind, payload, request.client_id)

    async def send_event(self, event: Json, team_id: str | None = None) -> Reply:
        """Sends any event (`event["type"]` and its fields), whether or not the app is subscribed to it."""
        workspace = self.slack.workspace
        installation = workspace.find_installation(team_id) if team_id else workspace.installations[0]
        assert installation
        payload = build_event_callback(workspace, installation, event, team_id)
        return Reply(await self.slack.delivery.send_event(payload))

    async def uninstall(self, team_id: str) -> None:
        """A person uninstalls the app from a workspace or an organisation: its token stops working, and the
        app gets events. If it is removed from one workspace of an organisation that has installed it, the
        token still works for the others."""
        team = self.slack.workspace.teams[team_id]
        installation, team.installation = team.installation, None
        if installation is None:
            await self.set_access(team_id, granted=False)
            return
        revoked = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [installation.bot_user_id]}}
        for event in (revoked, {"type": "app_uninstalled"}):
            payload = build_event_callback(self.slack.workspace, installation, event)
            await self.slack.delivery.send_event(payload)

    async def set_access(self, team_id: str, *, granted: bool) -> None:
        """An organisation's admin adds the app to one of its workspaces, or removes it from one."""
        workspace = self.slack.workspace
        team = workspace.teams[team_id]
        team.has_access = granted
        event = {"type": f"team_access_{'granted' if granted else 'revoked'}", "team_ids": [team_id]}
        installation = workspace.teams[str(team.enterprise_id)].installation
        assert installation
        await self.slack.delivery.send_event(build_event_callback(workspace, installation, event))

    async def reset(self) -> None:
        await self.slack.reset()

    def on_reset(self, hook: ResetHook) -> None:
        """`hook` is awaited at each reset, also one from the page or the control API."""
        self.slack.on_reset.append(hook)

    # --- faults

    def inject_fault(
        self,
        kind: FaultKind,
        method: str = "*",
        *,
        probability: float = 1.0,
        times: int | None = None,
        seconds: float = 1.0,
        error: str = "internal_error",
    ) -> Fault:
        """Calls of `method` fail from now on (`times` times, if given), until
        `slack.slack.faults.reset()`."""
        return self.slack.faults.add(Fault(kind, method, probability, times, seconds, error))

    async def disconnect(self, reason: DisconnectReason = "refresh_requested", grace: float = 1.0) -> None:
        await self.slack.sockets.disconnect(reason, grace)

    async def drop_sockets(self) -> None:
        await self.slack.sockets.drop()

    async def wait_until(self, predicate: Callable[[], Any], timeout: float = WAIT_SECONDS) -> Any:  # noqa: ASYNC109
        return await self.slack.workspace.changes.wait_until(predicate, timeout)
