"""The parts that every screen and message is made of, within Slack's limits.

Plain dicts: slack_sdk's classes drop block types that they do not know yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from bot.i18n import Reader

Block = dict[str, Any]
View = dict[str, Any]
# What a database takes.
RowId = Annotated[int, Field(ge=0, lt=10**18)]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]

SECTION_TEXT = 3000
HEADER_TEXT = 150
BUTTON_TEXT = 75
TITLE_TEXT = 24
OPTION_TEXT = 75
ALERT_TEXT = 200
SHORT_NUMBER = 10
INITIALS = ("initial_value", "initial_option", "initial_options")
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30


def shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def plain(text: str, most: int = SECTION_TEXT) -> Block:
    return {"type": "plain_text", "text": shorten(text, most), "emoji": False}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": shorten(text, SECTION_TEXT)}


def section(text: str, accessory: Block | None = None) -> Block:
    """A paragraph of mrkdwn: whoever writes `text` has escaped it (see Reader.mrkdwn)."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return {**block, "accessory": accessory} if accessory else block


def few(reader: Reader, texts: Sequence[str], most: int = 5, longest: int = 80) -> str:
    """`a, b and 3 more`: Fluent takes no word of more than 2,500 characters. Plain."""
    shown = [shorten(text, longest) for text in texts[:most]]
    rest = len(texts) - most
    return reader.listing([*shown, reader.text("count-more", count=rest)] if rest > 0 else shown)


def paragraphs(texts: Sequence[str], reader: Reader, most: int = 40) -> list[Block]:
    """A section each; where they are more than `most`, as many in one as fit, and the rest counted."""
    if len(texts) <= most:
        return [section(text) for text in texts]
    packed: list[list[str]] = [[]]
    for text in texts:
        if packed[-1] and len("\n\n".join([*packed[-1], text])) > SECTION_TEXT:
            packed.append([])
        packed[-1].append(text)
    left_out = sum(len(group) for group in packed[most:])
    blocks = [section("\n\n".join(group)) for group in packed[:most]]
    return [*blocks, context(reader.text("and-more", count=left_out))] if left_out else blocks


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER_TEXT)}


def context(text: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text)]}


def divider() -> Block:
    return {"type": "divider"}


def alert(text: str, level: str = "info") -> Block:
    """A notice inside a modal; `level` is default, info, warning, error or success. `text` is plain.

    Longer texts than an alert takes become a paragraph.
    """
    if len(text) > ALERT_TEXT:
        return {"type": "section", "text": plain(text)}
    return {"type": "alert", "level": level, "text": plain(text, ALERT_TEXT)}


def alerts(texts: Iterable[str], level: str = "info") -> list[Block]:
    return [alert(text, level) for text in texts]


def actions(*elements: Block, block_id: str | None = None) -> Block:
    block: Block = {"type": "actions", "elements": list(elements)}
    return {**block, "block_id": block_id} if block_id else block


def confirm(title: str, text: str, yes: str, no: str) -> Block:
    return {
        "title": plain(title, CONFIRM_TITLE),
        "text": plain(text, CONFIRM_TEXT),
        "confirm": plain(yes, CONFIRM_BUTTON),
        "deny": plain(no, CONFIRM_BUTTON),
    }


def button(
    action_id: str,
    text: str,
    value: object = None,
    *,
    style: str | None = None,
    label: str | None = None,
    asks: Block | None = None,
) -> Block:
    """`label` is what a screen reader says, where `text` alone would be ambiguous."""
    block: Block = {"type": "button", "action_id": action_id, "text": plain(text, BUTTON_TEXT)}
    if value is not None:
        block["value"] = str(value)
    if style:
        block["style"] = style
    if label:
        block |= spoken(label)
    if asks:
        block["confirm"] = asks
    return block


def spoken(label: str) -> Block:
    """What a screen reader says of a button."""
    return {"accessibility_label": shorten(label, BUTTON_TEXT)}


def link(action_id: str, text: str, url: str, label: str | None = None) -> Block:
    """A button that leads out; pressing it still sends an action, which only needs an ack."""
    block: Block = {"type": "button", "action_id": action_id, "text": plain(text, BUTTON_TEXT), "url": url}
    return {**block, **spoken(label)} if label else block


def option(text: str, value: object, description: str = "") -> Block:
    block: Block = {"text": plain(text, OPTION_TEXT), "value": str(value)}
    return {**block, "description": plain(description, OPTION_TEXT)} if description else block


def select(action_id: str, options: Sequence[Block], chosen: str | None = None) -> Block:
    block: Block = {"type": "static_select", "action_id": action_id, "options": list(options)}
    return _with_initial(block, options, chosen)


def grouped_select(action_id: str, groups: dict[str, Sequence[Block]], chosen: str | None = None) -> Block:
    """For more than 100 options: up to 100 groups of up to 100."""
    block: Block = {
        "type": "static_select",
        "action_id": action_id,
        "option_groups": [{"label": plain(g, OPTION_TEXT), "options": list(o)} for g, o in groups.items()],
    }
    return _with_initial(block, [o for options in groups.values() for o in options], chosen)


