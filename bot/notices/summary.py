"""What each kind of notice says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.i18n import Markup
from bot.notices import orders as order_notices
from bot.notices import quotes as quote_notices
from bot.notices.render import Told, Voice, Wording
from models.notice import NoticeKind


def word_notice(told: Told, services_url: str, *, mrkdwn: bool, live: bool = False) -> Wording:
    voice = Voice(told, services_url, mrkdwn, live)
    return _digest(voice) if told.parts else WORDINGS[told.kind](voice)


def _digest(voice: Voice) -> Wording:
    """A line for each notice: when it came, and its title."""
    parts = voice.told.parts
    title = voice.say("digest", account=voice.told.account.name, count=len(parts))
    return Wording(title, (*(_digest_line(voice, part) for part in parts), voice.say("digest-why")))


def _digest_line(voice: Voice, part: Told) -> str:
    said = WORDINGS[part.kind](replace(voice, told=part)).title
    at = datetime.fromisoformat(str(part.words["told_at"]))
    # What is said is escaped already.
    return voice.say("digest-line", at=at, what=Markup(said) if voice.mrkdwn else said)


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
    NoticeKind.ORDER_STATUS: order_notices.status,
    NoticeKind.ORDER_HISTORY: order_notices.history,
    NoticeKind.ORDER_PLACED: order_notices.placed,
    NoticeKind.ORDER_WAITS: order_notices.waits,
    NoticeKind.ORDER_DECLINED: order_notices.declined,
    NoticeKind.ORDER_NEEDS_CUSTOMER: order_notices.needs_customer,
    NoticeKind.ORDER_FAILED: order_notices.failed,
    NoticeKind.ORDER_OVERDUE: order_notices.overdue,
    NoticeKind.RECEIPT: order_notices.receipt,
    NoticeKind.RECEIPT_FILE: order_notices.receipt_file,
    NoticeKind.RECEIPT_MAIL: order_notices.receipt,
    NoticeKind.QUOTE_ARRIVED: quote_notices.arrived,
    NoticeKind.QUOTE_REMINDER: quote_notices.reminder,
    NoticeKind.QUOTE_DECIDED: quote_notices.decided,
    NoticeKind.QUOTE_CARD: quote_notices.card,
    NoticeKind.PORTAL_CHANGED: _portal_changed,
    NoticeKind.CHANNEL_UNREACHABLE: _channel_unreachable,
}
