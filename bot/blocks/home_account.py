"""One account on the Home tab: subscriptions, orders in progress, receipts, how it pays, and where to go."""

from bot.blocks import kit, ways
from bot.blocks.account import PortalLinks, portal_section, renewals_text, subscription_texts
from bot.blocks.home_waiting import MOST_ORDERS, can_pay
from bot.blocks.kit import Block
from bot.blocks.order_line import standing_text as line_text
from bot.blocks.payment_method import method_text
from bot.blocks.receipt import receipt_text
from bot.blocks.seat_chart import seat_chart
from bot.blocks.service_order import needs_attention, standing_text, summary_text
from bot.blocks.subscription import labels
from bot.i18n import Reader
from models.service_order import LineStatus
from models.sheet import AccountSheet, OrderSheet

MOST_RECEIPTS = 3
MOST_PARAGRAPHS = 10
MOST_LINES = 3

Group = list[Block]


def account_groups(
    reader: Reader, sheet: AccountSheet, links: PortalLinks, *, several: bool, chart: bool
) -> list[Group]:
    subscriptions = kit.paragraphs(subscription_texts(reader, sheet), reader, MOST_PARAGRAPHS)
    head = [
        kit.divider(),
        kit.header(reader.text("account-header", account=sheet.account.name)),
        kit.section(reader.mrkdwn("account-subscriptions", count=len(sheet.rows))),
    ]
    groups = [
        [*head, *subscriptions, *renewals_text(reader, sheet)],
        seat_chart(reader, sheet, chart=chart),
        _progress(reader, sheet),
        _receipts(reader, sheet, several),
        _payment(reader, sheet, several),
        [portal_section(reader, sheet.account, links, named=several), _ways_on(reader, sheet, several)],
    ]
    return [group for group in groups if group]


def _name(sheet: AccountSheet, several: bool) -> str | None:
    """Where several accounts have the same buttons, a screen reader says which one's each is."""
    return sheet.account.name if several else None


def _progress(reader: Reader, sheet: AccountSheet) -> Group:
    """What needs nobody now; the rest stands under what waits."""
    orders = [o for o in sheet.orders if not (needs_attention(o) or o.overdue or o.order.finished)]
    if not orders:
        return []
    title = kit.section(reader.mrkdwn("home-orders", count=len(orders)))
    return [title, *[_order(reader, order) for order in orders[:MOST_ORDERS]]]


def _order(reader: Reader, sheet: OrderSheet) -> Block:
    names = labels((row.line.subscription_id, row.product) for row in sheet.rows)
    lines = [
        reader.mrkdwn(
            "home-order-line",
            product=names[row.line.subscription_id],
            standing=line_text(reader, sheet, row),
        )
        for row in sheet.rows
        if row.waits_for or row.line.status in (LineStatus.UNKNOWN, LineStatus.SETTLED)
    ]
    text = "\n".join([summary_text(reader, sheet), standing_text(reader, sheet), *lines[:MOST_LINES]])
    return kit.section(text, ways.open_order(reader, sheet.order.key, sheet.order.number))


def _receipts(reader: Reader, sheet: AccountSheet, several: bool) -> Group:
    texts = [receipt_text(reader, r, o) for r, o in sheet.receipts[:MOST_RECEIPTS]]
    if not texts:
        return []
    button = ways.list_receipts(reader, sheet.account.id, _name(sheet, several))
    return [kit.section("\n".join([reader.mrkdwn("account-receipts"), *texts]), button)]


def _payment(reader: Reader, sheet: AccountSheet, several: bool) -> Group:
    """The default method; that none can be charged stands under what waits."""
    today = sheet.account.today(sheet.at)
    default = next((method for method in sheet.methods if method.is_default), None)
    if default is None:
        return []
    text = reader.mrkdwn("home-payment", method=method_text(reader, default, today))
    if can_pay(sheet) and default.expires_soon(today):
        text += "\n" + reader.mrkdwn("home-payment-expires-soon")
    return [kit.section(text, ways.manage_methods(reader, sheet.account.id, _name(sheet, several)))]


def _ways_on(reader: Reader, sheet: AccountSheet, several: bool) -> Block:
    account_id, name = sheet.account.id, _name(sheet, several)
    details = kit.button(ways.SHOW_ACCOUNT, reader.text("action-view-billing"), account_id)
    return kit.actions(
        ways.add_seats(reader, account_id, name),
        ways.of_account(reader, ways.list_quotes(reader, account_id), name),
        ways.of_account(reader, ways.list_orders(reader, account_id), name),
        ways.of_account(reader, details, name),
    )
