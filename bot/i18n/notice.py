"""What each kind of notice says."""

from collections.abc import Callable

from bot.i18n import order_notice, quote_notice
from bot.i18n.voice import Told, Voice, Wording
from models.notice import NoticeKind


def word_notice(told: Told, services_url: str, *, mrkdwn: bool, live: bool = False) -> Wording:
    return WORDINGS[told.kind](Voice(told, services_url, mrkdwn, live))


def _portal_changed(voice: Voice) -> Wording:
    title = voice.say(
        "portal-changed", by=str(voice.told.words.get("by", "")), account=voice.told.account.name
    )
    return Wording(title, (voice.say("portal-changed-means"),))


def _channel_unreachable(voice: Voice) -> Wording:
    # As a reference Slack shows the channel's name; elsewhere only its id is known.
    key = "channel-unreachable" if voice.mrkdwn else "channel-unreachable-plain"
    channel = str(voice.told.words.get("channel", ""))
    title = voice.say(key, channel=channel, account=voice.told.account.name)
    return Wording(title, (voice.say("channel-unreachable-means"),))


WORDINGS: dict[NoticeKind, Callable[[Voice], Wording]] = {
    NoticeKind.ORDER_STATUS: order_notice.status,
    NoticeKind.ORDER_HISTORY: order_notice.history,
    NoticeKind.ORDER_PLACED: order_notice.placed,
    NoticeKind.ORDER_WAITS: order_notice.waits,
    NoticeKind.ORDER_DECLINED: order_notice.declined,
    NoticeKind.ORDER_NEEDS_CUSTOMER: order_notice.needs_customer,
    NoticeKind.ORDER_FAILED: order_notice.failed,
    NoticeKind.ORDER_OVERDUE: order_notice.overdue,
    NoticeKind.RECEIPT: order_notice.receipt,
    NoticeKind.RECEIPT_FILE: order_notice.receipt_file,
    NoticeKind.RECEIPT_MAIL: order_notice.receipt,
    NoticeKind.QUOTE_ARRIVED: quote_notice.arrived,
    NoticeKind.QUOTE_REMINDER: quote_notice.reminder,
    NoticeKind.QUOTE_DECIDED: quote_notice.decided,
    NoticeKind.QUOTE_CARD: quote_notice.card,
    NoticeKind.PORTAL_CHANGED: _portal_changed,
    NoticeKind.CHANNEL_UNREACHABLE: _channel_unreachable,
}
