"""The whole order on Stripe's own sandbox, with a test clock. Skipped there without a key of a sandbox:

    SEATBOT_STRIPE_SANDBOX_KEY=… .venv/bin/python -m pytest -m stripe_sandbox tests/billing

It makes a customer, a price and a subscription, and takes them away with their test clock. Without a key the
same is tried on the fake, so that no line of it runs for the first time where somebody needs it.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import stripe

from bot.billing.gateway import Declined, LineRequest, NeverReceived, PriceChanged, Settled
from bot.billing.stripe.client import build_http_client, build_stripe_client, from_timestamp, to_timestamp
from bot.permissions import SlackIdentity
from bot.use_cases.cart.open import open_cart
from bot.use_cases.cart.save import save_cart
from bot.use_cases.checkout import open_checkout, save_checkout
from bot.use_cases.service_order.place import place_service_order
from bot.use_cases.slack_user import refresh_slack_user
from models.account import Account
from models.subscription import Subscription
from tests.billing.contract import PARIS, Cards, Clock, Provider
from tests.billing.scenarios import brought_to_an_end
from tests.fake_stripe import FakeStripe, StripeRecords
from tests.world import World, world

KEY = os.environ.get("SEATBOT_STRIPE_SANDBOX_KEY", "")
ALICE = SlackIdentity("T01ACME", "U01ALICE", "test")
# Into the first period, that the rest of it is to be reckoned.
BEFORE_ORDERING = timedelta(days=10)
# Stripe leaves the invoice of a new period open to changes for an hour.
UNTIL_PAID = timedelta(hours=2)
SANDBOX = pytest.param(
    "sandbox",
    marks=[
        pytest.mark.stripe_sandbox,
        pytest.mark.skipif(not KEY.startswith(("sk_test_", "rk_test_")), reason="needs a key of a sandbox"),
        pytest.mark.enable_socket,
    ],
)


@dataclass
class Sandboxed:
    """A customer with two cards, one of which is declined, and ten seats at 14.00 EUR a month."""

    client: stripe.StripeClient
    clock: str
    customer: str
    subscription: str
    good: str
    declined: str

    async def advance(self, to: datetime) -> None:
        """All that happens by then has happened."""
        clocks = self.client.v1.test_helpers.test_clocks
        await clocks.advance_async(self.clock, {"frozen_time": to_timestamp(to)})
        async with asyncio.timeout(120):
            # Stripe says so only when it is asked.
            while (clock := await clocks.retrieve_async(self.clock)).status == "advancing":  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        assert clock.status == "ready"

    async def held(self) -> stripe.Subscription:
        return await self.client.v1.subscriptions.retrieve_async(self.subscription)


@dataclass(frozen=True)
class Place:
    url: str
    key: str


@pytest.fixture(params=["fake", SANDBOX])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    if request.param == "sandbox":
        yield Place("https://api.stripe.com", KEY)
        return
    async with FakeStripe(StripeRecords(lambda: datetime.now(UTC))).run() as fake:
        yield Place(fake.url, fake.api_key)


@pytest.fixture
async def there(place: Place) -> AsyncIterator[Sandboxed]:
    async with aiohttp.ClientSession() as session:
        client = build_stripe_client(place.key, place.url, build_http_client(session, place.url))
        now = int(datetime.now(UTC).timestamp())
        clock = await client.v1.test_helpers.test_clocks.create_async({"frozen_time": now})
        try:
            there = await _set_up(client, clock.id)
            await there.advance(from_timestamp(now) + BEFORE_ORDERING)
            yield there
        finally:
            await client.v1.test_helpers.test_clocks.delete_async(clock.id)


async def _set_up(client: stripe.StripeClient, clock: str) -> Sandboxed:
    customer = await client.v1.customers.create_async(
        {"test_clock": clock, "name": "Acme SA", "address": PARIS.model_dump()}  # type: ignore[arg-type]
    )
    cards = [
        (await client.v1.payment_methods.attach_async(name, {"customer": customer.id})).id
        for name in ("pm_card_visa", "pm_card_chargeCustomerFail")
    ]
    await client.v1.customers.update_async(
        customer.id, {"invoice_settings": {"default_payment_method": cards[0]}}
    )
    price = await client.v1.prices.create_async(
        {
            "currency": "eur",
            "unit_amount": 1400,
            "recurring": {"interval": "month"},
            "product_data": {"name": "GoTo Meeting"},
            "metadata": {"seatbot_product": "goto-meeting"},
        }
    )
    item = {"price": price.id, "quantity": 10, "metadata": {"seatbot_subscription": "acme_meeting"}}
    held = await client.v1.subscriptions.create_async(
        {"customer": customer.id, "items": [item]}  # type: ignore[arg-type]
    )
    return Sandboxed(client, clock, customer.id, held.id, *cards)


@pytest.fixture
async def bot(place: Place, there: Sandboxed) -> AsyncIterator[World]:
    """By the test clock's time."""
    clock = await there.client.v1.test_helpers.test_clocks.retrieve_async(there.clock)
    settings: dict[str, Any] = {"billing": "stripe", "stripe_api_key": place.key, "stripe_api_url": place.url}
    async with world(at=from_timestamp(clock.frozen_time), **settings) as bot:
        async with bot.services.write() as session:
            account = await session.get_one(Account, "acme")
            account.stripe_customer = there.customer
            session.add(account)
        await refresh_slack_user(bot.services, ALICE)
        yield bot


