"""Answers that come late, and what is shown meanwhile (R20)."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from bot.billing.gateway import BillingUnavailable
from bot.dependencies import Timeouts
from bot.tasks import BackgroundTasks
from models.cart import Cart
from models.quote import Quote
from sandbox.faults import FaultKind
from tests.database_faults import failing_statements
from tests.handlers.service_order.orders import place_order
from tests.handlers.steps import (
    capture_log,
    find_messages,
    import_quote,
    install_hooked_gateway,
    open_modal,
)
from tests.variants import both_databases
from tests.world import World

pytestmark = both_databases


async def test_a_late_answer_shows_a_waiting_screen_and_then_the_result(world: World) -> None:
    """Slack waits three seconds for an ack: half of them are left for the way."""
    world.dependencies.timeouts = Timeouts()
    assert world.dependencies.timeouts.ack_seconds == 1.5
    alice = world.get_person("alice")
    await world.fill_cart(alice, acme_meeting=5)
    gateway, gate = install_hooked_gateway(world), asyncio.Event()
    gateway.before["preview"] = wait_for(gate)
    await alice.submit()
    waiting = await alice.wait_for_modal("waiting.show")
    assert waiting.submit_label is None
    gate.set()
    review = await alice.wait_for_modal("quote.review")
    assert review.id == waiting.id, "in the same place"
    assert "€57.64" in review.text
    assert world.slack.refusals == []


async def test_a_late_failure_shows_the_form_again_with_its_values(world: World) -> None:
    hurry(world)
    alice = world.get_person("alice")
    await world.fill_cart(alice, acme_meeting=5, acme_webinar=2)
    gateway, gate = install_hooked_gateway(world), asyncio.Event()
    gateway.before["preview"] = wait_for(gate, BillingUnavailable())
    await alice.submit()
    await alice.wait_for_modal("waiting.show")
    gate.set()
    form = await alice.wait_for_modal("cart.save")
    assert "isn’t responding" in form.text
    assert (form.get_value("seats:acme_meeting"), form.get_value("seats:acme_webinar")) == ("5", "2")
    gateway.before.clear()
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    assert world.slack.refusals == []


async def test_a_late_failure_shows_the_checkout_again_with_its_values(world: World) -> None:
    hurry(world)
    alice = world.get_person("alice")
    await world.reach_checkout(alice, acme_meeting=5)
    checkout = await world.choose_country(alice, "DE")
    checkout.fill("city", "Köln")
    chosen = checkout.get_value("administrator")
    gateway, gate = install_hooked_gateway(world), asyncio.Event()
    gateway.before["preview"] = wait_for(gate, BillingUnavailable())
    await alice.submit()
    await alice.wait_for_modal("waiting.show")
    gate.set()
    form = await alice.wait_for_modal("checkout.save")
    assert (form.get_value("country"), form.get_value("city")) == ("DE", "Köln")
    assert form.get_value("administrator") == chosen
    gateway.before.clear()
    await alice.submit()
    await alice.wait_for_modal("service_order.place")


async def test_a_person_who_closes_the_waiting_view_finds_the_quote_later(world: World) -> None:
    hurry(world)
    alice = world.get_person("alice")
    await world.fill_cart(alice, acme_meeting=5)
    gateway, gate = install_hooked_gateway(world), asyncio.Event()
    gateway.before["preview"] = wait_for(gate)
    await alice.submit()
    await alice.wait_for_modal("waiting.show")
    await alice.close_modal(everything=True)
    gate.set()
    await world.dependencies.tasks.wait_until_idle()
    assert alice.modal is None
    cart = await open_modal(alice, "/add-seats", "", "cart.save")
    assert "SQ-1001" in cart.text


async def test_a_person_sees_a_message_if_it_is_too_late_for_a_view(world: World) -> None:
    """R20: three seconds are over; by a private line, or from Home by direct message."""
    alice = world.get_person("alice")
    await alice.open_home()
    await alice.wait_until(lambda: alice.home)
    gateway = install_hooked_gateway(world)
    late = [0.0]
    world.slack.slack.workspace.clock = lambda: time.time() + late[0]

    async def respond_late() -> None:
        late[0] += world.slack.slack.workspace.trigger_seconds + 1

    gateway.before["subscriptions"] = respond_late
    await alice.command("/add-seats", channel="C07GENERAL")
    ephemeral = await alice.wait_for_ephemeral()
    assert "took too long" in ephemeral.text
    assert ephemeral.channel_id == "C07GENERAL"
    await alice.press("cart.open")
    assert "took too long" in (await alice.wait_for_dm()).text
    assert alice.modal is None


async def test_an_overloaded_process_changes_nothing_and_says_so(world: World) -> None:
    """Background work is bounded: a form keeps its values, a button's modal says so, a command too."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await world.fill_cart(alice, acme_meeting=5)
    await import_quote(world)
    await open_modal(benoit, "/add-seats", "", "cart.warning")
    tasks = world.dependencies.tasks
    world.dependencies.tasks = BackgroundTasks(max_tasks=0)
    reply = await alice.submit()
    assert "We’re very busy" in str(reply.errors)
    await benoit.press("cart.continue")
    await benoit.wait_for_modal("refusal.show")
    sam = world.get_person("sam")
    await sam.command("/billing")
    assert "We’re very busy" in (await sam.wait_for_ephemeral()).text
    assert await world.load_rows(Cart) == []
    world.dependencies.tasks = tasks
    await alice.submit()
    warning = await alice.wait_for_modal("cart.warning")
    assert "Q-2041" in warning.text
    assert [*(await world.load_row(Cart)).seats.values()] == [5]


