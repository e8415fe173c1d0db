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
FOLDER = Path(__file__).parent
# Fluent gives up on a part of a message over 2,500 characters; a part may hold several words.
LONGEST_WORD = 2000


@cache
def messages(language: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource((FOLDER / f"{language}.ftl").read_text(encoding="utf-8")))
    return bundle


def escape(text: str) -> str:
    """Text of people's own for mrkdwn: no mention, link or channel can come of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Markup(str):
    """Slack's own markup, as a date: it fills a text as it is, and is never escaped."""


def _bounded(word: object, escaped: Callable[[str], str] = str) -> object:
    """A text within what Fluent fills in: of a longer one it would show nothing at all."""
    if isinstance(word, Markup):
        return word
    if not isinstance(word, str) or len(escaped(word)) <= LONGEST_WORD:
        return escaped(word) if isinstance(word, str) else word
    room, kept = LONGEST_WORD - 1, 0
    for character in word:
        room -= len(escaped(character))
        if room < 0:
            break
        kept += 1
    return escaped(word[:kept]) + "…"


@lru_cache(maxsize=1000)
def _locale(tag: str, language: str) -> Locale:
    """The tag's, where it is one of the language."""
    try:
        locale = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale(language)
    return locale if locale.language == language else Locale(language)


@lru_cache(maxsize=4000)
def _money(money: Money, locale: Locale) -> str:
    """Screens repeat their amounts, and Babel takes its time."""
    return format_currency(to_decimal(money.amount, money.currency), money.currency, locale=locale)


@lru_cache(maxsize=4000)
def _day(day: date, locale: Locale) -> str:
    return format_date(day, "medium", locale=locale)


@lru_cache(maxsize=4000)
def _moment(at: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """A message has its instants twice: as text, and beside Slack's own."""
    local = at.astimezone(zone)
    day = format_date(local, "medium", locale=locale)
    return f"{day}, {format_time(local, 'short', locale=locale)} ({local.tzname()})"


@lru_cache(maxsize=4000)
def _formatted(language: str, key: str, words: tuple[tuple[str, object], ...]) -> str:
    """Most texts of a screen are those of the one before."""
    bundle = messages(language)
    if not bundle.has_message(key):
        # A missing sentence must not stop an order; a test keeps any from missing.
        log.error("message is missing", key=key, language=language)
        return key
    pattern = bundle.get_message(key).value
    assert pattern is not None, f"the message {key} has a value"
    text, errors = bundle.format_pattern(pattern, dict(words))
    if errors:
        log.error("message has a fault", key=key, language=language, errors=[str(e) for e in errors])
    return str(text)


@dataclass(frozen=True)
class Reader:
    """Who reads: an IETF language tag and an IANA zone."""

    tag: str = "en"
    time_zone: str = "UTC"

    @property
    def language(self) -> str:
        language = self.tag.split("-")[0].lower()
        return language if language in LANGUAGES else LANGUAGES[0]

    @property
    def locale(self) -> Locale:
        return _locale(self.tag, self.language)

    def text(self, key: str, **words: object) -> str:
        """The message, with datetimes, dates, Money and lists written as this reader writes them."""
        written = {name: _bounded(self._written(word)) for name, word in words.items()}
        return _formatted(self.language, key, tuple(written.items()))

    def mrkdwn(self, key: str, **words: object) -> str:
        """The same for mrkdwn: what fills the message is escaped."""
        written = {name: self._written(word) for name, word in words.items()}
        return _formatted(self.language, key, tuple((n, _bounded(w, escape)) for n, w in written.items()))

    def has(self, key: str) -> bool:
        return messages(self.language).has_message(key)

    def _written(self, word: object) -> object:
        if isinstance(word, datetime):
            return self.moment(word)
        if isinstance(word, date):
            return self.date(word)
        if isinstance(word, Money):
            return self.money(word)
        if isinstance(word, list | tuple):
            return self.listing([str(self._written(w)) for w in word])
        return word

    def moment(self, at: datetime) -> str:
        """Date, time and zone, as `22 nov. 2026, 14:03 (CET)`."""
        return _moment(at, self._zone, self.locale)

    def live_moment(self, at: datetime) -> Markup:
        """For mrkdwn: whoever looks sees it in their own zone, whosever language the message is in. Where it
        is not drawn, it is the same as `moment`."""
        fallback = escape(self.moment(at)).replace("|", "")
        return Markup(f"<!date^{int(at.timestamp())}^{{date_short}}, {{time}}|{fallback}>")

    def date(self, day: date) -> str:
        return _day(day, self.locale)

    def money(self, money: Money) -> str:
        return _money(money, self.locale)

    def country(self, code: str) -> str:
        return str(self.locale.territories.get(code, code))

    def address(self, address: Address) -> list[str]:
        """Its lines, the country last."""
        town = f"{address.postal_code} {address.city}".strip()
        parts = (address.line1, address.line2, town, address.state, self.country(address.country))
        return [part for part in parts if part]

    def listing(self, items: list[str]) -> str:
        return format_list(items, locale=self.locale) if items else ""

    @property
    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")
