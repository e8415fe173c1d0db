from sandbox.errors import Json, SlackError
from sandbox.methods.call import Call, Method
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
    return channel


def _is_visible(call: Call, channel: Channel) -> bool:
    if call.installation.bot_user_id in channel.members:
        return True
    return channel.team_id == call.installation.team_id and not (channel.is_private or channel.is_im)


def info(call: Call) -> Json:
    channel = find_channel(call, call.required("channel"))
    body = channel_json(call.workspace, channel, call.installation)
    if not call.flag("include_num_members"):
        body.pop("num_members", None)
    return {"channel": body}


def open_(call: Call) -> Json:
    if channel_id := call.text("channel"):
        return {"channel": {"id": find_channel(call, channel_id).id}}
    users = str(call.required("users")).split(",")
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
    channel = find_channel(call, call.required("channel"))
    return {"members": channel.members, "response_metadata": {"next_cursor": ""}}


READ = ("channels:read", "groups:read", "im:read", "mpim:read")

METHODS = {
    "conversations.info": Method(info, READ),
    "conversations.list": Method(list_, READ),
    "conversations.members": Method(members, READ),
    "conversations.open": Method(open_, ("im:write",)),
}
