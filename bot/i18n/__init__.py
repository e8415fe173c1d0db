"""All that people read, in their own language, zone and way of writing amounts and dates (R22)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import format_currency
from fluent.runtime import FluentBundle, FluentResource

from models.account import Address
from models.money import Money, to_decimal

log = structlog.get_logger()

LANGUAGES = ("en", "fr")
MESSAGES_FOLDER = Path(__file__).parent
# Fluent gives up on a part of a message over 2,500 characters; a part may hold several words.
MAX_ARGUMENT_LENGTH = 2000


@cache
def load_bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource((MESSAGES_FOLDER / f"{language}.ftl").read_text(encoding="utf-8")))
    return bundle


def escape_mrkdwn(text: str) -> str:
    """Text of people's own for mrkdwn: no mention, link or channel can come of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class SlackMarkup(str):
    """Slack's own markup, as a date: it fills a text as it is, and is never escaped."""


def _truncate_argument(argument: object, escape: Callable[[str], str] = str) -> object:
    """A text within what Fluent fills in: of a longer one it would show nothing at all."""
    if isinstance(argument, SlackMarkup):
        return argument
    if not isinstance(argument, str) or len(escape(argument)) <= MAX_ARGUMENT_LENGTH:
        return escape(argument) if isinstance(argument, str) else argument
    room, kept = MAX_ARGUMENT_LENGTH - 1, 0
    for character in argument:
        room -= len(escape(character))
        if room < 0:
            break
        kept += 1
    return escape(argument[:kept]) + "…"


@lru_cache(maxsize=1000)
def _parse_locale(tag: str, language: str) -> Locale:
    """The tag's, where it is one of the language."""
    try:
        locale = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale(language)
    return locale if locale.language == language else Locale(language)


@lru_cache(maxsize=4000)
def _format_money(money: Money, locale: Locale) -> str:
    """Screens repeat their amounts, and Babel takes its time."""
    return format_currency(to_decimal(money.amount, money.currency), money.currency, locale=locale)


@lru_cache(maxsize=4000)
def _format_date(day: date, locale: Locale) -> str:
    return format_date(day, "medium", locale=locale)


@lru_cache(maxsize=4000)
def _format_datetime(at: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """A message has its instants twice: as text, and beside Slack's own."""
    local = at.astimezone(zone)
    day = format_date(local, "medium", locale=locale)
    return f"{day}, {format_time(local, 'short', locale=locale)} ({local.tzname()})"


@lru_cache(maxsize=4000)
def _format_message(language: str, key: str, arguments: tuple[tuple[str, object], ...]) -> str:
    """Most texts of a screen are those of the one before."""
    bundle = load_bundle(language)
    if not bundle.has_message(key):
        # A missing sentence must not stop an order; a test keeps any from missing.
        log.error("translation.missing", message_key=key, language=language)
        return key
    pattern = bundle.get_message(key).value
    assert pattern is not None, f"the message {key} has a value"
    text, errors = bundle.format_pattern(pattern, dict(arguments))
    if errors:
        log.error(
            "translation.format_failed", message_key=key, language=language, error=[str(e) for e in errors]
        )
    return str(text)


@dataclass(frozen=True)
class Localizer:
    """Who reads: an IETF language tag and an IANA zone."""

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
        """The message, with datetimes, dates, Money and lists written as this reader writes them."""
        written = {
            name: _truncate_argument(self._localize_argument(word)) for name, word in arguments.items()
        }
        return _format_message(self.language, key, tuple(written.items()))

    def format_mrkdwn(self, key: str, **arguments: object) -> str:
        """The same for mrkdwn: what fills the message is escaped."""
        written = {name: self._localize_argument(word) for name, word in arguments.items()}
        return _format_message(
            self.language, key, tuple((n, _truncate_argument(w, escape_mrkdwn)) for n, w in written.items())
        )

    def has_message(self, key: str) -> bool:
        return load_bundle(self.language).has_message(key)

    def _localize_argument(self, argument: object) -> object:
        if isinstance(argument, datetime):
            return self.format_datetime(argument)
        if isinstance(argument, date):
            return self.format_date(argument)
        if isinstance(argument, Money):
            return self.format_money(argument)
        if isinstance(argument, list | tuple):
            return self.join_items([str(self._localize_argument(w)) for w in argument])
        return argument

    def format_datetime(self, at: datetime) -> str:
        """Date, time and zone, as `22 nov. 2026, 14:03 (CET)`."""
        return _format_datetime(at, self._zone, self.locale)

    def format_date_token(self, at: datetime) -> SlackMarkup:
        """For mrkdwn: whoever looks sees it in their own zone, whosever language the message is in. Where it
        is not drawn, it is the same as `moment`."""
        fallback = escape_mrkdwn(self.format_datetime(at)).replace("|", "")
        return SlackMarkup(f"<!date^{int(at.timestamp())}^{{date_short}}, {{time}}|{fallback}>")

    def format_date(self, day: date) -> str:
        return _format_date(day, self.locale)

    def format_money(self, money: Money) -> str:
        return _format_money(money, self.locale)

    def get_country_name(self, code: str) -> str:
        return str(self.locale.territories.get(code, code))

    def format_address(self, address: Address) -> list[str]:
        """Its lines, the country last."""
        town = f"{address.postal_code} {address.city}".strip()
        parts = (address.line1, address.line2, town, address.state, self.get_country_name(address.country))
        return [part for part in parts if part]

    def join_items(self, items: list[str]) -> str:
        return format_list(items, locale=self.locale) if items else ""

    @property
    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")
