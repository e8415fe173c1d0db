"""Pressed twice, at the same moment, delivered again, cut off in the middle, or late (R19, R20)."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot.billing.gateway import BillingUnavailable
from bot.permissions import Person as Caller
from bot.tasks import Tasks
from bot.use_cases.processing import process_due_orders
from bot.use_cases.service_order import retry_service_order
from handlers import slack as handlers_slack
from models.account import Account
from models.audit_entry import AuditEntry, broken_links
from models.cart import CartLine
from models.notice import Notice
from models.quote import Quote
from models.receipt import Receipt
from models.service_order import ChargeAttempt, OrderLine, ServiceOrder
from sandbox.driver import Modal
from sandbox.traffic import AppRequest
from tests.handlers.evidence import change
from tests.handlers.steps import (
    ForgetfulTasks,
    charges,
    failing,
    hooked,
    import_quote,
    opened,
    order_of,
    quote_of,
    saying,
    shown,
    swap,
)
from tests.world import World


async def again(world: World, times: int = 2) -> list[Any]:
    """The last submission or press once more, several at the same moment. What each was answered."""
    request = next(r for r in reversed(world.slack.requests) if isinstance(r, AppRequest))
    replies = await asyncio.gather(*(world.slack.redeliver(request) for _ in range(times)))
    assert {reply.status for reply in replies} == {200}
    await world.services.tasks.settle()
    return [reply.body for reply in replies]


def callback_ids(answers: list[Any]) -> set[str]:
    return {answer["view"]["callback_id"] for answer in answers}


async def charged_once(world: World, subscription_id: str, seats: int) -> None:
    """R19: one charge in the provider's books, the seats exact, one receipt, nothing missing in history."""
    assert len(await charges(world)) == 1
    assert await world.seats(subscription_id) == (seats, seats)
    assert len(await world.rows(Receipt)) == 1
    [line] = await world.lines()
    account_id = (await order_of(world)).account_id
    assert line.status == "settled"
    assert broken_links(await world.rows(AuditEntry, account_id=account_id)) == []


# --- at the same moment


async def test_of_two_people_placing_one_quote_at_once_one_does_and_the_other_is_told(world: World) -> None:
    """R19, R20: by whom, when, and the way on."""
    people = {"Alice Martin": world.person("alice"), "Benoît Roche": world.person("benoit")}
    await import_quote(world)
    for person in people.values():
        await opened(person, "/quotes", "Q-2041", "quote.review")
        await person.submit()
        await person.wait_for_modal("checkout.save")
        await person.submit()
        await person.wait_for_modal("service_order.place")
    await asyncio.gather(*(person.submit() for person in people.values()))
    screens = {name: person.modal for name, person in people.items() if person.modal}
    assert sorted(modal.callback_id for modal in screens.values()) == ["refusal.show", "service_order.show"]
    order = await world.row(ServiceOrder)
    winner = next(name for name, modal in screens.items() if modal.callback_id == "service_order.show")
    [refused] = [modal for modal in screens.values() if modal.callback_id == "refusal.show"]
    for words in ("Q-2041", winner, "10:00"):
        assert words in refused.text
    assert {"quote.open", "service_order.list"} <= set(refused.action_ids)
    await refused.press("quote.open")
    loser = next(person for name, person in people.items() if name != winner)
    await shown(loser, order.number)
    await world.settle()
    await charged_once(world, "acme_meeting", 35)


async def test_one_button_pressed_twice_in_two_browsers_places_one_order(world: World) -> None:
    """R19: by the same person, who sees the same order twice."""
    alice = world.person("alice")
    placement = await world.placement(alice, acme_meeting=5)
    stale = placement.copy()
    replies = await asyncio.gather(placement.submit(), stale.submit())
    assert callback_ids([reply.body for reply in replies]) == {"service_order.show"}
    await world.settle()
    await charged_once(world, "acme_meeting", 30)
    assert len(saying(alice.dms, "is placed")) == 1


async def test_ten_presses_at_once_place_one_order(world: World) -> None:
    """R19"""
    alice = world.person("alice")
    await world.placement(alice, acme_meeting=5)
    await alice.submit()
    # Where the machine has much else to do, an answer may come after the screen that says to wait.
    assert callback_ids(await again(world, 10)) <= {"service_order.show", "waiting.show"}
    await world.settle()
    await charged_once(world, "acme_meeting", 30)


