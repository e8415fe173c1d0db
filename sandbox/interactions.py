"""Builds the payloads that Slack sends to an app when a person does something."""

from dataclasses import dataclass
from typing import Any

from sandbox.elements import build_message_state
from sandbox.errors import Json
from sandbox.payloads import VERIFICATION_TOKEN, build_message_json, build_view_json
from sandbox.records import Channel, Client, Installation, Message, Team, User, View
from sandbox.workspace import Workspace


@dataclass(frozen=True)
class InteractionContext:
    """Who interacts, on which client, in which of their teams, and with which installation of the app."""

    workspace: Workspace
    client: Client
    user: User
    installation: Installation

    @property
    def team_id(self) -> str:
        """The installation's id: a team's or an organisation's."""
        return self.installation.team_id

    @property
    def team(self) -> Team:
        return self.workspace.get_client_team(self.client)

    @property
    def is_organisation_wide(self) -> bool:
        return self.workspace.teams[self.team_id].is_organisation

    def create_trigger_id(self) -> str:
        return self.workspace.create_trigger(self.client, self.team_id).id

    def create_response_url(self, base_url: str, channel_id: str, message: Message | None = None) -> str:
        url = self.workspace.create_response_url(
            channel_id=channel_id,
            user_id=self.user.id,
            team_id=self.team_id,
            message_ts=message.ts if message else None,
            thread_ts=message.thread_ts if message else None,
        )
        return f"{base_url}/response/{self.team_id}/{url.id}"


@dataclass(frozen=True)
class Container:
    """The view (modal or Home) or message that contains an element."""

    view: View | None = None
    message: Message | None = None
    channel: Channel | None = None

    @property
    def blocks(self) -> list[Json]:
        if self.view:
            return self.view.blocks
        assert self.message
        return self.message.blocks


def build_command(context: InteractionContext, base_url: str, name: str, text: str, channel: Channel) -> Json:
    team = context.team
    body: Json = {
        "token": VERIFICATION_TOKEN,
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "user_id": context.user.id,
        "user_name": context.user.name,
        "command": name,
        "text": text,
        "api_app_id": context.workspace.app_id,
        "is_enterprise_install": "true" if context.is_organisation_wide else "false",
        "response_url": context.create_response_url(base_url, channel.id),
        "trigger_id": context.create_trigger_id(),
    }
    if team.enterprise_id:
        body |= {"enterprise_id": team.enterprise_id, "enterprise_name": team.enterprise_id}
    return body


def build_block_actions(
    context: InteractionContext, base_url: str, container: Container, action: Json
) -> Json:
    body = _build_common_fields(context, "block_actions")
    body |= {
        "trigger_id": context.create_trigger_id(),
        **_build_container_fields(context, container),
        "actions": [action],
    }
    if container.message and container.channel:
        body["state"] = {"values": build_message_state(container.message, context.user.id)}
        body["response_url"] = context.create_response_url(base_url, container.channel.id, container.message)
    return body


def build_block_suggestion(
    context: InteractionContext, container: Container, block_id: str, action_id: str, query: str
) -> Json:
    body = _build_common_fields(context, "block_suggestion") | _build_container_fields(context, container)
    return {**body, "action_id": action_id, "block_id": block_id, "value": query}


def build_view_submission(context: InteractionContext, base_url: str, view: View) -> Json:
    return {
        **_build_common_fields(context, "view_submission"),
        "trigger_id": context.create_trigger_id(),
        "view": build_view_json(context.workspace, view),
        "response_urls": _build_response_urls(context, base_url, view),
    }


def build_view_closed(context: InteractionContext, view: View, *, is_cleared: bool) -> Json:
    body = _build_common_fields(context, "view_closed")
    return {**body, "view": build_view_json(context.workspace, view), "is_cleared": is_cleared}


def build_global_shortcut(context: InteractionContext, callback_id: str) -> Json:
    body = _build_common_fields(context, "shortcut", with_container=False)
    return {
        **body,
        "callback_id": callback_id,
        "trigger_id": context.create_trigger_id(),
        "action_ts": context.workspace.create_ts(),
    }


def build_message_shortcut(
    context: InteractionContext, base_url: str, callback_id: str, channel: Channel, message: Message
) -> Json:
    body = _build_common_fields(context, "message_action", with_container=False)
    return {
        **body,
        "callback_id": callback_id,
        "trigger_id": context.create_trigger_id(),
        "action_ts": context.workspace.create_ts(),
        "message_ts": message.ts,
        "message": build_message_json(context.workspace, message),
        "channel": {"id": channel.id, "name": channel.name},
        "response_url": context.create_response_url(base_url, channel.id, message),
    }


def build_event_callback(
    workspace: Workspace, installation: Installation, event: Json, team_id: str | None = None, **extra: Any
) -> Json:
    """`team_id` is the team of the event, if the installation covers several."""
    team = workspace.teams[installation.team_id]
    team_id = team_id if team.is_organisation else installation.team_id
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team_id,
        "enterprise_id": team.enterprise_id,
        "api_app_id": workspace.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": workspace.create_id("Ev"),
        "event_time": int(workspace.clock()),
        "authorizations": [
            {
                "enterprise_id": team.enterprise_id,
                "team_id": team_id,
                "user_id": installation.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": team.is_organisation,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": workspace.create_id("EC"),
        **extra,
    }


def _build_common_fields(context: InteractionContext, kind: str, *, with_container: bool = True) -> Json:
    """`team` is where the app is installed, and null if that is an organisation. `user.team_id` is the
    person's own team: a different one for outsiders, the current one for people of an organisation."""
    team = context.workspace.teams[context.team_id]
    user = {
        "id": context.user.id,
        "username": context.user.name,
        "name": context.user.name,
        "team_id": context.team.id,
    }
    enterprise = {"id": team.enterprise_id, "name": team.enterprise_id} if team.enterprise_id else None
    return {
        "type": kind,
        "user": user,
        "api_app_id": context.workspace.app_id,
        "token": VERIFICATION_TOKEN,
        "team": None if team.is_organisation else {"id": team.id, "domain": team.domain},
        "enterprise": enterprise,
        "is_enterprise_install": team.is_organisation,
    }


def _build_container_fields(context: InteractionContext, container: Container) -> Json:
    if container.view:
        return {
            "container": {"type": "view", "view_id": container.view.id},
            "view": build_view_json(context.workspace, container.view),
        }
    message, channel = container.message, container.channel
    assert message
    assert channel
    message_container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.only_for is not None,
    }
    if message.thread_ts:
        message_container["thread_ts"] = message.thread_ts
    body: Json = {"container": message_container, "channel": {"id": channel.id, "name": channel.name}}
    # Slack does not send an ephemeral message back.
    return body if message.only_for else {**body, "message": build_message_json(context.workspace, message)}


def _build_response_urls(context: InteractionContext, base_url: str, view: View) -> list[Json]:
    urls = []
    for block in view.blocks:
        element = block.get("element", {})
        if not element.get("response_url_enabled"):
            continue
        value = view.state.get(block["block_id"], {}).get(element["action_id"], {})
        if channel_id := value.get("selected_conversation") or value.get("selected_channel"):
            url = context.create_response_url(base_url, channel_id)
            urls.append(
                {
                    "response_url": url,
                    "channel_id": channel_id,
                    "block_id": block["block_id"],
                    "action_id": element["action_id"],
                }
            )
    return urls
