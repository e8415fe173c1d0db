"""Finding and replacing a person in texts that people or the bot have written."""

import re
from collections.abc import Iterable
from typing import Any


class Mentions:
    """`ids` are email addresses and Slack ids. A name of a single word counts only if it is a whole text:
    inside a sentence it may be somebody else's."""

    def __init__(self, ids: Iterable[str], names: Iterable[str]) -> None:
        self._names = {name.casefold() for name in names if name.strip()}
        words = {*filter(None, ids), *(name for name in names if len(name.split()) > 1)}
        longest_first = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        self._pattern = re.compile(
            rf"(?<![\w.+-])(?:{longest_first})(?![\w-]|\.\w)" if words else r"(?!)", re.IGNORECASE
        )

    def are_in(self, value: Any) -> bool:
        match value:
            case str():
                return value.casefold() in self._names or self._pattern.search(value) is not None
            case dict():
                return any(self.are_in(part) for pair in value.items() for part in pair)
            case list():
                return any(map(self.are_in, value))
            case _:
                return False

    def replace_in(self, value: Any, pseudonym: str) -> Any:
        match value:
            case str():
                if value.casefold() in self._names:
                    return pseudonym
                return self._pattern.sub(lambda _: pseudonym, value)
            case dict():
                return {
                    self.replace_in(name, pseudonym): self.replace_in(part, pseudonym)
                    for name, part in value.items()
                }
            case list():
                return [self.replace_in(part, pseudonym) for part in value]
            case _:
                return value
