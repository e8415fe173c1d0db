"""Texts that operators write in one language or in several."""

import json

from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

LANGUAGES = ("en", "fr")

# Either one text for every reader, or a text by language, such as {"en": "Ask us.", "fr": "Demandez-nous."}.
LocalizedText = str | dict[str, str]


def select_text(text: LocalizedText | None, language: str) -> str:
    """Returns the text in the reader's language, otherwise in the first one given."""
    if isinstance(text, dict):
        return text.get(language) or next(iter(text.values()), "")
    return text or ""


class LocalizedTextColumn(TypeDecorator[LocalizedText]):
    """Stores one text as it is, and several as JSON."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: LocalizedText | None, dialect: Dialect) -> str | None:
        return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> LocalizedText | None:
        if value is None or not value.startswith("{"):
            return value
        try:
            texts = json.loads(value)
        except ValueError:
            return value
        return texts if isinstance(texts, dict) and all(isinstance(t, str) for t in texts.values()) else value
