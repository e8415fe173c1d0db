"""What needs the person's attention: pending quotes, orders with problems, no card that can be charged."""

from collections.abc import Iterator, Sequence

from bot.blocks import block_kit, navigation
from bot.blocks.account import PortalLinks, can_order_on_invoice, needs_payment_method
from bot.blocks.block_kit import Block
from bot.blocks.invoice import build_unpaid_invoice_blocks
from bot.blocks.order_line import build_confirm_payment_button
from bot.blocks.quote import build_decision_buttons, format_quote_summary
from bot.blocks.refusal import format_refusal
from bot.blocks.service_order import (
    build_retry_buttons,
    format_order_status,
    format_order_summary,
)
from bot.i18n import Localizer, escape_mrkdwn
from bot.presenters.order import OrderLinePresenter, OrderPresenter
from models.details import AccountOverview, OrderDetails, QuoteDetails
from models.payment_method import PaymentMethodUnsupported
from models.service_order import LineStatus

MAX_QUOTES, MAX_ORDERS, MAX_LINES = 5, 5, 5

BlockGroup = list[Block]


def has_attention_items(overview: AccountOverview) -> bool:
    waiting = overview.pending_quotes or overview.failed_orders or overview.invoices
    return bool(waiting or not can_pay(overview)) or any(map(_has_problem, overview.open_orders))


def can_pay(overview: AccountOverview) -> bool:
    if not needs_payment_method(overview):
        return True
    today = overview.account.get_local_date(overview.at)
    return any(method.is_usable(today) for method in overview.default_methods)


def _has_problem(order: OrderDetails) -> bool:
    return order.needs_action or order.is_overdue


def build_attention_groups(
    localizer: Localizer, overviews: Sequence[AccountOverview], links: PortalLinks
) -> list[BlockGroup]:
    groups = [
        group
        for overview in overviews
        for group in _iter_account_groups(localizer, overview, links, len(overviews) > 1)
    ]
    if not groups:
        return [[block_kit.build_section(localizer.format_mrkdwn("home-no-attention"))]]
    title = block_kit.build_header(localizer.format_text("home-attention"))
    return [[title, *groups[0]], *groups[1:]]


def _iter_account_groups(
    localizer: Localizer, overview: AccountOverview, links: PortalLinks, has_several_accounts: bool
) -> Iterator[BlockGroup]:
    account = (
        localizer.format_mrkdwn("account-name", account=overview.account.name) + "\n"
        if has_several_accounts
        else ""
    )
    problem_orders = [order for order in overview.open_orders if _has_problem(order)] + overview.failed_orders
    for order in problem_orders[:MAX_ORDERS]:
        yield _build_order_group(localizer, order, links, account)
    problem_count = len(problem_orders) + overview.omitted_problem_orders
    if problem_count > MAX_ORDERS:
        yield _build_more_group(
            localizer,
            account,
            problem_count - MAX_ORDERS,
            navigation.build_orders_button(localizer, overview.account.id),
        )
    if overview.invoices:
        yield build_unpaid_invoice_blocks(localizer, overview, account)
    for quote in overview.pending_quotes[:MAX_QUOTES]:
        yield _build_quote_group(localizer, quote, account)
    if len(overview.pending_quotes) > MAX_QUOTES:
        yield _build_more_group(
            localizer,
            account,
            len(overview.pending_quotes) - MAX_QUOTES,
            navigation.build_quotes_button(localizer, overview.account.id),
        )
    if not can_pay(overview):
        text = account + _format_payment_problem(localizer, overview)
        yield [
            block_kit.build_section(text),
            block_kit.build_actions(navigation.build_payment_methods_button(localizer, overview.account.id)),
        ]


def _format_payment_problem(localizer: Localizer, overview: AccountOverview) -> str:
    unsupported = next((m for m in overview.default_methods if m.is_unsupported), None)
    if unsupported is None:
        some_invoiced = "yes" if can_order_on_invoice(overview) else "no"
        return localizer.format_mrkdwn("home-payment-method-none", some_invoiced=some_invoiced)
    return escape_mrkdwn(format_refusal(localizer, PaymentMethodUnsupported(unsupported)))


def _build_more_group(localizer: Localizer, heading: str, count: int, button: Block) -> BlockGroup:
    return [block_kit.build_section(heading + localizer.format_mrkdwn("and-more", count=count), button)]


def _build_quote_group(localizer: Localizer, details: QuoteDetails, heading: str) -> BlockGroup:
    text = heading + format_quote_summary(localizer, details)
    return [
        block_kit.build_section(text),
        block_kit.build_actions(*build_decision_buttons(localizer, details.quote)),
    ]


def _build_order_group(
    localizer: Localizer, details: OrderDetails, links: PortalLinks, heading: str
) -> BlockGroup:
    presenter = OrderPresenter(localizer, details)
    declined = presenter.list_lines_with_status(LineStatus.DECLINED)[:MAX_LINES]
    unconfirmed = presenter.list_lines_with_status(LineStatus.NEEDS_CUSTOMER)[:MAX_LINES]
    texts = [heading + format_order_summary(localizer, details), *_format_order_problems(localizer, details)]
    texts += [format_home_order_line(localizer, line) for line in declined]
    linked = [
        block_kit.build_section(
            format_home_order_line(localizer, line), build_confirm_payment_button(localizer, line.row)
        )
        for line in unconfirmed
        if line.row.line.customer_link
    ]
    buttons = [*(build_retry_buttons(localizer, details) if details.can_retry else [])]
    buttons.append(navigation.build_open_order_button(localizer, details.order.key, details.order.number))
    if details.order.is_finished:
        buttons.append(navigation.build_add_seats_button(localizer, details.account.id, details.account.name))
    if details.order.is_finished or details.is_overdue:
        buttons.append(navigation.build_contact_services_button(localizer, links.services_url))
    return [block_kit.build_section("\n".join(texts)), *linked, block_kit.build_actions(*buttons)]


def _format_order_problems(localizer: Localizer, details: OrderDetails) -> list[str]:
    if details.is_overdue:
        return [escape_mrkdwn(localizer.format_text("service-order-overdue"))]
    return [format_order_status(localizer, details)] if details.order.is_finished else []


def format_home_order_line(localizer: Localizer, line: OrderLinePresenter) -> str:
    return localizer.format_mrkdwn("home-order-line", product=line.product, explanation=line.explanation)
