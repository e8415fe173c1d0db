"""Placing the service order: the quote is accepted, and its processing starts (R10-R12, R19, R20)."""

from datetime import datetime

from sqlmodel import select

from bot.billing.gateway import LineRequest, PricedLine, QuotedPriceChanged
from bot.db import Session, lock_account
from bot.metrics import ORDERS_TOTAL, count_on_commit
from bot.permissions import SlackIdentity, build_actor
from bot.services import Services
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.cart.lines import delete_cart_lines
from bot.use_cases.checkout import find_chosen_administrator, get_saved_form, get_valid_form
from bot.use_cases.details import list_payment_methods, list_subscription_rows, load_order_details
from bot.use_cases.document_number import allocate_document_number
from bot.use_cases.notice.enqueue import enqueue_notice, list_direct_destinations
from bot.use_cases.quote.decide import authorize_quote, check_pending, decide_quote, list_quote_lines
from bot.use_cases.service_order.process import start_processing
from bot.use_cases.service_order.transitions import announce_order_progress
from models.account import Account
from models.administrator import Administrator
from models.audit_entry import Actor
from models.billing_contact import BillingContact
from models.cart import Cart
from models.checkout import CheckoutForm
from models.details import OrderDetails
from models.document_sequence import SERVICE_ORDER_PREFIX
from models.money import Money
from models.notice import NoticeKind
from models.payment_method import get_usable_method
from models.quote import Quote, QuoteLine, QuoteStatus
from models.service_order import (
    OrderLine,
    ServiceOrder,
)


async def place_service_order(services: Services, *, person: SlackIdentity, quote_id: int) -> OrderDetails:
    """Accept the quote and start its processing (R12). Pressed again by the same person, the same order.

    Raises QuoteNotPending (with who and when, R20), CheckoutIncomplete, NoAutomaticPaymentMethod,
    PaymentMethodNotUsable, PriceDiffers (with both prices, R17), BillingUnavailable, and for a quote of a
    cart the refusals of R2 and R4.
    """
    at = services.now()
    await _check_price_unchanged(services, person, quote_id, at)
    async with services.write() as session:
        authorized = await authorize_quote(session, person, quote_id, at, for_change=True)
        quote, contact = authorized.row, authorized.contact
        if quote.status is QuoteStatus.PENDING:
            # Else it stays as it is: a hundred presses more need not wait for each other to be told so.
            await lock_account(session, quote.account_id, quote)
        before = await _find_existing_order(session, quote, contact)
        if before is None:
            await check_pending(session, quote, at)
        order = before or await _place_order(session, quote, contact, build_actor(contact, person), at)
        sheet = await load_order_details(session, order, at)
    if before is None:
        start_processing(services)
    return sheet


async def _check_price_unchanged(
    services: Services, person: SlackIdentity, quote_id: int, at: datetime
) -> None:
    """R17: priced again at the quote's own instant, before anything is accepted. What else is wrong with a
    quote, or that it is decided already, is told by who places it."""
    async with services.read() as session:
        authorized = await authorize_quote(session, person, quote_id, at, for_change=True)
        quote, contact = authorized.row, authorized.contact
        if not quote.is_pending(at):
            return
        form = await get_saved_form(session, quote, contact)
        lines = await list_quote_lines(session, quote)
    requests = [LineRequest(line.subscription_id, line.seats, line.unit_price) for line in lines]
    preview = await services.billing.preview_lines(quote.account_id, requests, quote.frozen_at, form.address)
    if {_make_price_key(line) for line in preview.lines} != {_make_price_key(line) for line in lines}:
        now = Money(preview.subtotal + preview.tax, quote.currency)
        raise QuotedPriceChanged(number=quote.number, promised=Money(quote.total, quote.currency), now=now)


def _make_price_key(line: PricedLine | QuoteLine) -> tuple[str, int, int]:
    return (line.subscription_id, line.amount, line.tax)


async def _find_existing_order(
    session: Session, quote: Quote, contact: BillingContact
) -> ServiceOrder | None:
    found = await session.exec(
        select(ServiceOrder).where(ServiceOrder.quote_id == quote.id, ServiceOrder.contact_id == contact.id)
    )
    return found.one_or_none()


