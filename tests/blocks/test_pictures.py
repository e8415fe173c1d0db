"""Every screen has a picture in both languages, on a desktop and a phone."""

from pathlib import Path

import pytest

from tests.blocks.test_limits import SCREENS

PICTURES = Path(__file__).parents[2] / "docs/pictures"
# It takes more than 40 entries to get a history of its own.
WITHOUT_PICTURE = {"service_order.history"}
# `cart.save-confirm` is a state of `cart.save`.
PICTURE_OF_SCREEN = {"refusal": "refusal.show"}


def list_pictures(language: str, width: str) -> set[str]:
    return {path.stem for path in (PICTURES / language / width).glob("*.png")}


@pytest.mark.parametrize("width", ["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_screen_has_a_picture(language: str, width: str) -> None:
    screens = {screen.split(",")[0] for screen in SCREENS} - WITHOUT_PICTURE
    pictures = {name.split("-")[0] for name in list_pictures(language, width)}
    assert {PICTURE_OF_SCREEN.get(screen, screen) for screen in screens} <= pictures


def test_both_languages_have_the_same_pictures() -> None:
    for width in ("desktop", "phone", "documents"):
        assert list_pictures("en", width) == list_pictures("fr", width)
