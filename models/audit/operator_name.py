"""The name in the history of the person who runs a command."""

from models.text.control_characters import find_control_character

MAX_OPERATOR_NAME_LENGTH = 100


def parse_operator_name(text: str) -> str:
    """Raises ValueError, with what a name must be."""
    name = text.strip()
    if not name or len(name) > MAX_OPERATOR_NAME_LENGTH or find_control_character(name):
        raise ValueError(f"must be a name: one line of 1 to {MAX_OPERATOR_NAME_LENGTH} characters")
    return name
