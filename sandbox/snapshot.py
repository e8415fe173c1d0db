"""The sandbox's state as JSON, for the control API and the page."""

import dataclasses

from sandbox.core import SandboxCore
from sandbox.elements import build_message_state
from sandbox.errors import Json
from sandbox.payloads import build_file_json, build_view_json
from sandbox.records import Channel, Message, View
from sandbox.traffic import ApiCall, Entry
from sandbox.user_actions import Reply
from sandbox.workspace import Workspace


def build_state(slack: SandboxCore, user_id: str | None, client_id: str) -> Json:
    """Returns the whole state or, if `user_id` is given, what that person sees on that client."""
    workspace = slack.workspace
    channels = [c for c in workspace.channels.values() if user_id is None or user_id in c.members]
    stack = workspace.get_client(user_id, client_id).stack if user_id in workspace.users else []
    return {
        "version": workspace.changes.version,
        "teams": {
            team.id: {"id": team.id, "name": team.name}
            for team in workspace.teams.values()
            if not team.is_organisation
        },
        "app": {"id": workspace.app_id, "name": workspace.app_name, "manifest": workspace.config.manifest},
        "users": {user.id: dataclasses.asdict(user) for user in workspace.users.values()},
        "channels": [_build_channel(workspace, channel, user_id) for channel in channels],
        "modal": [_build_view(workspace, view) for view in stack],
        "guide": workspace.config.guide.model_dump() if workspace.config.guide else None,
        "mail": len(slack.mailbox.messages),
        "connected": slack.sockets.is_open or bool(slack.delivery.request_url),
        **_build_app_state(workspace, user_id, client_id),
    }


def _build_app_state(workspace: Workspace, user_id: str | None, client_id: str) -> Json:
    """Returns the app's Home and direct message for one person, or everyone's Home tabs."""
    if user_id not in workspace.users:
        return {"homes": [_build_view(workspace, home) for home in workspace.homes.values()]}
    client = workspace.get_client(user_id, client_id)
    installation = workspace.find_client_installation(client)
    home = workspace.homes.get((installation.team_id, user_id)) if installation else None
    dms = [c for c in workspace.channels.values() if c.is_im and user_id in c.members]
    return {
        "installed": installation is not None,
        "team": workspace.get_client_team(client).id,
        "home": _build_view(workspace, home) if home else None,
        "dm": dms[0].id if dms else None,
    }


def _build_channel(workspace: Workspace, channel: Channel, user_id: str | None) -> Json:
    visible = [
        m for m in channel.messages if not m.deleted and (user_id is None or m.only_for in (None, user_id))
    ]
    fields = {f.name: getattr(channel, f.name) for f in dataclasses.fields(channel) if f.name != "messages"}
    return {
        **fields,
        "is_ext_shared": workspace.is_ext_shared(channel),
        "messages": [build_message(workspace, m, user_id) for m in visible],
    }


def build_message(workspace: Workspace, record: Message, user_id: str | None = None) -> Json:
    return {
        "ts": record.ts,
        "channel": record.channel_id,
        "user": record.user_id,
        "text": record.text,
        "blocks": record.blocks,
        "attachments": record.attachments,
        "files": [
            build_file_json(workspace.files[file_id])
            for file_id in record.files
            if file_id in workspace.files
        ],
        "thread_ts": record.thread_ts,
        "only_for": record.only_for,
        "edited": record.edited_ts is not None,
        "edits": [{"text": edit.text, "blocks": edit.blocks} for edit in record.edits],
        "error": record.error,
        "state": build_message_state(record, user_id or ""),
    }


def _build_view(workspace: Workspace, view: View) -> Json:
    return {
        **build_view_json(workspace, view),
        "user": view.user_id,
        "errors": view.errors,
        "error": view.error,
    }


def build_reply(record: Reply) -> Json:
    return {
        "ok": record.ok or record.request is None,
        "status": record.status,
        "ms": record.ms,
        "error": record.error,
        "errors": record.errors,
        "text": record.text,
        "ack": record.body,
    }


def build_entry(record: Entry) -> Json:
    if isinstance(record, ApiCall):
        return {"direction": "to_slack", **dataclasses.asdict(record)}
    ack = dataclasses.asdict(record.ack) if record.ack else None
    return {
        "direction": "to_app",
        "number": record.number,
        "at": record.at,
        "kind": record.kind,
        "transport": record.transport,
        "payload": record.payload,
        "retry": record.retry,
        "ack": ack,
    }
