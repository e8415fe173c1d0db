"""Service orders: the fourth step, where each one stands, and trying again (R10-R12, R18-R21)."""

from collections.abc import Sequence

from bot.blocks import block_kit, navigation, order_line
from bot.blocks.audit_entry import build_history_blocks, build_history_page
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.blocks.payment_method import build_payment_method_input, format_payment_method
from bot.blocks.quote import build_quote_detail_blocks
from bot.blocks.subscription import format_seats, make_product_labels
from bot.i18n import Localizer, escape_mrkdwn
from models.account import Account, Address
from models.details import OrderDetails, PlacementPage
from models.payment_method import PaymentMethod
from models.service_order import LineStatus, OrderStatus

PLACE = "service_order.place"
OPEN = navigation.OPEN_ORDER
LIST = navigation.LIST_ORDERS
RETRY = navigation.RETRY_ORDER
GIVE_UP = navigation.GIVE_UP_ORDER
CONFIRM_PAYMENT = order_line.CONFIRM_PAYMENT
SHOW_OLDER = "service_order.more"
SHOW_HISTORY = "service_order.history"
SHOW_VIEW = "service_order.show"

MAX_ORDERS = 90
MAX_RECEIPT_PAGES = 5


def render_placement_modal(
    localizer: Localizer, placement_page: PlacementPage, metadata: ModalMetadata, notes: Sequence[str] = ()
) -> View:
    quote = placement_page.quote.quote
    total = placement_page.quote.to_money(quote.total)
    words = {"number": quote.number, "replaced": placement_page.replaced_quote_number or "", "total": total}
    blocks = [
        *block_kit.build_alerts(
            [localizer.format_text("placement-replaced", **words)]
            if placement_page.replaced_quote_number
            else [],
            "warning",
        ),
        *block_kit.build_alerts(notes),
        block_kit.build_section(
            localizer.format_mrkdwn(
                "placement-intro", number=quote.number, account=placement_page.quote.account.name
            )
        ),
        *build_quote_detail_blocks(localizer, placement_page.quote),
        block_kit.build_divider(),
        *_build_checkout_sections(localizer, placement_page),
        block_kit.build_section(
            localizer.format_mrkdwn("placement-consequence", number=quote.number, total=total)
        ),
        block_kit.build_actions(navigation.build_back_button(localizer, navigation.EDIT_CHECKOUT, quote.key)),
    ]
    submit = localizer.format_text("placement-submit")
    return block_kit.build_modal(
        PLACE,
        localizer.format_text("service-order"),
        blocks,
        localizer,
        metadata=metadata,
        submit_label=submit,
    )


def _build_checkout_sections(localizer: Localizer, placement_page: PlacementPage) -> list[Block]:
    """Admin contact, payment method, billing address."""
    name, email = placement_page.administrator
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
        block_kit.build_section(contact),
        block_kit.build_section(
            localizer.format_mrkdwn(
                "placement-method", method=format_payment_method(localizer, placement_page.payment_method)
            )
        ),
        block_kit.build_section(_format_address(localizer, placement_page.form.address)),
    ]


def _format_address(localizer: Localizer, address: Address) -> str:
    """mrkdwn, a line for each part."""
    return "\n".join(
        [localizer.format_mrkdwn("placement-address"), *map(escape_mrkdwn, localizer.format_address(address))]
    )


def render_placed_modal(
    localizer: Localizer,
    details: OrderDetails,
    metadata: ModalMetadata,
    notes: Sequence[str] = (),
    *,
    services_url: str = "",
) -> View:
    """Right after placing; an order that is done already is shown as it stands."""
    order, contact = details.order, details.contact
    if order.is_finished:
        return render_order_modal(localizer, details, metadata, notes, services_url=services_url)
    done = localizer.format_text("placed-success", number=order.number)
    has_channel = "yes" if details.account.channel else "no"
    text = localizer.format_mrkdwn(
        "placed-next",
        by=order.processing_deadline,
        has_channel=has_channel,
        name=contact.name,
        email=contact.email,
    )
    blocks = [
        block_kit.build_alert(done, "success"),
        block_kit.build_section(text),
        *_build_order_blocks(localizer, details, [], notes, services_url),
    ]
    return block_kit.build_modal(
        SHOW_VIEW, localizer.format_text("placed-title"), blocks, localizer, metadata=metadata
    )


