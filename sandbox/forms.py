"""Validation of a form by Slack's client, before it is submitted."""

import re
from decimal import Decimal
from urllib.parse import urlparse

from sandbox.elements import STATEFUL_TYPES, ElementInBlock, is_empty, iterate_elements, parse_number
from sandbox.errors import Json
from sandbox.records import View

REQUIRED_FIELD_TEXT = "Please complete this required field."
EMAIL_PATTERN = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def find_form_errors(view: View) -> dict[str, str]:
    """Returns the message under each invalid field, by block_id."""
    errors = {}
    for item in iterate_elements(view.blocks):
        if item.block["type"] != "input":
            continue
        value = view.state.get(item.block_id, {}).get(item.action_id)
        if error := _find_error(item, value):
            errors[item.block_id] = error
    return errors


def _find_error(item: ElementInBlock, value: Json | None) -> str | None:
    if value is None or is_empty(value):
        return None if item.block.get("optional") else REQUIRED_FIELD_TEXT
    check = CHECKS.get(item.type)
    return check(item.element, str(value[STATEFUL_TYPES[item.type][0]])) if check else None


def _check_text(element: Json, text: str) -> str | None:
    low, high = element.get("min_length") or 0, element.get("max_length") or 3000
    if len(text) < low:
        return f"This entry must be at least {low} characters."
    return f"This entry must be at most {high} characters." if len(text) > high else None


def _check_number(element: Json, text: str) -> str | None:
    number = parse_number(text)
    if number is None:
        return "Please enter a valid number."
    if not element.get("is_decimal_allowed") and number != number.to_integral_value():
        return "Please enter a whole number."
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and number < Decimal(str(low)):
        return f"Please enter a number that is at least {low}."
    if high is not None and number > Decimal(str(high)):
        return f"Please enter a number that is at most {high}."
    return None


def _check_email(_: Json, text: str) -> str | None:
    return None if EMAIL_PATTERN.fullmatch(text) else "Please enter a valid email address."


def _check_url(_: Json, text: str) -> str | None:
    url = urlparse(text)
    return None if url.scheme in ("http", "https") and url.netloc else "Please enter a valid URL."


CHECKS = {
    "plain_text_input": _check_text,
    "number_input": _check_number,
    "email_text_input": _check_email,
    "url_text_input": _check_url,
}
