"""The whole order on Stripe's own sandbox, with a test clock. Skipped there without a key of a sandbox:

    SEATBOT_STRIPE_SANDBOX_KEY=… .venv/bin/python -m pytest -m stripe_sandbox tests/billing

It makes a customer, a price and a subscription, and takes them away with their test clock; prices, coupons
and tax rates stay, and nothing else uses them. The sandbox must have SEPA Direct Debit turned on; it does not
need Stripe Tax. Without a key the same is tried on the fake, so that no line of it runs for the first time
where somebody needs it.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import stripe

from bot.billing.gateway import (
    Charge,
    Declined,
    LineRequest,
    NeverReceived,
    Preview,
    PreviewMismatch,
    PriceChanged,
    Settled,
    SubscriptionState,
    UnrelatedChargesPending,
)
from bot.billing.stripe.client import build_http_client, build_stripe_client, from_timestamp, to_timestamp
from bot.billing.stripe.items import ATTEMPT_METADATA_KEY
from bot.permissions import SlackIdentity
from bot.use_cases.cart.open import CartBlocked, open_cart
from bot.use_cases.cart.save import save_cart
from bot.use_cases.checkout.open import open_checkout
from bot.use_cases.checkout.save import save_checkout
from bot.use_cases.service_order.place import place_service_order
from bot.use_cases.slack_user import refresh_slack_user
from models.account import Account
from models.errors import Refusal
from models.money import Money
from models.payment_method import PaymentMethodUnsupported
from models.subscription import Subscription
from models.subscription.seat_pricing import SeatsBilledWithUsage
from models.subscription.upcoming_changes import (
    CollectionPaused,
    InvoiceTerms,
    SubscriptionChangeScheduled,
    SubscriptionInTrial,
    SubscriptionStatus,
)
from models.tax import TaxTreatment
from tests.billing.contract import PARIS, Cards, Clock, Provider
from tests.billing.scenarios import resolve_charge
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

    def build_key(self, name: str) -> str:
        """Stripe keeps a key for a day, so another run needs another one."""
        return f"{self.subscription}-{name}"

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
        async with bot.dependencies.write() as session:
            account = await session.get_one(Account, "acme")
            account.stripe_customer = there.customer
            session.add(account)
        await refresh_slack_user(bot.dependencies, ALICE)
        yield bot


async def leave_seats(name: str, seats: int) -> None:
    raise NotImplementedError


async def ordered(bot: World, method: str) -> str:
    await open_cart(bot.dependencies, person=ALICE, account_id="acme")
    details = await save_cart(
        bot.dependencies, person=ALICE, account_id="acme", seat_inputs={"acme_meeting": "3"}
    )
    typed = (await open_checkout(bot.dependencies, person=ALICE, quote_id=details.quote.key)).form
    form = typed.model_copy(update={"payment_method": method})
    await save_checkout(bot.dependencies, person=ALICE, quote_id=details.quote.key, form=form)
    await place_service_order(bot.dependencies, person=ALICE, quote_id=details.quote.key)
    await bot.settle()
    [line] = await bot.load_lines()
    return line.status.value


async def test_an_order_is_charged_once_for_what_was_promised(bot: World, there: Sandboxed) -> None:
    assert await ordered(bot, there.good) == "settled"
    [line] = await bot.load_lines()
    assert await bot.load_seats("acme_meeting") == (13, 13)
    invoice = await there.client.v1.invoices.retrieve_async(str(line.provider_receipt_id))
    assert invoice.total_excluding_tax == line.amount
    assert invoice.total == line.amount + line.tax
    assert (
        await bot.dependencies.billing.fetch_receipt_page("acme", str(line.provider_receipt_id)) is not None
    )


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
    await refresh_slack_user(bot.dependencies, ALICE)
    await open_cart(bot.dependencies, person=ALICE, account_id="acme")
    copy = await bot.load_row(Subscription, id="acme_meeting")
    assert copy.seats == 13
    assert copy.period_start == end.astimezone(ZoneInfo("Europe/Paris")).date()
    assert len(await bot.load_lines()) == 1, "a renewal is no order"


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
    at, gateway = bot.clock().replace(microsecond=0), bot.dependencies.billing
    request = LineRequest("acme_webinar", 5)
    [priced] = (await gateway.preview_lines("acme", [request], at, PARIS)).lines
    provider = Provider(
        gateway, Clock(at), Cards(there.good, there.declined, "", 60, "", "", ""), leave_seats
    )
    charge = provider.charge(
        there.build_key(kind), subscription_id="acme_webinar", seats=5, amount=priced.amount, tax=priced.tax,
        at=at, expected_seats=10, unit_price=priced.unit_price,
    )  # fmt: skip
    outcome = await resolve_charge(provider, charge)
    assert isinstance(outcome, Settled)
    assert (outcome.amount, outcome.tax) == (priced.amount, priced.tax)
    changed = await there.client.v1.subscriptions.retrieve_async(held.id)
    assert [each.quantity for each in changed.items.data] == [15]


async def test_stripe_keeps_keys_and_copies_metadata_as_the_gateway_assumes(
    bot: World, there: Sandboxed
) -> None:
    """The claims that rest on how Stripe keeps keys and copies metadata."""
    at = bot.clock().replace(microsecond=0)
    gateway = bot.dependencies.billing
    request = LineRequest("acme_meeting", 2)
    [priced] = (await gateway.preview_lines("acme", [request], at, PARIS)).lines
    cards = Cards(there.good, there.declined, "", 60, "", "", "")
    provider = Provider(gateway, Clock(at), cards, leave_seats)
    charge = provider.charge(
        there.build_key("1"), subscription_id="acme_meeting", seats=2, amount=priced.amount, tax=priced.tax,
        at=at, expected_seats=10,
    )  # fmt: skip
    assert await gateway.reconcile_charge(charge) == NeverReceived()
    first = await resolve_charge(provider, charge)
    assert isinstance(first, Settled)
    assert await gateway.place_charge(charge) == first
    assert await gateway.reconcile_charge(charge) == first
    dearer = provider.charge(
        there.build_key("2"), subscription_id="acme_meeting", seats=2, amount=priced.amount + 1,
        tax=priced.tax, at=at, expected_seats=12,
    )  # fmt: skip
    assert isinstance(await gateway.place_charge(dearer), PriceChanged | Declined)


@dataclass(frozen=True)
class Ordering:
    """Orders through the port, at the test clock's time."""

    bot: World
    there: Sandboxed
    at: datetime

    async def find_subscription(self, name: str = "acme_meeting") -> SubscriptionState:
        states = await self.bot.dependencies.billing.list_subscriptions("acme")
        return next(state for state in states if state.id == name)

    async def preview(self, seats: int, name: str = "acme_meeting") -> Preview:
        return await self.bot.dependencies.billing.preview_lines(
            "acme", [LineRequest(name, seats)], self.at, PARIS
        )

    async def refused(self, refusal: type[Refusal]) -> None:
        """By the preview, and again when an order placed before is charged."""
        with pytest.raises(refusal):
            await self.preview(5)
        charge = self.build_charge("acme_meeting", 5, 1, 0, self.there.good, None)
        outcome = await self.bot.dependencies.billing.place_charge(charge)
        assert isinstance(outcome, Declined | PriceChanged)
        assert (await self.there.held()).items.data[0].quantity == 10

    async def charged(self, seats: int, name: str = "acme_meeting", method: str = "") -> Settled:
        """As promised by a preview, and by no more than the card was to be charged."""
        preview = await self.preview(seats, name)
        [line] = preview.lines
        method = method or self.there.good
        charge = self.build_charge(name, seats, line.amount, line.tax, method, preview.amount_due)
        outcome = await resolve_charge(self.provider, charge)
        assert isinstance(outcome, Settled)
        assert (outcome.amount, outcome.tax) == (line.amount, line.tax)
        assert outcome.amount_paid == preview.amount_due
        assert sum(paid.amount for paid in outcome.methods) == outcome.amount_paid
        assert {paid.type for paid in outcome.methods} <= {"card"}
        assert (await self.find_subscription(name)).seats == 10 + seats
        return outcome

    @property
    def provider(self) -> Provider:
        cards = Cards(self.there.good, self.there.declined, "", 60, "", "", "")
        return Provider(self.bot.dependencies.billing, Clock(self.at), cards, leave_seats)

    def build_charge(
        self, name: str, seats: int, amount: int, tax: int, method: str, limit: int | None
    ) -> Charge:
        return self.provider.charge(
            self.there.build_key(name), subscription_id=name, seats=seats, amount=amount, tax=tax, at=self.at,
            expected_seats=10, payment_method_id=method, max_amount_due=limit,
        )  # fmt: skip

    async def subscribe(
        self,
        price: dict[str, Any] | None = None,
        name: str = "acme_webinar",
        *,
        beside: Sequence[dict[str, Any]] = (),
        **terms: Any,
    ) -> None:
        """To ten more seats, of 14.00 EUR a month unless `price` says otherwise, and to what is `beside`."""
        usual = {"currency": "eur", "recurring": {"interval": "month"}, "unit_amount": 1400}
        described: Any = {**usual, "product_data": {"name": "GoTo Webinar"}, **(price or {})}
        made = await self.there.client.v1.prices.create_async(described)
        item = {"price": made.id, "quantity": 10, "metadata": {"seatbot_subscription": name}}
        wanted: Any = {"customer": self.there.customer, "items": [item, *beside], **terms}
        await self.there.client.v1.subscriptions.create_async(wanted)

    async def update(self, **change: Any) -> None:
        wanted: Any = change
        await self.there.client.v1.subscriptions.update_async(self.there.subscription, wanted)

    async def set_default(self, method: str) -> None:
        await self.there.client.v1.customers.update_async(
            self.there.customer, {"invoice_settings": {"default_payment_method": method}}
        )

    async def add_to_balance(self, amount: int) -> None:
        """Credit is negative."""
        await self.there.client.v1.customers.balance_transactions.create_async(
            self.there.customer, {"amount": amount, "currency": "eur"}
        )

    async def create_tax_rate(self, *, inclusive: bool) -> str:
        rate = await self.there.client.v1.tax_rates.create_async(
            {"display_name": "VAT", "percentage": 20, "inclusive": inclusive}
        )
        return rate.id

    async def create_percentage_coupon(self, duration: Literal["forever", "once"]) -> str:
        coupon = await self.there.client.v1.coupons.create_async(
            {"name": "Welcome", "percent_off": 50, "duration": duration}
        )
        return coupon.id


