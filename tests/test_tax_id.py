"""The numbers that companies file for tax, country by country."""

import pytest

from bot.tax_id import find_vat_number, has_wrong_vat_number, is_tax_id, is_vat_number

# Of types that Stripe lists (docs.stripe.com/billing/customer/tax-ids).
TAX_IDS = [
    ("AQ", "anything"),
    ("AU", "83 914 571 673"),
    ("AU", "004 085 616"),
    ("BR", "16.727.230/0001-97"),
    ("BR", "390.533.447-05"),
    ("CA", "12302 6635 RC 0001"),
    ("CA", "1234567890TQ1234"),
    ("CA", "PST-1234-5678"),
    ("CH", "CHE-107.787.577 IVA"),
    ("CH", "CHE-107.787.577"),
    ("DE", "DE136695976"),
    ("DE", "DE136695976-00001"),
    ("DE", "181/815/0815 5"),
    ("DE", "2893081508152"),
    ("FI", "2077474-0"),
    ("FR", "ATU13585627"),
    ("FR", "FR 40 303 265 045"),
    ("FR", "732 829 320"),
    ("FR", "732 829 320 00074"),
    ("GB", "GB980780684"),
    ("GB", "XI980780684"),
    ("HU", "HU12892312"),
    ("HU", "12892312-2-41"),
    ("IS", "450401-3150"),
    ("IT", "RCCMNL83S18D969H"),
    ("JP", "5835678256246"),
    ("JP", "T5835678256246"),
    ("JP", "t7000012050002"),
    ("MA", "12345678"),
    ("NO", "NO 995 525 828 MVA"),
    ("NO", "995 525 828"),
    ("SE", "SE123456789701"),
    ("SG", "M2-1234567-8"),
    ("TR", "17291716060"),
    ("US", "04-2103594"),
    ("ZA", "4123456789"),
    ("ZA", "0001339050"),
]


@pytest.mark.parametrize(("country", "tax_id"), TAX_IDS)
def test_tax_ids_are_checked_by_the_rules_of_their_country(country: str, tax_id: str) -> None:
    assert is_tax_id(tax_id, country)
    assert country == "AQ" or not is_tax_id(f"{tax_id}9", country)


@pytest.mark.parametrize(
    ("country", "number"),
    [
        ("DE", "HRB 11223"),
        ("DE", "DE136695977-00001"),
        ("HU", "12892313-2-41"),
        ("AT", "FN 122119m"),
        ("ZA", "5123456789"),
    ],
)
def test_numbers_of_other_registers_and_with_wrong_check_digits_are_none(country: str, number: str) -> None:
    assert not is_tax_id(number, country)


@pytest.mark.parametrize(
    "number",
    ["DE 136 695 976", "ATU13585627", "EL094259216", "GB980780684", "CHE-107.787.577 MWST", "995525828MVA"],
)
def test_a_vat_number_names_its_country_or_its_tax(number: str) -> None:
    assert is_vat_number(number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("VAT IE1234567T", "IE1234567T"),
        ("VAT no. IE 1234567T", "IE 1234567T"),
        ("GB980780684", "GB980780684"),
        ("VAT IE1234567X", None),
        ("VAT IE1234567T, company 123", None),
        ("HRB 11223", None),
        ("", None),
    ],
)
def test_a_vat_number_is_found_behind_its_label(text: str, number: str | None) -> None:
    assert find_vat_number(text) == number
    assert has_wrong_vat_number(text) is (text == "VAT IE1234567X")


@pytest.mark.parametrize("text", ["FR 40 303 265 046", "USt-IdNr. DE136695977", "ELABORATE 12"])
def test_a_mistyped_vat_number_is_told_from_another_number(text: str) -> None:
    assert has_wrong_vat_number(text) is ("ELABORATE" not in text)


@pytest.mark.parametrize(
    "number", ["181/815/0815 5", "980780684", "T5835678256246", "04-2103594", "CHE-107.787.577"]
)
def test_other_tax_ids_are_no_vat_numbers(number: str) -> None:
    assert not is_vat_number(number)
