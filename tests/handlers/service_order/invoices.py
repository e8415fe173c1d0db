"""What tests of orders on invoice do, with the embedded provider."""

from dataclasses import replace
from typing import Any

from bot.billing.gateway import InvoiceState
from sandbox.driver import Modal, Person
from tests.handlers.steps import HookedGateway, import_invoiced_subscription
from tests.world import World


async def prepare_invoiced_account(world: World, subscription_id: str, **changes: Any) -> Person:
    """Carla's account gets a subscription that is paid by invoice, and has no payment method."""
    await import_invoiced_subscription(
        world, "customer", subscription_id, **{"payment_methods": [], **changes}
    )
    return world.get_person("carla")


async def place_invoiced_order(world: World, carla: Person, **seats: int) -> Modal:
    """Until the invoice was sent."""
    modal = await world.place_order(carla, **seats)
    await world.settle()
    await world.pass_time(seconds=15)
    return modal


class PartlyPaidGateway(HookedGateway):
    """€5.00 are left to pay."""

    async def fetch_invoice(self, account_id: str, receipt: str) -> InvoiceState | None:
        state = await super().fetch_invoice(account_id, receipt)
        return state and replace(state, amount_remaining=500)
