"""How notices are worded: once, for messages and for e-mails."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from bot.i18n import Localizer, SlackMarkup, escape_mrkdwn
from models.account import Account
from models.destination import DestinationKind
from models.details import OrderDetails, OrderRow, QuoteDetails, QuoteRow
from models.notice import NoticeKind
from models.notice_payloads import NoticePayload
from models.quote import Quote
from models.receipt import Receipt
from models.service_order import LineStatus

PayloadT = TypeVar("PayloadT", bound=NoticePayload)

# Names and reasons are people's own, and as long as they like; Fluent refuses 1,000 characters in a place.
MAX_REASON_LENGTH = 600
MAX_ARGUMENT_LENGTH = 200
MAX_NAME_LENGTH = 80
MAX_NAMES = 6
MAX_ROWS = 15
MAX_ROWS_LENGTH = 1800


class RenderableNotice(Protocol):
    """What is reported, and to whom."""

    @property
    def kind(self) -> NoticeKind: ...
    @property
    def localizer(self) -> Localizer: ...
    @property
    def account(self) -> Account: ...
    @property
    def order(self) -> OrderDetails | None: ...
    @property
    def quote(self) -> QuoteDetails | None: ...
    @property
    def destination_kind(self) -> DestinationKind: ...
    @property
    def payload(self) -> NoticePayload: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def shows_amounts(self) -> bool: ...
    @property
    def digest_items(self) -> Sequence["RenderableNotice"]: ...


@dataclass(frozen=True)
class NoticeText:
    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoticeRenderer:
    """How it is said: for mrkdwn, what fills the texts is escaped. `live` instants are Slack's date tokens,
    which each reader of a channel sees in their own zone."""

    notice: RenderableNotice
    services_url: str
    is_mrkdwn: bool
    live_dates: bool = False

    def format_text(self, key: str, **arguments: object) -> str:
        reader = self.notice.localizer
        say = reader.format_mrkdwn if self.is_mrkdwn else reader.format_text
        return say(key, **{name: self._prepare_argument(name, word) for name, word in arguments.items()})

    def _prepare_argument(self, name: str, argument: object) -> object:
        if self.live_dates and isinstance(argument, datetime):
            return self.notice.localizer.format_date_token(argument)
        return _truncate_argument(name, argument)

    @property
    def order(self) -> OrderDetails:
        assert self.notice.order is not None, "a notice of an order has one"
        return self.notice.order

    @property
    def quote(self) -> QuoteDetails:
        assert self.notice.quote is not None, "a notice of a quote has one"
        return self.notice.quote

    @property
    def receipt(self) -> Receipt:
        assert self.order.receipt is not None, "a completed order has a receipt"
        return self.order.receipt

    def get_payload(self, model: type[PayloadT]) -> PayloadT:
        assert isinstance(self.notice.payload, model), "each kind of notice has one payload model"
        return self.notice.payload

    @property
    def destination_kind(self) -> DestinationKind:
        return self.notice.destination_kind

    @property
    def is_personal(self) -> bool:
        return self.destination_kind in (DestinationKind.CONTACT, DestinationKind.EMAIL)

    def format_contact_services(self) -> str:
        return self.format_text("notice-services", url=self.services_url)


def format_decline_reason(localizer: Localizer, reason: str) -> str:
    """A provider's code in words; what has none is the provider's own sentence."""
    key = "decline-" + reason.replace("_", "-")
    return localizer.format_text(key) if localizer.has_message(key) else reason


def _truncate_argument(name: str, argument: object) -> object:
    if isinstance(argument, str) and not isinstance(argument, SlackMarkup) and name != "url":
        return truncate_escaped(argument, MAX_REASON_LENGTH if name == "reason" else MAX_ARGUMENT_LENGTH)
    if isinstance(argument, list):
        names = [truncate_escaped(str(each), MAX_NAME_LENGTH) for each in argument]
        return names if len(names) <= MAX_NAMES else [*names[:MAX_NAMES], "…"]
    return argument


def truncate_escaped(text: str, max_length: int) -> str:
    """At most so long once it is escaped."""
    kept = text[:max_length]
    while len(escape_mrkdwn(kept)) > max_length:
        kept = kept[: -max(len(kept) // 20, 1)]
    return text if kept == text else kept[:-1].rstrip() + "…"


def format_order_rows(renderer: NoticeRenderer, *, with_status: bool = True) -> list[str]:
    def format_row(row: OrderRow) -> str:
        return format_product_row(
            renderer,
            row,
            with_amounts=renderer.notice.shows_amounts,
            state=format_line_state(renderer, row) if with_status else "",
        )

    return format_rows(renderer, renderer.order.rows, format_row)


def format_quote_rows(renderer: NoticeRenderer) -> list[str]:
    return format_rows(
        renderer,
        renderer.quote.rows,
        lambda row: format_product_row(renderer, row, with_amounts=renderer.notice.shows_amounts),
    )


def format_rows(renderer: NoticeRenderer, rows: Sequence[Any], format_row: Callable[[Any], str]) -> list[str]:
    """The lines as far as a message has room, and how many more there are; an e-mail takes all."""
    shown: list[str] = []
    for row in rows:
        line = format_row(row)
        full = len(shown) == MAX_ROWS or sum(map(len, shown)) + len(line) > MAX_ROWS_LENGTH
        if full and renderer.destination_kind is not DestinationKind.EMAIL:
            return [*shown, renderer.format_text("notice-more-rows", more=len(rows) - len(shown))]
        shown.append(line)
    return shown


def format_product_row(
    renderer: NoticeRenderer, row: OrderRow | QuoteRow, *, with_amounts: bool = False, state: str = ""
) -> str:
    parts = [
        renderer.format_text(
            "notice-row", product=truncate_escaped(row.product.name, MAX_NAME_LENGTH), seats=row.line.seats
        )
    ]
    if with_amounts:
        sheet = renderer.notice.order or renderer.quote
        amount, tax = sheet.to_money(row.line.amount), sheet.to_money(row.line.tax)
        parts.append(renderer.format_text("notice-row-amount", amount=amount, tax=tax))
    return "• " + " – ".join([*parts, *filter(None, [state])])


def format_line_state(renderer: NoticeRenderer, row: OrderRow) -> str:
    if row.blocking_order_number:
        return renderer.format_text("line-queued", number=row.blocking_order_number)
    if row.line.status is LineStatus.DECLINED and row.line.reason:
        return renderer.format_text(
            "line-declined", reason=format_decline_reason(renderer.notice.localizer, row.line.reason)
        )
    return renderer.format_text("line-status", status=row.line.status.value)


def format_total(renderer: NoticeRenderer, quote: Quote) -> Iterable[str]:
    if renderer.notice.shows_amounts:
        sheet = renderer.notice.order or renderer.quote
        yield renderer.format_text(
            "notice-total-with-tax", total=sheet.to_money(quote.total), tax=sheet.to_money(quote.tax)
        )
