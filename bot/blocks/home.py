"""The Home tab: what waits for the person, at a glance."""

from bot.blocks import kit, ways
from bot.blocks.account import OVERVIEW, PortalLinks, receipt_text, subscription_texts
from bot.blocks.kit import Block, View
from bot.blocks.quote import decision_buttons, summary_text
from bot.blocks.refusal import refusal_text
from bot.blocks.service_order import needs_attention, order_block
from bot.i18n import Reader, escape
from models.errors import Refusal
from models.sheet import AccountSheet, OrderSheet

MOST_BLOCKS = 95
MOST_QUOTES = 5
MOST_ORDERS = 5
MOST_RECEIPTS = 3
MOST_PARAGRAPHS = 10


def home(reader: Reader, sheets: list[AccountSheet], links: PortalLinks) -> View:
    """The accounts for which something waits come first; as many as fit."""
    blocks = [kit.section(reader.mrkdwn("home-welcome"))]
    shown = 0
    for sheet in sorted(sheets, key=lambda s: not _waits(s)):
        of_account = _account_blocks(reader, sheet)
        if len(blocks) + len(of_account) > MOST_BLOCKS:
            break
        blocks += of_account
        shown += 1
    if shown < len(sheets):
        blocks.append(kit.section(reader.mrkdwn("home-more", count=len(sheets) - shown)))
    services = kit.actions(ways.services(reader, links.services_url))
    return {
        "type": "home",
        "blocks": [*blocks, kit.divider(), kit.section(reader.mrkdwn("home-help")), services],
    }


def home_unlinked(reader: Reader) -> View:
    """For someone who is no billing contact: says nothing of any account."""
    return {"type": "home", "blocks": [kit.section(reader.mrkdwn("home-unlinked"))]}


def home_refused(reader: Reader, refusal: Refusal) -> View:
    """For someone of whom nothing can be said now: Slack is silent about them."""
    return {"type": "home", "blocks": [kit.section(escape(refusal_text(reader, refusal)))]}


def _waits(sheet: AccountSheet) -> bool:
    return bool(sheet.pending) or any(needs_attention(order) for order in sheet.orders)


def _account_blocks(reader: Reader, sheet: AccountSheet) -> list[Block]:
    account_id = sheet.account.id
    details = kit.button(OVERVIEW, reader.text("home-details"), account_id)
    return [
        kit.divider(),
        kit.header(reader.text("account-header", account=sheet.account.name)),
        *_waiting_blocks(reader, sheet),
        kit.section(reader.mrkdwn("account-subscriptions", count=len(sheet.rows))),
        *kit.paragraphs(subscription_texts(reader, sheet), reader, MOST_PARAGRAPHS),
        *_progress_blocks(
            reader, [o for o in sheet.orders if not needs_attention(o) and not o.order.finished]
        ),
        *_receipt_blocks(reader, sheet),
        kit.actions(ways.add_seats(reader, account_id), ways.list_orders(reader, account_id), details),
    ]


def _waiting_blocks(reader: Reader, sheet: AccountSheet) -> list[Block]:
    orders = [order for order in sheet.orders if needs_attention(order)]
    if not sheet.pending and not orders:
        return [kit.section(reader.mrkdwn("home-nothing-waits"))]
    blocks = [kit.section(reader.mrkdwn("home-waits"))]
    for quote in sheet.pending[:MOST_QUOTES]:
        blocks.append(kit.section(summary_text(reader, quote)))
        blocks.append(kit.actions(*decision_buttons(reader, quote.quote)))
    if len(sheet.pending) > MOST_QUOTES:
        blocks.append(
            _more(reader, len(sheet.pending) - MOST_QUOTES, ways.list_quotes(reader, sheet.account.id))
        )
    blocks += [order_block(reader, order) for order in orders[:MOST_ORDERS]]
    if len(orders) > MOST_ORDERS:
        blocks.append(_more(reader, len(orders) - MOST_ORDERS, ways.list_orders(reader, sheet.account.id)))
    return blocks


def _more(reader: Reader, count: int, button: Block) -> Block:
    return kit.section(reader.mrkdwn("and-more", count=count), button)


def _progress_blocks(reader: Reader, orders: list[OrderSheet]) -> list[Block]:
    if not orders:
        return []
    title = kit.section(reader.mrkdwn("home-orders", count=len(orders)))
    return [title, *[order_block(reader, order) for order in orders[:MOST_ORDERS]]]


def _receipt_blocks(reader: Reader, sheet: AccountSheet) -> list[Block]:
    texts = [receipt_text(reader, sheet.account, r, o) for r, o in sheet.receipts[:MOST_RECEIPTS]]
    return [kit.section("\n".join([reader.mrkdwn("account-receipts"), *texts]))] if texts else []
