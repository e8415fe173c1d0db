"""The account's Stripe customer and its subscription items."""

from dataclasses import dataclass, field
from datetime import datetime

import stripe
from sqlmodel import select

from bot.billing.gateway import CustomerNotFound
from bot.billing.stripe.client import is_missing, iter_all_pages, request_stripe
from bot.billing.stripe.items import SubscriptionItem, get_object_id, iter_seat_items
from bot.billing.stripe.taxes import ADDRESS_FIELDS, read_shipping_address
from bot.billing.stripe.upcoming_changes import EXPANSIONS, CouponReader, ItemDiscount, read_discount
from bot.db import Database
from models.account import Account, AccountNotFound, Address, ProviderAddress

CUSTOMER_EXPANSIONS = [
    "discount.source.coupon",
    "discount.source.coupon.applies_to",
    "discount.source.coupon.currency_options",
]
INVOICE_METADATA_KEY = "seatbot_pay_by_invoice"


@dataclass(frozen=True)
class LinkedAccount:
    """An account with the id of its Stripe customer."""

    account: Account
    customer_id: str


@dataclass
class StripeCustomer:
    """`default_method` is charged if a subscription has none of its own. `currency` is the account's;
    `discount` counts for subscriptions without one. `provider_address` is that of a charge once it has been
    written."""

    id: str
    currency: str
    default_method: str | None
    provider_address: ProviderAddress = field(repr=False)
    discount: ItemDiscount | None = None
    shipping_address: Address | None = None
    tax_exempt: str = "none"

    @property
    def address(self) -> Address | None:
        return self.provider_address.address


async def get_linked_account(database: Database, account_id: str) -> LinkedAccount:
    async with database.read() as session:
        account = await session.get(Account, account_id)
    if account is None:
        raise AccountNotFound
    if account.stripe_customer is None:
        raise CustomerNotFound(account=account.name)
    return LinkedAccount(account, account.stripe_customer)


async def is_customer_of(database: Database, linked_account: LinkedAccount, customer_id: str) -> bool:
    """Also one that the account was linked with before, whose invoices stay the account's; but not one that
    another account is linked with now."""
    if customer_id == linked_account.customer_id:
        return True
    async with database.read() as session:
        found = await session.exec(select(Account.id).where(Account.stripe_customer == customer_id))
        return found.first() is None


async def fetch_customer(
    client: stripe.StripeClient, linked_account: LinkedAccount, at: datetime
) -> StripeCustomer:
    """`at` is now, before the request. Raises CustomerNotFound, also for a customer that was deleted."""
    call = client.v1.customers.retrieve_async(linked_account.customer_id, {"expand": CUSTOMER_EXPANSIONS})
    try:
        customer = await request_stripe(call, "customers.retrieve", expects=is_missing)
    except stripe.InvalidRequestError:
        raise CustomerNotFound(account=linked_account.account.name) from None
    # For a deleted customer Stripe returns only the id and `deleted`.
    if customer.to_dict().get("deleted"):
        raise CustomerNotFound(account=linked_account.account.name)
    settings = customer.invoice_settings
    method = get_object_id(settings.default_payment_method) if settings else None
    return StripeCustomer(
        customer.id,
        linked_account.account.currency,
        # The legacy source comes last (docs.stripe.com/api/subscriptions/object, `default_payment_method`).
        method or get_object_id(customer.default_source),
        ProviderAddress(customer_id=customer.id, address=_read_address(customer), read_at=at),
        read_discount(customer.discount) if customer.discount else None,
        read_shipping_address(customer),
        getattr(customer, "tax_exempt", None) or "none",
    )


async def fetch_items(
    client: stripe.StripeClient, linked_account: LinkedAccount
) -> dict[str, SubscriptionItem]:
    """All items by the bot's id, including those of cancelled subscriptions; active ones take precedence."""
    found: dict[str, SubscriptionItem] = {}
    coupons = CouponReader(client)
    wanted = {"customer": linked_account.customer_id, "status": "all", "limit": 100, "expand": EXPANSIONS}
    call = client.v1.subscriptions.list_async(wanted)  # type: ignore[arg-type]
    try:
        page = await request_stripe(call, "subscriptions.list", expects=is_missing)
    except stripe.InvalidRequestError:
        raise CustomerNotFound(account=linked_account.account.name) from None
    async for subscription in iter_all_pages(page):
        async for item in iter_seat_items(client, subscription, coupons):
            if item.id not in found or item.is_active or (found[item.id].is_ended and not item.is_ended):
                found[item.id] = item
    if any(item.is_paid_by_invoice for item in found.values()) and await _may_pay_by_invoice(
        client, linked_account
    ):
        return {id_: item.with_invoices_allowed() for id_, item in found.items()}
    return found


async def _may_pay_by_invoice(client: stripe.StripeClient, linked_account: LinkedAccount) -> bool:
    # The accounts file decides, or else the customer's metadata.
    if linked_account.account.pay_by_invoice:
        return True
    call = client.v1.customers.retrieve_async(linked_account.customer_id)
    customer = await request_stripe(call, "customers.retrieve")
    return is_paying_by_invoice(customer)


def is_paying_by_invoice(customer: stripe.Customer) -> bool:
    # A customer that was deleted has no metadata.
    metadata = getattr(customer, "metadata", None)
    value = metadata.to_dict().get(INVOICE_METADATA_KEY, "") if metadata else ""
    return value.strip().lower() in ("true", "yes", "1")


def _read_address(customer: stripe.Customer) -> Address | None:
    held = customer.address
    if held is None:
        return None
    # As Stripe has it: it is compared with what was written there, which may hold any blanks.
    values = {name: getattr(held, name, None) or "" for name in ADDRESS_FIELDS}
    return Address(**values) if any(values.values()) else None
