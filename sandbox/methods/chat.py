from typing import Any

from sandbox.errors import Json, SlackError
from sandbox.methods.conversations import find_channel, thread_of, writable_channel
from sandbox.methods.request import Call, Method
from sandbox.payloads import message_json
from sandbox.records import Channel, Message
from sandbox.surfaces import check_message

UPDATE_TEXT_LIMIT = 4_000
POST_TEXT_LIMIT = 40_000


def post_message(call: Call) -> Json:
    channel = _writable_channel(call, call.required("channel"))
    message = _new_message(call, channel)
    call.rate_limits.post(channel.id)
    channel.messages.append(message)
    return {"channel": channel.id, "ts": message.ts, "message": message_json(call.workspace, message)}


def post_ephemeral(call: Call) -> Json:
    channel = _writable_channel(call, call.required("channel"))
    user_id = call.required("user")
    if user_id not in channel.members:
        raise SlackError("user_not_in_channel")
    message = _new_message(call, channel)
    message.only_for = user_id
    channel.messages.append(message)
    return {"message_ts": message.ts}


def update(call: Call) -> Json:
    """An update replaces the whole message: with `text` alone it removes the blocks, as in Slack."""
    channel = find_channel(call, call.required("channel"))
    message = _own_message(call, channel, "cant_update_message")
    content = _content(call)
    if len(content["text"]) > UPDATE_TEXT_LIMIT:
        raise SlackError("msg_too_long")
    message.keep_edit(call.workspace.new_ts())
    message.text, message.blocks = content["text"], content["blocks"]
    message.attachments = content["attachments"]
    if content["metadata"] is not None:
        message.metadata = content["metadata"]
    body = {"channel": channel.id, "ts": message.ts, "text": message.text}
    return {**body, "message": message_json(call.workspace, message)}


def delete(call: Call) -> Json:
    channel = find_channel(call, call.required("channel"))
    message = _own_message(call, channel, "cant_delete_message")
    message.deleted = True
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(call: Call) -> Json:
    channel = find_channel(call, call.required("channel"))
    ts = call.required("message_ts")
    if channel.message(ts) is None:
        raise SlackError("message_not_found")
    return {
        "channel": channel.id,
        "permalink": f"{call.base_url}/archives/{channel.id}/p{ts.replace('.', '')}",
    }


def _writable_channel(call: Call, channel_id: str) -> Channel:
    if channel_id.startswith(("U", "W")):
        return _direct_message(call, channel_id)
    return writable_channel(call, channel_id)


def _direct_message(call: Call, user_id: str) -> Channel:
    """By their id, or by their organisation's id of them, as `conversations.open` takes it."""
    user = next((u for u in call.workspace.users.values() if user_id in (u.id, u.enterprise_user_id)), None)
    if user is None or user.is_bot or user.deleted:
        raise SlackError("channel_not_found")
    return call.workspace.dm(call.installation, user.id)


def _own_message(call: Call, channel: Channel, refusal: str) -> Message:
    message = channel.message(call.required("ts"))
    # An ephemeral message is in nobody's history: only its response_url reaches it.
    if message is None or message.only_for:
        raise SlackError("message_not_found")
    if message.bot_id != call.installation.bot_id:
        raise SlackError(refusal)
    return message


def _new_message(call: Call, channel: Channel) -> Message:
    content = _content(call)
    return Message(
        ts=call.workspace.new_ts(),
        channel_id=channel.id,
        user_id=call.installation.bot_user_id,
        bot_id=call.installation.bot_id,
        team_id=call.installation.team_id,
        thread_ts=thread_of(call, channel),
        **content,
    )


def _content(call: Call) -> dict[str, Any]:
    content = {
        "text": call.text("text"),
        "blocks": call.structure("blocks") or [],
        "attachments": call.structure("attachments") or [],
        "markdown_text": call.text("markdown_text"),
    }
    call.warnings += check_message(call.workspace, content)
    call.check_videos(content)
    markdown = content.pop("markdown_text")
    if markdown:
        content["text"] = markdown
    if len(content["text"]) > POST_TEXT_LIMIT:
        content["text"] = content["text"][:POST_TEXT_LIMIT]
        call.warnings.append("message_truncated")
    return {**content, "metadata": call.structure("metadata")}


WRITE = ("chat:write",)

METHODS = {
    "chat.delete": Method(delete, WRITE),
    "chat.getPermalink": Method(get_permalink),
    "chat.postEphemeral": Method(post_ephemeral, WRITE),
    "chat.postMessage": Method(post_message, WRITE),
    "chat.update": Method(update, WRITE),
}
