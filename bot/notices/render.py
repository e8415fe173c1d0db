"""How notices are worded, once for Slack messages and emails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol, TypeVar

from bot.i18n import Localizer, SlackMarkup, escape_mrkdwn, format_date_token, format_link, truncate_text
from bot.presenters.order import OrderLinePresenter, OrderPresenter
from bot.presenters.product import make_product_labels
from bot.presenters.tax import list_tax_amounts
from models.account import Account
from models.account.contact_invitation import InvitationDetails
from models.details import OrderDetails, QuoteDetails, QuoteLineDetails
from models.money import Money
from models.notice import NoticeKind
from models.notice.destination import PERSONAL_KINDS, DestinationKind
from models.notice.payloads import NoticePayload
from models.quote.extension import QuoteExtension
from models.receipt import Receipt
from models.tax import TaxItem

PayloadT = TypeVar("PayloadT", bound=NoticePayload)
RowT = TypeVar("RowT")

# Names and reasons can be of any length: with these limits, a message with all its rows stays below the 4,000
# characters that Slack takes for an edit.
MAX_REASON_LENGTH = 600
MAX_VALUE_LENGTH = 200
MAX_NAME_LENGTH = 80
MAX_NAMES = 6
MAX_ROWS = 15
MAX_ROWS_LENGTH = 1800


class RenderableNotice(Protocol):
    """What is reported, and to whom. `missing_invoices` are the provider's whose PDFs cannot be sent,
    `digest_items` the notices of a daily digest."""

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
    def extension(self) -> QuoteExtension | None: ...
    @property
    def invitation(self) -> InvitationDetails | None: ...
    @property
    def destination_kind(self) -> DestinationKind: ...
    @property
    def payload(self) -> NoticePayload: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def shows_amounts(self) -> bool: ...
    @property
    def can_act(self) -> bool: ...
    @property
    def has_mail(self) -> bool: ...
    @property
    def missing_invoices(self) -> Sequence[str]: ...
    @property
    def digest_items(self) -> Sequence["RenderableNotice"]: ...


@dataclass(frozen=True)
class AmountTable:
    """Amounts under each other where Slack takes a table; `lines` say the same in words. Of `totals` the last
    one is what is to be paid, or was."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: tuple[tuple[str, ...], ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class NoticeText:
    title: str
    parts: tuple[str | AmountTable, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(
            line for part in self.parts for line in ([part] if isinstance(part, str) else part.lines)
        )


@dataclass(frozen=True)
class NoticeRenderer:
    """Fills in texts for one of two outputs. In mrkdwn, arguments are escaped, and datetimes are date tokens,
    which each reader of a channel sees in their own zone."""

    notice: RenderableNotice
    services_url: str
    is_mrkdwn: bool

    def format_text(self, key: str, **arguments: object) -> str:
        localizer = self.notice.localizer
        format_message = localizer.format_mrkdwn if self.is_mrkdwn else localizer.format_text
        return format_message(
            key, **{name: self._prepare_argument(name, value) for name, value in arguments.items()}
        )

    def escape_text(self, text: str) -> str:
        text = _truncate_line(text)
        return escape_mrkdwn(text) if self.is_mrkdwn else text

    def _prepare_argument(self, name: str, argument: object) -> object:
        if self.is_mrkdwn and isinstance(argument, datetime):
            return format_date_token(argument, self.notice.localizer.format_datetime(argument))
        if self.is_mrkdwn and name == "url":
            return format_link(str(argument))
        return _truncate_argument(name, argument)

    @property
    def order(self) -> OrderDetails:
        assert self.notice.order is not None, "a notice of an order has one"
        return self.notice.order

    @cached_property
    def order_presenter(self) -> OrderPresenter:
        return OrderPresenter(self.notice.localizer, self.order)

    @property
    def quote(self) -> QuoteDetails:
        assert self.notice.quote is not None, "a notice of a quote has one"
        return self.notice.quote

    @property
    def extension(self) -> QuoteExtension:
        assert self.notice.extension is not None, "a notice of a request for more time has one"
        return self.notice.extension

    @property
    def invitation(self) -> InvitationDetails:
        assert self.notice.invitation is not None, "an invitation's notice has one"
        return self.notice.invitation

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
        return self.destination_kind in PERSONAL_KINDS

    def format_contact_services(self) -> str:
        return self.format_text("notice-services", url=self.services_url)


def _truncate_argument(name: str, argument: object) -> object:
    if isinstance(argument, str) and not isinstance(argument, SlackMarkup) and name != "url":
        max_length = MAX_REASON_LENGTH if name == "reason" else MAX_VALUE_LENGTH
        return truncate_text(join_lines(argument), max_length, escape_mrkdwn)
    if isinstance(argument, list):
        names = [truncate_name(str(item)) for item in argument]
        return names if len(names) <= MAX_NAMES else [*names[:MAX_NAMES], "…"]
    return argument


def join_lines(text: str) -> str:
    # On one line, text that somebody typed can't look like a separate line of the notice.
    return " ".join(text.split("\n"))


def _truncate_line(text: str) -> str:
    return truncate_text(join_lines(text), MAX_REASON_LENGTH, escape_mrkdwn)


def truncate_name(name: str) -> str:
    return truncate_text(name, MAX_NAME_LENGTH, escape_mrkdwn)


def format_order_lines(renderer: NoticeRenderer) -> list[str]:
    def format_line(line: OrderLinePresenter) -> str:
        return format_order_line(renderer, line, with_amounts=True, with_status=True)

    return format_rows(renderer, renderer.order_presenter.lines, format_line)


def format_order_line(
    renderer: NoticeRenderer,
    line: OrderLinePresenter,
    *,
    with_amounts: bool = False,
    with_status: bool = False,
) -> str:
    amounts = (line.amount, line.tax) if with_amounts else None
    return _format_row(renderer, line.product, line.seats, amounts, line.status if with_status else "")


@dataclass(frozen=True)
class AmountRow:
    product: str
    seats: int
    amount: Money
    tax: Money
    status: str = ""


def build_amounts(
    renderer: NoticeRenderer, rows: Sequence[AmountRow], totals: Sequence[tuple[str, Money]]
) -> list[str | AmountTable]:
    """Builds a table; lines without amounts if the destination shows none (R25). If one row has a status, all
    have one."""

    def format_row(row: AmountRow) -> str:
        return _format_row(renderer, row.product, row.seats, (row.amount, row.tax), row.status)

    texts, omitted_count = _fit_rows(renderer, rows, format_row)
    more = (
        [renderer.notice.localizer.format_text("notice-more-rows", more=omitted_count)]
        if omitted_count
        else []
    )
    if not renderer.notice.shows_amounts:
        return [*texts, *more]
    lines = [*texts, *more, *(_format_labelled_amount(renderer, *total) for total in totals)]
    return [_build_table(renderer, rows[: len(texts)], more, totals, lines)]


def _format_labelled_amount(renderer: NoticeRenderer, label: str, amount: Money) -> str:
    return renderer.format_text("labelled-amount", label=label, amount=amount)


def _build_table(
    renderer: NoticeRenderer,
    rows: Sequence[AmountRow],
    more: Sequence[str],
    totals: Sequence[tuple[str, Money]],
    lines: Sequence[str],
) -> AmountTable:
    localizer, with_status = renderer.notice.localizer, any(row.status for row in rows)
    keys = ["receipt-product", "receipt-seats", "receipt-amount", *(["notice-status"] if with_status else [])]
    blank = ["–"] if with_status else []
    cells = [
        [
            truncate_name(join_lines(row.product)),
            str(row.seats),
            localizer.format_money(row.amount),
            *([_truncate_line(row.status)] if with_status else []),
        ]
        for row in rows
    ]
    return AmountTable(
        tuple(localizer.format_text(key) for key in keys),
        tuple(tuple(row) for row in [*cells, *([text, "–", "–", *blank] for text in more)]),
        tuple((label, "–", localizer.format_money(amount), *blank) for label, amount in totals),
        tuple(lines),
    )


def list_totals(
    renderer: NoticeRenderer, taxes: Sequence[TaxItem], tax: Money, total: Money
) -> list[tuple[str, Money]]:
    localizer = renderer.notice.localizer
    rates = list_tax_amounts(localizer, taxes, tax.amount, tax.currency)
    return [
        *((truncate_name(label), Money(amount, tax.currency)) for label, amount in rates),
        (localizer.format_text("receipt-total"), total),
    ]


def format_quote_lines(renderer: NoticeRenderer) -> list[str]:
    details = renderer.quote
    labels = make_product_labels((row.line.subscription_id, row.product) for row in details.rows)

    def format_line(row: QuoteLineDetails) -> str:
        amounts = details.to_money(row.line.amount), details.to_money(row.line.tax)
        return _format_row(renderer, labels[row.line.subscription_id], row.line.seats, amounts)

    return format_rows(renderer, details.rows, format_line)


def _format_row(
    renderer: NoticeRenderer,
    product: str,
    seats: int,
    amounts: tuple[Money, Money] | None,
    status: str = "",
) -> str:
    """`amounts` are net and tax; a destination without amounts does not show them (R25)."""
    parts = [renderer.format_text("notice-row", product=truncate_name(product), seats=seats)]
    if amounts and renderer.notice.shows_amounts:
        net, tax = amounts
        parts.append(renderer.format_text("notice-row-amount", amount=net, tax=tax))
    if status:
        parts.append(renderer.escape_text(status))
    return "• " + " – ".join(parts)


def format_rows(
    renderer: NoticeRenderer, rows: Sequence[RowT], format_row: Callable[[RowT], str]
) -> list[str]:
    """Formats as many rows as fit into a message, and how many more there are; an email shows all."""
    texts, omitted_count = _fit_rows(renderer, rows, format_row)
    more = [renderer.format_text("notice-more-rows", more=omitted_count)] if omitted_count else []
    return [*texts, *more]


def _fit_rows(
    renderer: NoticeRenderer, rows: Sequence[RowT], format_row: Callable[[RowT], str]
) -> tuple[list[str], int]:
    texts: list[str] = []
    for row in rows:
        text = format_row(row)
        is_full = len(texts) == MAX_ROWS or sum(map(len, texts)) + len(text) > MAX_ROWS_LENGTH
        if is_full and renderer.destination_kind is not DestinationKind.EMAIL:
            break
        texts.append(text)
    return texts, len(rows) - len(texts)


def format_total(renderer: NoticeRenderer, total: Money, tax: Money) -> list[str]:
    if not renderer.notice.shows_amounts:
        return []
    return [renderer.format_text("notice-total-with-tax", total=total, tax=tax)]
