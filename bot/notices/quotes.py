"""What the notices of quotes say."""

from bot.notices.render import NoticeRenderer, NoticeText, format_quote_rows, format_total
from models.details import QuoteDetails
from models.quote import QuoteStatus


def render_quote_arrived(renderer: NoticeRenderer) -> NoticeText:
    return _render_quote(renderer, "notice-quote-arrived")


def render_quote_reminder(renderer: NoticeRenderer) -> NoticeText:
    return _render_quote(renderer, "notice-quote-reminder")


def render_quote_card(renderer: NoticeRenderer) -> NoticeText:
    return _render_quote(renderer, "quote-number")


def _render_quote(renderer: NoticeRenderer, pending_title: str) -> NoticeText:
    sheet = renderer.quote
    number, until = sheet.quote.number, sheet.quote.expires_at
    title = renderer.format_text(
        pending_title if sheet.is_pending else "quote-number", number=number, until=until
    )
    return NoticeText(
        title,
        (*format_quote_rows(renderer), *format_total(renderer, sheet.quote), _format_quote_state(renderer)),
    )


def _format_quote_state(renderer: NoticeRenderer) -> str:
    sheet = renderer.quote
    if sheet.is_pending:
        return renderer.format_text("quote-valid-until", until=sheet.quote.expires_at)
    return _format_decision(renderer)


def render_quote_decided(renderer: NoticeRenderer) -> NoticeText:
    sheet = renderer.quote
    title = renderer.format_text(
        "notice-quote-decided", number=sheet.quote.number, decision=_get_decision(sheet)
    )
    return NoticeText(title, (_format_quote_state(renderer), *format_quote_rows(renderer)))


def _get_decision(details: QuoteDetails) -> str:
    if details.quote.replaced_by_id is not None:
        return "replaced"
    status = details.quote.get_status(details.at)
    elsewhere = "_elsewhere" if details.quote.decided_externally and status is not QuoteStatus.EXPIRED else ""
    return status.value + elsewhere


def _format_decision(renderer: NoticeRenderer) -> str:
    """R20: what became of it, by whom and when."""
    quote = renderer.quote.quote
    order = renderer.quote.order
    return renderer.format_text(
        "notice-quote-decision",
        decision=_get_decision(renderer.quote),
        by=quote.decided_by or "",
        at=quote.decided_at or quote.expires_at,
        reason=quote.reason or "",
        replaced_by=renderer.quote.replacement_number or "",
        order=order.number if order else "",
    )
