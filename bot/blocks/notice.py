"""Notices as Slack messages, with buttons."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block
from bot.blocks.order_line import build_confirm_payment_button
from bot.blocks.quote import build_decision_buttons
from bot.blocks.service_order import build_retry_buttons
from bot.i18n import replace_date_tokens, truncate_text
from bot.notices.render import AmountTable, RenderableNotice
from bot.notices.summary import render_notice
from models.details import OrderDetails, QuoteDetails
from models.notice import NoticeKind
from models.notice.destination import DestinationKind
from models.notice.payloads import InvoicePayload, OrderLinePayload
from models.service_order import LineStatus

OPEN_QUOTE = navigation.OPEN_QUOTE
APPROVE_QUOTE = navigation.APPROVE_QUOTE
REJECT_QUOTE = navigation.REJECT_QUOTE
OPEN_ORDER = navigation.OPEN_ORDER

# Leaves room for the names of the buttons below Slack's 4,000 characters for an edit.
MAX_LINES_LENGTH = 3600
MAX_MESSAGE_LENGTH = 4000
MAX_CONFIRMATIONS = 10

KINDS_DECIDED_BY_SERVICES = (NoticeKind.QUOTE_EXTENSION_REQUESTED, NoticeKind.QUOTE_EXTENSION_MESSAGE_UPDATE)

TABLE_BLOCK_TYPE = "table"
# Product, seats, amount and status.
TABLE_COLUMNS = (
    {"align": "left", "is_wrapped": True},
    # For its header: the numbers are short.
    {"align": "right", "is_wrapped": True},
    {"align": "right", "is_wrapped": False},
    {"align": "left", "is_wrapped": True},
)

ButtonRows = list[list[Block]]


def render_notice_message(
    notice: RenderableNotice, services_url: str, *, with_table: bool = True
) -> dict[str, Any]:
    """`text` repeats the content of the blocks, because screen readers and notifications use nothing else.
    Dates in it are in the recipient's time zone; Slack shows those in the blocks in each reader's own.
    Without a table, its content becomes lines."""
    content = render_notice(notice, services_url, is_mrkdwn=True)
    title = content.title if notice.kind is NoticeKind.ORDER_HISTORY else f"*{content.title}*"
    is_for_services = notice.destination_kind is DestinationKind.ACCOUNT_SERVICES
    # Account Services have no role in the account: only buttons of their own work for them.
    can_act = notice.can_act and (not is_for_services or notice.kind in KINDS_DECIDED_BY_SERVICES)
    rows = _build_button_rows(notice) if can_act else []
    lines = [replace_date_tokens(line) for line in (content.title, *content.lines)]
    text = "\n".join([*_truncate_lines(lines), *_format_button_names(notice, rows)])
    parts = content.parts if with_table else content.lines
    blocks = [
        *_build_content_blocks([title, *parts]),
        *(block_kit.build_actions(*row) for row in rows),
    ]
    return {"text": truncate_text(text, MAX_MESSAGE_LENGTH), "blocks": blocks}


def has_table(message: dict[str, Any]) -> bool:
    return any(block["type"] == TABLE_BLOCK_TYPE for block in message["blocks"])


def _build_content_blocks(parts: Sequence[str | AmountTable]) -> list[Block]:
    blocks: list[Block] = []
    for is_text, group in groupby(parts, lambda part: isinstance(part, str)):
        if is_text:
            lines = _truncate_lines([str(part) for part in group])
            blocks += [block_kit.build_section(paragraph) for paragraph in _join_paragraphs(lines)]
        else:
            blocks += [_build_table(part) for part in group if isinstance(part, AmountTable)]
    return blocks


def _build_table(table: AmountTable) -> Block:
    # Slack accepts one table in a message, with text in every cell and an alignment for each column.
    *others, total = table.totals
    rows = [[_build_cell(text) for text in row] for row in (table.header, *table.rows, *others)]
    return {
        "type": TABLE_BLOCK_TYPE,
        "column_settings": list(TABLE_COLUMNS[: len(table.header)]),
        "rows": [*rows, [_build_bold_cell(text) for text in total]],
    }


def _build_cell(text: str) -> Block:
    return {"type": "raw_text", "text": text}


def _build_bold_cell(text: str) -> Block:
    bold = {"type": "text", "text": text, "style": {"bold": True}}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [bold]}]}


def _build_button_rows(notice: RenderableNotice) -> ButtonRows:
    return (
        _build_digest_rows(notice)
        if notice.digest_items
        else BUTTON_ROWS_BY_KIND.get(notice.kind, _build_no_rows)(notice)
    )


def _build_digest_rows(notice: RenderableNotice) -> ButtonRows:
    localizer, account_id = notice.localizer, notice.account.id
    return [
        [
            navigation.build_orders_button(localizer, account_id),
            navigation.build_quotes_button(localizer, account_id),
            navigation.build_preferences_button(localizer),
        ]
    ]


def _truncate_lines(lines: list[str]) -> list[str]:
    # A line cut in the middle could end inside an escape or a date token.
    whole_lines: list[str] = []
    for line in lines:
        if sum(len(previous) + 1 for previous in whole_lines) + len(line) > MAX_LINES_LENGTH:
            return [*whole_lines, "…"]
        whole_lines.append(line)
    return whole_lines


def _join_paragraphs(lines: list[str]) -> list[str]:
    paragraphs = [lines[0]]
    for line in lines[1:]:
        longer = f"{paragraphs[-1]}\n{line}"
        if len(longer) > block_kit.MAX_SECTION_LENGTH:
            paragraphs.append(line)
        else:
            paragraphs[-1] = longer
    return paragraphs


def _format_button_names(notice: RenderableNotice, rows: ButtonRows) -> list[str]:
    names = [button["text"]["text"] for row in rows for button in row]
    return [notice.localizer.format_mrkdwn("notice-actions", choices=names)] if names else []


def _build_no_rows(_: RenderableNotice) -> ButtonRows:
    return []


def _get_order(notice: RenderableNotice) -> OrderDetails:
    assert notice.order is not None, "a notice of an order has one"
    return notice.order


def _get_quote(notice: RenderableNotice) -> QuoteDetails:
    assert notice.quote is not None, "a notice of a quote has one"
    return notice.quote


def _build_open_order_rows(notice: RenderableNotice) -> ButtonRows:
    order = _get_order(notice).order
    return [[navigation.build_open_order_button(notice.localizer, order.key, order.number)]]


def _get_subscription_id(notice: RenderableNotice) -> str:
    return notice.payload.subscription_id if isinstance(notice.payload, OrderLinePayload) else ""


def _build_retry_rows(notice: RenderableNotice) -> ButtonRows:
    details, [[open_order]] = _get_order(notice), _build_open_order_rows(notice)
    if not details.can_retry_line(_get_subscription_id(notice)):
        return [[open_order]]
    return [[*build_retry_buttons(notice.localizer, details), open_order]]


def _build_confirm_payment_rows(notice: RenderableNotice) -> ButtonRows:
    # The links are for the contact only. Each button has its own row: an action id may occur once per row.
    linked = [
        row
        for row in _get_order(notice).list_rows_with_status(
            LineStatus.NEEDS_CUSTOMER, _get_subscription_id(notice)
        )
        if row.line.customer_link and notice.destination_kind is DestinationKind.CONTACT
    ]
    confirm = [[build_confirm_payment_button(notice.localizer, row)] for row in linked[:MAX_CONFIRMATIONS]]
    return _add_open_order_button(confirm, notice)


def _add_open_order_button(rows: ButtonRows, notice: RenderableNotice) -> ButtonRows:
    """Beside a single button; below several, which are one below another."""
    [[open_order]] = _build_open_order_rows(notice)
    return [[*rows[0], open_order]] if len(rows) == 1 else [*rows, [open_order]]


def _build_invoice_rows(notice: RenderableNotice) -> ButtonRows:
    payable = (
        _get_order(notice).payable_invoices if notice.destination_kind is DestinationKind.CONTACT else []
    )
    if isinstance(notice.payload, InvoicePayload):
        payable = [invoice for invoice in payable if invoice.id == notice.payload.invoice_id]
    pay = [[navigation.build_open_invoice_button(notice.localizer, each)] for each in payable]
    return _add_open_order_button(pay[:MAX_CONFIRMATIONS], notice)


def _build_decision_rows(notice: RenderableNotice) -> ButtonRows:
    details = _get_quote(notice)
    if not details.is_pending:
        return []
    return [build_decision_buttons(notice.localizer, details.quote)]


def _build_reminder_rows(notice: RenderableNotice) -> ButtonRows:
    details, rows = _get_quote(notice), _build_decision_rows(notice)
    if not details.is_extendable or details.extension:
        return rows
    quote = details.quote
    ask = navigation.build_ask_for_extension_button(notice.localizer, quote.key, quote.number)
    return [[*row, ask] for row in rows]


def _build_extension_rows(notice: RenderableNotice) -> ButtonRows:
    details, extension = _get_quote(notice), notice.extension
    if extension is None or not extension.is_open or not details.is_pending:
        return []
    localizer, number = notice.localizer, details.quote.number
    return [
        [
            navigation.build_approve_extension_button(localizer, extension.key, number),
            navigation.build_decline_extension_button(localizer, extension.key, number),
        ]
    ]


def _build_invitation_rows(notice: RenderableNotice) -> ButtonRows:
    details = notice.invitation
    if details is None or not details.is_open:
        return []
    localizer, key, account = notice.localizer, details.invitation.key, notice.account.name
    return [
        [
            navigation.build_accept_invitation_button(localizer, key, account),
            navigation.build_decline_invitation_button(localizer, key, account),
        ]
    ]


def _build_contacts_rows(notice: RenderableNotice) -> ButtonRows:
    return [[navigation.build_contacts_button(notice.localizer, notice.account.id)]]


BUTTON_ROWS_BY_KIND: dict[NoticeKind, Callable[[RenderableNotice], ButtonRows]] = {
    NoticeKind.ORDER_STATUS: _build_open_order_rows,
    NoticeKind.ORDER_PLACED: _build_open_order_rows,
    NoticeKind.ORDER_QUEUED: _build_open_order_rows,
    NoticeKind.ORDER_DECLINED: _build_retry_rows,
    NoticeKind.ORDER_NEEDS_CUSTOMER: _build_confirm_payment_rows,
    NoticeKind.ORDER_FAILED: _build_open_order_rows,
    NoticeKind.ORDER_OVERDUE: _build_open_order_rows,
    NoticeKind.INVOICE_OVERDUE: _build_invoice_rows,
    NoticeKind.INVOICE_PAID: _build_invoice_rows,
    NoticeKind.INVOICE_CANCELLED: _build_invoice_rows,
    NoticeKind.RECEIPT: _build_invoice_rows,
    NoticeKind.QUOTE_ARRIVED: _build_decision_rows,
    NoticeKind.QUOTE_REMINDER: _build_reminder_rows,
    NoticeKind.QUOTE_EXTENSION_REQUESTED: _build_extension_rows,
    NoticeKind.QUOTE_EXTENSION_MESSAGE_UPDATE: _build_extension_rows,
    NoticeKind.QUOTE_EXTENSION_DECIDED: _build_decision_rows,
    NoticeKind.QUOTE_EXTENSION_UNDELIVERED: _build_decision_rows,
    NoticeKind.QUOTE_PDF_REQUESTED: _build_decision_rows,
    NoticeKind.QUOTE_MESSAGE_UPDATE: _build_decision_rows,
    NoticeKind.CONTACT_INVITED: _build_invitation_rows,
    NoticeKind.CONTACT_INVITATION_MESSAGE_UPDATE: _build_invitation_rows,
    NoticeKind.CONTACTS_CHANGED: _build_contacts_rows,
}