def checkboxes(action_id: str, options: Sequence[Block], chosen: Sequence[Block]) -> Block:
    block: Block = {"type": "checkboxes", "action_id": action_id, "options": list(options)}
    return {**block, "initial_options": list(chosen)} if chosen else block


def radio(action_id: str, options: Sequence[Block], chosen: Block) -> Block:
    return {
        "type": "radio_buttons",
        "action_id": action_id,
        "options": list(options),
        "initial_option": chosen,
    }


def _with_initial(block: Block, options: Iterable[Block], chosen: str | None) -> Block:
    initial = next((o for o in options if o["value"] == chosen), None)
    return {**block, "initial_option": initial} if initial else block


def number_input(action_id: str, most: int, typed: int | None = None) -> Block:
    block: Block = {
        "type": "number_input",
        "action_id": action_id,
        "is_decimal_allowed": False,
        "min_value": "0",
        "max_value": str(most),
    }
    return {**block, "initial_value": str(typed)} if typed is not None else block


def text_input(action_id: str, typed: str = "", *, multiline: bool = False, most: int = 200) -> Block:
    block: Block = {"type": "plain_text_input", "action_id": action_id, "max_length": most}
    if multiline:
        block["multiline"] = True
    return {**block, "initial_value": typed[:most]} if typed else block


def email_input(action_id: str, typed: str, *, valid: bool) -> Block:
    """Slack refuses a view whose e-mail field begins with what is no address: that stays plain text."""
    if typed and not valid:
        return text_input(action_id, typed)
    block: Block = {"type": "email_text_input", "action_id": action_id}
    return {**block, "initial_value": typed} if typed else block


def input_block(
    block_id: str, label: str, element: Block, *, hint: str | None = None, optional: bool = False
) -> Block:
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, 2000),
        "element": element,
        "optional": optional,
    }
    return {**block, "hint": plain(hint, 2000)} if hint else block


@dataclass(frozen=True)
class Place:
    """Where in the bot a screen stands: ids alone, carried in `private_metadata` and trusted for nothing.

    `origin` is where Back from a quote leads: `cart`, `pending` (the warning of R6) or `quotes`.
    `words` are those after `/add-seats`, until the cart form is shown; `reason` is what was typed for
    rejecting `quote`, until that is done.
    """

    account: Text = ""
    quote: RowId = 0
    order: RowId = 0
    origin: str = ""
    words: Text = ""
    page: RowId = 0
    named: tuple[RowId, ...] = ()
    reason: Text = ""

    def dump(self) -> str:
        return _PLACE.dump_json(self, exclude_defaults=True).decode()

    @classmethod
    def load(cls, metadata: str) -> "Place":
        """Nowhere where it cannot be read: another version of the bot may have drawn the screen."""
        try:
            return _PLACE.validate_json(metadata or "{}")
        except ValidationError:
            return cls()


_PLACE = TypeAdapter(Place)


def modal(
    callback_id: str,
    title: str,
    blocks: Sequence[Block],
    reader: Reader,
    *,
    place: Place | None = None,
    submit: str | None = None,
) -> View:
    view: View = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title, TITLE_TEXT),
        "close": plain(reader.text("close"), TITLE_TEXT),
        "blocks": list(blocks),
        "private_metadata": (place or Place()).dump(),
    }
    return {**view, "submit": plain(submit, TITLE_TEXT)} if submit else view


def form_again(view: View, errors: dict[str, str]) -> View:
    """A submitted form as it was, with what was typed in it, below words on what was wrong."""
    values = view.get("state", {}).get("values", {})
    blocks = [_refilled(block, values.get(block.get("block_id"), {})) for block in view.get("blocks", [])]
    kept = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    words = [alert(text, "error") for text in dict.fromkeys(errors.values())]
    return {**{name: view[name] for name in kept if view.get(name)}, "blocks": [*words, *blocks]}


def _refilled(block: Block, values: dict[str, Any]) -> Block:
    if block.get("type") != "input":
        return block
    element = block["element"]
    typed = values.get(element["action_id"], {})
    unset = {k: v for k, v in element.items() if k not in INITIALS}
    if typed.get("selected_options"):
        return {**block, "element": {**unset, "initial_options": typed["selected_options"]}}
    if typed.get("selected_option"):
        return {**block, "element": {**unset, "initial_option": typed["selected_option"]}}
    value = typed.get("value")
    if not value or (element["type"] == "number_input" and not _in_bounds(element, value)):
        # Slack keeps what stands in a field of the same ids, but refuses to begin one with no such number.
        return {**block, "element": unset}
    return {**block, "element": {**unset, "initial_value": value}}


def _in_bounds(element: Block, value: str) -> bool:
    number = int(value) if value.isascii() and value.isdecimal() and len(value) < SHORT_NUMBER else -1
    return int(element["min_value"]) <= number <= int(element["max_value"])
