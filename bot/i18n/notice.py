"""What each kind of notice says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.i18n import Markup, order_notice, quote_notice
from bot.i18n.voice import Told, Voice, Wording
from models.notice import NoticeKind


def word_notice(told: Told, services_url: str, *, mrkdwn: bool, live: bool = False) -> Wording:
    voice = Voice(told, services_url, mrkdwn, live)
    return _digest(voice) if told.parts else WORDINGS[told.kind](voice)


def _digest(voice: Voice) -> Wording:
    """A line for each notice: when it came, and its title."""
    parts = voice.told.parts
    title = voice.say("notice-digest", account=voice.told.account.name, count=len(parts))
    return Wording(title, (*(_digest_line(voice, part) for part in parts), voice.say("notice-digest-reason")))


def _digest_line(voice: Voice, part: Told) -> str:
    said = WORDINGS[part.kind](replace(voice, told=part)).title
    at = datetime.fromisoformat(str(part.words["told_at"]))
    # What is said is escaped already.
    return voice.say("notice-digest-line", at=at, what=Markup(said) if voice.mrkdwn else said)


def _portal_changed(voice: Voice) -> Wording:
    title = voice.say(
        "notice-portal-changed", by=str(voice.told.words.get("by", "")), account=voice.told.account.name
    )
    return Wording(title, (voice.say("notice-portal-changed-details"),))


def _channel_unreachable(voice: Voice) -> Wording:
    # As a reference Slack shows the channel's name; elsewhere only its id is known.
    key = "notice-channel-unreachable" if voice.mrkdwn else "notice-channel-unreachable-plain"
    channel = str(voice.told.words.get("channel", ""))
    title = voice.say(key, channel=channel, account=voice.told.account.name)
    return Wording(title, (voice.say("notice-channel-unreachable-details"),))


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
