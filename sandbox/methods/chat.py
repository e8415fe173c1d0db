from typing import Any

from sandbox.errors import Json, SlackError
from sandbox.methods.conversations import get_channel, get_thread_ts, get_writable_channel
from sandbox.methods.request import Call, Method
from sandbox.payloads import build_message_json
from sandbox.records import Channel, Message
from sandbox.surfaces import check_message

UPDATE_TEXT_LIMIT = 4_000
POST_TEXT_LIMIT = 40_000


def post_message(call: Call) -> Json:
    channel = _resolve_channel(call, call.get_required("channel"))
    message = _build_message(call, channel)
    call.rate_limits.count_message(channel.id)
    channel.messages.append(message)
    return {"channel": channel.id, "ts": message.ts, "message": build_message_json(call.workspace, message)}


def post_ephemeral(call: Call) -> Json:
    channel = _resolve_channel(call, call.get_required("channel"))
    user_id = call.get_required("user")
    if user_id not in channel.members:
        raise SlackError("user_not_in_channel")
    message = _build_message(call, channel)
    message.only_for = user_id
    channel.messages.append(message)
    return {"message_ts": message.ts}


def update(call: Call) -> Json:
    """An update replaces the whole message: with `text` alone it removes the blocks, as in Slack."""
    channel = get_channel(call, call.get_required("channel"))
    message = _get_own_message(call, channel, "cant_update_message")
    content = _read_content(call)
    if len(content["text"]) > UPDATE_TEXT_LIMIT:
        raise SlackError("msg_too_long")
    message.record_edit(call.workspace.create_ts())
    message.text, message.blocks = content["text"], content["blocks"]
    message.attachments = content["attachments"]
    if content["metadata"] is not None:
        message.metadata = content["metadata"]
    body = {"channel": channel.id, "ts": message.ts, "text": message.text}
    return {**body, "message": build_message_json(call.workspace, message)}


def delete(call: Call) -> Json:
    channel = get_channel(call, call.get_required("channel"))
    message = _get_own_message(call, channel, "cant_delete_message")
    message.deleted = True
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(call: Call) -> Json:
    channel = get_channel(call, call.get_required("channel"))
    ts = call.get_required("message_ts")
    if channel.find_message(ts) is None:
        raise SlackError("message_not_found")
    return {
        "channel": channel.id,
        "permalink": f"{call.base_url}/archives/{channel.id}/p{ts.replace('.', '')}",
    }


def _resolve_channel(call: Call, channel_id: str) -> Channel:
    if channel_id.startswith(("U", "W")):
        return _open_direct_message(call, channel_id)
    return get_writable_channel(call, channel_id)


def _open_direct_message(call: Call, user_id: str) -> Channel:
    """`user_id` is their id in a workspace or in the organisation, as for `conversations.open`."""
    user = next((u for u in call.workspace.users.values() if user_id in (u.id, u.enterprise_user_id)), None)
    if user is None or user.is_bot or user.deleted:
        raise SlackError("channel_not_found")
    return call.workspace.get_or_open_dm(call.installation, user.id)


def _get_own_message(call: Call, channel: Channel, refusal: str) -> Message:
    message = channel.find_message(call.get_required("ts"))
    # An ephemeral message is not in the channel's history: only its response_url can change it.
    if message is None or message.only_for:
        raise SlackError("message_not_found")
    if message.bot_id != call.installation.bot_id:
        raise SlackError(refusal)
    return message


def _build_message(call: Call, channel: Channel) -> Message:
    content = _read_content(call)
    return Message(
        ts=call.workspace.create_ts(),
        channel_id=channel.id,
        user_id=call.installation.bot_user_id,
        bot_id=call.installation.bot_id,
        team_id=call.installation.team_id,
        thread_ts=get_thread_ts(call, channel),
        **content,
    )


def _read_content(call: Call) -> dict[str, Any]:
    content = {
        "text": call.get_text("text"),
        "blocks": call.parse_json("blocks") or [],
        "attachments": call.parse_json("attachments") or [],
        "markdown_text": call.get_text("markdown_text"),
    }
    call.warnings += check_message(call.workspace, content)
    call.check_videos(content)
    markdown = content.pop("markdown_text")
    if markdown:
        content["text"] = markdown
    if len(content["text"]) > POST_TEXT_LIMIT:
        content["text"] = content["text"][:POST_TEXT_LIMIT]
        call.warnings.append("message_truncated")
    return {**content, "metadata": call.parse_json("metadata")}


WRITE_SCOPES = ("chat:write",)

METHODS = {
    "chat.delete": Method(delete, WRITE_SCOPES),
    "chat.getPermalink": Method(get_permalink),
    "chat.postEphemeral": Method(post_ephemeral, WRITE_SCOPES),
    "chat.postMessage": Method(post_message, WRITE_SCOPES),
    "chat.update": Method(update, WRITE_SCOPES),
}
