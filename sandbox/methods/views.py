from sandbox.errors import Json, SlackError
from sandbox.methods.request import Call, Method
from sandbox.payloads import view_json
from sandbox.records import View
from sandbox.surfaces import check_view, place_view, push_view, replace_view


def open_(call: Call) -> Json:
    definition = _definition(call, "modal")
    trigger = call.workspace.use_trigger(call.required("trigger_id"))
    view = place_view(call.workspace, trigger.client, definition, call.installation.team_id)
    return {"view": view_json(call.workspace, view)}


def push(call: Call) -> Json:
    definition = _definition(call, "modal")
    trigger = call.workspace.use_trigger(call.required("trigger_id"))
    view = push_view(call.workspace, trigger.client, definition, call.installation.team_id)
    return {"view": view_json(call.workspace, view)}


def update(call: Call) -> Json:
    view = _find(call)
    definition = _definition(call, view.type)
    _check_hash(call, view)
    replace_view(call.workspace, view, definition)
    return {"view": view_json(call.workspace, view)}


def publish(call: Call) -> Json:
    user = call.workspace.user(call.required("user_id"))
    definition = _definition(call, "home")
    if (
        call.workspace.config.manifest.get("features", {}).get("app_home", {}).get("home_tab_enabled")
        is False
    ):
        raise SlackError("not_enabled")
    key = (call.installation.team_id, user.id)
    view = call.workspace.homes.get(key)
    if view is None:
        view = View(call.workspace.new_id("V"), call.installation.team_id, user.id, "home", [], "")
        view.root_view_id = view.id
        call.workspace.homes[key] = view
    else:
        _check_hash(call, view)
    replace_view(call.workspace, view, definition)
    return {"view": view_json(call.workspace, view)}


def _definition(call: Call, kind: str) -> Json:
    call.required("view")
    definition = call.structure("view")
    check_view(call.workspace, definition, kind)
    call.check_videos(definition)
    return dict(definition)


def _find(call: Call) -> View:
    view_id, external_id = call.text("view_id"), call.text("external_id")
    if not view_id and not external_id:
        raise SlackError("invalid_arguments", ["[ERROR] must define either `view_id` or `external_id`"])
    if view_id and external_id:
        raise SlackError("invalid_arguments", ["[ERROR] Cannot provide both `view_id` and `external_id`"])
    for view in call.workspace.all_views():
        same = view.id == view_id if view_id else view.external_id == external_id
        if same and view.team_id == call.installation.team_id:
            return view
    raise SlackError("not_found")


def _check_hash(call: Call, view: View) -> None:
    given = call.text("hash")
    if given and given != view.hash:
        raise SlackError("hash_conflict")


METHODS = {
    "views.open": Method(open_),
    "views.publish": Method(publish),
    "views.push": Method(push),
    "views.update": Method(update),
}
