"""An outbox to fill and to empty: the accounts of tests/accounts.yml, ports in memory, a clock to move."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel import col, select

from bot.billing.embedded.gateway import EmbeddedGateway
from bot.db import Database
from bot.dependencies import Dependencies
from bot.messaging.messenger import OutboundMessage
from bot.settings import Settings
from bot.tasks import BackgroundTasks
from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.notice.enqueue import enqueue_notice
from models.account import Account
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.notice import DeliverySlot, Notice, NoticeKind, PostedMessage
from models.notice.destination import Destination
from models.notice.payloads import NoticePayload, PortalChangedPayload
from models.quote import Quote, QuoteLine
from models.receipt import Receipt
from models.service_order import LineStatus, OrderLine, ServiceOrder
from models.subscription.period_length import PeriodLength
from tests.fakes import FakeHomePublisher, FakeMailer, FakeMessenger, FakeScreenUpdater, FakeUserDirectory

START = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
CHANNEL = "channel:C01BILLING"
EVENTS = count(1)


@dataclass
class Outbox:
    database: Database
    messenger: FakeMessenger = field(default_factory=FakeMessenger)
    home_screens: FakeHomePublisher = field(default_factory=FakeHomePublisher)
    mailer: FakeMailer = field(default_factory=FakeMailer)
    directory: FakeUserDirectory = field(default_factory=FakeUserDirectory)
    at: datetime = START

    def __post_init__(self) -> None:
        self.directory.add("U01ALICE", "alice@acme.example")
        self.directory.add("U02BENOIT", "benoit@acme.example", locale="fr-FR")

    @property
    def dependencies(self) -> Dependencies:
        values: dict[str, Any] = {"slack_bot_token": "xoxb-test", "slack_signing_secret": "test"}
        return Dependencies(
            settings=Settings(_env_file=None, mail_from="seatbot@acme.example", **values),
            database=self.database,
            now=lambda: self.at,
            billing=EmbeddedGateway(self.database, lambda: self.at, "https://admin.example/"),
            messenger=self.messenger,
            home_publisher=self.home_screens,
            screen_updater=FakeScreenUpdater(),
            directory=self.directory,
            mailer=self.mailer,
            tasks=BackgroundTasks(),
        )

    async def enqueue(
        self,
        *destinations: str,
        kind: NoticeKind = NoticeKind.PORTAL_CHANGED,
        event: str = "",
        due_at: datetime | None = None,
        order: ServiceOrder | None = None,
        quote: Quote | None = None,
        payload: NoticePayload | None = None,
        number: int = 0,
    ) -> None:
        """Store a notice of the account acme as a use case does; `list_sent_numbers` gives `number`."""
        if kind is NoticeKind.PORTAL_CHANGED:
            payload = PortalChangedPayload(by=str(number))
        async with self.database.write() as session:
            await enqueue_notice(
                session,
                kind,
                event or f"event:{next(EVENTS)}",
                map(Destination.parse, destinations),
                account=await session.get_one(Account, "acme"),
                at=self.at,
                order=order,
                quote=quote,
                payload=payload,
                due_at=due_at,
            )

    async def deliver(self) -> int:
        return await deliver_due_notices(self.dependencies)

    async def deliver_all(self) -> None:
        """… advancing the clock as Slack's rate limits require."""
        for _ in range(200):
            if not await self.deliver() and not await self.load_due_notices():
                return
            self.at += timedelta(seconds=1)
        raise AssertionError("notices that never go out")

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    async def load_slot(self, destination: str) -> DeliverySlot:
        async with self.database.read() as session:
            return await session.get_one(DeliverySlot, destination)

    async def load_due_notices(self) -> list[Notice]:
        waiting = await self.load_notices(status="waiting")
        return [n for n in waiting if n.due_at <= self.at]

    async def load_notices(self, **equal: Any) -> list[Notice]:
        async with self.database.read() as session:
            conditions = [col(getattr(Notice, name)) == value for name, value in equal.items()]
            return list(
                (await session.exec(select(Notice).where(*conditions).order_by(col(Notice.id)))).all()
            )

    async def load_notice(self, **equal: Any) -> Notice:
        [found] = await self.load_notices(**equal)
        return found

    async def load_posted_messages(self) -> list[PostedMessage]:
        async with self.database.read() as session:
            return list((await session.exec(select(PostedMessage).order_by(col(PostedMessage.id)))).all())

    async def load_contact(self, email: str = "alice@acme.example") -> BillingContact:
        async with self.database.read() as session:
            return (await session.exec(select(BillingContact).where(BillingContact.email == email))).one()

    async def change(self, row: Any, **changes: Any) -> None:
        async with self.database.write() as session:
            merged = await session.merge(row)
            for name, value in changes.items():
                setattr(merged, name, value)

    async def load_account(self) -> Account:
        async with self.database.read() as session:
            return await session.get_one(Account, "acme")

    async def store_quote(self, number: str = "Q-2041") -> Quote:
        async with self.database.write() as session:
            quote = Quote(
                number=number,
                account_id="acme",
                created_externally=not number.startswith("SQ-"),
                created_at=self.at,
                frozen_at=self.at,
                expires_at=self.at + timedelta(days=10),
                currency="EUR",
                address=(await session.get_one(Account, "acme")).billing_address.model_dump(),
                subtotal=4900,
                tax=980,
                total=5880,
            )
            session.add(quote)
            await session.flush()
            session.add(
                QuoteLine(
                    quote_id=quote.key,
                    subscription_id="acme_meeting",
                    product_id="goto-meeting",
                    seats=5,
                    seats_before=25,
                    unit_price=1400,
                    period=PeriodLength.MONTH,
                    period_start=date(2026, 11, 1),
                    period_end=date(2026, 12, 1),
                    amount=4900,
                    tax=980,
                )
            )
            return quote

    async def store_order(self, number: str = "SO-1001") -> ServiceOrder:
        quote = await self.store_quote(f"SQ-{number}")
        alice = await self.load_contact()
        async with self.database.write() as session:
            administrators = select(Administrator).where(Administrator.account_id == "acme")
            administrator = (await session.exec(administrators.limit(1))).one()
            order = ServiceOrder(
                number=number,
                account_id="acme",
                quote_id=quote.key,
                contact_id=alice.key,
                placed_at=self.at,
                administrator_id=administrator.key,
                payment_method_id="pm_acme",
                address=quote.address,
            )
            session.add(order)
            await session.flush()
            line = (await session.exec(select(QuoteLine).where(QuoteLine.quote_id == quote.key))).one()
            session.add(
                OrderLine(
                    order_id=order.key,
                    quote_line_id=line.id or 0,
                    subscription_id="acme_meeting",
                    seats=5,
                    amount=4900,
                    tax=980,
                    period_ends_at=datetime(2026, 11, 30, 23, tzinfo=UTC),
                )
            )
            return order

    async def complete_order(self, order: ServiceOrder, number: str = "R-1001") -> Receipt:
        """The order as it ends when its line settled."""
        async with self.database.write() as session:
            row = await session.get_one(ServiceOrder, order.key)
            line = (await session.exec(select(OrderLine).where(OrderLine.order_id == order.key))).one()
            row.status, line.status = row.status.PROCESSING, LineStatus.CHARGING
            await session.flush()
            row.status, row.finished_at = row.status.COMPLETED, self.at
            line.status, line.settled_at = LineStatus.SETTLED, self.at
            receipt = Receipt(
                number=number,
                account_id="acme",
                order_id=order.key,
                issued_at=self.at,
                currency="EUR",
                subtotal=4900,
                tax=980,
                total=5880,
                issued_on=self.at.date(),
                buyer="Acme SA",
                address=order.address,
                seller={"name": "GoTo"},
                lines=[],
                cards=[],
            )
            session.add(receipt)
            return receipt


async def get_alice_destination(outbox: Outbox) -> str:
    return f"contact:{(await outbox.load_contact()).key}"


async def get_benoit_destination(outbox: Outbox) -> str:
    return f"contact:{(await outbox.load_contact('benoit@acme.example')).key}"


def read_number(message: OutboundMessage) -> int:
    assert isinstance(message.payload, PortalChangedPayload)
    return int(message.payload.by)


def list_sent_numbers(outbox: Outbox, channel: str) -> list[int]:
    return [read_number(sent.message) for sent in outbox.messenger.to(channel)]


def list_sent_kinds(outbox: Outbox, channel: str) -> list[NoticeKind]:
    return [sent.message.kind for sent in outbox.messenger.to(channel)]


def is_marking_delivered(notice: Notice) -> Callable[[str, Any], bool]:
    """For `failing_statements`: whether a statement stores that this notice was delivered."""

    def is_affected(statement: str, parameters: Any) -> bool:
        rows = parameters if isinstance(parameters, list) else [parameters]
        values = [set(row.values() if isinstance(row, dict) else row) for row in rows]
        return statement.startswith("UPDATE notice") and any(
            {notice.key, "delivered"} <= row for row in values
        )

    return is_affected
