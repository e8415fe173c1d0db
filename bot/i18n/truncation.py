"""How a text that is too long is shortened, everywhere."""

from collections.abc import Callable


def truncate_text(text: str, max_length: int, escape: Callable[[str], str] = str) -> str:
    """Truncates text that is not escaped yet, so that it has at most `max_length` characters once it is."""
    if len(escape(text)) <= max_length:
        return text
    room, kept = max_length - 1, 0
    for character in text:
        room -= len(escape(character))
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip() + "…"
