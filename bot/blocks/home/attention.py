"""What waits for the person on their Home: quotes to decide, orders that need them, cards that cannot pay."""

from collections.abc import Iterator, Sequence

from bot.blocks import block_kit, navigation
from bot.blocks.account import PortalLinks
from bot.blocks.block_kit import Block
from bot.blocks.order_line import build_confirm_payment_button, format_line_status
from bot.blocks.quote import build_decision_buttons
from bot.blocks.quote import format_quote_summary as quote_text
from bot.blocks.service_order import build_retry_buttons, format_order_summary, needs_attention
from bot.blocks.service_order import format_order_status as order_standing
from bot.blocks.subscription import make_product_labels
from bot.i18n import Localizer, escape_mrkdwn
from models.details import AccountOverview, OrderDetails, OrderRow, QuoteDetails
from models.service_order import LineStatus

MAX_QUOTES, MAX_ORDERS, MAX_LINES = 5, 5, 5

BlockGroup = list[Block]


def has_attention_items(overview: AccountOverview) -> bool:
    return bool(overview.pending_quotes or overview.failed_orders or not can_pay(overview)) or any(
        map(_has_problem, overview.open_orders)
    )


def can_pay(overview: AccountOverview) -> bool:
    """Without a default method that can be charged, ordering stops (R3)."""
    today = overview.account.get_local_date(overview.at)
    return any(method.is_default and method.is_usable(today) for method in overview.payment_methods)


def _has_problem(order: OrderDetails) -> bool:
    return needs_attention(order) or order.is_overdue


def build_attention_groups(
    localizer: Localizer, overviews: Sequence[AccountOverview], links: PortalLinks
) -> list[BlockGroup]:
    """Of all the accounts together: what is most pressing is at the top."""
    groups = [
        group
        for sheet in overviews
        for group in _iter_account_groups(localizer, sheet, links, len(overviews) > 1)
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
    troubled = [order for order in overview.open_orders if _has_problem(order)] + overview.failed_orders
    for order in troubled[:MAX_ORDERS]:
        yield _build_order_group(localizer, order, links, account)
    if len(troubled) > MAX_ORDERS:
        yield _build_more_group(
            localizer,
            account,
            len(troubled) - MAX_ORDERS,
            navigation.build_orders_button(localizer, overview.account.id),
        )
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
        text = account + localizer.format_mrkdwn("payment-method-none")
        yield [
            block_kit.build_section(text),
            block_kit.build_actions(navigation.build_payment_methods_button(localizer, overview.account.id)),
        ]


def _build_more_group(localizer: Localizer, heading: str, count: int, button: Block) -> BlockGroup:
    return [block_kit.build_section(heading + localizer.format_mrkdwn("and-more", count=count), button)]


def _build_quote_group(localizer: Localizer, details: QuoteDetails, heading: str) -> BlockGroup:
    text = heading + quote_text(localizer, details)
    return [
        block_kit.build_section(text),
        block_kit.build_actions(*build_decision_buttons(localizer, details.quote)),
    ]


def _build_order_group(
    localizer: Localizer, details: OrderDetails, links: PortalLinks, heading: str
) -> BlockGroup:
    """Where it stands, line by line, and every way on from there."""
    names = make_product_labels((row.line.subscription_id, row.product) for row in details.rows)
    confirm = details.list_rows_with_status(LineStatus.NEEDS_CUSTOMER)[:MAX_LINES]
    declined = details.list_rows_with_status(LineStatus.DECLINED)[:MAX_LINES]
    texts = [heading + format_order_summary(localizer, details), *_format_order_problems(localizer, details)]
    texts += [_format_order_line(localizer, details, row, names) for row in declined]
    linked = [
        block_kit.build_section(
            _format_order_line(localizer, details, row, names), build_confirm_payment_button(localizer, row)
        )
        for row in confirm
        if row.line.customer_link
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
    return [order_standing(localizer, details)] if details.order.is_finished else []


def _format_order_line(
    localizer: Localizer, details: OrderDetails, row: OrderRow, names: dict[str, str]
) -> str:
    standing = format_line_status(localizer, details, row)
    return localizer.format_mrkdwn(
        "home-order-line", product=names[row.line.subscription_id], standing=standing
    )
