"""The account: `/billing`, and the way to GoTo Admin with its warning (R15)."""

from dataclasses import dataclass

from bot.blocks import kit, ways
from bot.blocks.kit import Block, Place, View
from bot.blocks.payment_method import method_text
from bot.blocks.receipt import receipt_text
from bot.blocks.subscription import labels, price_text
from bot.i18n import Reader
from models.account import Account, Portal
from models.money import Money
from models.sheet import AccountSheet, SubscriptionRow
from models.subscription import recurring_amount

OVERVIEW = ways.SHOW_ACCOUNT
MANAGE_METHODS = ways.MANAGE_METHODS
SWITCH_PORTAL = "account.switch_portal"
OPEN_PORTAL = "account.open_portal"
CONTACT_SERVICES = ways.CONTACT_SERVICES
PORTAL_VIEW = "account.portal"

LAST_RECEIPTS = 5
MOST_PARAGRAPHS = 40
MOST_LINES = 20


@dataclass(frozen=True)
class PortalLinks:
    corporate_url: str
    admin_url: str
    services_url: str


def overview(reader: Reader, sheet: AccountSheet, place: Place, links: PortalLinks) -> View:
    blocks = [
        kit.header(reader.text("account-header", account=sheet.account.name)),
        _buttons(reader, sheet),
        kit.section(reader.mrkdwn("account-subscriptions", count=len(sheet.rows))),
        *kit.paragraphs(subscription_texts(reader, sheet), reader, MOST_PARAGRAPHS),
        kit.divider(),
        portal_section(reader, sheet.account, links),
        kit.divider(),
        *_method_blocks(reader, sheet),
        *_receipt_blocks(reader, sheet),
        kit.section(_contacts_text(reader, sheet)),
        kit.section(reader.mrkdwn("account-services")),
        kit.actions(ways.services(reader, links.services_url)),
    ]
    return kit.modal(OVERVIEW, reader.text("account-title"), blocks, reader, place=place)


def _buttons(reader: Reader, sheet: AccountSheet) -> Block:
    account_id = sheet.account.id
    quotes = reader.text("action-view-quotes-count", count=len(sheet.pending))
    return kit.actions(
        ways.add_seats(reader, account_id),
        kit.button(ways.LIST_QUOTES, quotes, account_id),
        ways.list_orders(reader, account_id),
    )


def subscription_texts(reader: Reader, sheet: AccountSheet) -> list[str]:
    """mrkdwn, one a subscription: seats, price, and what its renewal costs and when."""
    names = labels((row.subscription.id, row.product) for row in sheet.rows)
    return [
        _subscription_text(reader, row, names[row.subscription.id], sheet.account.currency)
        for row in sheet.rows
    ]


def _subscription_text(reader: Reader, row: SubscriptionRow, name: str, currency: str) -> str:
    held = row.subscription
    own_price = price_text(reader, Money(held.unit_price, currency), held.period.value)
    blocks = [
        reader.text("account-block", seats=b.seats, price=Money(b.unit_price, currency)) for b in row.blocks
    ]
    return reader.mrkdwn(
        "account-subscription",
        product=name,
        seats=held.seats,
        price=own_price,
        has_blocks="yes" if blocks else "no",
        blocks=kit.few(reader, blocks),
        renews=held.period_end,
        total=Money(renewal_total(row), currency),
        orderable="no" if row.obstacle else "yes",
    )


def renewal_total(row: SubscriptionRow) -> int:
    """Net, for a period."""
    return recurring_amount(row.subscription.seats, row.subscription.unit_price, row.blocks)


def renewals_text(reader: Reader, sheet: AccountSheet) -> list[Block]:
    """What the subscriptions renew for together, by the length of their periods; nothing of one alone."""
    totals: dict[str, int] = {}
    for row in sheet.rows:
        period = row.subscription.period.value
        totals[period] = totals.get(period, 0) + renewal_total(row)
    if len(sheet.rows) < 2:
        return []
    texts = [
        reader.text("price-per-period", period=period, total=Money(total, sheet.account.currency))
        for period, total in sorted(totals.items())
    ]
    return [kit.section(reader.mrkdwn("account-renewals", totals=reader.listing(texts)))]