async def leave_seats(name: str, seats: int) -> None:
    raise NotImplementedError


async def ordered(bot: World, method: str) -> str:
    await open_cart(bot.services, person=ALICE, account_id="acme")
    sheet = await save_cart(bot.services, person=ALICE, account_id="acme", seat_inputs={"acme_meeting": "3"})
    typed = (await open_checkout(bot.services, person=ALICE, quote_id=sheet.quote.key)).form
    form = typed.model_copy(update={"payment_method": method})
    await save_checkout(bot.services, person=ALICE, quote_id=sheet.quote.key, form=form)
    await place_service_order(bot.services, person=ALICE, quote_id=sheet.quote.key)
    await bot.settle()
    [line] = await bot.lines()
    return line.status.value


async def test_an_order_is_charged_once_for_what_was_promised(bot: World, there: Sandboxed) -> None:
    assert await ordered(bot, there.good) == "settled"
    [line] = await bot.lines()
    assert await bot.seats("acme_meeting") == (13, 13)
    invoice = await there.client.v1.invoices.retrieve_async(str(line.provider_receipt_id))
    assert invoice.total_excluding_tax == line.amount
    assert invoice.total == line.amount + line.tax
    assert await bot.services.billing.fetch_receipt_page("acme", str(line.provider_receipt_id)) is not None


async def test_the_next_period_is_charged_for_the_new_seats_too(bot: World, there: Sandboxed) -> None:
    """What was ordered is there to stay, and the bot's copy follows into the new period."""
    assert await ordered(bot, there.good) == "settled"
    [before] = (await there.held()).items.data
    end = from_timestamp(before.current_period_end)
    await there.advance(end + UNTIL_PAID)
    bot.clock.at = end + UNTIL_PAID
    held = await there.held()
    renewal = await there.client.v1.invoices.retrieve_async(str(held.latest_invoice))
    assert (renewal.billing_reason, renewal.status) == ("subscription_cycle", "paid")
    assert [line.quantity for line in renewal.lines.data] == [13]
    assert renewal.total_excluding_tax == 13 * 1400
    await refresh_slack_user(bot.services, ALICE)
    await open_cart(bot.services, person=ALICE, account_id="acme")
    copy = await bot.row(Subscription, id="acme_meeting")
    assert copy.seats == 13
    assert copy.period_start == end.astimezone(ZoneInfo("Europe/Paris")).date()
    assert len(await bot.lines()) == 1, "a renewal is no order"


async def test_a_declined_card_leaves_nothing_that_could_be_paid_later(bot: World, there: Sandboxed) -> None:
    assert await ordered(bot, there.declined) == "declined"
    open_still = await there.client.v1.invoices.list_async({"customer": there.customer, "status": "open"})
    assert open_still.data == []
    held = await there.held()
    assert held.pending_update is None
    assert held.default_payment_method is None


