"""Block Kit elements within Slack's limits.

Plain dicts: slack_sdk's classes drop block types that they do not know yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from bot.blocks.button_styles import CONFIRMATION_STYLES_BY_ACTION, STYLES_BY_ACTION
from bot.i18n import Localizer, truncate_text

Block = dict[str, Any]
View = dict[str, Any]
# Values that every database can store.
RowId = Annotated[int, Field(ge=0, lt=10**18)]
StorableText = Annotated[str, Field(pattern=r"^[^\x00]*$")]

MAX_SECTION_LENGTH = 3000
MAX_HEADER_LENGTH = 150
MAX_FIELD_LENGTH, MAX_FIELDS = 2000, 10
MAX_BUTTON_LENGTH = 75
MAX_TITLE_LENGTH = 24
MAX_OPTION_LENGTH = 75
MAX_ALERT_LENGTH = 200
MAX_LIST_ITEM_LENGTH = 80
NUMBER_DIGITS_LIMIT = 10
INITIAL_VALUE_KEYS = ("initial_value", "initial_date", "initial_option", "initial_options", "initial_user")
MAX_CONFIRM_TITLE_LENGTH, MAX_CONFIRM_TEXT_LENGTH, MAX_CONFIRM_BUTTON_LENGTH = 100, 300, 30


def build_plain_text(text: str, max_length: int = MAX_SECTION_LENGTH) -> Block:
    return {"type": "plain_text", "text": truncate_text(text, max_length), "emoji": False}


def build_mrkdwn(text: str) -> Block:
    """With `verbatim`, a URL, channel name or @name that somebody typed stays text."""
    return {"type": "mrkdwn", "text": truncate_text(text, MAX_SECTION_LENGTH), "verbatim": True}


def build_section(text: str, accessory: Block | None = None) -> Block:
    """`text` is mrkdwn, already escaped (see `Localizer.format_mrkdwn`)."""
    block: Block = {"type": "section", "text": build_mrkdwn(text)}
    return {**block, "accessory": accessory} if accessory else block


def build_row(left: str, right: str, accessory: Block | None = None) -> Block:
    return _build_field_section([left, right], accessory)


def build_rows(rows: Sequence[tuple[str, str]]) -> list[Block]:
    texts = [text for row in rows for text in row]
    return [
        _build_field_section(texts[start : start + MAX_FIELDS]) for start in range(0, len(texts), MAX_FIELDS)
    ]


def build_row_paragraphs(
    rows: Sequence[tuple[str, str]], localizer: Localizer, max_blocks: int = 40
) -> list[Block]:
    """Builds a section per row while there are few; otherwise the same as `build_paragraphs`."""
    if len(rows) <= max_blocks:
        return [build_row(*row) for row in rows]
    return build_paragraphs(["\n".join(row) for row in rows], localizer, max_blocks)


def _build_field_section(texts: Sequence[str], accessory: Block | None = None) -> Block:
    fields = [build_mrkdwn(truncate_text(text, MAX_FIELD_LENGTH)) for text in texts]
    block: Block = {"type": "section", "fields": fields}
    return {**block, "accessory": accessory} if accessory else block


def format_short_list(localizer: Localizer, texts: Sequence[str], max_items: int = 5) -> str:
    items = [truncate_text(text, MAX_LIST_ITEM_LENGTH) for text in texts[:max_items]]
    if len(texts) > max_items:
        items.append(localizer.format_text("count-more", count=len(texts) - max_items))
    return localizer.join_items(items)


def build_paragraphs(texts: Sequence[str], localizer: Localizer, max_blocks: int = 40) -> list[Block]:
    """Builds a section per text. If there are too many, each section holds as many as fit, and the rest are
    counted."""
    if len(texts) <= max_blocks:
        return [build_section(text) for text in texts]
    packed: list[list[str]] = [[]]
    for text in texts:
        if packed[-1] and len("\n\n".join([*packed[-1], text])) > MAX_SECTION_LENGTH:
            packed.append([])
        packed[-1].append(text)
    omitted_count = sum(len(group) for group in packed[max_blocks:])
    blocks = [build_section("\n\n".join(group)) for group in packed[:max_blocks]]
    if omitted_count:
        blocks.append(build_context(localizer.format_text("and-more", count=omitted_count)))
    return blocks


def build_header(text: str) -> Block:
    return {"type": "header", "text": build_plain_text(text, MAX_HEADER_LENGTH)}


def build_context(text: str) -> Block:
    return {"type": "context", "elements": [build_mrkdwn(text)]}


def build_divider() -> Block:
    return {"type": "divider"}


def build_alert(text: str, level: str = "info") -> Block:
    """`text` is plain; if it is too long for an alert, it becomes a section. `level` is one of Slack's."""
    if len(text) > MAX_ALERT_LENGTH:
        return {"type": "section", "text": build_plain_text(text)}
    return {"type": "alert", "level": level, "text": build_plain_text(text, MAX_ALERT_LENGTH)}


def build_alerts(texts: Iterable[str], level: str = "info") -> list[Block]:
    return [build_alert(text, level) for text in texts]


