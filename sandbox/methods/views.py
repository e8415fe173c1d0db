from sandbox.errors import Json, SlackError
from sandbox.methods.request import Call, Method
from sandbox.payloads import build_view_json
from sandbox.records import View
from sandbox.surfaces import check_view, open_view, push_view, replace_view


def open_(call: Call) -> Json:
    definition = _read_definition(call, "modal")
    trigger = call.workspace.use_trigger(call.get_required("trigger_id"))
    view = open_view(call.workspace, trigger.client, definition, call.installation.team_id)
    return {"view": build_view_json(call.workspace, view)}


def push(call: Call) -> Json:
    definition = _read_definition(call, "modal")
    trigger = call.workspace.use_trigger(call.get_required("trigger_id"))
    view = push_view(call.workspace, trigger.client, definition, call.installation.team_id)
    return {"view": build_view_json(call.workspace, view)}


def update(call: Call) -> Json:
    view = _get_view(call)
    definition = _read_definition(call, view.type)
    _check_hash(call, view)
    replace_view(call.workspace, view, definition)
    return {"view": build_view_json(call.workspace, view)}


def publish(call: Call) -> Json:
    user = call.workspace.get_user(call.get_required("user_id"))
    definition = _read_definition(call, "home")
    if (
        call.workspace.config.manifest.get("features", {}).get("app_home", {}).get("home_tab_enabled")
        is False
    ):
        raise SlackError("not_enabled")
    key = (call.installation.team_id, user.id)
    view = call.workspace.homes.get(key)
    if view is None:
        view = View(call.workspace.create_id("V"), call.installation.team_id, user.id, "home", [], "")
        view.root_view_id = view.id
        call.workspace.homes[key] = view
    else:
        _check_hash(call, view)
    replace_view(call.workspace, view, definition)
    return {"view": build_view_json(call.workspace, view)}


def _read_definition(call: Call, kind: str) -> Json:
    call.get_required("view")
    definition = call.parse_json("view")
    check_view(call.workspace, definition, kind)
    call.check_videos(definition)
    return dict(definition)


def _get_view(call: Call) -> View:
    view_id, external_id = call.get_text("view_id"), call.get_text("external_id")
    if not view_id and not external_id:
        raise SlackError("invalid_arguments", ["[ERROR] must define either `view_id` or `external_id`"])
    if view_id and external_id:
        raise SlackError("invalid_arguments", ["[ERROR] Cannot provide both `view_id` and `external_id`"])
    for view in call.workspace.iterate_views():
        same = view.id == view_id if view_id else view.external_id == external_id
        if same and view.team_id == call.installation.team_id:
            return view
    raise SlackError("not_found")


def _check_hash(call: Call, view: View) -> None:
    given = call.get_text("hash")
    if given and given != view.hash:
        raise SlackError("hash_conflict")


METHODS = {
    "views.open": Method(open_),
    "views.publish": Method(publish),
    "views.push": Method(push),
    "views.update": Method(update),
}
