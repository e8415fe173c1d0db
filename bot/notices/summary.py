"""What each kind of notice says."""

from collections.abc import Callable
from dataclasses import replace

from bot.i18n import SlackMarkup
from bot.notices import contacts as contact_notices
from bot.notices import orders as order_notices
from bot.notices import quotes as quote_notices
from bot.notices.receipt_exports import render_receipt_export
from bot.notices.render import NoticeRenderer, NoticeText, RenderableNotice
from models.notice import NoticeKind
from models.notice.payloads import ChannelUnreachablePayload, PortalChangedPayload


def render_notice(notice: RenderableNotice, services_url: str, *, is_mrkdwn: bool) -> NoticeText:
    renderer = NoticeRenderer(notice, services_url, is_mrkdwn)
    return _render_digest(renderer) if notice.digest_items else RENDER_BY_KIND[notice.kind](renderer)


def _render_digest(renderer: NoticeRenderer) -> NoticeText:
    items = renderer.notice.digest_items
    title = renderer.format_text("notice-digest", account=renderer.notice.account.name, count=len(items))
    lines = [_format_digest_line(renderer, item) for item in items]
    return NoticeText(title, (*lines, renderer.format_text("notice-digest-reason")))


def _format_digest_line(renderer: NoticeRenderer, item: RenderableNotice) -> str:
    title = RENDER_BY_KIND[item.kind](replace(renderer, notice=item)).title
    # The title of the item is escaped already.
    what = SlackMarkup(title) if renderer.is_mrkdwn else title
    return renderer.format_text("notice-digest-line", at=item.created_at, what=what)


def _render_portal_changed(renderer: NoticeRenderer) -> NoticeText:
    title = renderer.format_text(
        "notice-portal-changed",
        by=renderer.get_payload(PortalChangedPayload).by,
        account=renderer.notice.account.name,
    )
    return NoticeText(title, (renderer.format_text("notice-portal-changed-details"),))


def _render_channel_unreachable(renderer: NoticeRenderer) -> NoticeText:
    # Slack shows the channel's name for a reference; in an email only its id is known.
    key = "notice-channel-unreachable" if renderer.is_mrkdwn else "notice-channel-unreachable-plain"
    channel = renderer.get_payload(ChannelUnreachablePayload).channel
    title = renderer.format_text(key, channel=channel, account=renderer.notice.account.name)
    return NoticeText(title, (renderer.format_text("notice-channel-unreachable-details"),))


RENDER_BY_KIND: dict[NoticeKind, Callable[[NoticeRenderer], NoticeText]] = {
    NoticeKind.ORDER_STATUS: order_notices.render_order_status,
    NoticeKind.ORDER_HISTORY: order_notices.render_order_history,
    NoticeKind.ORDER_PLACED: order_notices.render_order_placed,
    NoticeKind.ORDER_QUEUED: order_notices.render_order_queued,
    NoticeKind.ORDER_DECLINED: order_notices.render_order_declined,
    NoticeKind.ORDER_NEEDS_CUSTOMER: order_notices.render_payment_confirmation,
    NoticeKind.ORDER_FAILED: order_notices.render_order_failed,
    NoticeKind.ORDER_OVERDUE: order_notices.render_order_overdue,
    NoticeKind.ORDER_MESSAGES: order_notices.render_order_status,
    NoticeKind.INVOICE_OVERDUE: order_notices.render_invoice,
    NoticeKind.INVOICE_PAID: order_notices.render_invoice,
    NoticeKind.INVOICE_CANCELLED: order_notices.render_invoice,
    NoticeKind.RECEIPT: order_notices.render_receipt_notice,
    NoticeKind.RECEIPT_FILE: order_notices.render_receipt_file,
    NoticeKind.RECEIPT_EMAIL: order_notices.render_receipt_notice,
    NoticeKind.RECEIPT_EXPORT: render_receipt_export,
    NoticeKind.QUOTE_ARRIVED: quote_notices.render_quote_arrived,
    NoticeKind.QUOTE_REMINDER: quote_notices.render_quote_reminder,
    NoticeKind.QUOTE_DECIDED: quote_notices.render_quote_decided,
    NoticeKind.QUOTE_EXTENSION_REQUESTED: quote_notices.render_extension_requested,
    NoticeKind.QUOTE_EXTENSION_MESSAGE_UPDATE: quote_notices.render_extension_requested,
    NoticeKind.QUOTE_EXTENSION_DECIDED: quote_notices.render_extension_decided,
    NoticeKind.QUOTE_EXTENSION_UNDELIVERED: quote_notices.render_extension_undelivered,
    NoticeKind.QUOTE_PDF_REQUESTED: quote_notices.render_quote_message,
    NoticeKind.QUOTE_FILE: quote_notices.render_quote_file,
    NoticeKind.QUOTE_MESSAGE_UPDATE: quote_notices.render_quote_message,
    NoticeKind.PORTAL_CHANGED: _render_portal_changed,
    NoticeKind.CONTACT_INVITED: contact_notices.render_contact_invited,
    NoticeKind.CONTACT_INVITATION_MESSAGE_UPDATE: contact_notices.render_contact_invited,
    NoticeKind.CONTACTS_CHANGED: contact_notices.render_contacts_changed,
    NoticeKind.CONTACT_WITHDRAWN: contact_notices.render_contact_withdrawn,
    NoticeKind.CHANNEL_UNREACHABLE: _render_channel_unreachable,
}
