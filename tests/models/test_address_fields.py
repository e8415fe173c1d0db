import pytest

from models.account import Address
from models.account.address_fields import fits_country, has_other_parts, keep_known_parts

PARIS = Address(line1="1 rue de la Paix", postal_code="75002", city="Paris", country="FR")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"line2": "Bâtiment B"}, True),
        ({"state": "ME"}, False),
        ({"city": ""}, False),
        ({"country": "US"}, False),
        ({"country": ""}, False),
        ({"country": "US", "state": "ME", "postal_code": "04101"}, True),
    ],
)
def test_an_address_fits_a_country_that_has_its_fields(changes: dict[str, str], expected: bool) -> None:
    assert fits_country(PARIS.model_copy(update=changes)) is expected


@pytest.mark.parametrize(
    ("known_parts", "kept"),
    [
        ({}, True),
        ({"line1": "12 Oak Ave"}, True),
        ({"postal_code": "10001"}, False),
        ({"city": "Oakland"}, False),
        ({"state": "NY"}, False),
        ({"country": "CA"}, False),
    ],
)
def test_an_incomplete_address_is_completed_only_in_the_same_place(
    known_parts: dict[str, str], kept: bool
) -> None:
    known = Address(line1="1 Main St", city="San Francisco", state="CA", postal_code="94105", country="US")
    read = Address(line1="", city="", postal_code="", country="").model_copy(
        update={"country": "US", **known_parts}
    )
    assert has_other_parts(read, known) is (known_parts != {})
    assert keep_known_parts(read, known) == (known.model_copy(update=known_parts) if kept else read)
