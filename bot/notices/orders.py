"""What the notices of service orders and receipts say."""

from collections.abc import Sequence

from bot.notices.render import (
    MAX_ROWS,
    AmountRow,
    AmountTable,
    NoticeRenderer,
    NoticeText,
    build_amounts,
    format_order_line,
    format_order_lines,
    format_rows,
    format_total,
    list_totals,
    truncate_name,
)
from bot.presenters.audit_entry import format_history_entry
from bot.presenters.decline import format_decline_reason
from bot.presenters.order import OrderLinePresenter, format_invoice_status
from bot.presenters.receipt import (
    format_missing_invoices,
    get_document_arguments,
    get_sent_document_arguments,
)
from models.invoice import InvoiceStatus
from models.notice.destination import DestinationKind
from models.notice.payloads import (
    InvoicePayload,
    OrderDeclinedPayload,
    OrderHistoryPayload,
    OrderQueuedPayload,
    PaymentConfirmationPayload,
)
from models.service_order import LineStatus, OrderStatus


def render_order_status(renderer: NoticeRenderer) -> NoticeText:
    return NoticeText(
        _format_status_title(renderer),
        (
            *_build_order_amounts(renderer, with_status=True),
            *_format_po_number(renderer),
            _format_placed_by(renderer),
            *_format_next_steps(renderer),
        ),
    )


def _format_status_title(renderer: NoticeRenderer) -> str:
    number, status = renderer.order.order.number, renderer.order_presenter.status_name
    return renderer.format_text("notice-order-status", number=number, status=status)


def _build_order_amounts(renderer: NoticeRenderer, *, with_status: bool = False) -> list[str | AmountTable]:
    presenter = renderer.order_presenter
    rows = _make_amount_rows(presenter.lines, with_status=with_status)
    totals = list_totals(renderer, renderer.order.taxes, presenter.tax, presenter.total)
    return build_amounts(renderer, rows, totals)


def _make_amount_rows(lines: Sequence[OrderLinePresenter], *, with_status: bool = False) -> list[AmountRow]:
    return [
        AmountRow(line.product, line.seats, line.amount, line.tax, line.status if with_status else "")
        for line in lines
    ]


def _format_order_total(renderer: NoticeRenderer) -> list[str]:
    return format_total(renderer, renderer.order_presenter.total, renderer.order_presenter.tax)


def _format_po_number(renderer: NoticeRenderer) -> list[str]:
    number = renderer.order.order.po_number
    return [renderer.format_text("notice-po-number", number=number)] if number else []


def _format_next_steps(renderer: NoticeRenderer) -> list[str]:
    """Says what happens next, by whom and by when; once the order is finished, its result."""
    details, order = renderer.order, renderer.order.order
    if order.status is OrderStatus.FAILED:
        return [
            _format_completion(renderer),
            renderer.format_text("order-nothing-billed"),
            renderer.format_contact_services(),
        ]
    if order.is_finished:
        return [_format_completion(renderer)]
    progress = _format_delay(renderer) if details.is_overdue else _format_progress(renderer)
    return [*_format_required_actions(renderer), *progress]


def _format_delay(renderer: NoticeRenderer) -> list[str]:
    return [
        renderer.format_text("notice-order-next-overdue", by=renderer.order.order.processing_deadline),
        renderer.format_contact_services(),
    ]


def _format_required_actions(renderer: NoticeRenderer) -> list[str]:
    presenter, actions = renderer.order_presenter, []
    if presenter.retry_deadline:
        actions.append(renderer.format_text("notice-order-next-decide", until=presenter.retry_deadline))
    if presenter.confirmation_deadline:
        actions.append(
            renderer.format_text("notice-order-next-confirm", until=presenter.confirmation_deadline)
        )
    return actions


def _format_progress(renderer: NoticeRenderer) -> list[str]:
    blocking_order = renderer.order_presenter.blocking_order_number
    if blocking_order is None:
        return _format_promise(renderer)
    by = renderer.order.order.processing_deadline
    return [renderer.format_text("notice-order-next-queued", number=blocking_order, by=by)]


def _format_promise(renderer: NoticeRenderer) -> list[str]:
    # No time is promised for what waits for somebody of the account.
    return [] if renderer.order.needs_action else [_format_completion(renderer)]


