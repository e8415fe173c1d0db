"""Block Kit elements as form fields: finding them, their state, and what people enter in Slack's format."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.errors import Json, NotShown
from sandbox.records import Message, StateValues

InputValue = str | int | float | list[str] | None

# element type -> (key in the state, key in the definition, kind of value)
STATEFUL_TYPES: dict[str, tuple[str, str, str]] = {
    "plain_text_input": ("value", "initial_value", "text"),
    "number_input": ("value", "initial_value", "text"),
    "email_text_input": ("value", "initial_value", "text"),
    "url_text_input": ("value", "initial_value", "text"),
    "rich_text_input": ("rich_text_value", "initial_value", "rich_text"),
    "static_select": ("selected_option", "initial_option", "option"),
    "external_select": ("selected_option", "initial_option", "option"),
    "radio_buttons": ("selected_option", "initial_option", "option"),
    "checkboxes": ("selected_options", "initial_options", "options"),
    "multi_static_select": ("selected_options", "initial_options", "options"),
    "multi_external_select": ("selected_options", "initial_options", "options"),
    "users_select": ("selected_user", "initial_user", "text"),
    "conversations_select": ("selected_conversation", "initial_conversation", "text"),
    "channels_select": ("selected_channel", "initial_channel", "text"),
    "multi_users_select": ("selected_users", "initial_users", "texts"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations", "texts"),
    "multi_channels_select": ("selected_channels", "initial_channels", "texts"),
    "datepicker": ("selected_date", "initial_date", "text"),
    "timepicker": ("selected_time", "initial_time", "text"),
    "datetimepicker": ("selected_date_time", "initial_date_time", "integer"),
    "file_input": ("files", "", "files"),
}
PRESSABLE_TYPES = {"button", "workflow_button", "icon_button", "feedback_buttons", "overflow"}


@dataclass(frozen=True)
class ElementInBlock:
    """An element and the block that contains it."""

    block: Json
    element: Json

    @property
    def block_id(self) -> str:
        return str(self.block["block_id"])

    @property
    def action_id(self) -> str:
        return str(self.element.get("action_id", ""))

    @property
    def type(self) -> str:
        return str(self.element["type"])

    @property
    def sends_action(self) -> bool:
        """Inside an input block, only an element with `dispatch_action` sends block_actions."""
        return self.block["type"] != "input" or bool(self.block.get("dispatch_action"))


def iterate_elements(blocks: list[Json]) -> Iterator[ElementInBlock]:
    for block in iterate_blocks(blocks):
        yield from (ElementInBlock(block, element) for element in _list_elements(block))


def iterate_blocks(blocks: list[Json]) -> Iterator[Json]:
    """Yields the blocks, including those nested in containers and carousels."""
    for block in blocks:
        yield block
        yield from block.get("child_blocks", [])
        if block.get("type") == "carousel":
            yield from block.get("elements", [])


def _list_elements(block: Json) -> Iterable[Json]:
    kind = block.get("type")
    if kind == "section" and block.get("accessory"):
        return [block["accessory"]]
    if kind == "input":
        return [block["element"]]
    if kind in ("actions", "context_actions"):
        return list(block.get("elements", []))
    if kind == "card":
        return list(block.get("actions", []))
    return []


def find_element(
    blocks: list[Json], block_id: str | None, action_id: str | None, value: str | None = None
) -> ElementInBlock:
    """If several elements match, such as a button repeated in each row, `value` or the block id selects
    one."""
    found = [
        item
        for item in iterate_elements(blocks)
        if (block_id is None or item.block_id == block_id)
        and (action_id is None or item.action_id == action_id)
    ]
    if value is not None and len(found) > 1:
        found = [item for item in found if item.element.get("value") == value] or found
    if not found:
        shown = ", ".join(f"{p.block_id}/{p.action_id}" for p in iterate_elements(blocks)) or "nothing"
        raise NotShown(f"no element {block_id or '*'}/{action_id or '*'} is shown; there is {shown}")
    return found[0]


def assign_ids(blocks: list[Json], prefix: str) -> list[Json]:
    """Assigns ids to blocks and elements that have none, as Slack does."""
    for number, block in enumerate(iterate_blocks(blocks)):
        block["block_id"] = block.get("block_id") or f"{prefix}{number}"
    for number, item in enumerate(iterate_elements(blocks)):
        item.element.setdefault("action_id", f"{prefix}a{number}")
    return blocks


def list_options(element: Json) -> list[Json]:
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(option for group in groups for option in group["options"])]


def build_form_state(blocks: list[Json], kept: StateValues) -> StateValues:
    """The state of a newly rendered form. As in Slack, fields with the same block_id and action_id keep their
    values."""
    state: StateValues = {}
    for item in iterate_elements(blocks):
        if item.type not in STATEFUL_TYPES:
            continue
        former = kept.get(item.block_id, {}).get(item.action_id)
        value = former if former and former["type"] == item.type else _build_initial_state(item.element)
        state.setdefault(item.block_id, {})[item.action_id] = value
    return state


def build_message_state(message: Message, user_id: str) -> StateValues:
    """The state of a message's inputs as one person sees them: each person has their own."""
    return build_form_state(message.blocks, message.states.get(user_id, {}))


