"""What a notice shows besides its order, quote and account: one payload model per kind."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from models.notice import Notice, NoticeKind


class NoticePayload(BaseModel):
    """Each field has a default: a notice may have been stored by an earlier release."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_defaults=True)


class EmptyPayload(NoticePayload):
    pass


class OrderHistoryPayload(NoticePayload):
    step: str = ""
    at: datetime | None = None
    by: str = ""
    product: str = ""
    seats: int = 0
    reason: str = ""
    blocking_order_number: str = ""
    invoice_number: str = ""
    due_at: datetime | None = None


class InvoicePayload(NoticePayload):
    invoice_id: int = 0


class OrderQueuedPayload(NoticePayload):
    blocking_order_number: str = ""


class OrderLinePayload(NoticePayload):
    """Without a `subscription_id`, which earlier versions did not store, it is about the whole order."""

    subscription_id: str = ""
    products: list[str] = []


class OrderDeclinedPayload(OrderLinePayload):
    """Both totals include tax, and are set if the price has changed (R17)."""

    reason: str = ""
    promised_total: int | None = None
    offered_total: int | None = None


class PaymentConfirmationPayload(OrderLinePayload):
    pass


class DocumentPayload(NoticePayload):
    """`requested`: a person asked for this copy."""

    requested: bool = False


class DocumentFilePayload(DocumentPayload):
    """The direct message that announced the document: its channel and whose it is."""

    channel: str = ""
    user_id: str = ""


class ReceiptExportPayload(NoticePayload):
    """One of the emails of a request: `mail` counts from 1. Both days are in the account's time zone."""

    export_id: int = 0
    first_day: date | None = None
    last_day: date | None = None
    mail: int = 1
    mail_count: int = 1
    receipt_count: int = 0


class QuoteReminderPayload(NoticePayload):
    expires_at: datetime | None = None
    hours_before_expiry: int = 0


class QuoteMessageUpdatePayload(NoticePayload):
    posted_message_id: int | None = None


class QuoteExtensionPayload(NoticePayload):
    extension_id: int = 0


class QuoteExtensionMessageUpdatePayload(QuoteExtensionPayload, QuoteMessageUpdatePayload):
    pass


class ExtensionUndeliveredPayload(NoticePayload):
    """`is_withdrawn`: it is not tried any more, and the request is gone."""

    is_withdrawn: bool = False


class PortalChangedPayload(NoticePayload):
    by: str = ""


class InvitationPayload(NoticePayload):
    """`on_expiry`: due when the invitation expires, and obsolete if it was answered or cancelled before."""

    invitation_id: int = 0
    on_expiry: bool = False


class ContactsChangedPayload(InvitationPayload):
    """`change` is the invitation's new status, or invited, undelivered, withdrawn or left."""

    change: str = ""
    name: str = ""
    by: str = ""


class ContactWithdrawnPayload(NoticePayload):
    by: str = ""


class ChannelUnreachablePayload(NoticePayload):
    channel: str = ""


PAYLOAD_BY_KIND: dict[NoticeKind, type[NoticePayload]] = {
    NoticeKind.ORDER_STATUS: EmptyPayload,
    NoticeKind.ORDER_HISTORY: OrderHistoryPayload,
    NoticeKind.ORDER_PLACED: EmptyPayload,
    NoticeKind.ORDER_QUEUED: OrderQueuedPayload,
    NoticeKind.ORDER_DECLINED: OrderDeclinedPayload,
    NoticeKind.ORDER_NEEDS_CUSTOMER: PaymentConfirmationPayload,
    NoticeKind.ORDER_FAILED: EmptyPayload,
    NoticeKind.ORDER_OVERDUE: EmptyPayload,
    NoticeKind.ORDER_MESSAGES: EmptyPayload,
    NoticeKind.INVOICE_OVERDUE: InvoicePayload,
    NoticeKind.INVOICE_PAID: InvoicePayload,
    NoticeKind.INVOICE_CANCELLED: InvoicePayload,
    NoticeKind.RECEIPT: DocumentPayload,
    NoticeKind.RECEIPT_FILE: DocumentFilePayload,
    NoticeKind.RECEIPT_EMAIL: EmptyPayload,
    NoticeKind.RECEIPT_EXPORT: ReceiptExportPayload,
    NoticeKind.QUOTE_ARRIVED: EmptyPayload,
    NoticeKind.QUOTE_REMINDER: QuoteReminderPayload,
    NoticeKind.QUOTE_DECIDED: EmptyPayload,
    NoticeKind.QUOTE_EXTENSION_REQUESTED: QuoteExtensionPayload,
    NoticeKind.QUOTE_EXTENSION_MESSAGE_UPDATE: QuoteExtensionMessageUpdatePayload,
    NoticeKind.QUOTE_EXTENSION_DECIDED: QuoteExtensionPayload,
    NoticeKind.QUOTE_EXTENSION_UNDELIVERED: ExtensionUndeliveredPayload,
    NoticeKind.QUOTE_PDF_REQUESTED: DocumentPayload,
    NoticeKind.QUOTE_FILE: DocumentFilePayload,
    NoticeKind.QUOTE_MESSAGE_UPDATE: QuoteMessageUpdatePayload,
    NoticeKind.PORTAL_CHANGED: PortalChangedPayload,
    NoticeKind.CONTACT_INVITED: InvitationPayload,
    NoticeKind.CONTACT_INVITATION_MESSAGE_UPDATE: InvitationPayload,
    NoticeKind.CONTACTS_CHANGED: ContactsChangedPayload,
    NoticeKind.CONTACT_WITHDRAWN: ContactWithdrawnPayload,
    NoticeKind.CHANNEL_UNREACHABLE: ChannelUnreachablePayload,
}


def find_extension_id(notice: Notice) -> int | None:
    payload = parse_payload(notice)
    return payload.extension_id if isinstance(payload, QuoteExtensionPayload) else None


def find_invitation_id(notice: Notice) -> int | None:
    payload = parse_payload(notice)
    return payload.invitation_id or None if isinstance(payload, InvitationPayload) else None


def build_empty_payload(kind: NoticeKind) -> NoticePayload:
    return PAYLOAD_BY_KIND[kind]()


def validate_payload(kind: NoticeKind, payload: NoticePayload) -> None:
    if type(payload) is not PAYLOAD_BY_KIND[kind]:
        raise TypeError(f"{type(payload).__name__} is not the payload of {kind.value}")


def parse_payload(notice: Notice) -> NoticePayload:
    """Invalid fields get their defaults: an incomplete notice is better than none (R24)."""
    model = PAYLOAD_BY_KIND[notice.kind]
    known = {name: value for name, value in notice.payload.items() if name in model.model_fields}
    try:
        return model.model_validate(known)
    except ValidationError as error:
        invalid = {detail["loc"][0] for detail in error.errors()}
        return model.model_validate({name: value for name, value in known.items() if name not in invalid})


def is_requested(notice: Notice) -> bool:
    payload = parse_payload(notice)
    return isinstance(payload, DocumentPayload) and payload.requested
