"""Messages of every kind of notice: usual ones, and ones with the longest names and the most rows."""

from dataclasses import replace
from typing import Any

from bot.i18n import Localizer
from bot.messaging.messenger import OutboundMessage
from models.details import OrderDetails, QuoteDetails
from models.invoice import InvoiceStatus
from models.notice import NoticeKind
from models.notice.destination import DestinationKind
from models.notice.payloads import PAYLOAD_BY_KIND, NoticePayload
from models.quote import QuoteStatus
from models.quote.extension import QuoteExtension
from models.service_order import LineStatus, OrderStatus
from tests.blocks import samples
from tests.blocks.samples import AT, USUAL, Size

STEPS = (
    *("placed", "processing", "line_settled", "line_declined", "line_needs_customer", "line_unknown"),
    *("waits", "retried", "given_up", "overdue", "completed", "failed"),
    *("invoice_overdue", "invoice_paid", "invoice_void", "invoice_uncollectible"),
)
INVOICE_STATUSES = {
    NoticeKind.INVOICE_OVERDUE: InvoiceStatus.OVERDUE,
    NoticeKind.INVOICE_PAID: InvoiceStatus.PAID,
    NoticeKind.INVOICE_CANCELLED: InvoiceStatus.VOID,
}


def make_message(
    kind: NoticeKind, reader: Localizer, size: Size = USUAL, to: str = "contact", **changes: Any
) -> OutboundMessage:
    """`to` is the kind of destination."""
    usual = OutboundMessage(
        team_id="T1",
        channel="C1" if to in ("channel", "services") else "U1",
        kind=kind,
        localizer=reader,
        account=samples.make_account(size),
        order=make_order(kind, size) if kind.value.startswith(("order", "receipt", "invoice")) else None,
        quote=make_quote(kind, size) if kind.value.startswith("quote") else None,
        extension=make_extension(kind, size),
        invitation=samples.make_invitation(size) if kind.value.startswith("contact_invit") else None,
        destination_kind=DestinationKind(to),
        payload=make_payload(kind, size),
        created_at=AT,
        shows_amounts=to in ("contact", "email"),
    )
    return replace(usual, **changes)


def make_payload(kind: NoticeKind, size: Size = USUAL, step: str = "line_declined") -> NoticePayload:
    values = {
        "step": step,
        "product": size.name("GoTo Meeting"),
        "products": [size.name("GoTo Meeting")] * (20 if size.names else 1),
        "seats": 5,
        "reason": size.name("card_declined") if size.names else "card_declined",
        "blocking_order_number": "SO-1001",
        "name": size.name("Nora Body <!channel>"),
        "change": "withdrawn",
        "by": size.name("Alice <!channel>"),
        "at": AT,
        "channel": "C01BILLING",
        "invoice_id": 1,
        "invoice_number": "INV-1000",
    }
    model = PAYLOAD_BY_KIND[kind]
    return model.model_validate({name: values[name] for name in values if name in model.model_fields})


def make_order(kind: NoticeKind, size: Size = USUAL) -> OrderDetails:
    details = samples.make_order_with_every_status(size)
    if kind in (NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE, NoticeKind.RECEIPT_EMAIL):
        return make_completed_order(size)
    if kind in INVOICE_STATUSES:
        row = samples.make_order_line_details(0, LineStatus.SETTLED, size)
        row = replace(row, invoice=samples.make_invoice(0, INVOICE_STATUSES[kind]))
        return samples.make_order_details(row, size=size, status=OrderStatus.COMPLETED)
    if kind is NoticeKind.ORDER_FAILED:
        return replace(details, order=samples.make_service_order(size, OrderStatus.FAILED))
    return details


def make_completed_order(size: Size = USUAL) -> OrderDetails:
    half = max(size.rows // 2, 1)
    settled = [samples.make_order_line_details(n, LineStatus.SETTLED, size) for n in range(half)]
    declined = samples.make_order_line_details(half, LineStatus.DECLINED, size, "card_declined")
    details = samples.make_order_details(*settled, declined, size=size, status=OrderStatus.COMPLETED)
    return replace(details, receipt=samples.make_receipt())


def make_extension(kind: NoticeKind, size: Size = USUAL) -> QuoteExtension | None:
    if kind is NoticeKind.QUOTE_EXTENSION_DECIDED:
        return samples.make_declined_extension(size)
    return samples.make_extension(size) if kind.value.startswith("quote_extension") else None


def make_quote(kind: NoticeKind, size: Size = USUAL) -> QuoteDetails:
    if kind is NoticeKind.QUOTE_DECIDED:
        return samples.make_decided_quote(QuoteStatus.REJECTED, size)
    return samples.make_quote_details(1, size)
