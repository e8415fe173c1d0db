"""What waits for the person on their Home: quotes to decide, orders that need them, cards that cannot pay."""

from collections.abc import Iterator, Sequence

from bot.blocks import kit, ways
from bot.blocks.account import PortalLinks
from bot.blocks.kit import Block
from bot.blocks.order_line import confirm_link, standing_text
from bot.blocks.quote import decision_buttons
from bot.blocks.quote import summary_text as quote_text
from bot.blocks.service_order import needs_attention, retry_buttons, summary_text
from bot.blocks.service_order import standing_text as order_standing
from bot.blocks.subscription import labels
from bot.i18n import Reader, escape
from models.service_order import LineStatus
from models.sheet import AccountSheet, OrderRow, OrderSheet, QuoteSheet

MOST_QUOTES, MOST_ORDERS, MOST_LINES = 5, 5, 5

Group = list[Block]


def waits(sheet: AccountSheet) -> bool:
    return bool(sheet.pending or sheet.failed or not can_pay(sheet)) or any(map(_in_trouble, sheet.orders))


def can_pay(sheet: AccountSheet) -> bool:
    """R3"""
    today = sheet.account.today(sheet.at)
    return any(method.is_default and method.usable(today) for method in sheet.methods)


def _in_trouble(order: OrderSheet) -> bool:
    return needs_attention(order) or order.overdue


def waiting_groups(reader: Reader, sheets: Sequence[AccountSheet], links: PortalLinks) -> list[Group]:
    """Of all the accounts together: what is most pressing is at the top."""
    groups = [group for sheet in sheets for group in _of_account(reader, sheet, links, len(sheets) > 1)]
    if not groups:
        return [[kit.section(reader.mrkdwn("home-no-attention"))]]
    title = kit.header(reader.text("home-attention"))
    return [[title, *groups[0]], *groups[1:]]


def _of_account(reader: Reader, sheet: AccountSheet, links: PortalLinks, several: bool) -> Iterator[Group]:
    account = reader.mrkdwn("account-name", account=sheet.account.name) + "\n" if several else ""
    troubled = [order for order in sheet.orders if _in_trouble(order)] + sheet.failed
    for order in troubled[:MOST_ORDERS]:
        yield _order_group(reader, order, links, account)
    if len(troubled) > MOST_ORDERS:
        yield _more(reader, account, len(troubled) - MOST_ORDERS, ways.list_orders(reader, sheet.account.id))
    for quote in sheet.pending[:MOST_QUOTES]:
        yield _quote_group(reader, quote, account)
    if len(sheet.pending) > MOST_QUOTES:
        yield _more(
            reader, account, len(sheet.pending) - MOST_QUOTES, ways.list_quotes(reader, sheet.account.id)
        )
    if not can_pay(sheet):
        text = account + reader.mrkdwn("payment-method-none")
        yield [kit.section(text), kit.actions(ways.manage_methods(reader, sheet.account.id))]


def _more(reader: Reader, account: str, count: int, button: Block) -> Group:
    return [kit.section(account + reader.mrkdwn("and-more", count=count), button)]


def _quote_group(reader: Reader, sheet: QuoteSheet, account: str) -> Group:
    text = account + quote_text(reader, sheet)
    return [kit.section(text), kit.actions(*decision_buttons(reader, sheet.quote))]


def _order_group(reader: Reader, sheet: OrderSheet, links: PortalLinks, account: str) -> Group:
    """Where it stands, line by line, and every way on from there."""
    names = labels((row.line.subscription_id, row.product) for row in sheet.rows)
    confirm = sheet.with_status(LineStatus.NEEDS_CUSTOMER)[:MOST_LINES]
    declined = sheet.with_status(LineStatus.DECLINED)[:MOST_LINES]
    texts = [account + summary_text(reader, sheet), *_standing(reader, sheet)]
    texts += [_line(reader, sheet, row, names) for row in declined]
    linked = [
        kit.section(_line(reader, sheet, row, names), confirm_link(reader, row))
        for row in confirm
        if row.line.customer_link
    ]
    buttons = [*(retry_buttons(reader, sheet) if sheet.can_retry else [])]
    buttons.append(ways.open_order(reader, sheet.order.key, sheet.order.number))
    if sheet.order.finished:
        buttons.append(ways.add_seats(reader, sheet.account.id, sheet.account.name))
    if sheet.order.finished or sheet.overdue:
        buttons.append(ways.services(reader, links.services_url))
    return [kit.section("\n".join(texts)), *linked, kit.actions(*buttons)]


def _standing(reader: Reader, sheet: OrderSheet) -> list[str]:
    if sheet.overdue:
        return [escape(reader.text("service-order-overdue"))]
    return [order_standing(reader, sheet)] if sheet.order.finished else []


def _line(reader: Reader, sheet: OrderSheet, row: OrderRow, names: dict[str, str]) -> str:
    standing = standing_text(reader, sheet, row)
    return reader.mrkdwn("home-order-line", product=names[row.line.subscription_id], standing=standing)
