"""The files of an email with receipts of a period: their PDFs, and in the first one a table of all (R28)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import col

from bot.dependencies import Dependencies
from bot.mail.mailer import Attachment
from bot.messaging.messenger import FileUpload, OutboundMessage
from bot.receipts import render_receipt_table
from bot.use_cases.delivery.content.document_files import load_document_files
from bot.use_cases.load_details import build_order_query, list_order_details
from models.details import OrderDetails
from models.notice import NoticeKind
from models.notice.payloads import ReceiptExportPayload
from models.receipt import Receipt
from models.receipt_export import ReceiptExport

# Many mail servers take 10 MB, and base64 makes a third more of a file.
MAX_ATTACHED_BYTES = 7_000_000
# Each with up to four invoices of its own.
MAX_CONCURRENT_RECEIPTS = 4
PDF_TYPE, CSV_TYPE = "application/pdf", "text/csv"


@dataclass(frozen=True)
class EmailFiles:
    """`missing_invoices` are numbers, `oversized_files` names of those left out."""

    attachments: tuple[Attachment, ...]
    missing_invoices: tuple[str, ...] = ()
    oversized_files: tuple[str, ...] = ()


async def load_export_files(
    dependencies: Dependencies, message: OutboundMessage, *, allow_missing: bool
) -> EmailFiles:
    """Raises BillingUnavailable for an invoice that is missing, unless `allow_missing`."""
    payload = message.payload
    assert isinstance(payload, ReceiptExportPayload), "each kind of notice has one payload model"
    orders, listed = await _load_orders(dependencies, payload)
    limit = asyncio.Semaphore(MAX_CONCURRENT_RECEIPTS)

    async def load(order: OrderDetails) -> tuple[list[FileUpload], list[str]]:
        async with limit:
            mail = replace(message, kind=NoticeKind.RECEIPT_EMAIL, order=order)
            return await load_document_files(dependencies, mail, allow_missing=allow_missing)

    loaded = await asyncio.gather(*(load(order) for order in orders))
    files = [Attachment(file.name, PDF_TYPE, file.content) for found, _ in loaded for file in found]
    attached, oversized = _split_by_size([*_build_table(message, payload, listed), *files])
    missing = tuple(number for _, numbers in loaded for number in numbers)
    return EmailFiles(attached, missing, oversized)


async def _load_orders(
    dependencies: Dependencies, payload: ReceiptExportPayload
) -> tuple[list[OrderDetails], list[OrderDetails]]:
    """Returns the orders whose receipts are attached, and those that the table lists."""
    async with dependencies.read() as session:
        export = await session.get_one(ReceiptExport, payload.export_id)
        attached_ids = export.mails[payload.mail - 1]
        ids = export.receipt_ids if payload.mail == 1 else attached_ids
        query = build_order_query().where(col(Receipt.id).in_(ids)).order_by(col(Receipt.id))
        orders = await list_order_details(session, query, dependencies.now())
    attached = [order for order in orders if order.receipt and order.receipt.id in attached_ids]
    return attached, orders if payload.mail == 1 else []


def _build_table(
    message: OutboundMessage, payload: ReceiptExportPayload, orders: Sequence[OrderDetails]
) -> list[Attachment]:
    if not orders:
        return []
    name = f"receipts-{payload.first_day}-{payload.last_day}.csv"
    return [Attachment(name, CSV_TYPE, render_receipt_table(message.localizer, orders))]


def _split_by_size(files: Sequence[Attachment]) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    attached: list[Attachment] = []
    oversized: list[str] = []
    room = MAX_ATTACHED_BYTES
    for file in files:
        if len(file.content) <= room:
            attached.append(file)
            room -= len(file.content)
        else:
            oversized.append(file.name)
    return tuple(attached), tuple(oversized)
