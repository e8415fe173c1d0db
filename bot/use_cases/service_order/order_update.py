"""A transaction that changes one order under its account's lock, with its history and notices."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import bindparam, func
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, or_, select
from sqlmodel.sql.expression import Select

from bot.db import Session, lock_account
from bot.dependencies import Dependencies
from bot.job_ids import JobId, build_job_actor
from bot.use_cases.audit.write import NewAuditEntry, get_last_entry_number, write_audit_entries
from bot.use_cases.notice.enqueue import (
    ORDER_MESSAGE_PLACES,
    build_notices,
    enqueue_notices,
    list_active_contacts,
    list_channel_destinations,
    list_direct_destinations,
)
from bot.use_cases.receipt import issue_receipt
from models.account import Account
from models.account.billing_contact import BillingContact
from models.account.seat_assignment import SeatAssignment
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.details import OrderLineDetails
from models.invoice import Invoice
from models.notice import Notice, NoticeKind
from models.notice.destination import Destination
from models.notice.payloads import NoticePayload
from models.payment_method import PaymentMethod
from models.product import Product
from models.quote import Quote, QuoteLine
from models.service_order import BUSY_STATUSES, ChargeAttempt, LineStatus, OrderLine, ServiceOrder

PROCESSING_JOB_ACTOR = build_job_actor(JobId.PROCESS_ORDERS)

_OtherLine, _OtherOrder = aliased(OrderLine), aliased(ServiceOrder)
# R19: the order that is charging the line's subscription, or has waited longer for it.
_BLOCKING_ORDER_NUMBER = (
    select(_OtherOrder.number)
    .join(_OtherLine, col(_OtherLine.order_id) == _OtherOrder.id)
    .where(
        _OtherLine.subscription_id == OrderLine.subscription_id,
        _OtherLine.order_id != OrderLine.order_id,
        # The status implies it, but only this is in the index of a subscription's lines.
        col(_OtherLine.settled_at).is_(None),
        or_(
            col(_OtherLine.status).in_(BUSY_STATUSES),
            (col(_OtherLine.status) == LineStatus.WAITING) & (col(_OtherLine.id) < col(OrderLine.id)),
        ),
    )
    .order_by(col(_OtherLine.id))
    .limit(1)
    .correlate(OrderLine)
    .scalar_subquery()
)
_CHARGED_METHOD_ID = func.coalesce(OrderLine.payment_method_id, ServiceOrder.payment_method_id)
# The function `select` is not typed for more than four columns.
_ORDER_COLUMNS: Select[
    ServiceOrder,
    Quote,
    BillingContact,
    OrderLine,
    QuoteLine,
    Product,
    PaymentMethod,
    str | None,
    int | None,
    str | None,
    ChargeAttempt | None,
    Invoice | None,
] = Select(
    ServiceOrder,
    Quote,
    BillingContact,
    OrderLine,
    QuoteLine,
    Product,
    PaymentMethod,
    _BLOCKING_ORDER_NUMBER,
    col(SeatAssignment.id),
    ORDER_MESSAGE_PLACES,
    ChargeAttempt,
    Invoice,
)
# Prebuilt: run twice for every line.
_ORDER_QUERY = (
    _ORDER_COLUMNS.join(Quote, col(Quote.id) == ServiceOrder.quote_id)
    .join(BillingContact, col(BillingContact.id) == ServiceOrder.contact_id)
    .join(OrderLine, col(OrderLine.order_id) == ServiceOrder.id)
    .join(QuoteLine, col(QuoteLine.id) == OrderLine.quote_line_id)
    .join(Product, col(Product.id) == QuoteLine.product_id)
    .join(PaymentMethod, col(PaymentMethod.id) == _CHARGED_METHOD_ID)
    .outerjoin(
        SeatAssignment,
        and_(
            col(SeatAssignment.administrator_id) == ServiceOrder.administrator_id,
            col(SeatAssignment.product_id) == QuoteLine.product_id,
        ),
    )
    .outerjoin(ChargeAttempt, col(ChargeAttempt.order_line_id) == OrderLine.id)
    .outerjoin(Invoice, col(Invoice.order_line_id) == OrderLine.id)
    .where(col(ServiceOrder.id) == bindparam("order_id"))
    .order_by(col(OrderLine.id), col(ChargeAttempt.number))
)


@dataclass
class OrderUpdate:
    """`contact` placed the order. `attempts` are by line id, oldest first. `assigned_product_ids` are those
    products of the order that its administrator has a seat of already. `message_places` is a value of
    ORDER_MESSAGE_PLACES. `receipt_rows` get a receipt."""

    dependencies: Dependencies
    session: Session
    at: datetime
    account: Account
    quote: Quote
    order: ServiceOrder
    contact: BillingContact
    rows: list[OrderLineDetails]
    attempts: dict[int, list[ChargeAttempt]] = field(default_factory=dict)
    assigned_product_ids: set[str] = field(default_factory=set)
    message_places: str | None = None
    actor: Actor = PROCESSING_JOB_ACTOR
    audit_entries: list[NewAuditEntry] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    receipt_rows: list[OrderLineDetails] = field(default_factory=list)

    @property
    def lines(self) -> list[OrderLine]:
        return [row.line for row in self.rows]

    @property
    def is_address_outdated(self) -> bool:
        """Whether the account has got another address since the order was placed, which the provider has a
        copy of."""
        is_copied = self.account.known_provider_address is not None
        return is_copied and self.order.billing_address != self.account.billing_address

    def get_row(self, line_id: int) -> OrderLineDetails:
        return next(row for row in self.rows if row.line.id == line_id)

    def add_invoice(self, row: OrderLineDetails, invoice: Invoice) -> None:
        self.session.add(invoice)
        self.rows[self.rows.index(row)] = replace(row, invoice=invoice)

    def add_audit_entry(
        self,
        action: AuditAction,
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
        """Returns the last number of the account's history, counting the entries that `save` will write."""
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
        # Last: the receipt's number locks out other accounts' receipts until the transaction ends.
        if self.receipt_rows:
            await issue_receipt(
                self.session,
                self.account,
                self.quote,
                self.order,
                self.receipt_rows,
                seller=self.dependencies.settings.seller,
                at=self.at,
            )
        self.audit_entries, self.notices, self.receipt_rows = [], [], []


