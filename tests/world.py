"""The whole program for a test: the bot as `serve` runs it, against a Slack on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import SQLModel, col, select

from bot.commands.server import run_bot
from bot.dependencies import Dependencies, Timeouts
from bot.settings import Settings
from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.home.publish import publish_due_homes
from bot.use_cases.invoice.follow import follow_due_invoices
from bot.use_cases.order_screen import update_due_screens
from bot.use_cases.service_order.process import process_due_orders
from models.home import Home
from models.notice import Notice, NoticeStatus
from models.service_order import OrderLine
from sandbox import Sandbox
from sandbox.config import ConfigSource
from sandbox.driver import Modal, Person, PostedMessage
from tests.postgres import ACCOUNTS, IMPORTED_AT, Content, database_url, open_database
from tests.time_limits import HANG_SECONDS
from tests.variants import Kind, Transport, get_variant

__all__ = ["ACCOUNTS", "START", "Clock", "World", "world"]

START = IMPORTED_AT
WORKSPACE = Path(__file__).parent / "workspace.yml"

# Marks a statement that is not the bot's, for tests that record what is sent to the database.
OF_THE_TEST = "of_the_test"

Row = TypeVar("Row", bound=SQLModel)


class Clock:
    """What the bot takes for now; it moves only when told to."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class World:
    slack: Sandbox
    dependencies: Dependencies
    clock: Clock
    port: int = 0

    def get_person(self, name: str, client: str = "main") -> Person:
        """By user id, or by name: `alice`."""
        users = self.slack.slack.workspace.users.values()
        user = next(u for u in users if name in (u.id, u.name))
        return self.slack.get_person(user.id, client)

    async def load_rows(self, table: type[Row], **equal: Any) -> list[Row]:
        """The table's rows with these values, by primary key."""
        async with self.dependencies.read() as session:
            conditions = [col(getattr(table, name)) == value for name, value in equal.items()]
            key = next(iter(table.__table__.primary_key))  # type: ignore[attr-defined]
            statement = select(table).where(*conditions).order_by(key)
            return list((await session.exec(statement.execution_options(**{OF_THE_TEST: True}))).all())

    async def load_row(self, table: type[Row], **equal: Any) -> Row:
        [found] = await self.load_rows(table, **equal)
        return found

    async def settle(self) -> None:
        """Let background work end, and deliver what is due, however long Slack's limits make it take."""
        await self.dependencies.tasks.wait_until_idle()
        await process_due_orders(self.dependencies)
        for _ in range(100):
            await follow_due_invoices(self.dependencies)
            await deliver_due_notices(self.dependencies)
            await publish_due_homes(self.dependencies)
            await update_due_screens(self.dependencies)
            if not await self._load_due_notices() and not await self._load_due_homes():
                return
            self.clock.move(seconds=1.5)
        raise AssertionError(f"notices that never go out: {await self._load_due_notices()}")

    async def pass_time(self, **by: float) -> None:
        """Time goes by, and the jobs with it."""
        self.clock.move(**by)
        await self.settle()

    async def _load_due_notices(self) -> list[Notice]:
        waiting = await self.load_rows(Notice, status=NoticeStatus.WAITING)
        mail = self.dependencies.mailer.is_configured
        return [n for n in waiting if n.due_at <= self.clock.at and (mail or "email" not in n.destination)]

    async def _load_due_homes(self) -> list[Home]:
        return [home for home in await self.load_rows(Home) if home.due_at]

    async def load_seats(self, subscription_id: str) -> tuple[int, int]:
        """What the bot and the provider say."""
        from models.subscription import Subscription

        account_id = (await self.load_row(Subscription, id=subscription_id)).account_id
        held = {s.id: s.seats for s in await self.dependencies.billing.list_subscriptions(account_id)}
        return (await self.load_row(Subscription, id=subscription_id)).seats, held[subscription_id]

    async def load_lines(self) -> list[OrderLine]:
        return await self.load_rows(OrderLine)

    # --- what people do, as one step each

    async def fill_cart(self, person: Person, words: str = "", **seats: int | str) -> Modal:
        """`/add-seats` up to the cart's form, filled in."""
        await person.command("/add-seats", words)
        modal = await person.wait_for_modal("cart.save")
        for subscription_id, number in seats.items():
            modal.fill(f"seats:{subscription_id}", number)
        return modal

    async def save_cart(self, person: Person, **seats: int | str) -> Modal:
        """… to the quote's review."""
        await self.fill_cart(person, "", **seats)
        await person.submit()
        return await person.wait_for_modal("quote.review")

    async def reach_checkout(self, person: Person, **seats: int | str) -> Modal:
        """… to checkout, which the order of somebody of whom everything is known skips."""
        await self.save_cart(person, **seats)
        await person.submit()
        return await self.open_checkout(person)

    async def open_checkout(self, person: Person) -> Modal:
        """After the review, or after Approve."""
        first = await person.wait_until(lambda: _find_modal(person, "checkout.save", "service_order.place"))
        if first.callback_id == "service_order.place":
            await person.press("checkout.edit")
        return await person.wait_for_modal("checkout.save")

    async def open_address(self, person: Person) -> Modal:
        """The checkout with the address as fields."""
        await self.open_checkout(person)
        await person.press("checkout.change_address")
        return await wait_for_field(person, "country")

    async def choose_country(self, person: Person, country: str) -> Modal:
        """The fields follow it."""
        await self.open_address(person)
        return await choose(person, "checkout.choose_country", country)

    async def choose_new_administrator(self, person: Person) -> Modal:
        await self.open_checkout(person)
        await choose(person, "checkout.choose_administrator", "new")
        return await wait_for_field(person, "admin_name")

    async def reach_placement(self, person: Person, **seats: int | str) -> Modal:
        await self.save_cart(person, **seats)
        await person.submit()
        return await self.open_placement(person)

    async def open_placement(self, person: Person) -> Modal:
        """Over checkout, if something has to be asked there."""
        first = await person.wait_until(lambda: _find_modal(person, "checkout.save", "service_order.place"))
        if first.callback_id == "checkout.save":
            await person.submit()
        return await person.wait_for_modal("service_order.place")

    async def place_order(self, person: Person, **seats: int | str) -> Modal:
        """… to the placed order."""
        await self.reach_placement(person, **seats)
        await person.submit()
        return await person.wait_for_modal("service_order.show")

    def list_messages(self, channel_id: str) -> list[PostedMessage]:
        return self.slack.get_channel(channel_id).messages