async def _place_order(
    session: Session, quote: Quote, contact: BillingContact, actor: Actor, at: datetime
) -> ServiceOrder:
    account = await session.get_one(Account, quote.account_id)
    methods = await list_payment_methods(session, account.id)
    form = await get_valid_form(session, account, quote, contact, methods, at)
    method = get_usable_method(methods, form.payment_method, account.get_local_date(at))
    lines = await list_quote_lines(session, quote)
    await _check_still_orderable(session, account, quote, lines)
    administrator = await _get_or_create_administrator(session, account, quote, form, actor, at)
    order = ServiceOrder(
        number=await allocate_document_number(session, SERVICE_ORDER_PREFIX),
        account_id=account.id,
        quote_id=quote.key,
        contact_id=contact.key,
        placed_at=at,
        administrator_id=administrator.key,
        payment_method_id=method.id,
        address=form.address.model_dump(),
    )
    order.overdue_check_at = order.processing_deadline
    session.add(order)
    count_on_commit(session, ORDERS_TOTAL.labels(order.status.value))
    await session.flush()
    session.add_all(_build_order_line(order, line, account, at) for line in lines)
    await decide_quote(session, quote, QuoteStatus.ACCEPTED, actor, at, decided_by_contact=contact)
    account.set_billing_address(form.address)
    session.add(account)
    await _clear_carts(session, quote)
    await _record_placement(session, account, order, contact, actor, at)
    return order


async def _check_still_orderable(
    session: Session, account: Account, quote: Quote, lines: list[QuoteLine]
) -> None:
    """R2 and R4 for the quotes of a cart (R8); R3 is checked with the form, for every quote."""
    if quote.created_externally:
        return
    account.check_self_service()
    ordered = {line.subscription_id for line in lines}
    for row in await list_subscription_rows(session, account):
        if row.subscription.id in ordered and row.blocked_by is not None:
            raise row.blocked_by


async def _get_or_create_administrator(
    session: Session, account: Account, quote: Quote, form: CheckoutForm, actor: Actor, at: datetime
) -> Administrator:
    """R11: the existing administrator, or the new one, who is stored now."""
    chosen = await find_chosen_administrator(session, quote, form)
    if chosen is not None and chosen.active:
        return chosen
    new = form.new_administrator
    assert new is not None, "only a new administrator is not there yet"
    administrator = chosen or Administrator(account_id=account.id, email=new[1], name=new[0])
    administrator.name, administrator.active = new[0], True
    session.add(administrator)
    await session.flush()
    await write_audit_entry(
        session,
        account_id=account.id,
        actor=actor,
        subject=f"administrator:{administrator.email}",
        action="added",
        at=at,
        details={"name": administrator.name},
    )
    return administrator


def _build_order_line(
    order: ServiceOrder, quote_line: QuoteLine, account: Account, at: datetime
) -> OrderLine:
    assert quote_line.id is not None, "the quote's line is stored"
    return OrderLine(
        order_id=order.key,
        quote_line_id=quote_line.id,
        subscription_id=quote_line.subscription_id,
        seats=quote_line.seats,
        amount=quote_line.amount,
        tax=quote_line.tax,
        period_ends_at=account.get_midnight(quote_line.period_end),
        due_at=at,
    )


async def _clear_carts(session: Session, quote: Quote) -> None:
    carts = (await session.exec(select(Cart).where(Cart.quote_id == quote.id))).all()
    for cart in carts:
        await delete_cart_lines(session, cart)
        cart.quote_id, cart.replaceable_quote_ids = None, []
        session.add(cart)


async def _record_placement(
    session: Session,
    account: Account,
    order: ServiceOrder,
    contact: BillingContact,
    actor: Actor,
    at: datetime,
) -> None:
    await write_audit_entry(
        session,
        account_id=account.id,
        actor=actor,
        subject=f"service_order:{order.number}",
        action="placed",
        at=at,
        status_change=(None, order.status.value),
        details={"payment_method": order.payment_method_id, "address": order.address},
    )
    await announce_order_progress(session, account, order, "placed", at, by=contact.name)
    await enqueue_notice(
        session,
        NoticeKind.ORDER_PLACED,
        f"order:{order.id}:placed",
        list_direct_destinations([contact]),
        account=account,
        at=at,
        order=order,
    )