async def test_two_people_saving_carts_at_once_do_not_replace_each_other(world: World) -> None:
    """R7: whoever comes second is warned of the first one's quote."""
    alice, benoit = world.person("alice"), world.person("benoit")
    await world.fill_cart(alice, acme_meeting=1)
    await world.fill_cart(benoit, acme_meeting=2)
    await asyncio.gather(alice.submit(), benoit.submit())
    assert alice.modal is not None
    assert benoit.modal is not None
    assert sorted([alice.modal.callback_id, benoit.modal.callback_id]) == ["cart.warning", "quote.review"]
    quote = await world.row(Quote)
    assert quote.status == "pending"


async def test_accepting_and_rejecting_at_once_leave_one_decision(world: World) -> None:
    """R18, R20"""
    alice, benoit = world.person("alice"), world.person("benoit")
    await world.placement(alice, acme_meeting=1)
    await opened(benoit, "/quotes", "", "quote.list")
    await benoit.press("quote.reject")
    await benoit.wait_for_modal("quote.reject")
    await asyncio.gather(alice.submit(), benoit.submit())
    quote, orders = await quote_of(world, "SQ-1001"), await world.rows(ServiceOrder)
    accepted = quote.status == "accepted"
    assert (quote.status, len(orders)) in (("accepted", 1), ("rejected", 0))
    loser, winner = (benoit, "Alice Martin") if accepted else (alice, "Benoît Roche")
    assert winner in (await loser.wait_for_modal("refusal.show")).text


async def test_workers_at_the_same_moment_charge_a_line_once(world: World) -> None:
    """R19: the line is claimed before anything is sent."""
    alice = world.person("alice")
    await world.placement(alice, acme_meeting=5)
    swap(world.services, tasks=ForgetfulTasks())
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    gateway = hooked(world)
    await asyncio.gather(*(process_due_orders(world.services) for _ in range(4)))
    assert gateway.calls["place"] == 1
    await world.settle()
    await charged_once(world, "acme_meeting", 30)
    assert len(await world.rows(ChargeAttempt)) == 1


# --- delivered again


async def test_each_step_of_an_order_delivered_again_comes_to_the_same(world: World) -> None:
    """R19: cart, review, checkout with an address that makes another quote, placement."""
    alice = world.person("alice")
    await import_quote(world)
    await alice.command("/add-seats", "meeting 5")
    await alice.wait_for_modal("cart.warning")
    await alice.press("cart.continue")
    await alice.wait_for_modal("cart.save")
    await again(world)
    await alice.submit()
    assert callback_ids(await again(world)) == {"quote.review"}
    assert {q.number: q.status.value for q in await world.rows(Quote)} == {
        "Q-2041": "expired",
        "SQ-1001": "pending",
    }
    await alice.submit()
    assert callback_ids(await again(world)) == {"checkout.save"}
    checkout = await alice.wait_for_modal("checkout.save")
    checkout.fill("country", "DE")
    await alice.submit()
    assert callback_ids(await again(world)) == {"service_order.place"}
    assert [q.number for q in await world.rows(Quote, status="pending")] == ["SQ-1002"]
    await alice.submit()
    assert callback_ids(await again(world)) == {"service_order.show"}
    await world.settle()
    await charged_once(world, "acme_meeting", 30)
    assert len(await world.rows(Quote)) == 3
    assert world.slack.refusals == []


async def test_a_rejection_delivered_again_changes_nothing_more(world: World) -> None:
    """R8, R20"""
    alice = world.person("alice")
    await import_quote(world)
    await opened(alice, "/quotes", "", "quote.list")
    await alice.press("quote.reject")
    (await alice.wait_for_modal("quote.reject")).fill("reason", "No")
    await alice.submit()
    before = await quote_of(world, "Q-2041")
    world.clock.move(minutes=1)
    answers = await again(world)
    assert all("Alice Martin rejected it" in str(answer) for answer in answers)
    assert await quote_of(world, "Q-2041") == before
    assert len(await world.rows(AuditEntry, subject="quote:Q-2041", action="rejected")) == 1


async def test_a_retry_delivered_again_charges_once(world: World) -> None:
    """R18, R19"""
    dora = world.person("dora")
    await world.order(dora, declined_meeting=2)
    await world.settle()
    await opened(dora, "/service-orders", "SO-1001", "service_order.show")
    await dora.press("service_order.retry")
    (await dora.wait_for_modal("service_order.retry")).fill("payment_method", "pm_good_1")
    stale = dora.modal
    assert isinstance(stale, Modal)
    copy = stale.copy()
    await asyncio.gather(dora.submit(), copy.submit())
    answers = await again(world)
    assert all("Dora Lane tried the declined seats" in str(answer) for answer in answers)
    await world.settle()
    await charged_once(world, "declined_meeting", 12)
    assert len(await world.rows(ChargeAttempt)) == 2


