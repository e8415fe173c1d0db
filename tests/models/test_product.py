import pytest

from models.product import DEFAULT_PRODUCTS, list_matching_products, normalize_product_name
from tests.models.examples import make_product

CATALOGUE = [
    *DEFAULT_PRODUCTS,
    make_product(id="rescue", name="Rescue"),
    make_product(id="g2", name="Meeting"),
    make_product(id="p1", name="iPhone 15 (PDFReader, 2000 pages)"),
]


def test_r2_the_shipped_catalogue_supports_additional_seats() -> None:
    assert {p.id: p.additional_seats for p in DEFAULT_PRODUCTS} == {
        "goto-meeting": True,
        "goto-webinar": True,
        "goto-training": True,
        "gotoassist-v4": True,
        "gotoassist-v5": True,
    }


@pytest.mark.parametrize("typed", ["GoTo Webinar", "goto-webinar", "  GOTO  WEBINAR ", "GoToWebinar"])
def test_case_spaces_and_hyphens_do_not_matter(typed: str) -> None:
    assert normalize_product_name(typed) == "gotowebinar"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("goto-webinar", ["goto-webinar"]),
        ("GoTo Webinar", ["goto-webinar"]),
        ("webinar", ["goto-webinar"]),
        ("rescue", ["rescue"]),
        # Exactly a name, though others contain it.
        ("meeting", ["g2"]),
        ("goto meeting", ["goto-meeting"]),
        ("assist", ["gotoassist-v4", "gotoassist-v5"]),
        ("v5", ["gotoassist-v5"]),
        ("phone-15", ["p1"]),
        ("reader", ["p1"]),
        ("2000", ["p1"]),
        # Only at the beginning of a word.
        ("one", []),
        ("inar", []),
        ("000", []),
        ("goto connect", []),
        ("", []),
        ("  - ", []),
    ],
)
def test_products_are_found_by_what_people_type(words: str, found: list[str]) -> None:
    assert [p.id for p in list_matching_products(CATALOGUE, words)] == found
