"""Service orders: placing one, its status, and trying declined seats again (R10-R12, R18-R21)."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.blocks import block_kit, navigation, order_line
from bot.blocks.address import format_billing_address
from bot.blocks.audit_entry import build_history_blocks, build_history_page
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.blocks.payment_method import build_payment_method_input, format_line_methods
from bot.blocks.quote import build_quote_detail_blocks
from bot.blocks.subscription import format_seats
from bot.i18n import Localizer, escape_mrkdwn
from bot.presenters.order import OrderPresenter
from bot.presenters.product import list_product_labels
from bot.presenters.quote import build_invoice_arguments
from bot.presenters.receipt import get_document_arguments
from bot.presenters.tax import format_short_address, format_tax_notes, list_tax_amounts
from models.account import Account
from models.details import OrderDetails, PlacementPage
from models.money import Money
from models.order_fingerprint import compute_order_fingerprint
from models.payment_method import PaymentMethod
from models.service_order import LineStatus, OrderStatus
from models.tax import TaxItem

PLACE = "service_order.place"
OPEN = navigation.OPEN_ORDER
LIST = navigation.LIST_ORDERS
RETRY = navigation.RETRY_ORDER
CANCEL_DECLINED_SEATS = navigation.CANCEL_DECLINED_SEATS
CONFIRM_PAYMENT = order_line.CONFIRM_PAYMENT
SHOW_OLDER = "service_order.more"
SHOW_HISTORY = "service_order.history"
SHOW_VIEW = "service_order.show"

MAX_ORDERS = 90
MAX_PROVIDER_RECEIPTS = 5


def render_placement_modal(
    localizer: Localizer, placement_page: PlacementPage, metadata: ModalMetadata
) -> View:
    quote = placement_page.quote.quote
    total = placement_page.quote.to_money(quote.total)
    replacement = {
        "number": quote.number,
        "replaced": placement_page.replaced_quote_number or "",
        "total": total,
    }
    blocks = [
        *block_kit.build_alerts(
            [localizer.format_text("placement-replaced", **replacement)]
            if placement_page.replaced_quote_number
            else [],
            "warning",
        ),
        block_kit.build_section(
            localizer.format_mrkdwn(
                "placement-intro",
                number=quote.number,
                account=placement_page.quote.account.name,
                payment=placement_page.quote.payment_kind,
            )
        ),
        *build_quote_detail_blocks(localizer, placement_page.quote),
        block_kit.build_divider(),
        *_build_checkout_sections(localizer, placement_page),
        block_kit.build_section(_format_consequence(localizer, placement_page)),
        block_kit.build_actions(_build_placement_back_button(localizer, placement_page)),
    ]
    submit = localizer.format_text("placement-submit")
    fingerprint = compute_order_fingerprint(
        quote,
        placement_page.quote.rows,
        placement_page.form,
        placement_page.administrator,
        placement_page.payment_methods,
    )
    return block_kit.build_modal(
        PLACE,
        localizer.format_text("service-order"),
        blocks,
        localizer,
        metadata=replace(metadata, shown=fingerprint),
        submit_label=submit,
    )


def _build_placement_back_button(localizer: Localizer, placement_page: PlacementPage) -> Block:
    before = navigation.OPEN_QUOTE if placement_page.skipped_checkout else navigation.EDIT_CHECKOUT
    return navigation.build_back_button(localizer, before, placement_page.quote.quote.key)


def _format_consequence(localizer: Localizer, placement_page: PlacementPage) -> str:
    details = placement_page.quote
    charged, invoiced = map(details.to_money, details.amounts_due)
    return localizer.format_mrkdwn(
        "placement-consequence",
        number=details.quote.number,
        payment=details.payment_kind,
        total=charged,
        invoiced=invoiced,
        **build_invoice_arguments(details),
        has_mail="yes" if placement_page.has_mail else "no",
    )


def _build_checkout_sections(localizer: Localizer, placement_page: PlacementPage) -> list[Block]:
    name, email = placement_page.administrator
    quote_id = placement_page.quote.quote.key
    contact = localizer.format_mrkdwn(
        "placement-admin",
        name=name,
        email=email,
        takes="yes" if placement_page.assigned_products else "no",
        products=block_kit.format_short_list(
            localizer, [product.name for product in placement_page.assigned_products]
        ),
        free=placement_page.unassigned_seats,
    )
    return [
        block_kit.build_section(
            contact, navigation.build_change_button(localizer, quote_id, "action-change-admin-label")
        ),
        block_kit.build_section(
            localizer.format_mrkdwn(
                "placement-method",
                method=format_line_methods(
                    localizer,
                    list_product_labels(placement_page.quote.rows),
                    placement_page.payment_methods,
                ),
            ),
            navigation.build_change_button(localizer, quote_id, "action-change-method-label"),
        ),
        _build_po_number_section(localizer, placement_page),
        block_kit.build_section(
            format_billing_address(localizer, placement_page.form.address),
            navigation.build_change_address_button(localizer, quote_id),
        ),
        *_build_overwritten_address_blocks(localizer, placement_page),
    ]


def _build_overwritten_address_blocks(localizer: Localizer, placement_page: PlacementPage) -> list[Block]:
    address = placement_page.overwritten_address
    if address is None:
        return []
    shown = format_short_address(localizer, address)
    return [
        block_kit.build_alert(
            localizer.format_text("placement-address-overwritten", address=shown), "warning"
        )
    ]


def _build_po_number_section(localizer: Localizer, placement_page: PlacementPage) -> Block:
    # There is a section even without a number: it is the only detail that this screen asks for (R10).
    number = placement_page.form.get_po_number(required=False)
    text = localizer.format_mrkdwn("placement-po-number", number=number, has_number="yes" if number else "no")
    change = navigation.build_change_button(
        localizer, placement_page.quote.quote.key, "action-change-po-number-label"
    )
    return block_kit.build_section(text, change)


def render_placed_modal(
    localizer: Localizer,
    details: OrderDetails,
    metadata: ModalMetadata,
    *,
    services_url: str,
    has_mail: bool = True,
) -> View:
    # Right after placing; an order that has finished, or waits for somebody, is shown as usual.
    order, contact = details.order, details.contact
    if order.is_finished or details.needs_action:
        return render_order_modal(localizer, details, metadata, services_url=services_url)
    done = localizer.format_text("placed-success", number=order.number)
    has_channel = "yes" if details.account.channel else "no"
    text = localizer.format_mrkdwn(
        "placed-next",
        by=order.processing_deadline,
        overdue="yes" if details.is_overdue else "no",
        payment=details.payment_kind,
        count=sum(row.line.is_on_invoice for row in details.rows),
        has_channel=has_channel,
        name=contact.name,
        email=contact.email,
        has_mail="yes" if has_mail else "no",
    )
    blocks = [
        block_kit.build_alert(done, "success"),
        block_kit.build_section(text),
        *_build_order_blocks(localizer, details, [], services_url),
    ]
    return block_kit.build_modal(
        SHOW_VIEW, localizer.format_text("placed-title"), blocks, localizer, metadata=metadata
    )


def render_order_modal(
    localizer: Localizer,
    details: OrderDetails,
    metadata: ModalMetadata,
    *,
    services_url: str,
) -> View:
    # What is asked for says where the order stands.
    status_blocks = (
        [] if details.needs_action else [block_kit.build_section(format_order_status(localizer, details))]
    )
    blocks = _build_order_blocks(localizer, details, status_blocks, services_url)
    return block_kit.build_modal(
        SHOW_VIEW, localizer.format_text("service-order"), blocks, localizer, metadata=metadata
    )


def _build_order_blocks(
    localizer: Localizer,
    details: OrderDetails,
    status_blocks: list[Block],
    services_url: str,
) -> list[Block]:
    presenter = OrderPresenter(localizer, details)
    return [
        block_kit.build_header(localizer.format_text("service-order-number", number=details.order.number)),
        *status_blocks,
        *block_kit.build_alerts(
            [localizer.format_text("service-order-overdue")] if details.is_overdue else [], "warning"
        ),
        *order_line.build_confirmation_blocks(localizer, presenter),
        *_build_retry_blocks(localizer, presenter),
        block_kit.build_divider(),
        *order_line.build_line_blocks(localizer, presenter),
        *_build_total_rows(localizer, presenter),
        block_kit.build_section(_format_order_details(localizer, presenter)),
        *_build_receipt_blocks(localizer, presenter),
        *build_history_blocks(localizer, details.history, presenter.product_labels, SHOW_HISTORY),
        _build_order_actions(localizer, details, services_url),
    ]


def format_order_status(localizer: Localizer, details: OrderDetails) -> str:
    order = details.order
    declined = OrderPresenter(localizer, details).list_lines_with_status(LineStatus.DECLINED)
    return localizer.format_mrkdwn(
        f"service-order-{order.status.value}",
        by=order.processing_deadline,
        overdue="yes" if details.is_overdue else "no",
        at=order.finished_at or order.placed_at,
        some_declined="yes" if declined else "no",
        products=block_kit.format_short_list(localizer, [line.product for line in declined]),
    )


def render_history_modal(localizer: Localizer, details: OrderDetails, metadata: ModalMetadata) -> View:
    blocks = [
        block_kit.build_header(localizer.format_text("service-order-number", number=details.order.number)),
        block_kit.build_section(localizer.format_mrkdwn("history-title")),
        *build_history_page(
            localizer,
            details.history,
            OrderPresenter(localizer, details).product_labels,
            metadata.page,
            SHOW_HISTORY,
        ),
        block_kit.build_actions(navigation.build_back_button(localizer, OPEN, details.order.key)),
    ]
    return block_kit.build_modal(
        SHOW_HISTORY, localizer.format_text("service-order"), blocks, localizer, metadata=metadata
    )


def _build_retry_blocks(localizer: Localizer, presenter: OrderPresenter) -> list[Block]:
    until = presenter.retry_deadline
    if until is None:
        return []
    return [
        block_kit.build_section(
            localizer.format_mrkdwn(
                "service-order-decision",
                until=until,
                differ="yes" if presenter.deadlines_differ[LineStatus.DECLINED] else "no",
                has_others="yes" if len(presenter.retryable_lines) < len(presenter.lines) else "no",
            )
        ),
        block_kit.build_actions(*build_retry_buttons(localizer, presenter.details)),
    ]


def build_retry_buttons(localizer: Localizer, details: OrderDetails) -> list[Block]:
    number, key = details.order.number, details.order.key
    confirm = block_kit.build_confirm_dialog(
        localizer.format_text("cancel-seats-ask"),
        localizer.format_text("cancel-seats-consequence", number=number),
        localizer.format_text("cancel-seats-yes"),
        localizer.format_text("go-back"),
    )
    retry_label = localizer.format_text("action-retry-label", number=number)
    cancel_label = localizer.format_text("action-cancel-seats-label", number=number)
    return [
        block_kit.build_button(
            RETRY,
            localizer.format_text("action-retry"),
            key,
            accessibility_label=retry_label,
        ),
        block_kit.build_button(
            CANCEL_DECLINED_SEATS,
            localizer.format_text("action-cancel-seats"),
            key,
            accessibility_label=cancel_label,
            confirm=confirm,
        ),
    ]


def _build_total_rows(localizer: Localizer, presenter: OrderPresenter) -> list[Block]:
    if presenter.details.receipt is not None:
        return []
    return _build_sum_rows(localizer, [], presenter.details.taxes, presenter.tax, presenter.total)


def _build_sum_rows(
    localizer: Localizer,
    first_rows: list[tuple[str, str]],
    taxes: Sequence[TaxItem],
    tax: Money,
    total: Money,
) -> list[Block]:
    tax_rows = [
        (escape_mrkdwn(label), localizer.format_money(Money(amount, tax.currency)))
        for label, amount in list_tax_amounts(localizer, taxes, tax.amount, tax.currency)
    ]
    label, amount = localizer.format_text("receipt-total"), localizer.format_money(total)
    return block_kit.build_rows([*first_rows, *tax_rows, (f"*{label}*", f"*{amount}*")])


def _format_order_details(localizer: Localizer, presenter: OrderPresenter) -> str:
    details = presenter.details
    text = localizer.format_mrkdwn(
        "service-order-details",
        account=details.account.name,
        quote=details.quote.number,
        at=details.order.placed_at,
        by=details.contact.name,
        admin=details.administrator.name,
        method=_format_methods(localizer, presenter),
    )
    tax_lines = format_tax_notes(localizer, details.taxes, details.tax_details)
    address = format_billing_address(localizer, details.order.billing_address)
    return "\n".join([text, *_format_po_number(localizer, details), *map(escape_mrkdwn, tax_lines), address])


def _format_po_number(localizer: Localizer, details: OrderDetails) -> list[str]:
    number = details.order.po_number
    return [localizer.format_mrkdwn("service-order-po-number", number=number)] if number else []


def _format_methods(localizer: Localizer, presenter: OrderPresenter) -> str:
    found = presenter.details.line_methods
    products = [presenter.product_labels[subscription_id] for subscription_id, _ in found]
    return format_line_methods(localizer, products, [method for _, method in found])


def _build_receipt_blocks(localizer: Localizer, presenter: OrderPresenter) -> list[Block]:
    receipt = presenter.details.receipt
    if receipt is None:
        return []
    title = localizer.format_mrkdwn(
        "receipt-issued", **get_document_arguments(receipt), day=receipt.issued_on
    )
    payments = [escape_mrkdwn(line) for line in presenter.format_receipt_payments(has_lines=True)]
    # An invoice to pay has a button that leads there.
    payable = [invoice.number for invoice in presenter.details.payable_invoices]
    provider_receipts = [
        localizer.format_mrkdwn(
            "provider-receipt",
            kind="invoice" if receipt.is_order_confirmation else "receipt",
            number=page.number,
            page=page.page_url,
            pdf=page.pdf_url,
        )
        for page in presenter.details.provider_receipts[:MAX_PROVIDER_RECEIPTS]
        if page.number not in payable
    ]
    notes = [*payments, *provider_receipts]
    send = navigation.build_send_receipt_button(localizer, receipt)
    amounts = presenter.receipt_amounts
    subtotal = (localizer.format_text("receipt-subtotal"), localizer.format_money(amounts["subtotal"]))
    return [
        block_kit.build_section(title, send),
        *_build_sum_rows(localizer, [subtotal], receipt.taxes, amounts["tax"], amounts["total"]),
        *([block_kit.build_section("\n".join(notes))] if notes else []),
    ]


def _build_order_actions(localizer: Localizer, details: OrderDetails, services_url: str) -> Block:
    buttons = [navigation.build_orders_button(localizer, details.account.id)]
    if details.order.status is OrderStatus.COMPLETED:
        order = details.order
        buttons.insert(0, navigation.build_repeat_order_button(localizer, order.key, order.number))
    needs_help = (
        details.order.status is OrderStatus.FAILED
        or details.is_overdue
        or details.list_rows_with_status(LineStatus.DECLINED)
    )
    if needs_help:
        buttons.append(navigation.build_contact_services_button(localizer, services_url))
    return block_kit.build_actions(*buttons)


def render_order_list_modal(
    localizer: Localizer,
    account: Account,
    orders: list[OrderDetails],
    metadata: ModalMetadata,
    has_older: bool,
    *,
    po_number: str = "",
) -> View:
    """The value of the button for older orders is the id of the last order shown. With a `po_number`, the
    orders are those that have it."""
    intro = "service-order-list" if orders else "service-order-list-empty"
    if po_number:
        intro = "service-order-list-po-number"
    page = orders[:MAX_ORDERS]
    text = localizer.format_mrkdwn(intro, account=account.name, number=po_number)
    blocks = [block_kit.build_section(text)]
    blocks += [build_order_block(localizer, details) for details in page]
    if page and (has_older or len(orders) > len(page)):
        older = block_kit.build_button(SHOW_OLDER, localizer.format_text("show-older"), page[-1].order.key)
        blocks.append(block_kit.build_actions(older))
    blocks.append(
        block_kit.build_actions(
            navigation.build_add_seats_button(localizer, account.id),
            navigation.build_quotes_button(localizer, account.id),
        )
    )
    return block_kit.build_modal(
        LIST, localizer.format_text("service-orders"), blocks, localizer, metadata=metadata
    )


def build_order_block(localizer: Localizer, details: OrderDetails) -> Block:
    text = format_order_summary(localizer, details)
    return block_kit.build_section(
        text, navigation.build_open_order_button(localizer, details.order.key, details.order.number)
    )


def format_order_summary(localizer: Localizer, details: OrderDetails) -> str:
    return localizer.format_mrkdwn(
        "service-order-summary",
        number=details.order.number,
        status=OrderPresenter(localizer, details).status,
        needs="yes" if details.needs_action else "no",
        seats=format_seats(localizer, [(row.line.seats, row.product) for row in details.rows]),
        at=details.order.placed_at,
    )


def render_retry_modal(
    localizer: Localizer,
    details: OrderDetails,
    methods: list[PaymentMethod],
    metadata: ModalMetadata,
    *,
    declined_ids: Collection[str] = (),
) -> View:
    """`declined_ids` are the methods for which an attempt of the order was declined."""
    order = details.order
    lines = OrderPresenter(localizer, details).retryable_lines
    rows = [
        (
            localizer.format_mrkdwn("line-seats", product=line.product, seats=line.seats),
            order_line.format_line_amounts(localizer, line),
        )
        for line in lines
    ]
    line_methods = [
        line.row.line.payment_method_id or order.payment_method_id
        for line in lines
        if not line.row.line.is_on_invoice
    ]
    method_blocks = [
        build_payment_method_input(
            localizer,
            methods,
            _suggest_retry_method(line_methods, methods, declined_ids),
            declined_ids=declined_ids,
        ),
        block_kit.build_actions(navigation.build_payment_methods_button(localizer, details.account.id)),
    ]
    needs_method = bool(line_methods)
    intro = "retry-intro" if needs_method else "retry-intro-invoice"
    blocks = [
        block_kit.build_section(localizer.format_mrkdwn(intro, number=order.number)),
        *block_kit.build_row_paragraphs(rows, localizer),
        *(method_blocks if needs_method else []),
        block_kit.build_actions(navigation.build_back_button(localizer, OPEN, order.key)),
    ]
    submit = localizer.format_text("action-retry") if methods or not needs_method else None
    return block_kit.build_modal(
        RETRY,
        localizer.format_text("action-retry"),
        blocks,
        localizer,
        metadata=metadata,
        submit_label=submit,
    )


def _suggest_retry_method(
    line_methods: Sequence[str], methods: Sequence[PaymentMethod], declined_ids: Collection[str]
) -> str | None:
    """The first line's method, unless it was declined: then another line's, or else the default."""
    others = [method.id for method in sorted(methods, key=lambda method: not method.is_default)]
    usable_ids = {method.id for method in methods} - {*declined_ids}
    return next((method_id for method_id in [*line_methods, *others] if method_id in usable_ids), None)