def render_order_modal(
    localizer: Localizer,
    details: OrderDetails,
    metadata: ModalMetadata,
    notes: Sequence[str] = (),
    *,
    services_url: str = "",
) -> View:
    standing = [block_kit.build_section(format_order_status(localizer, details))]
    blocks = _build_order_blocks(localizer, details, standing, notes, services_url)
    return block_kit.build_modal(
        SHOW_VIEW, localizer.format_text("service-order"), blocks, localizer, metadata=metadata
    )


def _build_order_blocks(
    localizer: Localizer,
    details: OrderDetails,
    status_blocks: list[Block],
    notes: Sequence[str],
    services_url: str,
) -> list[Block]:
    return [
        *block_kit.build_alerts(notes),
        block_kit.build_header(localizer.format_text("service-order-number", number=details.order.number)),
        *status_blocks,
        *block_kit.build_alerts(
            [localizer.format_text("service-order-overdue")] if details.is_overdue else [], "warning"
        ),
        *_build_retry_blocks(localizer, details),
        block_kit.build_divider(),
        *order_line.build_line_blocks(localizer, details),
        block_kit.build_section(_format_order_facts(localizer, details)),
        *_build_receipt_blocks(localizer, details),
        *build_history_blocks(localizer, details.history, _get_product_labels(details), SHOW_HISTORY),
        _build_order_actions(localizer, details, services_url),
    ]


def format_order_status(localizer: Localizer, details: OrderDetails) -> str:
    """mrkdwn: status, and what follows by when."""
    order = details.order
    declined = details.list_rows_with_status(LineStatus.DECLINED)
    return localizer.format_mrkdwn(
        f"service-order-{order.status.value}",
        by=order.processing_deadline,
        at=order.finished_at or order.placed_at,
        some_declined="yes" if declined else "no",
        products=block_kit.format_short_list(localizer, _list_product_names(details, LineStatus.DECLINED)),
    )


def _list_product_names(details: OrderDetails, status: LineStatus) -> list[str]:
    names = _get_product_labels(details)
    return [names[row.line.subscription_id] for row in details.list_rows_with_status(status)]


def _get_product_labels(details: OrderDetails) -> dict[str, str]:
    return make_product_labels((row.line.subscription_id, row.product) for row in details.rows)


def render_history_modal(localizer: Localizer, details: OrderDetails, metadata: ModalMetadata) -> View:
    """All that ever happened to the order and its quote; `place.page` of it."""
    blocks = [
        block_kit.build_header(localizer.format_text("service-order-number", number=details.order.number)),
        block_kit.build_section(localizer.format_mrkdwn("history-title")),
        *build_history_page(
            localizer, details.history, _get_product_labels(details), metadata.page, SHOW_HISTORY
        ),
        block_kit.build_actions(navigation.build_back_button(localizer, OPEN, details.order.key)),
    ]
    return block_kit.build_modal(
        SHOW_HISTORY, localizer.format_text("service-order"), blocks, localizer, metadata=metadata
    )


def _build_retry_blocks(localizer: Localizer, details: OrderDetails) -> list[Block]:
    """What waits for a person, and the buttons for it."""
    if not details.can_retry:
        return []
    until = max(
        row.line.get_retry_deadline(details.order)
        for row in details.rows
        if row.line.can_retry(details.order, details.at)
    )
    return [
        block_kit.build_section(localizer.format_mrkdwn("service-order-decision", until=until)),
        block_kit.build_actions(*build_retry_buttons(localizer, details)),
    ]


def build_retry_buttons(localizer: Localizer, details: OrderDetails) -> list[Block]:
    """Try again, give up."""
    number, key = details.order.number, details.order.key
    asks = block_kit.build_confirm_dialog(
        localizer.format_text("cancel-seats-ask"),
        localizer.format_text("cancel-seats-consequence", number=number),
        localizer.format_text("cancel-seats-yes"),
        localizer.format_text("go-back"),
    )
    again = localizer.format_text("action-retry-label", number=number)
    give_up = localizer.format_text("action-cancel-seats-label", number=number)
    return [
        block_kit.build_button(
            RETRY, localizer.format_text("action-retry"), key, style="primary", accessibility_label=again
        ),
        block_kit.build_button(
            GIVE_UP,
            localizer.format_text("action-cancel-seats"),
            key,
            style="danger",
            accessibility_label=give_up,
            confirm=asks,
        ),
    ]


