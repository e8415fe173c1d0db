"""What must hold after whatever happened: nothing lost, nothing twice, nothing told that is not so."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from sqlmodel import SQLModel, col, select

from bot.db import Database
from models.audit.entry import AuditEntry
from models.ledger import ChargeStatus, LedgerCharge, LedgerSubscription
from models.notice import Notice, NoticeStatus
from models.quote import Quote, QuoteStatus
from models.receipt import Receipt
from models.service_order import ChargeAttempt, LineStatus, OrderLine, OrderStatus, ServiceOrder
from models.subscription import Subscription
from sandbox import Sandbox
from tests.audit_chain import list_broken_entries

Row = TypeVar("Row", bound=SQLModel)

NUMBERS = re.compile(r"\b(?:SO|SQ|R)-\d+\b")


class DatabaseSnapshot:
    """All rows of one moment."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def read(self) -> "DatabaseSnapshot":
        self.orders = await self._all(ServiceOrder)
        self.lines = await self._all(OrderLine)
        self.attempts = await self._all(ChargeAttempt)
        self.charges = await self._all(LedgerCharge)
        self.quotes = await self._all(Quote)
        self.receipts = await self._all(Receipt)
        self.notices = await self._all(Notice)
        self.history = await self._all(AuditEntry)
        self.subscriptions = await self._all(Subscription)
        self.held = await self._all(LedgerSubscription)
        return self

    async def _all(self, table: type[Row]) -> Sequence[Row]:
        key = next(iter(table.__table__.primary_key))  # type: ignore[attr-defined]
        async with self.database.read() as session:
            return (await session.exec(select(table).order_by(col(key)))).all()

    @property
    def unfinished(self) -> list[str]:
        orders = [order.number for order in self.orders if not order.is_finished]
        return orders + [n.event for n in self.notices if n.status is NoticeStatus.WAITING]

    def check_money(self, seats_before: int) -> None:
        """R19: each line settled once, charged what was promised, its seats added once."""
        line_of = {attempt.idempotency_key: attempt.order_line_id for attempt in self.attempts}
        assert {charge.idempotency_key for charge in self.charges} <= line_of.keys(), (
            "a charge whose key nobody stored"
        )
        settled = [charge for charge in self.charges if charge.status is ChargeStatus.SETTLED]
        times = Counter(line_of[charge.idempotency_key] for charge in settled)
        assert times == Counter(line.id for line in self.lines if line.status is LineStatus.SETTLED)
        promised = {line.id: (line.seats, line.amount, line.tax) for line in self.lines}
        for charge in settled:
            assert (charge.seats, charge.amount, charge.tax) == promised[line_of[charge.idempotency_key]]
        for subscription in self.subscriptions:
            bought = sum(c.seats for c in settled if c.subscription_id == subscription.id)
            assert subscription.seats == seats_before + bought
        for held in self.held:
            bought = sum(c.seats for c in settled if c.subscription_id == held.id)
            assert held.seats == seats_before + bought

    def check_orders(self, shown: set[str]) -> None:
        """What a person was shown is there; each has its quote, its end and its receipt."""
        assert shown <= {order.number for order in self.orders}
        assert {order.status for order in self.orders} <= {OrderStatus.COMPLETED}
        accepted = {quote.id for quote in self.quotes if quote.status is QuoteStatus.ACCEPTED}
        assert Counter(order.quote_id for order in self.orders) == Counter(accepted)
        receipts = Counter(receipt.order_id for receipt in self.receipts)
        assert receipts == Counter(order.id for order in self.orders)

    def check_history(self) -> None:
        for account_id in {entry.account_id for entry in self.history}:
            assert list_broken_entries([e for e in self.history if e.account_id == account_id]) == []
        changes = Counter((e.subject, e.to_status) for e in self.history if e.subject.startswith("quote:"))
        assert set(changes.values()) <= {1}

    def check_notices(self, slack: Sandbox) -> None:
        """R24: each was delivered, and nothing is told of what is not there."""
        assert {notice.status for notice in self.notices} == {NoticeStatus.DELIVERED}
        there = {row.number for row in self.orders}
        there |= {row.number for row in self.quotes} | {row.number for row in self.receipts}
        messages = [m for c in slack.slack.workspace.channels.values() for m in c.messages]
        message_texts = [message.text for message in messages if message.only_for is None]
        assert {number for text in message_texts for number in NUMBERS.findall(text)} <= there
        mails = " ".join(mail.text for mail in slack.mail.messages)
        receipts = {receipt.number for receipt in self.receipts}
        assert {number for number in NUMBERS.findall(mails) if number.startswith("R-")} == receipts
        shown = " ".join(message_texts)
        for order in self.orders:
            assert order.number in shown, f"nobody was told of {order.number}"