@asynccontextmanager
async def update_order(
    dependencies: Dependencies, account_id: str, order_id: int
) -> AsyncIterator[OrderUpdate]:
    at = dependencies.now()
    async with dependencies.write() as session:
        account = await lock_account(session, account_id)
        update = await load_order_update(dependencies, session, account, order_id, at)
        yield update
        await update.save()


async def load_order_update(
    dependencies: Dependencies, session: Session, account: Account, order_id: int, at: datetime
) -> OrderUpdate:
    """The caller has locked the account, and calls `save` at the end."""
    found = (await session.exec(_ORDER_QUERY, params={"order_id": order_id})).all()
    order, quote, contact, *_, message_places, _, _ = found[0]
    rows: dict[int, OrderLineDetails] = {}
    attempts: dict[int, list[ChargeAttempt]] = {}
    assigned_product_ids: set[str] = set()
    for *_, line, quote_line, product, method, blocking_number, assignment_id, _, attempt, invoice in found:
        rows.setdefault(
            line.key, OrderLineDetails(line, quote_line, product, blocking_number, method, invoice)
        )
        attempts.setdefault(line.key, []).extend([attempt] if attempt else [])
        if assignment_id is not None:
            assigned_product_ids.add(product.id)
    return OrderUpdate(
        dependencies,
        session,
        at,
        account,
        quote,
        order,
        contact,
        [*rows.values()],
        attempts,
        assigned_product_ids,
        message_places,
    )
