"""The lines of an order on a screen (R18, R19)."""

from dataclasses import replace

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block
from bot.i18n import Localizer
from bot.presenters.order import OrderLinePresenter, OrderPresenter
from models.details import OrderLineDetails
from models.money import Money
from models.service_order import LineStatus

CONFIRM_PAYMENT = navigation.CONFIRM_PAYMENT

MAX_CONFIRMATION_LINKS = 10
MAX_PAYMENT_LINKS = 15
MAX_PARAGRAPHS = 40


def build_line_blocks(localizer: Localizer, order: OrderPresenter) -> list[Block]:
    """Lists lines with an invoice to pay first, each with its button."""
    payable = [line for line in order.lines if line.row.invoice and line.row.invoice.is_payable]
    payable = payable[:MAX_PAYMENT_LINKS]
    has_tax, differ = len(order.lines) > 1, order.deadlines_differ
    others = [
        format_order_line(
            localizer, line, has_tax=has_tax, has_deadline=differ.get(line.row.line.status, False)
        )
        for line in order.lines
        if line not in payable
    ]
    buttons = [
        (line, navigation.build_open_invoice_button(localizer, line.row.invoice))
        for line in payable
        if line.row.invoice
    ]
    # Below the row, not beside it: there it would narrow both columns.
    rows = [
        block
        for line, button in buttons
        for block in (
            block_kit.build_row(*format_order_line(localizer, line, has_tax=has_tax)),
            block_kit.build_actions(button),
        )
    ]
    return [*rows, *block_kit.build_row_paragraphs(others, localizer, MAX_PARAGRAPHS)]


def build_confirmation_blocks(localizer: Localizer, order: OrderPresenter) -> list[Block]:
    """Asks for the payments that the customer must confirm, each with its link."""
    until = order.confirmation_deadline
    if until is None:
        return []
    lines = order.list_lines_with_status(LineStatus.NEEDS_CUSTOMER)
    request = localizer.format_mrkdwn(
        "service-order-confirmation",
        until=until,
        count=len(lines),
        differ="yes" if order.deadlines_differ[LineStatus.NEEDS_CUSTOMER] else "no",
    )
    return [block_kit.build_section(request), *_build_confirmation_links(localizer, lines)]


def _build_confirmation_links(localizer: Localizer, lines: list[OrderLinePresenter]) -> list[Block]:
    linked = [line for line in lines if line.row.line.customer_link]
    if len(lines) == 1:
        buttons = [build_confirm_payment_button(localizer, line.row) for line in linked]
        return [block_kit.build_actions(*buttons)] if buttons else []
    links = [
        block_kit.build_section(
            localizer.format_mrkdwn("line-seats", product=line.product, seats=line.seats),
            build_confirm_payment_button(localizer, line.row),
        )
        for line in linked[:MAX_CONFIRMATION_LINKS]
    ]
    more = len(linked) - len(links)
    return [
        *links,
        *([block_kit.build_context(localizer.format_mrkdwn("and-more", count=more))] if more else []),
    ]


def build_confirm_payment_button(localizer: Localizer, row: OrderLineDetails) -> Block:
    label = localizer.format_text("action-confirm-payment-label", product=row.product.name)
    return block_kit.build_link_button(
        CONFIRM_PAYMENT, localizer.format_text("action-confirm-payment"), row.line.customer_link or "", label
    )


def format_order_line(
    localizer: Localizer, line: OrderLinePresenter, *, has_tax: bool = True, has_deadline: bool = False
) -> tuple[str, str]:
    """Without its tax if that is in the row of the tax, because there is no other line; with its deadline if
    that is not the one of all lines."""
    return (
        localizer.format_mrkdwn(
            "order-line",
            product=line.product,
            seats=line.seats,
            explanation=line.explanation if has_deadline else line.outcome,
        ),
        format_amounts(localizer, line.amount, line.tax if has_tax else replace(line.tax, amount=0)),
    )


def format_line_amounts(localizer: Localizer, line: OrderLinePresenter) -> str:
    return format_amounts(localizer, line.amount, line.tax)


def format_amounts(localizer: Localizer, amount: Money, tax: Money) -> str:
    return localizer.format_mrkdwn(
        "line-amounts", amount=amount, tax=tax, has_tax="yes" if tax.amount else "no"
    )
