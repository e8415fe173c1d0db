"""R17, R19: two products on one Stripe subscription, which Stripe changes, and charges, as one."""

from collections.abc import AsyncIterator

import pytest

from bot.use_cases.cart.save import save_cart
from bot.use_cases.checkout.open import open_checkout
from bot.use_cases.checkout.save import save_checkout
from bot.use_cases.service_order.place import place_service_order
from models.quote import Quote
from tests.handlers.stripe.stripe_orders import DORA, refresh_and_open_cart, retry_order
from tests.stripe_world import StripeWorld, stripe_world
from tests.variants import both_databases

pytestmark = both_databases

SEATS = {"declined_meeting": 4, "declined_training": 2}


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        subscriptions = world.records.subscriptions
        subscriptions["sub_of_declined_meeting"].items += subscriptions.pop("sub_of_declined_training").items
        yield world


async def both_ordered(world: StripeWorld, card: str) -> None:
    """Both products in one order, placed, and charged as far as that goes."""
    await refresh_and_open_cart(world, DORA, "declined")
    typed = {name: str(seats) for name, seats in SEATS.items()}
    details = await save_cart(world.dependencies, person=DORA, account_id="declined", seat_inputs=typed)
    form = (await open_checkout(world.dependencies, person=DORA, quote_id=details.quote.key)).form
    form = form.model_copy(update={"payment_method": card})
    await save_checkout(world.dependencies, person=DORA, quote_id=details.quote.key, form=form)
    await place_service_order(world.dependencies, person=DORA, quote_id=details.quote.key)
    await a_while(world)


async def a_while(world: StripeWorld) -> None:
    await world.settle()
    for _ in range(3):
        await world.pass_time(seconds=11)


async def statuses(world: StripeWorld) -> list[str]:
    return [line.status for line in await world.load_lines()]


async def check_charged_once(world: StripeWorld) -> None:
    assert await statuses(world) == ["settled", "settled"]
    assert sorted(world.list_paid_totals()) == sorted(
        line.amount + line.tax for line in await world.load_lines()
    )
    assert sum(world.list_paid_totals()) == (await world.load_row(Quote)).total
    assert await world.load_seats("declined_meeting") == (14, 14)
    assert await world.load_seats("declined_training") == (4, 4)


async def test_each_grouped_subscription_is_charged_once_to_the_chosen_card(world: StripeWorld) -> None:
    """The first restores the default card, which would decline the second."""
    await both_ordered(world, "pm_good_1")
    await check_charged_once(world)
    assert len(world.fake.list_charge_requests()) == 2, "nothing was sent twice"
    assert world.records.subscriptions["sub_of_declined_meeting"].default_payment_method is None, "it is back"


async def test_declined_grouped_subscriptions_are_charged_once_to_another_card(world: StripeWorld) -> None:
    await both_ordered(world, "pm_declined_1")
    assert await statuses(world) == ["declined", "declined"]
    await retry_order(world, 1)
    await a_while(world)
    await check_charged_once(world)


async def test_a_grouped_subscription_is_not_charged_while_another_needs_the_customer(
    world: StripeWorld,
) -> None:
    world.records.cards["pm_good_1"].behaviour = "customer_never"
    await both_ordered(world, "pm_good_1")
    assert sorted(await statuses(world)) == ["charging", "needs_customer"]
    assert len(world.fake.list_charge_requests()) == 1
    world.records.cards["pm_good_1"].behaviour = "settles"
    [waiting] = world.records.invoices.values()
    world.records.pay_invoice(waiting)
    await world.pass_time(minutes=11)
    await a_while(world)
    await check_charged_once(world)
