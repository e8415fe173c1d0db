"""Recognising card numbers, which must never be stored or logged (R23)."""

import re

# Lengths and first digits of card brands, so that a company's registration number is not taken for a card's.
_CARD_NUMBER_PATTERN = re.compile(r"3[0689]\d{12}|3[47]\d{13}|4\d{12}|[24-6]\d{15,18}")
_LONG_NUMBER_PATTERN = re.compile(r"(?<![0-9A-Za-z])[0-9](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")


def has_card_number(text: str) -> bool:
    """Spaces and hyphens are ignored; the check digit must be valid."""
    if len(text) < 13:
        return False
    numbers = [re.sub(r"\D", "", found[0]) for found in _LONG_NUMBER_PATTERN.finditer(text)]
    return any(_CARD_NUMBER_PATTERN.fullmatch(n) and _has_valid_check_digit(n) for n in numbers)


def remove_card_numbers(text: str) -> str:
    """Replaces every number as long as a card's by an ellipsis, valid or not."""
    return _LONG_NUMBER_PATTERN.sub("…", text)


def _has_valid_check_digit(number: str) -> bool:
    digits = [int(c) for c in reversed(number)]
    doubled = [d * 2 - 9 if d > 4 else d * 2 for d in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
