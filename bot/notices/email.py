"""Notices as emails: a subject, and the same content as text and as HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.notices.orders import format_receipt_totals, format_unsettled_lines
from bot.notices.render import NoticeRenderer, NoticeText, RenderableNotice
from bot.notices.summary import render_notice
from bot.presenters.receipt import (
    format_missing_invoices,
    get_document_arguments,
    get_sent_document_arguments,
)
from bot.presenters.tax import format_receipt_notes, format_tax_ids, format_tax_rate
from models.notice import NoticeKind
from models.service_order import LineStatus

# Each of these becomes the receipt's email, with the PDF attached.
RECEIPT_KINDS = (NoticeKind.RECEIPT_EMAIL, NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE)
# `SO-1001`, `A1B2C3D4-0007`: no line breaks at its hyphen. Longer ones may need to.
NUMBER_PATTERN = re.compile(
    r"(?<![\w/-])((?=[\w-]{3,20}(?![\w/-]))[A-Z][A-Z\d]*(?:-[A-Z\d]+)*-\d[A-Z\d]*)(?![\w/-])"
)
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# Every second part is a number.
TEMPLATES.filters["split_numbers"] = NUMBER_PATTERN.split


@dataclass(frozen=True)
class EmailContent:
    subject: str
    text: str
    html: str


def render_email(
    notice: RenderableNotice,
    services_url: str,
    *,
    oversized_files: Sequence[str] = (),
) -> EmailContent:
    """`oversized_files` are those that do not fit into the email."""
    if notice.kind in RECEIPT_KINDS:
        return _render_receipt_email(NoticeRenderer(notice, services_url, is_mrkdwn=False))
    content = render_notice(notice, services_url, is_mrkdwn=False)
    if notice.kind is NoticeKind.RECEIPT_EXPORT:
        notes = _format_missing_files(notice, oversized_files)
        return _render_notice_email(notice, content, notes)
    return _render_notice_email(notice, content, [notice.localizer.format_text("email-footer")])


def _render_notice_email(notice: RenderableNotice, content: NoticeText, footer: list[str]) -> EmailContent:
    ending = ["", *footer] if footer else []
    text = "\n".join([content.title, "", *content.lines, *ending, ""])
    html = _render_html("notice.html", notice, content.title, lines=content.lines, footer=footer)
    return EmailContent(_normalize_whitespace(content.title), text, html)


def _format_missing_files(notice: RenderableNotice, oversized_files: Sequence[str]) -> list[str]:
    localizer = notice.localizer
    notes = format_missing_invoices(localizer, notice.missing_invoices)
    if oversized_files:
        notes.append(localizer.format_text("email-files-too-large", names=list(oversized_files)))
    return notes


def _render_receipt_email(renderer: NoticeRenderer) -> EmailContent:
    localizer, order = renderer.notice.localizer, renderer.order.order
    document = get_document_arguments(renderer.receipt)
    subject = localizer.format_text("notice-receipt", **document, order=order.number)
    sent_document = get_sent_document_arguments(renderer.receipt, renderer.notice.missing_invoices)
    thanks = localizer.format_text("email-receipt-thanks", **sent_document, order=order.number)
    details, (header, *rows) = _format_receipt_details(renderer), _format_table_rows(renderer)
    ending = [
        *_format_taxes(renderer),
        *format_receipt_totals(renderer),
        *format_unsettled_lines(renderer),
        *_format_attachments(renderer, sent_document),
    ]
    lines = [f"• {product}: {seats} – {amount} + {tax}" for product, seats, amount, tax in rows]
    text = "\n".join([subject, "", thanks, "", *details, "", ", ".join(header), *lines, "", *ending, ""])
    html = _render_html(
        "receipt.html",
        renderer.notice,
        subject,
        thanks=thanks,
        details=details,
        header=header,
        rows=rows,
        ending=ending,
    )
    return EmailContent(_normalize_whitespace(subject), text, html)


def _format_attachments(renderer: NoticeRenderer, sent_document: dict[str, object]) -> list[str]:
    localizer = renderer.notice.localizer
    return [
        localizer.format_text("email-receipt-attached", **sent_document),
        *format_missing_invoices(localizer, renderer.notice.missing_invoices),
    ]


def _format_receipt_details(renderer: NoticeRenderer) -> list[str]:
    # Dates are in the account's time zone (R22).
    localizer, account = renderer.notice.localizer, renderer.notice.account
    details, receipt = renderer.order, renderer.receipt
    address = ", ".join(localizer.format_address(receipt.billing_address))
    return [
        localizer.format_text("email-receipt-number", **get_document_arguments(receipt)),
        localizer.format_text("email-receipt-date", day=receipt.issued_on),
        localizer.format_text("email-receipt-account", account=receipt.buyer),
        f"{localizer.format_text('email-receipt-address')} {address}",
        *format_tax_ids(localizer, receipt.tax_facts),
        localizer.format_text("email-receipt-order", order=details.order.number, quote=details.quote.number),
        *([localizer.format_text("notice-po-number", number=receipt.po_number)] if receipt.po_number else []),
        localizer.format_text(
            "email-receipt-placed",
            name=details.contact.name,
            day=account.get_local_date(details.order.placed_at),
        ),
        localizer.format_text(
            "admin-contact", name=details.administrator.name, email=details.administrator.email
        ),
    ]


def _format_taxes(renderer: NoticeRenderer) -> list[str]:
    localizer, receipt = renderer.notice.localizer, renderer.receipt
    rates = [tax for tax in receipt.taxes if tax.percent is not None]
    return [
        *(format_tax_rate(localizer, tax, receipt.currency) for tax in rates),
        *format_receipt_notes(localizer, receipt),
    ]


def _format_table_rows(renderer: NoticeRenderer) -> list[list[str]]:
    localizer = renderer.notice.localizer
    header = [localizer.format_text(f"receipt-{name}") for name in ("product", "seats", "amount", "tax")]
    rows = [
        [
            line.product,
            str(line.seats),
            localizer.format_money(line.amount),
            localizer.format_money(line.tax),
        ]
        for line in renderer.order_presenter.list_lines_with_status(LineStatus.SETTLED)
    ]
    return [header, *rows]


def _normalize_whitespace(text: str) -> str:
    return " ".join(text.split())


def _render_html(template: str, notice: RenderableNotice, title: str, **content: object) -> str:
    return TEMPLATES.get_template(template).render(language=notice.localizer.language, title=title, **content)
