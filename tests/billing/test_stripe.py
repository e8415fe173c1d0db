"""The Stripe gateway over HTTP: the claims that every adapter keeps, and what is its own."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
import stripe
from sqlmodel import select
from structlog.testing import capture_logs

from bot.billing.gateway import (
    BillingUnavailable,
    Charge,
    CustomerUnknown,
    Declined,
    LineRequest,
    NeedsCustomer,
    NeverReceived,
    OtherCurrency,
    OtherPrice,
    Outcome,
    PaidByInvoice,
    Pending,
    PriceArchived,
    PriceNotHeld,
    SeatsChanged,
    Settled,
    SubscriptionNotActive,
    Unknown,
)
from bot.billing.stripe import gateway
from bot.billing.stripe.charges import FAILURE_IS_FINAL, KEY_LIVES
from bot.billing.stripe.client import RETRIES, TIMEOUT
from bot.billing.stripe.invoices import CUSTOMER_TIME
from bot.db import Database
from bot.settings import Settings
from models.account import Account
from models.subscription import SubscriptionNotFound
from tests.billing.conftest import CUSTOMER, StripeProvider, stripe_provider
from tests.billing.contract import HALF_OF_NOVEMBER, PARIS, TEN_SEATS, GatewayClaims, without_reference
from tests.billing.scenarios import Scenarios, brought_to_an_end, promised
from tests.fake_stripe import Card, Fault
from tests.fake_stripe.books import Invoice, Line, Payment
from tests.fake_stripe.server import Kind

TEN_MORE = [LineRequest("sub_month", 10)]
THERE = "sub_month_there"


@pytest.fixture
async def provider(database: Database) -> AsyncIterator[StripeProvider]:
    async with stripe_provider(database) as provider:
        yield provider


class TestStripe(GatewayClaims, Scenarios):
    """Over the fake of tests/fake_stripe."""


def settled(provider: StripeProvider) -> list[Invoice]:
    return list(provider.fake.books.settled_invoices())


async def asked_again(provider: StripeProvider, *, key: str = "line-1-1") -> Outcome | NeverReceived:
    return await provider.gateway.reconcile(provider.charge(key))


# --- what goes wrong on the way


@pytest.mark.parametrize(("cuts", "first"), [(1, TEN_SEATS), (2, TEN_SEATS), (3, Unknown()), (9, Unknown())])
async def test_r19_an_answer_cut_off_after_it_took_effect_is_charged_once(
    provider: StripeProvider, cuts: int, first: Outcome
) -> None:
    """The SDK's own two retries bear the same key; past them the charge is unknown, never failed."""
    provider.fake.faults.append(Fault("cut_after", charges=True, times=cuts))
    assert without_reference(await provider.gateway.place(provider.charge())) == first
    provider.fake.faults.clear()
    assert without_reference(await asked_again(provider)) == TEN_SEATS
    assert {call.key for call in provider.fake.charges()} == {"line-1-1"}
    assert len(settled(provider)) == 1


async def test_retries_are_set_and_end(provider: StripeProvider) -> None:
    provider.fake.faults.append(Fault("cut_before", charges=True, times=99))
    assert await provider.gateway.place(provider.charge()) == Unknown()
    assert len(provider.fake.charges()) == 3
    provider.fake.faults.clear()
    assert await asked_again(provider) == NeverReceived()
    assert without_reference(await provider.gateway.place(provider.charge())) == TEN_SEATS


@pytest.mark.parametrize("kind", ["conflict", "rate_limit", "down"])
@pytest.mark.parametrize("times", [1, 3, 9])
async def test_conflict_limit_and_outage_are_waited_out_under_the_same_key(
    provider: StripeProvider, kind: str, times: int
) -> None:
    provider.fake.faults.append(Fault(kind, charges=True, times=times))  # type: ignore[arg-type]
    outcome: Outcome | NeverReceived = await provider.gateway.place(provider.charge())
    while not isinstance(outcome, Settled):
        assert outcome in (Unknown(), NeverReceived())
        ask = provider.gateway.place if outcome == NeverReceived() else provider.gateway.reconcile
        outcome = await ask(provider.charge())
    assert without_reference(outcome) == TEN_SEATS
    assert {call.key for call in provider.fake.charges()} == {"line-1-1"}
    assert len(settled(provider)) == 1


