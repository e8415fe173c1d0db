"""What the notices of service orders and receipts say."""

from bot.i18n import Localizer
from bot.notices.render import (
    MAX_NAME_LENGTH,
    MAX_ROWS,
    NoticeRenderer,
    NoticeText,
    format_decline_reason,
    format_line_state,
    format_order_rows,
    format_product_row,
    format_rows,
    format_total,
    truncate_escaped,
)
from models.audit_entry import AuditEntry
from models.destination import DestinationKind
from models.details import OrderRow
from models.notice_payloads import (
    OrderDeclinedPayload,
    OrderHistoryPayload,
    OrderWaitsPayload,
    PaymentConfirmationPayload,
)
from models.service_order import LineStatus, OrderStatus


def render_order_status(renderer: NoticeRenderer) -> NoticeText:
    order = renderer.order.order
    title = renderer.format_text("notice-order-status", number=order.number, status=order.status.value)
    return NoticeText(
        title,
        (
            *format_order_rows(renderer),
            *format_total(renderer, renderer.order.quote),
            _format_placed_by(renderer),
            *_format_next_steps(renderer),
        ),
    )


def _format_next_steps(renderer: NoticeRenderer) -> list[str]:
    """What happens next, by whom and by when; in the end, what came of it."""
    sheet, order = renderer.order, renderer.order.order
    if order.status is OrderStatus.FAILED:
        return [
            _format_completion(renderer),
            renderer.format_text("order-nothing-charged"),
            renderer.format_contact_services(),
        ]
    if order.is_finished:
        return [_format_completion(renderer)]
    late = (
        [
            renderer.format_text("notice-order-next-overdue", by=order.processing_deadline),
            renderer.format_contact_services(),
        ]
        if sheet.is_overdue
        else []
    )
    return [*_format_required_actions(renderer), *(late or [_format_progress(renderer)])]


def _format_required_actions(renderer: NoticeRenderer) -> list[str]:
    """What a person must do, as long as they can."""
    sheet = renderer.order
    asked = []
    declined = [row.line for row in sheet.rows if row.line.can_retry(sheet.order, sheet.at)]
    if declined:
        until = min(line.get_retry_deadline(sheet.order) for line in declined)
        asked.append(renderer.format_text("notice-order-next-decide", until=until))
    confirmed_by = [
        row.line.deadline_at
        for row in sheet.list_rows_with_status(LineStatus.NEEDS_CUSTOMER)
        if row.line.deadline_at
    ]
    if confirmed_by:
        asked.append(renderer.format_text("notice-order-next-confirm", until=min(confirmed_by)))
    return asked


def _format_progress(renderer: NoticeRenderer) -> str:
    order = renderer.order.order
    waits_for = next(
        (row.blocking_order_number for row in renderer.order.rows if row.blocking_order_number), None
    )
    if waits_for:
        return renderer.format_text(
            "notice-order-next-queued", number=waits_for, by=order.processing_deadline
        )
    return _format_completion(renderer)


def _format_placed_by(renderer: NoticeRenderer) -> str:
    sheet = renderer.order
    return renderer.format_text(
        "notice-order-placed-by", name=sheet.contact.name, at=sheet.order.placed_at, quote=sheet.quote.number
    )


def _format_completion(renderer: NoticeRenderer) -> str:
    """When it will have been processed, or when it was."""
    order = renderer.order.order
    if order.finished_at is None:
        return renderer.format_text("order-promise", by=order.processing_deadline)
    receipt = renderer.order.receipt.number if renderer.order.receipt else ""
    return renderer.format_text(
        "notice-order-finished", status=order.status.value, at=order.finished_at, receipt=receipt
    )


def render_order_history(renderer: NoticeRenderer) -> NoticeText:
    payload = renderer.get_payload(OrderHistoryPayload)
    return NoticeText(
        renderer.format_text(
            "notice-history",
            step=payload.step,
            product=truncate_escaped(payload.product, MAX_NAME_LENGTH),
            seats=payload.seats,
            reason=format_decline_reason(renderer.notice.localizer, payload.reason),
            waits_for=payload.blocking_order_number,
            by=payload.by,
            at=payload.at or renderer.notice.created_at,
        )
    )


