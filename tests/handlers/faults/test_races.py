"""Pressed twice, or by two people, at the same moment (R19, R20)."""

import asyncio

from bot.use_cases.service_order.process import process_due_orders
from models.quote import Quote
from models.service_order import ChargeAttempt, ServiceOrder
from tests.handlers.service_order.orders import (
    assert_charged_once,
    list_callback_ids,
    redeliver_last_request,
)
from tests.handlers.steps import (
    ForgetfulTasks,
    find_messages,
    get_quote,
    import_quote,
    install_hooked_gateway,
    open_modal,
    wait_for_modal_text,
)
from tests.variants import both_databases
from tests.world import World

pytestmark = both_databases


async def test_of_two_people_placing_a_quote_concurrently_one_succeeds_and_the_other_sees_why_not(
    world: World,
) -> None:
    """R19, R20: by whom, when, and the way on."""
    people = {"Alice Martin": world.get_person("alice"), "Benoît Roche": world.get_person("benoit")}
    await import_quote(world)
    for person in people.values():
        await open_modal(person, "/quotes", "Q-2041", "quote.review")
        await person.submit()
        await person.wait_for_modal("service_order.place")
    await asyncio.gather(*(person.submit() for person in people.values()))
    screens = {name: person.modal for name, person in people.items() if person.modal}
    assert sorted(modal.callback_id for modal in screens.values()) == ["refusal.show", "service_order.show"]
    order = await world.load_row(ServiceOrder)
    winner = next(name for name, modal in screens.items() if modal.callback_id == "service_order.show")
    [refused] = [modal for modal in screens.values() if modal.callback_id == "refusal.show"]
    for words in ("Q-2041", winner, "10:00"):
        assert words in refused.text
    assert {"quote.open", "service_order.list"} <= set(refused.action_ids)
    await refused.press("quote.open")
    loser = next(person for name, person in people.items() if name != winner)
    await wait_for_modal_text(loser, order.number)
    await world.settle()
    await assert_charged_once(world, "acme_meeting", 35)


async def test_one_button_pressed_twice_in_two_browsers_places_one_order(world: World) -> None:
    """R19: by the same person, who sees the same order twice."""
    alice = world.get_person("alice")
    placement = await world.reach_placement(alice, acme_meeting=5)
    stale = placement.copy()
    replies = await asyncio.gather(placement.submit(), stale.submit())
    assert list_callback_ids([reply.body for reply in replies]) == {"service_order.show"}
    await world.settle()
    await assert_charged_once(world, "acme_meeting", 30)
    assert len(find_messages(alice.dms, "has been placed")) == 1


async def test_r19_ten_concurrent_clicks_place_one_order(world: World) -> None:
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=5)
    await alice.submit()
    # On a busy machine, the result may come after the waiting view.
    assert list_callback_ids(await redeliver_last_request(world, 10)) <= {
        "service_order.show",
        "waiting.show",
    }
    await world.settle()
    await assert_charged_once(world, "acme_meeting", 30)


async def test_two_people_saving_carts_concurrently_do_not_replace_each_other(world: World) -> None:
    """R7: the second person is warned about the first one's quote."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await world.fill_cart(alice, acme_meeting=1)
    await world.fill_cart(benoit, acme_meeting=2)
    await asyncio.gather(alice.submit(), benoit.submit())
    assert alice.modal is not None
    assert benoit.modal is not None
    assert sorted([alice.modal.callback_id, benoit.modal.callback_id]) == ["cart.warning", "quote.review"]
    quote = await world.load_row(Quote)
    assert quote.status == "pending"


async def test_r18_concurrent_acceptance_and_rejection_leave_one_decision(world: World) -> None:
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await world.reach_placement(alice, acme_meeting=1)
    await open_modal(benoit, "/quotes", "", "quote.list")
    await benoit.press("quote.reject")
    await benoit.wait_for_modal("quote.reject")
    await asyncio.gather(alice.submit(), benoit.submit())
    quote, orders = await get_quote(world, "SQ-1001"), await world.load_rows(ServiceOrder)
    accepted = quote.status == "accepted"
    assert (quote.status, len(orders)) in (("accepted", 1), ("rejected", 0))
    loser, winner = (benoit, "Alice Martin") if accepted else (alice, "Benoît Roche")
    assert winner in (await loser.wait_for_modal("refusal.show")).text


async def test_r18_the_second_of_two_people_rejecting_concurrently_sees_the_first(world: World) -> None:
    alice, benoit = people = world.get_person("alice"), world.get_person("benoit")
    await world.save_cart(alice, acme_meeting=1)
    for person in people:
        await open_modal(person, "/quotes", "", "quote.list")
        await person.press("quote.reject")
        await person.wait_for_modal("quote.reject")
    await asyncio.gather(alice.submit(), benoit.submit())
    quote = await get_quote(world, "SQ-1001")
    winner = quote.decided_by or "nobody"
    loser = {"Alice Martin": benoit, "Benoît Roche": alice}[winner]
    assert winner in (await loser.wait_for_modal("refusal.show")).text


async def test_workers_at_the_same_moment_charge_a_line_once(world: World) -> None:
    """R19: the line is claimed before anything is sent."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=5)
    world.dependencies.tasks = ForgetfulTasks()
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    gateway = install_hooked_gateway(world)
    await asyncio.gather(*(process_due_orders(world.dependencies) for _ in range(4)))
    assert gateway.calls["place"] == 1
    await world.settle()
    await assert_charged_once(world, "acme_meeting", 30)
    assert len(await world.load_rows(ChargeAttempt)) == 1
