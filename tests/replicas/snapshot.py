"""What must hold after any failure: nothing lost, nothing done twice, no notice without its event."""

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
    """The rows at one time."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def read(self) -> "DatabaseSnapshot":
        self.orders = await self._load_rows(ServiceOrder)
        self.lines = await self._load_rows(OrderLine)
        self.attempts = await self._load_rows(ChargeAttempt)
        self.charges = await self._load_rows(LedgerCharge)
        self.quotes = await self._load_rows(Quote)
        self.receipts = await self._load_rows(Receipt)
        self.notices = await self._load_rows(Notice)
        self.history = await self._load_rows(AuditEntry)
        self.subscriptions = await self._load_rows(Subscription)
        self.ledger_subscriptions = await self._load_rows(LedgerSubscription)
        return self

    async def _load_rows(self, table: type[Row]) -> Sequence[Row]:
        key = next(iter(table.__table__.primary_key))  # type: ignore[attr-defined]
        async with self.database.read() as session:
            return (await session.exec(select(table).order_by(col(key)))).all()

    @property
    def unfinished(self) -> list[str]:
        orders = [order.number for order in self.orders if not order.is_finished]
        return orders + [n.event for n in self.notices if n.status is NoticeStatus.WAITING]

    def check_money(self, seats_before: int) -> None:
        """R19: each line settled once, charged what was promised, its seats added once."""
        lines_by_key = {attempt.idempotency_key: attempt.order_line_id for attempt in self.attempts}
        assert {charge.idempotency_key for charge in self.charges} <= lines_by_key.keys(), (
            "a charge whose key was not stored"
        )
        settled = [charge for charge in self.charges if charge.status is ChargeStatus.SETTLED]
        times = Counter(lines_by_key[charge.idempotency_key] for charge in settled)
        assert times == Counter(line.id for line in self.lines if line.status is LineStatus.SETTLED)
        promised = {line.id: (line.seats, line.amount, line.tax) for line in self.lines}
        for charge in settled:
            assert (charge.seats, charge.amount, charge.tax) == promised[lines_by_key[charge.idempotency_key]]
        for subscription in self.subscriptions:
            bought = sum(c.seats for c in settled if c.subscription_id == subscription.id)
            assert subscription.seats == seats_before + bought
        for recorded in self.ledger_subscriptions:
            bought = sum(c.seats for c in settled if c.subscription_id == recorded.id)
            assert recorded.seats == seats_before + bought

    def check_orders(self, shown: set[str]) -> None:
        """Each order that a person was shown exists; each is completed and has its quote and receipt."""
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
        """R24: each was delivered, and no message names a document that doesn't exist."""
        assert {notice.status for notice in self.notices} == {NoticeStatus.DELIVERED}
        existing = {row.number for row in self.orders}
        existing |= {row.number for row in self.quotes} | {row.number for row in self.receipts}
        messages = [m for c in slack.slack.workspace.channels.values() for m in c.messages]
        message_texts = [message.text for message in messages if message.only_for is None]
        assert {number for text in message_texts for number in NUMBERS.findall(text)} <= existing
        mails = " ".join(mail.text for mail in slack.mail.messages)
        receipts = {receipt.number for receipt in self.receipts}
        assert {number for number in NUMBERS.findall(mails) if number.startswith("R-")} == receipts
        shown = " ".join(message_texts)
        for order in self.orders:
            assert order.number in shown, f"no message about {order.number}"
