"""Notices as e-mails: a subject and the same words as text and as HTML."""

from dataclasses import dataclass
from html import escape

from bot.i18n.notice import word_notice
from bot.i18n.order_notice import not_bought, receipt_totals
from bot.i18n.voice import Told, Voice
from models.notice import NoticeKind
from models.service_order import LineStatus

# Whatever was meant for Slack of a receipt: in an e-mail it is the receipt's own, with the PDF.
RECEIPTS = (NoticeKind.RECEIPT_MAIL, NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE)
STYLE = "font-family: sans-serif; line-height: 1.5"
CELL = "padding: 4px 16px 4px 0; text-align: left"


@dataclass(frozen=True)
class MailText:
    subject: str
    text: str
    html: str


def word_mail(told: Told, services_url: str) -> MailText:
    if told.kind in RECEIPTS:
        return _receipt(Voice(told, services_url, mrkdwn=False))
    return _notice(told, services_url)


def _notice(told: Told, services_url: str) -> MailText:
    """A message that Slack could not deliver."""
    wording = word_notice(told, services_url, mrkdwn=False)
    why = told.reader.text("mail-footer")
    text = "\n".join([wording.title, "", *wording.lines, "", why, ""])
    return MailText(
        _one_line(wording.title),
        text,
        _page(told, wording.title, _paragraphs(list(wording.lines)) + _paragraphs([why])),
    )


def _receipt(voice: Voice) -> MailText:
    sheet, reader = voice.order, voice.told.reader
    number = voice.receipt.number
    subject = reader.text("notice-receipt", number=number, order=sheet.order.number)
    thanks = reader.text("mail-receipt-thanks", order=sheet.order.number)
    attached = reader.text("mail-receipt-attached")
    facts, cells = _facts(voice), _cells(voice)
    after = [*receipt_totals(voice), *not_bought(voice), attached]
    lines = [f"• {product}: {seats} – {amount} + {tax}" for product, seats, amount, tax in cells[1:]]
    text = "\n".join([subject, "", thanks, "", *facts, "", ", ".join(cells[0]), *lines, "", *after, ""])
    html = _paragraphs([thanks]) + _paragraphs(facts) + _table(cells) + _paragraphs(after)
    return MailText(_one_line(subject), text, _page(voice.told, subject, html))


def _facts(voice: Voice) -> list[str]:
    """R22: the dates of a receipt are the account's."""
    sheet, reader, account, receipt = voice.order, voice.told.reader, voice.told.account, voice.receipt
    places = ", ".join(reader.address(receipt.billing_address))
    return [
        reader.text("mail-receipt-number", number=receipt.number),
        reader.text("mail-receipt-date", day=receipt.issued_on),
        reader.text("mail-receipt-account", account=receipt.buyer),
        f"{reader.text('mail-receipt-address')} {places}",
        reader.text("mail-receipt-order", order=sheet.order.number, quote=sheet.quote.number),
        reader.text("mail-receipt-placed", name=sheet.contact.name, day=account.today(sheet.order.placed_at)),
        reader.text("admin-contact", name=sheet.administrator.name, email=sheet.administrator.email),
    ]


def _cells(voice: Voice) -> list[list[str]]:
    sheet, reader = voice.order, voice.told.reader
    names = [reader.text(f"receipt-{name}") for name in ("product", "seats", "amount", "tax")]
    rows = [
        [
            row.product.name,
            str(row.line.seats),
            reader.money(sheet.money(row.line.amount)),
            reader.money(sheet.money(row.line.tax)),
        ]
        for row in sheet.with_status(LineStatus.SETTLED)
    ]
    return [names, *rows]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _paragraphs(lines: list[str]) -> str:
    return f"<p>{'<br>'.join(escape(line) for line in lines)}</p>" if lines else ""


def _table(rows: list[list[str]]) -> str:
    def drawn(row: list[str], tag: str) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        cells = (f'<{tag}{scope} style="{CELL}">{escape(cell)}</{tag}>' for cell in row)
        return f"<tr>{''.join(cells)}</tr>"

    return f"<table>{drawn(rows[0], 'th')}{''.join(drawn(row, 'td') for row in rows[1:])}</table>"


def _page(told: Told, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{told.reader.language}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head>"
        f'<body style="{STYLE}"><h1>{escape(title)}</h1>{body}</body></html>'
    )
