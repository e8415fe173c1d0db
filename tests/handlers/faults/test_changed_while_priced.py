"""What changes while prices are fetched is checked again under the lock, recorded or not (R3, R5)."""

from collections.abc import AsyncIterator

import pytest

from bot.use_cases.billing_sync.account import refresh_account
from models.quote import Quote
from models.service_order import ServiceOrder
from sandbox.person import Modal, Person
from tests.handlers.steps import install_hooked_gateway
from tests.stripe_world import StripeWorld, stripe_world


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


async def withdraw_all_cards(world: StripeWorld) -> None:
    for card in [*world.records.cards.values()]:
        if card.customer == "cus_acme":
            world.records.detach_card(card.id)
    await refresh_account(world.dependencies, "acme")


async def pause_meeting(world: StripeWorld) -> None:
    world.records.subscriptions["sub_of_acme_meeting"].status = "past_due"
    await refresh_account(world.dependencies, "acme")


async def open_cart(alice: Person) -> Modal:
    await alice.command("/add-seats", "meeting 2")
    return await alice.wait_for_modal("cart.save")


@pytest.mark.parametrize("change", [withdraw_all_cards, pause_meeting])
async def test_an_order_is_not_placed_if_the_account_changed_during_pricing(
    world: StripeWorld, change: object
) -> None:
    alice = world.get_person("alice")
    await (await open_cart(alice)).submit()
    await (await alice.wait_for_modal("quote.review")).submit()
    placement = await alice.wait_for_modal("service_order.place")
    install_hooked_gateway(world).after["preview"] = lambda: change(world)  # type: ignore[operator]
    await placement.submit()
    await world.settle()
    assert await world.load_rows(ServiceOrder) == []
    assert world.list_paid_totals() == []


async def test_a_quote_is_not_made_if_the_account_changed_during_pricing(world: StripeWorld) -> None:
    form = await open_cart(world.get_person("alice"))
    install_hooked_gateway(world).after["preview"] = lambda: withdraw_all_cards(world)
    await form.submit()
    await world.settle()
    assert await world.load_rows(Quote) == []
