"""A quote as a PDF, to forward to the person who pays: its validity, lines and tax, and how to accept it."""

import re
from dataclasses import dataclass
from typing import Any

from bot.i18n import Localizer
from bot.presenters.product import make_product_labels
from bot.presenters.quote import (
    build_renewal_arguments,
    build_validity_arguments,
    get_charged_days,
    get_last_day,
    list_renewal_note_keys,
)
from bot.presenters.receipt import list_due_amounts, list_promised_amounts
from bot.presenters.seat_price import format_seat_price
from bot.presenters.seller import format_seller
from bot.presenters.subscription import format_outlook
from bot.presenters.tax import format_tax_ids, format_tax_location, format_treatments
from bot.receipts.pdf import (
    COLUMN_MESSAGE_IDS,
    TAX_COLUMN_MESSAGE_IDS,
    build_tax_row,
    find_missing_document_glyphs,
    render_document,
)
from models.details import QuoteDetails, QuoteLineDetails
from models.quote import QuoteStatus
from models.receipt import Seller

UNSAFE_IN_FILE_NAMES = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class QuoteDocument:
    quote: QuoteDetails
    seller: Seller
    services_url: str


def render_quote_pdf(localizer: Localizer, document: QuoteDocument) -> bytes:
    """Blocks for some hundredths of a second: don't call it in the event loop. The same quote in the same
    state and language gives the same bytes."""
    return render_document(build_quote_content(localizer, document), document.quote.quote.created_at)


def find_missing_quote_glyphs(localizer: Localizer, document: QuoteDocument) -> str:
    return find_missing_document_glyphs(build_quote_content(localizer, document))


def format_quote_file_name(details: QuoteDetails) -> str:
    # The number of a quote made elsewhere can contain any characters.
    return f"{UNSAFE_IN_FILE_NAMES.sub('-', details.quote.number)}.pdf"


def build_quote_content(localizer: Localizer, document: QuoteDocument) -> dict[str, Any]:
    """Builds the template's data; a pair is a label and its value."""
    details, quote, seller = document.quote, document.quote.quote, document.seller
    names = make_product_labels((row.line.subscription_id, row.product) for row in details.rows)

    def format_amount_row(key: str, minor: int) -> tuple[str, str]:
        return localizer.format_text(key), localizer.format_money(details.to_money(minor))

    return {
        "language": localizer.language,
        "title": localizer.format_text("quote-number", number=quote.number),
        "heading": localizer.format_text("quote"),
        "page": localizer.format_text("page-of", page="{page}", count="{pages}"),
        "from": localizer.format_text("receipt-seller"),
        "seller": format_seller(localizer, seller),
        "to": localizer.format_text("quote-file-buyer"),
        "buyer": _build_buyer(localizer, details),
        "facts": [
            (localizer.format_text("quote-file-number"), quote.number),
            (
                localizer.format_text("receipt-date"),
                localizer.format_date(details.account.get_local_date(quote.created_at)),
            ),
            (localizer.format_text("quote-file-until"), _format_last_moment(localizer, details)),
        ],
        "columns": [localizer.format_text(key) for key in COLUMN_MESSAGE_IDS],
        "lines": [
            _build_line(localizer, details, row, names[row.line.subscription_id]) for row in details.rows
        ],
        "totals": [
            format_amount_row("receipt-subtotal", quote.subtotal),
            format_amount_row("receipt-tax", quote.tax),
        ],
        "tax_columns": [localizer.format_text(key) for key in TAX_COLUMN_MESSAGE_IDS],
        "taxes": [build_tax_row(localizer, quote.currency, tax) for tax in details.taxes],
        "notes": [
            *format_treatments(localizer, details.taxes),
            *format_tax_location(localizer, quote.tax_facts),
        ],
        "total": format_amount_row("receipt-total", quote.total),
        "paid": localizer.format_text("quote-file-status", status=quote.get_status(details.at).value),
        "is_settled": quote.get_status(details.at) in (QuoteStatus.PENDING, QuoteStatus.ACCEPTED),
        "payments": _list_payments(localizer, details),
        "sections": [
            *_list_renewals(localizer, details),
            *_list_instructions(localizer, document),
        ],
    }


def _format_last_moment(localizer: Localizer, details: QuoteDetails) -> str:
    until = get_last_day(details.account, details.quote.expires_at)
    return localizer.format_date(until) if until else localizer.format_datetime(details.quote.expires_at)


def _build_buyer(localizer: Localizer, details: QuoteDetails) -> list[str]:
    return [
        details.account.name,
        *localizer.format_address(details.quote.billing_address),
        *format_tax_ids(localizer, details.quote.tax_facts),
    ]


def _build_line(
    localizer: Localizer, details: QuoteDetails, row: QuoteLineDetails, name: str
) -> dict[str, Any]:
    line = row.line
    first, last = get_charged_days(details, line)
    price = format_seat_price(localizer, line, details.quote.currency)
    return {
        "product": name,
        "price": localizer.format_text("receipt-price", price=price),
        "method": "",
        "notes": [
            localizer.format_text(
                "quote-file-seats", before=line.seats_before, after=line.seats_before + line.seats
            ),
            *format_outlook(localizer, row.outlook, details.quote.currency),
        ],
        "seats": str(line.seats),
        "since": localizer.format_text("receipt-since", day=first),
        "until": localizer.format_text("receipt-until", day=last),
        "amount": localizer.format_money(details.to_money(line.amount)),
        "tax": localizer.format_money(details.to_money(line.tax)),
    }


def _list_payments(localizer: Localizer, details: QuoteDetails) -> list[tuple[str, str]]:
    balance = [
        (localizer.format_text(key), localizer.format_money(amount))
        for key, amount in list_promised_amounts(details)
    ]
    due = [
        (localizer.format_text(kind.document_key), localizer.format_money(amount))
        for kind, amount in list_due_amounts(details)
    ]
    return [*balance, *due]


def _list_renewals(localizer: Localizer, details: QuoteDetails) -> list[tuple[str, list[str]]]:
    # A promise of the quote only as long as it can be accepted.
    if not details.is_pending:
        return []
    return [(localizer.format_text("quote-file-renewal"), _format_renewals(localizer, details))]


def _format_renewals(localizer: Localizer, details: QuoteDetails) -> list[str]:
    # R27: only subscriptions that will renew.
    lines = [
        localizer.format_text(
            "quote-recurring-line", **build_renewal_arguments(total, details.quote.currency)
        )
        for total in details.renewal_totals
    ]
    return [*lines, *map(localizer.format_text, list_renewal_note_keys(details))]


def _list_instructions(localizer: Localizer, document: QuoteDocument) -> list[tuple[str, list[str]]]:
    details, quote = document.quote, document.quote.quote
    if quote.get_status(details.at) is not QuoteStatus.PENDING:
        return []
    steps = localizer.format_text("quote-file-steps", number=quote.number, account=details.account.name)
    validity = build_validity_arguments(details.account, quote.expires_at)
    terms = localizer.format_text("quote-file-terms", url=document.services_url, **validity)
    return [(localizer.format_text("quote-file-accept"), [steps, terms])]
