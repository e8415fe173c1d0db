"""The entries of an accounts file. Every scalar value arrives as a string, as it was written."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    model_validator,
)

from models.checkout import COUNTRY_CODES, MAX_FIELD_LENGTH
from models.money import UnknownCurrency, check_currency
from models.subscription.period_length import PeriodLength
from models.subscription.proration import get_end_of_day
from models.text.control_characters import find_control_character
from models.text.email_address import ENCODED_WORD_PREFIX, normalize_email
from models.text.localized_text import LANGUAGES, LocalizedText

MIN_YEAR, MAX_YEAR = 2000, 2199
MAX_DAYS_UNTIL_DUE = 365


def _parse_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    if not value.strip():
        raise ValueError("is empty")
    if number := find_control_character(value.strip()):
        raise ValueError(f"holds a line break or another control character ({number})")
    if len(value) > MAX_FIELD_LENGTH:
        raise ValueError(f"is longer than {MAX_FIELD_LENGTH} characters")
    return value.strip()


def _parse_email(value: Any) -> str:
    text = _parse_text(value)
    if ENCODED_WORD_PREFIX in text:
        raise ValueError("must be a plain address, without an encoded word (=?)")
    return text


def _validate_pattern(pattern: str, text: str, description: str) -> str:
    if not re.fullmatch(pattern, text, re.ASCII):
        raise ValueError(f"must be {description}")
    return text


def _build_pattern_parser(pattern: str, description: str) -> Callable[[Any], str]:
    return lambda value: _validate_pattern(pattern, _parse_text(value), description)


def _parse_flag(value: Any) -> bool:
    flags = {"true": True, "yes": True, "false": False, "no": False}
    if not isinstance(value, str) or value.lower() not in flags:
        raise ValueError("must be true or false")
    return flags[value.lower()]


def _parse_whole_number(value: Any) -> int:
    # This many seats at MAX_UNIT_PRICE still fit the columns of amounts.
    return int(
        _validate_pattern(
            r"\d{1,7}", _parse_text(value), "a whole number of at most seven digits, not negative"
        )
    )


def _parse_days_until_due(value: Any) -> int:
    days = _parse_whole_number(value)
    if days > MAX_DAYS_UNTIL_DUE:
        raise ValueError(f"must be at most {MAX_DAYS_UNTIL_DUE}")
    return days


def _validate_positive(number: int) -> int:
    if number == 0:
        raise ValueError("must be at least 1")
    return number


def _parse_date(value: Any) -> date:
    text = _validate_pattern(r"\d{4}-\d\d-\d\d", _parse_text(value), "a date as in 2026-11-30")
    return _validate_year(date.fromisoformat(text))


def _parse_datetime(value: Any) -> datetime:
    text = _validate_pattern(
        r"\d{4}-\d\d-\d\d[Tt ]\d.+", _parse_text(value), "a time as in 2026-11-30T10:00:00Z"
    )
    return _validate_year(datetime.fromisoformat(text))


def _parse_date_or_datetime(value: Any) -> date | datetime:
    text = _parse_text(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ].*", text):
        return _parse_datetime(text)
    return _parse_date(text)


DateT = TypeVar("DateT", date, datetime)


def _validate_year(moment: DateT) -> DateT:
    # At the ends of the calendar, time zones and periods cannot be computed.
    if not MIN_YEAR <= moment.year <= MAX_YEAR:
        raise ValueError(f"must be in the years {MIN_YEAR} to {MAX_YEAR}")
    return moment


def _parse_month(value: Any) -> tuple[int, int]:
    text = _validate_pattern(r"\d{4}-(0[1-9]|1[0-2])", _parse_text(value), "a month such as 2028-04")
    return int(text[:4]), int(text[5:])


def _parse_currency(value: Any) -> str:
    try:
        return check_currency(_parse_text(value))
    except UnknownCurrency:
        raise ValueError(f"{value} is not an ISO 4217 currency code such as EUR") from None


def _parse_country(value: Any) -> str:
    code = _parse_text(value).upper()
    if code not in COUNTRY_CODES:
        raise ValueError(f"{value} is not a two-letter ISO 3166 country code such as FR")
    return code


@cache
def _load_time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _parse_time_zone(value: Any) -> str:
    name = _parse_text(value)
    if name not in _load_time_zones():
        raise ValueError(f"{name} is not a time zone such as Europe/Paris")
    return name


def _parse_rate(value: Any) -> str:
    text = _validate_pattern(r"[01](\.\d{1,6})?", _parse_text(value), 'a decimal from 0 to 1, such as "0.20"')
    if text[0] == "1" and text.strip("1.0"):
        raise ValueError('must be a decimal from 0 to 1, such as "0.20"')
    return text


def _convert_self_service(value: Any) -> Any:
    # `true` is short for `{eligible: true}`.
    return {"eligible": value} if isinstance(value, str) else value


def _parse_localized_text(value: Any) -> LocalizedText:
    if not isinstance(value, dict):
        return _parse_text(value)
    if not value or not value.keys() <= set(LANGUAGES):
        raise ValueError(f"must be text, or a text for each language ({', '.join(LANGUAGES)})")
    return {language: _parse_text(value[language]) for language in LANGUAGES if language in value}


RequiredText = Annotated[str, BeforeValidator(_parse_text)]
TextOrBlank = Annotated[str, BeforeValidator(lambda value: value if value == "" else _parse_text(value))]
ReasonText = Annotated[LocalizedText, BeforeValidator(_parse_localized_text)]


def _parse_period(value: object) -> PeriodLength:
    if value not in ("month", "year"):
        raise ValueError("must be 'month' or 'year'")
    return PeriodLength(str(value))


Flag = Annotated[bool, BeforeValidator(_parse_flag)]
SeatCount = Annotated[int, BeforeValidator(_parse_whole_number)]
Date = Annotated[date, BeforeValidator(_parse_date)]
CurrencyCode = Annotated[str, BeforeValidator(_parse_currency)]
TeamId = Annotated[
    str, BeforeValidator(_build_pattern_parser(r"T[A-Z0-9]+", "a workspace id such as T01ACME"))
]
EnterpriseId = Annotated[
    str, BeforeValidator(_build_pattern_parser(r"E[A-Z0-9]+", "an organisation id such as E01ACME"))
]
ChannelId = Annotated[
    str, BeforeValidator(_build_pattern_parser(r"[CG][A-Z0-9]+", "a channel id such as C01BILLING"))
]
UserId = Annotated[
    str, BeforeValidator(_build_pattern_parser(r"[UW][A-Z0-9]+", "a member id such as U01ALICE"))
]
StripeCustomerId = Annotated[
    str, BeforeValidator(_build_pattern_parser(r"cus_[A-Za-z0-9_]+", "a Stripe customer id such as cus_…"))
]
LanguageTag = Annotated[
    str, BeforeValidator(_build_pattern_parser(rf"({'|'.join(LANGUAGES)})(-[A-Z]{{2}})?", "en or fr"))
]
TimeZoneName = Annotated[str, BeforeValidator(_parse_time_zone)]
TaxRate = Annotated[str, BeforeValidator(_parse_rate)]
TaxName = Annotated[
    str, BeforeValidator(_build_pattern_parser(r"\S.{0,39}", "a name of at most 40 characters such as VAT"))
]
CountryCode = Annotated[str, BeforeValidator(_parse_country)]
CardLastFour = Annotated[
    str, BeforeValidator(_build_pattern_parser(r"\d{4}", "the last four digits, in quotes"))
]
YearMonth = Annotated[tuple[int, int], BeforeValidator(_parse_month)]
FilePeriod = Annotated[PeriodLength, BeforeValidator(_parse_period)]
EmailAddress = Annotated[EmailStr, BeforeValidator(_parse_email), AfterValidator(normalize_email)]


class FileEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _remove_blank_values(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: v for k, v in value.items() if v is not None or k not in cls.model_fields}


class AddressEntry(FileEntry):
    """What its country needs is among the cross checks: an account that is linked may lack some of it."""

    country: CountryCode
    line1: RequiredText = ""
    line2: RequiredText = ""
    postal_code: TextOrBlank = ""
    city: TextOrBlank = ""
    state: RequiredText = ""


class SelfServiceEntry(FileEntry):
    eligible: Flag
    reason: ReasonText | None = None


SelfService = Annotated[SelfServiceEntry, BeforeValidator(_convert_self_service)]


class ContactEntry(FileEntry):
    """`added_in_slack` is written by an export: an import leaves such a contact as it is."""

    email: EmailAddress
    name: RequiredText
    slack_user: UserId | None = None
    added_in_slack: Flag = False


class AdministratorEntry(FileEntry):
    """`seats` lists subscription ids; without it, the seats they already have stay."""

    email: EmailAddress
    name: RequiredText
    seats: list[RequiredText] | None = None


class PaymentMethodEntry(FileEntry):
    """`expires` is (year, month)."""

    id: RequiredText
    brand: RequiredText
    last4: CardLastFour
    expires: YearMonth
    automatic: Flag = True
    default: Flag = False


class SubscriptionEntry(FileEntry):
    """With `days_until_due`, the embedded provider sends invoices for it."""

    id: RequiredText
    product: RequiredText
    seats: SeatCount
    unit_price: RequiredText
    period: FilePeriod
    period_start: Date
    period_end: Date
    days_until_due: Annotated[int | None, BeforeValidator(_parse_days_until_due)] = None
    tax_rate: TaxRate | None = None
    self_service: SelfService = SelfServiceEntry.model_construct(eligible=True)

    @model_validator(mode="after")
    def _validate_period(self) -> "SubscriptionEntry":
        if self.period_end <= self.period_start:
            raise ValueError("period_end must be after period_start")
        return self


class QuoteLineEntry(FileEntry):
    """`unit_price` defaults to the subscription's."""

    subscription: RequiredText
    seats: Annotated[SeatCount, AfterValidator(_validate_positive)]
    unit_price: RequiredText | None = None