def _format_placed_by(renderer: NoticeRenderer) -> str:
    details = renderer.order
    return renderer.format_text(
        "notice-order-placed-by",
        name=details.contact.name,
        at=details.order.placed_at,
        quote=details.quote.number,
    )


def _format_completion(renderer: NoticeRenderer) -> str:
    details, order = renderer.order, renderer.order.order
    if order.finished_at is None:
        return renderer.format_text("order-promise", by=order.processing_deadline)
    return renderer.format_text(
        "notice-order-finished",
        status=order.status.value,
        at=order.finished_at,
        **(get_document_arguments(details.receipt) if details.receipt else {}),
    )


def render_order_history(renderer: NoticeRenderer) -> NoticeText:
    payload = renderer.get_payload(OrderHistoryPayload)
    return NoticeText(
        renderer.format_text(
            "notice-history",
            step=payload.step,
            product=truncate_name(payload.product),
            seats=payload.seats,
            reason=format_decline_reason(renderer.notice.localizer, payload.reason),
            queued_behind=payload.blocking_order_number,
            by=payload.by,
            at=payload.at or renderer.notice.created_at,
            invoice=payload.invoice_number,
            has_invoice="yes" if payload.invoice_number else "no",
        )
    )


def render_invoice(renderer: NoticeRenderer) -> NoticeText:
    # The invoice as it is now: it may have been paid since.
    invoice_id = renderer.get_payload(InvoicePayload).invoice_id
    lines = [
        line
        for line in renderer.order_presenter.lines
        if line.row.invoice is not None and line.row.invoice.id == invoice_id
    ]
    if not lines or lines[0].row.invoice is None:
        return _render_progress(renderer)
    [line], invoice = lines, lines[0].row.invoice
    account = renderer.notice.account
    title = renderer.format_text(
        "notice-invoice",
        number=invoice.number,
        status=invoice.status.value,
        order=renderer.order.order.number,
    )
    texts = [format_order_line(renderer, line)]
    if renderer.notice.shows_amounts:
        texts.append(renderer.escape_text(format_invoice_status(renderer.notice.localizer, invoice, account)))
    elif invoice.due_at and invoice.is_payable:
        texts.append(renderer.format_text("notice-invoice-due", on=account.get_local_date(invoice.due_at)))
    if invoice.status is InvoiceStatus.OVERDUE:
        texts.append(renderer.format_text("notice-invoice-overdue"))
    return NoticeText(title, tuple(texts))


def render_order_placed(renderer: NoticeRenderer) -> NoticeText:
    details = renderer.order
    title = renderer.format_text(
        "notice-order-placed", number=details.order.number, account=details.account.name
    )
    administrator = renderer.format_text(
        "admin-contact", name=details.administrator.name, email=details.administrator.email
    )
    return NoticeText(
        title,
        (
            *_build_order_amounts(renderer),
            *_format_po_number(renderer),
            administrator,
            *(_format_delay(renderer) if details.is_overdue else _format_promise(renderer)),
        ),
    )


def render_order_queued(renderer: NoticeRenderer) -> NoticeText:
    if renderer.order.order.status is not OrderStatus.PLACED:
        return _render_progress(renderer)
    blocking_order = renderer.get_payload(OrderQueuedPayload).blocking_order_number
    title = renderer.format_text(
        "notice-order-queued", number=renderer.order.order.number, queued_behind=blocking_order
    )
    reason = renderer.format_text("notice-order-queued-reason", queued_behind=blocking_order)
    return NoticeText(title, (reason, *format_order_lines(renderer)))


def _render_progress(renderer: NoticeRenderer) -> NoticeText:
    return NoticeText(
        _format_status_title(renderer), (*_format_promise(renderer), *format_order_lines(renderer))
    )


def _render_resolved(renderer: NoticeRenderer, products: list[str]) -> NoticeText:
    resolution = renderer.format_text(
        "notice-order-resolved", request=renderer.notice.kind.value, products=products
    )
    return NoticeText(_format_status_title(renderer), (resolution, *format_order_lines(renderer)))


