import pytest

from models.account import Address
from models.account.address_fields import fits_country

PARIS = Address(line1="1 rue de la Paix", postal_code="75002", city="Paris", country="FR")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"line2": "Bâtiment B"}, True),
        ({"state": "ME"}, False),
        ({"city": ""}, False),
        ({"country": "US"}, False),
        ({"country": "US", "state": "ME", "postal_code": "04101"}, True),
    ],
)
def test_an_address_fits_a_country_that_has_its_fields(changes: dict[str, str], expected: bool) -> None:
    assert fits_country(PARIS.model_copy(update=changes)) is expected
