"""The account's Stripe customer, and the cards it keeps there."""

import re
from dataclasses import dataclass

import stripe

from bot.billing.gateway import CustomerUnknown, MethodState
from bot.billing.stripe.charges import Buyer
from bot.billing.stripe.client import asked, each
from bot.billing.stripe.items import Item, id_of, items_of
from bot.db import Database
from models.account import Account, AccountNotFound, Address

METHOD_ID = re.compile("(pm|card|src)_[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Known:
    """An account and its customer's id there."""

    account: Account
    customer: str


async def known(database: Database, account_id: str) -> Known:
    async with database.read() as session:
        account = await session.get(Account, account_id)
    if account is None:
        raise AccountNotFound
    if account.stripe_customer is None:
        raise CustomerUnknown(account=account.name)
    return Known(account, account.stripe_customer)


async def buyer(client: stripe.StripeClient, known: Known) -> Buyer:
    """Raises CustomerUnknown for one that was deleted."""
    try:
        customer = await asked(client.v1.customers.retrieve_async(known.customer))
    except stripe.InvalidRequestError:
        raise CustomerUnknown(account=known.account.name) from None
    # Of a deleted one Stripe still tells its id, and that it is deleted; no other field is there.
    if customer.to_dict().get("deleted"):
        raise CustomerUnknown(account=known.account.name)
    settings = customer.invoice_settings
    card = id_of(settings.default_payment_method) if settings else None
    return Buyer(customer.id, known.account.currency, card, _address(customer))


async def items(client: stripe.StripeClient, known: Known) -> dict[str, Item]:
    """Every item by the bot's id, those of cancelled subscriptions too; a running one goes first."""
    found: dict[str, Item] = {}
    wanted = {"customer": known.customer, "status": "all", "limit": 100}
    try:
        page = await asked(client.v1.subscriptions.list_async(wanted))  # type: ignore[arg-type]
    except stripe.InvalidRequestError:
        raise CustomerUnknown(account=known.account.name) from None
    async for subscription in each(page):
        async for item in items_of(client, subscription):
            if item.id not in found or item.active or (found[item.id].ended and not item.ended):
                found[item.id] = item
    return found


async def cards(client: stripe.StripeClient, buyer: Buyer) -> list[MethodState]:
    page = await asked(
        client.v1.customers.payment_methods.list_async(buyer.id, {"type": "card", "limit": 100})
    )
    kept = [method async for method in each(page) if method.card and METHOD_ID.fullmatch(method.id)]
    return [_card(method, buyer) for method in kept]


def _card(method: stripe.PaymentMethod, buyer: Buyer) -> MethodState:
    """R23: what a person needs to know it by, and nothing that could hold a number."""
    card = method.card
    assert card is not None, "it was asked for"
    return MethodState(
        id=method.id,
        brand=card.brand if re.fullmatch("[a-z_]{1,20}", card.brand) else "card",
        last4=card.last4 if re.fullmatch("[0-9]{4}", card.last4 or "") else "0000",
        expiry_year=card.exp_year,
        expiry_month=card.exp_month,
        is_default=method.id == buyer.card,
    )


def _address(customer: stripe.Customer) -> Address | None:
    held = customer.address
    if held is None:
        return None
    fields = ("line1", "line2", "postal_code", "city", "state", "country")
    return Address(**{name: getattr(held, name, None) or "" for name in fields})
