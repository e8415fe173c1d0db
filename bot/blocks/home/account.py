"""One account on the Home tab: subscriptions, orders in progress, receipts, payment method and portal."""

from bot.blocks import block_kit, navigation
from bot.blocks.account import (
    PortalLinks,
    build_next_renewal_blocks,
    build_portal_section,
    format_subscriptions,
    group_products_by_method,
)
from bot.blocks.block_kit import Block
from bot.blocks.home.attention import MAX_ORDERS, can_pay, format_home_order_line
from bot.blocks.payment_method import format_payment_method
from bot.blocks.receipt import format_receipt
from bot.blocks.seat_chart import build_seat_history_blocks
from bot.blocks.service_order import format_order_summary
from bot.blocks.spending import build_spending_blocks
from bot.i18n import Localizer
from bot.presenters.order import OrderPresenter
from models.details import AccountOverview, OrderDetails
from models.service_order import LineStatus

MAX_RECEIPTS = 3
MAX_PARAGRAPHS = 10
MAX_LINES = 3

BlockGroup = list[Block]


def build_account_groups(
    localizer: Localizer,
    overview: AccountOverview,
    links: PortalLinks,
    *,
    has_several_accounts: bool,
    show_chart: bool,
    show_spending_chart: bool,
) -> list[BlockGroup]:
    subscriptions = block_kit.build_paragraphs(
        format_subscriptions(localizer, overview), localizer, MAX_PARAGRAPHS
    )
    head = [
        block_kit.build_divider(),
        block_kit.build_header(localizer.format_text("account-header", account=overview.account.name)),
        block_kit.build_section(localizer.format_mrkdwn("account-subscriptions", count=len(overview.rows))),
    ]
    groups = [
        [
            *head,
            *subscriptions,
            *build_next_renewal_blocks(localizer, overview, with_totals=True),
        ],
        build_seat_history_blocks(localizer, overview, show_chart=show_chart),
        build_spending_blocks(localizer, overview, show_chart=show_spending_chart),
        _build_open_orders_group(localizer, overview),
        _build_receipts_group(localizer, overview, has_several_accounts),
        _build_payment_group(localizer, overview, has_several_accounts),
        [
            build_portal_section(localizer, overview.account, links, show_account_name=has_several_accounts),
            _build_account_actions(localizer, overview, has_several_accounts),
        ],
    ]
    return [group for group in groups if group]


def _get_account_label(overview: AccountOverview, has_several_accounts: bool) -> str | None:
    return overview.account.name if has_several_accounts else None


def _build_open_orders_group(localizer: Localizer, overview: AccountOverview) -> BlockGroup:
    orders = [
        details
        for details in overview.open_orders
        if not (details.needs_action or details.is_overdue or details.order.is_finished)
    ]
    if not orders:
        return []
    title = block_kit.build_section(
        localizer.format_mrkdwn("home-orders", count=len(orders) + overview.omitted_orders)
    )
    return [title, *[_build_order_section(localizer, order) for order in orders[:MAX_ORDERS]]]


def _build_order_section(localizer: Localizer, details: OrderDetails) -> Block:
    lines = [
        format_home_order_line(localizer, line)
        for line in OrderPresenter(localizer, details).lines
        if line.row.blocking_order_number or line.row.line.status in (LineStatus.UNKNOWN, LineStatus.SETTLED)
    ]
    text = "\n".join(
        [
            format_order_summary(localizer, details),
            localizer.format_mrkdwn("order-promise", by=details.order.processing_deadline),
            *lines[:MAX_LINES],
        ]
    )
    return block_kit.build_section(
        text, navigation.build_open_order_button(localizer, details.order.key, details.order.number)
    )


def _build_receipts_group(
    localizer: Localizer, overview: AccountOverview, has_several_accounts: bool
) -> BlockGroup:
    texts = [format_receipt(localizer, *receipt) for receipt in overview.receipts[:MAX_RECEIPTS]]
    if not texts:
        return []
    button = navigation.build_receipts_button(
        localizer, overview.account.id, _get_account_label(overview, has_several_accounts)
    )
    return [block_kit.build_section("\n".join([localizer.format_mrkdwn("account-receipts"), *texts]), button)]


def _build_payment_group(
    localizer: Localizer, overview: AccountOverview, has_several_accounts: bool
) -> BlockGroup:
    today = overview.account.get_local_date(overview.at)
    defaults = overview.default_methods[:MAX_LINES]
    if not defaults:
        return []
    products = group_products_by_method(overview)
    text = "\n".join(
        localizer.format_mrkdwn(
            "home-payment",
            method=format_payment_method(localizer, method, today, products.get(method.id, [])),
        )
        for method in defaults
    )
    if can_pay(overview) and any(method.is_expiring_soon(today) for method in defaults):
        text += "\n" + localizer.format_mrkdwn("home-payment-expires-soon")
    return [
        block_kit.build_section(
            text,
            navigation.build_payment_methods_button(
                localizer, overview.account.id, _get_account_label(overview, has_several_accounts)
            ),
        )
    ]


def _build_account_actions(
    localizer: Localizer, overview: AccountOverview, has_several_accounts: bool
) -> Block:
    account_id, name = overview.account.id, _get_account_label(overview, has_several_accounts)
    details = block_kit.build_button(
        navigation.SHOW_ACCOUNT, localizer.format_text("action-view-billing"), account_id
    )
    return block_kit.build_actions(
        navigation.build_add_seats_button(localizer, account_id, name),
        navigation.add_account_label(localizer, navigation.build_quotes_button(localizer, account_id), name),
        navigation.add_account_label(localizer, navigation.build_orders_button(localizer, account_id), name),
        navigation.add_account_label(localizer, details, name),
    )
