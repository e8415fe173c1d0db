"""Texts, amounts and dates in the reader's language and time zone (R22)."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import format_currency, format_percent, get_decimal_symbol

from bot.i18n.messages import format_message, has_message
from bot.i18n.mrkdwn import SlackMarkup, escape_mrkdwn
from bot.i18n.postal_address import format_address_lines
from bot.i18n.truncation import truncate_text
from models.account import Address
from models.money import ExactMoney, Money, to_decimal
from models.subscription.period_length import PeriodLength
from models.text.localized_text import LANGUAGES

# fluent.runtime shows `{???}` instead of a message in which a placeable has more than 2,500 characters.
# A placeable can be another message with several arguments, so that one argument gets less than that.
MAX_ARGUMENT_LENGTH = 2000
# Spreadsheets there separate cells with semicolons, and write decimal points in every language.
COUNTRIES_WITH_SEMICOLONS = frozenset({"CH", "LI"})


@lru_cache(maxsize=1000)
def _parse_locale(tag: str, language: str) -> Locale:
    # People with other languages get English, with the formats of their country.
    locale = _find_locale(tag)
    if locale is None or not (locale.territory or locale.language == language):
        return Locale(language)
    if locale.language == language:
        return locale
    return _find_locale(f"{language}-{locale.territory}") or Locale(language, "001")


def _find_locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return None


@cache
def _load_country_codes() -> dict[str, str]:
    """Maps English names to codes."""
    names = Locale("en").territories
    return {str(name).casefold(): code for code, name in names.items() if len(code) == 2}


# Babel is slow, and screens repeat their amounts and dates.
@lru_cache(maxsize=4000)
def _format_money(money: Money | ExactMoney, locale: Locale) -> str:
    # CLDR writes some currencies without decimals; an amount that has some keeps them.
    amount = to_decimal(money.amount, money.currency)
    text = format_currency(amount, money.currency, locale=locale, decimal_quantization=False)
    return text.replace("-", MINUS_SIGN) if amount < 0 else text


# CLDR has a hyphen in most languages, at which a line may break.
MINUS_SIGN = "\u2212"
FRENCH_FIRST_DAY = re.compile(r"(?<!\d)1(?=[ \u00a0\u202f–-])")


@lru_cache(maxsize=4000)
def _format_date(day: date, locale: Locale) -> str:
    return _write_first_day(format_date(day, "medium", locale=locale), locale)


@lru_cache(maxsize=4000)
def _format_date_range(first: date, last: date, skeleton: str, locale: Locale) -> str:
    # CLDR puts thin spaces around the dash in some languages, and none in others.
    text = str(format_interval(first, last, skeleton, locale=locale)).replace("\u2009", " ")
    return _write_first_day(text, locale)


def _write_first_day(text: str, locale: Locale) -> str:
    # In French, the first of a month is an ordinal number, which CLDR does not know.
    return FRENCH_FIRST_DAY.sub("1er", text) if locale.language == "fr" else text


@lru_cache(maxsize=4000)
def _format_datetime(at: datetime, zone: ZoneInfo, locale: Locale) -> str:
    local = at.astimezone(zone)
    day = _format_date(local.date(), locale)
    return f"{day}, {format_time(local, 'short', locale=locale)} ({local.tzname()})"


@dataclass(frozen=True)
class Localizer:
    """The reader's IETF language tag and IANA time zone."""

    language_tag: str = "en"
    time_zone: str = "UTC"

    @property
    def language(self) -> str:
        language = self.language_tag.split("-")[0].lower()
        return language if language in LANGUAGES else LANGUAGES[0]

    @property
    def locale(self) -> Locale:
        return _parse_locale(self.language_tag, self.language)

    def format_text(self, key: str, **arguments: object) -> str:
        """Formats the message as plain text, with datetimes, dates, Money and lists as this reader writes
        them."""
        written = [(name, self._localize_argument(value)) for name, value in arguments.items()]
        return format_message(self.language, key, tuple((n, _truncate_argument(w)) for n, w in written))

    def format_mrkdwn(self, key: str, **arguments: object) -> str:
        """Formats the message as mrkdwn, with its arguments escaped."""
        written = [(name, self._localize_argument(value)) for name, value in arguments.items()]
        return format_message(self.language, key, tuple((n, _escape_argument(w)) for n, w in written))

    def has_message(self, key: str) -> bool:
        return has_message(self.language, key)

    def _localize_argument(self, argument: object) -> object:
        if isinstance(argument, datetime):
            return self.format_datetime(argument)
        if isinstance(argument, date):
            return self.format_date(argument)
        if isinstance(argument, Money | ExactMoney):
            return self.format_money(argument)
        if isinstance(argument, PeriodLength):
            return self.format_text("period-length", unit=argument.unit.value, count=argument.unit_count)
        if isinstance(argument, list | tuple):
            return self.join_items([str(self._localize_argument(item)) for item in argument])
        return argument

    def get_local_date(self, at: datetime) -> date:
        return at.astimezone(self._zone).date()

    def format_month(self, day: date) -> str:
        return format_skeleton("yMMM", day, locale=self.locale)

    def format_datetime(self, at: datetime) -> str:
        return _format_datetime(at, self._zone, self.locale)

    def format_time_of_day(self, at: datetime) -> str:
        return format_time(at.astimezone(self._zone), "short", locale=self.locale)

    def get_zone_name(self, at: datetime) -> str:
        """Such as `CET`."""
        return at.astimezone(self._zone).tzname() or self.time_zone

    def format_date(self, day: date) -> str:
        return _format_date(day, self.locale)

    def format_date_range(self, first: date, last: date, today: date) -> str:
        """`Nov 30 – Dec 18`, with the year if it is not all in today's."""
        has_year = not first.year == last.year == today.year
        return _format_date_range(first, last, "yMMMd" if has_year else "MMMd", self.locale)

    def format_money(self, money: Money | ExactMoney) -> str:
        return _format_money(money, self.locale)

    def format_percent(self, percent: Decimal | int) -> str:
        return format_percent(Decimal(percent) / 100, locale=self.locale, decimal_quantization=False)

    @property
    def decimal_symbol(self) -> str:
        """The decimal separator of a CSV that spreadsheets in the reader's country expect."""
        own = _find_locale(self.language_tag) or self.locale
        return "." if own.territory in COUNTRIES_WITH_SEMICOLONS else get_decimal_symbol(own)

    @property
    def list_separator(self) -> str:
        """The delimiter of a CSV that spreadsheets in the reader's country expect."""
        own = _find_locale(self.language_tag) or self.locale
        return ";" if self.decimal_symbol == "," or own.territory in COUNTRIES_WITH_SEMICOLONS else ","

    def get_country_name(self, code: str) -> str:
        return str(self.locale.territories.get(code, code))

    def translate_country(self, name: str) -> str:
        """Translates a country's English name; any other text stays."""
        code = _load_country_codes().get(name.casefold())
        return self.get_country_name(code) if code else name

    def format_address(self, address: Address) -> list[str]:
        # In the order of its country, whose name is in the reader's language.
        country = [self.get_country_name(address.country)] if address.country else []
        return [*format_address_lines(address), *country]

    def join_items(self, items: list[str]) -> str:
        return format_list(items, locale=self.locale) if items else ""

    @property
    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")


def _truncate_argument(argument: object) -> object:
    if isinstance(argument, SlackMarkup) or not isinstance(argument, str):
        return argument
    return truncate_text(argument, MAX_ARGUMENT_LENGTH)


def _escape_argument(argument: object) -> object:
    if isinstance(argument, SlackMarkup) or not isinstance(argument, str):
        return argument
    return escape_mrkdwn(truncate_text(argument, MAX_ARGUMENT_LENGTH, escape_mrkdwn))