@pytest.fixture
def ordering(bot: World, there: Sandboxed) -> Ordering:
    return Ordering(bot, there, bot.clock().replace(microsecond=0))


async def test_a_tax_inclusive_price_is_charged_with_the_tax_in_it(ordering: Ordering) -> None:
    rate = await ordering.create_tax_rate(inclusive=True)
    price = {"unit_amount": 1200, "tax_behavior": "inclusive"}
    await ordering.subscribe(price, default_tax_rates=[rate])
    settled = await ordering.charged(5, "acme_webinar")
    assert (settled.amount, settled.tax) == (5000, 1000)
    [line] = (await ordering.preview(1, "acme_webinar")).lines
    assert [(item.name, item.percent) for item in line.taxes] == [("VAT", Decimal(20))]
    renewal = (await ordering.find_subscription("acme_webinar")).outlook.renewal
    assert renewal is not None
    assert (renewal.net, renewal.tax) == (15000, 3000)
    customers = ordering.there.client.v1.customers
    await customers.update_async(ordering.there.customer, {"tax_exempt": "exempt"})
    preview = await ordering.preview(5, "acme_webinar")
    assert (preview.amount_due, preview.tax) == (5000, 0)
    assert [item.treatment for item in preview.lines[0].taxes] == [TaxTreatment.CUSTOMER_EXEMPT]


