"""The fake itself: what it is trusted for is what Stripe documents."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
import stripe

from bot.billing.stripe.client import build_http_client, build_stripe_client
from tests.billing.contract import Clock
from tests.fake_stripe import (
    Card,
    FakeStripe,
    StripeRecords,
    form_encoding,
    invoice_pdf,
    permissions,
    prices,
    routes,
    serializers,
    server,
    setup_routes,
    taxes,
)
from tests.fake_stripe.prices import Price
from tests.fake_stripe.records import Customer, Subscription, SubscriptionItem, add_interval
from tests.fake_stripe.sdk_types import (
    find_event_type_errors,
    find_request_errors,
    find_response_errors,
)

KEY = "sk_test_fake"
START = datetime(2026, 11, 1, tzinfo=UTC)
MIDDLE = datetime(2026, 11, 16, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(MIDDLE)


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeStripe]:
    records = StripeRecords(clock, {"FR": "0.20"})
    records.customers["cus_1"] = Customer("cus_1", {"country": "FR"}, default_payment_method="pm_1")
    records.cards["pm_1"] = Card("pm_1", "cus_1")
    item = SubscriptionItem("si_1", Price("price_1", 1000), 3, int(START.timestamp()), int(END.timestamp()))
    records.subscriptions["sub_1"] = Subscription("sub_1", "cus_1", [item])
    async with FakeStripe(records, KEY).run() as fake:
        yield fake


@pytest.fixture
async def client(fake: FakeStripe) -> AsyncIterator[stripe.StripeClient]:
    async with aiohttp.ClientSession() as session:
        yield build_stripe_client(KEY, fake.url, build_http_client(session, fake.url))


async def more_seats(
    client: stripe.StripeClient, key: str, seats: int = 5, **more: object
) -> stripe.Subscription:
    wanted: dict[str, object] = {
        "items": [{"id": "si_1", "quantity": seats}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
        "expand": ["latest_invoice"],
        **more,
    }
    return await client.v1.subscriptions.update_async("sub_1", wanted, {"idempotency_key": key})  # type: ignore[arg-type]


async def test_a_key_answers_the_same_for_a_day_and_charges_once(
    fake: FakeStripe, client: stripe.StripeClient, clock: Clock
) -> None:
    first = await more_seats(client, "k")
    clock.advance(86399)
    again = await more_seats(client, "k")
    assert again.to_dict() == first.to_dict()
    assert len(fake.records.invoices) == 1
    clock.advance(2)
    await more_seats(client, "k")
    assert len(fake.records.invoices) == 1, "a new request, which sets what is set already"


async def test_a_key_with_another_body_is_refused(client: stripe.StripeClient) -> None:
    await more_seats(client, "k")
    with pytest.raises(stripe.IdempotencyError):
        await more_seats(client, "k", 6)


async def test_errors_of_validation_are_not_kept_under_the_key(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await more_seats(client, "k", default_payment_method="pm_1")
    assert (await more_seats(client, "k")).pending_update is None


async def test_a_pending_update_bills_the_usage_beside_it_and_loses_it_when_it_expires(
    fake: FakeStripe, client: stripe.StripeClient, clock: Clock
) -> None:
    """docs.stripe.com/billing/subscriptions/pending-updates, on metered items."""
    start, end = int(START.timestamp()), int(END.timestamp())
    metered = SubscriptionItem("si_2", Price("price_2", 3, usage_type="metered"), 0, start, end)
    metered.unbilled_usage = 100
    fake.records.subscriptions["sub_1"].items.append(metered)
    fake.records.cards["pm_1"].behaviour = "customer_never"
    await more_seats(client, "k")
    [invoice] = fake.records.list_updates()
    assert [line.amount for line in invoice.lines if line.subscription_item == "si_2"] == [300]
    clock.advance(24 * 3600)
    fake.records.apply_due_changes()
    assert (invoice.status, metered.unbilled_usage) == ("void", 0)


async def test_parameters_not_allowed_with_a_pending_update_are_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await more_seats(client, "k", 5, default_payment_method="pm_1")


async def test_metadata_of_a_pending_update_are_merged_when_it_is_paid(
    fake: FakeStripe, client: stripe.StripeClient
) -> None:
    fake.records.cards["pm_1"].behaviour = "customer_never"
    fake.records.subscriptions["sub_1"].metadata["old"] = "1"
    changed = await more_seats(client, "k", metadata={"new": "2"})
    assert changed.pending_update is not None
    assert changed.pending_update.metadata is not None
    assert changed.pending_update.metadata.to_dict() == {"new": "2"}
    assert changed.metadata.to_dict() == {"old": "1"}
    [invoice] = fake.records.invoices.values()
    fake.records.pay_invoice(invoice)
    [paid] = (await client.v1.subscriptions.list_async({"customer": "cus_1"})).data
    assert paid.metadata.to_dict() == {"old": "1", "new": "2"}


def test_periods_keep_the_anchors_day() -> None:
    days = [datetime(2027, 1, 31, 23, tzinfo=UTC), datetime(2027, 2, 28, 23, tzinfo=UTC)]
    anchor = int(days[0].timestamp())
    at = anchor
    for expected in (*days[1:], datetime(2027, 3, 31, 23, tzinfo=UTC), datetime(2027, 4, 30, 23, tzinfo=UTC)):
        at = add_interval(at, Price("price_1", 1400), anchor)
        assert datetime.fromtimestamp(at, UTC) == expected


async def test_a_parameter_that_the_fake_ignores_is_reported(
    fake: FakeStripe, client: stripe.StripeClient
) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.subscriptions.update_async("sub_1", {"description": "Acme"})
    assert len(fake.violations) == 1
    fake.violations.clear()


def test_an_event_of_an_unknown_type_is_noticed() -> None:
    assert find_event_type_errors("customer.subscription.updated") == []
    assert find_event_type_errors("customer.subscription.changed")


async def test_proration_is_to_the_second(client: stripe.StripeClient) -> None:
    for seconds, rest in ((0, 1.0), (1, 1 - 1 / 2_592_000), (1_296_000, 0.5), (2_591_999, 1 / 2_592_000)):
        at = int((START + timedelta(seconds=seconds)).timestamp())
        details = {
            "items": [{"id": "si_1", "quantity": 1003}],
            "proration_behavior": "always_invoice",
            "proration_date": at,
        }
        wanted = {"customer": "cus_1", "subscription": "sub_1", "subscription_details": details}
        invoice = await client.v1.invoices.create_preview_async(wanted)  # type: ignore[arg-type]
        assert abs(invoice.subtotal - 1_000_000 * rest) <= 1


async def test_an_invoice_keeps_its_tax_when_the_subscription_gets_another_price(
    fake: FakeStripe, client: stripe.StripeClient
) -> None:
    changed = await more_seats(client, "k")
    assert isinstance(changed.latest_invoice, stripe.Invoice)
    fake.records.use_other_price("si_1", tax_behavior="inclusive")
    old = await client.v1.prices.retrieve_async("price_1")
    assert old.tax_behavior == "exclusive"
    invoice = await client.v1.invoices.retrieve_async(str(changed.latest_invoice.id))
    assert (invoice.total, invoice.total_excluding_tax) == (
        changed.latest_invoice.total,
        changed.latest_invoice.total_excluding_tax,
    )
    assert {tax.tax_behavior for line in invoice.lines for tax in line.taxes or ()} == {"exclusive"}


async def test_a_change_that_is_not_paid_waits_23_hours_and_is_dropped(
    fake: FakeStripe, client: stripe.StripeClient, clock: Clock
) -> None:
    fake.records.cards["pm_1"].behaviour = "customer_never"
    changed = await more_seats(client, "k")
    assert changed.pending_update is not None
    assert changed.pending_update.expires_at == int(MIDDLE.timestamp()) + 23 * 3600
    assert fake.records.get_item("si_1").quantity == 3
    clock.advance(23 * 3600)
    [held] = (await client.v1.subscriptions.list_async({"customer": "cus_1"})).data
    assert held.pending_update is None
    assert [i.status for i in fake.records.invoices.values()] == ["void"]
    kinds = [event.type for event in fake.records.events]
    assert "customer.subscription.pending_update_expired" in kinds


CUSTOMER = {"id": "cus_1", "object": "customer", "created": 1, "livemode": False}
UPDATE = {
    "items": [{"id": "si_1", "quantity": "3"}],
    "payment_behavior": "pending_if_incomplete",
    "expand": ["latest_invoice.payments"],
    "metadata": {"a": "b"},
}


@pytest.mark.parametrize(
    "broken",
    [
        {"created": "1"},
        {"created": True},
        {"livemode": None},
        {"colour": "red"},
        {"tax_exempt": "perhaps"},
        {"address": {"city": 1}},
        {"address": "Paris"},
        {"metadata": {"a": 1}},
        {"default_source": {"object": "card"}},
        {"discount": {"id": "di_1", "object": "discount", "checkout_session": None}},
        {"subscriptions": [{"id": "sub_1"}]},
        {"subscriptions": {"object": "list", "data": [], "url": "/"}},
        {"subscriptions": {"object": "list", "data": [{"id": "sub_1"}], "url": "/", "has_more": False}},
        {"deleted": True},
    ],
    ids=str,
)
def test_a_response_that_differs_from_the_sdks_types_is_noticed(broken: dict[str, object]) -> None:
    assert find_response_errors(CUSTOMER, stripe.Customer) == []
    assert find_response_errors({**CUSTOMER, **broken}, stripe.Customer)


@pytest.mark.parametrize("missing", ["id", "created", "livemode"])
def test_a_response_without_a_required_field_is_noticed(missing: str) -> None:
    rest = {name: value for name, value in CUSTOMER.items() if name != missing}
    assert find_response_errors(rest, stripe.Customer)


def test_an_expandable_field_is_an_id_or_an_object() -> None:
    source = {"id": "card_1", "object": "card"}
    assert find_response_errors({**CUSTOMER, "default_source": "card_1"}, stripe.Customer) == []
    assert find_response_errors({**CUSTOMER, "default_source": 1}, stripe.Customer)
    assert find_response_errors({**CUSTOMER, "default_source": source}, stripe.Customer)


def test_of_a_deleted_object_only_the_id_is_left() -> None:
    deleted = {"id": "cus_1", "object": "customer", "deleted": True}
    assert find_response_errors(deleted, stripe.Customer) == []
    assert find_response_errors({**deleted, "created": 1}, stripe.Customer)


@pytest.mark.parametrize(
    "broken",
    [
        {"item": "si_1"},
        {"items": [{"id": "si_1", "quantity": "many"}]},
        {"items": [{"id": "si_1", "seats": "3"}]},
        {"items": {"id": "si_1"}},
        {"payment_behavior": "pending"},
        {"metadata": "x"},
        {"cancel_at_period_end": "1"},
        {"expand": ["latest_invoices"]},
        {"expand": ["status"]},
        {"expand": ["items.data.price.currency_options.usd"]},
    ],
    ids=str,
)
def test_a_request_that_differs_from_the_sdks_types_is_noticed(broken: dict[str, object]) -> None:
    assert find_request_errors(UPDATE, stripe.SubscriptionService.update) == []
    assert find_request_errors({**UPDATE, **broken}, stripe.SubscriptionService.update)


async def test_a_request_with_an_unknown_parameter_is_refused_and_reported(
    fake: FakeStripe, client: stripe.StripeClient
) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await more_seats(client, "k", 5, no_such="thing")
    assert len(fake.violations) == 1
    fake.violations.clear()


def test_each_behaviour_says_where_stripe_documents_it() -> None:
    """Those of routes and objects; what the records do over time is cited there, or in the module's text."""
    documented = ("docs.stripe.com/", "github.com/")
    handlers = {route.handler for route in (*routes.ROUTES, *setup_routes.ROUTES)}
    objects = {function for name, function in vars(serializers).items() if name.startswith("serialize_")}
    uncited = {
        each.__qualname__
        for each in handlers | objects
        if not any(address in (each.__doc__ or "") for address in documented)
    }
    assert uncited == set()
    for module in (prices, taxes, permissions, form_encoding, invoice_pdf, server):
        assert "docs.stripe.com/" in (module.__doc__ or ""), module.__name__
