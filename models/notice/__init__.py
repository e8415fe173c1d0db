from models.notice.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus, OrderMessage, PostedMessage

__all__ = ["DeliverySlot", "Notice", "NoticeKind", "NoticeStatus", "OrderMessage", "PostedMessage"]