def render_order_placed(renderer: NoticeRenderer) -> NoticeText:
    sheet = renderer.order
    return NoticeText(
        renderer.format_text("notice-order-placed", number=sheet.order.number, account=sheet.account.name),
        (
            *format_order_rows(renderer, with_status=False),
            *format_total(renderer, sheet.quote),
            renderer.format_text(
                "admin-contact", name=sheet.administrator.name, email=sheet.administrator.email
            ),
            _format_completion(renderer),
        ),
    )


def render_order_waiting(renderer: NoticeRenderer) -> NoticeText:
    waits_for = renderer.get_payload(OrderWaitsPayload).blocking_order_number
    title = renderer.format_text(
        "notice-order-queued", number=renderer.order.order.number, waits_for=waits_for
    )
    return NoticeText(
        title,
        (
            renderer.format_text("notice-order-queued-reason", waits_for=waits_for),
            *format_order_rows(renderer),
        ),
    )


def render_order_declined(renderer: NoticeRenderer) -> NoticeText:
    payload = renderer.get_payload(OrderDeclinedPayload)
    title = renderer.format_text(
        "notice-order-declined", number=renderer.order.order.number, products=payload.products
    )
    reason = format_decline_reason(renderer.notice.localizer, payload.reason)
    because = [renderer.format_text("notice-order-declined-reason", reason=reason)] if reason else []
    return NoticeText(
        title,
        (
            *because,
            *_format_price_change(renderer, payload),
            *_format_decline_consequences(renderer),
            *format_order_rows(renderer),
        ),
    )


def _format_price_change(renderer: NoticeRenderer, payload: OrderDeclinedPayload) -> list[str]:
    """R17: what was promised, and what it would have been; not in a channel that shows no amounts."""
    promised, offered = payload.promised_total, payload.offered_total
    if promised is None or offered is None or not renderer.notice.shows_amounts:
        return []
    to_money = renderer.order.to_money
    return [
        renderer.format_text(
            "notice-order-two-prices", promised=to_money(promised), offered=to_money(offered)
        )
    ]


def _format_decline_consequences(renderer: NoticeRenderer) -> list[str]:
    sheet = renderer.order
    retryable = [row.line for row in sheet.rows if row.line.can_retry(sheet.order, sheet.at)]
    if retryable:
        until = min(line.get_retry_deadline(sheet.order) for line in retryable)
        return [
            renderer.format_text("notice-order-not-charged"),
            renderer.format_text("notice-order-retry", until=until),
        ]
    if sheet.list_rows_with_status(LineStatus.DECLINED):
        return [
            renderer.format_text("notice-order-not-charged"),
            renderer.format_text("order-line-no-retry"),
            renderer.format_contact_services(),
        ]
    return [_format_current_status(renderer)]


def _format_current_status(renderer: NoticeRenderer) -> str:
    """Where what the notice asks for is no longer needed when it is read."""
    return renderer.format_text("notice-order-outdated", status=renderer.order.order.status.value)


def render_payment_confirmation(renderer: NoticeRenderer) -> NoticeText:
    sheet = renderer.order
    rows = sheet.list_rows_with_status(LineStatus.NEEDS_CUSTOMER)
    title = renderer.format_text(
        "notice-order-needs-customer",
        number=sheet.order.number,
        products=renderer.get_payload(PaymentConfirmationPayload).products,
        personal="yes" if renderer.is_personal else "no",
    )
    asks = [line for row in rows for line in _format_confirmation(renderer, row)] or [
        _format_current_status(renderer)
    ]
    return NoticeText(title, (*asks, *format_order_rows(renderer)))


def _format_confirmation(renderer: NoticeRenderer, row: OrderRow) -> list[str]:
    name = truncate_escaped(row.product.name, MAX_NAME_LENGTH)
    lines = [renderer.format_text("notice-order-confirm", product=name)]
    if row.line.deadline_at:
        lines = [renderer.format_text("notice-order-confirm-until", product=name, until=row.line.deadline_at)]
    # The link opens the payment to whoever holds it: a button in a direct message, never in a channel.
    if renderer.destination_kind is DestinationKind.EMAIL and row.line.customer_link:
        lines.append(renderer.format_text("notice-order-confirm-link", url=row.line.customer_link))
    return lines


def render_order_failed(renderer: NoticeRenderer) -> NoticeText:
    title = renderer.format_text("notice-order-failed", number=renderer.order.order.number)
    return NoticeText(
        title,
        (
            renderer.format_text("order-nothing-charged"),
            *format_order_rows(renderer),
            renderer.format_contact_services(),
        ),
    )


