"""Slack's limits on a view, as far as what the bot draws can reach them."""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from models.text.email_address import is_email_address

Json = dict[str, Any]

SURFACES = {
    "modal": {"section", "header", "context", "divider", "actions", "input", "alert"},
    # A chart where Slack takes it there: the sources differ (see bot/use_cases/home/publish.py).
    "home": {"section", "header", "context", "divider", "actions", "data_visualization"},
    "message": {"section", "header", "context", "divider", "actions", "table"},
}
BLOCKS, VIEW_BYTES, METADATA = 100, 250_000, 3000
FIELDS, FIELD_LENGTH = 10, 2000
TABLE_ROWS, TABLE_TEXT = 100, 10_000


def check(view: Json) -> None:
    assert len(json.dumps(view)) <= VIEW_BYTES, "the view is too large"
    assert 1 <= len(view["blocks"]) <= BLOCKS, f"{len(view['blocks'])} blocks"
    if view["type"] == "modal":
        _check_frame(view)
    assert sum(block["type"] == "data_visualization" for block in view["blocks"]) <= 2
    assert sum(block["type"] == "table" for block in view["blocks"]) <= 1
    ids = [block["block_id"] for block in view["blocks"] if "block_id" in block]
    assert len(ids) == len(set(ids)), "a block id occurs twice"
    for block in view["blocks"]:
        assert block["type"] in SURFACES[view["type"]], f"{block['type']} in a {view['type']}"
        assert len(block.get("block_id", "")) <= 255
        CHECKS[block["type"]](block)
        actions = [element["action_id"] for element in list_elements(block)]
        assert len(actions) == len(set(actions)), f"an action id occurs twice in {actions}"
        for element in list_elements(block):
            ELEMENTS[element["type"]](element)
    for text in list_texts(view):
        assert "{" not in as_written(text), f"an unfilled word in {text}"


def list_elements(block: Json) -> list[Json]:
    if block["type"] == "actions":
        return list(block["elements"])
    return [block[name] for name in ("accessory", "element") if name in block]


def list_texts(part: Any) -> Iterator[str]:
    """Every text that is read, at any depth."""
    if isinstance(part, list):
        for inner in part:
            yield from list_texts(inner)
    elif isinstance(part, dict):
        if part.get("type") in ("plain_text", "mrkdwn"):
            yield part["text"]
        for inner in part.values():
            yield from list_texts(inner)


def as_written(text: str) -> str:
    """With each of Slack's date tokens as it is where none is drawn."""
    return re.sub(r"<!date\^\d+\^[^|<>]*\|([^<>|]*)>", r"\1", text)


def list_buttons(view: Json) -> list[Json]:
    return [e for block in view["blocks"] for e in list_elements(block) if e["type"] == "button"]


def _check_frame(view: Json) -> None:
    for name in ("title", "close", "submit"):
        if name in view:
            _check_text(view[name], 24, "plain_text")
            assert not view[name]["text"].endswith("…"), f"{name} is cut: {view[name]['text']}"
    has_input = any(block["type"] == "input" for block in view["blocks"])
    assert "submit" in view or not has_input, "an input without a submit"
    assert len(view["private_metadata"]) <= METADATA
    assert len(view["callback_id"]) <= 255


def _check_text(text: Json, most: int, kind: str | None = None) -> None:
    assert 1 <= len(text["text"]) <= most, f"{len(text['text'])} of {most}: {text['text'][:80]}"
    assert kind is None or text["type"] == kind


def _check_section(block: Json) -> None:
    if "text" in block:
        _check_text(block["text"], 3000)
    assert len(block.get("fields", [])) in range("text" not in block, FIELDS + 1)
    for field in block.get("fields", []):
        _check_text(field, FIELD_LENGTH)


def _check_table(block: Json) -> None:
    rows, settings = block["rows"], block["column_settings"]
    assert 2 <= len(rows) <= TABLE_ROWS
    assert {len(row) for row in rows} == {len(settings)}
    assert all(setting["align"] in ("left", "center", "right") for setting in settings)
    cells = [list_cell_texts(cell) for row in rows for cell in row]
    assert all(text for texts in cells for text in texts)
    assert sum(len(text) for texts in cells for text in texts) <= TABLE_TEXT


def list_cell_texts(cell: Json) -> list[str]:
    if cell["type"] == "raw_text":
        return [cell["text"]]
    assert cell["type"] == "rich_text"
    return [leaf["text"] for part in cell["elements"] for leaf in part["elements"]]


