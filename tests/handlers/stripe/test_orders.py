"""Orders over Stripe, through the whole program (R3, R12, R17-R19, R23)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from bot.accounts_file.yaml_with_lines import InvalidAccountsFile
from bot.billing.customer_listing import ListedCustomer
from bot.billing.gateway import (
    BillingUnavailable,
    CustomerNotFound,
    QuotedPriceChanged,
)
from bot.use_cases.accounts_import.export import export_accounts
from bot.use_cases.accounts_import.link import (
    CustomerLink,
    LinkOptions,
    LinkReport,
    list_link_problems,
    store_links,
)
from bot.use_cases.accounts_import.run import import_accounts
from bot.use_cases.billing_webhook import refresh_due_accounts
from bot.use_cases.cart.open import open_cart
from bot.use_cases.checkout.open import open_checkout
from bot.use_cases.operations.doctor import run_checks
from bot.use_cases.service_order.place import place_service_order
from bot.use_cases.service_order.read import get_order
from bot.use_cases.service_order.reminders import remind_customers
from bot.use_cases.slack_user import refresh_slack_user
from models.account import Account
from models.billing_event import ReceivedBillingEvent
from models.details import CartPage
from models.errors import Refusal
from models.notice import Notice, NoticeKind
from models.payment_method import PaymentMethod
from models.quote import Quote, QuoteStatus
from models.service_order import ChargeAttempt
from models.subscription import Subscription
from models.subscription.seat_pricing import CurrencyMismatch
from models.subscription.upcoming_changes import SubscriptionPaidByInvoice
from tests.fake_stripe import Card, Fault
from tests.fake_stripe.records import InvoiceLine
from tests.handlers.db_snapshot import change
from tests.handlers.steps import find_messages, find_newest_message, install_hooked_gateway, open_modal
from tests.handlers.stripe.stripe_orders import (
    ALICE,
    CARLA,
    DORA,
    get_order_line,
    place_order,
    place_unprocessed_order,
    prepare_order,
    refresh_and_open_cart,
    retry_order,
)
from tests.stripe_world import SECRET, StripeWorld, stripe_world
from tests.variants import leave_to_long
from tests.world import START


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


# --- the main job


async def test_an_order_is_charged_at_stripe_for_what_its_quote_promised(world: StripeWorld) -> None:
    alice = world.get_person("alice")
    await world.place_order(alice, acme_meeting=5)
    await world.settle()
    quote = await world.load_row(Quote)
    assert world.list_paid_totals() == [quote.total]
    assert await world.load_seats("acme_meeting") == (30, 30)
    assert len(world.fake.list_charge_requests()) == 1
    order = await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    [invoice] = world.records.list_paid_updates()
    assert f"<https://invoice.stripe.example/i/{invoice.id}|view>" in str(order.view.blocks)
    assert "Invoice FAKE-" in order.text


async def test_an_account_needs_no_subscriptions_and_cards_in_the_file(world: StripeWorld) -> None:
    """What Stripe holds is known here when it is first looked at."""
    held = world.records.subscriptions["sub_of_acme_meeting"].items[0]
    held.metadata.clear()
    await refresh_and_open_cart(world, ALICE, "acme")
    found = await world.load_row(Subscription, id="si_acme_meeting")
    assert (found.seats, found.product_id, found.active) == (25, "goto-meeting", True)
    assert not (await world.load_row(Subscription, id="acme_meeting")).active, (
        "no longer there under that name"
    )
    await place_order(world, ALICE, "si_acme_meeting", 3)
    assert world.records.get_item("si_acme_meeting").quantity == 28


async def test_command_text_may_name_a_subscription_only_stripe_has(world: StripeWorld) -> None:
    held = world.records.subscriptions["sub_of_acme_meeting"].items[0]
    held.metadata.clear()
    async with world.dependencies.write() as session:
        (await session.get_one(Subscription, "acme_meeting")).active = False
    await refresh_slack_user(world.dependencies, ALICE)
    cart = await open_cart(world.dependencies, person=ALICE, account_id="acme", command_text="meeting 5")
    assert isinstance(cart, CartPage)
    assert (cart.seat_inputs, cart.preselected_subscription_id) == (
        {"si_acme_meeting": 5},
        "si_acme_meeting",
    )


async def test_r3_the_cards_are_those_that_stripe_keeps(world: StripeWorld) -> None:
    records = world.records
    records.cards["pm_new"] = Card("pm_new", "cus_acme", last4="1881")
    records.customers["cus_acme"].default_payment_method = "pm_new"
    records.cards.pop("pm_acme_2")
    await refresh_and_open_cart(world, ALICE, "acme")
    methods = {m.id: m for m in await world.load_rows(PaymentMethod, account_id="acme")}
    assert methods["pm_new"].is_default
    assert methods["pm_new"].active
    assert not methods["pm_acme"].is_default
    assert not methods["pm_acme_2"].active


async def test_another_card_is_charged_for_this_order_only(world: StripeWorld) -> None:
    await place_order(world, DORA, "declined_meeting", payment_method="pm_good_1")
    subscription = world.records.subscriptions["sub_of_declined_meeting"]
    assert (await get_order_line(world)).status == "settled"
    assert subscription.default_payment_method is None, "the default payment method is restored"
    assert set(subscription.metadata) == {"seatbot_attempt"}


# --- R17: the price promised is the price charged


async def test_r17_a_price_that_changed_before_placing_stops_the_order_with_both_prices(
    world: StripeWorld,
) -> None:
    quote_id = await prepare_order(world, ALICE, "acme_meeting")
    world.records.tax_rates["FR"] = "0.25"
    with pytest.raises(QuotedPriceChanged) as refused:
        await place_service_order(world.dependencies, person=ALICE, quote_id=quote_id)
    promised, now = refused.value.variables["promised"], refused.value.variables["now"]
    quote = await world.load_row(Quote)
    assert (promised.amount, quote.status) == (quote.total, QuoteStatus.PENDING)  # type: ignore[attr-defined]
    assert now.amount > promised.amount  # type: ignore[attr-defined]
    assert world.list_paid_totals() == []


async def test_r17_a_price_that_changed_before_charging_stops_the_line_and_shows_both(
    world: StripeWorld,
) -> None:
    await place_unprocessed_order(world, DORA, "declined_meeting", payment_method="pm_good_1")
    world.records.tax_rates["GB"] = "0.25"
    await world.pass_time(seconds=20)
    stopped = await get_order_line(world)
    assert (stopped.status, stopped.reason) == ("declined", "price_changed")
    assert stopped.offered_tax is not None
    assert stopped.offered_tax > stopped.tax
    text = find_newest_message(world.get_person("dora").dms, "payment declined").text
    assert "You were promised £19.80. The price is now £20.63, including tax." in text
    assert world.list_paid_totals() == []
    world.records.tax_rates["GB"] = "0.20"
    await retry_order(world, stopped.order_id)
    await world.settle()
    assert world.list_paid_totals() == [1980], "tried again once the price is the promised one"


@pytest.mark.parametrize("card", ["pm_customer_1", "pm_lost_1"])
async def test_r17_a_charged_amount_that_differs_from_the_promise_is_reported(
    world: StripeWorld, card: str
) -> None:
    """Somebody left something to be charged between the look and the charge."""
    there, item = world.records.get_subscription_and_item("customer_assist")

    def leave_more() -> None:
        left = InvoiceLine(
            item.id,
            there.id,
            item.price,
            1,
            300,
            60,
            item.current_period_start,
            item.current_period_end,
            True,
        )
        world.records.pending_invoice_items.append(left)

    world.fake.before_charge = leave_more
    with capture_logs() as logs:
        await place_order(world, CARLA, "customer_assist", payment_method=card)
        await world.pass_time(minutes=11)
    mismatches = [entry for entry in logs if entry["event"] == "charge.amount_mismatch"]
    [invoice] = world.records.list_paid_updates()
    assert [(entry["order"], entry["receipt"]) for entry in mismatches] == [("SO-1001", invoice.id)]


# --- what gets in the way


async def test_a_declined_card_is_voided_and_the_next_one_charged_once(world: StripeWorld) -> None:
    await place_order(world, DORA, "declined_meeting")
    assert (await get_order_line(world)).reason == "card_declined"
    [refused] = world.records.invoices.values()
    assert refused.status == "void", "no retry of Stripe's own can charge it any more"
    await retry_order(world, 1)
    await world.settle()
    assert (await get_order_line(world)).status == "settled"
    assert len(world.list_paid_totals()) == 1


async def test_a_payment_to_confirm_is_linked_reminded_of_and_expires(world: StripeWorld) -> None:
    await place_order(world, CARLA, "customer_assist", payment_method="pm_customer_never_1")
    waiting = await get_order_line(world)
    assert (waiting.status, waiting.customer_link) == (
        "needs_customer", "https://invoice.stripe.example/i/" + next(iter(world.records.invoices)),
    )  # fmt: skip
    assert waiting.deadline_at == START + timedelta(hours=23)
    carla = world.get_person("carla")
    await world.pass_time(hours=21, minutes=1)
    assert await remind_customers(world.dependencies) == 1
    assert await remind_customers(world.dependencies) == 0
    await world.settle()
    assert len(find_messages(carla.dms, "confirm your payment")) == 2, "asked, and reminded once"
    await world.pass_time(hours=2)
    assert (await get_order_line(world)).reason == "customer_timeout"
    assert world.list_paid_totals() == []


async def test_seats_that_settle_as_their_subscription_is_closed_do_not_open_it_again(
    world: StripeWorld,
) -> None:
    async def close() -> None:
        subscription, _ = world.records.get_subscription_and_item("acme_meeting")
        subscription.status = "incomplete"
        async with world.dependencies.write() as session:
            (await session.get_one(Subscription, "acme_meeting")).active = False

    install_hooked_gateway(world).after["place"] = close
    await place_order(world, ALICE, "acme_meeting")
    assert (await get_order_line(world)).status == "settled"
    assert not (await world.load_row(Subscription, id="acme_meeting")).active


async def test_a_lost_answer_is_found_by_its_key_and_charged_once(world: StripeWorld) -> None:
    await place_order(world, CARLA, "customer_assist", payment_method="pm_lost_1")
    await world.pass_time(seconds=15)
    assert (await get_order_line(world)).status == "settled"
    assert len(world.list_paid_totals()) == 1
    [attempt] = await world.load_rows(ChargeAttempt)
    assert {call.idempotency_key for call in world.fake.list_charge_requests()} == {attempt.idempotency_key}


async def test_a_subscription_cancelled_meanwhile_declines_its_line(world: StripeWorld) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    world.records.cancel_subscription(world.records.subscriptions["sub_of_acme_meeting"])
    await world.pass_time(seconds=20)
    assert (await get_order_line(world)).reason == "subscription_gone"
    assert world.list_paid_totals() == []


async def test_an_unpaid_subscription_is_shown_and_not_sold(world: StripeWorld) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    subscription = world.records.subscriptions["sub_of_acme_meeting"]
    subscription.status = "past_due"
    await world.pass_time(seconds=20)
    assert (await get_order_line(world)).reason == "subscription_past_due"
    assert world.list_paid_totals() == []
    await refresh_and_open_cart(world, ALICE, "acme")
    stored = await world.load_row(Subscription, id="acme_meeting")
    assert (stored.active, stored.outlook.standing) == (True, "past_due")
    subscription.status = "active"
    await refresh_and_open_cart(world, ALICE, "acme")
    assert (await world.load_row(Subscription, id="acme_meeting")).outlook.standing == "active"


async def test_an_item_removed_while_its_charge_is_unknown_ends_its_line(world: StripeWorld) -> None:
    world.fake.faults.append(Fault("down", charges_only=True, times=9))
    await place_order(world, ALICE, "acme_meeting")
    world.records.get_item("acme_meeting").metadata["seatbot_subscription"] = "another"
    await world.pass_time(minutes=11)
    assert (await get_order_line(world)).reason == "subscription_gone"


async def test_a_customer_deleted_event_ends_open_charges(world: StripeWorld) -> None:
    world.fake.faults.append(Fault("down", charges_only=True, times=9))
    await place_order(world, ALICE, "acme_meeting")
    assert (await get_order_line(world)).status == "unknown"
    world.fake.faults.clear()
    world.records.delete_customer("cus_acme")
    [word] = [event for event in world.webhook_sender.collect_events() if event["type"] == "customer.deleted"]
    assert await world.webhook_sender.send_events([word]) == [200]
    assert (await world.load_row(ReceivedBillingEvent)).account_id == "acme"
    await world.settle()
    assert (await get_order_line(world)).reason == "customer_gone"
    assert await refresh_due_accounts(world.dependencies) == 1
    assert await refresh_due_accounts(world.dependencies) == 0, "there is nothing to look at any more"


async def test_r20_a_retry_that_ends_before_charging_is_announced_like_the_first_attempt(
    world: StripeWorld,
) -> None:
    order = await place_order(world, DORA, "declined_meeting")
    world.records.cancel_subscription(world.records.subscriptions["sub_of_declined_meeting"])
    for declines in (2, 3):
        world.clock.move(minutes=1)
        await retry_order(world, order.order.key)
        await world.settle()
        assert (await get_order_line(world)).reason == "subscription_gone"
        declined = await world.load_rows(Notice, kind=NoticeKind.ORDER_DECLINED)
        assert len({notice.destination for notice in declined}) * declines == len(declined)


async def refusal_of(world: StripeWorld) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await prepare_order(world, ALICE, "acme_meeting")
    return refused.value


async def test_a_subscription_missing_at_stripe_is_refused_by_name(world: StripeWorld) -> None:
    world.records.use_other_price("acme_meeting", currency="usd")
    assert isinstance(await refusal_of(world), CurrencyMismatch)
    world.records.use_other_price("acme_meeting", currency="eur")
    world.records.subscriptions["sub_of_acme_meeting"].sends_invoice = True
    assert isinstance(await refusal_of(world), SubscriptionPaidByInvoice)
    world.records.customers["cus_acme"].deleted = True
    assert isinstance(await refusal_of(world), CustomerNotFound)


@pytest.mark.parametrize("kind", ["down", "cut_before", *leave_to_long("rate_limit")])
async def test_during_a_stripe_outage_nothing_changes_and_people_see_a_message(
    world: StripeWorld, kind: str
) -> None:
    world.fake.faults.append(Fault(kind, times=1000))  # type: ignore[arg-type]
    assert isinstance(await refusal_of(world), BillingUnavailable)
    world.fake.faults.clear()
    await place_order(world, ALICE, "acme_meeting")
    assert len(world.list_paid_totals()) == 1


# --- operators, and secrets


async def test_doctor_says_how_stripe_is_reached(world: StripeWorld) -> None:
    async def billing() -> tuple[bool | None, str]:
        result = next(f for f in await run_checks(world.dependencies, set()) if f.name == "billing")
        return result.passed, result.message

    assert await billing() == (True, "Stripe takes the key; events arrive at /stripe/webhook")
    world.fake.faults.append(Fault("cut_before", times=1000))
    well, words = await billing()
    assert not well
    assert "it cannot be reached" in words
    world.fake.api_key = "another"
    well, words = await billing()
    assert not well
    assert "the key is refused; check STRIPE_API_KEY" in words


async def test_no_key_and_no_link_is_in_any_log(
    world: StripeWorld, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    world.fake.faults.append(Fault("save_500", charges_only=True))
    await place_order(world, ALICE, "acme_meeting")
    await world.dependencies.billing.create_portal_link("acme")
    logged = caplog.text + "".join(capsys.readouterr())
    assert "rk_test_fake" not in logged
    assert SECRET not in logged


async def test_receipts_are_limited_to_ones_own_account(world: StripeWorld) -> None:
    await place_order(world, ALICE, "acme_meeting")
    [invoice] = world.records.list_paid_updates()
    page = await world.dependencies.billing.fetch_receipt_page("acme", invoice.id)
    assert page is not None
    assert await world.dependencies.billing.fetch_receipt_page("other", invoice.id) is None
    details = await get_order(world.dependencies, person=ALICE, order_id=1)
    assert details.provider_receipts == [page]


async def test_a_card_added_meanwhile_can_be_chosen_at_checkout(world: StripeWorld) -> None:
    """R15: the way to the payment methods and back, with no event in between."""
    quote_id = await prepare_order(world, ALICE, "acme_meeting")
    world.records.cards["pm_added"] = Card("pm_added", "cus_acme", last4="1881")
    checkout = await open_checkout(world.dependencies, person=ALICE, quote_id=quote_id)
    assert "pm_added" in {method.id for method in checkout.payment_methods}
    world.fake.faults.append(Fault("down", times=1000))
    again = await open_checkout(world.dependencies, person=ALICE, quote_id=quote_id)
    assert again.payment_methods == checkout.payment_methods, "what there was, while Stripe is silent"


async def test_r19_an_account_keeps_its_customer_while_a_charge_is_open(
    world: StripeWorld, tmp_path: Path
) -> None:
    """The invoice of the old customer can still be paid: a retry with another one would charge twice."""
    customer = world.records.customers["cus_acme"]
    world.records.cards[customer.default_payment_method or ""].behaviour = "customer_never"
    await place_order(world, ALICE, "acme_meeting")
    database, at = world.dependencies.database, world.clock()
    path = tmp_path / "accounts.yml"
    exported = (await export_accounts(database, ["acme"])).text
    path.write_text(exported.replace("cus_acme", "cus_new"))
    with pytest.raises(InvalidAccountsFile) as refused:
        await import_accounts(database, path=path, at=at)
    [problem] = refused.value.problems
    assert "acme cannot be linked with another customer while SO-1001 is being charged" in str(problem)
    new = ListedCustomer("cus_new", "Acme SA", None, {}, "EUR", None, "acme", None, {})
    link = CustomerLink(new, "acme", is_stored=True)
    report = LinkReport(LinkOptions(), {"cus_new": link}, {}, {}, {})
    assert len(await list_link_problems(database, report)) == 1
    with pytest.raises(InvalidAccountsFile):
        await store_links(database, report, at)
    assert (await world.load_row(Account, id="acme")).stripe_customer == "cus_acme"
    world.records.void_invoice(world.records.list_updates()[0])
    await world.pass_time(seconds=1200)
    await world.settle()
    assert (await get_order_line(world)).status == "declined"
    path.write_text((await export_accounts(database, ["acme"])).text.replace("cus_acme", "cus_new"))
    await import_accounts(database, path=path, at=at)
    assert (await world.load_row(Account, id="acme")).stripe_customer == "cus_new"


async def test_customers_are_linked_together_or_not_at_all(world: StripeWorld) -> None:
    database, at = world.dependencies.database, world.clock()
    address = {"line1": "Lager 7", "postal_code": "10115", "city": "Berlin", "country": "DE"}
    email = "new@acme.example"
    again = ListedCustomer("cus_again", "Acme SA", None, {}, "EUR", None, "acme", None, {})
    new = ListedCustomer("cus_new", "New", email, address, "EUR", None, "new", "T1", {})
    links = {link.id: CustomerLink(link, link.account_id or "", link is again) for link in (again, new)}
    report = LinkReport(LinkOptions(), links, {}, {}, {})
    # Since they were listed, another command has linked one of them.
    await change(world, Account, "slow", stripe_customer="cus_new")
    with pytest.raises(IntegrityError):
        await store_links(database, report, at)
    assert (await world.load_row(Account, id="acme")).stripe_customer == "cus_acme"
    assert await world.load_rows(Account, id="new") == []
