"""Where a line of an order stands, in words (R18, R19)."""

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block
from bot.blocks.subscription import make_product_labels
from bot.i18n import Localizer
from models.details import OrderDetails, OrderRow
from models.service_order import LineStatus, OrderLine

CONFIRM_PAYMENT = navigation.CONFIRM_PAYMENT

MAX_PAYMENT_LINKS = 20
MAX_PARAGRAPHS = 40


def build_line_blocks(localizer: Localizer, details: OrderDetails) -> list[Block]:
    """The lines that need the customer first, each with its link."""
    texts = format_order_lines(localizer, details)
    linked = [row for row in details.rows if row.line.customer_link][:MAX_PAYMENT_LINKS]
    rest = [text for text, row in zip(texts, details.rows, strict=True) if row not in linked]
    with_link = [
        block_kit.build_section(text, build_confirm_payment_button(localizer, row))
        for text, row in zip(texts, details.rows, strict=True)
        if row in linked
    ]
    return [*with_link, *block_kit.build_paragraphs(rest, localizer, MAX_PARAGRAPHS)]


def build_confirm_payment_button(localizer: Localizer, row: OrderRow) -> Block:
    label = localizer.format_text("action-confirm-payment-label", product=row.product.name)
    return block_kit.build_link_button(
        CONFIRM_PAYMENT, localizer.format_text("action-confirm-payment"), row.line.customer_link or "", label
    )


def format_order_lines(localizer: Localizer, details: OrderDetails) -> list[str]:
    """mrkdwn, one a line: product and seats, then what happened or happens next, and by when."""
    names = make_product_labels((row.line.subscription_id, row.product) for row in details.rows)
    return [
        localizer.format_mrkdwn(
            "order-line",
            product=names[row.line.subscription_id],
            seats=row.line.seats,
            amount=details.to_money(row.line.amount),
            tax=details.to_money(row.line.tax),
            standing=format_line_status(localizer, details, row),
        )
        for row in details.rows
    ]


def format_line_status(localizer: Localizer, details: OrderDetails, row: OrderRow) -> str:
    """Plain."""
    line, order = row.line, details.order
    if line.status is LineStatus.SETTLED:
        return localizer.format_text("order-line-settled", at=line.settled_at)
    if line.status is LineStatus.DECLINED:
        return " ".join(
            [
                localizer.format_text(
                    "order-line-declined", reason=_format_decline(localizer, details, line)
                ),
                _format_retry_option(localizer, details, row),
            ]
        )
    if line.status is LineStatus.WAITING and row.blocking_order_number:
        return localizer.format_text(
            "order-line-queued", order=row.blocking_order_number, by=order.processing_deadline
        )
    has_until = "yes" if line.deadline_at else "no"
    return localizer.format_text(
        f"order-line-{line.status.value.replace('_', '-')}",
        by=order.processing_deadline,
        until=line.deadline_at or order.processing_deadline,
        has_until=has_until,
    )


def _format_decline(localizer: Localizer, details: OrderDetails, line: OrderLine) -> str:
    """R17: where the price stood in the way, both prices, tax included."""
    if line.offered_amount is None or line.offered_tax is None:
        return format_decline_code(localizer, line.reason)
    promised, offered = line.amount + line.tax, line.offered_amount + line.offered_tax
    return localizer.format_text(
        "decline-price-changed-to", promised=details.to_money(promised), offered=details.to_money(offered)
    )


def _format_retry_option(localizer: Localizer, details: OrderDetails, row: OrderRow) -> str:
    if row.line.can_retry(details.order, details.at):
        return localizer.format_text("order-line-can-retry", until=row.line.get_retry_deadline(details.order))
    return localizer.format_text(
        "order-line-given-up" if details.order.retries_abandoned else "order-line-no-retry"
    )


def format_decline_code(localizer: Localizer, reason: str | None) -> str:
    """Plain: a decline's reason as a sentence; the provider's own word where it is not one of ours."""
    key = "decline-" + (reason or "unknown").replace("_", "-")
    return (
        localizer.format_text(key)
        if localizer.has_message(key)
        else localizer.format_text("decline-with-code", reason=reason)
    )