def _build_initial_state(element: Json) -> Json:
    key, source, kind = STATEFUL_TYPES[element["type"]]
    empty: Any = [] if kind in ("options", "texts", "files") else None
    value = element.get(source, empty) if source else empty
    return {"type": element["type"], key: value, **_get_timezone(element)}


def _get_timezone(element: Json) -> Json:
    return {"timezone": element["timezone"]} if "timezone" in element else {}


def build_input_state(element: Json, typed: InputValue, offered: list[Json] | None = None) -> Json:
    """What a person entered, in Slack's format. `offered` are the options that an external select loaded."""
    key, _, kind = STATEFUL_TYPES[element["type"]]
    options = offered if offered is not None else list_options(element)
    value: Any
    if kind == "option":
        value = None if typed in (None, "") else _get_option(options, str(typed))
    elif kind == "options":
        value = [_get_option(options, word) for word in _list_values(typed)]
    elif kind in ("texts", "files"):
        value = _list_values(typed)
    elif kind == "integer":
        value = None if typed in (None, "") else int(str(typed))
    elif kind == "rich_text":
        value = None if typed in (None, "") else _build_rich_text(str(typed))
    else:
        value = None if typed in (None, "") else str(typed)
    return {"type": element["type"], key: value, **_get_timezone(element)}


def _list_values(typed: InputValue) -> list[str]:
    if typed is None or typed == "":
        return []
    return [str(word) for word in typed] if isinstance(typed, list) else [str(typed)]


def _get_option(options: list[Json], wanted: str) -> Json:
    """Finds an option by its value or its visible text, and returns it as Slack sends it."""
    for option in options:
        if wanted in (option.get("value"), option["text"]["text"]):
            return {key: option[key] for key in ("text", "value", "description") if key in option}
    shown = ", ".join(str(option["text"]["text"]) for option in options)
    raise NotShown(f"no option {wanted!r}; there is {shown}")


def _build_rich_text(words: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": words}]}
    return {"type": "rich_text", "elements": [section]}


def parse_number(words: str) -> Decimal | None:
    """`NaN` and `Infinity` are not valid input."""
    try:
        number = Decimal(words)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def is_empty(value: Json) -> bool:
    key = STATEFUL_TYPES[value["type"]][0]
    return value.get(key) in (None, "", [])


def build_action(item: ElementInBlock, value: Json | None, action_ts: str) -> Json:
    """Builds one entry of `actions` in a block_actions payload."""
    base: Json = {"action_id": item.action_id, "block_id": item.block_id, "action_ts": action_ts}
    element = item.element
    if value is not None:
        return {**base, **value, **{key: element[key] for key in ("placeholder",) if key in element}}
    shown: Json = {key: element[key] for key in ("text", "value", "style", "url") if key in element}
    return {**base, "type": item.type, **shown}
