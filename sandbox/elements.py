"""Block Kit elements as forms: where they stand, what they hold, how typed words look in Slack's state."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.errors import Json, NotShown
from sandbox.records import Message, StateValues

Typed = str | int | float | list[str] | None

# element type -> (key in the state, key in the definition, kind of value)
STATEFUL: dict[str, tuple[str, str, str]] = {
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
PRESSABLE = {"button", "workflow_button", "icon_button", "feedback_buttons", "overflow"}


@dataclass(frozen=True)
class Placed:
    """An element and the block it stands in."""

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
    def acts(self) -> bool:
        """Inside an input block only an element with `dispatch_action` tells the app at once."""
        return self.block["type"] != "input" or bool(self.block.get("dispatch_action"))


def placed_elements(blocks: list[Json]) -> Iterator[Placed]:
    for block in all_blocks(blocks):
        yield from (Placed(block, element) for element in _elements_of(block))


def all_blocks(blocks: list[Json]) -> Iterator[Json]:
    """The blocks with those inside containers and carousels."""
    for block in blocks:
        yield block
        yield from block.get("child_blocks", [])
        if block.get("type") == "carousel":
            yield from block.get("elements", [])


def _elements_of(block: Json) -> Iterable[Json]:
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
) -> Placed:
    """If several match, such as a button repeated in each row, `value` or the block tells them apart."""
    found = [
        placed
        for placed in placed_elements(blocks)
        if (block_id is None or placed.block_id == block_id)
        and (action_id is None or placed.action_id == action_id)
    ]
    if value is not None and len(found) > 1:
        found = [placed for placed in found if placed.element.get("value") == value] or found
    if not found:
        shown = ", ".join(f"{p.block_id}/{p.action_id}" for p in placed_elements(blocks)) or "nothing"
        raise NotShown(f"no element {block_id or '*'}/{action_id or '*'} is shown; there is {shown}")
    return found[0]


def give_ids(blocks: list[Json], prefix: str) -> list[Json]:
    """Slack names blocks and elements that the app left nameless."""
    for number, block in enumerate(all_blocks(blocks)):
        block["block_id"] = block.get("block_id") or f"{prefix}{number}"
    for number, placed in enumerate(placed_elements(blocks)):
        placed.element.setdefault("action_id", f"{prefix}a{number}")
    return blocks


def options_of(element: Json) -> list[Json]:
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(option for group in groups for option in group["options"])]


def form_state(blocks: list[Json], kept: StateValues) -> StateValues:
    """What a freshly drawn form holds. As in Slack, the same block_id and action_id keep what they held."""
    state: StateValues = {}
    for placed in placed_elements(blocks):
        if placed.type not in STATEFUL:
            continue
        former = kept.get(placed.block_id, {}).get(placed.action_id)
        value = former if former and former["type"] == placed.type else _initial(placed.element)
        state.setdefault(placed.block_id, {})[placed.action_id] = value
    return state


def message_state(message: Message, user_id: str) -> StateValues:
    """What one person sees in a message's menus and fields: each has their own."""
    return form_state(message.blocks, message.states.get(user_id, {}))


def _initial(element: Json) -> Json:
    key, source, kind = STATEFUL[element["type"]]
    empty: Any = [] if kind in ("options", "texts", "files") else None
    value = element.get(source, empty) if source else empty
    return {"type": element["type"], key: value, **_zone(element)}


def _zone(element: Json) -> Json:
    return {"timezone": element["timezone"]} if "timezone" in element else {}


def typed_state(element: Json, typed: Typed, offered: list[Json] | None = None) -> Json:
    """A person's words in Slack's format. `offered` are the options an external select has loaded."""
    key, _, kind = STATEFUL[element["type"]]
    options = offered if offered is not None else options_of(element)
    value: Any
    if kind == "option":
        value = None if typed in (None, "") else _option(options, str(typed))
    elif kind == "options":
        value = [_option(options, word) for word in _words(typed)]
    elif kind in ("texts", "files"):
        value = _words(typed)
    elif kind == "integer":
        value = None if typed in (None, "") else int(str(typed))
    elif kind == "rich_text":
        value = None if typed in (None, "") else _rich_text(str(typed))
    else:
        value = None if typed in (None, "") else str(typed)
    return {"type": element["type"], key: value, **_zone(element)}


def _words(typed: Typed) -> list[str]:
    if typed is None or typed == "":
        return []
    return [str(word) for word in typed] if isinstance(typed, list) else [str(typed)]


def _option(options: list[Json], wanted: str) -> Json:
    """An option by its value or by the words shown, without its description, as Slack sends it."""
    for option in options:
        if wanted in (option.get("value"), option["text"]["text"]):
            return {key: option[key] for key in ("text", "value", "description") if key in option}
    shown = ", ".join(str(option["text"]["text"]) for option in options)
    raise NotShown(f"no option {wanted!r}; there is {shown}")


def _rich_text(words: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": words}]}
    return {"type": "rich_text", "elements": [section]}


def number_of(words: str) -> Decimal | None:
    """Neither `NaN` nor `Infinity` is a number that one may type."""
    try:
        number = Decimal(words)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def is_empty(value: Json) -> bool:
    key = STATEFUL[value["type"]][0]
    return value.get(key) in (None, "", [])


def action_json(placed: Placed, value: Json | None, action_ts: str) -> Json:
    """One entry of `actions` in a block_actions payload."""
    base: Json = {"action_id": placed.action_id, "block_id": placed.block_id, "action_ts": action_ts}
    element = placed.element
    if value is not None:
        return {**base, **value, **{key: element[key] for key in ("placeholder",) if key in element}}
    shown: Json = {key: element[key] for key in ("text", "value", "style", "url") if key in element}
    return {**base, "type": placed.type, **shown}
