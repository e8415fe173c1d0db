"""What tests of service orders do, and what must hold of a charge."""

import asyncio
from typing import Any

from bot.permissions import SlackIdentity as Caller
from bot.use_cases.cart.save import save_cart
from bot.use_cases.checkout.open import open_checkout
from bot.use_cases.checkout.save import save_checkout
from bot.use_cases.service_order.place import place_service_order
from models.audit.entry import AuditEntry
from models.receipt import Receipt
from sandbox.driver import Modal, Person
from sandbox.traffic import AppRequest
from tests.audit_chain import list_broken_entries
from tests.handlers.steps import (
    get_order,
    list_buttons,
    list_charges,
)
from tests.world import World

RETRY_BUTTONS = ["service_order.retry", "service_order.give_up", "service_order.open"]


async def place_order(world: World, name: str, **seats: int) -> Person:
    """… placed, and taken as far as it goes by itself."""
    person = world.get_person(name)
    await world.place_order(person, **seats)
    await world.settle()
    return person


async def list_line_statuses(world: World) -> list[str]:
    return [line.status.value for line in await world.load_lines()]


async def retry_order(world: World, person: Person, method: str) -> Modal:
    """Through the buttons of the newest direct message that has them."""
    asked = next(m for m in reversed(person.dms) if "service_order.retry" in list_buttons(m))
    await person.close_modal(everything=True) if person.modal else None
    await person.press_in(asked, "service_order.retry")
    form = await person.wait_for_modal("service_order.retry")
    form.fill("payment_method", method)
    await person.submit()
    return form


async def place_order_via_use_cases(world: World, subscription_id: str, seats: int = 1) -> str:
    """Alice's order by the use cases alone, for tests that need many. Returns its number."""
    alice = Caller("T01ACME", "U01ALICE", "test")
    details = await save_cart(
        world.dependencies, person=alice, account_id="acme", seat_inputs={subscription_id: str(seats)}
    )
    key = details.quote.key
    form = (await open_checkout(world.dependencies, person=alice, quote_id=key)).form
    await save_checkout(world.dependencies, person=alice, quote_id=key, form=form)
    return (await place_service_order(world.dependencies, person=alice, quote_id=key)).order.number


async def redeliver_last_request(world: World, times: int = 2) -> list[Any]:
    """The last submission or press once more, several at the same moment. What each was answered."""
    request = next(r for r in reversed(world.slack.requests) if isinstance(r, AppRequest))
    replies = await asyncio.gather(*(world.slack.redeliver(request) for _ in range(times)))
    assert {reply.status for reply in replies} == {200}
    await world.dependencies.tasks.wait_until_idle()
    return [reply.body for reply in replies]


def list_callback_ids(answers: list[Any]) -> set[str]:
    return {answer["view"]["callback_id"] for answer in answers}


async def assert_charged_once(world: World, subscription_id: str, seats: int) -> None:
    """R19: one charge in the provider's books, the seats exact, one receipt, nothing missing in history."""
    assert len(await list_charges(world)) == 1
    assert await world.load_seats(subscription_id) == (seats, seats)
    assert len(await world.load_rows(Receipt)) == 1
    [line] = await world.load_lines()
    account_id = (await get_order(world)).account_id
    assert line.status == "settled"
    assert list_broken_entries(await world.load_rows(AuditEntry, account_id=account_id)) == []
