"""What the notices of quotes say."""

from bot.i18n.voice import Voice, Wording, quote_rows, total
from models.quote import QuoteStatus
from models.sheet import QuoteSheet


def arrived(voice: Voice) -> Wording:
    return _card(voice, "notice-quote-arrived")


def reminder(voice: Voice) -> Wording:
    return _card(voice, "notice-quote-reminder")


def card(voice: Voice) -> Wording:
    return _card(voice, "quote-number")


def _card(voice: Voice, pending_title: str) -> Wording:
    sheet = voice.quote
    number, until = sheet.quote.number, sheet.quote.expires_at
    title = voice.say(pending_title if sheet.pending else "quote-number", number=number, until=until)
    return Wording(title, (*quote_rows(voice), *total(voice, sheet.quote), _quote_state(voice)))


def _quote_state(voice: Voice) -> str:
    sheet = voice.quote
    if sheet.pending:
        return voice.say("quote-valid-until", until=sheet.quote.expires_at)
    return _decision(voice)


def decided(voice: Voice) -> Wording:
    sheet = voice.quote
    title = voice.say("notice-quote-decided", number=sheet.quote.number, decision=_decided(sheet))
    return Wording(title, (_quote_state(voice), *quote_rows(voice)))


def _decided(sheet: QuoteSheet) -> str:
    if sheet.quote.replaced_by_id is not None:
        return "replaced"
    status = sheet.quote.status_at(sheet.at)
    elsewhere = "_elsewhere" if sheet.quote.decided_elsewhere and status is not QuoteStatus.EXPIRED else ""
    return status.value + elsewhere


def _decision(voice: Voice) -> str:
    """R20: what became of it, by whom and when."""
    quote = voice.quote.quote
    order = voice.quote.order
    return voice.say(
        "notice-quote-decision",
        decision=_decided(voice.quote),
        by=quote.decided_by or "",
        at=quote.decided_at or quote.expires_at,
        reason=quote.reason or "",
        replaced_by=voice.quote.replaced_by or "",
        order=order.number if order else "",
    )