async def test_an_answer_that_comes_after_a_retry_is_not_taken_for_the_retrys(world: World) -> None:
    """R18, R19: a worker was so slow that another brought its answer, and the person chose another card."""
    dora = world.person("dora")
    await world.placement(dora, declined_meeting=2)
    gateway, go_on = hooked(world), asyncio.Event()

    async def slow_at_first_then_stuck() -> None:
        if gateway.calls["place"] == 1:
            await go_on.wait()
        else:
            raise RuntimeError("stuck")

    gateway.after["place"] = slow_at_first_then_stuck
    await dora.submit()
    await dora.wait_until(lambda: gateway.calls.get("place") == 1)
    slow_worker = world.services.tasks
    swap(world.services, tasks=ForgetfulTasks())
    await world.pass_time(seconds=61)
    await retry_service_order(
        world.services,
        person=Caller("T01ACME", dora.id, "test"),
        order_id=(await order_of(world)).key,
        payment_method_id="pm_good_1",
    )
    await world.settle()
    go_on.set()
    await slow_worker.settle()
    declined, open_still = await world.rows(ChargeAttempt)
    assert (declined.outcome, open_still.outcome) == ("declined", None)
    assert (await world.row(OrderLine)).status == "charging"
    gateway.after.clear()
    await world.pass_time(seconds=61)
    await charged_once(world, "declined_meeting", 12)


async def test_giving_up_delivered_again_ends_the_order_once(world: World) -> None:
    """R18, R24: one failure, told once."""
    dora = world.person("dora")
    await world.order(dora, declined_meeting=2)
    await world.settle()
    await opened(dora, "/service-orders", "SO-1001", "service_order.show")
    await dora.press("service_order.give_up")
    await shown(dora, "Failed")
    await again(world, 5)
    await world.settle()
    assert (await order_of(world)).status == "failed"
    assert len(await world.rows(AuditEntry, action="given_up")) == 1
    assert len(saying(dora.dms, "SO-1001 failed")) == 1


async def test_the_switch_of_the_portal_delivered_again_is_one_switch(world: World) -> None:
    """R15: one entry, one notice to the other contact."""
    alice = world.person("alice")
    await opened(alice, "/billing", "", "account.overview")
    await alice.press("account.manage_methods")
    await alice.wait_until(lambda: alice.modal and "account.switch_portal" in alice.modal.action_ids)
    await alice.press("account.switch_portal")
    await again(world, 5)
    await world.settle()
    assert (await world.row(Account, id="acme")).default_portal == "admin"
    assert len(await world.rows(AuditEntry, action="portal_switched")) == 1
    assert len(await world.rows(Notice, kind="portal_changed")) == 1
    assert len(saying(world.person("benoit").dms, "Alice Martin")) == 1


# --- cut off in the middle


async def test_after_a_crash_between_placement_and_processing_the_job_takes_it_up(world: World) -> None:
    """R12, R19: the row is there, and that is enough."""
    alice = world.person("alice")
    await world.placement(alice, acme_meeting=5)
    swap(world.services, tasks=ForgetfulTasks())
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.services.tasks.settle()
    assert [line.status.value for line in await world.lines()] == ["waiting"]
    await world.settle()
    await charged_once(world, "acme_meeting", 30)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_after_a_crash_around_the_call_the_provider_is_asked_and_one_charge_is_made(
    world: World, when: str
) -> None:
    """R19: the attempt and its key are stored; whether it was sent looks the same from here."""
    alice = world.person("alice")
    await world.placement(alice, acme_meeting=5)
    gateway = hooked(world)
    hooks = gateway.before if when == "before" else gateway.after
    hooks["place"] = failing(RuntimeError("killed"))
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    [attempt] = await world.rows(ChargeAttempt)
    assert attempt.ended_at is None
    assert len(await charges(world)) == (0 if when == "before" else 1)
    hooks.clear()
    await world.settle()
    assert gateway.calls["place"] == 1, "not before the lease is over"
    [line] = await world.lines()
    assert line.claimed_until is not None
    world.clock.at = line.claimed_until
    await world.settle()
    assert gateway.calls["place"] == (2 if when == "before" else 1)
    assert [a.key for a in await world.rows(ChargeAttempt)] == [attempt.key]
    assert [charge.key for charge in await charges(world)] == [attempt.key]
    await charged_once(world, "acme_meeting", 30)


