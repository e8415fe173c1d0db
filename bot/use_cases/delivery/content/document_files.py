"""The PDFs that go with a notice: a quote; or of a completed order the bot's own document, and the provider's
invoices if it makes any (R13, R28)."""

import asyncio
from dataclasses import replace

import structlog

from bot.billing.gateway import BillingUnavailable, CustomerNotFound
from bot.dependencies import Dependencies
from bot.messaging.messenger import FileUpload, OutboundMessage
from bot.notices.email import RECEIPT_KINDS
from bot.receipts import (
    find_missing_receipt_glyphs,
    format_document_title,
    format_file_name,
    render_receipt_pdf,
)
from bot.receipts.quote import (
    QuoteDocument,
    find_missing_quote_glyphs,
    format_quote_file_name,
    render_quote_pdf,
)
from models.details import OrderDetails, OrderLineDetails, ReceiptDetails
from models.notice import NoticeKind
from models.receipt import Seller
from models.service_order import LineStatus

log = structlog.get_logger()

# Each of these has its PDF attached, if it goes by email.
QUOTE_FILE_KINDS = (NoticeKind.QUOTE_PDF_REQUESTED, NoticeKind.QUOTE_FILE)
FILE_KINDS = (*RECEIPT_KINDS, *QUOTE_FILE_KINDS)
MAX_CONCURRENT_DOWNLOADS = 4


async def load_document_files(
    dependencies: Dependencies, message: OutboundMessage, *, allow_missing: bool = False
) -> tuple[list[FileUpload], list[str]]:
    """Returns the files, the provider's invoices first, and the numbers of invoices that are missing; raises
    BillingUnavailable for those unless `allow_missing`."""
    if message.kind in QUOTE_FILE_KINDS:
        return [await _render_quote_file(dependencies, message)], []
    assert message.order is not None, "a notice of a receipt has its order"
    invoices, missing = await _load_invoices(
        dependencies, message, message.order, allow_missing=allow_missing
    )
    return [*invoices, await _render_own_file(dependencies, message, message.order)], missing


async def _render_quote_file(dependencies: Dependencies, message: OutboundMessage) -> FileUpload:
    assert message.quote is not None, "a notice of a quote has one"
    settings, details = dependencies.settings, message.quote
    # R22: like those of a receipt, its dates are the account's.
    localizer = replace(message.localizer, time_zone=details.account.time_zone)
    document = QuoteDocument(details, settings.seller, settings.account_services_url)
    content = await asyncio.to_thread(render_quote_pdf, localizer, document)
    missing = await asyncio.to_thread(find_missing_quote_glyphs, localizer, document)
    if missing:
        log.error("quote.characters_missing", quote=details.quote.number, characters=missing)
    title = localizer.format_text("quote-number", number=details.quote.number)
    return FileUpload(format_quote_file_name(details), title, content)


async def _render_own_file(
    dependencies: Dependencies, message: OutboundMessage, order: OrderDetails
) -> FileUpload:
    details = build_receipt_details(order, dependencies.settings.seller)
    content = await asyncio.to_thread(render_receipt_pdf, message.localizer, details)
    missing = await asyncio.to_thread(find_missing_receipt_glyphs, message.localizer, details)
    if missing:
        log.error("receipt.characters_missing", receipt=details.receipt.number, characters=missing)
    title = format_document_title(message.localizer, details.receipt)
    return FileUpload(format_file_name(details), title, content)


async def _load_invoices(
    dependencies: Dependencies, message: OutboundMessage, order: OrderDetails, *, allow_missing: bool
) -> tuple[list[FileUpload], list[str]]:
    rows = [
        row
        for row in order.list_rows_with_status(LineStatus.SETTLED)
        if row.line.provider_invoice_number and row.line.provider_receipt_id
    ]
    limit = asyncio.Semaphore(MAX_CONCURRENT_DOWNLOADS)

    async def load(row: OrderLineDetails) -> FileUpload | None:
        async with limit:
            return await _load_invoice(dependencies, message, row, allow_missing=allow_missing)

    files = await asyncio.gather(*(load(row) for row in rows))
    missing = [
        row.line.provider_invoice_number for row, file in zip(rows, files, strict=True) if file is None
    ]
    return [file for file in files if file is not None], missing


async def _load_invoice(
    dependencies: Dependencies, message: OutboundMessage, row: OrderLineDetails, *, allow_missing: bool
) -> FileUpload | None:
    problem = "the provider does not have it"
    number, reference = row.line.provider_invoice_number, row.line.provider_receipt_id or ""
    try:
        pdf = await dependencies.billing.fetch_receipt_pdf(message.account.id, reference)
    except BillingUnavailable as error:
        if not allow_missing:
            raise
        pdf, problem = None, str(error.variables.get("why", ""))
    except CustomerNotFound:
        pdf = None
    if pdf is None:
        log.error("invoice.pdf_missing", invoice=number, error=problem)
        return None
    title = message.localizer.format_text("invoice-title", number=number)
    return FileUpload(f"{number}.pdf", title, pdf.content)


def build_receipt_details(order: OrderDetails, seller: Seller) -> ReceiptDetails:
    """`seller` is the current one, for receipts issued before the seller was stored with them."""
    assert order.receipt is not None, "a completed order has a receipt"
    seller = order.receipt.seller_details or seller
    return ReceiptDetails(order.receipt, order.order.number, order.quote.number, seller)
