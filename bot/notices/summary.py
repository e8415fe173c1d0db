"""What each kind of notice says."""

from collections.abc import Callable
from dataclasses import replace

from bot.i18n import SlackMarkup
from bot.notices import orders as order_notices
from bot.notices import quotes as quote_notices
from bot.notices.render import NoticeRenderer, NoticeText, RenderableNotice
from models.notice import NoticeKind
from models.notice_payloads import ChannelUnreachablePayload, PortalChangedPayload


def render_notice(
    notice: RenderableNotice, services_url: str, *, mrkdwn: bool, live_dates: bool = False
) -> NoticeText:
    voice = NoticeRenderer(notice, services_url, mrkdwn, live_dates)
    return _render_digest(voice) if notice.digest_items else RENDER_BY_KIND[notice.kind](voice)


def _render_digest(renderer: NoticeRenderer) -> NoticeText:
    """A line for each notice: when it came, and its title."""
    parts = renderer.notice.digest_items
    title = renderer.format_text("notice-digest", account=renderer.notice.account.name, count=len(parts))
    return NoticeText(
        title,
        (
            *(_format_digest_line(renderer, part) for part in parts),
            renderer.format_text("notice-digest-reason"),
        ),
    )


def _format_digest_line(renderer: NoticeRenderer, item: RenderableNotice) -> str:
    said = RENDER_BY_KIND[item.kind](replace(renderer, notice=item)).title
    # What is said is escaped already.
    return renderer.format_text(
        "notice-digest-line", at=item.created_at, what=SlackMarkup(said) if renderer.is_mrkdwn else said
    )


def _render_portal_changed(renderer: NoticeRenderer) -> NoticeText:
    title = renderer.format_text(
        "notice-portal-changed",
        by=renderer.get_payload(PortalChangedPayload).by,
        account=renderer.notice.account.name,
    )
    return NoticeText(title, (renderer.format_text("notice-portal-changed-details"),))


def _render_channel_unreachable(renderer: NoticeRenderer) -> NoticeText:
    # As a reference Slack shows the channel's name; elsewhere only its id is known.
    key = "notice-channel-unreachable" if renderer.is_mrkdwn else "notice-channel-unreachable-plain"
    channel = renderer.get_payload(ChannelUnreachablePayload).channel
    title = renderer.format_text(key, channel=channel, account=renderer.notice.account.name)
    return NoticeText(title, (renderer.format_text("notice-channel-unreachable-details"),))


RENDER_BY_KIND: dict[NoticeKind, Callable[[NoticeRenderer], NoticeText]] = {
    NoticeKind.ORDER_STATUS: order_notices.render_order_status,
    NoticeKind.ORDER_HISTORY: order_notices.render_order_history,
    NoticeKind.ORDER_PLACED: order_notices.render_order_placed,
    NoticeKind.ORDER_WAITS: order_notices.render_order_waiting,
    NoticeKind.ORDER_DECLINED: order_notices.render_order_declined,
    NoticeKind.ORDER_NEEDS_CUSTOMER: order_notices.render_payment_confirmation,
    NoticeKind.ORDER_FAILED: order_notices.render_order_failed,
    NoticeKind.ORDER_OVERDUE: order_notices.render_order_overdue,
    NoticeKind.RECEIPT: order_notices.render_receipt_notice,
    NoticeKind.RECEIPT_FILE: order_notices.render_receipt_file,
    NoticeKind.RECEIPT_MAIL: order_notices.render_receipt_notice,
    NoticeKind.QUOTE_ARRIVED: quote_notices.render_quote_arrived,
    NoticeKind.QUOTE_REMINDER: quote_notices.render_quote_reminder,
    NoticeKind.QUOTE_DECIDED: quote_notices.render_quote_decided,
    NoticeKind.QUOTE_CARD: quote_notices.render_quote_card,
    NoticeKind.PORTAL_CHANGED: _render_portal_changed,
    NoticeKind.CHANNEL_UNREACHABLE: _render_channel_unreachable,
}
