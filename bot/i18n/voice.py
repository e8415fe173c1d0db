"""How notices are worded: once, for messages and for e-mails."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.i18n import Markup, Reader, escape
from models.account import Account
from models.notice import NoticeKind
from models.quote import Quote
from models.receipt import Receipt
from models.service_order import LineStatus
from models.sheet import OrderRow, OrderSheet, QuoteRow, QuoteSheet

# Names and reasons are people's own, and as long as they like; Fluent refuses 1,000 characters in a place.
LONGEST_REASON = 600
LONGEST_WORD = 200
LONGEST_NAME = 80
MOST_NAMES = 6
MOST_ROWS = 15
LONGEST_ROWS = 1800


class Told(Protocol):
    """What is told, to whom. `words["to"]` is the destination's kind: channel, contact, services, email."""

    @property
    def kind(self) -> NoticeKind: ...
    @property
    def reader(self) -> Reader: ...
    @property
    def account(self) -> Account: ...
    @property
    def order(self) -> OrderSheet | None: ...
    @property
    def quote(self) -> QuoteSheet | None: ...
    @property
    def words(self) -> dict[str, Any]: ...
    @property
    def amounts(self) -> bool: ...
    @property
    def parts(self) -> Sequence["Told"]: ...


@dataclass(frozen=True)
class Wording:
    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Voice:
    """How it is said: for mrkdwn, what fills the texts is escaped. `live` instants are Slack's date tokens,
    which each reader of a channel sees in their own zone."""

    told: Told
    services_url: str
    mrkdwn: bool
    live: bool = False

    def say(self, key: str, **words: object) -> str:
        reader = self.told.reader
        say = reader.mrkdwn if self.mrkdwn else reader.text
        return say(key, **{name: self._filling(name, word) for name, word in words.items()})

    def _filling(self, name: str, word: object) -> object:
        if self.live and isinstance(word, datetime):
            return self.told.reader.live_moment(word)
        return _bounded(name, word)

    @property
    def order(self) -> OrderSheet:
        assert self.told.order is not None, "a notice of an order has one"
        return self.told.order

    @property
    def quote(self) -> QuoteSheet:
        assert self.told.quote is not None, "a notice of a quote has one"
        return self.told.quote

    @property
    def receipt(self) -> Receipt:
        assert self.order.receipt is not None, "a completed order has a receipt"
        return self.order.receipt

    @property
    def to(self) -> str:
        return str(self.told.words.get("to", "contact"))

    @property
    def personal(self) -> bool:
        return self.to in ("contact", "email")

    def services(self) -> str:
        return self.say("notice-services", url=self.services_url)


def decline_reason(reader: Reader, reason: str) -> str:
    """A provider's code in words; what has none is the provider's own sentence."""
    key = "decline-" + reason.replace("_", "-")
    return reader.text(key) if reader.has(key) else reason


def _bounded(name: str, word: object) -> object:
    if isinstance(word, str) and not isinstance(word, Markup) and name != "url":
        return shorten(word, LONGEST_REASON if name == "reason" else LONGEST_WORD)
    if isinstance(word, list):
        names = [shorten(str(each), LONGEST_NAME) for each in word]
        return names if len(names) <= MOST_NAMES else [*names[:MOST_NAMES], "…"]
    return word


def shorten(text: str, most: int) -> str:
    """At most so long once it is escaped."""
    kept = text[:most]
    while len(escape(kept)) > most:
        kept = kept[: -max(len(kept) // 20, 1)]
    return text if kept == text else kept[:-1].rstrip() + "…"


def order_rows(voice: Voice, *, status: bool = True) -> list[str]:
    def drawn(row: OrderRow) -> str:
        return row_line(
            voice, row, amounts=voice.told.amounts, state=line_state(voice, row) if status else ""
        )

    return rows_of(voice, voice.order.rows, drawn)


def quote_rows(voice: Voice) -> list[str]:
    return rows_of(voice, voice.quote.rows, lambda row: row_line(voice, row, amounts=voice.told.amounts))


def rows_of(voice: Voice, rows: Sequence[Any], drawn: Callable[[Any], str]) -> list[str]:
    """The lines as far as a message has room, and how many more there are; an e-mail takes all."""
    shown: list[str] = []
    for row in rows:
        line = drawn(row)
        full = len(shown) == MOST_ROWS or sum(map(len, shown)) + len(line) > LONGEST_ROWS
        if full and voice.to != "email":
            return [*shown, voice.say("notice-more-rows", more=len(rows) - len(shown))]
        shown.append(line)
    return shown


def row_line(voice: Voice, row: OrderRow | QuoteRow, *, amounts: bool = False, state: str = "") -> str:
    parts = [voice.say("notice-row", product=shorten(row.product.name, LONGEST_NAME), seats=row.line.seats)]
    if amounts:
        sheet = voice.told.order or voice.quote
        amount, tax = sheet.money(row.line.amount), sheet.money(row.line.tax)
        parts.append(voice.say("notice-row-amount", amount=amount, tax=tax))
    return "• " + " – ".join([*parts, *filter(None, [state])])


def line_state(voice: Voice, row: OrderRow) -> str:
    if row.waits_for:
        return voice.say("line-queued", number=row.waits_for)
    if row.line.status is LineStatus.DECLINED and row.line.reason:
        return voice.say("line-declined", reason=decline_reason(voice.told.reader, row.line.reason))
    return voice.say("line-status", status=row.line.status.value)


def total(voice: Voice, quote: Quote) -> Iterable[str]:
    if voice.told.amounts:
        sheet = voice.told.order or voice.quote
        yield voice.say("notice-total-with-tax", total=sheet.money(quote.total), tax=sheet.money(quote.tax))