async def test_after_a_crash_before_the_result_was_stored_it_is_asked_for_again(world: World) -> None:
    """R19: the provider answered, and we died before our transaction."""
    alice = world.person("alice")
    await world.placement(alice, acme_meeting=5)
    gateway = hooked(world)

    async def die_when_settled() -> None:
        if gateway.calls.get("place"):
            raise RuntimeError("killed")

    gateway.before["subscriptions"] = die_when_settled
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    assert (await world.row(OrderLine)).status == "charging"
    gateway.before.clear()
    await world.pass_time(seconds=61)
    await charged_once(world, "acme_meeting", 30)


async def test_a_crash_between_the_cart_and_its_price_loses_nothing_typed(world: World) -> None:
    """R10: what was typed is stored before anybody is asked for a price."""
    alice = world.person("alice")
    await world.fill_cart(alice, acme_meeting=7)
    gateway = hooked(world)
    gateway.before["preview"] = failing(RuntimeError("killed"))
    await alice.submit()
    assert "reference" in (await alice.wait_for_modal("refusal.show")).text
    gateway.before.clear()
    assert [(line.subscription_id, line.seats) for line in await world.rows(CartLine)] == [
        ("acme_meeting", 7)
    ]
    cart = await opened(alice, "/add-seats", "", "cart.save")
    assert cart.value("seats:acme_meeting") == "7"
    assert await world.rows(Quote) == []


# --- late


async def test_past_a_second_and_a_half_a_waiting_screen_comes_and_then_the_result(world: World) -> None:
    """The answer has 3 s; the real clock."""
    alice = world.person("alice")
    await world.fill_cart(alice, acme_meeting=5)
    gateway, gate = hooked(world), asyncio.Event()
    gateway.before["preview"] = wait_for(gate)
    started = time.monotonic()
    await alice.submit()
    assert 1.4 < time.monotonic() - started < 2.5
    waiting = await alice.wait_for_modal("waiting.show")
    assert waiting.submit_label is None
    gate.set()
    review = await alice.wait_for_modal("quote.review")
    assert review.id == waiting.id, "in the same place"
    assert "€57.64" in review.text
    assert world.slack.refusals == []


