"""The Stripe gateway's customers, and which subscriptions and periods are theirs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select
from structlog.testing import capture_logs

from bot.billing.gateway import (
    BillingUnavailable,
    ChargeOutcome,
    CustomerNotFound,
    Declined,
    LineRequest,
    NeedsCustomer,
    SubscriptionNotActive,
    SubscriptionState,
    Unknown,
)
from bot.billing.stripe.charges import IDEMPOTENCY_KEY_LIFETIME
from bot.billing.stripe.invoices import CUSTOMER_CONFIRMATION_WINDOW
from bot.db import Database
from models.account import Account
from models.errors import Refusal
from models.subscription.upcoming_changes import (
    SubscriptionInTrial,
    SubscriptionJustStarted,
    SubscriptionPastDue,
    SubscriptionPaused,
)
from tests.billing.conftest import CUSTOMER, StripeProvider, reconcile_charge
from tests.billing.contract import HALF_OF_NOVEMBER, PARIS, TEN_SEATS, remove_reference
from tests.billing.scenarios import price_charge
from tests.fake_stripe import Card, Fault
from tests.fake_stripe.records import Invoice, PaymentIntent
from tests.fake_stripe.server import FaultKind
from tests.fake_stripe.subscription_settings import Coupon

TEN_MORE = [LineRequest("sub_month", 10)]
THERE = "sub_month_there"


async def test_a_deleted_customer_is_refused_by_name(provider: StripeProvider) -> None:
    charge = await price_charge(provider)
    provider.fake.records.customers[CUSTOMER].deleted = True
    for refused in (
        provider.gateway.list_subscriptions("acme"),
        provider.gateway.fetch_customer("acme"),
        provider.gateway.create_portal_link("acme"),
    ):
        with pytest.raises(CustomerNotFound):
            await refused
    assert await provider.gateway.place_charge(charge) == Declined("customer_gone")


@pytest.mark.parametrize(
    ("fault", "ended"), [("cut_after", TEN_SEATS), ("cut_before", Declined("customer_gone"))]
)
async def test_r19_an_open_attempt_ends_though_its_customer_is_deleted(
    provider: StripeProvider, fault: FaultKind, ended: ChargeOutcome
) -> None:
    """Nothing can be changed there any more: what there is to find has happened."""
    provider.fake.faults.append(Fault(fault, charges_only=True, times=9))
    assert await provider.gateway.place_charge(provider.charge()) == Unknown()
    provider.fake.records.delete_customer(CUSTOMER)
    assert remove_reference(await reconcile_charge(provider)) == ended
    assert remove_reference(await provider.gateway.place_charge(provider.charge())) == ended


@pytest.mark.parametrize("deleted", [True, False])
async def test_an_attempt_that_cannot_be_looked_up_is_unknown_while_its_key_lives(
    provider: StripeProvider, database: Database, *, deleted: bool
) -> None:
    """Who cannot look does not say that it failed."""
    charge = provider.charge()
    if deleted:
        provider.fake.records.delete_customer(CUSTOMER)
        provider.fake.records.lists_invoices_of_deleted_customers = False
    else:
        async with database.write() as session:
            (await session.exec(select(Account))).one().stripe_customer = None
    provider.clock.at += IDEMPOTENCY_KEY_LIFETIME - timedelta(seconds=1)
    assert await provider.gateway.reconcile_charge(charge) == Unknown()
    provider.clock.advance(1)
    with capture_logs() as logs:
        assert await provider.gateway.reconcile_charge(charge) == Declined("customer_gone")
    assert [entry["charge_key"] for entry in logs if entry["log_level"] == "error"] == [charge.key]


async def test_a_portal_that_is_not_set_up_does_not_make_the_customer_unknown(
    provider: StripeProvider,
) -> None:
    provider.fake.records.has_portal_configuration = False
    with pytest.raises(BillingUnavailable):
        await provider.gateway.create_portal_link("acme")


async def test_an_account_that_is_not_linked_is_refused_by_name(
    provider: StripeProvider, database: Database
) -> None:
    async with database.write() as session:
        (await session.exec(select(Account))).one().stripe_customer = None
    with pytest.raises(CustomerNotFound):
        await provider.gateway.list_subscriptions("acme")


async def test_a_cancelled_subscription_declines_and_is_not_listed(provider: StripeProvider) -> None:
    charge = await price_charge(provider)
    provider.fake.records.cancel_subscription(provider.fake.records.subscriptions[THERE])
    assert [s.id for s in await provider.gateway.list_subscriptions("acme")] == ["sub_year"]
    assert await provider.gateway.place_charge(charge) == Declined("subscription_gone")
    assert await provider.gateway.reconcile_charge(charge) == Declined("subscription_gone")


@pytest.mark.parametrize(
    ("status", "refusal", "reason"),
    [
        ("past_due", SubscriptionPastDue, "subscription_past_due"),
        ("unpaid", SubscriptionPastDue, "subscription_past_due"),
        ("paused", SubscriptionPaused, "subscription_paused"),
        ("trialing", SubscriptionInTrial, "subscription_in_trial"),
        ("incomplete", SubscriptionNotActive, "subscription_not_active"),
    ],
)
async def test_a_subscription_that_is_not_active_is_refused_by_name(
    provider: StripeProvider, status: str, refusal: type[Refusal], reason: str
) -> None:
    charge = await price_charge(provider)
    provider.fake.records.subscriptions[THERE].status = status
    with pytest.raises(refusal):
        await provider.gateway.preview_lines("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)
    assert await provider.gateway.place_charge(charge) == Declined(reason)
    assert await provider.gateway.reconcile_charge(charge) == Declined(reason)
    assert provider.fake.list_charge_requests() == []


@pytest.mark.parametrize("first", ["canceled", "incomplete"])
async def test_the_existing_one_of_two_items_with_one_name_is_used(
    provider: StripeProvider, first: str
) -> None:
    """For example, somebody ended a subscription and created it again."""
    records = provider.fake.records
    [other] = {"canceled", "incomplete"} - {first}
    again = replace(records.subscriptions[THERE], id="sub_month_again", status=other)
    records.subscriptions[THERE].status, records.subscriptions[again.id] = first, again
    [month, _] = await provider.gateway.list_subscriptions("acme")
    assert (month.id, month.closed_reason) == ("sub_month", "subscription_not_active")


async def test_a_settled_charge_stays_settled_when_its_subscription_is_cancelled(
    provider: StripeProvider,
) -> None:
    outcome = await provider.gateway.place_charge(provider.charge())
    provider.fake.records.cancel_subscription(provider.fake.records.subscriptions[THERE])
    assert await reconcile_charge(provider) == outcome


@pytest.mark.parametrize("ends", ["cancelled", "customer deleted", "time is up"])
async def test_r19_a_payment_that_would_buy_nothing_is_not_waited_for(
    provider: StripeProvider, ends: str
) -> None:
    """Cancelling a subscription leaves the invoice open: paid later, it would buy nothing."""
    records = provider.fake.records
    charge = await price_charge(provider, card="absent_customer")
    assert isinstance(await provider.gateway.place_charge(charge), NeedsCustomer)
    match ends:
        case "cancelled":
            records.cancel_subscription(records.subscriptions[THERE])
        case "customer deleted":
            records.delete_customer(CUSTOMER)
        case _:
            records.subscriptions[THERE].pending_update = None
            provider.clock.at += CUSTOMER_CONFIRMATION_WINDOW
    [invoice] = records.invoices.values()
    assert invoice.status == "open"
    assert await provider.gateway.reconcile_charge(charge) == Declined("customer_timeout")
    assert invoice.status == "void"


@pytest.mark.parametrize("settled_before", [True, False])
async def test_r19_an_open_attempt_ends_if_its_item_was_removed(
    provider: StripeProvider, *, settled_before: bool
) -> None:
    kind = "cut_after" if settled_before else "cut_before"
    provider.fake.faults.append(Fault(kind, charges_only=True, times=9))  # type: ignore[arg-type]
    assert await provider.gateway.place_charge(provider.charge()) == Unknown()
    provider.fake.records.get_item("sub_month").metadata["seatbot_subscription"] = "another"
    ended = TEN_SEATS if settled_before else Declined("subscription_gone")
    assert remove_reference(await reconcile_charge(provider)) == ended


async def test_everything_is_read_however_many_pages_it_takes(provider: StripeProvider) -> None:
    records = provider.fake.records
    for n in range(130):
        records.cards[f"pm_more_{n}"] = Card(f"pm_more_{n}", CUSTOMER)
        records.invoices[f"in_other_{n}"] = Invoice(
            f"in_other_{n}", CUSTOMER, THERE, "manual", records.now, [], {}
        )
    outcome = await provider.gateway.place_charge(provider.charge())
    for n in range(130):
        records.invoices[f"in_late_{n}"] = Invoice(
            f"in_late_{n}", CUSTOMER, THERE, "manual", records.now, [], {}
        )
    assert await reconcile_charge(provider) == outcome
    methods = (await provider.gateway.fetch_customer("acme")).payment_methods
    assert methods is not None
    assert len(methods) == len(records.cards)
    assert [m.id for m in methods if m.is_default] == ["pm_1"]


async def test_a_subscription_of_many_items_is_read_to_its_last(provider: StripeProvider) -> None:
    subscription, item = provider.fake.records.get_subscription_and_item("sub_month")
    more = [replace(item, id=f"si_more_{n}", metadata={}) for n in range(25)]
    subscription.items[:0] = more
    held = {state.id for state in await provider.gateway.list_subscriptions("acme")}
    assert held == {"sub_month", "sub_year", *(each.id for each in more)}


async def test_the_invoices_own_payment_is_chosen_from_several(provider: StripeProvider) -> None:
    """What somebody adds to an invoice by hand says nothing of how its card was charged."""
    charge = await price_charge(provider, card="declined")
    provider.fake.faults.append(Fault("cut_after", charges_only=True, times=3))
    assert await provider.gateway.place_charge(charge) == Unknown()
    [invoice] = provider.fake.records.invoices.values()
    invoice.attached_payment_intent = PaymentIntent("pi_by_hand", "requires_payment_method")
    assert await provider.gateway.reconcile_charge(charge) == Declined("card_declined")


async def test_a_period_that_ends_during_a_day_ends_at_the_midnight_before(
    provider: StripeProvider,
) -> None:
    item = provider.fake.records.get_item("sub_month")
    item.current_period_start, item.current_period_end = (
        item.current_period_start + 50_000,
        item.current_period_end + 50_000,
    )
    [month, _] = await provider.gateway.list_subscriptions("acme")
    assert (month.period_start, month.period_end) == (date(2026, 11, 1), date(2026, 12, 1))


async def test_a_period_of_less_than_a_day_is_listed_with_its_end(provider: StripeProvider) -> None:
    """Stripe shortens a first period to reach the billing anchor; until it ends nothing can be ordered."""
    item = provider.fake.records.get_item("sub_month")
    item.current_period_start, item.current_period_end = (
        item.current_period_end - 7200,
        item.current_period_end - 3600,
    )
    states = {s.id: s for s in await provider.gateway.list_subscriptions("acme")}
    end = datetime.fromtimestamp(item.current_period_end, UTC)
    assert states["sub_month"].outlook.orderable_from == end
    assert states["sub_year"].outlook.orderable_from is None
    with pytest.raises(SubscriptionJustStarted):
        await provider.gateway.preview_lines("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)


async def test_a_renewal_is_previewed_again_only_if_something_changes(provider: StripeProvider) -> None:
    def count_previews() -> int:
        return len([r for r in provider.fake.requests if r.path.endswith("create_preview")])

    async def look() -> list[SubscriptionState]:
        return await provider.gateway.list_subscriptions("acme")

    first = await look()
    before = count_previews()
    assert await look() == first
    assert count_previews() == before
    provider.fake.records.set_quantity("sub_month", 26)
    assert {s.id: s.seats for s in await look()}["sub_month"] == 26
    assert count_previews() == before + 1, "of the changed one"
    provider.fake.records.customers["cus_acme"].tax.exempt = "exempt"
    [state] = [s for s in await look() if s.id == "sub_month"]
    assert state.outlook.renewal is not None
    assert state.outlook.renewal.tax == 0
    provider.clock.advance(601)
    before = count_previews()
    await look()
    assert count_previews() == before + 2


FIXED = Coupon("FIXED", "Fixed", amount_off=500, currency="eur")
IN_DOLLARS = replace(FIXED, currency="usd")
IN_BOTH = replace(IN_DOLLARS, currency_options={"eur": 400})


@pytest.mark.parametrize(
    ("coupon", "shown", "renewal"),
    [
        (FIXED, [("Fixed", 500, "EUR")], 34500),
        (IN_DOLLARS, [], 35000),
        (IN_BOTH, [("Fixed", 400, "EUR")], 34600),
        (replace(FIXED, products=("prod_other",)), [], 35000),
    ],
)
@pytest.mark.parametrize("is_customers", [True, False])
async def test_r27_an_amount_off_counts_only_in_a_currency_and_for_a_product_of_its_coupon(
    provider: StripeProvider,
    coupon: Coupon,
    shown: list[tuple[str, int, str]],
    renewal: int,
    *,
    is_customers: bool,
) -> None:
    records = provider.fake.records
    if is_customers:
        records.customers[CUSTOMER].coupon = coupon
    else:
        records.subscriptions[THERE].settings.coupons = [coupon]
    [month, _] = await provider.gateway.list_subscriptions("acme")
    discounts = [(each.name, each.amount, each.currency) for each in month.outlook.discounts]
    assert discounts == shown
    assert month.outlook.renewal is not None
    assert month.outlook.renewal.net == renewal


@pytest.mark.parametrize("is_deleted", [True, False])
async def test_r27_the_customers_discount_does_not_replace_one_for_other_products(
    provider: StripeProvider, *, is_deleted: bool
) -> None:
    """Which products a coupon was for is no longer known once it was deleted. It is read once."""
    records = provider.fake.records
    records.customers[CUSTOMER].coupon = Coupon("PARTNER", "Partner", 10)
    coupon = replace(FIXED, products=("prod_other",), is_deleted=is_deleted)
    for subscription in records.subscriptions.values():
        subscription.settings.coupons = [coupon]
    [month, year] = await provider.gateway.list_subscriptions("acme")
    shown = [[each.name for each in state.outlook.discounts] for state in (month, year)]
    assert shown == [["Fixed"] if is_deleted else []] * 2
    assert len([r for r in provider.fake.requests if r.path.startswith("/v1/coupons/")]) == 1
    assert month.outlook.renewal is not None
    assert month.outlook.renewal.net == 35000


async def test_a_discount_outlives_its_coupon(provider: StripeProvider) -> None:
    """Its amount in the subscription's currency is not known then."""
    coupon = replace(IN_BOTH, is_deleted=True)
    provider.fake.records.subscriptions[THERE].settings.coupons = [coupon]
    [month, _] = await provider.gateway.list_subscriptions("acme")
    assert [(each.name, each.amount) for each in month.outlook.discounts] == [("Fixed", None)]
