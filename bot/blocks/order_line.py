"""The lines of an order on a screen (R18, R19)."""

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block
from bot.i18n import Localizer
from bot.presenters.order import OrderLinePresenter, OrderPresenter
from models.details import OrderLineDetails

CONFIRM_PAYMENT = navigation.CONFIRM_PAYMENT

MAX_PAYMENT_LINKS = 20
MAX_PARAGRAPHS = 40


def build_line_blocks(localizer: Localizer, order: OrderPresenter) -> list[Block]:
    """Lists lines whose payment the customer must confirm first, each with its link."""
    linked = [line for line in order.lines if line.row.line.customer_link][:MAX_PAYMENT_LINKS]
    payable = [line for line in order.lines if line.row.invoice and line.row.invoice.is_payable]
    payable = payable[: MAX_PAYMENT_LINKS - len(linked)]
    others = [format_order_line(localizer, line) for line in order.lines if line not in [*linked, *payable]]
    sections = [
        block_kit.build_row(
            *format_order_line(localizer, line), build_confirm_payment_button(localizer, line.row)
        )
        for line in linked
    ]
    sections += [
        block_kit.build_row(
            *format_order_line(localizer, line),
            navigation.build_open_invoice_button(localizer, line.row.invoice),
        )
        for line in payable
        if line.row.invoice
    ]
    return [*sections, *block_kit.build_row_paragraphs(others, localizer, MAX_PARAGRAPHS)]


def build_confirm_payment_button(localizer: Localizer, row: OrderLineDetails) -> Block:
    label = localizer.format_text("action-confirm-payment-label", product=row.product.name)
    return block_kit.build_link_button(
        CONFIRM_PAYMENT, localizer.format_text("action-confirm-payment"), row.line.customer_link or "", label
    )


def format_order_line(localizer: Localizer, line: OrderLinePresenter) -> tuple[str, str]:
    return (
        localizer.format_mrkdwn(
            "order-line", product=line.product, seats=line.seats, explanation=line.explanation
        ),
        format_line_amounts(localizer, line),
    )


def format_line_amounts(localizer: Localizer, line: OrderLinePresenter) -> str:
    return localizer.format_mrkdwn("line-amounts", amount=line.amount, tax=line.tax)
