from typing import Any

import pytest

from models.account import Address
from models.checkout import (
    COUNTRY_CODES,
    MAX_FIELD_LENGTH,
    CheckoutForm,
    FieldRequired,
    FieldTooLong,
    NotAnEmail,
    UnknownCountry,
)
from models.errors import InvalidInput, Refusal
from models.text.email_address import is_email_address
from tests.models.examples import ADDRESS

NEW = {"administrator": "new", "admin_name": "Hugo Petit", "admin_email": "hugo@acme.example"}


def form(**typed: Any) -> CheckoutForm:
    return CheckoutForm(**{**ADDRESS, **NEW, **typed})


def errors_of(form: CheckoutForm, part: str) -> dict[str, type[Refusal]]:
    with pytest.raises(InvalidInput) as refused:
        getattr(form, part)
    return {name: type(error) for name, error in refused.value.errors.items()}


def test_an_address_is_read_without_the_spaces_around_it() -> None:
    typed = form(line1=" 1 rue de la Paix ", country=" fr ", line2=" ", state="")
    assert typed.address == Address(line1="1 rue de la Paix", postal_code="75002", city="Paris", country="FR")


def test_the_second_line_and_the_state_are_kept_where_typed() -> None:
    address = form(line2="3e étage", state="IdF").address
    assert (address.line2, address.state) == ("3e étage", "IdF")


@pytest.mark.parametrize("field", ["line1", "postal_code", "city", "country"])
@pytest.mark.parametrize("typed", ["", "   "])
def test_an_address_needs_each_of_its_fields(field: str, typed: str) -> None:
    assert errors_of(form(**{field: typed}), "address") == {field: FieldRequired}


@pytest.mark.parametrize("field", ["line1", "line2", "postal_code", "city", "state"])
def test_a_field_has_a_longest_length(field: str) -> None:
    assert getattr(form(**{field: "x" * MAX_FIELD_LENGTH}).address, field) == "x" * MAX_FIELD_LENGTH
    assert errors_of(form(**{field: "x" * (MAX_FIELD_LENGTH + 1)}), "address") == {field: FieldTooLong}


@pytest.mark.parametrize("typed", ["XX", "France", "FRA", "F", "EU", "UN", "ZZ", "00", "x" * 500])
def test_a_country_is_an_iso_code(typed: str) -> None:
    assert errors_of(form(country=typed), "address") == {"country": UnknownCountry}


def test_every_country_of_the_world_can_be_chosen() -> None:
    assert {"FR", "DE", "US", "GB", "CH", "JP", "AX", "SS"} <= COUNTRY_CODES


def test_all_errors_are_reported_together() -> None:
    blank = CheckoutForm(administrator="new", country="xx", state="x" * 300)
    assert errors_of(blank, "address") == {
        "line1": FieldRequired,
        "postal_code": FieldRequired,
        "city": FieldRequired,
        "country": UnknownCountry,
        "state": FieldTooLong,
    }
    assert errors_of(blank, "new_administrator") == {
        "admin_name": FieldRequired,
        "admin_email": FieldRequired,
    }


def test_r11_a_new_administrator_is_a_name_and_an_e_mail() -> None:
    typed = form(admin_name=" Hugo Petit ", admin_email=" Hugo@Acme.Example ")
    assert typed.new_administrator == ("Hugo Petit", "hugo@acme.example")


@pytest.mark.parametrize("chosen", ["7", ""])
def test_an_existing_administrator_needs_neither(chosen: str) -> None:
    assert form(administrator=chosen, admin_name="", admin_email="nonsense").new_administrator is None


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"admin_name": " "}, {"admin_name": FieldRequired}),
        ({"admin_name": "x" * 201}, {"admin_name": FieldTooLong}),
        ({"admin_email": ""}, {"admin_email": FieldRequired}),
        ({"admin_email": "hugo"}, {"admin_email": NotAnEmail}),
        (
            {"admin_name": "", "admin_email": "hugo@"},
            {"admin_name": FieldRequired, "admin_email": NotAnEmail},
        ),
    ],
)
def test_each_invalid_field_of_a_new_administrator_is_reported(
    typed: dict[str, str], errors: dict[str, type[Refusal]]
) -> None:
    assert errors_of(form(**typed), "new_administrator") == errors


def test_a_name_before_an_e_mail_address_is_not_part_of_it() -> None:
    assert not is_email_address("Hugo Petit <hugo@acme.example>")


@pytest.mark.parametrize("code", ["AC", "CP", "CQ", "DG", "EA", "IC", "TA", "XK"])
def test_a_reserved_code_is_no_country(code: str) -> None:
    assert code not in COUNTRY_CODES


@pytest.mark.parametrize("typed", ["hugo@acme.example", "h.petit+seats@mail.acme.example", "é@acme.example"])
def test_an_email_address_is_accepted(typed: str) -> None:
    assert is_email_address(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("hugo", "hugo@", "@acme.example", "hugo@acme", "hu go@acme.example", "a@b@acme.example"),
        *("hugo@acme.example\nBcc: x@y.example", "hugo@acme..example", "x" * 300 + "@acme.example"),
    ],
)
def test_an_invalid_e_mail_address_is_refused(typed: str) -> None:
    assert not is_email_address(typed)
