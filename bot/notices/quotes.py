"""What the notices of quotes say."""

from bot.notices.render import (
    AmountRow,
    AmountTable,
    NoticeRenderer,
    NoticeText,
    build_amounts,
    format_quote_lines,
    list_totals,
)
from bot.presenters.product import make_product_labels
from bot.presenters.quote import build_reason_arguments, build_validity_arguments, get_decision_outcome
from models.details import QuoteDetails
from models.notice.payloads import ExtensionUndeliveredPayload


def render_quote_arrived(renderer: NoticeRenderer) -> NoticeText:
    return _render_quote(renderer, "notice-quote-arrived")


def render_quote_reminder(renderer: NoticeRenderer) -> NoticeText:
    return _render_quote(renderer, "notice-quote-reminder")


def render_quote_message(renderer: NoticeRenderer) -> NoticeText:
    return _render_quote(renderer, "quote-number")


def render_quote_file(renderer: NoticeRenderer) -> NoticeText:
    return NoticeText(renderer.format_text("notice-quote-file", number=renderer.quote.quote.number))


def _render_quote(renderer: NoticeRenderer, pending_title: str) -> NoticeText:
    details, quote = renderer.quote, renderer.quote.quote
    title = renderer.format_text(
        pending_title if details.is_pending else "quote-number",
        number=quote.number,
        **build_validity_arguments(details.account, quote.expires_at),
    )
    return NoticeText(title, (*_build_quote_amounts(renderer), _format_quote_status(renderer)))


def _build_quote_amounts(renderer: NoticeRenderer) -> list[str | AmountTable]:
    details, quote = renderer.quote, renderer.quote.quote
    labels = make_product_labels((row.line.subscription_id, row.product) for row in details.rows)
    rows = [
        AmountRow(
            labels[row.line.subscription_id],
            row.line.seats,
            details.to_money(row.line.amount),
            details.to_money(row.line.tax),
        )
        for row in details.rows
    ]
    total, tax = details.to_money(quote.total), details.to_money(quote.tax)
    return build_amounts(renderer, rows, list_totals(renderer, details.taxes, tax, total))


def _format_quote_status(renderer: NoticeRenderer) -> str:
    details = renderer.quote
    if details.is_pending:
        validity = build_validity_arguments(details.account, details.quote.expires_at)
        return renderer.format_text("quote-valid-until", **validity)
    return _format_decision(renderer)


def render_quote_decided(renderer: NoticeRenderer) -> NoticeText:
    details = renderer.quote
    title = renderer.format_text(
        "notice-quote-decided", number=details.quote.number, decision=_get_decision(details)
    )
    return NoticeText(
        title,
        (_format_quote_status(renderer), *_format_lapsed_request(renderer), *format_quote_lines(renderer)),
    )


def _format_lapsed_request(renderer: NoticeRenderer) -> list[str]:
    extension = renderer.quote.extension
    if extension is None or renderer.quote.is_pending:
        return []
    return [renderer.format_text("extension-ended", by=extension.requested_by, at=extension.requested_at)]


def render_extension_requested(renderer: NoticeRenderer) -> NoticeText:
    details, extension = renderer.quote, renderer.extension
    title = renderer.format_text(
        "notice-extension-requested", number=details.quote.number, account=details.account.name
    )
    request = renderer.format_text(
        "extension-request",
        by=extension.requested_by,
        at=extension.requested_at,
        until=extension.requested_until,
        **build_reason_arguments(extension.reason),
    )
    return NoticeText(title, (request, *format_quote_lines(renderer), *_format_extension_status(renderer)))


def _format_extension_status(renderer: NoticeRenderer) -> list[str]:
    details, extension = renderer.quote, renderer.extension
    if not extension.is_open:
        return [_format_extension_decision(renderer)]
    if details.is_pending:
        latest = renderer.format_text("extension-latest", until=details.last_possible_day)
        return [_format_quote_status(renderer), latest]
    return [renderer.format_text("extension-lapsed"), _format_decision(renderer)]


def render_extension_decided(renderer: NoticeRenderer) -> NoticeText:
    extension, number = renderer.extension, renderer.quote.quote.number
    title = renderer.format_text(
        "notice-extension-decided",
        number=number,
        status=extension.status.value,
        until=extension.granted_until or "",
    )
    return NoticeText(
        title,
        (
            _format_extension_decision(renderer),
            *format_quote_lines(renderer),
            _format_quote_status(renderer),
        ),
    )


def render_extension_undelivered(renderer: NoticeRenderer) -> NoticeText:
    withdrawn = "yes" if renderer.get_payload(ExtensionUndeliveredPayload).is_withdrawn else "no"
    title = renderer.format_text(
        "notice-extension-undelivered", number=renderer.quote.quote.number, withdrawn=withdrawn
    )
    return NoticeText(
        title,
        (
            renderer.format_text("extension-undelivered", withdrawn=withdrawn),
            _format_quote_status(renderer),
            renderer.format_contact_services(),
        ),
    )


def _format_extension_decision(renderer: NoticeRenderer) -> str:
    extension = renderer.extension
    return renderer.format_text(
        "extension-decision",
        status=extension.status.value,
        by=extension.decided_by or "",
        at=extension.decided_at or "",
        until=extension.granted_until or "",
        **build_reason_arguments(extension.decision_reason),
    )


def _get_decision(details: QuoteDetails) -> str:
    quote = details.quote
    return get_decision_outcome(
        quote.get_status(details.at).value,
        decided_externally=quote.decided_externally,
        replaced=quote.replaced_by_id is not None,
    )


def _format_decision(renderer: NoticeRenderer) -> str:
    quote, order = renderer.quote.quote, renderer.quote.order
    return renderer.format_text(
        "notice-quote-decision",
        decision=_get_decision(renderer.quote),
        by=quote.decided_by or "",
        at=quote.decided_at or quote.expires_at,
        reason=quote.reason or "",
        replaced_by=renderer.quote.replacement_number or "",
        order=order.number if order else "",
    )
