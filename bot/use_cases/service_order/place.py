"""Placing the service order: the quote is accepted, and its processing starts (R10-R12, R19, R20)."""

from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.billing.gateway import LineRequest, PriceDiffers, PricedLine
from bot.db import lock_account
from bot.metrics import ORDERS, count_when_stored
from bot.permissions import Person, actor_of
from bot.services import Services
from bot.use_cases.audit.write import record
from bot.use_cases.cart.lines import empty_lines
from bot.use_cases.checkout import checked_form, chosen_administrator, saved_form
from bot.use_cases.details import order_sheet, payment_methods, subscription_rows
from bot.use_cases.document_number import next_number
from bot.use_cases.notice.enqueue import direct, tell
from bot.use_cases.quote.decide import check_pending, decide, quote_for, quote_lines
from bot.use_cases.service_order.process import start_processing
from bot.use_cases.service_order.transitions import tell_progress
from models.account import Account
from models.administrator import Administrator
from models.audit_entry import Actor
from models.billing_contact import BillingContact
from models.cart import Cart
from models.checkout import CheckoutForm
from models.details import OrderSheet
from models.document_sequence import SERVICE_ORDER
from models.money import Money
from models.notice import NoticeKind
from models.payment_method import usable_method
from models.quote import Quote, QuoteLine, QuoteStatus
from models.service_order import (
    OrderLine,
    ServiceOrder,
)


async def place_service_order(services: Services, *, person: Person, quote_id: int) -> OrderSheet:
    """Accept the quote and start its processing (R12). Pressed again by the same person, the same order.

    Raises QuoteNotPending (with who and when, R20), CheckoutIncomplete, NoAutomaticPaymentMethod,
    PaymentMethodNotUsable, PriceDiffers (with both prices, R17), BillingUnavailable, and for a quote of a
    cart the refusals of R2 and R4.
    """
    at = services.now()
    await _check_price(services, person, quote_id, at)
    async with services.write() as session:
        quote, contact = await quote_for(session, person, quote_id, at, changes=True)
        if quote.status is QuoteStatus.PENDING:
            # Else it stays as it is: a hundred presses more need not wait for each other to be told so.
            await lock_account(session, quote.account_id, quote)
        before = await _placed_already(session, quote, contact)
        if before is None:
            await check_pending(session, quote, at)
        order = before or await _place(session, quote, contact, actor_of(contact, person), at)
        sheet = await order_sheet(session, order, at)
    if before is None:
        start_processing(services)
    return sheet


async def _check_price(services: Services, person: Person, quote_id: int, at: datetime) -> None:
    """R17: priced again at the quote's own instant, before anything is accepted. What else is wrong with a
    quote, or that it is decided already, is told by who places it."""
    async with services.read() as session:
        quote, contact = await quote_for(session, person, quote_id, at, changes=True)
        if not quote.pending_at(at):
            return
        form = await saved_form(session, quote, contact)
        lines = await quote_lines(session, quote)
    requests = [LineRequest(line.subscription_id, line.seats, line.unit_price) for line in lines]
    preview = await services.billing.preview(quote.account_id, requests, quote.frozen_at, form.address)
    if {_price(line) for line in preview.lines} != {_price(line) for line in lines}:
        now = Money(preview.subtotal + preview.tax, quote.currency)
        raise PriceDiffers(number=quote.number, promised=Money(quote.total, quote.currency), now=now)


def _price(line: PricedLine | QuoteLine) -> tuple[str, int, int]:
    return (line.subscription_id, line.amount, line.tax)


async def _placed_already(
    session: AsyncSession, quote: Quote, contact: BillingContact
) -> ServiceOrder | None:
    found = await session.exec(
        select(ServiceOrder).where(ServiceOrder.quote_id == quote.id, ServiceOrder.contact_id == contact.id)
    )
    return found.one_or_none()


