"""The transitions of R18, written out from the rule: what models and database are compared with."""

from enum import StrEnum
from itertools import product
from typing import TypeVar

from models.account.contact_invitation import InvitationStatus
from models.invoice import InvoiceStatus
from models.quote import QuoteStatus
from models.quote.extension import ExtensionStatus
from models.service_order import LineStatus, OrderStatus

Status = TypeVar("Status", bound=StrEnum)

QUOTE_TRANSITIONS = {
    (QuoteStatus.PENDING, QuoteStatus.ACCEPTED),
    (QuoteStatus.PENDING, QuoteStatus.REJECTED),
    (QuoteStatus.PENDING, QuoteStatus.EXPIRED),
}
EXTENSION_TRANSITIONS = {
    (ExtensionStatus.REQUESTED, ExtensionStatus.APPROVED),
    (ExtensionStatus.REQUESTED, ExtensionStatus.DECLINED),
}
INVOICE_TRANSITIONS = {
    (InvoiceStatus.DUE, InvoiceStatus.OVERDUE),
    (InvoiceStatus.DUE, InvoiceStatus.UNCOLLECTIBLE),
    (InvoiceStatus.DUE, InvoiceStatus.PAID),
    (InvoiceStatus.DUE, InvoiceStatus.VOID),
    (InvoiceStatus.OVERDUE, InvoiceStatus.UNCOLLECTIBLE),
    (InvoiceStatus.OVERDUE, InvoiceStatus.PAID),
    (InvoiceStatus.OVERDUE, InvoiceStatus.VOID),
    (InvoiceStatus.UNCOLLECTIBLE, InvoiceStatus.PAID),
    (InvoiceStatus.UNCOLLECTIBLE, InvoiceStatus.VOID),
}
INVITATION_TRANSITIONS = {
    (InvitationStatus.PENDING, InvitationStatus.ACCEPTED),
    (InvitationStatus.PENDING, InvitationStatus.DECLINED),
    (InvitationStatus.PENDING, InvitationStatus.CANCELLED),
    (InvitationStatus.PENDING, InvitationStatus.LAPSED),
}
ORDER_TRANSITIONS = {
    (OrderStatus.PLACED, OrderStatus.PROCESSING),
    (OrderStatus.PROCESSING, OrderStatus.COMPLETED),
    (OrderStatus.PROCESSING, OrderStatus.FAILED),
}
LINE_TRANSITIONS = {
    (LineStatus.WAITING, LineStatus.CHARGING),
    (LineStatus.WAITING, LineStatus.DECLINED),
    (LineStatus.CHARGING, LineStatus.SETTLED),
    (LineStatus.CHARGING, LineStatus.DECLINED),
    (LineStatus.CHARGING, LineStatus.NEEDS_CUSTOMER),
    (LineStatus.CHARGING, LineStatus.UNKNOWN),
    (LineStatus.NEEDS_CUSTOMER, LineStatus.SETTLED),
    (LineStatus.NEEDS_CUSTOMER, LineStatus.DECLINED),
    (LineStatus.UNKNOWN, LineStatus.CHARGING),
    (LineStatus.UNKNOWN, LineStatus.SETTLED),
    (LineStatus.UNKNOWN, LineStatus.DECLINED),
    (LineStatus.UNKNOWN, LineStatus.NEEDS_CUSTOMER),
    (LineStatus.DECLINED, LineStatus.CHARGING),
}


def list_forbidden(states: type[Status], allowed: set[tuple[Status, Status]]) -> list[tuple[Status, Status]]:
    return [(current, to) for current, to in product(states, states) if (current, to) not in allowed]