def _format_order_facts(localizer: Localizer, details: OrderDetails) -> str:
    quote = details.quote
    facts = localizer.format_mrkdwn(
        "service-order-facts",
        account=details.account.name,
        quote=quote.number,
        at=details.order.placed_at,
        by=details.contact.name,
        total=details.to_money(quote.total),
        tax=details.to_money(quote.tax),
        admin=details.administrator.name,
        method=format_payment_method(localizer, details.payment_method),
    )
    return f"{facts}\n{_format_address(localizer, details.order.billing_address)}"


def _build_receipt_blocks(localizer: Localizer, details: OrderDetails) -> list[Block]:
    if details.receipt is None:
        return []
    receipt = details.receipt
    text = localizer.format_mrkdwn(
        "receipt-totals",
        number=receipt.number,
        day=receipt.issued_on,
        subtotal=details.to_money(receipt.subtotal),
        tax=details.to_money(receipt.tax),
        total=details.to_money(receipt.total),
    )
    pages = [
        localizer.format_mrkdwn("provider-receipt", number=page.number, page=page.page_url, pdf=page.pdf_url)
        for page in details.provider_receipts[:MAX_RECEIPT_PAGES]
    ]
    send = navigation.build_send_receipt_button(localizer, receipt.key, receipt.number)
    return [block_kit.build_section("\n".join([text, *pages]), send)]


def _build_order_actions(localizer: Localizer, details: OrderDetails, services_url: str) -> Block:
    buttons = [navigation.build_orders_button(localizer, details.account.id)]
    helped = (
        details.order.status is OrderStatus.FAILED
        or details.is_overdue
        or details.list_rows_with_status(LineStatus.DECLINED)
    )
    if services_url and helped:
        buttons.append(navigation.build_contact_services_button(localizer, services_url))
    return block_kit.build_actions(*buttons)


def render_order_list_modal(
    localizer: Localizer,
    account: Account,
    orders: list[OrderDetails],
    metadata: ModalMetadata,
    has_older: bool,
) -> View:
    """`more`: there are older ones; its button's value is the id of the last order shown."""
    intro = "service-order-list" if orders else "service-order-list-empty"
    shown = orders[:MAX_ORDERS]
    blocks = [block_kit.build_section(localizer.format_mrkdwn(intro, account=account.name))]
    blocks += [build_order_block(localizer, sheet) for sheet in shown]
    if shown and (has_older or len(orders) > len(shown)):
        older = block_kit.build_button(SHOW_OLDER, localizer.format_text("show-older"), shown[-1].order.key)
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
    """mrkdwn: number, status in a word, seats, when it was placed."""
    return localizer.format_mrkdwn(
        "service-order-summary",
        number=details.order.number,
        status=format_status(localizer, details.order.status),
        needs="yes" if needs_attention(details) else "no",
        seats=format_seats(localizer, [(row.line.seats, row.product) for row in details.rows]),
        at=details.order.placed_at,
    )


def format_status(localizer: Localizer, status: OrderStatus) -> str:
    return localizer.format_text("order-status", status=status.value)


def needs_attention(details: OrderDetails) -> bool:
    """Someone must confirm a payment, or decide whether to try again."""
    return details.can_retry or bool(details.list_rows_with_status(LineStatus.NEEDS_CUSTOMER))


def render_retry_modal(
    localizer: Localizer, details: OrderDetails, methods: list[PaymentMethod], metadata: ModalMetadata
) -> View:
    order = details.order
    names = _get_product_labels(details)
    texts = [
        localizer.format_mrkdwn(
            "retry-line",
            product=names[row.line.subscription_id],
            seats=row.line.seats,
            amount=details.to_money(row.line.amount),
            tax=details.to_money(row.line.tax),
        )
        for row in details.rows
        if row.line.can_retry(order, details.at)
    ]
    blocks = [
        block_kit.build_section(localizer.format_mrkdwn("retry-intro", number=order.number)),
        *block_kit.build_paragraphs(texts, localizer),
        build_payment_method_input(localizer, methods, order.payment_method_id),
        block_kit.build_actions(navigation.build_payment_methods_button(localizer, details.account.id)),
        block_kit.build_actions(navigation.build_back_button(localizer, OPEN, order.key)),
    ]
    submit = localizer.format_text("action-retry") if methods else None
    return block_kit.build_modal(
        RETRY,
        localizer.format_text("action-retry"),
        blocks,
        localizer,
        metadata=metadata,
        submit_label=submit,
    )
