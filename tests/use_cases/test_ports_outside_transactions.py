"""No port is called while a transaction is open: a slow provider would hold everybody up (CONTRIBUTING)."""

import inspect
from collections.abc import Callable
from typing import Any

from sqlmodel import col, select

from bot.billing.gateway import BillingGateway
from bot.db import transaction_open
from bot.directory.user_directory import UserDirectory
from bot.mail.mailer import Mailer
from bot.messaging.home_publisher import HomePublisher
from bot.messaging.messenger import Messenger
from bot.messaging.screen_updater import ScreenUpdater
from models.account import Account, ProviderAddress
from models.service_order import OrderLine, ServiceOrder
from models.slack_user import SlackUser
from scheduler import JOBS
from tests.handlers.access.test_contacts import answer_invitation, invite
from tests.handlers.quote.test_extensions import ask_for_time, open_decision
from tests.handlers.steps import (
    find_newest_message,
    import_invoiced_subscription,
    import_quote,
    list_charges,
    open_modal,
    wait_for_modal_text,
)
from tests.world import World

PORTS = {
    "billing": BillingGateway,
    "messenger": Messenger,
    "home_publisher": HomePublisher,
    "screen_updater": ScreenUpdater,
    "directory": UserDirectory,
    "mailer": Mailer,
}
# `doctor` and `/readyz` ask these; no flow does.
OF_DOCTOR = {
    "billing.check_connection",
    "billing.fetch_server_time",
    "mailer.check_connection",
    "mailer.check_sender",
    "directory.check_connection",
    "directory.fetch_server_time",
    "directory.list_installations",
    "directory.list_team_ids",
    "directory.fetch_granted_scopes",
    "directory.check_app_token",
    "directory.is_in_channel",
}


class Watched:
    """A port that notes each call, and whether a transaction was open in the task that made it."""

    def __init__(self, name: str, port: object, calls: list[tuple[str, bool]]) -> None:
        self._name, self._port, self._calls = name, port, calls

    def __getattr__(self, method: str) -> Any:
        real = getattr(self._port, method)
        return self._noted(method, real) if inspect.iscoroutinefunction(real) else real

    def _noted(self, method: str, real: Callable[..., Any]) -> Callable[..., Any]:
        async def noted(*args: Any, **kwargs: Any) -> Any:
            self._calls.append((f"{self._name}.{method}", transaction_open.get()))
            return await real(*args, **kwargs)

        return noted


def watch(world: World) -> list[tuple[str, bool]]:
    calls: list[tuple[str, bool]] = []
    for name in PORTS:
        setattr(world.dependencies, name, Watched(name, getattr(world.dependencies, name), calls))
    return calls


def methods_of_the_ports() -> set[str]:
    return {
        f"{name}.{method}"
        for name, port in PORTS.items()
        for method, member in vars(port).items()
        if inspect.iscoroutinefunction(member)
    } - OF_DOCTOR


async def buy(world: World) -> None:
    """From the warning to the receipt, over an address that changes the tax."""
    alice = world.get_person("alice")
    await import_quote(world)
    await alice.command("/add-seats", "meeting 5")
    await alice.wait_for_modal("cart.warning")
    await alice.press("cart.continue")
    await alice.wait_for_modal("cart.save")
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    await alice.submit()
    await world.choose_country(alice, "DE")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()


async def look_around(world: World) -> None:
    alice = world.get_person("alice")
    await alice.open_home()
    await alice.wait_until(lambda: alice.home)
    await set_invoice_numbers(world)
    await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    await alice.press("receipt.send")
    await world.settle()
    await open_modal(alice, "/billing", "", "account.overview")
    await alice.press("account.manage_methods")
    await alice.wait_until(lambda: alice.modal and "account.switch_portal" in alice.modal.action_ids)
    await alice.press("account.switch_portal")
    await world.settle()


async def set_invoice_numbers(world: World) -> None:
    """As of a provider that makes invoices of its own."""
    async with world.dependencies.write() as session:
        for line in (await session.exec(select(OrderLine))).all():
            line.provider_invoice_number = "INV-1"
            session.add(line)


async def go_wrong(world: World) -> None:
    """Lost answers, declines and retries, with time going by."""
    carla, dora = world.get_person("carla"), world.get_person("dora")
    (await world.reach_checkout(carla, customer_assist=1)).fill("payment_method", "pm_lost_1")
    await carla.submit()
    await carla.wait_for_modal("service_order.place")
    await carla.submit()
    await world.settle()
    await world.pass_time(seconds=15)
    await world.place_order(dora, declined_meeting=1)
    await world.settle()
    await dora.close_modal(everything=True)
    await dora.press_in(find_newest_message(dora.dms, "payment declined"), "service_order.retry")
    (await dora.wait_for_modal("service_order.retry")).fill("payment_method", "pm_good_1")
    await dora.submit()
    await wait_for_modal_text(dora, "SO-1003")
    await world.settle()


async def order_on_invoice(world: World) -> None:
    await import_invoiced_subscription(world, "slow", "sub_paid_60")
    await world.place_order(world.get_person("sam"), sub_paid_60=1)
    await world.settle()
    for seconds in (15, 60):
        await world.pass_time(seconds=seconds)


async def outdate_an_order(world: World) -> None:
    """As of a provider with addresses, which still has the one of an order that was charged later."""
    async with world.dependencies.write() as session:
        order = (await session.exec(select(ServiceOrder).order_by(col(ServiceOrder.id)).limit(1))).one()
        account = await session.get_one(Account, order.account_id)
        account.provider_address = ProviderAddress(
            customer_id="cus_1", address=order.billing_address, read_at=order.placed_at
        )
        account.stripe_customer, account.line1 = "cus_1", "2 rue de la Paix"
        account.billing_address_changed_at = order.placed_at
        account.schedule_refresh(world.clock.at)
        session.add(account)


async def extend_a_quote(world: World) -> None:
    alice, vera = world.get_person("alice"), world.get_person("vera")
    await import_quote(world, "Q-2042", expires="2026-11-20")
    await ask_for_time(world, alice, number="Q-2042")
    await (await open_decision(world, vera, "quote_extension.approve")).submit()
    await vera.wait_for_modal("quote_extension.show")
    await world.settle()


async def change_contacts(world: World) -> None:
    """Invite somebody of whom nothing is stored yet."""
    alice, vera = world.get_person("alice"), world.get_person("vera")
    async with world.dependencies.write() as session:
        await session.delete(await session.get_one(SlackUser, ("T01ACME", vera.id)))
    await invite(world, alice, vera.id)
    await answer_invitation(world, vera, "billing_contact.accept")


async def test_no_port_is_called_inside_a_transaction(world: World) -> None:
    calls = watch(world)
    await buy(world)
    await look_around(world)
    await go_wrong(world)
    await extend_a_quote(world)
    await change_contacts(world)
    await order_on_invoice(world)
    await outdate_an_order(world)
    for job in JOBS.values():
        await job.run(world.dependencies)
    assert [method for method, inside in calls if inside] == []
    assert {method for method, _ in calls} == methods_of_the_ports(), "the flows reach every port's methods"
    assert len(await list_charges(world)) == 4


async def test_the_check_detects_a_call_inside_a_transaction(world: World) -> None:
    """Else the test above could not fail."""
    calls = watch(world)
    async with world.dependencies.write():
        await world.dependencies.billing.create_portal_link("acme")
    await world.dependencies.billing.create_portal_link("acme")
    method = "billing.create_portal_link"
    assert calls == [(method, True), (method, False)]