def portal_section(reader: Reader, account: Account, links: PortalLinks, *, named: bool = False) -> Block:
    """The deep link follows the account's default portal."""
    url = links.corporate_url if account.default_portal is Portal.CORPORATE else links.admin_url
    text = reader.text("account-open-portal", portal=account.default_portal.value)
    button = ways.of_account(reader, kit.link(OPEN_PORTAL, text, url), account.name if named else None)
    return kit.section(reader.mrkdwn("account-portal", portal=account.default_portal.value), button)


def _method_blocks(reader: Reader, sheet: AccountSheet) -> list[Block]:
    today = sheet.account.today(sheet.at)
    texts = [reader.mrkdwn("list-item", text=method_text(reader, m, today)) for m in sheet.methods]
    intro = reader.mrkdwn("account-methods" if texts else "account-methods-none")
    return [
        kit.section("\n".join([intro, *_limited(reader, texts)])),
        kit.actions(ways.manage_methods(reader, sheet.account.id)),
    ]


def _limited(reader: Reader, texts: list[str]) -> list[str]:
    rest = len(texts) - MOST_LINES
    return [*texts[:MOST_LINES], reader.mrkdwn("and-more", count=rest)] if rest > 0 else texts


def _receipt_blocks(reader: Reader, sheet: AccountSheet) -> list[Block]:
    if not sheet.receipts:
        return [kit.section(reader.mrkdwn("account-receipts-none"))]
    texts = [receipt_text(reader, r, o) for r, o in sheet.receipts[:LAST_RECEIPTS]]
    button = ways.list_receipts(reader, sheet.account.id)
    return [kit.section("\n".join([reader.mrkdwn("account-receipts"), *texts]), button)]


def _contacts_text(reader: Reader, sheet: AccountSheet) -> str:
    texts = [reader.mrkdwn("account-contact", name=c.name, email=c.email) for c in sheet.contacts]
    return "\n".join([reader.mrkdwn("account-contacts"), *_limited(reader, texts)])


def portal_warning(reader: Reader, account: Account, place: Place) -> View:
    """R15: what is so after the switch, told before it."""
    if account.default_portal is Portal.ADMIN:
        blocks = [kit.section(reader.mrkdwn("portal-already", account=account.name))]
        button = kit.button(SWITCH_PORTAL, reader.text("portal-show-link"), account.id)
    else:
        blocks = [
            kit.alert(reader.text("portal-warning-alert"), "warning"),
            kit.section(reader.mrkdwn("portal-warning", account=account.name)),
            kit.section(reader.mrkdwn("portal-offers")),
        ]
        asks = kit.confirm(
            reader.text("portal-switch-ask"),
            reader.text("portal-switch-consequence"),
            reader.text("portal-switch-yes"),
            reader.text("go-back"),
        )
        button = kit.button(
            SWITCH_PORTAL, reader.text("portal-switch"), account.id, style="danger", asks=asks
        )
    blocks.append(kit.actions(_way_back(reader, account, place), button))
    return kit.modal(PORTAL_VIEW, reader.text("portal-title"), blocks, reader, place=place)


def portal_link(reader: Reader, account: Account, link: str, place: Place) -> View:
    blocks = [
        kit.section(reader.mrkdwn("portal-link", account=account.name)),
        kit.section(reader.mrkdwn("portal-offers")),
        kit.actions(
            kit.link(OPEN_PORTAL, reader.text("account-open-portal", portal=Portal.ADMIN.value), link),
            _way_back(reader, account, place),
        ),
    ]
    return kit.modal(PORTAL_VIEW, reader.text("portal-title"), blocks, reader, place=place)


def _way_back(reader: Reader, account: Account, place: Place) -> Block:
    """To the checkout or the order the person came from, else to the account."""
    if place.quote:
        return ways.back(reader, ways.EDIT_CHECKOUT, place.quote)
    if place.order:
        return ways.back(reader, ways.OPEN_ORDER, place.order)
    return ways.back(reader, OVERVIEW, account.id)