def build_actions(*elements: Block, block_id: str | None = None) -> Block:
    block: Block = {"type": "actions", "elements": list(elements)}
    return {**block, "block_id": block_id} if block_id else block


def build_confirm_dialog(title: str, text: str, confirm_label: str, deny_label: str) -> Block:
    return {
        "title": build_plain_text(title, MAX_CONFIRM_TITLE_LENGTH),
        "text": build_plain_text(text, MAX_CONFIRM_TEXT_LENGTH),
        "confirm": build_plain_text(confirm_label, MAX_CONFIRM_BUTTON_LENGTH),
        "deny": build_plain_text(deny_label, MAX_CONFIRM_BUTTON_LENGTH),
    }


def build_button(
    action_id: str,
    text: str,
    value: object = None,
    *,
    accessibility_label: str | None = None,
    confirm: Block | None = None,
) -> Block:
    """`accessibility_label` is for a `text` that is ambiguous to screen readers."""
    block: Block = {
        "type": "button",
        "action_id": action_id,
        "text": build_plain_text(text, MAX_BUTTON_LENGTH),
        **_build_style(action_id),
    }
    if value is not None:
        block["value"] = str(value)
    if accessibility_label:
        block |= build_accessibility_label(accessibility_label)
    if confirm:
        block["confirm"] = {**confirm, **_build_style(action_id, CONFIRMATION_STYLES_BY_ACTION)}
    return block


def _build_style(action_id: str, styles: Mapping[str, str] = STYLES_BY_ACTION) -> Block:
    return {"style": styles[action_id]} if action_id in styles else {}


def build_accessibility_label(label: str) -> Block:
    return {"accessibility_label": truncate_text(label, MAX_BUTTON_LENGTH)}


def build_page_buttons(
    action_id: str, page: int, count: int, previous_label: str, next_label: str
) -> list[Block]:
    # Each in its own block, because an action id can be in a block only once.
    targets = [(previous_label, page - 1), (next_label, page + 1)]
    return [
        build_actions(build_button(action_id, label, target))
        for label, target in targets
        if 0 <= target < count
    ]


def build_link_button(action_id: str, text: str, url: str, accessibility_label: str | None = None) -> Block:
    # Slack sends an action for it as well, which only needs an ack.
    block: Block = {
        "type": "button",
        "action_id": action_id,
        "text": build_plain_text(text, MAX_BUTTON_LENGTH),
        **_build_style(action_id),
        "url": url,
    }
    return {**block, **build_accessibility_label(accessibility_label)} if accessibility_label else block


def build_option(text: str, value: object, description: str = "") -> Block:
    block: Block = {"text": build_plain_text(text, MAX_OPTION_LENGTH), "value": str(value)}
    return (
        {**block, "description": build_plain_text(description, MAX_OPTION_LENGTH)} if description else block
    )


def build_select(action_id: str, options: Sequence[Block], selected: str | None = None) -> Block:
    block: Block = {"type": "static_select", "action_id": action_id, "options": list(options)}
    return _set_initial_option(block, options, selected)


def build_grouped_select(
    action_id: str, groups: dict[str, Sequence[Block]], selected: str | None = None
) -> Block:
    block: Block = {
        "type": "static_select",
        "action_id": action_id,
        "option_groups": [
            {"label": build_plain_text(label, MAX_OPTION_LENGTH), "options": list(options)}
            for label, options in groups.items()
        ],
    }
    return _set_initial_option(block, [o for options in groups.values() for o in options], selected)


def build_checkboxes(action_id: str, options: Sequence[Block], selected: Sequence[Block]) -> Block:
    block: Block = {"type": "checkboxes", "action_id": action_id, "options": list(options)}
    return {**block, "initial_options": list(selected)} if selected else block


def build_radio_buttons(action_id: str, options: Sequence[Block], selected: Block) -> Block:
    return {
        "type": "radio_buttons",
        "action_id": action_id,
        "options": list(options),
        "initial_option": selected,
    }


def _set_initial_option(block: Block, options: Iterable[Block], selected: str | None) -> Block:
    initial = next((o for o in options if o["value"] == selected), None)
    return {**block, "initial_option": initial} if initial else block


def build_number_input(action_id: str, max_value: int, value: int | None = None) -> Block:
    block: Block = {
        "type": "number_input",
        "action_id": action_id,
        "is_decimal_allowed": False,
        "min_value": "0",
        "max_value": str(max_value),
    }
    return {**block, "initial_value": str(value)} if value is not None else block


def build_text_input(
    action_id: str, value: str = "", *, multiline: bool = False, max_length: int = 200
) -> Block:
    block: Block = {"type": "plain_text_input", "action_id": action_id, "max_length": max_length}
    if multiline:
        block["multiline"] = True
    return {**block, "initial_value": value[:max_length]} if value else block


def build_date_picker(action_id: str, day: date) -> Block:
    return {"type": "datepicker", "action_id": action_id, "initial_date": day.isoformat()}


