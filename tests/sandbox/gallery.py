"""A minimal example of each block and element."""

from typing import Any

Json = dict[str, Any]

PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAMLCwgAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="


def build_plain_text(words: str) -> Json:
    return {"type": "plain_text", "text": words}


def build_mrkdwn(words: str) -> Json:
    return {"type": "mrkdwn", "text": words}


def build_option(words: str, value: str = "") -> Json:
    return {"text": build_plain_text(words), "value": value or words.lower()}


def build_rich_text(*leaves: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(leaves)}]}


OPTIONS = [build_option("Red"), build_option("Green"), build_option("Blue")]
CONFIRM = {
    "title": build_plain_text("Sure?"),
    "text": build_mrkdwn("This *cannot* be undone."),
    "confirm": build_plain_text("Do"),
    "deny": build_plain_text("Stop"),
}
BUTTON = {"type": "button", "text": build_plain_text("Press"), "action_id": "press", "value": "1"}
DANGER = {
    **BUTTON,
    "action_id": "danger",
    "style": "danger",
    "text": build_plain_text("Delete"),
    "confirm": CONFIRM,
}

SELECTS: dict[str, Json] = {
    "static_select": {
        "options": OPTIONS,
        "initial_option": OPTIONS[1],
        "placeholder": build_plain_text("A colour"),
    },
    "external_select": {"min_query_length": 1, "placeholder": build_plain_text("A city")},
    "users_select": {"placeholder": build_plain_text("Somebody")},
    "conversations_select": {},
    "channels_select": {},
    "multi_static_select": {"option_groups": [{"label": build_plain_text("Colours"), "options": OPTIONS}]},
    "multi_external_select": {},
    "multi_users_select": {"initial_users": ["U02BRUNO"]},
    "multi_conversations_select": {},
    "multi_channels_select": {},
    "radio_buttons": {"options": OPTIONS},
    "checkboxes": {"options": [{**OPTIONS[0], "description": build_plain_text("like a rose")}, *OPTIONS[1:]]},
    "datepicker": {"initial_date": "2026-11-22"},
    "timepicker": {"initial_time": "10:30"},
    "datetimepicker": {"initial_date_time": 1795341600},
}
INPUTS: dict[str, Json] = {
    "plain_text_input": {"multiline": True, "max_length": 200, "placeholder": build_plain_text("Anything")},
    "number_input": {"is_decimal_allowed": False, "min_value": "1", "max_value": "9", "initial_value": "3"},
    "email_text_input": {"placeholder": build_plain_text("you@example.com")},
    "url_text_input": {},
    "rich_text_input": {},
    "file_input": {"max_files": 2},
    **SELECTS,
}


def build_element(kind: str, fields: Json) -> Json:
    return {"type": kind, "action_id": kind, **fields}


def build_input_block(kind: str, fields: Json) -> Json:
    return {
        "type": "input",
        "block_id": f"input_{kind}",
        "optional": True,
        "label": build_plain_text(kind.replace("_", " ").capitalize()),
        "hint": build_plain_text(f"This is a {kind}."),
        "element": build_element(kind, fields),
    }


