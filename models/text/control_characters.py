"""Characters that no name or sentence contains, and that mislead a database, a terminal or a reader."""

import re

# C0 but tab and line feed, C1, line separators, what turns the direction of text, and halves of characters.
_PATTERN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def remove_control_characters(text: str) -> str:
    return _PATTERN.sub("", text)


def normalize_line(text: str) -> str:
    """Collapses white space and removes control characters: an accounts file takes single lines only."""
    return " ".join(remove_control_characters(text).split())


def find_control_character(text: str) -> str | None:
    """Returns the first one's number, such as `U+001B`. A tab and a line feed count as well: this is for a
    single line."""
    found = _PATTERN.search(text) or re.search(r"[\t\n]", text)
    return f"U+{ord(found[0]):04X}" if found else None


def escape_control_characters(text: str, escape: str = "\\x{:02x}") -> str:
    """Replaces each by an escape with the character's number, for a terminal."""
    return _PATTERN.sub(lambda found: escape.format(ord(found[0])), text)