def render_order_declined(renderer: NoticeRenderer) -> NoticeText:
    payload = renderer.get_payload(OrderDeclinedPayload)
    if not renderer.order.list_rows_with_status(LineStatus.DECLINED, payload.subscription_id):
        return _render_resolved(renderer, payload.products)
    declined = renderer.order_presenter.list_lines_with_status(LineStatus.DECLINED, payload.subscription_id)
    title = renderer.format_text(
        "notice-order-declined",
        payment=_find_payment_kind(declined),
        number=renderer.order.order.number,
        products=payload.products,
    )
    lines = format_order_lines(renderer)
    own_lines = [format_order_line(renderer, line, with_amounts=True, with_status=True) for line in declined]
    return NoticeText(
        title,
        (
            *_format_payload_reason(renderer, payload, [line for line in own_lines if line in lines]),
            *_format_price_change(renderer, payload),
            *_format_decline_consequences(renderer, payload.subscription_id),
            *lines,
        ),
    )


def _find_payment_kind(lines: Sequence[OrderLinePresenter]) -> str:
    return "invoice" if all(line.row.line.is_on_invoice for line in lines) else "charge"


def _format_payload_reason(
    renderer: NoticeRenderer, payload: OrderDeclinedPayload, own_lines: Sequence[str]
) -> list[str]:
    """Unless the lines that it is about say it."""
    if not payload.reason:
        return []
    reason = format_decline_reason(renderer.notice.localizer, payload.reason)
    if any(renderer.escape_text(reason) in line for line in own_lines):
        return []
    return [renderer.format_text("notice-order-declined-reason", reason=reason)]


def _format_price_change(renderer: NoticeRenderer, payload: OrderDeclinedPayload) -> list[str]:
    """The promised and the current price (R17), unless the channel shows no amounts."""
    promised, offered = payload.promised_total, payload.offered_total
    if promised is None or offered is None or not renderer.notice.shows_amounts:
        return []
    to_money = renderer.order.to_money
    return [
        renderer.format_text(
            "notice-order-two-prices", promised=to_money(promised), offered=to_money(offered)
        )
    ]


def _format_decline_consequences(renderer: NoticeRenderer, subscription_id: str) -> list[str]:
    until = renderer.order_presenter.find_retry_deadline(subscription_id)
    if until:
        return [
            renderer.format_text("notice-order-not-billed"),
            renderer.format_text(
                "notice-order-retry",
                payment=_find_payment_kind(renderer.order_presenter.retryable_lines),
                until=until,
            ),
        ]
    return [
        renderer.format_text("notice-order-not-billed"),
        renderer.format_text("order-line-no-retry"),
        renderer.format_contact_services(),
    ]


def render_payment_confirmation(renderer: NoticeRenderer) -> NoticeText:
    payload = renderer.get_payload(PaymentConfirmationPayload)
    products, subscription_id = payload.products, payload.subscription_id
    unconfirmed = renderer.order_presenter.list_lines_with_status(LineStatus.NEEDS_CUSTOMER, subscription_id)
    if not unconfirmed:
        return _render_resolved(renderer, products)
    title = renderer.format_text(
        "notice-order-needs-customer",
        number=renderer.order.order.number,
        products=products,
        personal="yes" if renderer.is_personal else "no",
    )
    requests = [text for line in unconfirmed for text in _format_confirmation(renderer, line)]
    return NoticeText(title, (*requests, *format_order_lines(renderer)))


def _format_confirmation(renderer: NoticeRenderer, line: OrderLinePresenter) -> list[str]:
    name, until, link = truncate_name(line.product), line.row.line.deadline_at, line.row.line.customer_link
    if until:
        texts = [renderer.format_text("notice-order-confirm-until", product=name, until=until)]
    else:
        texts = [renderer.format_text("notice-order-confirm", product=name)]
    # Anybody who has the link can pay: it is a button in a direct message, and never goes to a channel.
    if renderer.destination_kind is DestinationKind.EMAIL and link:
        texts.append(renderer.format_text("notice-order-confirm-link", url=link))
    return texts


def render_order_failed(renderer: NoticeRenderer) -> NoticeText:
    title = renderer.format_text("notice-order-failed", number=renderer.order.order.number)
    return NoticeText(
        title,
        (
            renderer.format_text("order-nothing-billed"),
            *format_order_lines(renderer),
            renderer.format_contact_services(),
        ),
    )


