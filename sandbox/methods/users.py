from sandbox.errors import Json, SlackError
from sandbox.methods.request import Call, Method
from sandbox.payloads import build_user_json
from sandbox.records import User


def info(call: Call) -> Json:
    return {"user": _build_user(call, get_visible_user(call, call.get_required("user")))}


def lookup_by_email(call: Call) -> Json:
    email = call.get_required("email").lower()
    for user in _list_team_users(call):
        if user.email.lower() == email and not user.deleted:
            return {"user": _build_user(call, user)}
    raise SlackError("users_not_found")


def list_(call: Call) -> Json:
    members = [_build_user(call, user) for user in _list_team_users(call)]
    return {
        "members": members,
        "cache_ts": int(call.workspace.clock()),
        "response_metadata": {"next_cursor": ""},
    }


def get_visible_user(call: Call, user_id: str) -> User:
    """Returns a user if they are in the app's team, are a stranger, or share a channel with the app."""
    user = call.workspace.get_user(user_id)
    if call.installation.team_id in user.all_team_ids or user.is_stranger:
        return user
    if any(
        {user.id, call.installation.bot_user_id} <= set(channel.members)
        for channel in call.workspace.channels.values()
    ):
        return user
    raise SlackError("user_not_visible")


def _list_team_users(call: Call) -> list[User]:
    return [user for user in call.workspace.users.values() if call.installation.team_id in user.all_team_ids]


def _build_user(call: Call, user: User) -> Json:
    return build_user_json(
        call.workspace,
        user,
        viewer_team=call.installation.team_id,
        include_locale=call.get_flag("include_locale"),
        email="users:read.email" in call.installation.scopes,
    )


METHODS = {
    "users.info": Method(info, ("users:read",)),
    "users.list": Method(list_, ("users:read",)),
    "users.lookupByEmail": Method(lookup_by_email, ("users:read.email",)),
}
