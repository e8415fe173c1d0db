from sandbox.errors import Json, SlackError
from sandbox.methods.request import Call, Method
from sandbox.payloads import build_channel_json
from sandbox.records import Channel


def get_channel(call: Call, channel_id: str) -> Channel:
    """Looks a channel up by its id, or by `#name`. A channel that the bot can't see is
    `channel_not_found`."""
    channel = call.workspace.channels.get(channel_id)
    if channel is None:
        name = channel_id.removeprefix("#")
        named = [c for c in call.workspace.channels.values() if c.name == name and not c.is_im]
        channel = named[0] if named else None
    if channel is None or not _is_visible(call, channel):
        raise SlackError("channel_not_found")
    if not call.workspace.teams[channel.team_id].has_access:
        raise SlackError("team_access_not_granted")
    return channel


def get_writable_channel(call: Call, channel_id: str) -> Channel:
    channel = get_channel(call, channel_id)
    if channel.is_archived:
        raise SlackError("is_archived")
    if call.installation.bot_user_id not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def get_thread_ts(call: Call, channel: Channel) -> str | None:
    thread_ts = call.get_text("thread_ts") or None
    if thread_ts and channel.find_message(thread_ts) is None:
        raise SlackError("thread_not_found")
    return thread_ts


def _is_visible(call: Call, channel: Channel) -> bool:
    if call.installation.bot_user_id in channel.members:
        return True
    is_reached = call.workspace.find_installation(channel.team_id) is call.installation
    return is_reached and not (channel.is_private or channel.is_im)


def _get_readable_channel(call: Call) -> Channel:
    channel = get_channel(call, call.get_required("channel"))
    call.require_scope(READ_SCOPES[_get_type(channel)])
    return channel


def info(call: Call) -> Json:
    channel = _get_readable_channel(call)
    body = build_channel_json(call.workspace, channel, call.installation)
    if not call.get_flag("include_num_members"):
        body.pop("num_members", None)
    return {"channel": body}


def open_(call: Call) -> Json:
    if channel_id := call.get_text("channel"):
        return {"channel": {"id": get_channel(call, channel_id).id}}
    users = call.get_required("users").split(",")
    if len(users) != 1:
        raise SlackError("not_supported_by_the_sandbox")
    user = call.workspace.get_user(users[0])
    if user.is_bot:
        raise SlackError("cannot_dm_bot")
    if user.deleted:
        raise SlackError("user_disabled")
    channel = call.workspace.get_or_open_dm(call.installation, user.id)
    body = (
        build_channel_json(call.workspace, channel, call.installation)
        if call.get_flag("return_im")
        else {"id": channel.id}
    )
    return {"channel": body}


def list_(call: Call) -> Json:
    types = (call.get_text("types") or "public_channel").split(",")
    for kind in types:
        call.require_scope(READ_SCOPES.get(kind, READ_SCOPES["public_channel"]))
    wanted = [
        channel
        for channel in call.workspace.channels.values()
        if _is_visible(call, channel)
        and _get_type(channel) in types
        and not (channel.is_archived and call.get_flag("exclude_archived"))
    ]
    channels = [build_channel_json(call.workspace, channel, call.installation) for channel in wanted]
    return {"channels": channels, "response_metadata": {"next_cursor": ""}}


def _get_type(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "private_channel" if channel.is_private else "public_channel"


def members(call: Call) -> Json:
    channel = _get_readable_channel(call)
    return {"members": channel.members, "response_metadata": {"next_cursor": ""}}


READ_SCOPES = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}

METHODS = {
    "conversations.info": Method(info, tuple(READ_SCOPES.values())),
    "conversations.list": Method(list_, tuple(READ_SCOPES.values())),
    "conversations.members": Method(members, tuple(READ_SCOPES.values())),
    "conversations.open": Method(open_, ("im:write",)),
}
