"""The admin contact, payment method and billing address of a quote, before it is ordered (R10)."""

from typing import Any

from babel import Locale
from sqlalchemy import false
from sqlmodel import JSON, Field, SQLModel, UniqueConstraint

from models.account import Address
from models.account.address_fields import get_address_fields
from models.errors import InvalidInput, Refusal
from models.text.card_number import has_card_number
from models.text.email_address import is_email_address, normalize_email

MAX_FIELD_LENGTH = 200
MAX_PO_NUMBER_LENGTH = 50
NEW_ADMINISTRATOR_OPTION = "new"

# Territories of CLDR that are countries: two letters, except its groupings and private codes.
NON_ISO_TERRITORIES = {
    "AC",
    "CP",
    "CQ",
    "DG",
    "EA",
    "EU",
    "EZ",
    "IC",
    "QO",
    "TA",
    "UN",
    "XA",
    "XB",
    "XK",
    "ZZ",
}
COUNTRY_CODES = frozenset(
    code for code in map(str, Locale("en").territories) if len(code) == 2 and code not in NON_ISO_TERRITORIES
)


class FieldRequired(Refusal):
    """A required field is blank."""


class FieldTooLong(Refusal):
    """More than MAX_FIELD_LENGTH characters."""


class PurchaseOrderNumberRequired(FieldRequired):
    """The account asks for a purchase-order number with every order."""


class CardNumberTyped(Refusal):
    """A purchase-order number would be shown in channels and documents (R23)."""


class NotAnEmail(Refusal):
    """The text isn't an email address."""


class UnknownCountry(Refusal):
    """The text isn't an ISO 3166-1 alpha-2 code."""


class UnknownAdministrator(Refusal):
    """No such administrator on this account."""


class CheckoutIncomplete(Refusal):
    """The order's admin contact, payment method or address is missing or no longer valid."""


class Checkout(SQLModel, table=True):
    """One per quote and person; holds what was typed, valid or not, so that nothing is lost (R10).

    `form_values` maps form fields (see CheckoutForm) to text. `is_saved` is set by "Save and continue",
    `is_address_typed` once the address was on the screen as fields.
    """

    __table_args__ = (UniqueConstraint("quote_id", "contact_id"),)

    id: int | None = Field(default=None, primary_key=True)
    quote_id: int = Field(foreign_key="quote.id")
    contact_id: int = Field(foreign_key="billing_contact.id")
    form_values: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    is_saved: bool = False
    is_address_typed: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class CheckoutForm(SQLModel):
    """The fields of the checkout as typed. `administrator` is an id or NEW_ADMINISTRATOR_OPTION. What is
    not set was not on the screen."""

    administrator: str = ""
    admin_name: str = ""
    admin_email: str = ""
    payment_method: str = ""
    po_number: str = ""
    line1: str = ""
    line2: str = ""
    postal_code: str = ""
    city: str = ""
    state: str = ""
    country: str = ""

    def get_po_number(self, *, required: bool) -> str:
        """Returns it on one line, trimmed. Raises InvalidInput."""
        text = " ".join(self.po_number.split())
        if required and not text:
            raise InvalidInput({"po_number": PurchaseOrderNumberRequired()})
        if len(text) > MAX_PO_NUMBER_LENGTH:
            raise InvalidInput({"po_number": FieldTooLong(most=MAX_PO_NUMBER_LENGTH)})
        if has_card_number(text):
            raise InvalidInput({"po_number": CardNumberTyped()})
        return text

    def without_card_number(self) -> "CheckoutForm":
        """A draft may be stored as it was typed, but for a card number (R23)."""
        one_line = " ".join(self.po_number.split())
        return self.model_copy(update={"po_number": ""}) if has_card_number(one_line) else self

    @property
    def address(self) -> Address:
        """The billing address, trimmed. Raises InvalidInput."""
        typed = {name: getattr(self, name).strip() for name in Address.model_fields}
        needed = {"line1", "country", *get_address_fields(typed["country"].upper()).required}
        errors: dict[str, Refusal] = {}
        for name, text in typed.items():
            # An address that is known may lack a state that its country has: many providers store none.
            if not text and name in needed and name != "state":
                errors[name] = FieldRequired()
            elif len(text) > MAX_FIELD_LENGTH:
                errors[name] = FieldTooLong(most=MAX_FIELD_LENGTH)
        if typed["country"] and typed["country"].upper() not in COUNTRY_CODES:
            errors["country"] = UnknownCountry(country=typed["country"][:20])
        if errors:
            raise InvalidInput(errors)
        return Address(**{**typed, "country": typed["country"].upper()})

    @property
    def has_address_fields(self) -> bool:
        """Whether the address was on the screen as fields, and not as a summary."""
        return "country" in self.model_fields_set

    def merge_onto(self, kept: "CheckoutForm") -> "CheckoutForm":
        """Adds the stored values of fields that were not in the view."""
        return CheckoutForm(**{**kept.model_dump(), **self.model_dump(exclude_unset=True)})

    def complete(self, kept: "CheckoutForm") -> "CheckoutForm":
        """Returns the form to be saved: a typed address has only the fields of its country."""
        form = self.merge_onto(kept)
        hidden = set(Address.model_fields) - self.model_fields_set if self.has_address_fields else set()
        return form.model_copy(update=dict.fromkeys(hidden, ""))

    def check_address_fields(self) -> None:
        """Checks an address that was typed, including what only some countries need. Raises InvalidInput."""
        needed = get_address_fields(self.country.strip().upper()).required if self.has_address_fields else ()
        if errors := {name: FieldRequired() for name in needed if not getattr(self, name).strip()}:
            raise InvalidInput({**errors})

    @property
    def new_administrator(self) -> tuple[str, str] | None:
        """(name, email) of the new administrator, if one was chosen. Raises InvalidInput."""
        if self.administrator != NEW_ADMINISTRATOR_OPTION:
            return None
        name, email = self.admin_name.strip(), self.admin_email.strip()
        errors: dict[str, Refusal] = {}
        if not name:
            errors["admin_name"] = FieldRequired()
        elif len(name) > MAX_FIELD_LENGTH:
            errors["admin_name"] = FieldTooLong(most=MAX_FIELD_LENGTH)
        if not email:
            errors["admin_email"] = FieldRequired()
        elif not is_email_address(email):
            errors["admin_email"] = NotAnEmail(typed=email[:60])
        if errors:
            raise InvalidInput(errors)
        return name, normalize_email(email)
