"""What Slack's client checks in a form before it sends anything."""

import re
from decimal import Decimal
from urllib.parse import urlparse

from sandbox.elements import STATEFUL, Placed, is_empty, number_of, placed_elements
from sandbox.errors import Json
from sandbox.records import View

REQUIRED = "Please complete this required field."
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def form_errors(view: View) -> dict[str, str]:
    """block_id -> the words under the field."""
    errors = {}
    for placed in placed_elements(view.blocks):
        if placed.block["type"] != "input":
            continue
        value = view.state.get(placed.block_id, {}).get(placed.action_id)
        if word := _error(placed, value):
            errors[placed.block_id] = word
    return errors


def _error(placed: Placed, value: Json | None) -> str | None:
    if value is None or is_empty(value):
        return None if placed.block.get("optional") else REQUIRED
    check = CHECKS.get(placed.type)
    return check(placed.element, str(value[STATEFUL[placed.type][0]])) if check else None


def _text(element: Json, text: str) -> str | None:
    low, high = element.get("min_length") or 0, element.get("max_length") or 3000
    if len(text) < low:
        return f"This entry must be at least {low} characters."
    return f"This entry must be at most {high} characters." if len(text) > high else None


def _number(element: Json, text: str) -> str | None:
    number = number_of(text)
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


def _email(_: Json, text: str) -> str | None:
    return None if EMAIL.fullmatch(text) else "Please enter a valid email address."


def _url(_: Json, text: str) -> str | None:
    url = urlparse(text)
    return None if url.scheme in ("http", "https") and url.netloc else "Please enter a valid URL."


CHECKS = {
    "plain_text_input": _text,
    "number_input": _number,
    "email_text_input": _email,
    "url_text_input": _url,
}