EVERYWHERE: list[Json] = [
    {"type": "header", "text": build_plain_text("A header")},
    {
        "type": "section",
        "text": build_mrkdwn("*Bold* _italic_ ~struck~ `code` <https://example.com|a link> <@U02BRUNO>"),
    },
    {"type": "section", "fields": [build_mrkdwn("*Seats*\n5"), build_mrkdwn("*Price*\n€12.00")]},
    {"type": "section", "text": build_mrkdwn("With a button"), "accessory": DANGER},
    {
        "type": "section",
        "text": build_mrkdwn("<!date^1795341600^{date_long} at {time}|a day in November>"),
        "expand": True,
    },
    {"type": "divider"},
    {
        "type": "context",
        "elements": [{"type": "image", "image_url": PICTURE, "alt_text": "grey"}, build_mrkdwn("A _note_")],
    },
    {"type": "image", "image_url": PICTURE, "alt_text": "A grey point", "title": build_plain_text("Grey")},
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Rich", "style": {"bold": True}},
                    {"type": "link", "url": "https://example.com", "text": " link "},
                    {"type": "user", "user_id": "U01ALICE"},
                    {"type": "emoji", "name": "tada"},
                    {"type": "channel", "channel_id": "C01GENERAL"},
                    {"type": "date", "timestamp": 1795341600, "format": "{date_short}", "fallback": "22 Nov"},
                    {"type": "broadcast", "range": "here"},
                    {"type": "color", "value": "#336699"},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}],
            },
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a   b"}]},
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said"}]},
        ],
    },
    {
        "type": "video",
        "alt_text": "A film",
        "title": build_plain_text("Film"),
        "thumbnail_url": PICTURE,
        "video_url": "https://example.com/film",
    },
    {
        "type": "actions",
        "block_id": "everywhere",
        "elements": [
            BUTTON,
            {**BUTTON, "action_id": "primary", "style": "primary", "text": build_plain_text("Approve")},
            {**BUTTON, "action_id": "link", "url": "https://example.com", "text": build_plain_text("Open")},
            {"type": "overflow", "action_id": "overflow", "options": OPTIONS},
        ],
    },
]
CARD: Json = {
    "type": "card",
    "title": build_mrkdwn("*Plan*"),
    "subtitle": build_mrkdwn("monthly"),
    "body": build_mrkdwn("Ten seats"),
    "hero_image": {"type": "image", "image_url": PICTURE, "alt_text": "plan"},
    "actions": [{**BUTTON, "action_id": "choose"}],
}
CELLS = [{"type": "raw_text", "text": "October"}, {"type": "raw_number", "value": 12.5, "text": "€12.50"}]
BARS: Json = {
    "type": "data_visualization",
    "title": "Seats",
    "chart": {
        "type": "bar",
        "series": [
            {"name": "used", "data": [{"label": "Oct", "value": 3}, {"label": "Nov", "value": 5}]},
            {"name": "bought", "data": [{"label": "Oct", "value": 5}, {"label": "Nov", "value": 5}]},
        ],
        "axis_config": {"categories": ["Oct", "Nov"], "x_label": "Month", "y_label": "Seats"},
    },
}
PIE: Json = {
    "type": "data_visualization",
    "title": "Shares",
    "chart": {"type": "pie", "segments": [{"label": "Ours", "value": 3}, {"label": "Theirs", "value": 1}]},
}
LINE: Json = {**BARS, "title": "Line", "chart": {**BARS["chart"], "type": "line"}}
AREA: Json = {**BARS, "title": "Area", "chart": {**BARS["chart"], "type": "area"}}
TASK: Json = {
    "type": "task_card",
    "task_id": "t1",
    "title": "Look it up",
    "status": "complete",
    "output": build_rich_text({"type": "text", "text": "found"}),
    "sources": [{"type": "url", "url": "https://example.com", "text": "Example"}],
}
TABLE: Json = {
    "type": "table",
    "rows": [
        [{"type": "raw_text", "text": "Month"}, {"type": "raw_text", "text": "Price"}],
        CELLS,
        [build_rich_text({"type": "text", "text": "November", "style": {"bold": True}}), CELLS[1]],
    ],
    "column_settings": [{"align": "left"}, {"align": "right"}],
}
DATA_TABLE: Json = {
    "type": "data_table",
    "caption": "Orders",
    "page_size": 2,
    "rows": [TABLE["rows"][0], *([{"type": "raw_text", "text": f"Row {n}"}, CELLS[1]] for n in range(5))],
}
MESSAGE_ONLY: list[Json] = [
    {"type": "markdown", "text": "**Markdown** with [a link](https://example.com)\n\n- one\n- two"},
    {"type": "file", "external_id": "remote", "source": "remote"},
    {"type": "call", "call_id": "R123"},
    CARD,
    {"type": "carousel", "elements": [CARD, {**CARD, "block_id": "second"}]},
    {
        "type": "container",
        "title": build_plain_text("Details"),
        "is_collapsible": True,
        "child_blocks": [{"type": "section", "text": build_mrkdwn("Inside")}, {"type": "divider"}],
    },
    BARS,
    PIE,
    TASK,
    {"type": "plan", "title": "The plan", "tasks": [TASK]},
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "feedback",
                "positive_button": {"text": build_plain_text("Good"), "value": "good"},
                "negative_button": {"text": build_plain_text("Bad"), "value": "bad"},
            },
            {"type": "icon_button", "action_id": "icon", "icon": "trash", "text": build_plain_text("Delete")},
        ],
    },
    {
        "type": "actions",
        "elements": [
            {
                "type": "workflow_button",
                "action_id": "workflow",
                "text": build_plain_text("Start"),
                "workflow": {"trigger": {"url": "https://example.com"}},
            }
        ],
    },
    {"type": "actions", "elements": [build_element(kind, fields) for kind, fields in SELECTS.items()]},
]
ALERTS: list[Json] = [
    {"type": "alert", "text": build_mrkdwn(f"A word of *{level}*."), "level": level}
    for level in ("default", "info", "warning", "error", "success")
]

MESSAGE: list[Json] = [*EVERYWHERE, *MESSAGE_ONLY, TABLE]
SECOND_MESSAGE: list[Json] = [DATA_TABLE, LINE, AREA]
MODAL: Json = {
    "type": "modal",
    "callback_id": "gallery",
    "title": build_plain_text("Gallery"),
    "submit": build_plain_text("Send"),
    "close": build_plain_text("Cancel"),
    "blocks": [*ALERTS, *EVERYWHERE, *(build_input_block(kind, fields) for kind, fields in INPUTS.items())],
}
HOME: Json = {"type": "home", "blocks": [*EVERYWHERE, CARD]}