def render_order_overdue(renderer: NoticeRenderer) -> NoticeText:
    sheet = renderer.order
    title = renderer.format_text("notice-order-overdue", number=sheet.order.number)
    due = renderer.format_text("notice-order-overdue-since", by=sheet.order.processing_deadline)
    if renderer.destination_kind is not DestinationKind.SERVICES:
        ask = renderer.format_text("notice-order-overdue-ask", number=sheet.order.number)
        return NoticeText(title, (due, *format_order_rows(renderer), ask, renderer.format_contact_services()))
    return NoticeText(
        title,
        (
            due,
            renderer.format_text("notice-account", name=sheet.account.name, id=sheet.account.id),
            renderer.format_text("notice-contact", name=sheet.contact.name, email=sheet.contact.email),
            _format_placed_by(renderer),
            *format_order_rows(renderer),
            *format_total(renderer, sheet.quote),
            renderer.format_text("notice-steps"),
            *(_format_history_step(renderer, entry) for entry in sheet.history[-MAX_ROWS:]),
        ),
    )


def _format_history_step(renderer: NoticeRenderer, entry: AuditEntry) -> str:
    what = _format_step_name(renderer.notice.localizer, entry)
    return renderer.format_text(
        "notice-step", at=entry.at, what=what, by=entry.actor_name, reason=entry.reason or ""
    ).rstrip()


def _format_step_name(localizer: Localizer, entry: AuditEntry) -> str:
    """The states a person knows in their words; the rest of the history by the names it was stored under."""
    to = entry.to_status or ""
    if entry.action == "line" and to in list(LineStatus):
        state = localizer.format_text("line-status", status=to)
        return f"{entry.details.get('subscription', '')}: {state}"
    if to in list(OrderStatus):
        return localizer.format_text("order-status", status=to)
    return entry.action.replace("_", " ")


def render_receipt_notice(renderer: NoticeRenderer) -> NoticeText:
    sheet = renderer.order
    if renderer.is_personal:
        title = renderer.format_text(
            "notice-receipt", number=renderer.receipt.number, order=sheet.order.number
        )
    else:
        title = renderer.format_text(
            "notice-order-status", number=sheet.order.number, status=sheet.order.status.value
        )
    settled = sheet.list_rows_with_status(LineStatus.SETTLED)
    # A channel has readers who may not read receipts (R1): it is told where the receipt went, no more.
    elsewhere = (
        []
        if renderer.is_personal
        else [renderer.format_text("notice-receipt-sent", number=renderer.receipt.number)]
    )
    return NoticeText(
        title,
        (
            *format_rows(
                renderer,
                settled,
                lambda row: format_product_row(renderer, row, with_amounts=renderer.notice.shows_amounts),
            ),
            *format_receipt_totals(renderer),
            *format_unsettled_lines(renderer),
            *elsewhere,
        ),
    )


def render_receipt_file(renderer: NoticeRenderer) -> NoticeText:
    """What stands beside the PDF."""
    return NoticeText(renderer.format_text("notice-receipt-file", number=renderer.receipt.number))


def format_receipt_totals(renderer: NoticeRenderer) -> list[str]:
    sheet = renderer.order
    if not renderer.notice.shows_amounts:
        return []
    receipt = renderer.receipt
    return [
        renderer.format_text("notice-subtotal", amount=sheet.to_money(receipt.subtotal)),
        renderer.format_text("notice-tax", amount=sheet.to_money(receipt.tax)),
        renderer.format_text("notice-total", amount=sheet.to_money(receipt.total)),
        *(
            renderer.format_text("notice-paid-by", brand=method.brand.title(), last4=method.last4)
            for method in sheet.charged_payment_methods
        ),
    ]


def format_unsettled_lines(renderer: NoticeRenderer) -> list[str]:
    """R18: the lines that did not settle are named."""
    missing = [row for row in renderer.order.rows if row.line.status is not LineStatus.SETTLED]
    if not missing:
        return []
    rows = format_rows(
        renderer,
        missing,
        lambda row: format_product_row(renderer, row, state=format_line_state(renderer, row)),
    )
    return [renderer.format_text("notice-not-charged"), *rows, renderer.format_contact_services()]
