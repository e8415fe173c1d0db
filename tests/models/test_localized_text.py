import pytest
from sqlalchemy.dialects import sqlite

from models.text.localized_text import LocalizedText, LocalizedTextColumn, select_text

DIALECT = sqlite.dialect()


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("Ask us.", "fr", "Ask us."),
        ({"en": "Ask us.", "fr": "Demandez-nous."}, "fr", "Demandez-nous."),
        ({"fr": "Demandez-nous."}, "en", "Demandez-nous."),
        ({}, "en", ""),
        (None, "en", ""),
    ],
)
def test_a_reader_gets_the_text_in_their_language_or_the_first_one(
    text: LocalizedText | None, language: str, shown: str
) -> None:
    assert select_text(text, language) == shown


@pytest.mark.parametrize(
    "text", [None, "", "Ask us.", {"en": "Ask us.", "fr": "Demandez-nous à l’été."}, "{not JSON", "{}x"]
)
def test_what_is_stored_is_read_back(text: LocalizedText | None) -> None:
    column = LocalizedTextColumn()
    stored = column.process_bind_param(text, DIALECT)
    assert stored is None or isinstance(stored, str)
    assert column.process_result_value(stored, DIALECT) == text
