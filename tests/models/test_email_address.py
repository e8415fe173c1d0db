import pytest

from models.text.email_address import encode_email_domain, is_email_address, normalize_email


@pytest.mark.parametrize(
    "written", ["benoit@bücher.example", " Benoit@BÜCHER.example", "benoit@xn--bcher-kva.example"]
)
def test_an_address_is_the_same_however_its_domain_is_written(written: str) -> None:
    assert normalize_email(written) == "benoit@bücher.example"
    assert encode_email_domain(normalize_email(written)) == "benoit@xn--bcher-kva.example"


def test_letters_before_the_at_sign_stay() -> None:
    assert normalize_email("Jo\u0308rg@Acme.example") == "jörg@acme.example"
    assert encode_email_domain("jörg@acme.example") == "jörg@acme.example"


@pytest.mark.parametrize("odd", ["", "@", "Nobody", "a@b@c", "x@xn--a.example"])
def test_an_invalid_address_stays_unchanged(odd: str) -> None:
    assert normalize_email(odd) == odd.lower()
    assert encode_email_domain(odd) == odd


def test_an_encoded_word_is_in_nobodys_address() -> None:
    assert not is_email_address("=?utf-8?q?=0A?=x@acme.example")
