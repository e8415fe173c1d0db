"""Places a service order: accepts the quote and starts processing (R10-R12, R19, R20)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import select

from bot.billing.gateway import LineRequest, PricedLine, QuotedPriceChanged
from bot.db import Session, lock_account
from bot.metrics import ORDERS_TOTAL, count_on_commit
from bot.permissions import Authorized, SlackIdentity, authorize_row, build_actor
from bot.services import Services
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.cart.contents import clear_cart
from bot.use_cases.checkout import get_saved_form, get_valid_form
from bot.use_cases.details import (
    find_quote_with_rows,
    list_payment_methods,
    list_subscription_rows,
    load_order_details,
    with_blocking_orders,
)
from bot.use_cases.document_number import allocate_document_number
from bot.use_cases.notice.enqueue import list_direct_destinations
from bot.use_cases.quote.decide import decide_quote
from bot.use_cases.quote.read import check_pending
from bot.use_cases.service_order.announce import announce_progress
from bot.use_cases.service_order.order_update import OrderUpdate
from bot.use_cases.service_order.process import start_processing
from models.account import Account
from models.administrator import Administrator
from models.audit.entry import Actor
from models.billing_contact import BillingContact
from models.checkout import CheckoutForm
from models.details import OrderDetails, OrderRow, QuoteRow
from models.document_sequence import SERVICE_ORDER_PREFIX
from models.money import Money
from models.notice import NoticeKind
from models.payment_method import PaymentMethod, get_usable_method
from models.quote import Quote, QuoteLine, QuoteNotFound, QuoteStatus
from models.service_order import OrderLine, ServiceOrder


async def place_service_order(services: Services, *, person: SlackIdentity, quote_id: int) -> OrderDetails:
    """Accept the quote and start processing (R12). Idempotent for the contact who placed the order.

    Raises QuoteNotPending, CheckoutIncomplete, NoAutomaticPaymentMethod, PaymentMethodNotUsable,
    QuotedPriceChanged, BillingUnavailable, and for a quote of a cart the refusals of R2 and R4.
    """
    at = services.now()
    known_quote = await _check_price_unchanged(services, person, quote_id, at)
    async with services.write() as session:
        authorized = await _authorize(session, person, known_quote, at)
        if known_quote.status is QuoteStatus.PENDING:
            # A decided quote does not change, so repeated clicks need no lock.
            await lock_account(session, authorized.account.id)
        quote_with_rows = await find_quote_with_rows(session, quote_id)
        if quote_with_rows is None:
            raise QuoteNotFound(number="")
        quote, rows = quote_with_rows
        if quote.status is not QuoteStatus.PENDING:
            order = await _find_order(session, quote, authorized.contact)
            if order is not None:
                return await load_order_details(session, order, at)
        await check_pending(session, quote, at)
        actor = build_actor(authorized.contact, person)
        placement = _Placement(
            services, session, at, authorized.account, authorized.contact, actor, quote, rows
        )
        details = await _place_order(placement)
    start_processing(services)
    return details


async def _check_price_unchanged(
    services: Services, person: SlackIdentity, quote_id: int, at: datetime
) -> Quote:
    """R17: price the quote again, as of the time at which it was frozen. Other checks follow later."""
    async with services.read() as session:
        stored_quote, rows = await find_quote_with_rows(session, quote_id) or (None, [])
        authorized = await _authorize(session, person, stored_quote, at)
        quote = authorized.row
        if not quote.is_pending(at):
            return quote
        form = await get_saved_form(session, quote, authorized.contact)
    lines = [row.line for row in rows]
    requests = [LineRequest(line.subscription_id, line.seats, line.unit_price) for line in lines]
    preview = await services.billing.preview_lines(quote.account_id, requests, quote.frozen_at, form.address)
    if {_make_price_key(line) for line in preview.lines} != {_make_price_key(line) for line in lines}:
        current_total = Money(preview.subtotal + preview.tax, quote.currency)
        raise QuotedPriceChanged(
            number=quote.number, promised=Money(quote.total, quote.currency), now=current_total
        )
    return quote


def _make_price_key(line: PricedLine | QuoteLine) -> tuple[str, int, int]:
    return (line.subscription_id, line.amount, line.tax)


async def _authorize(
    session: Session, person: SlackIdentity, quote: Quote | None, at: datetime
) -> Authorized[Quote]:
    return await authorize_row(
        session, person, quote, at, for_change=True, not_found=QuoteNotFound(number="")
    )


async def _find_order(session: Session, quote: Quote, contact: BillingContact) -> ServiceOrder | None:
    orders = await session.exec(
        select(ServiceOrder).where(ServiceOrder.quote_id == quote.id, ServiceOrder.contact_id == contact.id)
    )
    return orders.one_or_none()


@dataclass(frozen=True)
class _Placement:
    """The account is locked."""

    services: Services
    session: Session
    at: datetime
    account: Account
    contact: BillingContact
    actor: Actor
    quote: Quote
    rows: Sequence[QuoteRow]


async def _place_order(placement: _Placement) -> OrderDetails:
    session, at, account, quote = placement.session, placement.at, placement.account, placement.quote
    methods = await list_payment_methods(session, account.id)
    form, chosen = await get_valid_form(session, account, quote, placement.contact, methods, at)
    method = get_usable_method(methods, form.payment_method, account.get_local_date(at))
    await _check_still_orderable(placement)
    administrator = await _get_or_create_administrator(placement, form, chosen)
    order = await _create_order(placement, form, administrator, method)
    rows = [_build_order_row(order, row, account, at) for row in placement.rows]
    session.add_all(row.line for row in rows)
    await decide_quote(
        session, quote, QuoteStatus.ACCEPTED, placement.actor, at, decided_by_contact=placement.contact
    )
    account.set_billing_address(form.address)
    session.add(account)
    await clear_cart(session, quote)
    await _record_placement(placement, order, rows)
    return OrderDetails(
        account=account,
        order=order,
        quote=quote,
        rows=await with_blocking_orders(session, rows),
        contact=placement.contact,
        administrator=administrator,
        payment_method=method,
        at=at,
    )


async def _check_still_orderable(placement: _Placement) -> None:
    # R8: R2 and R4 apply to quotes of a cart only. R3 is checked with the form, for every quote.
    if placement.quote.created_externally:
        return
    placement.account.check_self_service()
    ordered_ids = {row.line.subscription_id for row in placement.rows}
    for row in await list_subscription_rows(placement.session, placement.account):
        if row.subscription.id in ordered_ids and row.blocked_by is not None:
            raise row.blocked_by


async def _get_or_create_administrator(
    placement: _Placement, form: CheckoutForm, existing: Administrator | None
) -> Administrator:
    session, account = placement.session, placement.account
    if existing is not None and existing.active:
        return existing
    new = form.new_administrator
    assert new is not None, "only a new administrator may be missing"
    name, email = new
    administrator = existing or Administrator(account_id=account.id, email=email, name=name)
    administrator.name, administrator.active = name, True
    session.add(administrator)
    await session.flush()
    await write_audit_entry(
        session,
        account_id=account.id,
        actor=placement.actor,
        subject=administrator.audit_subject,
        action="added",
        at=placement.at,
        details={"name": administrator.name, "email": administrator.email},
    )
    return administrator


async def _create_order(
    placement: _Placement, form: CheckoutForm, administrator: Administrator, method: PaymentMethod
) -> ServiceOrder:
    order = ServiceOrder(
        number=await allocate_document_number(placement.session, SERVICE_ORDER_PREFIX),
        account_id=placement.account.id,
        quote_id=placement.quote.key,
        contact_id=placement.contact.key,
        placed_at=placement.at,
        administrator_id=administrator.key,
        payment_method_id=method.id,
        address=form.address.model_dump(),
    )
    order.overdue_check_at = order.processing_deadline
    placement.session.add(order)
    count_on_commit(placement.session, ORDERS_TOTAL.labels(order.status.value))
    await placement.session.flush()
    return order


def _build_order_row(order: ServiceOrder, row: QuoteRow, account: Account, at: datetime) -> OrderRow:
    line = row.line
    assert line.id is not None, "the quote's line is stored"
    order_line = OrderLine(
        order_id=order.key,
        quote_line_id=line.id,
        subscription_id=line.subscription_id,
        seats=line.seats,
        amount=line.amount,
        tax=line.tax,
        period_ends_at=account.get_midnight(line.period_end),
        due_at=at,
    )
    return OrderRow(order_line, line, row.product)


async def _record_placement(placement: _Placement, order: ServiceOrder, rows: list[OrderRow]) -> None:
    order_update = OrderUpdate(
        placement.services,
        placement.session,
        placement.at,
        placement.account,
        placement.quote,
        order,
        placement.contact,
        rows,
        actor=placement.actor,
    )
    order_update.add_audit_entry(
        "placed",
        status_change=(None, order.status.value),
        details={"payment_method": order.payment_method_id, "address": order.address},
    )
    announce_progress(order_update, "placed", by=placement.contact.name)
    destinations = list_direct_destinations([placement.contact])
    order_update.add_notice(NoticeKind.ORDER_PLACED, "placed", destinations)
    await order_update.save()
