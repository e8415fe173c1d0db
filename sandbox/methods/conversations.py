from sandbox.errors import Json, SlackError
from sandbox.methods.request import Call, Method
from sandbox.payloads import channel_json
from sandbox.records import Channel


def find_channel(call: Call, channel_id: str) -> Channel:
    """By id, or by `#name` among public channels. What the bot may not see does not exist for it."""
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


def writable_channel(call: Call, channel_id: str) -> Channel:
    channel = find_channel(call, channel_id)
    if channel.is_archived:
        raise SlackError("is_archived")
    if call.installation.bot_user_id not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def thread_of(call: Call, channel: Channel) -> str | None:
    thread_ts = call.text("thread_ts") or None
    if thread_ts and channel.message(thread_ts) is None:
        raise SlackError("thread_not_found")
    return thread_ts


def _is_visible(call: Call, channel: Channel) -> bool:
    if call.installation.bot_user_id in channel.members:
        return True
    is_reached = call.workspace.installation_in(channel.team_id) is call.installation
    return is_reached and not (channel.is_private or channel.is_im)


def _readable_channel(call: Call) -> Channel:
    channel = find_channel(call, call.required("channel"))
    call.need_scope(READ[_type_of(channel)])
    return channel


def info(call: Call) -> Json:
    channel = _readable_channel(call)
    body = channel_json(call.workspace, channel, call.installation)
    if not call.flag("include_num_members"):
        body.pop("num_members", None)
    return {"channel": body}


def open_(call: Call) -> Json:
    if channel_id := call.text("channel"):
        return {"channel": {"id": find_channel(call, channel_id).id}}
    users = call.required("users").split(",")
    if len(users) != 1:
        raise SlackError("not_supported_by_the_sandbox")
    user = call.workspace.user(users[0])
    if user.is_bot:
        raise SlackError("cannot_dm_bot")
    if user.deleted:
        raise SlackError("user_disabled")
    channel = call.workspace.dm(call.installation, user.id)
    body = (
        channel_json(call.workspace, channel, call.installation)
        if call.flag("return_im")
        else {"id": channel.id}
    )
    return {"channel": body}


def list_(call: Call) -> Json:
    types = (call.text("types") or "public_channel").split(",")
    for kind in types:
        call.need_scope(READ.get(kind, READ["public_channel"]))
    wanted = [
        channel
        for channel in call.workspace.channels.values()
        if _is_visible(call, channel)
        and _type_of(channel) in types
        and not (channel.is_archived and call.flag("exclude_archived"))
    ]
    channels = [channel_json(call.workspace, channel, call.installation) for channel in wanted]
    return {"channels": channels, "response_metadata": {"next_cursor": ""}}


def _type_of(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "private_channel" if channel.is_private else "public_channel"


def members(call: Call) -> Json:
    channel = _readable_channel(call)
    return {"members": channel.members, "response_metadata": {"next_cursor": ""}}


READ = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}

METHODS = {
    "conversations.info": Method(info, tuple(READ.values())),
    "conversations.list": Method(list_, tuple(READ.values())),
    "conversations.members": Method(members, tuple(READ.values())),
    "conversations.open": Method(open_, ("im:write",)),
}
