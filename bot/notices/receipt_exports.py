"""What the emails with an account's receipts of a period say."""

from bot.notices.render import NoticeRenderer, NoticeText
from models.notice.payloads import ReceiptExportPayload


def render_receipt_export(renderer: NoticeRenderer) -> NoticeText:
    payload = renderer.get_payload(ReceiptExportPayload)
    title = renderer.format_text(
        "notice-receipt-export",
        account=renderer.notice.account.name,
        first=payload.first_day or "",
        last=payload.last_day or "",
        mail=payload.mail,
        mails=payload.mail_count,
    )
    lines = [renderer.format_text("receipt-export-attached", count=payload.receipt_count)]
    if payload.mail == 1:
        lines.append(renderer.format_text("receipt-export-table"))
    return NoticeText(title, tuple(lines))
