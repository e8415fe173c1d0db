"""The parts of a screen keep within Slack's limits whatever they are given."""

import pytest

from bot.blocks import block_kit
from bot.blocks.block_kit import Place
from bot.i18n import Reader


def test_few_texts_are_a_paragraph_each() -> None:
    assert len(block_kit.paragraphs(["a", "b"], Reader())) == 2


def test_many_texts_share_paragraphs_and_none_is_lost() -> None:
    blocks = block_kit.paragraphs([f"line {n}" for n in range(200)], Reader(), most=40)
    assert len(blocks) <= 40
    assert all(f"line {n}" in "".join(b["text"]["text"] for b in blocks) for n in range(200))


def test_what_does_not_fit_is_counted() -> None:
    blocks = block_kit.paragraphs(["w" * 2900] * 50, Reader(), most=40)
    assert len(blocks) == 41
    assert blocks[-1]["elements"][0]["text"] == "and 10 more"


def test_a_few_of_many_are_named_and_the_rest_counted() -> None:
    assert block_kit.few(Reader("en-GB"), ["a", "b", "c"], most=2) == "a, b and 1 more"
    assert block_kit.few(Reader("fr"), ["a", "b", "c"], most=2) == "a, b et 1 de plus"
    assert block_kit.few(Reader(), ["a", "b"]) == "a and b"


def test_a_place_is_found_again() -> None:
    place = Place(account="acme", quote=7, origin="pending", words="meeting 5", named=(7, 8), reason="Été")
    assert Place.load(place.dump()) == place
    assert Place.load("") == Place()


@pytest.mark.parametrize(
    "metadata",
    ["{", "[]", "null", '{"quote":"x"}', '{"quote":-1}', '{"named":[1e300]}', '{"words":"\\u0000"}'],
)
def test_what_is_no_place_is_nowhere(metadata: str) -> None:
    assert Place.load(metadata) == Place()


def test_what_another_version_knew_of_a_place_is_left_aside() -> None:
    assert Place.load('{"account":"acme","shelf":3}') == Place(account="acme")