async def test_r28_reverse_charge_and_the_tax_id_are_in_the_preview(ordering: Ordering) -> None:
    rate = await ordering.create_tax_rate(inclusive=False)
    await ordering.subscribe(default_tax_rates=[rate])
    assert (await ordering.preview(5, "acme_webinar")).tax == 1400
    customers = ordering.there.client.v1.customers
    await customers.tax_ids.create_async(
        ordering.there.customer, {"type": "eu_vat", "value": "FRAB123456789"}
    )
    await customers.update_async(ordering.there.customer, {"tax_exempt": "reverse"})
    preview = await ordering.preview(5, "acme_webinar")
    assert preview.tax == 0
    assert preview.tax_details.buyer_tax_ids == ("FRAB123456789",)
    assert {item.treatment for item in preview.lines[0].taxes} == {TaxTreatment.REVERSE_CHARGE}
    assert (await ordering.charged(5, "acme_webinar")).tax == 0


async def test_a_card_of_the_subscription_only_is_charged(ordering: Ordering) -> None:
    await ordering.set_default("")
    await ordering.update(default_payment_method=ordering.there.good)
    methods = (await ordering.bot.dependencies.billing.fetch_customer("acme")).payment_methods
    assert not any(method.is_default for method in methods or [])
    subscription = await ordering.find_subscription()
    assert subscription.default_payment_method_id == ordering.there.good
    await ordering.charged(5)
    assert (await ordering.there.held()).default_payment_method == ordering.there.good


