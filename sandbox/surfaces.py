"""Validates and renders Slack's surfaces: modals on a client's stack, the Home tab, messages."""

import copy
from typing import Any

from sandbox import block_kit_rules as rules
from sandbox import elements
from sandbox.errors import Json, SlackError
from sandbox.records import Client, View
from sandbox.workspace import STACK_LIMIT, Workspace

VIEW_FIELDS = (
    "title",
    "submit",
    "close",
    "callback_id",
    "external_id",
    "private_metadata",
    "clear_on_close",
    "notify_on_close",
    "submit_disabled",
)


FIELDS_EXCLUDED_BY_MARKDOWN = ("text", "blocks")
ATTACHMENTS_LIMIT = 100


def check_view(workspace: Workspace, definition: Any, kind: str) -> None:
    """Rejects what Slack rejects, with `invalid_arguments` and a JSON pointer to each error."""
    if not isinstance(definition, dict):
        raise build_validation_error("invalid_arguments", ["must provide an object [json-pointer:/view]"])
    if definition.get("type") != kind:
        raise build_validation_error(
            "invalid_arguments", [f"must be a valid enum value: {kind} [json-pointer:/view/type]"]
        )
    if errors := rules.find_view_errors(definition, kind, workspace.bot_name):
        raise build_validation_error(
            "invalid_arguments", ["failed to match all allowed schemas [json-pointer:/view]", *errors]
        )
    if rules.count_view_bytes(definition) > rules.VIEW_BYTES_LIMIT:
        raise SlackError("view_too_large")


def check_message(workspace: Workspace, content: Json) -> list[str]:
    """Rejects what Slack rejects, assigns missing ids, and returns Slack's warnings."""
    text, blocks, attachments = content["text"], content["blocks"], content["attachments"]
    if content["markdown_text"] and any(content[name] for name in FIELDS_EXCLUDED_BY_MARKDOWN):
        raise SlackError("markdown_text_conflict")
    if not any((text, blocks, attachments, content["markdown_text"], content.get("files"))):
        raise SlackError("no_text")
    if len(content["markdown_text"]) > rules.MARKDOWN_LIMIT:
        raise SlackError("msg_too_long")
    _check_blocks(blocks, "/blocks")
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > ATTACHMENTS_LIMIT:
        raise SlackError("too_many_attachments")
    for number, attachment in enumerate(attachments):
        _check_blocks(attachment.get("blocks") or [], f"/attachments/{number}/blocks")
    elements.assign_ids(blocks, f"{workspace.create_id('b')}.")
    return ["missing_text_in_message"] if blocks and not text else []


def _check_blocks(blocks: Any, pointer: str) -> None:
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if errors := rules.find_block_errors(blocks, "message", pointer):
        refusal = build_validation_error("invalid_blocks", errors)
        refusal.extra["errors"] = errors
        raise refusal
    if rules.count_markdown_characters(blocks) > rules.MARKDOWN_LIMIT:
        raise SlackError("msg_blocks_too_long")


def build_validation_error(error: str, messages: list[str]) -> SlackError:
    return SlackError(error, [f"[ERROR] {fault}" for fault in messages])


def open_view(workspace: Workspace, client: Client, definition: Json, team_id: str) -> View:
    """views.open: replaces what was open on this client."""
    view = _create_view(workspace, client, definition, team_id)
    view.root_view_id = view.id
    client.stack = [view]
    client.error = None
    return view


def push_view(workspace: Workspace, client: Client, definition: Json, team_id: str) -> View:
    if not client.stack:
        raise SlackError("not_found")
    if len(client.stack) >= STACK_LIMIT:
        raise SlackError("push_limit_reached")
    view = _create_view(workspace, client, definition, team_id)
    view.root_view_id = client.stack[0].id
    view.previous_view_id = client.stack[-1].id
    client.stack.append(view)
    return view


def replace_view(workspace: Workspace, view: View, definition: Json) -> None:
    _check_external_id(workspace, view, definition)
    _render(workspace, view, definition)
    view.errors, view.error = {}, None


def _create_view(workspace: Workspace, client: Client, definition: Json, team_id: str) -> View:
    view = View(workspace.create_id("V"), team_id, client.user_id, "modal", [], "")
    _check_external_id(workspace, view, definition)
    _render(workspace, view, definition)
    return view


def _check_external_id(workspace: Workspace, view: View, definition: Json) -> None:
    external_id = definition.get("external_id")
    if not external_id:
        return
    for other in workspace.iterate_views():
        if other is not view and (other.team_id, other.external_id) == (view.team_id, external_id):
            raise SlackError("duplicate_external_id")


def _render(workspace: Workspace, view: View, definition: Json) -> None:
    fresh = copy.deepcopy(definition)
    for name in VIEW_FIELDS:
        default = getattr(View, name, None)
        setattr(view, name, fresh.get(name) or default)
    view.blocks = elements.assign_ids(fresh.get("blocks", []), f"{workspace.create_id('b')}.")
    view.state = elements.build_form_state(view.blocks, view.state)
    view.hash = workspace.create_hash()