async def test_r19_a_failure_saved_under_the_key_is_looked_into_before_it_ends(
    provider: StripeProvider,
) -> None:
    charge = provider.charge()
    provider.fake.faults.append(Fault("save_500", charges=True))
    assert await provider.gateway.place(charge) == Unknown()
    assert await provider.gateway.reconcile(charge) == NeverReceived()
    assert await provider.gateway.place(charge) == Unknown(), "the key answers the same for ever"
    provider.clock.at += FAILURE_IS_FINAL
    assert await provider.gateway.place(charge) == Declined("provider_error")
    assert {call.key for call in provider.fake.charges()} == {"line-1-1"}, "no key is changed for it"
    assert settled(provider) == []


async def test_r19_a_failure_that_took_effect_all_the_same_is_settled(provider: StripeProvider) -> None:
    provider.fake.faults.append(Fault("save_500_after", charges=True))
    assert await provider.gateway.place(provider.charge()) == Unknown()
    assert without_reference(await asked_again(provider)) == TEN_SEATS
    assert len(settled(provider)) == 1


async def test_a_slow_stripe_is_given_up_before_anybody_else_takes_the_line(
    provider: StripeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking and preparing end together before a lease does, and nothing is sent after them."""
    sending = (RETRIES + 1) * (TIMEOUT.total or 0)
    assert Settings.model_fields["lease_seconds"].default > 2 * gateway.SECONDS + sending
    monkeypatch.setattr(gateway, "SECONDS", 0.05)
    provider.fake.slow_seconds = 0.2
    assert await asked_again(provider) == Unknown()
    assert await provider.gateway.place(provider.charge()) == Unknown()
    assert {call.path for call in provider.fake.calls} <= {"/v1/subscriptions", f"/v1/customers/{CUSTOMER}"}


async def test_r19_an_invoice_that_a_402_left_open_is_voided(provider: StripeProvider) -> None:
    """Left open, it could be paid after another card was charged here."""
    books = provider.fake.books
    subscription, item = books.held("sub_month")
    books.declines_with_402 = True

    def leave_open() -> None:
        books.declines_with_402 = False
        books.change(subscription, item, 35, int(HALF_OF_NOVEMBER.timestamp()))

    provider.fake.after_charge = leave_open
    charge = provider.charge(payment_method_id=provider.cards.declined)
    assert await provider.gateway.place(charge) == Declined("card_declined")
    assert [call.status for call in provider.fake.charges()] == [402]
    assert [invoice.status for invoice in books.invoices.values()] == ["void"]


@pytest.mark.parametrize("card", ["declined", "absent_customer"])
async def test_r19_an_invoice_that_was_written_off_is_voided(provider: StripeProvider, card: str) -> None:
    """Whoever finds it could pay it all the same."""
    charge = provider.charge(payment_method_id=getattr(provider.cards, card))
    provider.fake.faults.append(Fault("cut_after", charges=True, times=3))
    assert await provider.gateway.place(charge) == Unknown()
    [invoice] = provider.fake.books.invoices.values()
    invoice.status = "uncollectible"
    assert isinstance(await provider.gateway.reconcile(charge), Declined)
    assert invoice.status == "void"


async def test_a_key_that_was_sent_with_another_request_ends_by_reading(provider: StripeProvider) -> None:
    charge = provider.charge()
    provider.fake.save(charge.key, "another request")
    assert await provider.gateway.place(charge) == Unknown()
    provider.clock.at += FAILURE_IS_FINAL
    assert await provider.gateway.place(charge) == Declined("provider_error")
    assert settled(provider) == []


async def test_a_decline_answered_with_402_changes_nothing(provider: StripeProvider) -> None:
    provider.fake.books.declines_with_402 = True
    charge = provider.charge(payment_method_id=provider.cards.declined)
    assert await provider.gateway.place(charge) == Declined("card_declined")
    assert provider.fake.books.invoices == {}
    assert provider.fake.books.subscriptions[THERE].default_card is None


async def test_a_key_that_stripe_may_have_forgotten_is_not_sent(provider: StripeProvider) -> None:
    charge = provider.charge()
    provider.clock.at += KEY_LIVES
    assert await provider.gateway.place(charge) == Declined("never_received")
    assert provider.fake.charges() == []


async def test_outages_of_reading_are_named(provider: StripeProvider) -> None:
    provider.fake.faults.append(Fault("down", method="GET", times=99))
    with pytest.raises(BillingUnavailable):
        await provider.gateway.subscriptions("acme")
    assert await provider.gateway.place(provider.charge()) == Unknown()
    assert await asked_again(provider) == Unknown()
    assert provider.fake.charges() == []


# --- R17: the price


async def test_r17_another_price_than_promised_is_not_charged(provider: StripeProvider) -> None:
    charge = await promised(provider)
    provider.fake.books.item("sub_month").price.unit_amount = 1500
    assert await provider.gateway.place(charge) == OtherPrice(7500, 1500)
    assert provider.fake.charges() == []
    assert await provider.gateway.reconcile(charge) == NeverReceived()


async def test_r17_what_others_left_to_be_charged_along_stops_it(provider: StripeProvider) -> None:
    charge = await promised(provider)
    provider.fake.books.pending_items += left_by_others(provider, 1)
    assert await provider.gateway.place(charge) == OtherPrice(7300, 1400)
    with pytest.raises(PriceNotHeld):
        await provider.gateway.preview("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)


def left_by_others(provider: StripeProvider, number: int) -> list[Line]:
    _, item = provider.fake.books.held("sub_month")
    start = int(HALF_OF_NOVEMBER.timestamp()) - 86400
    return [Line(item.id, THERE, item.price, 1, 300 + n, 60, start, item.end, True) for n in range(number)]


async def test_r17_a_preview_of_which_not_all_lines_are_shown_is_no_price(provider: StripeProvider) -> None:
    """The first ten would make a price that is not what is charged."""
    charge = await promised(provider)
    provider.fake.books.pending_items += left_by_others(provider, 9)
    with pytest.raises(BillingUnavailable):
        await provider.gateway.preview("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)
    assert await provider.gateway.place(charge) == Unknown()
    assert provider.fake.charges() == []


async def test_r19_an_invoice_is_known_by_its_lines_however_many_there_are(provider: StripeProvider) -> None:
    books = provider.fake.books

    def others_leave_more() -> None:
        books.pending_items += left_by_others(provider, 25)

    provider.fake.before_charge = others_leave_more
    outcome = await provider.gateway.place(provider.charge())
    assert isinstance(outcome, Settled)
    assert await asked_again(provider) == outcome
    [invoice] = settled(provider)
    assert (outcome.receipt, outcome.amount) == (invoice.id, invoice.net)


async def test_r17_two_prices_are_refused(provider: StripeProvider) -> None:
    with pytest.raises(PriceNotHeld):
        await provider.gateway.preview("acme", [LineRequest("sub_month", 1, 1300)], HALF_OF_NOVEMBER, PARIS)


@pytest.mark.parametrize("while_on_its_way", [False, True])
async def test_a_period_that_ended_meanwhile_declines_by_that_name(
    provider: StripeProvider, *, while_on_its_way: bool
) -> None:
    """Stripe says so by refusing the instant, of the preview or of the charge: no error of anybody's."""
    charge = await promised(provider, card="declined")

    def end_period() -> None:
        provider.clock.advance(15 * 86400)

    if while_on_its_way:
        provider.fake.before_charge = end_period
    else:
        end_period()
        charge = replace(charge, stored_at=provider.clock())
    with capture_logs() as logs:
        assert await provider.gateway.place(charge) == Declined("period_ended")
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
    assert len(provider.fake.charges()) == while_on_its_way
    assert settled(provider) == []
    assert provider.fake.books.subscriptions[THERE].default_card is None, "the usual card is back"


async def test_an_archived_price_is_refused_by_name(provider: StripeProvider) -> None:
    charge = await promised(provider)
    provider.fake.books.item("sub_month").price.active = False
    with pytest.raises(PriceArchived):
        await provider.gateway.preview("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)
    assert await provider.gateway.place(charge) == Declined("price_archived")


async def test_a_subscription_that_is_paid_by_invoice_is_refused_by_name(provider: StripeProvider) -> None:
    """Stripe would take no change of it that waits for a card."""
    charge = await promised(provider)
    provider.fake.books.subscriptions[THERE].sends_invoice = True
    with pytest.raises(PaidByInvoice):
        await provider.gateway.preview("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)
    assert await provider.gateway.place(charge) == Declined("paid_by_invoice")
    assert provider.fake.charges() == []


@pytest.mark.parametrize(("charged", "priced"), [("usd", "usd"), ("usd", "eur"), ("eur", "usd")])
async def test_r17_a_subscription_in_another_currency_is_refused_by_name(
    provider: StripeProvider, charged: str, priced: str
) -> None:
    """23 dollars are not the 23 euros that were promised; a price may have several currencies."""
    charge = await promised(provider)
    provider.fake.books.subscriptions[THERE].currency = charged
    provider.fake.books.item("sub_month").price.currency = priced
    with pytest.raises(OtherCurrency):
        await provider.gateway.preview("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)
    assert await provider.gateway.place(charge) == Declined("other_currency")
    assert provider.fake.charges() == []


# --- who, and what is theirs


async def test_a_deleted_customer_is_refused_by_name(provider: StripeProvider) -> None:
    charge = await promised(provider)
    provider.fake.books.customers[CUSTOMER].deleted = True
    for refused in (
        provider.gateway.subscriptions("acme"),
        provider.gateway.payment_methods("acme"),
        provider.gateway.payment_portal_link("acme"),
    ):
        with pytest.raises(CustomerUnknown):
            await refused
    assert await provider.gateway.place(charge) == Declined("customer_gone")


@pytest.mark.parametrize(
    ("fault", "ended"), [("cut_after", TEN_SEATS), ("cut_before", Declined("customer_gone"))]
)
async def test_r19_an_open_attempt_ends_though_its_customer_is_deleted(
    provider: StripeProvider, fault: Kind, ended: Outcome
) -> None:
    """Nothing can be changed there any more: what there is to find has happened."""
    provider.fake.faults.append(Fault(fault, charges=True, times=9))
    assert await provider.gateway.place(provider.charge()) == Unknown()
    provider.fake.books.delete_customer(CUSTOMER)
    assert without_reference(await asked_again(provider)) == ended
    assert without_reference(await provider.gateway.place(provider.charge())) == ended


@pytest.mark.parametrize("deleted", [True, False])
async def test_where_nobody_can_look_an_attempt_is_unknown_as_long_as_its_key_lives(
    provider: StripeProvider, database: Database, *, deleted: bool
) -> None:
    """Who cannot look does not say that it failed."""
    charge = provider.charge()
    if deleted:
        provider.fake.books.delete_customer(CUSTOMER)
        provider.fake.books.remembers_deleted = False
    else:
        async with database.write() as session:
            (await session.exec(select(Account))).one().stripe_customer = None
    provider.clock.at += KEY_LIVES - timedelta(seconds=1)
    assert await provider.gateway.reconcile(charge) == Unknown()
    provider.clock.advance(1)
    with capture_logs() as logs:
        assert await provider.gateway.reconcile(charge) == Declined("customer_gone")
    assert [entry["key"] for entry in logs if entry["log_level"] == "error"] == [charge.key]


async def test_a_portal_that_is_not_set_up_does_not_make_the_customer_unknown(
    provider: StripeProvider,
) -> None:
    provider.fake.books.has_portal = False
    with pytest.raises(BillingUnavailable):
        await provider.gateway.payment_portal_link("acme")


async def test_an_account_that_is_not_linked_is_refused_by_name(
    provider: StripeProvider, database: Database
) -> None:
    async with database.write() as session:
        (await session.exec(select(Account))).one().stripe_customer = None
    with pytest.raises(CustomerUnknown):
        await provider.gateway.subscriptions("acme")


async def test_a_cancelled_subscription_declines_and_is_not_listed(provider: StripeProvider) -> None:
    charge = await promised(provider)
    provider.fake.books.cancel(provider.fake.books.subscriptions[THERE])
    assert [s.id for s in await provider.gateway.subscriptions("acme")] == ["sub_year"]
    assert await provider.gateway.place(charge) == Declined("subscription_gone")
    assert await provider.gateway.reconcile(charge) == Declined("subscription_gone")


@pytest.mark.parametrize("status", ["past_due", "unpaid", "paused", "trialing", "incomplete"])
async def test_a_subscription_that_is_there_and_not_active_is_refused_by_name(
    provider: StripeProvider, status: str
) -> None:
    charge = await promised(provider)
    provider.fake.books.subscriptions[THERE].status = status
    with pytest.raises(SubscriptionNotActive):
        await provider.gateway.preview("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)
    assert await provider.gateway.place(charge) == Declined("subscription_not_active")
    assert await provider.gateway.reconcile(charge) == Declined("subscription_not_active")
    assert provider.fake.charges() == []


@pytest.mark.parametrize("first", ["canceled", "past_due"])
async def test_of_two_of_one_name_the_one_that_is_there_is_meant(
    provider: StripeProvider, first: str
) -> None:
    """As where somebody ended a subscription and made it anew."""
    books = provider.fake.books
    [other] = {"canceled", "past_due"} - {first}
    again = replace(books.subscriptions[THERE], id="sub_month_again", status=other)
    books.subscriptions[THERE].status, books.subscriptions[again.id] = first, again
    [month, _] = await provider.gateway.subscriptions("acme")
    assert (month.id, month.closed) == ("sub_month", "subscription_not_active")


async def test_a_settled_charge_stays_settled_when_its_subscription_is_cancelled(
    provider: StripeProvider,
) -> None:
    outcome = await provider.gateway.place(provider.charge())
    provider.fake.books.cancel(provider.fake.books.subscriptions[THERE])
    assert await asked_again(provider) == outcome


@pytest.mark.parametrize("ends", ["cancelled", "customer deleted", "time is up"])
async def test_r19_no_customer_is_waited_for_where_nothing_can_come_of_it(
    provider: StripeProvider, ends: str
) -> None:
    """Cancelling a subscription leaves the invoice open: paid later, it would buy nothing."""
    books = provider.fake.books
    charge = await promised(provider, card="absent_customer")
    assert isinstance(await provider.gateway.place(charge), NeedsCustomer)
    match ends:
        case "cancelled":
            books.cancel(books.subscriptions[THERE])
        case "customer deleted":
            books.delete_customer(CUSTOMER)
        case _:
            books.subscriptions[THERE].pending = None
            provider.clock.at += CUSTOMER_TIME
    [invoice] = books.invoices.values()
    assert invoice.status == "open"
    assert await provider.gateway.reconcile(charge) == Declined("customer_timeout")
    assert invoice.status == "void"


@pytest.mark.parametrize("settled_before", [True, False])
async def test_r19_an_open_attempt_ends_though_its_item_is_gone(
    provider: StripeProvider, *, settled_before: bool
) -> None:
    kind = "cut_after" if settled_before else "cut_before"
    provider.fake.faults.append(Fault(kind, charges=True, times=9))  # type: ignore[arg-type]
    assert await provider.gateway.place(provider.charge()) == Unknown()
    provider.fake.books.item("sub_month").metadata["seatbot_subscription"] = "another"
    ended = TEN_SEATS if settled_before else Declined("subscription_gone")
    assert without_reference(await asked_again(provider)) == ended


async def test_everything_is_read_however_many_pages_it_takes(provider: StripeProvider) -> None:
    books = provider.fake.books
    for n in range(130):
        books.cards[f"pm_more_{n}"] = Card(f"pm_more_{n}", CUSTOMER)
        books.invoices[f"in_other_{n}"] = Invoice(
            f"in_other_{n}", CUSTOMER, THERE, "manual", books.now, [], {}
        )
    outcome = await provider.gateway.place(provider.charge())
    for n in range(130):
        books.invoices[f"in_late_{n}"] = Invoice(f"in_late_{n}", CUSTOMER, THERE, "manual", books.now, [], {})
    assert await asked_again(provider) == outcome
    methods = await provider.gateway.payment_methods("acme")
    assert methods is not None
    assert len(methods) == len(books.cards)
    assert [m.id for m in methods if m.is_default] == ["pm_1"]


async def test_a_subscription_of_many_items_is_read_to_its_last(provider: StripeProvider) -> None:
    subscription, item = provider.fake.books.held("sub_month")
    more = [replace(item, id=f"si_more_{n}", metadata={}) for n in range(25)]
    subscription.items[:0] = more
    held = {state.id for state in await provider.gateway.subscriptions("acme")}
    assert held == {"sub_month", "sub_year", *(each.id for each in more)}


async def test_of_several_payments_the_invoices_own_is_read(provider: StripeProvider) -> None:
    """What somebody adds to an invoice by hand says nothing of how its card was charged."""
    charge = await promised(provider, card="declined")
    provider.fake.faults.append(Fault("cut_after", charges=True, times=3))
    assert await provider.gateway.place(charge) == Unknown()
    [invoice] = provider.fake.books.invoices.values()
    invoice.attached = Payment("pi_by_hand", "requires_payment_method")
    assert await provider.gateway.reconcile(charge) == Declined("card_declined")


async def test_a_period_that_turns_in_the_middle_of_a_day_ends_with_the_midnight_before(
    provider: StripeProvider,
) -> None:
    item = provider.fake.books.item("sub_month")
    item.start, item.end = item.start + 50_000, item.end + 50_000
    [month, _] = await provider.gateway.subscriptions("acme")
    assert (month.period_start, month.period_end) == (date(2026, 11, 1), date(2026, 12, 1))


async def test_a_period_of_less_than_a_day_is_left_out(provider: StripeProvider) -> None:
    """Stripe cuts a first period short to end where it is to; nothing can be ordered for so long."""
    item = provider.fake.books.item("sub_month")
    item.start, item.end = item.end - 7200, item.end - 3600
    assert [s.id for s in await provider.gateway.subscriptions("acme")] == ["sub_year"]
    with pytest.raises(SubscriptionNotFound):
        await provider.gateway.preview("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)


# --- the card


@pytest.mark.parametrize("card", ["good", "declined", "slow", "customer"])
@pytest.mark.parametrize("usual", [None, "pm_lost"])
async def test_the_usual_card_is_put_back_whatever_becomes_of_the_charge(
    provider: StripeProvider, card: str, usual: str | None
) -> None:
    subscription = provider.fake.books.subscriptions[THERE]
    subscription.default_card = usual
    await brought_to_an_end(provider, await promised(provider, card=card))
    assert subscription.default_card == usual
    assert "seatbot_swapped_card" not in subscription.metadata


async def test_a_card_that_could_not_be_put_back_is_once_stripe_answers(provider: StripeProvider) -> None:
    subscription = provider.fake.books.subscriptions[THERE]
    charge = provider.charge(payment_method_id=provider.cards.declined)

    def down_once_charged() -> None:
        provider.fake.faults.append(Fault("down", f"/v1/subscriptions/{THERE}", "POST", times=99))

    provider.fake.after_charge = down_once_charged
    assert await provider.gateway.place(charge) == Unknown()
    assert subscription.default_card == provider.cards.declined
    provider.fake.faults.clear()
    assert await provider.gateway.reconcile(charge) == Declined("card_declined")
    assert subscription.default_card is None


async def without_effect(provider: StripeProvider, charge: Charge) -> None:
    """The card is swapped, then the charge itself does not reach Stripe."""
    provider.fake.faults.append(Fault("down", charges=True, times=99))
    assert await provider.gateway.place(charge) == Unknown()
    assert provider.fake.books.subscriptions[THERE].default_card == charge.payment_method_id
    provider.fake.faults.clear()


@pytest.mark.parametrize("then", ["seats changed", "another price", "card detached"])
async def test_the_usual_card_is_put_back_where_a_charge_without_effect_is_refused_next(
    provider: StripeProvider, then: str
) -> None:
    subscription, item = provider.fake.books.held("sub_month")
    subscription.default_card = "pm_lost"
    charge = provider.charge(payment_method_id=provider.cards.customer)
    await without_effect(provider, charge)
    if then == "seats changed":
        item.quantity = 26
    elif then == "another price":
        item.price.unit_amount = 1500
    else:
        del provider.fake.books.cards[charge.payment_method_id]
        subscription.default_card = None
    assert isinstance(await provider.gateway.place(charge), SeatsChanged | OtherPrice | Declined)
    assert subscription.default_card == "pm_lost"
    assert "seatbot_swapped_card" not in subscription.metadata


async def test_r19_nothing_is_sent_again_where_a_charge_went_through_without_its_invoice(
    provider: StripeProvider,
) -> None:
    """Here, since another wrote its own key over it: somebody must look before any more is charged."""

    def written_over() -> None:
        provider.fake.books.subscriptions[THERE].metadata["seatbot_attempt"] = "of another program"

    provider.fake.before_charge = written_over
    with capture_logs() as logs:
        assert await provider.gateway.place(provider.charge()) == Declined("seats_changed")
    assert len(settled(provider)) == 1, "all the same"
    assert "a charge went through without its invoice" in [log["event"] for log in logs]


async def test_the_usual_card_is_put_back_where_a_charge_was_never_received(provider: StripeProvider) -> None:
    subscription = provider.fake.books.subscriptions[THERE]
    charge = provider.charge(payment_method_id=provider.cards.customer)
    await without_effect(provider, charge)
    assert await provider.gateway.reconcile(charge) == NeverReceived()
    assert subscription.default_card is None
    assert "seatbot_swapped_card" not in subscription.metadata


async def test_a_card_that_is_no_longer_there_declines(provider: StripeProvider) -> None:
    charge = provider.charge(payment_method_id="pm_gone")
    assert await provider.gateway.place(charge) == Declined("method_gone")
    assert provider.fake.charges() == []


async def test_a_payment_the_bank_did_not_believe_is_declined_and_voided(provider: StripeProvider) -> None:
    charge = provider.charge(payment_method_id=provider.cards.absent_customer)
    assert isinstance(await provider.gateway.place(charge), NeedsCustomer)
    [invoice] = provider.fake.books.invoices.values()
    provider.fake.books.fail_authentication(invoice)
    assert await provider.gateway.reconcile(charge) == Declined("authentication_failed")
    assert invoice.status == "void"
    assert provider.fake.books.subscriptions[THERE].pending is None


async def test_r19_an_invoice_paid_before_it_could_be_voided_settles(provider: StripeProvider) -> None:
    """Stripe tries a declined card again by itself: that must never come after another card was charged."""
    charge = provider.charge(payment_method_id=provider.cards.declined)
    books = provider.fake.books
    provider.fake.after_charge = lambda: books.pay(next(iter(books.invoices.values())))
    outcome = await provider.gateway.place(charge)
    assert isinstance(outcome, Settled | Pending)
    provider.clock.advance(1)
    assert without_reference(await provider.gateway.reconcile(charge)) == TEN_SEATS


async def test_a_change_of_somebody_else_that_waits_is_waited_for(provider: StripeProvider) -> None:
    books = provider.fake.books
    subscription, item = books.held("sub_month")
    subscription.default_card = "pm_customer_never"
    theirs = books.change(subscription, item, 30, books.now)
    assert isinstance(await provider.gateway.place(provider.charge()), Pending)
    assert theirs.status == "open", "it is not replaced"
    assert provider.fake.charges() == []


# --- what is not the key's


async def test_a_renewal_bears_the_key_and_is_not_taken_for_it(provider: StripeProvider) -> None:
    charge = provider.charge(payment_method_id=provider.cards.declined)
    await provider.gateway.place(charge)
    later = replace(charge, key="line-1-2", payment_method_id="pm_1")
    provider.fake.books.subscriptions[THERE].metadata["seatbot_attempt"] = later.key
    provider.clock.at += timedelta(days=16)
    assert await provider.gateway.reconcile(later) == NeverReceived()


async def test_a_change_by_hand_while_the_key_is_there_is_not_taken_for_it(provider: StripeProvider) -> None:
    books = provider.fake.books
    subscription, item = books.held("sub_month")
    subscription.metadata["seatbot_attempt"] = "line-1-1"
    provider.clock.advance(5)
    books.change(subscription, item, 35, books.now)
    assert await asked_again(provider) == NeverReceived()


async def test_what_travels_with_the_charge_is_what_may_wait_for_a_payment(provider: StripeProvider) -> None:
    await provider.gateway.place(provider.charge())
    [call] = provider.fake.charges()
    assert call.params == {
        "items": {"0": {"id": "si_sub_month", "quantity": "35"}},
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
        "proration_date": str(int(HALF_OF_NOVEMBER.timestamp())),
        "expand": {"0": "latest_invoice.payments"},
    }


async def test_r10_the_orders_address_becomes_the_customers(provider: StripeProvider) -> None:
    moved = PARIS.model_copy(update={"line1": "2 quai Nord", "city": "Marseille"})
    await provider.gateway.place(await promised(provider, address=moved))
    assert provider.fake.books.customers[CUSTOMER].address == moved.model_dump()


async def test_the_receipt_is_a_page_and_a_pdf(provider: StripeProvider) -> None:
    outcome = await provider.gateway.place(provider.charge())
    assert isinstance(outcome, Settled)
    page = await provider.gateway.receipt_page("acme", outcome.receipt)
    assert page is not None
    assert page.page.startswith("https://")
    assert page.pdf.endswith("/pdf")


def test_the_sdk_is_the_one_this_was_written_against() -> None:
    """Its types are what the fake's answers are checked against."""
    assert stripe.VERSION.startswith("16.")
