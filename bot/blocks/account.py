"""The account: `/billing`, and the warning before the change to GoTo Admin (R15)."""

from dataclasses import dataclass
from datetime import date

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.blocks.invoice import build_unpaid_invoice_blocks
from bot.blocks.payment_method import format_payment_method
from bot.blocks.receipt import format_receipt
from bot.blocks.spending import build_spending_blocks
from bot.i18n import Localizer, escape_mrkdwn
from bot.presenters.product import make_product_labels
from bot.presenters.seat_price import format_seat_price
from bot.presenters.subscription import format_outlook
from bot.settings import Settings
from models.account import Account, Portal
from models.details import AccountOverview, SubscriptionDetails
from models.money import Money
from models.product import ProductNotInCatalogue
from models.subscription import compute_recurring_amount
from models.subscription.period_length import PeriodLength

OVERVIEW = navigation.SHOW_ACCOUNT
MANAGE_PAYMENT_METHODS = navigation.MANAGE_PAYMENT_METHODS
SWITCH_PORTAL = "account.switch_portal"
OPEN_PORTAL = "account.open_portal"
OPEN_METHODS = "account.open_methods"
CONTACT_SERVICES = navigation.CONTACT_SERVICES
PORTAL_VIEW = "account.portal"

MAX_RECEIPTS = 5
MAX_PARAGRAPHS = 40
MAX_LINES = 20
MAX_RENEWALS = 5


@dataclass(frozen=True)
class PortalLinks:
    corporate_url: str
    admin_url: str
    services_url: str

    @classmethod
    def from_settings(cls, settings: Settings) -> "PortalLinks":
        return cls(settings.corporate_portal_url, settings.admin_portal_url, settings.account_services_url)


def render_account_modal(
    localizer: Localizer, overview: AccountOverview, metadata: ModalMetadata, links: PortalLinks
) -> View:
    blocks = [
        block_kit.build_header(localizer.format_text("account-header", account=overview.account.name)),
        _build_account_buttons(localizer, overview),
        block_kit.build_section(localizer.format_mrkdwn("account-subscriptions", count=len(overview.rows))),
        *block_kit.build_paragraphs(format_subscriptions(localizer, overview), localizer, MAX_PARAGRAPHS),
        *build_next_renewal_blocks(localizer, overview),
        # A modal takes no chart.
        *build_spending_blocks(localizer, overview, show_chart=False),
        block_kit.build_divider(),
        build_portal_section(localizer, overview.account, links),
        block_kit.build_divider(),
        *_build_payment_method_blocks(localizer, overview),
        *_build_invoice_blocks(localizer, overview),
        *_build_receipt_blocks(localizer, overview),
        block_kit.build_section(
            _format_contacts(localizer, overview),
            navigation.build_contacts_button(localizer, overview.account.id),
        ),
        block_kit.build_section(localizer.format_mrkdwn("account-services")),
        block_kit.build_actions(navigation.build_contact_services_button(localizer, links.services_url)),
    ]
    return block_kit.build_modal(
        OVERVIEW, localizer.format_text("account-title"), blocks, localizer, metadata=metadata
    )


def _build_account_buttons(localizer: Localizer, overview: AccountOverview) -> Block:
    account_id = overview.account.id
    quotes = localizer.format_text("action-view-quotes-count", count=len(overview.pending_quotes))
    return block_kit.build_actions(
        navigation.build_add_seats_button(localizer, account_id),
        block_kit.build_button(navigation.LIST_QUOTES, quotes, account_id),
        navigation.build_orders_button(localizer, account_id),
    )


def format_subscriptions(localizer: Localizer, overview: AccountOverview) -> list[str]:
    names = make_product_labels((row.subscription.id, row.product) for row in overview.rows)
    return [
        _format_subscription(localizer, row, names[row.subscription.id], overview.account.currency)
        for row in overview.rows
    ]


def _format_subscription(localizer: Localizer, row: SubscriptionDetails, name: str, currency: str) -> str:
    subscription = row.subscription
    seat_blocks = [
        localizer.format_text("account-block", seats=block.seats, price=Money(block.unit_price, currency))
        for block in row.blocks
    ]
    total = compute_renewal_total(row)
    renewal = "total" if total is not None else "date" if subscription.will_renew else "none"
    text = localizer.format_mrkdwn(
        "account-subscription",
        product=name,
        seats=subscription.seats,
        has_seats="no" if subscription.pricing.is_by_usage else "yes",
        price=format_seat_price(localizer, subscription, currency),
        has_blocks="yes" if seat_blocks else "no",
        blocks=block_kit.format_short_list(localizer, seat_blocks),
        renews=subscription.period_end,
        last_day=subscription.last_day,
        renewal=renewal,
        total=Money(total or 0, currency),
        orderable=_get_orderability(row),
    )
    notes = format_outlook(localizer, subscription.outlook, currency)
    return "\n".join([text, *map(escape_mrkdwn, notes)])


