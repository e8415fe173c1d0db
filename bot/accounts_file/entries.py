"""What an accounts file may say, entry by entry. Every scalar arrives as the text that was written."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, EmailStr, Field, model_validator

from models.checkout import COUNTRIES, LONGEST_FIELD
from models.money import UnknownCurrency, check_currency
from models.proration import end_of_day
from models.subscription import PeriodLength

FIRST_YEAR, LAST_YEAR = 2000, 2199


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    if not value.strip():
        raise ValueError("is empty")
    if len(value) > LONGEST_FIELD:
        raise ValueError(f"is longer than {LONGEST_FIELD} characters")
    return value.strip()


def _match(pattern: str, text: str, meaning: str) -> str:
    if not re.fullmatch(pattern, text, re.ASCII):
        raise ValueError(f"must be {meaning}")
    return text


def _matching(pattern: str, meaning: str) -> Callable[[Any], str]:
    return lambda value: _match(pattern, _text(value), meaning)


def _flag(value: Any) -> bool:
    words = {"true": True, "yes": True, "false": False, "no": False}
    if not isinstance(value, str) or value.lower() not in words:
        raise ValueError("must be true or false")
    return words[value.lower()]


def _whole_number(value: Any) -> int:
    # Of so many seats, at LARGEST_PRICE, what they cost still fits its column.
    return int(_match(r"\d{1,7}", _text(value), "a whole number of at most seven digits, not negative"))


def _some(number: int) -> int:
    if number == 0:
        raise ValueError("must be at least 1")
    return number


def _day(value: Any) -> date:
    text = _match(r"\d{4}-\d\d-\d\d", _text(value), "a date as in 2026-11-30")
    return _in_our_time(date.fromisoformat(text))


def _instant(value: Any) -> datetime:
    text = _match(r"\d{4}-\d\d-\d\d[Tt ]\d.+", _text(value), "a time as in 2026-11-30T10:00:00Z")
    return _in_our_time(datetime.fromisoformat(text))


def _day_or_instant(value: Any) -> date | datetime:
    text = _text(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ].*", text):
        return _instant(text)
    return _day(text)


Moment = TypeVar("Moment", date, datetime)


def _in_our_time(moment: Moment) -> Moment:
    """Zones and periods cannot be reckoned at the ends of the calendar."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"must be in the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _month(value: Any) -> tuple[int, int]:
    text = _match(r"\d{4}-(0[1-9]|1[0-2])", _text(value), "a month as in 2028-04")
    return int(text[:4]), int(text[5:])


def _currency(value: Any) -> str:
    try:
        return check_currency(_text(value))
    except UnknownCurrency:
        raise ValueError(f"{value} is not an ISO 4217 currency, as EUR is") from None


def _country(value: Any) -> str:
    code = _text(value).upper()
    if code not in COUNTRIES:
        raise ValueError(f"{value} is not an ISO 3166 country of two letters, as FR is")
    return code


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _time_zone(value: Any) -> str:
    name = _text(value)
    if name not in _zones():
        raise ValueError(f"{name} is not a time zone, as Europe/Paris is")
    return name


def _rate(value: Any) -> str:
    text = _match(r"[01](\.\d{1,6})?", _text(value), 'a decimal from 0 to 1, as in "0.20"')
    if text[0] == "1" and text.strip("1.0"):
        raise ValueError('must be a decimal from 0 to 1, as in "0.20"')
    return text


def _self_service(value: Any) -> Any:
    """`true` for `{eligible: true}`."""
    return {"eligible": value} if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Seats = Annotated[int, BeforeValidator(_whole_number)]
