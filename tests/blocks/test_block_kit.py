"""Blocks keep within Slack's limits, whatever their content."""

import pytest

from bot.blocks import block_kit
from bot.blocks.block_kit import ModalMetadata
from bot.i18n import Localizer


def test_few_texts_are_a_paragraph_each() -> None:
    assert len(block_kit.build_paragraphs(["a", "b"], Localizer())) == 2


def test_many_texts_share_paragraphs_and_none_is_lost() -> None:
    blocks = block_kit.build_paragraphs([f"line {n}" for n in range(200)], Localizer(), max_blocks=40)
    assert len(blocks) <= 40
    assert all(f"line {n}" in "".join(b["text"]["text"] for b in blocks) for n in range(200))


def test_items_that_do_not_fit_are_counted() -> None:
    blocks = block_kit.build_paragraphs(["w" * 2900] * 50, Localizer(), max_blocks=40)
    assert len(blocks) == 41
    assert blocks[-1]["elements"][0]["text"] == "and 10 more"


def test_a_few_of_many_are_named_and_the_rest_counted() -> None:
    assert block_kit.format_short_list(Localizer("en-GB"), ["a", "b", "c"], max_items=2) == "a, b and 1 more"
    assert block_kit.format_short_list(Localizer("fr"), ["a", "b", "c"], max_items=2) == "a, b et 1 de plus"
    assert block_kit.format_short_list(Localizer(), ["a", "b"]) == "a and b"


def test_a_place_is_found_again() -> None:
    place = ModalMetadata(
        account="acme", quote=7, origin="pending", command_text="meeting 5", quote_ids=(7, 8), reason="Été"
    )
    assert ModalMetadata.from_json(place.to_json()) == place
    assert ModalMetadata.from_json("") == ModalMetadata()


@pytest.mark.parametrize(
    "metadata",
    ["{", "[]", "null", '{"quote":"x"}', '{"quote":-1}', '{"named":[1e300]}', '{"words":"\\u0000"}'],
)
def test_invalid_modal_metadata_is_empty(metadata: str) -> None:
    assert ModalMetadata.from_json(metadata) == ModalMetadata()


def test_modal_metadata_of_another_version_is_ignored() -> None:
    assert ModalMetadata.from_json('{"account":"acme","shelf":3}') == ModalMetadata(account="acme")
