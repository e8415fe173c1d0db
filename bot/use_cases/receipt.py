"""Issues the receipt of a completed order, lists receipts and sends one on request (R13, R18)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select

from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, get_authorized_role, lock_authorized_row
from bot.use_cases.document_number import allocate_document_number
from bot.use_cases.notice.enqueue import enqueue_requested_document
from models.account import Account
from models.account.billing_contact import BillingContact
from models.details import OrderLineDetails, find_tax_details
from models.document_sequence import RECEIPT_PREFIX
from models.notice import NoticeKind
from models.payment_method import SHOWN_METHOD_FIELDS
from models.quote import Quote
from models.receipt import (
    ChargedMethod,
    Receipt,
    ReceiptLine,
    ReceiptNotFound,
    Seller,
    sum_charged_methods,
)
from models.service_order import ServiceOrder

PAGE_SIZE = 20


async def issue_receipt(
    session: Session,
    account: Account,
    quote: Quote,
    order: ServiceOrder,
    settled_rows: Sequence[OrderLineDetails],
    *,
    seller: Seller,
    at: datetime,
) -> None:
    lines = [_build_receipt_line(account, quote, row) for row in settled_rows]
    subtotal, tax = sum(line.amount for line in lines), sum(line.tax for line in lines)
    is_order_confirmation = all(line.invoice_number for line in lines)
    session.add(
        Receipt(
            number=order.number
            if is_order_confirmation
            else await allocate_document_number(session, RECEIPT_PREFIX),
            account_id=account.id,
            order_id=order.key,
            issued_at=at,
            issued_on=account.get_local_date(at),
            currency=quote.currency,
            subtotal=subtotal,
            tax=tax,
            total=subtotal + tax,
            buyer=account.name,
            address=order.address,
            seller=seller.model_dump(mode="json"),
            po_number=order.po_number,
            tax_facts=find_tax_details(settled_rows, quote, account),
            lines=[line.model_dump(mode="json", exclude_none=True) for line in lines],
            cards=[
                method.model_dump(mode="json", exclude_none=True)
                for method in _list_payments(account, settled_rows)
            ],
        )
    )


def _build_receipt_line(account: Account, quote: Quote, row: OrderLineDetails) -> ReceiptLine:
    line, quote_line = row.line, row.quote_line
    methods = _list_dated_methods(account, row)
    since = max(account.get_local_date(quote.frozen_at), quote_line.period_start)
    return ReceiptLine(
        product=row.product.name,
        seats=line.seats,
        unit_price=quote_line.unit_price,
        pricing=quote_line.pricing,
        period=quote_line.period,
        since=since,
        # A provider's period can end on the day of the order.
        until=max(quote_line.period_end, since + timedelta(days=1)),
        amount=line.actual_amount,
        tax=line.actual_tax,
        taxes=row.taxes,
        # If another amount was charged, its discounts are not known.
        discounts=() if line.difference else quote_line.discounts,
        credit_used=line.credit_used,
        earlier_balance=line.earlier_balance,
        carried_over=line.carried_over,
        charged_to=methods[0] if methods else None,
        also_charged_to=tuple(methods[1:]),
        difference=line.difference,
        invoice_number=line.provider_invoice_number,
        invoiced=line.amount_due if line.is_on_invoice else 0,
        due_on=account.get_local_date(row.invoice.due_at) if row.invoice and row.invoice.due_at else None,
    )


def list_charged_methods(row: OrderLineDetails) -> list[ChargedMethod]:
    """Lists the methods of a settled line as the provider reports them, or else the method that it was asked
    to charge."""
    line, method = row.line, row.payment_method
    if line.charged_to or not line.amount_paid:
        return line.charged_to
    assert method is not None, "the order was loaded with the payment methods of its lines"
    shown = method.model_dump(include=set(SHOWN_METHOD_FIELDS))
    return [ChargedMethod(**shown, amount=line.amount_paid)]


def _list_dated_methods(account: Account, row: OrderLineDetails) -> list[ChargedMethod]:
    # A payment's instant becomes a day of the account's time zone.
    settled_at = row.line.settled_at
    assert settled_at is not None, "the line is settled"
    return [
        method.model_copy(
            update={"paid_at": None, "paid_on": account.get_local_date(method.paid_at or settled_at)}
        )
        for method in list_charged_methods(row)
    ]


def _list_payments(account: Account, settled_rows: Sequence[OrderLineDetails]) -> list[ChargedMethod]:
    return sum_charged_methods(
        (method for row in settled_rows for method in _list_dated_methods(account, row)),
        key=lambda method: (method.shown_values, method.paid_on),
    )


async def list_receipts(
    dependencies: Dependencies, *, person: SlackIdentity, account_id: str, before: int | None = None
) -> tuple[Account, list[tuple[Receipt, str]], bool]:
    at = dependencies.now()
    async with dependencies.read() as session:
        account, _ = await get_authorized_role(session, person, account_id, at, for_change=False)
        query = (
            select(Receipt, ServiceOrder.number)
            .join(ServiceOrder, col(ServiceOrder.id) == Receipt.order_id)
            .where(Receipt.account_id == account_id)
            .order_by(col(Receipt.id).desc())
            .limit(PAGE_SIZE + 1)
        )
        rows = (await session.exec(query.where(col(Receipt.id) < before) if before else query)).all()
        return account, list(rows[:PAGE_SIZE]), len(rows) > PAGE_SIZE


async def send_receipt(
    dependencies: Dependencies, *, person: SlackIdentity, receipt_id: int
) -> tuple[Account, Receipt, BillingContact]:
    """Sends the receipt and its PDF by direct message: once, if it is requested again before it has been
    delivered. Raises ReceiptNotFound."""
    at = dependencies.now()
    async with dependencies.write() as session:
        stored_row = await session.get(Receipt, receipt_id)
        authorized = await lock_authorized_row(session, person, stored_row, at, not_found=ReceiptNotFound())
        receipt, account, contact = authorized.row, authorized.account, authorized.contact
        await enqueue_requested_document(
            session,
            NoticeKind.RECEIPT,
            f"receipt:{receipt.id}",
            contact,
            account=account,
            at=at,
            order=await session.get_one(ServiceOrder, receipt.order_id),
        )
        return account, receipt, contact
