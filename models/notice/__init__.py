from models.notice.notice import (
    FINISHED_NOTICE_CONDITION,
    INVOICE_MESSAGE_KINDS,
    DeliverySlot,
    Notice,
    NoticeKind,
    NoticeStatus,
    OrderMessage,
    PostedMessage,
)

__all__ = [
    "FINISHED_NOTICE_CONDITION",
    "INVOICE_MESSAGE_KINDS",
    "DeliverySlot",
    "Notice",
    "NoticeKind",
    "NoticeStatus",
    "OrderMessage",
    "PostedMessage",
]
