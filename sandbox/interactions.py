"""The payloads Slack sends to an app, built from what a person does and where."""

from dataclasses import dataclass
from typing import Any

from sandbox.elements import message_state
from sandbox.errors import Json
from sandbox.payloads import VERIFICATION_TOKEN, message_json, view_json
from sandbox.records import Channel, Client, Installation, Message, Team, User, View
from sandbox.workspace import Workspace


@dataclass(frozen=True)
class Scene:
    """Who acts, on which client, in which of their teams, towards which installation of the app."""

    workspace: Workspace
    client: Client
    user: User
    installation: Installation

    @property
    def team_id(self) -> str:
        """Of the installation: a team's, or an organisation's."""
        return self.installation.team_id

    @property
    def team(self) -> Team:
        return self.workspace.team_of(self.client)

    @property
    def is_organisation_wide(self) -> bool:
        return self.workspace.teams[self.team_id].is_organisation

    def trigger_id(self) -> str:
        return self.workspace.new_trigger(self.client, self.team_id).id

    def response_url(self, base_url: str, channel_id: str, message: Message | None = None) -> str:
        url = self.workspace.new_response_url(
            channel_id=channel_id,
            user_id=self.user.id,
            team_id=self.team_id,
            message_ts=message.ts if message else None,
            thread_ts=message.thread_ts if message else None,
        )
        return f"{base_url}/response/{self.team_id}/{url.id}"


@dataclass(frozen=True)
class Place:
    """Where an element is shown: a view (modal or Home) or a message."""

    view: View | None = None
    message: Message | None = None
    channel: Channel | None = None

    @property
    def blocks(self) -> list[Json]:
        if self.view:
            return self.view.blocks
        assert self.message
        return self.message.blocks


def command(scene: Scene, base_url: str, name: str, text: str, channel: Channel) -> Json:
    team = scene.team
    body: Json = {
        "token": VERIFICATION_TOKEN,
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "user_id": scene.user.id,
        "user_name": scene.user.name,
        "command": name,
        "text": text,
        "api_app_id": scene.workspace.app_id,
        "is_enterprise_install": "true" if scene.is_organisation_wide else "false",
        "response_url": scene.response_url(base_url, channel.id),
        "trigger_id": scene.trigger_id(),
    }
    if team.enterprise_id:
        body |= {"enterprise_id": team.enterprise_id, "enterprise_name": team.enterprise_id}
    return body


def block_actions(scene: Scene, base_url: str, place: Place, action: Json) -> Json:
    body = _common(scene, "block_actions")
    body |= {"trigger_id": scene.trigger_id(), **_where(scene, place), "actions": [action]}
    if place.message and place.channel:
        body["state"] = {"values": message_state(place.message, scene.user.id)}
        body["response_url"] = scene.response_url(base_url, place.channel.id, place.message)
    return body


def block_suggestion(scene: Scene, place: Place, block_id: str, action_id: str, query: str) -> Json:
    body = _common(scene, "block_suggestion") | _where(scene, place)
    return {**body, "action_id": action_id, "block_id": block_id, "value": query}


def view_submission(scene: Scene, base_url: str, view: View) -> Json:
    return {
        **_common(scene, "view_submission"),
        "trigger_id": scene.trigger_id(),
        "view": view_json(scene.workspace, view),
        "response_urls": _response_urls(scene, base_url, view),
    }


def view_closed(scene: Scene, view: View, *, is_cleared: bool) -> Json:
    body = _common(scene, "view_closed")
    return {**body, "view": view_json(scene.workspace, view), "is_cleared": is_cleared}


def global_shortcut(scene: Scene, callback_id: str) -> Json:
    body = _common(scene, "shortcut", with_container=False)
    return {
        **body,
        "callback_id": callback_id,
        "trigger_id": scene.trigger_id(),
        "action_ts": scene.workspace.new_ts(),
    }


def message_shortcut(
    scene: Scene, base_url: str, callback_id: str, channel: Channel, message: Message
) -> Json:
    body = _common(scene, "message_action", with_container=False)
    return {
        **body,
        "callback_id": callback_id,
        "trigger_id": scene.trigger_id(),
        "action_ts": scene.workspace.new_ts(),
        "message_ts": message.ts,
        "message": message_json(scene.workspace, message),
        "channel": {"id": channel.id, "name": channel.name},
        "response_url": scene.response_url(base_url, channel.id, message),
    }


def event_callback(
    workspace: Workspace, installation: Installation, event: Json, team_id: str | None = None, **extra: Any
) -> Json:
    """`team_id` is where it happened, if the installation has several teams."""
    team = workspace.teams[installation.team_id]
    team_id = team_id if team.is_organisation else installation.team_id
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team_id,
        "enterprise_id": team.enterprise_id,
        "api_app_id": workspace.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": workspace.new_id("Ev"),
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
        "event_context": workspace.new_id("EC"),
        **extra,
    }


def _common(scene: Scene, kind: str, *, with_container: bool = True) -> Json:
    """`team` is where the app is installed, and null if that is in an organisation. `user.team_id` is the
    person's own: another one for outsiders, any of theirs for people of an organisation."""
    team = scene.workspace.teams[scene.team_id]
    user = {
        "id": scene.user.id,
        "username": scene.user.name,
        "name": scene.user.name,
        "team_id": scene.team.id,
    }
    enterprise = {"id": team.enterprise_id, "name": team.enterprise_id} if team.enterprise_id else None
    return {
        "type": kind,
        "user": user,
        "api_app_id": scene.workspace.app_id,
        "token": VERIFICATION_TOKEN,
        "team": None if team.is_organisation else {"id": team.id, "domain": team.domain},
        "enterprise": enterprise,
        "is_enterprise_install": team.is_organisation,
    }


def _where(scene: Scene, place: Place) -> Json:
    if place.view:
        return {
            "container": {"type": "view", "view_id": place.view.id},
            "view": view_json(scene.workspace, place.view),
        }
    message, channel = place.message, place.channel
    assert message
    assert channel
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.only_for is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    body: Json = {"container": container, "channel": {"id": channel.id, "name": channel.name}}
    # Slack does not send an ephemeral message back.
    return body if message.only_for else {**body, "message": message_json(scene.workspace, message)}


def _response_urls(scene: Scene, base_url: str, view: View) -> list[Json]:
    urls = []
    for block in view.blocks:
        element = block.get("element", {})
        if not element.get("response_url_enabled"):
            continue
        value = view.state.get(block["block_id"], {}).get(element["action_id"], {})
        if channel_id := value.get("selected_conversation") or value.get("selected_channel"):
            url = scene.response_url(base_url, channel_id)
            urls.append(
                {
                    "response_url": url,
                    "channel_id": channel_id,
                    "block_id": block["block_id"],
                    "action_id": element["action_id"],
                }
            )
    return urls