def build_user_select(action_id: str) -> Block:
    """Slack's own list of people; it can offer guests and apps too."""
    return {"type": "users_select", "action_id": action_id}


def build_email_input(action_id: str, value: str, *, is_valid: bool) -> Block:
    # Slack rejects a view whose initial address is invalid, so that becomes a text input.
    if value and not is_valid:
        return build_text_input(action_id, value)
    block: Block = {"type": "email_text_input", "action_id": action_id}
    return {**block, "initial_value": value} if value else block


def build_input(
    block_id: str,
    label: str,
    element: Block,
    *,
    hint: str | None = None,
    optional: bool = False,
    sends_changes: bool = False,
) -> Block:
    """`sends_changes` makes Slack send an action after each change, not only on submission."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": build_plain_text(label, 2000),
        "element": element,
        "optional": optional,
    }
    if sends_changes:
        block["dispatch_action"] = True
    return {**block, "hint": build_plain_text(hint, 2000)} if hint else block


@dataclass(frozen=True)
class ModalMetadata:
    """A modal's `private_metadata`: ids, which every use case authorises again (R5), and no content.

    `origin` says where Back leads from a quote: `cart`, `pending` (the warning of R6) or `quotes`.
    `command_text` follows `/add-seats`, until the cart is shown; `reason` was typed for rejecting `quote`;
    `extension` is a request for more time; `shown` is the fingerprint of the order that the modal shows;
    `repeats` is an order whose seats fill in the cart. A list of orders with a `po_number` shows only those
    that have it. `first_day` and `last_day` were chosen in a form that Back returns to.
    """

    account: StorableText = ""
    quote: RowId = 0
    order: RowId = 0
    origin: str = ""
    command_text: StorableText = ""
    page: RowId = 0
    quote_ids: tuple[RowId, ...] = ()
    reason: StorableText = ""
    extension: RowId = 0
    shown: StorableText = ""
    repeats: RowId = 0
    po_number: StorableText = ""
    first_day: date | None = None
    last_day: date | None = None

    def to_json(self) -> str:
        return _METADATA_ADAPTER.dump_json(self, exclude_defaults=True).decode()

    @classmethod
    def from_json(cls, text: str) -> "ModalMetadata":
        """Returns an empty one for JSON that cannot be read: another version of the bot may have rendered the
        modal."""
        try:
            return _METADATA_ADAPTER.validate_json(text or "{}")
        except ValidationError:
            return cls()


_METADATA_ADAPTER = TypeAdapter(ModalMetadata)


def build_modal(
    callback_id: str,
    title: str,
    blocks: Sequence[Block],
    localizer: Localizer,
    *,
    metadata: ModalMetadata | None = None,
    submit_label: str | None = None,
) -> View:
    view: View = {
        "type": "modal",
        "callback_id": callback_id,
        "title": build_plain_text(title, MAX_TITLE_LENGTH),
        "close": build_plain_text(localizer.format_text("close"), MAX_TITLE_LENGTH),
        "blocks": list(blocks),
        "private_metadata": (metadata or ModalMetadata()).to_json(),
    }
    return {**view, "submit": build_plain_text(submit_label, MAX_TITLE_LENGTH)} if submit_label else view


def render_form_with_errors(view: View, errors: dict[str, str]) -> View:
    values = view.get("state", {}).get("values", {})
    blocks = [
        _apply_typed_value(block, values.get(block.get("block_id"), {})) for block in view.get("blocks", [])
    ]
    fields = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    form = {**{name: view[name] for name in fields if view.get(name)}, "blocks": blocks}
    return add_alerts(form, dict.fromkeys(errors.values()), "error")


def add_alerts(view: View, texts: Iterable[str], level: str) -> View:
    return {**view, "blocks": [*build_alerts(texts, level), *view["blocks"]]}


def _apply_typed_value(block: Block, values: dict[str, Any]) -> Block:
    if block.get("type") != "input":
        return block
    element = block["element"]
    state = values.get(element["action_id"], {})
    unset = {name: value for name, value in element.items() if name not in INITIAL_VALUE_KEYS}
    if state.get("selected_options"):
        return {**block, "element": {**unset, "initial_options": state["selected_options"]}}
    if state.get("selected_option"):
        return {**block, "element": {**unset, "initial_option": state["selected_option"]}}
    if state.get("selected_date"):
        return {**block, "element": {**unset, "initial_date": state["selected_date"]}}
    if state.get("selected_user"):
        return {**block, "element": {**unset, "initial_user": state["selected_user"]}}
    value = state.get("value")
    if not value or (element["type"] == "number_input" and not _is_within_bounds(element, value)):
        # Slack keeps what is in a field with the same ids, but rejects an initial value out of its bounds.
        return {**block, "element": unset}
    return {**block, "element": {**unset, "initial_value": value}}


def _is_within_bounds(element: Block, value: str) -> bool:
    number = int(value) if value.isascii() and value.isdecimal() and len(value) < NUMBER_DIGITS_LIMIT else -1
    return int(element["min_value"]) <= number <= int(element["max_value"])
