"""BillingGateway over Stripe."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
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

Told = TypeVar("Told", bound=Outcome | NeverReceived)

# For asking what became of a charge, and again for preparing it: together less than a lease, so that whoever
# takes a line over finds that nothing more is sent for it.
SECONDS = 15


@measured("billing", BillingUnavailable)
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
        zone = of.account.time_zone
        there = sorted((item for item in held.values() if not item.ended), key=lambda item: item.id)
        for item in there:
            if not item.has_days(zone):
                log.warning("a period ends on the day it begins", subscription=item.id)
        return [item.state(zone) for item in there if item.has_days(zone)]

    async def payment_methods(self, account_id: str) -> list[MethodState] | None:
        of = await known(self._database, account_id)
        return await cards(self._client, await buyer(self._client, of))

    async def preview(
        self, account_id: str, lines: list[LineRequest], at: datetime, address: Address
    ) -> Preview:
        of = await known(self._database, account_id)
        held = await items(self._client, of)
        try:
            return await prices.preview(self._client, held, lines, at, address, of.customer, of.account)
        except stripe.InvalidRequestError as error:
            # The period may have ended since the quote was read: nobody's fault, and told by the next try.
            level = log.info if is_of_another_period(error) else log.error
            level("stripe refuses a preview", code=error.code, param=error.param)
            raise BillingUnavailable(why="the preview is refused") from None

    async def place(self, charge: Charge) -> Outcome:
        lock = self._alone.setdefault(charge.subscription_id, asyncio.Lock())
        async with lock:
            return await self._told(self._place, charge)

    async def reconcile(self, charge: Charge) -> Outcome | NeverReceived:
        return await self._told(self._reconcile, charge)

    async def _told(self, ask: Callable[[Charge], Awaitable[Told]], charge: Charge) -> Told | Outcome:
        try:
            try:
                return await ask(charge)
            except CustomerUnknown:
                return await self._of_nobody(charge)
        except (BillingUnavailable, TimeoutError):
            return Unknown()

    async def _place(self, charge: Charge) -> Outcome:
        of = await known(self._database, charge.account_id)
        try:
            async with asyncio.timeout(SECONDS):
                held, who = await asyncio.gather(items(self._client, of), buyer(self._client, of))
                item, now = _found(held, charge), self._now()
                done = await charges.prepare(self._client, item, who, charge, now)
        except stripe.InvalidRequestError as error:
            # Only what prepares a charge gets here: nothing was sent.
            if is_of_another_period(error):
                return Declined("period_ended")
            log.error("stripe refuses to prepare a charge", code=error.code, param=error.param)
            return Declined(error.code or "provider_refused")
        return done or await charges.send(self._client, item, who, charge, now)

    async def _reconcile(self, charge: Charge) -> Outcome | NeverReceived:
        of = await known(self._database, charge.account_id)
        async with asyncio.timeout(SECONDS):
            item = (await items(self._client, of)).get(charge.subscription_id)
            if item is None:
                done = await invoices.outcome_of_gone(self._client, of.customer, charge, self._now())
                return done or Declined("subscription_gone")
            outcome = await invoices.outcome_of(self._client, item, charge, self._now())
            without = NeverReceived() if item.active else item.inactive
            return await charges.put_card_back(self._client, item, outcome or without)

    async def _of_nobody(self, charge: Charge) -> Outcome:
        """Deleting a customer cancels their subscriptions: no request can change one any more, but one may
        have. Only who can look may say that nothing was charged, as long as the key lives."""
        now = self._now()
        with contextlib.suppress(CustomerUnknown, stripe.InvalidRequestError):
            of = await known(self._database, charge.account_id)
            found = await invoices.outcome_of_gone(self._client, of.customer, charge, now)
            return found or Declined("customer_gone")
        if now - charge.stored_at < charges.KEY_LIVES:
            return Unknown()
        log.error("what became of a charge cannot be looked up any more", key=charge.key)
        return Declined("customer_gone")

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
        except stripe.InvalidRequestError as error:
            if error.code == "resource_missing":
                raise CustomerUnknown(account=of.account.name) from None
            log.error("stripe refuses the customer portal", code=error.code, param=error.param)
            raise BillingUnavailable(why="the customer portal is refused") from None
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