async def _place(
    session: AsyncSession, quote: Quote, contact: BillingContact, actor: Actor, at: datetime
) -> ServiceOrder:
    account = await session.get_one(Account, quote.account_id)
    methods = await payment_methods(session, account.id)
    form = await checked_form(session, account, quote, contact, methods, at)
    method = usable_method(methods, form.payment_method, account.today(at))
    lines = await quote_lines(session, quote)
    await _check_still_allowed(session, account, quote, lines)
    administrator = await _stored_administrator(session, account, quote, form, actor, at)
    order = ServiceOrder(
        number=await next_number(session, SERVICE_ORDER),
        account_id=account.id,
        quote_id=quote.key,
        contact_id=contact.key,
        placed_at=at,
        administrator_id=administrator.key,
        payment_method_id=method.id,
        address=form.address.model_dump(),
    )
    order.overdue_check_at = order.promised_by
    session.add(order)
    count_when_stored(session, ORDERS.labels(order.status.value))
    await session.flush()
    session.add_all(_order_line(order, line, account, at) for line in lines)
    await decide(session, quote, QuoteStatus.ACCEPTED, actor, at, told_by=contact)
    account.move_to(form.address)
    session.add(account)
    await _empty_cart(session, quote)
    await _tell_placed(session, account, order, contact, actor, at)
    return order


async def _check_still_allowed(
    session: AsyncSession, account: Account, quote: Quote, lines: list[QuoteLine]
) -> None:
    """R2 and R4 for the quotes of a cart (R8); R3 is checked with the form, for every quote."""
    if quote.made_elsewhere:
        return
    account.check_self_service()
    ordered = {line.subscription_id for line in lines}
    for row in await subscription_rows(session, account):
        if row.subscription.id in ordered and row.obstacle is not None:
            raise row.obstacle


async def _stored_administrator(
    session: AsyncSession, account: Account, quote: Quote, form: CheckoutForm, actor: Actor, at: datetime
) -> Administrator:
    """R11: the existing administrator, or the new one, who is stored now."""
    chosen = await chosen_administrator(session, quote, form)
    if chosen is not None and chosen.active:
        return chosen
    new = form.new_administrator
    assert new is not None, "only a new administrator is not there yet"
    administrator = chosen or Administrator(account_id=account.id, email=new[1], name=new[0])
    administrator.name, administrator.active = new[0], True
    session.add(administrator)
    await session.flush()
    await record(
        session,
        account_id=account.id,
        actor=actor,
        subject=f"administrator:{administrator.email}",
        action="added",
        at=at,
        details={"name": administrator.name},
    )
    return administrator


def _order_line(order: ServiceOrder, line: QuoteLine, account: Account, at: datetime) -> OrderLine:
    assert line.id is not None, "the quote's line is stored"
    return OrderLine(
        order_id=order.key,
        quote_line_id=line.id,
        subscription_id=line.subscription_id,
        seats=line.seats,
        amount=line.amount,
        tax=line.tax,
        period_ends_at=account.midnight(line.period_end),
        due_at=at,
    )


async def _empty_cart(session: AsyncSession, quote: Quote) -> None:
    carts = (await session.exec(select(Cart).where(Cart.quote_id == quote.id))).all()
    for cart in carts:
        await empty_lines(session, cart)
        cart.quote_id, cart.consented_to = None, []
        session.add(cart)


async def _tell_placed(
    session: AsyncSession,
    account: Account,
    order: ServiceOrder,
    contact: BillingContact,
    actor: Actor,
    at: datetime,
) -> None:
    await record(
        session,
        account_id=account.id,
        actor=actor,
        subject=f"service_order:{order.number}",
        action="placed",
        at=at,
        change=(None, order.status.value),
        details={"payment_method": order.payment_method_id, "address": order.address},
    )
    await tell_progress(session, account, order, "placed", at, by=contact.name)
    await tell(
        session,
        NoticeKind.ORDER_PLACED,
        f"order:{order.id}:placed",
        direct([contact]),
        account=account,
        at=at,
        order=order,
    )