async def test_r3_a_sepa_debit_is_shown_and_refused_by_name(ordering: Ordering) -> None:
    methods = ordering.there.client.v1.payment_methods
    sepa = await methods.create_async(
        {
            "type": "sepa_debit",
            "sepa_debit": {"iban": "DE89370400440532013000"},
            "billing_details": {"name": "Acme SA", "email": "billing@acme.example"},
        }
    )
    await methods.attach_async(sepa.id, {"customer": ordering.there.customer})
    await ordering.set_default(sepa.id)
    shown = (await ordering.bot.dependencies.billing.fetch_customer("acme")).payment_methods
    [default] = [method for method in shown or [] if method.is_default]
    assert (default.type, default.last4, default.automatic) == ("sepa_debit", "3000", False)
    blocked = await open_cart(ordering.bot.dependencies, person=ALICE, account_id="acme")
    assert isinstance(blocked, CartBlocked)
    [refusal] = blocked.refusals
    assert isinstance(refusal, PaymentMethodUnsupported)
    assert refusal.method.type == "sepa_debit"


async def test_r27_a_subscription_that_ends_with_its_period_is_sold_without_a_renewal(
    ordering: Ordering,
) -> None:
    await ordering.update(cancel_at_period_end=True)
    subscription = await ordering.find_subscription()
    assert subscription.outlook.ends_on is not None
    assert not subscription.outlook.will_renew(subscription.period_end)
    assert (await ordering.preview(5)).recurring == ()
    await ordering.charged(5)


async def test_r27_an_end_within_the_period_is_its_end(ordering: Ordering) -> None:
    """Without a proration of what is paid already: Stripe would leave it pending."""
    [item] = (await ordering.there.held()).items.data
    ends_at = ordering.at + timedelta(days=5)
    await ordering.update(cancel_at=to_timestamp(ends_at), proration_behavior="none")
    subscription = await ordering.find_subscription()
    assert subscription.period_end == ends_at.astimezone(ZoneInfo("Europe/Paris")).date()
    settled = await ordering.charged(5)
    whole = item.current_period_end - item.current_period_start
    assert settled.amount <= 5 * 1400 * 5 * 86400 / whole + 2


async def test_r27_an_end_in_the_middle_of_the_next_period_shortens_its_renewal(ordering: Ordering) -> None:
    [item] = (await ordering.there.held()).items.data
    ends_at = from_timestamp(item.current_period_end) + timedelta(days=10)
    await ordering.update(cancel_at=to_timestamp(ends_at), proration_behavior="none")
    outlook = (await ordering.find_subscription()).outlook
    assert outlook.renewal is not None
    assert 10 * 1400 * 10 // 31 - 2 <= outlook.renewal.net <= 10 * 1400 * 10 // 28 + 2
    [recurring] = (await ordering.preview(5)).recurring
    assert 15 * 1400 * 10 // 31 - 2 <= recurring.net <= 15 * 1400 * 10 // 28 + 2
    await ordering.charged(5)