async def test_a_late_fault_brings_the_form_back_with_its_values(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    alice = world.person("alice")
    await world.fill_cart(alice, acme_meeting=5, acme_webinar=2)
    gateway, gate = hooked(world), asyncio.Event()
    gateway.before["preview"] = wait_for(gate, BillingUnavailable())
    await alice.submit()
    await alice.wait_for_modal("waiting.show")
    gate.set()
    form = await alice.wait_for_modal("cart.save")
    assert "does not answer" in form.text
    assert (form.value("seats:acme_meeting"), form.value("seats:acme_webinar")) == ("5", "2")
    gateway.before.clear()
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    assert world.slack.refusals == []


async def test_a_late_checkout_comes_back_with_what_was_typed_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    alice = world.person("alice")
    checkout = await world.checkout(alice, acme_meeting=5)
    checkout.fill("country", "DE").fill("city", "Köln")
    chosen = checkout.value("administrator")
    gateway, gate = hooked(world), asyncio.Event()
    gateway.before["preview"] = wait_for(gate, BillingUnavailable())
    await alice.submit()
    await alice.wait_for_modal("waiting.show")
    gate.set()
    form = await alice.wait_for_modal("checkout.save")
    assert (form.value("country"), form.value("city")) == ("DE", "Köln")
    assert form.value("administrator") == chosen
    gateway.before.clear()
    await alice.submit()
    await alice.wait_for_modal("service_order.place")


async def test_whoever_closes_the_waiting_screen_finds_the_quote_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    alice = world.person("alice")
    await world.fill_cart(alice, acme_meeting=5)
    gateway, gate = hooked(world), asyncio.Event()
    gateway.before["preview"] = wait_for(gate)
    await alice.submit()
    await alice.wait_for_modal("waiting.show")
    await alice.close_modal(everything=True)
    gate.set()
    await world.services.tasks.settle()
    assert alice.modal is None
    cart = await opened(alice, "/add-seats", "", "cart.save")
    assert "SQ-1001" in cart.text


async def test_too_late_for_a_screen_the_person_is_told_where_they_are(world: World) -> None:
    """R20: three seconds are over; by a private line, or from Home by direct message."""
    alice = world.person("alice")
    await alice.open_home()
    await alice.wait_until(lambda: alice.home)
    gateway = hooked(world)
    late = [0.0]
    world.slack.slack.workspace.clock = lambda: time.time() + late[0]

    async def dawdle() -> None:
        late[0] += world.slack.slack.workspace.trigger_seconds + 1

    gateway.before["subscriptions"] = dawdle
    await alice.command("/add-seats", channel="C07GENERAL")
    told = await alice.wait_for_ephemeral()
    assert "took too long" in told.text
    assert told.channel_id == "C07GENERAL"
    await alice.press("cart.open")
    assert "took too long" in (await alice.wait_for_dm()).text
    assert alice.modal is None


async def test_where_too_much_is_going_on_nothing_is_changed_and_the_person_is_told(world: World) -> None:
    """Background work is bounded: a form keeps its values, a button's modal says so, a command too."""
    alice, benoit = world.person("alice"), world.person("benoit")
    await world.fill_cart(alice, acme_meeting=5)
    await import_quote(world)
    await opened(benoit, "/add-seats", "", "cart.warning")
    tasks = world.services.tasks
    swap(world.services, tasks=Tasks(most=0))
    reply = await alice.submit()
    assert "Too much is going on" in str(reply.errors)
    await benoit.press("cart.continue")
    await benoit.wait_for_modal("refusal.show")
    sam = world.person("sam")
    await sam.command("/billing")
    assert "Too much is going on" in (await sam.wait_for_ephemeral()).text
    assert await world.rows(CartLine) == []
    swap(world.services, tasks=tasks)
    await alice.submit()
    warning = await alice.wait_for_modal("cart.warning")
    assert "Q-2041" in warning.text
    assert [line.seats for line in await world.rows(CartLine)] == [5]


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of a second is late already."""
    monkeypatch.setattr(handlers_slack, "ANSWER_WITHIN", 0.1)
    monkeypatch.setattr(handlers_slack, "LEAST_WAIT", 0.1)


def wait_for(gate: asyncio.Event, error: Exception | None = None) -> Callable[[], Any]:
    async def wait() -> None:
        await gate.wait()
        if error is not None:
            raise error

    return wait


async def test_an_address_whose_tax_is_not_known_cannot_be_ordered_for(world: World) -> None:
    """R10, R17: the provider fails while the new address is priced; the screen to place is still open."""
    alice = world.person("alice")
    await world.placement(alice, acme_meeting=1)
    [open_screen] = alice.modals
    stale = open_screen.copy()
    gateway = hooked(world)

    async def silent() -> None:
        raise BillingUnavailable

    gateway.before["preview"] = silent
    await alice.press("checkout.edit")
    form = await alice.wait_for_modal("checkout.save")
    form.fill("country", "DE")
    reply = await alice.submit()
    assert reply.errors
    await stale.submit()
    await world.services.tasks.settle()
    assert await world.rows(ServiceOrder) == []
    assert (await world.row(Account, id="acme")).country == "FR"


async def test_the_tax_of_a_quote_is_that_of_the_address_it_names(world: World) -> None:
    """R17: a colleague's order moves the account to another country while a cart is priced."""
    alice = world.person("alice")
    await world.fill_cart(alice, acme_meeting=5)
    gateway = hooked(world)

    async def the_account_moves() -> None:
        gateway.after.clear()
        await change(world, Account, "acme", country="DE")

    gateway.after["preview"] = the_account_moves
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    quote = await world.row(Quote)
    assert (quote.address["country"], quote.tax) == ("FR", 961)


@pytest.mark.parametrize("country", ["DE", "FR"])
async def test_lines_changed_elsewhere_while_the_tax_is_asked_for_must_be_seen_first(
    world: World, country: str
) -> None:
    """R10, R17: neither ordered at the tax of the lines before, nor replaced with it."""
    alice = world.person("alice")
    await import_quote(world)
    await alice.command("/quotes", "Q-2041")
    await alice.wait_for_modal("quote.review")
    await alice.submit()
    form = await alice.wait_for_modal("checkout.save")
    form.fill("line1", "8 rue Neuve").fill("country", country)
    gateway = hooked(world)

    async def other_lines_come() -> None:
        gateway.after.clear()
        lines = [{"subscription": "acme_webinar", "seats": 3, "unit_price": "450.00"}]
        await import_quote(world, lines=lines)

    gateway.after["preview"] = other_lines_come
    await alice.submit()
    await shown(alice, "The checkout of this quote is not complete")
    quote = await world.row(Quote)
    assert (quote.status, quote.subtotal + quote.tax) == ("pending", quote.total)
    assert await world.rows(ServiceOrder) == []
    await alice.press("checkout.edit")
    form = await alice.wait_for_modal("checkout.save")
    assert form.value("line1") == "8 rue Neuve"