def _find_modal(person: Person, *callback_ids: str) -> Modal | None:
    modal = person.modal
    return modal if modal and modal.callback_id in callback_ids else None


async def wait_for_field(person: Person, block_id: str) -> Modal:
    def has_field() -> Modal | None:
        modal = person.modal
        return modal if modal and any(block["block_id"] == block_id for block in modal.blocks) else None

    modal = await person.wait_until(has_field, HANG_SECONDS)
    assert isinstance(modal, Modal)
    return modal


async def choose(person: Person, action_id: str, value: str) -> Modal:
    """In a select that is sent at once: the form as it is then drawn."""
    assert person.modal
    before = person.modal.view.hash
    await person.press(action_id, value)
    modal = await person.wait_until(
        lambda: person.modal if person.modal and person.modal.view.hash != before else None, HANG_SECONDS
    )
    assert isinstance(modal, Modal)
    return modal


@asynccontextmanager
async def world(
    content: Content = "accounts",
    *,
    kind: Kind | None = None,
    transport: Transport | None = None,
    at: datetime = START,
    workspace: ConfigSource = WORKSPACE,
    organisation: bool = False,
    **settings: Any,
) -> AsyncIterator[World]:
    """`content` is what its database holds; `kind` and `transport` are by default the variant's. With
    `organisation`, Acme's workspace is one of two in an organisation, whose token the bot has."""
    clock, transport = Clock(at), transport or get_variant().transport
    with database_url(content, kind) as url:
        async with Sandbox.start(
            workspace,
            ack_seconds=HANG_SECONDS,
            rate_limits=True,
            pace=lambda: clock().timestamp(),
            organisation=organisation,
        ) as slack:
            slack.slack.workspace.trigger_seconds = HANG_SECONDS
            values = {
                "_env_file": None,
                "slack_bot_token": None if "slack_client_id" in settings else slack.bot_token,
                "slack_app_token": slack.app_token if transport == "socket" else None,
                "slack_signing_secret": slack.signing_secret if transport == "http" else None,
                "slack_api_url": slack.api_url,
                "database_url": url,
                "port": 0,
                "smtp_url": slack.smtp_url,
                "mail_from": "seatbot@acme.example",
                "account_services_channel": "C08SERVICES",
                **settings,
            }
            database = open_database(str(values["database_url"]), settings.get("database_listen_url"))
            async with run_bot(Settings(**values), clock=clock, with_scheduler=False, database=database) as (
                dependencies,
                port,
            ):
                dependencies.timeouts = Timeouts(HANG_SECONDS, HANG_SECONDS, 0, 0, HANG_SECONDS, HANG_SECONDS)
                if transport == "http":
                    slack.deliver_to(f"http://127.0.0.1:{port}/slack/events")
                yield World(slack, dependencies, clock, port)