TIERS = [{"up_to": 12, "unit_amount": 1400}, {"up_to": "inf", "unit_amount": 1300, "flat_amount": 200}]
KINDS_OF_PRICES: dict[str, dict[str, Any]] = {
    "graduated tiers": {"billing_scheme": "tiered", "tiers_mode": "graduated", "tiers": TIERS},
    "volume": {"billing_scheme": "tiered", "tiers_mode": "volume", "tiers": TIERS},
    "package": {"unit_amount": 5000, "transform_quantity": {"divide_by": 4, "round": "up"}},
    "a started package": {"unit_amount": 5000, "transform_quantity": {"divide_by": 20, "round": "up"}},
    "fractions": {"unit_amount_decimal": "1400.5"},
    "currencies": {
        "currency": "usd",
        "unit_amount": 1600,
        "currency_options": {"eur": {"unit_amount": 1400}},
    },
}


@pytest.mark.parametrize("kind", KINDS_OF_PRICES)
async def test_r17_seats_of_every_kind_of_price_are_charged_as_promised(
    bot: World, there: Sandboxed, kind: str
) -> None:
    usual = {"currency": "eur", "recurring": {"interval": "month"}, "product_data": {"name": "GoTo Webinar"}}
    described: dict[str, Any] = {**usual, **KINDS_OF_PRICES[kind]}
    price = await there.client.v1.prices.create_async(described)  # type: ignore[arg-type]
    item = {"price": price.id, "quantity": 10, "metadata": {"seatbot_subscription": "acme_webinar"}}
    wanted = {"customer": there.customer, "items": [item], "currency": "eur"}
    held = await there.client.v1.subscriptions.create_async(wanted)  # type: ignore[arg-type]
    at, gateway = bot.clock().replace(microsecond=0), bot.services.billing
    request = LineRequest("acme_webinar", 5)
    [priced] = (await gateway.preview_lines("acme", [request], at, PARIS)).lines
    provider = Provider(
        gateway, Clock(at), Cards(there.good, there.declined, "", 60, "", "", ""), leave_seats
    )
    charge = provider.charge(
        f"sandbox-{kind}", subscription_id="acme_webinar", seats=5, amount=priced.amount, tax=priced.tax,
        at=at, expected_seats=10, unit_price=priced.unit_price,
    )  # fmt: skip
    outcome = await brought_to_an_end(provider, charge)
    assert isinstance(outcome, Settled)
    assert (outcome.amount, outcome.tax) == (priced.amount, priced.tax)
    changed = await there.client.v1.subscriptions.retrieve_async(held.id)
    assert [each.quantity for each in changed.items.data] == [15]


async def test_the_same_key_again_and_another_price(bot: World, there: Sandboxed) -> None:
    """The claims that rest on how Stripe keeps keys and copies metadata."""
    at = bot.clock().replace(microsecond=0)
    gateway = bot.services.billing
    request = LineRequest("acme_meeting", 2)
    [priced] = (await gateway.preview_lines("acme", [request], at, PARIS)).lines
    cards = Cards(there.good, there.declined, "", 60, "", "", "")
    provider = Provider(gateway, Clock(at), cards, leave_seats)
    charge = provider.charge(
        "sandbox-1", subscription_id="acme_meeting", seats=2, amount=priced.amount, tax=priced.tax,
        at=at, expected_seats=10,
    )  # fmt: skip
    assert await gateway.reconcile_charge(charge) == NeverReceived()
    first = await brought_to_an_end(provider, charge)
    assert isinstance(first, Settled)
    assert await gateway.place_charge(charge) == first
    assert await gateway.reconcile_charge(charge) == first
    dearer = provider.charge(
        "sandbox-2", subscription_id="acme_meeting", seats=2, amount=priced.amount + 1, tax=priced.tax,
        at=at, expected_seats=12,
    )  # fmt: skip
    assert isinstance(await gateway.place_charge(dearer), PriceChanged | Declined)
