"""BillingGateway over Stripe."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from weakref import WeakValueDictionary

import stripe
import structlog

from bot.billing.gateway import (
    BillingUnavailable,
    Charge,
    CustomerUnknown,
    Declined,
    LineRequest,
    MethodState,
    NeverReceived,
    Outcome,
    Preview,
    SubscriptionState,
    Unknown,
)
from bot.billing.stripe import charges, invoices, prices
from bot.billing.stripe.client import asked, is_of_another_period
from bot.billing.stripe.customers import buyer, cards, items, known
from bot.billing.stripe.items import Item
from bot.db import Database
from bot.metrics import measured
from models.account import Address
from models.receipt import ReceiptPage
from models.subscription import SubscriptionNotFound

log = structlog.get_logger()


@measured("billing")
class StripeGateway:
    """Keeps the claims of BillingGateway. `return_to` is where the customer portal leads back."""

    patience = invoices.PATIENCE

    def __init__(
        self, client: stripe.StripeClient, database: Database, now: Callable[[], datetime], return_to: str
    ) -> None:
        self._client, self._database, self._now, self._return_to = client, database, now, return_to
        self._alone: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def subscriptions(self, account_id: str) -> list[SubscriptionState]:
        of = await known(self._database, account_id)
        held, _ = await asyncio.gather(items(self._client, of), buyer(self._client, of))
        active = sorted((item for item in held.values() if item.active), key=lambda item: item.id)
        return [item.state(of.account.time_zone) for item in active]

    async def payment_methods(self, account_id: str) -> list[MethodState] | None:
        of = await known(self._database, account_id)
        return await cards(self._client, await buyer(self._client, of))

    async def preview(
        self, account_id: str, lines: list[LineRequest], at: datetime, address: Address
    ) -> Preview:
        of = await known(self._database, account_id)
        held = await items(self._client, of)
        try:
            return await prices.preview(
                self._client, held, lines, at, address, of.customer, of.account.time_zone
            )
        except stripe.InvalidRequestError as error:
            # The period may have ended since the quote was read: nobody's fault, and told by the next try.
            level = log.info if is_of_another_period(error) else log.error
            level("stripe refuses a preview", code=error.code, param=error.param)
            raise BillingUnavailable(why="the preview is refused") from None

    async def place(self, charge: Charge) -> Outcome:
        lock = self._alone.setdefault(charge.subscription_id, asyncio.Lock())
        async with lock:
            try:
                return await self._place(charge)
            except (BillingUnavailable, TimeoutError):
                return Unknown()
            except CustomerUnknown:
                return Declined("customer_gone")

    async def _place(self, charge: Charge) -> Outcome:
        of = await known(self._database, charge.account_id)
        held, who = await asyncio.gather(items(self._client, of), buyer(self._client, of))
        item = _found(held, charge)
        try:
            return await charges.place(self._client, item, who, charge, self._now())
        except stripe.InvalidRequestError as error:
            # Only what prepares a charge gets here: nothing was sent.
            if is_of_another_period(error):
                return Declined("period_ended")
            log.error("stripe refuses to prepare a charge", code=error.code, param=error.param)
            return Declined(error.code or "provider_refused")

    async def reconcile(self, charge: Charge) -> Outcome | NeverReceived:
        try:
            of = await known(self._database, charge.account_id)
            item = (await items(self._client, of)).get(charge.subscription_id)
            if item is None:
                return await invoices.outcome_of_gone(self._client, of.customer, charge, self._now())
            outcome = await invoices.outcome_of(self._client, item, charge, self._now())
            without = NeverReceived() if item.active else Declined("subscription_gone")
            return await charges.put_card_back(self._client, item, outcome or without)
        except (BillingUnavailable, CustomerUnknown):
            return Unknown()  # Only who can look may say that nothing was charged.

    async def receipt_page(self, account_id: str, receipt: str) -> ReceiptPage | None:
        of = await known(self._database, account_id)
        return await invoices.receipt_page(self._client, of.customer, receipt)

    async def payment_portal_link(self, account_id: str) -> str:
        of = await known(self._database, account_id)
        try:
            session = await asked(
                self._client.v1.billing_portal.sessions.create_async(
                    {
                        "customer": of.customer,
                        "return_url": self._return_to,
                        "flow_data": {"type": "payment_method_update"},
                    }
                )
            )
        except stripe.InvalidRequestError:
            raise CustomerUnknown(account=of.account.name) from None
        return session.url

    async def check(self) -> str:
        """One request that needs the key, and nothing of anybody."""
        await asked(self._client.v1.subscriptions.list_async({"limit": 1}))
        return "Stripe takes the key"


def _found(held: dict[str, Item], charge: Charge) -> Item:
    item = held.get(charge.subscription_id)
    if item is None:
        raise SubscriptionNotFound
    return item