async def test_doctor_finds_the_permissions_that_the_tests_use(bot: World) -> None:
    assert await bot.dependencies.billing.check_connection() == "Stripe takes the key"


@pytest.mark.parametrize("behavior", ["keep_as_draft", "mark_uncollectible", "void"])
async def test_r27_a_paused_collection_is_refused(ordering: Ordering, behavior: str) -> None:
    await ordering.update(pause_collection={"behavior": behavior})
    assert (await ordering.find_subscription()).outlook.collection_pause is not None
    await ordering.refused(CollectionPaused)


async def test_r27_a_later_phase_of_a_schedule_is_refused(ordering: Ordering) -> None:
    schedules = ordering.there.client.v1.subscription_schedules
    schedule = await schedules.create_async({"from_subscription": ordering.there.subscription})
    [current], [item] = schedule.phases, (await ordering.there.held()).items.data
    start, end = current.start_date, current.end_date
    later = to_timestamp(from_timestamp(end) + timedelta(days=60))
    phases: Any = [
        {
            "items": [{"price": item.price.id, "quantity": seats}],
            "start_date": since,
            "end_date": until,
        }
        for seats, since, until in ((10, start, end), (5, end, later))
    ]
    await schedules.update_async(schedule.id, {"phases": phases})
    change = (await ordering.find_subscription()).outlook.scheduled_change
    assert change is not None
    assert change.seats == 5
    await ordering.refused(SubscriptionChangeScheduled)


async def test_r27_a_trial_is_refused(ordering: Ordering) -> None:
    await ordering.subscribe(trial_end=to_timestamp(ordering.at + timedelta(days=14)))
    outlook = (await ordering.find_subscription("acme_webinar")).outlook
    assert outlook.standing is SubscriptionStatus.TRIAL
    assert outlook.trial_ends_on is not None
    with pytest.raises(SubscriptionInTrial):
        await ordering.preview(5, "acme_webinar")


async def test_r26_a_credit_is_promised_and_used(ordering: Ordering) -> None:
    await ordering.add_to_balance(-1000)
    preview = await ordering.preview(5)
    assert preview.starting_balance == -1000
    assert preview.amount_due == preview.subtotal + preview.tax - 1000
    assert (await ordering.charged(5)).credit_used == 1000


async def test_r26_what_is_owed_is_promised_and_charged(ordering: Ordering) -> None:
    await ordering.add_to_balance(700)
    preview = await ordering.preview(5)
    assert preview.starting_balance == 700
    assert preview.amount_due == preview.subtotal + preview.tax + 700
    assert (await ordering.charged(5)).earlier_balance == 700


async def test_r26_an_amount_below_the_smallest_charge_is_carried_over(ordering: Ordering) -> None:
    await ordering.subscribe({"unit_amount": 10})
    settled = await ordering.charged(2, "acme_webinar")
    assert (settled.amount, settled.carried_over, settled.amount_paid) == (20, 20, 0)


async def test_r17_small_lines_are_promised_as_they_are_charged_one_after_the_other(
    ordering: Ordering,
) -> None:
    await ordering.subscribe({"unit_amount": 10}, "acme_webinar")
    await ordering.subscribe({"unit_amount": 10}, "acme_training")
    requests = [LineRequest("acme_webinar", 3), LineRequest("acme_training", 3)]
    gateway = ordering.bot.dependencies.billing
    preview = await gateway.preview_lines("acme", requests, ordering.at, PARIS)
    assert [line.amount for line in preview.lines] == [30, 30]
    assert preview.amount_due == 60
    first, second = [
        await resolve_charge(ordering.provider, charge)
        for charge in (
            ordering.build_charge("acme_webinar", 3, 30, 0, ordering.there.good, 30),
            ordering.build_charge("acme_training", 3, 30, 0, ordering.there.good, 60),
        )
    ]
    assert isinstance(first, Settled)
    assert isinstance(second, Settled)
    assert (first.amount_paid, first.carried_over) == (0, 30)
    assert (second.amount_paid, second.earlier_balance) == (60, 30)