def _check_header(block: Json) -> None:
    _check_text(block["text"], 150, "plain_text")


def _check_context(block: Json) -> None:
    assert 1 <= len(block["elements"]) <= 10
    for text in block["elements"]:
        _check_text(text, 3000)


def _check_alert(block: Json) -> None:
    _check_text(block["text"], 200)
    assert block["level"] in ("default", "info", "warning", "error", "success")


def _check_actions(block: Json) -> None:
    assert 1 <= len(block["elements"]) <= 25


def _check_input(block: Json) -> None:
    _check_text(block["label"], 2000, "plain_text")
    assert block["label"]["text"].strip()
    if "hint" in block:
        _check_text(block["hint"], 2000, "plain_text")


def _check_chart(block: Json) -> None:
    assert 1 <= len(block["title"]) <= 50
    chart, categories = block["chart"], block["chart"]["axis_config"]["categories"]
    assert 1 <= len(categories) == len(set(categories)) <= 20
    assert 1 <= len(chart["series"]) <= 6
    assert len({series["name"] for series in chart["series"]}) == len(chart["series"])
    for series in chart["series"]:
        assert 1 <= len(series["name"]) <= 20
        assert [point["label"] for point in series["data"]] == categories
    assert all(1 <= len(category) <= 20 for category in categories)


def _check_divider(_: Json) -> None:
    pass


def _check_button(button: Json) -> None:
    _check_text(button["text"], 75, "plain_text")
    assert len(button.get("value", "-")) in range(1, 2001)
    assert len(button.get("url", "")) <= 3000
    label = button.get("accessibility_label", button["text"]["text"])
    assert len(label) <= 75
    # WCAG 2.5.3: people who talk to their computer say what they see.
    assert label.casefold().startswith(button["text"]["text"].casefold()), label
    if "confirm" in button:
        for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            _check_text(button["confirm"][name], most)
            assert not button["confirm"][name]["text"].endswith("…")


def _select(select: Json) -> None:
    groups = select.get("option_groups", [])
    assert len(groups) <= 100
    for group in groups:
        _check_text(group["label"], 75, "plain_text")
        assert 1 <= len(group["options"]) <= 100
    options = select.get("options") or [o for group in groups for o in group["options"]]
    assert groups or 1 <= len(options) <= 100
    for option in options:
        _check_text(option["text"], 75, "plain_text")
        assert 1 <= len(option["value"]) <= 150
        if "description" in option:
            _check_text(option["description"], 75, "plain_text")
    values = [option["value"] for option in options]
    assert len(values) == len(set(values))
    assert "initial_option" not in select or select["initial_option"] in options


def _check_number_input(number: Json) -> None:
    assert number["is_decimal_allowed"] is False
    low, high = int(number["min_value"]), int(number["max_value"])
    assert low <= int(number.get("initial_value", low)) <= high


def _check_choices(choices: Json) -> None:
    """Checkboxes and radio buttons."""
    options = choices["options"]
    assert 1 <= len(options) <= 10
    for option in options:
        _check_text(option["text"], 75)
        if "description" in option:
            _check_text(option["description"], 75)
        assert not any(
            t["text"].endswith("…") for t in (option["text"], option.get("description", option["text"]))
        )
    initial = choices.get("initial_options", [choices.get("initial_option", options[0])])
    assert all(option in options for option in initial)
    assert initial


def _check_email_input(email: Json) -> None:
    assert "initial_value" not in email or is_email_address(email["initial_value"])


def _check_text_input(text: Json) -> None:
    assert len(text.get("initial_value", "")) <= text["max_length"] <= 3000


CHECKS = {
    "section": _check_section,
    "header": _check_header,
    "context": _check_context,
    "alert": _check_alert,
    "actions": _check_actions,
    "input": _check_input,
    "divider": _check_divider,
    "data_visualization": _check_chart,
    "table": _check_table,
}
ELEMENTS = {
    "button": _check_button,
    "static_select": _select,
    "checkboxes": _check_choices,
    "radio_buttons": _check_choices,
    "datepicker": lambda element: date.fromisoformat(element["initial_date"]),
    "users_select": lambda element: None,
    "number_input": _check_number_input,
    "email_text_input": _check_email_input,
    "plain_text_input": _check_text_input,
}