async def test_a_command_counts_as_one_task(world: World) -> None:
    sam, nobody = world.get_person("sam"), world.get_person("nobody")
    world.dependencies.tasks = BackgroundTasks(max_tasks=1)
    gateway, gate = install_hooked_gateway(world), asyncio.Event()
    gateway.before["subscriptions"] = wait_for(gate)
    await world.get_person("alice").command("/add-seats", "meeting 1")
    await sam.command("/billing")
    assert "We’re very busy" in (await sam.wait_for_ephemeral()).text
    gate.set()
    await world.get_person("alice").wait_for_modal("cart.save")
    await world.dependencies.tasks.wait_until_idle()
    await nobody.command("/billing")
    assert "billing contacts" in (await nobody.wait_for_ephemeral()).text


async def test_a_button_that_fails_early_is_answered_with_a_reference(world: World) -> None:
    """R20: in private, as a command."""
    alice = world.get_person("alice")
    await import_quote(world)
    await world.settle()
    [card] = world.list_messages("C01BILLING")
    with failing_statements(world.dependencies.database, lambda statement, _: "FROM slack_user" in statement):
        await alice.press_in(card, "quote.open")
        assert "reference" in (await alice.wait_for_ephemeral()).text


async def test_a_person_sees_that_something_hangs_and_gets_the_result_later(world: World) -> None:
    """R20: a command and a form; nothing is ended, and nothing is done twice."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    cart = await world.fill_cart(alice, acme_meeting=5)
    gateway, gate = install_hooked_gateway(world), asyncio.Event()
    hurry(world)
    world.dependencies.timeouts.unresponsive_seconds = 0.4
    gateway.before["preview"] = gateway.before["subscriptions"] = wait_for(gate)
    await benoit.command("/add-seats")
    # On a busy machine finding out his language may take that long too, and is answered in English first.
    await benoit.wait_until(
        lambda: find_messages(benoit.ephemerals, "Nos données sont momentanément inaccessibles")
    )
    await cart.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "can’t reach our database" in refused.text
    gate.set()
    assert "SQ-1001" in (await alice.wait_for_modal("quote.review")).text
    await benoit.wait_until(lambda: benoit.modal)
    assert len(await world.load_rows(Quote)) == 1


def hurry(world: World) -> None:
    """A tenth of a second is late already."""
    world.dependencies.timeouts.ack_seconds = world.dependencies.timeouts.min_work_seconds = 0.1


def wait_for(gate: asyncio.Event, error: Exception | None = None) -> Callable[[], Any]:
    async def wait() -> None:
        await gate.wait()
        if error is not None:
            raise error

    return wait


async def test_the_answer_to_a_button_does_not_replace_what_another_one_has_opened(world: World) -> None:
    """Trying again asks the provider first; meanwhile the person goes back to the list."""
    dora = await place_order(world, "dora", declined_meeting=1)
    await open_modal(dora, "/service-orders", "SO-1001", "service_order.show")
    gateway, gate = install_hooked_gateway(world), asyncio.Event()
    gateway.before["customer"] = wait_for(gate)
    await dora.press("service_order.retry")
    await dora.press("service_order.list")
    await dora.wait_for_modal("service_order.list")
    gate.set()
    await world.dependencies.tasks.wait_until_idle()
    assert dora.modal is not None
    assert dora.modal.callback_id == "service_order.list"

    await dora.press("service_order.open")
    await dora.wait_for_modal("service_order.show")
    gate.clear()
    world.dependencies.timeouts.unresponsive_seconds = 0.1
    await dora.press("service_order.retry")
    await dora.wait_for_modal("refusal.show")
    gate.set()
    await dora.wait_for_modal("service_order.retry")
    assert world.slack.refusals == []


async def test_a_person_who_has_moved_on_hears_by_direct_message_that_a_change_was_refused(
    world: World,
) -> None:
    """R20: a button, whose modal shows something else by then, and a form, whose modal has been closed."""
    hurry(world)
    alice = world.get_person("alice")
    gateway, gate = install_hooked_gateway(world), asyncio.Event()
    await open_modal(alice, "/billing", "", "account.overview")
    await alice.press("account.manage_methods")
    await alice.wait_for_modal("account.portal")
    gateway.before["payment_portal_link"] = gateway.before["preview"] = wait_for(gate, BillingUnavailable())
    await alice.press("account.switch_portal")
    await alice.press("account.overview")
    await alice.wait_for_modal("account.overview")
    gate.set()
    assert "isn’t responding" in (await alice.wait_for_dm()).text
    assert alice.modal is not None
    assert alice.modal.callback_id == "account.overview"

    gate.clear()
    await world.fill_cart(alice, acme_meeting=5)
    await alice.submit()
    await alice.wait_for_modal("waiting.show")
    await alice.close_modal(everything=True)
    gate.set()
    assert "isn’t responding" in (await alice.wait_for_dm(2)).text
    assert alice.modal is None


async def test_the_last_choice_in_a_form_counts_however_late_the_first_is_answered(world: World) -> None:
    """The form keeps its external id, until another view replaces it."""
    alice = world.get_person("alice")
    await world.reach_checkout(alice, acme_meeting=5)
    form = await world.choose_country(alice, "DE")
    requested = world.slack.requests[-1]
    await form.press("checkout.choose_country", "US")
    await alice.wait_until(lambda: alice.modal and "ZIP code" in alice.modal.text)
    await world.slack.forge(requested, lambda _: None)
    await alice.wait_until(lambda: alice.modal and "ZIP code" not in alice.modal.text)
    await alice.press("checkout.back")
    await alice.wait_for_modal("quote.review")
    await world.slack.forge(requested, lambda _: None)
    await world.dependencies.tasks.wait_until_idle()
    assert alice.modal is not None
    assert alice.modal.callback_id == "quote.review"


async def test_a_proxys_page_instead_of_slacks_response_is_reported_as_slack_unavailable(
    world: World,
) -> None:
    """HTML, text, nothing, half an answer, an error of Slack's own, a cut connection: a warning each."""
    alice = world.get_person("alice")
    kinds: tuple[FaultKind, ...] = ("html", "text", "empty", "truncated", "error_503", "cut_before")
    with capture_log(world) as stream:
        for count, kind in enumerate(kinds, start=1):
            world.slack.slack.faults.reset()
            world.slack.inject_fault(kind, "views.open")
            await alice.command("/quotes")
            assert "Slack didn’t respond properly" in (await alice.wait_for_ephemeral(count)).text, kind
        world.slack.slack.faults.reset()
        await open_modal(alice, "/quotes", "", "quote.list")
        world.slack.inject_fault("html", "views.update")
        await alice.press("cart.open")
        await world.dependencies.tasks.wait_until_idle()
        assert "Slack didn’t respond properly" in alice.dms[-1].text
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    failed = [line for line in lines if line["event"] == "view.delivery_failed"]
    assert len(failed) == len(kinds) + 1
    assert {line["level"] for line in lines} <= {"info", "warning"}
    assert "Traceback" not in stream.getvalue()