async def test_r27_seats_that_are_billed_together_with_usage_are_refused(ordering: Ordering) -> None:
    client = ordering.there.client.v1
    meter = await client.billing.meters.create_async(
        {
            "display_name": "Minutes",
            "event_name": f"minutes_{ordering.there.customer}",
            "default_aggregation": {"formula": "sum"},
        }
    )
    described: Any = {
        "currency": "eur",
        "unit_amount": 3,
        "recurring": {"interval": "month", "usage_type": "metered", "meter": meter.id},
        "product_data": {"name": "Minutes"},
    }
    minutes = await client.prices.create_async(described)
    await ordering.subscribe(beside=[{"price": minutes.id}])
    assert (await ordering.find_subscription("acme_webinar")).pricing.has_metered_sibling
    with pytest.raises(SeatsBilledWithUsage):
        await ordering.preview(5, "acme_webinar")
    charge = ordering.build_charge("acme_webinar", 5, 7000, 0, ordering.there.good, None)
    assert await ordering.bot.dependencies.billing.place_charge(charge) == Declined("billed_with_usage")


async def test_r26_a_pending_item_of_somebody_else_is_refused(ordering: Ordering) -> None:
    await ordering.there.client.v1.invoice_items.create_async(
        {
            "customer": ordering.there.customer,
            "subscription": ordering.there.subscription,
            "amount": 900,
            "currency": "eur",
        }
    )
    await ordering.refused(UnrelatedChargesPending)


@dataclass(frozen=True)
class InvoicedOrder:
    """Five seats of a subscription that is paid by invoice, as they are charged."""

    ordering: Ordering
    charge: Charge

    async def fetch_item(self) -> stripe.SubscriptionItem:
        held = self.ordering.there.client.v1.subscriptions
        found = (await held.list_async({"customer": self.ordering.there.customer})).data
        [item] = next(each for each in found if each.collection_method == "send_invoice").items.data
        return item

    async def fetch_update_invoice(self) -> stripe.Invoice:
        listed = await self.ordering.there.client.v1.invoices.list_async(
            {"subscription": (await self.fetch_item()).subscription}
        )
        return next(each for each in listed.data if each.billing_reason == "subscription_update")


@pytest.fixture
async def invoiced(ordering: Ordering) -> InvoicedOrder:
    await ordering.there.client.v1.customers.update_async(
        ordering.there.customer, {"metadata": {"seatbot_pay_by_invoice": "true"}}
    )
    await ordering.subscribe(collection_method="send_invoice", days_until_due=30)
    preview = await ordering.preview(5, "acme_webinar")
    [line] = preview.lines
    charge = ordering.build_charge("acme_webinar", 5, line.amount, line.tax, "", preview.amount_due)
    return InvoicedOrder(ordering, replace(charge, is_on_invoice=True))


async def test_r3_seats_on_invoice_are_settled_once_it_is_finalized(invoiced: InvoicedOrder) -> None:
    ordering, charge = invoiced.ordering, invoiced.charge
    terms = (await ordering.find_subscription("acme_webinar")).outlook.invoice_terms
    assert terms == InvoiceTerms(days_until_due=30, is_order_allowed=True)
    gateway, invoices = ordering.bot.dependencies.billing, ordering.there.client.v1.invoices
    assert await gateway.place_charge(replace(charge, is_on_invoice=False)) == Declined("paid_by_invoice")
    outcome = await resolve_charge(ordering.provider, charge)
    assert isinstance(outcome, Settled)
    assert outcome.invoice is not None
    assert (outcome.amount, outcome.tax, outcome.amount_paid) == (charge.amount, charge.tax, 0)
    assert (outcome.invoice.status, outcome.invoice.amount) == ("due", charge.amount + charge.tax)
    assert outcome.invoice.due_at is not None
    assert await gateway.place_charge(charge) == outcome
    assert (await ordering.find_subscription("acme_webinar")).seats == 15
    sent = await invoices.retrieve_async(outcome.receipt)
    assert (sent.status, sent.auto_advance, sent.collection_method) == ("open", True, "send_invoice")
    await invoices.pay_async(outcome.receipt, {"paid_out_of_band": True})
    paid = await gateway.fetch_invoice("acme", outcome.receipt)
    assert paid is not None
    assert (paid.status, paid.amount_remaining) == ("paid", 0)


