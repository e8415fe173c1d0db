from models.notice.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus, PostedMessage

__all__ = ["DeliverySlot", "Notice", "NoticeKind", "NoticeStatus", "PostedMessage"]