Day = Annotated[date, BeforeValidator(_day)]
Currency = Annotated[str, BeforeValidator(_currency)]
Team = Annotated[str, BeforeValidator(_matching(r"[TE][A-Z0-9]+", "the id of a workspace, as T01ACME"))]
Channel = Annotated[str, BeforeValidator(_matching(r"[CG][A-Z0-9]+", "the id of a channel, as C01BILLING"))]
User = Annotated[str, BeforeValidator(_matching(r"[UW][A-Z0-9]+", "the id of a member, as U01ALICE"))]
Customer = Annotated[str, BeforeValidator(_matching(r"cus_[A-Za-z0-9_]+", "a Stripe customer, as cus_…"))]
Language = Annotated[str, BeforeValidator(_matching(r"(en|fr)(-[A-Z]{2})?", "en or fr"))]
Zone = Annotated[str, BeforeValidator(_time_zone)]
Rate = Annotated[str, BeforeValidator(_rate)]
Country = Annotated[str, BeforeValidator(_country)]
LastFour = Annotated[str, BeforeValidator(_matching(r"\d{4}", "the last four digits, in quotes"))]
Month = Annotated[tuple[int, int], BeforeValidator(_month)]
Email = Annotated[EmailStr, BeforeValidator(_text), AfterValidator(str.lower)]


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _blank_is_absent(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: v for k, v in value.items() if v is not None or k not in cls.model_fields}


class AddressEntry(Entry):
    line1: Text
    line2: Text = ""
    postal_code: Text
    city: Text
    state: Text = ""
    country: Country


class SelfServiceEntry(Entry):
    eligible: Flag
    reason: Text | None = None


SelfService = Annotated[SelfServiceEntry, BeforeValidator(_self_service)]


class ContactEntry(Entry):
    email: Email
    name: Text
    slack_user: User | None = None


class AdministratorEntry(Entry):
    """`seats` names subscriptions; where it is not given, the seats they have here stay."""

    email: Email
    name: Text
    seats: list[Text] | None = None


class PaymentMethodEntry(Entry):
    """`expires` is (year, month)."""

    id: Text
    brand: Text
    last4: LastFour
    expires: Month
    automatic: Flag = True
    default: Flag = False


class SubscriptionEntry(Entry):
    id: Text
    product: Text
    seats: Seats
    unit_price: Text
    period: PeriodLength
    period_start: Day
    period_end: Day
    self_service: SelfService = SelfServiceEntry.model_construct(eligible=True)

    @model_validator(mode="after")
    def _has_days(self) -> "SubscriptionEntry":
        if self.period_end <= self.period_start:
            raise ValueError("period_end must be after period_start")
        return self


class QuoteLineEntry(Entry):
    """`unit_price` is the subscription's own where none is given."""

    subscription: Text
    seats: Annotated[Seats, AfterValidator(_some)]
    unit_price: Text | None = None


class DecidedEntry(Entry):
    status: Literal["accepted", "rejected"]
    at: Annotated[datetime, BeforeValidator(_instant)]


class QuoteEntry(Entry):
    number: Annotated[Text, AfterValidator(str.upper)]
    expires: Annotated[date | datetime, BeforeValidator(_day_or_instant)]
    lines: Annotated[list[QuoteLineEntry], Field(min_length=1)]
    decided: DecidedEntry | None = None

    def ends_at(self, zone: str) -> datetime:
        """R9: a bare date ends with that day in the account's zone."""
        if isinstance(self.expires, datetime):
            return in_utc(self.expires, zone)
        return end_of_day(self.expires, zone)


class AccountEntry(Entry):
    """`stripe_customer` links the account with Stripe, which then says its payment methods."""

    id: Text
    name: Text
    slack_team: Team
    channel: Channel | None = None
    channel_amounts: Flag = False
    stripe_customer: Customer | None = None
    currency: Currency
    tax_rate: Rate = "0"
    locale: Language = "en"
    time_zone: Zone = "UTC"
    self_service: SelfService = SelfServiceEntry.model_construct(eligible=True)
    billing_address: AddressEntry
    billing_contacts: list[ContactEntry] = []
    administrators: list[AdministratorEntry] = []
    payment_methods: list[PaymentMethodEntry] = []
    subscriptions: list[SubscriptionEntry] = []
    quotes: list[QuoteEntry] = []


class ProductEntry(Entry):
    id: Text
    name: Text
    additional_seats: Flag = False
    reason: Text | None = None


class AccountsFile(Entry):
    accounts: list[AccountEntry]
    products: list[ProductEntry] = []


def in_utc(at: datetime, zone: str) -> datetime:
    """An instant written without its zone is meant in the account's."""
    aware = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC)