def _get_orderability(row: SubscriptionDetails) -> str:
    if isinstance(row.refusal, ProductNotInCatalogue):
        return "unlisted"
    return "no" if row.refusal else "yes"


def compute_renewal_total(row: SubscriptionDetails) -> int | None:
    """Returns the total before tax; None if there will be no renewal, or its cost is not known (R27)."""
    subscription, outlook = row.subscription, row.subscription.outlook
    pricing = subscription.pricing
    if not (subscription.will_renew and outlook.is_renewal_priced):
        return None
    if pricing.is_by_usage or pricing.other_currency:
        return None
    if outlook.renewal is not None:
        return outlook.renewal.net
    if subscription.unit_price is None or pricing.is_tax_included:
        return None
    return compute_recurring_amount(subscription.seats, subscription.unit_price, row.blocks)


def build_next_renewal_blocks(
    localizer: Localizer, overview: AccountOverview, *, with_totals: bool = False
) -> list[Block]:
    """Lists the cost of the next renewals by day, without those whose cost is not known (R27). If there are
    several days, `with_totals` adds the total for each period length."""
    names = make_product_labels((row.subscription.id, row.product) for row in overview.rows)
    totals: dict[date, int] = {}
    products: dict[date, list[str]] = {}
    for row in overview.rows:
        amount, day = compute_renewal_total(row), row.subscription.period_end
        if amount is not None:
            totals[day] = totals.get(day, 0) + amount
            products.setdefault(day, []).append(names[row.subscription.id])
    if not totals:
        return []
    lines = [
        localizer.format_mrkdwn(
            "next-renewal",
            day=day,
            total=Money(totals[day], overview.account.currency),
            products=block_kit.format_short_list(localizer, products[day]),
        )
        for day in sorted(totals)[:MAX_RENEWALS]
    ]
    if len(totals) > MAX_RENEWALS:
        lines.append(localizer.format_mrkdwn("and-more", count=len(totals) - MAX_RENEWALS))
    if with_totals and len(totals) > 1:
        lines += _format_renewal_totals(localizer, overview)
    return [block_kit.build_section("\n".join([localizer.format_mrkdwn("next-renewals"), *lines]))]


def _format_renewal_totals(localizer: Localizer, overview: AccountOverview) -> list[str]:
    """The total of all renewals for each period length; none if there is only one renewal, or the cost of one
    is not known."""
    renewing = [row for row in overview.rows if row.subscription.will_renew]
    amounts = [(row.subscription.period, compute_renewal_total(row)) for row in renewing]
    totals: dict[PeriodLength, int] = {}
    for period, amount in amounts:
        if amount is None:
            return []
        totals[period] = totals.get(period, 0) + amount
    if len(renewing) < 2 or _has_day_for_each_period(renewing):
        return []
    texts = [
        localizer.format_text(
            "price-per-period", period=period, total=Money(total, overview.account.currency)
        )
        for period, total in sorted(totals.items(), key=lambda item: item[0].sort_key)
    ]
    return [localizer.format_mrkdwn("account-renewals", totals=localizer.join_items(texts))]


def _has_day_for_each_period(renewing: list[SubscriptionDetails]) -> bool:
    """Whether each day renews all that has one period length, and nothing else: then its total is that of the
    period length."""
    renewals = {(row.subscription.period_end, row.subscription.period) for row in renewing}
    days, periods = zip(*renewals, strict=True)
    return len({*days}) == len({*periods}) == len(renewals) <= MAX_RENEWALS


def build_portal_section(
    localizer: Localizer, account: Account, links: PortalLinks, *, show_account_name: bool = False
) -> Block:
    url = links.corporate_url if account.default_portal is Portal.CORPORATE else links.admin_url
    text = localizer.format_text("account-open-portal", portal=account.default_portal.value)
    button = navigation.add_account_label(
        localizer,
        block_kit.build_link_button(OPEN_PORTAL, text, url),
        account.name if show_account_name else None,
    )
    return block_kit.build_section(
        localizer.format_mrkdwn("account-portal", portal=account.default_portal.value), button
    )


def _build_payment_method_blocks(localizer: Localizer, overview: AccountOverview) -> list[Block]:
    today = overview.account.get_local_date(overview.at)
    products = group_products_by_method(overview)
    texts = [
        localizer.format_mrkdwn(
            "list-item",
            text=format_payment_method(localizer, method, today, products.get(method.id, [])),
        )
        for method in overview.payment_methods
    ]
    intro = localizer.format_mrkdwn(
        "account-methods" if texts or not needs_payment_method(overview) else "account-methods-none",
        some_invoiced="yes" if can_order_on_invoice(overview) else "no",
    )
    return [
        block_kit.build_section("\n".join([intro, *_apply_line_limit(localizer, texts)])),
        block_kit.build_actions(navigation.build_payment_methods_button(localizer, overview.account.id)),
    ]