class DecisionEntry(FileEntry):
    status: Literal["accepted", "rejected"]
    at: Annotated[datetime, BeforeValidator(_parse_datetime)]


class QuoteEntry(FileEntry):
    number: Annotated[RequiredText, AfterValidator(str.upper)]
    expires: Annotated[date | datetime, BeforeValidator(_parse_date_or_datetime)]
    lines: Annotated[list[QuoteLineEntry], Field(min_length=1)]
    decided: DecisionEntry | None = None

    def compute_expiry(self, zone: str) -> datetime:
        """A date without a time means the end of that day in the account's time zone (R9)."""
        if isinstance(self.expires, datetime):
            return convert_to_utc(self.expires, zone)
        return get_end_of_day(self.expires, zone)


class AccountEntry(FileEntry):
    """It has `slack_team`, or `slack_enterprise` if it belongs to a whole organisation (R29).
    `stripe_customer` links it with Stripe, which then provides its payment methods. With `pay_by_invoice`,
    seats of subscriptions that are paid by invoice can be ordered (R3). An export writes `exported_entry`,
    the number of its last history entry, and `exported_state`, a digest of what an import could overwrite:
    later changes are not overwritten unseen."""

    id: RequiredText
    name: RequiredText
    slack_team: TeamId | None = None
    slack_enterprise: EnterpriseId | None = None
    channel: ChannelId | None = None
    channel_amounts: Flag = False
    exported_entry: Annotated[int | None, BeforeValidator(_parse_whole_number)] = None
    exported_state: RequiredText | None = None
    stripe_customer: StripeCustomerId | None = None
    pay_by_invoice: Flag = False
    currency: CurrencyCode
    tax_rate: TaxRate = "0"
    tax_name: TaxName = ""
    tax_id: RequiredText = ""
    tax_exemption: Literal["none", "exempt", "reverse"] = "none"
    po_number: Literal["optional", "required"] = "optional"
    locale: LanguageTag = "en"
    time_zone: TimeZoneName = "UTC"
    self_service: SelfService = SelfServiceEntry.model_construct(eligible=True)
    billing_address: AddressEntry
    billing_contacts: list[ContactEntry] = []
    administrators: list[AdministratorEntry] = []
    payment_methods: list[PaymentMethodEntry] = []
    subscriptions: list[SubscriptionEntry] = []
    quotes: list[QuoteEntry] = []


class ProductEntry(FileEntry):
    """An export writes `exported_state`, a digest of the stored product."""

    id: RequiredText
    name: RequiredText
    additional_seats: Flag = False
    reason: ReasonText | None = None
    exported_state: RequiredText | None = None


class AccountsFile(FileEntry):
    accounts: list[AccountEntry]
    products: list[ProductEntry] = []


def convert_to_utc(at: datetime, zone: str) -> datetime:
    """A time without an offset is in the account's time zone."""
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
