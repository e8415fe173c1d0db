"""Notices as e-mails: a subject and the same words as text and as HTML."""

from dataclasses import dataclass
from html import escape

from bot.notices.orders import format_receipt_totals, format_unsettled_lines
from bot.notices.render import NoticeRenderer, RenderableNotice
from bot.notices.summary import render_notice
from models.notice import NoticeKind
from models.service_order import LineStatus

# Whatever was meant for Slack of a receipt: in an e-mail it is the receipt's own, with the PDF.
RECEIPT_KINDS = (NoticeKind.RECEIPT_MAIL, NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE)
BODY_STYLE = "font-family: sans-serif; line-height: 1.5"
CELL_STYLE = "padding: 4px 16px 4px 0; text-align: left"


@dataclass(frozen=True)
class EmailContent:
    subject: str
    text: str
    html: str


def render_email(notice: RenderableNotice, services_url: str) -> EmailContent:
    if notice.kind in RECEIPT_KINDS:
        return _render_receipt_email(NoticeRenderer(notice, services_url, is_mrkdwn=False))
    return _render_notice_email(notice, services_url)


def _render_notice_email(notice: RenderableNotice, services_url: str) -> EmailContent:
    """A message that Slack could not deliver."""
    wording = render_notice(notice, services_url, mrkdwn=False)
    why = notice.localizer.format_text("mail-footer")
    text = "\n".join([wording.title, "", *wording.lines, "", why, ""])
    return EmailContent(
        _normalize_whitespace(wording.title),
        text,
        _render_page(
            notice, wording.title, _render_paragraphs(list(wording.lines)) + _render_paragraphs([why])
        ),
    )


def _render_receipt_email(renderer: NoticeRenderer) -> EmailContent:
    sheet, reader = renderer.order, renderer.notice.localizer
    number = renderer.receipt.number
    subject = reader.format_text("notice-receipt", number=number, order=sheet.order.number)
    thanks = reader.format_text("mail-receipt-thanks", order=sheet.order.number)
    attached = reader.format_text("mail-receipt-attached")
    facts, cells = _format_receipt_facts(renderer), _format_table_rows(renderer)
    after = [*format_receipt_totals(renderer), *format_unsettled_lines(renderer), attached]
    lines = [f"• {product}: {seats} – {amount} + {tax}" for product, seats, amount, tax in cells[1:]]
    text = "\n".join([subject, "", thanks, "", *facts, "", ", ".join(cells[0]), *lines, "", *after, ""])
    html = (
        _render_paragraphs([thanks])
        + _render_paragraphs(facts)
        + _render_table(cells)
        + _render_paragraphs(after)
    )
    return EmailContent(_normalize_whitespace(subject), text, _render_page(renderer.notice, subject, html))


def _format_receipt_facts(renderer: NoticeRenderer) -> list[str]:
    """R22: the dates of a receipt are the account's."""
    sheet, reader, account, receipt = (
        renderer.order,
        renderer.notice.localizer,
        renderer.notice.account,
        renderer.receipt,
    )
    places = ", ".join(reader.format_address(receipt.billing_address))
    return [
        reader.format_text("mail-receipt-number", number=receipt.number),
        reader.format_text("mail-receipt-date", day=receipt.issued_on),
        reader.format_text("mail-receipt-account", account=receipt.buyer),
        f"{reader.format_text('mail-receipt-address')} {places}",
        reader.format_text("mail-receipt-order", order=sheet.order.number, quote=sheet.quote.number),
        reader.format_text(
            "mail-receipt-placed", name=sheet.contact.name, day=account.get_local_date(sheet.order.placed_at)
        ),
        reader.format_text("admin-contact", name=sheet.administrator.name, email=sheet.administrator.email),
    ]


def _format_table_rows(renderer: NoticeRenderer) -> list[list[str]]:
    sheet, reader = renderer.order, renderer.notice.localizer
    names = [reader.format_text(f"receipt-{name}") for name in ("product", "seats", "amount", "tax")]
    rows = [
        [
            row.product.name,
            str(row.line.seats),
            reader.format_money(sheet.to_money(row.line.amount)),
            reader.format_money(sheet.to_money(row.line.tax)),
        ]
        for row in sheet.list_rows_with_status(LineStatus.SETTLED)
    ]
    return [names, *rows]


def _normalize_whitespace(text: str) -> str:
    return " ".join(text.split())


def _render_paragraphs(lines: list[str]) -> str:
    return f"<p>{'<br>'.join(escape(line) for line in lines)}</p>" if lines else ""


def _render_table(rows: list[list[str]]) -> str:
    def render_row(row: list[str], tag: str) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        cells = (f'<{tag}{scope} style="{CELL_STYLE}">{escape(cell)}</{tag}>' for cell in row)
        return f"<tr>{''.join(cells)}</tr>"

    return f"<table>{render_row(rows[0], 'th')}{''.join(render_row(row, 'td') for row in rows[1:])}</table>"


def _render_page(notice: RenderableNotice, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{notice.localizer.language}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head>"
        f'<body style="{BODY_STYLE}"><h1>{escape(title)}</h1>{body}</body></html>'
    )
