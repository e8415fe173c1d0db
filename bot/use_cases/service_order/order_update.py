"""A transaction that changes one order under its account's lock, with its history and notices."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, select

from bot.db import Session, lock_account
from bot.jobs import JobId, build_job_actor
from bot.services import Services
from bot.use_cases.audit.write import NewAuditEntry, get_last_entry_number, write_audit_entries
from bot.use_cases.notice.enqueue import (
    build_notices,
    enqueue_notices,
    list_active_contacts,
    list_channel_destinations,
    list_direct_destinations,
)
from models.account import Account
from models.audit.entry import Actor
from models.billing_contact import BillingContact
from models.details import OrderRow
from models.notice import Notice, NoticeKind
from models.notice.destination import Destination
from models.notice.payloads import NoticePayload
from models.product import Product
from models.quote import Quote, QuoteLine
from models.service_order import ChargeAttempt, OrderLine, ServiceOrder

PROCESSING_JOB_ACTOR = build_job_actor(JobId.PROCESS_ORDERS)


@dataclass
class OrderUpdate:
    """`contact` placed the order. `attempts` are by line id, oldest first."""

    services: Services
    session: Session
    at: datetime
    account: Account
    quote: Quote
    order: ServiceOrder
    contact: BillingContact
    rows: list[OrderRow]
    attempts: dict[int, list[ChargeAttempt]] = field(default_factory=dict)
    actor: Actor = PROCESSING_JOB_ACTOR
    audit_entries: list[NewAuditEntry] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    @property
    def lines(self) -> list[OrderLine]:
        return [row.line for row in self.rows]

    def get_row(self, line_id: int) -> OrderRow:
        return next(row for row in self.rows if row.line.id == line_id)

    def add_audit_entry(
        self,
        action: str,
        *,
        status_change: tuple[str | None, str | None] = (None, None),
        reason: str | None = None,
        details: dict[str, object] | None = None,
    ) -> None:
        subject = self.order.audit_subject
        self.audit_entries.append(
            NewAuditEntry(self.actor, subject, action, self.at, status_change, reason, details or {})
        )

    async def get_last_entry_number(self) -> int:
        """Of the account's history, counting the entries that `save` will write."""
        stored = await get_last_entry_number(self.session, self.account.id)
        return stored + len(self.audit_entries)

    async def list_recipients(self) -> list[BillingContact]:
        """R13: the contact who placed the order; all contacts if that person lost the role, or if the quote
        was created outside Slack."""
        if self.contact.active and not self.quote.created_externally:
            return [self.contact]
        return await list_active_contacts(self.session, self.account.id)

    async def list_destinations(self) -> list[Destination]:
        contacts = await self.list_recipients()
        destinations = [
            *list_direct_destinations(contacts),
            *list_channel_destinations(self.account, contacts),
        ]
        return list(dict.fromkeys(destinations))

    def add_notice(
        self,
        kind: NoticeKind,
        event: str,
        destinations: Iterable[Destination],
        payload: NoticePayload | None = None,
        *,
        team: str | None = None,
    ) -> None:
        # Unique per order and destination: the same event is not announced twice.
        self.notices += build_notices(
            kind,
            f"order:{self.order.id}:{event}",
            destinations,
            account=self.account,
            at=self.at,
            order=self.order,
            payload=payload,
            team=team,
        )

    async def save(self) -> None:
        await self.session.flush()
        await write_audit_entries(self.session, self.account.id, self.audit_entries)
        await enqueue_notices(self.session, self.notices)
        self.audit_entries, self.notices = [], []


@asynccontextmanager
async def update_order(services: Services, account_id: str, order_id: int) -> AsyncIterator[OrderUpdate]:
    at = services.now()
    async with services.write() as session:
        account = await lock_account(session, account_id)
        update = await load_order_update(services, session, account, order_id, at)
        yield update
        await update.save()


async def load_order_update(
    services: Services, session: Session, account: Account, order_id: int, at: datetime
) -> OrderUpdate:
    """The caller has locked the account, and calls `save` at the end."""
    orders = await session.exec(
        select(ServiceOrder, Quote, BillingContact)
        .join(Quote, col(Quote.id) == ServiceOrder.quote_id)
        .join(BillingContact, col(BillingContact.id) == ServiceOrder.contact_id)
        .where(ServiceOrder.id == order_id)
    )
    order, quote, contact = orders.one()
    lines = await session.exec(
        select(OrderLine, QuoteLine, Product, ChargeAttempt)
        .join(QuoteLine, col(QuoteLine.id) == OrderLine.quote_line_id)
        .join(Product, col(Product.id) == QuoteLine.product_id)
        .outerjoin(ChargeAttempt, col(ChargeAttempt.order_line_id) == OrderLine.id)
        .where(OrderLine.order_id == order_id)
        .order_by(col(OrderLine.id), col(ChargeAttempt.number))
    )
    rows: dict[int, OrderRow] = {}
    attempts: dict[int, list[ChargeAttempt]] = {}
    for line, quote_line, product, attempt in lines.all():
        rows.setdefault(line.key, OrderRow(line, quote_line, product))
        attempts.setdefault(line.key, []).extend([attempt] if attempt else [])
    return OrderUpdate(services, session, at, account, quote, order, contact, [*rows.values()], attempts)