async def test_r19_the_draft_of_a_subscription_that_was_cancelled_is_voided(invoiced: InvoicedOrder) -> None:
    """As a process leaves it that dies after the change: nothing has finalized the invoice."""
    ordering, charge, item = invoiced.ordering, invoiced.charge, await invoiced.fetch_item()
    client = ordering.there.client.v1
    await client.subscriptions.update_async(
        item.subscription, {"metadata": {ATTEMPT_METADATA_KEY: charge.key}}
    )
    await client.subscriptions.update_async(
        item.subscription,
        {
            "items": [{"id": item.id, "quantity": 15}],
            "proration_behavior": "always_invoice",
            "proration_date": to_timestamp(charge.at),
        },
    )
    draft = await invoiced.fetch_update_invoice()
    assert draft.status == "draft"
    await client.subscriptions.cancel_async(item.subscription)
    gateway = ordering.bot.dependencies.billing
    assert await gateway.reconcile_charge(charge) == Declined("subscription_gone")
    assert (await client.invoices.retrieve_async(str(draft.id))).status == "void"
    assert await gateway.reconcile_charge(charge) == Declined("subscription_gone")


async def test_an_amount_off_is_shown_and_in_the_renewal(ordering: Ordering) -> None:
    coupon = await ordering.there.client.v1.coupons.create_async(
        {"name": "Loyalty", "amount_off": 2000, "currency": "eur", "duration": "forever"}
    )
    await ordering.subscribe(discounts=[{"coupon": coupon.id}])
    await ordering.charged(5, "acme_webinar")
    outlook = (await ordering.find_subscription("acme_webinar")).outlook
    assert [(discount.name, discount.amount) for discount in outlook.discounts] == [("Loyalty", 2000)]
    assert outlook.renewal is not None
    assert outlook.renewal.net == 15 * 1400 - 2000


BILLING_MODES: dict[str, dict[str, Any]] = {
    "classic": {"type": "classic"},
    "flexible": {"type": "flexible", "flexible": {"proration_discounts": "included"}},
    "itemized": {"type": "flexible", "flexible": {"proration_discounts": "itemized"}},
}


async def test_a_percentage_off_is_charged_and_in_the_renewal_in_each_billing_mode(
    ordering: Ordering,
) -> None:
    coupon = await ordering.create_percentage_coupon("forever")
    for name, billing_mode in BILLING_MODES.items():
        await ordering.subscribe(name=name, billing_mode=billing_mode, discounts=[{"coupon": coupon}])
        settled = await ordering.charged(5, name)
        assert abs(settled.amount - 5 * 1400 // 2) <= 2, name
        outlook = (await ordering.find_subscription(name)).outlook
        assert [(each.name, each.percent) for each in outlook.discounts] == [("Welcome", Decimal(50))]
        assert outlook.renewal is not None
        assert outlook.renewal.net == 15 * 1400 // 2, name


async def test_r26_a_discount_that_is_used_up_is_not_charged_back_in_any_billing_mode(
    ordering: Ordering,
) -> None:
    """Stripe credits the old seats at what was paid for them, and charges them without the discount."""
    coupon = await ordering.create_percentage_coupon("once")
    for name, billing_mode in BILLING_MODES.items():
        await ordering.subscribe(name=name, billing_mode=billing_mode, discounts=[{"coupon": coupon}])
        with pytest.raises(PreviewMismatch) as refused:
            await ordering.preview(5, name)
        billed, expected = refused.value.variables["billed"], refused.value.variables["expected"]
        assert isinstance(billed, Money)
        assert isinstance(expected, Money)
        assert billed.amount > expected.amount, name
