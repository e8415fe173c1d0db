"""Messages that people get without having asked: the words of a notice, with buttons."""

from collections.abc import Callable
from typing import Any

from bot.blocks import kit, ways
from bot.blocks.kit import Block
from bot.i18n.notice import word_notice
from bot.i18n.voice import Told
from models.notice import NoticeKind
from models.service_order import LineStatus
from models.sheet import OrderSheet, QuoteSheet

OPEN_QUOTE = ways.OPEN_QUOTE
APPROVE_QUOTE = ways.APPROVE_QUOTE
REJECT_QUOTE = ways.REJECT_QUOTE
OPEN_ORDER = ways.OPEN_ORDER

# What the two texts of a message may hold together with its choices, below Slack's 4,000 for an edit.
LONGEST_TEXT = 3600
MESSAGE_TEXT = 4000
MOST_CONFIRMATIONS = 10


def message(told: Told, services_url: str) -> dict[str, Any]:
    """`text` says all that the blocks say, for screen readers hear nothing else: its instants in the reader's
    zone, while the blocks show them in that of whoever looks."""
    heard = word_notice(told, services_url, mrkdwn=True)
    seen = word_notice(told, services_url, mrkdwn=True, live=True)
    title = seen.title if told.kind is NoticeKind.ORDER_HISTORY else f"*{seen.title}*"
    # Account Services hold no role of the account: no button would answer them.
    rows = [] if told.words.get("to") == "services" else _rows(told)
    text = "\n".join([*_fitting([heard.title, *heard.lines]), *_choices(told, rows)])
    paragraphs = _paragraphs(_fitting([title, *seen.lines]))
    blocks = [*(kit.section(part) for part in paragraphs), *(kit.actions(*row) for row in rows)]
    return {"text": kit.shorten(text, MESSAGE_TEXT), "blocks": blocks}


def _rows(told: Told) -> list[list[Block]]:
    return _digest_ways(told) if told.parts else BUTTONS.get(told.kind, _none)(told)


def _digest_ways(told: Told) -> list[list[Block]]:
    reader, account_id = told.reader, told.account.id
    return [
        [
            ways.list_orders(reader, account_id),
            ways.list_quotes(reader, account_id),
            ways.choose_notices(reader),
        ]
    ]


def _fitting(lines: list[str]) -> list[str]:
    """As many whole lines as a message takes: a line cut in its middle could end inside an escape."""
    kept: list[str] = []
    for line in lines:
        if sum(len(k) + 1 for k in kept) + len(line) > LONGEST_TEXT:
            return [*kept, "…"]
        kept.append(line)
    return kept


def _paragraphs(lines: list[str]) -> list[str]:
    paragraphs = [lines[0]]
    for line in lines[1:]:
        longer = f"{paragraphs[-1]}\n{line}"
        if len(longer) > kit.SECTION_TEXT:
            paragraphs.append(line)
        else:
            paragraphs[-1] = longer
    return paragraphs


def _choices(told: Told, rows: list[list[Block]]) -> list[str]:
    names = [button["text"]["text"] for row in rows for button in row]
    return [told.reader.mrkdwn("notice-actions", choices=names)] if names else []


def _none(_: Told) -> list[list[Block]]:
    return []


def _order(told: Told) -> OrderSheet:
    assert told.order is not None, "a notice of an order has one"
    return told.order


def _quote(told: Told) -> QuoteSheet:
    assert told.quote is not None, "a notice of a quote has one"
    return told.quote


def _open_order(told: Told) -> list[list[Block]]:
    sheet = _order(told)
    label = told.reader.text("action-view-order-label", number=sheet.order.number)
    return [[kit.button(OPEN_ORDER, told.reader.text("action-view-order"), sheet.order.key, label=label)]]


def _retry(told: Told) -> list[list[Block]]:
    sheet, reader = _order(told), told.reader
    if not sheet.can_retry:
        return _open_order(told)
    number, key = sheet.order.number, sheet.order.key
    asks = kit.confirm(
        reader.text("cancel-seats-ask"),
        reader.text("cancel-seats-consequence", number=number),
        reader.text("cancel-seats-yes"),
        reader.text("go-back"),
    )
    retry_label = reader.text("action-retry-label", number=number)
    give_up_label = reader.text("action-cancel-seats-label", number=number)
    retry = kit.button(ways.RETRY, reader.text("action-retry"), key, style="primary", label=retry_label)
    give_up = kit.button(
        ways.GIVE_UP, reader.text("action-cancel-seats"), key, style="danger", label=give_up_label, asks=asks
    )
    return [[retry, give_up, *_open_order(told)[0]]]


def _confirm_payment(told: Told) -> list[list[Block]]:
    """The link is for the person alone. One row a link: an action id stands once in a row."""
    text = told.reader.text("action-confirm-payment")
    asked = [
        (row.line.customer_link, told.reader.text("action-confirm-payment-label", product=row.product.name))
        for row in _order(told).with_status(LineStatus.NEEDS_CUSTOMER)
        if row.line.customer_link and told.words.get("to") == "contact"
    ]
    confirm = [
        [kit.link(ways.CONFIRM_PAYMENT, text, url, label)] for url, label in asked[:MOST_CONFIRMATIONS]
    ]
    return [*confirm, *_open_order(told)]


def _decide_quote(told: Told) -> list[list[Block]]:
    sheet, reader = _quote(told), told.reader
    if not sheet.pending:
        return []
    number, key = sheet.quote.number, sheet.quote.key

    def button(action_id: str, name: str, style: str | None = None) -> Block:
        label = reader.text(f"action-{name}-label", number=number)
        return kit.button(action_id, reader.text(f"action-{name}"), key, style=style, label=label)

    return [
        [
            button(OPEN_QUOTE, "review-quote"),
            button(APPROVE_QUOTE, "approve-quote", "primary"),
            button(REJECT_QUOTE, "reject-quote", "danger"),
        ]
    ]


BUTTONS: dict[NoticeKind, Callable[[Told], list[list[Block]]]] = {
    NoticeKind.ORDER_STATUS: _open_order,
    NoticeKind.ORDER_PLACED: _open_order,
    NoticeKind.ORDER_WAITS: _open_order,
    NoticeKind.ORDER_DECLINED: _retry,
    NoticeKind.ORDER_NEEDS_CUSTOMER: _confirm_payment,
    NoticeKind.ORDER_FAILED: _open_order,
    NoticeKind.ORDER_OVERDUE: _open_order,
    NoticeKind.RECEIPT: _open_order,
    NoticeKind.QUOTE_ARRIVED: _decide_quote,
    NoticeKind.QUOTE_REMINDER: _decide_quote,
    NoticeKind.QUOTE_CARD: _decide_quote,
}