def needs_payment_method(overview: AccountOverview) -> bool:
    if not overview.account.self_service:
        # Quotes made elsewhere can still be accepted (R8).
        return any(quote.payment_kind != "invoice" for quote in overview.pending_quotes)
    orderable = [row for row in overview.rows if row.refusal is None]
    return not (orderable and all(map(_is_orderable_on_invoice, orderable)))


def can_order_on_invoice(overview: AccountOverview) -> bool:
    return overview.account.self_service and any(map(_is_orderable_on_invoice, overview.rows))


def _is_orderable_on_invoice(row: SubscriptionDetails) -> bool:
    return row.refusal is None and row.subscription.outlook.is_paid_by_invoice


def group_products_by_method(overview: AccountOverview) -> dict[str, list[str]]:
    labels = make_product_labels((row.subscription.id, row.product) for row in overview.rows)
    products: dict[str, list[str]] = {}
    for row in overview.rows:
        if own_id := row.subscription.default_payment_method_id:
            products.setdefault(own_id, []).append(labels[row.subscription.id])
    return products


def _apply_line_limit(localizer: Localizer, texts: list[str]) -> list[str]:
    if len(texts) <= MAX_LINES:
        return texts
    return [*texts[:MAX_LINES], localizer.format_mrkdwn("and-more", count=len(texts) - MAX_LINES)]


def _build_invoice_blocks(localizer: Localizer, overview: AccountOverview) -> list[Block]:
    if not overview.invoices:
        return []
    return [
        block_kit.build_section(localizer.format_mrkdwn("account-invoices")),
        *build_unpaid_invoice_blocks(localizer, overview),
    ]


def _build_receipt_blocks(localizer: Localizer, overview: AccountOverview) -> list[Block]:
    if not overview.receipts:
        return [block_kit.build_section(localizer.format_mrkdwn("account-receipts-none"))]
    texts = [format_receipt(localizer, *receipt) for receipt in overview.receipts[:MAX_RECEIPTS]]
    button = navigation.build_receipts_button(localizer, overview.account.id)
    return [block_kit.build_section("\n".join([localizer.format_mrkdwn("account-receipts"), *texts]), button)]


def _format_contacts(localizer: Localizer, overview: AccountOverview) -> str:
    texts = [
        localizer.format_mrkdwn("account-contact", name=contact.name, email=contact.email)
        for contact in overview.contacts
    ]
    return "\n".join([localizer.format_mrkdwn("account-contacts"), *_apply_line_limit(localizer, texts)])


def render_portal_warning_modal(localizer: Localizer, account: Account, metadata: ModalMetadata) -> View:
    """What the change of portal means, shown before it is made (R15)."""
    if account.default_portal is Portal.ADMIN:
        blocks = [block_kit.build_section(localizer.format_mrkdwn("portal-already", account=account.name))]
        button = block_kit.build_button(SWITCH_PORTAL, localizer.format_text("portal-show-link"), account.id)
    else:
        blocks = [
            block_kit.build_alert(localizer.format_text("portal-warning-alert"), "warning"),
            block_kit.build_section(localizer.format_mrkdwn("portal-warning", account=account.name)),
            block_kit.build_section(localizer.format_mrkdwn("portal-offers")),
        ]
        confirm = block_kit.build_confirm_dialog(
            localizer.format_text("portal-switch-ask"),
            localizer.format_text("portal-switch-consequence"),
            localizer.format_text("portal-switch-yes"),
            localizer.format_text("go-back"),
        )
        button = block_kit.build_button(
            SWITCH_PORTAL, localizer.format_text("portal-switch"), account.id, confirm=confirm
        )
    blocks.append(block_kit.build_actions(_build_back_button(localizer, account, metadata), button))
    return block_kit.build_modal(
        PORTAL_VIEW, localizer.format_text("portal-title"), blocks, localizer, metadata=metadata
    )


def render_portal_link_modal(
    localizer: Localizer, account: Account, link: str, metadata: ModalMetadata
) -> View:
    blocks = [
        block_kit.build_section(localizer.format_mrkdwn("portal-link", account=account.name)),
        block_kit.build_section(localizer.format_mrkdwn("portal-offers")),
        block_kit.build_actions(
            _build_back_button(localizer, account, metadata),
            block_kit.build_link_button(
                OPEN_METHODS, localizer.format_text("account-open-portal", portal=Portal.ADMIN.value), link
            ),
        ),
    ]
    return block_kit.build_modal(
        PORTAL_VIEW, localizer.format_text("portal-title"), blocks, localizer, metadata=metadata
    )


def _build_back_button(localizer: Localizer, account: Account, metadata: ModalMetadata) -> Block:
    # Leads to the checkout or order that the person came from, else to the account.
    if metadata.quote:
        return navigation.build_back_button(localizer, navigation.EDIT_CHECKOUT, metadata.quote)
    if metadata.order:
        return navigation.build_back_button(localizer, navigation.OPEN_ORDER, metadata.order)
    return navigation.build_back_button(localizer, OVERVIEW, account.id)
