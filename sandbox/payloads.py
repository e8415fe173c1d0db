"""Converts the sandbox's records to Slack's JSON. Pure functions."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sandbox.errors import Json
from sandbox.records import Channel, File, Installation, Message, StateValues, User, View
from sandbox.workspace import Workspace

VERIFICATION_TOKEN = "sandbox-verification-token"  # noqa: S105 -- Slack's legacy field, checked by nobody


def build_user_json(
    workspace: Workspace, user: User, *, viewer_team: str, include_locale: bool, email: bool
) -> Json:
    zone = ZoneInfo(user.tz)
    now = datetime.fromtimestamp(workspace.clock(), UTC).astimezone(zone)
    offset = now.utcoffset()
    external = viewer_team not in user.all_team_ids
    profile: Json = {
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "title": user.title,
        "team": user.team_id,
    }
    if email and user.email and not user.is_stranger:
        profile["email"] = user.email
    body: Json = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": str(now.tzname()),
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": profile,
        "is_admin": user.is_admin,
        "is_owner": user.is_owner,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": int(workspace.clock()),
    }
    if user.is_stranger:
        body["is_stranger"] = True
    if user.enterprise_id:
        body["enterprise_user"] = {
            "id": user.enterprise_user_id or user.id,
            "enterprise_id": user.enterprise_id,
            "enterprise_name": user.enterprise_id,
            "is_admin": user.is_admin,
            "is_owner": user.is_owner,
            "teams": [user.team_id, *user.other_teams],
        }
    if include_locale and not external:
        body["locale"] = user.locale
    return body


def build_channel_json(workspace: Workspace, channel: Channel, installation: Installation) -> Json:
    body: Json = {
        "id": channel.id,
        "created": 1700000000,
        "is_im": channel.is_im,
        "is_org_shared": False,
        "context_team_id": installation.team_id,
        "updated": 1700000000000,
    }
    if channel.is_im:
        other = next(m for m in channel.members if m != installation.bot_user_id)
        return {**body, "user": other, "is_user_deleted": workspace.users[other].deleted}
    external = workspace.is_ext_shared(channel)
    return {
        **body,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": channel.name == "general",
        "is_shared": external,
        "is_ext_shared": external,
        "is_member": installation.bot_user_id in channel.members,
        "num_members": len(channel.members),
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "shared_team_ids": sorted({workspace.users[m].team_id for m in channel.members}),
    }


def build_message_json(workspace: Workspace, message: Message) -> Json:
    body: Json = {
        "type": "message",
        "user": message.user_id,
        "ts": message.ts,
        "text": message.text,
        "team": message.team_id,
    }
    if message.bot_id:
        body |= {"bot_id": message.bot_id, "app_id": workspace.app_id}
        body["bot_profile"] = {
            "id": message.bot_id,
            "app_id": workspace.app_id,
            "name": workspace.app_name,
            "deleted": False,
            "team_id": message.team_id,
        }
    if message.blocks:
        body["blocks"] = message.blocks
    if message.attachments:
        body["attachments"] = message.attachments
    if message.files:
        body["files"] = [build_file_json(workspace.files[file_id]) for file_id in message.files]
    if message.metadata:
        body["metadata"] = message.metadata
    if message.thread_ts:
        body["thread_ts"] = message.thread_ts
    if message.edited_ts:
        body["edited"] = {"user": message.bot_id or message.user_id, "ts": message.edited_ts}
    return body


def build_view_json(workspace: Workspace, view: View) -> Json:
    installation = workspace.teams[view.team_id].installation
    return {
        "id": view.id,
        "team_id": view.team_id,
        "type": view.type,
        "blocks": view.blocks,
        "private_metadata": view.private_metadata,
        "callback_id": view.callback_id,
        "state": {"values": _expand_files(workspace, view.state)},
        "hash": view.hash,
        "title": view.title or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": view.clear_on_close,
        "notify_on_close": view.notify_on_close,
        "close": view.close,
        "submit": view.submit,
        "previous_view_id": view.previous_view_id,
        "root_view_id": view.root_view_id,
        "app_id": workspace.app_id,
        "external_id": view.external_id,
        "app_installed_team_id": view.team_id,
        "bot_id": installation.bot_id if installation else "",
    }


def _expand_files(workspace: Workspace, state: StateValues) -> StateValues:
    """The state of a file_input has file ids; Slack sends file objects."""
    if not any("files" in value for values in state.values() for value in values.values()):
        return state
    return {
        block_id: {action_id: _expand_value(workspace, value) for action_id, value in values.items()}
        for block_id, values in state.items()
    }


def _expand_value(workspace: Workspace, value: Json) -> Json:
    if "files" not in value:
        return value
    return {**value, "files": [build_file_json(workspace.files[file_id]) for file_id in value["files"]]}


def build_file_json(file: File) -> Json:
    extension = file.name.rpartition(".")[2].lower()
    return {
        "id": file.id,
        "created": int(file.created),
        "timestamp": int(file.created),
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": MIME_TYPES.get(extension, "application/octet-stream"),
        "filetype": extension,
        "size": len(file.content),
        "mode": "hosted",
        "is_external": False,
        "channels": file.channels,
        "permalink": f"/files/{file.id}/{file.name}",
        "url_private": f"/files/{file.id}/{file.name}",
        "url_private_download": f"/files/{file.id}/{file.name}",
    }


MIME_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "pdf": "application/pdf",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
}