def render_order_overdue(renderer: NoticeRenderer) -> NoticeText:
    order = renderer.order.order
    title = renderer.format_text("notice-order-overdue", number=order.number)
    overdue = renderer.format_text("notice-order-overdue-since", by=order.processing_deadline)
    if order.is_finished:
        title, overdue = _format_status_title(renderer), _format_completion(renderer)
    lines = format_order_lines(renderer)
    if renderer.destination_kind is DestinationKind.ACCOUNT_SERVICES:
        return NoticeText(title, (overdue, *_format_case(renderer, lines)))
    if order.is_finished:
        return NoticeText(title, (overdue, *lines))
    ask = renderer.format_text("notice-order-overdue-ask", number=order.number)
    return NoticeText(title, (overdue, *lines, ask, renderer.format_contact_services()))


def _format_case(renderer: NoticeRenderer, lines: list[str]) -> list[str]:
    details = renderer.order
    return [
        renderer.format_text("notice-account", name=details.account.name, id=details.account.id),
        renderer.format_text("notice-contact", name=details.contact.name, email=details.contact.email),
        _format_placed_by(renderer),
        *_format_po_number(renderer),
        *lines,
        *_format_order_total(renderer),
        renderer.format_text("notice-steps"),
        *_format_history(renderer),
    ]


def _format_history(renderer: NoticeRenderer) -> list[str]:
    labels = renderer.order_presenter.product_labels
    entries = renderer.order.history[-MAX_ROWS:]
    localizer, format_text = renderer.notice.localizer, renderer.format_text
    return [f"• {format_history_entry(localizer, entry, labels, format_text)}" for entry in entries]


def render_receipt_notice(renderer: NoticeRenderer) -> NoticeText:
    # Not everyone in a channel may read receipts (R1), so it only says where the receipt was sent.
    if renderer.is_personal:
        title = renderer.format_text(
            "notice-receipt", **get_document_arguments(renderer.receipt), order=renderer.order.order.number
        )
        sent = []
    else:
        title = _format_status_title(renderer)
        has_mail = "yes" if renderer.notice.has_mail else "no"
        document = get_document_arguments(renderer.receipt)
        sent = [renderer.format_text("notice-receipt-sent", **document, has_mail=has_mail)]
    amounts = _build_receipt_amounts(renderer)
    payments = _format_payments(renderer)
    return NoticeText(title, (*amounts, *payments, *format_unsettled_lines(renderer), *sent))


def _build_receipt_amounts(renderer: NoticeRenderer) -> list[str | AmountTable]:
    rows = _make_amount_rows(renderer.order_presenter.list_lines_with_status(LineStatus.SETTLED))
    amounts, taxes = renderer.order_presenter.receipt_amounts, renderer.receipt.taxes
    subtotal = (renderer.notice.localizer.format_text("receipt-subtotal"), amounts["subtotal"])
    totals = [subtotal, *list_totals(renderer, taxes, amounts["tax"], amounts["total"])]
    return build_amounts(renderer, rows, totals)


def render_receipt_file(renderer: NoticeRenderer) -> NoticeText:
    missing = renderer.notice.missing_invoices
    document = get_sent_document_arguments(renderer.receipt, missing)
    return NoticeText(
        renderer.format_text("notice-receipt-file", **document),
        tuple(map(renderer.escape_text, format_missing_invoices(renderer.notice.localizer, missing))),
    )


def format_receipt_totals(renderer: NoticeRenderer) -> list[str]:
    if not renderer.notice.shows_amounts:
        return []
    amounts = renderer.order_presenter.receipt_amounts
    return [
        renderer.format_text("notice-subtotal", amount=amounts["subtotal"]),
        renderer.format_text("notice-tax", amount=amounts["tax"]),
        renderer.format_text("notice-total", amount=amounts["total"]),
        *_format_payments(renderer),
    ]


def _format_payments(renderer: NoticeRenderer) -> list[str]:
    if not renderer.notice.shows_amounts:
        return []
    return [renderer.escape_text(text) for text in renderer.order_presenter.format_receipt_payments()]


def format_unsettled_lines(renderer: NoticeRenderer) -> list[str]:
    unsettled = [
        line for line in renderer.order_presenter.lines if line.row.line.status is not LineStatus.SETTLED
    ]
    if not unsettled:
        return []
    texts = format_rows(renderer, unsettled, lambda line: format_order_line(renderer, line, with_status=True))
    return [renderer.format_text("notice-not-bought"), *texts, renderer.format_contact_services()]
