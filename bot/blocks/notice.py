"""Messages that people get without having asked: the words of a notice, with buttons."""

from collections.abc import Callable
from typing import Any

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block
from bot.notices.render import RenderableNotice
from bot.notices.summary import render_notice
from models.destination import DestinationKind
from models.details import OrderDetails, QuoteDetails
from models.notice import NoticeKind
from models.service_order import LineStatus

OPEN_QUOTE = navigation.OPEN_QUOTE
APPROVE_QUOTE = navigation.APPROVE_QUOTE
REJECT_QUOTE = navigation.REJECT_QUOTE
OPEN_ORDER = navigation.OPEN_ORDER

# What the two texts of a message may hold together with its choices, below Slack's 4,000 for an edit.
MAX_LINES_LENGTH = 3600
MAX_MESSAGE_LENGTH = 4000
MAX_CONFIRMATIONS = 10


def render_notice_message(notice: RenderableNotice, services_url: str) -> dict[str, Any]:
    """`text` says all that the blocks say, for screen readers hear nothing else: its instants in the reader's
    zone, while the blocks show them in that of whoever looks."""
    heard = render_notice(notice, services_url, mrkdwn=True)
    seen = render_notice(notice, services_url, mrkdwn=True, live_dates=True)
    title = seen.title if notice.kind is NoticeKind.ORDER_HISTORY else f"*{seen.title}*"
    # Account Services hold no role of the account: no button would answer them.
    rows = [] if notice.destination_kind is DestinationKind.SERVICES else _build_button_rows(notice)
    text = "\n".join([*_truncate_lines([heard.title, *heard.lines]), *_format_choices(notice, rows)])
    paragraphs = _join_paragraphs(_truncate_lines([title, *seen.lines]))
    blocks = [
        *(block_kit.build_section(part) for part in paragraphs),
        *(block_kit.build_actions(*row) for row in rows),
    ]
    return {"text": block_kit.truncate_text(text, MAX_MESSAGE_LENGTH), "blocks": blocks}


def _build_button_rows(notice: RenderableNotice) -> list[list[Block]]:
    return (
        _build_digest_rows(notice)
        if notice.digest_items
        else BUTTON_ROWS_BY_KIND.get(notice.kind, _build_no_rows)(notice)
    )


def _build_digest_rows(notice: RenderableNotice) -> list[list[Block]]:
    reader, account_id = notice.localizer, notice.account.id
    return [
        [
            navigation.build_orders_button(reader, account_id),
            navigation.build_quotes_button(reader, account_id),
            navigation.build_preferences_button(reader),
        ]
    ]


def _truncate_lines(lines: list[str]) -> list[str]:
    """As many whole lines as a message takes: a line cut in its middle could end inside an escape."""
    kept: list[str] = []
    for line in lines:
        if sum(len(k) + 1 for k in kept) + len(line) > MAX_LINES_LENGTH:
            return [*kept, "…"]
        kept.append(line)
    return kept


def _join_paragraphs(lines: list[str]) -> list[str]:
    paragraphs = [lines[0]]
    for line in lines[1:]:
        longer = f"{paragraphs[-1]}\n{line}"
        if len(longer) > block_kit.MAX_SECTION_LENGTH:
            paragraphs.append(line)
        else:
            paragraphs[-1] = longer
    return paragraphs


def _format_choices(notice: RenderableNotice, rows: list[list[Block]]) -> list[str]:
    names = [button["text"]["text"] for row in rows for button in row]
    return [notice.localizer.format_mrkdwn("notice-actions", choices=names)] if names else []


def _build_no_rows(_: RenderableNotice) -> list[list[Block]]:
    return []


def _get_order(notice: RenderableNotice) -> OrderDetails:
    assert notice.order is not None, "a notice of an order has one"
    return notice.order


def _get_quote(notice: RenderableNotice) -> QuoteDetails:
    assert notice.quote is not None, "a notice of a quote has one"
    return notice.quote


def _build_open_order_rows(notice: RenderableNotice) -> list[list[Block]]:
    sheet = _get_order(notice)
    label = notice.localizer.format_text("action-view-order-label", number=sheet.order.number)
    return [
        [
            block_kit.build_button(
                OPEN_ORDER,
                notice.localizer.format_text("action-view-order"),
                sheet.order.key,
                accessibility_label=label,
            )
        ]
    ]


def _build_retry_rows(notice: RenderableNotice) -> list[list[Block]]:
    sheet, reader = _get_order(notice), notice.localizer
    if not sheet.can_retry:
        return _build_open_order_rows(notice)
    number, key = sheet.order.number, sheet.order.key
    asks = block_kit.build_confirm_dialog(
        reader.format_text("cancel-seats-ask"),
        reader.format_text("cancel-seats-consequence", number=number),
        reader.format_text("cancel-seats-yes"),
        reader.format_text("go-back"),
    )
    retry_label = reader.format_text("action-retry-label", number=number)
    give_up_label = reader.format_text("action-cancel-seats-label", number=number)
    retry = block_kit.build_button(
        navigation.RETRY_ORDER,
        reader.format_text("action-retry"),
        key,
        style="primary",
        accessibility_label=retry_label,
    )
    give_up = block_kit.build_button(
        navigation.GIVE_UP_ORDER,
        reader.format_text("action-cancel-seats"),
        key,
        style="danger",
        accessibility_label=give_up_label,
        confirm=asks,
    )
    return [[retry, give_up, *_build_open_order_rows(notice)[0]]]


def _build_confirm_payment_rows(notice: RenderableNotice) -> list[list[Block]]:
    """The link is for the person alone. One row a link: an action id stands once in a row."""
    text = notice.localizer.format_text("action-confirm-payment")
    asked = [
        (
            row.line.customer_link,
            notice.localizer.format_text("action-confirm-payment-label", product=row.product.name),
        )
        for row in _get_order(notice).list_rows_with_status(LineStatus.NEEDS_CUSTOMER)
        if row.line.customer_link and notice.destination_kind is DestinationKind.CONTACT
    ]
    confirm = [
        [block_kit.build_link_button(navigation.CONFIRM_PAYMENT, text, url, label)]
        for url, label in asked[:MAX_CONFIRMATIONS]
    ]
    return [*confirm, *_build_open_order_rows(notice)]


def _build_decision_rows(notice: RenderableNotice) -> list[list[Block]]:
    sheet, reader = _get_quote(notice), notice.localizer
    if not sheet.is_pending:
        return []
    number, key = sheet.quote.number, sheet.quote.key

    def build_decision_button(action_id: str, name: str, style: str | None = None) -> Block:
        label = reader.format_text(f"action-{name}-label", number=number)
        return block_kit.build_button(
            action_id, reader.format_text(f"action-{name}"), key, style=style, accessibility_label=label
        )

    return [
        [
            build_decision_button(OPEN_QUOTE, "review-quote"),
            build_decision_button(APPROVE_QUOTE, "approve-quote", "primary"),
            build_decision_button(REJECT_QUOTE, "reject-quote", "danger"),
        ]
    ]


BUTTON_ROWS_BY_KIND: dict[NoticeKind, Callable[[RenderableNotice], list[list[Block]]]] = {
    NoticeKind.ORDER_STATUS: _build_open_order_rows,
    NoticeKind.ORDER_PLACED: _build_open_order_rows,
    NoticeKind.ORDER_WAITS: _build_open_order_rows,
    NoticeKind.ORDER_DECLINED: _build_retry_rows,
    NoticeKind.ORDER_NEEDS_CUSTOMER: _build_confirm_payment_rows,
    NoticeKind.ORDER_FAILED: _build_open_order_rows,
    NoticeKind.ORDER_OVERDUE: _build_open_order_rows,
    NoticeKind.RECEIPT: _build_open_order_rows,
    NoticeKind.QUOTE_ARRIVED: _build_decision_rows,
    NoticeKind.QUOTE_REMINDER: _build_decision_rows,
    NoticeKind.QUOTE_CARD: _build_decision_rows,
}
