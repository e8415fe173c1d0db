"""Places a service order: accepts the quote and starts processing (R10-R12, R19, R20)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import String, and_, bindparam, cast
from sqlmodel import col, or_, select

from bot.billing.gateway import (
    LineRequest,
    PricedLine,
    QuotedBalanceChanged,
    QuotedPriceChanged,
    SubscriptionProductChanged,
)
from bot.db import Session, build_insert, select_joined
from bot.dependencies import Dependencies
from bot.metrics import ORDERS_TOTAL, count_on_commit
from bot.permissions import (
    SlackIdentity,
    authorize_row,
    build_actor,
    get_member,
    is_unchanged,
    lock_account_role,
)
from bot.tasks import gather_or_cancel
from bot.use_cases.audit.write import NewAuditEntry, prepare_audit_entries
from bot.use_cases.billing_sync.address import refresh_address_if_available
from bot.use_cases.cart.contents import clear_cart
from bot.use_cases.checkout.stored_form import get_current_checkout, get_saved_form, get_valid_form
from bot.use_cases.document_number import allocate_document_number
from bot.use_cases.load_details import apply_blocking_orders, load_order_details
from bot.use_cases.notice.enqueue import list_direct_destinations
from bot.use_cases.quote.decide import QuoteDecision, change_quote_status
from bot.use_cases.quote.read import check_pending
from bot.use_cases.service_order.announce import announce_progress
from bot.use_cases.service_order.order_update import OrderUpdate
from bot.use_cases.service_order.process import start_processing
from bot.use_cases.service_order.screen import build_order_screen, store_order_screen
from models.account import Account
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.checkout import NEW_ADMINISTRATOR_OPTION, Checkout, CheckoutForm
from models.details import OrderDetails, OrderLineDetails, QuoteLineDetails
from models.document_sequence import SERVICE_ORDER_PREFIX
from models.errors import InvalidInput
from models.money import Money
from models.notice import NoticeKind, PostedMessage
from models.order_fingerprint import OrderChanged, check_order_unchanged, compute_order_fingerprint
from models.payment_method import MethodChoices, PaymentMethod
from models.product import Product
from models.quote import Quote, QuoteLine, QuoteNotFound, QuoteStatus, get_period_end_time
from models.service_order import BUSY_STATUSES, OrderLine, ServiceOrder
from models.service_order.order_screen import OrderScreen
from models.subscription import Subscription

# What the person chose in the checkout.
_FORM_VALUES = Checkout.__table__.c.form_values  # type: ignore[attr-defined]
_ADMINISTRATOR_OPTION = _FORM_VALUES["administrator"].as_string()
_PAYMENT_METHOD_ID = _FORM_VALUES["payment_method"].as_string()


async def place_service_order(
    dependencies: Dependencies,
    *,
    person: SlackIdentity,
    quote_id: int,
    shown: str | None = None,
    external_id: str | None = None,
) -> OrderDetails:
    """Accepts the quote and starts processing (R12). Idempotent for the contact who placed the order. `shown`
    is the fingerprint of what the person was shown, if they place it from a screen; `external_id` is that of
    the modal that will show the order. Raises QuoteNotPending, CheckoutIncomplete, OrderChanged,
    NoAutomaticPaymentMethod, PaymentMethodNotUsable, QuotedPriceChanged, QuotedBalanceChanged,
    BillingUnavailable, and for a quote of a cart the refusals of R2 and R4."""
    at = dependencies.now()
    build_screens = partial(_build_screens, dependencies, person, external_id)
    async with dependencies.read() as session:
        state = await _load_state(session, person, quote_id)
        authorized = await authorize_row(
            session,
            person,
            state.quote if state else None,
            at,
            for_change=True,
            not_found=QuoteNotFound(number=""),
        )
        assert state is not None, "a quote was authorized"
        # A decided quote does not change, so repeated clicks need no lock.
        order = await _find_order(session, state.quote, authorized.contact)
        placed_before = await load_order_details(session, order, at) if order else None
        if placed_before is None:
            await check_pending(session, state.quote, at)
    if placed_before is not None:
        for screen in build_screens(placed_before.order):
            await store_order_screen(dependencies, screen)
        return placed_before
    _check_address_current(authorized.account, state)
    await gather_or_cancel(
        _check_price_unchanged(dependencies, state),
        # It may have been corrected since the screen was shown, which the check in the transaction finds.
        refresh_address_if_available(dependencies, state.quote.account_id),
    )
    async with dependencies.write() as session:
        account, contact = await lock_account_role(session, person, state.quote.account_id, at)
        if not await is_unchanged(session, person, account):
            state = await _load_state(session, person, quote_id) or state
            if order := await _find_order(session, state.quote, contact):
                session.add_all(build_screens(order))
                return await load_order_details(session, order, at)
            await check_pending(session, state.quote, at)
        actor = build_actor(contact, person)
        placement = _Placement(
            dependencies, session, at, account, contact, actor, state, shown, build_screens
        )
        details = await _place_order(placement)
    start_processing(dependencies)
    return details


def _build_screens(
    dependencies: Dependencies, person: SlackIdentity, external_id: str | None, order: ServiceOrder
) -> list[OrderScreen]:
    if external_id is None or order.is_finished:
        return []
    return [
        build_order_screen(
            dependencies, person=person, order_id=order.key, external_id=external_id, is_placement=True
        )
    ]


@dataclass(frozen=True)
class _State:
    """What an order is made of, at the time it was read.

    `administrators` and `methods` are those that the person chose in the checkout, and the default
    methods of the account and the subscriptions; `busy_orders` are charging a subscription of the quote, and
    are by its id (R19); `quote_copies` are the messages that show the quote."""

    quote: Quote
    rows: list[QuoteLineDetails]
    subscriptions: list[Subscription]
    checkout: Checkout | None
    administrators: list[Administrator]
    methods: list[PaymentMethod]
    busy_orders: dict[str, ServiceOrder]
    quote_copies: list[PostedMessage]


# Built once: every placement sends it, and building it takes 0.6 ms. A row for each line, for the default and
# the chosen payment method, and for each copy of the quote.
_STATE_QUERY = (
    select_joined(
        Quote,
        QuoteLine,
        Product,
        Subscription,
        ServiceOrder,
        Checkout,
        Administrator,
        PaymentMethod,
        PostedMessage,
    )
    .join(QuoteLine, col(QuoteLine.quote_id) == Quote.id)
    .join(Product, col(Product.id) == QuoteLine.product_id)
    .join(Subscription, col(Subscription.id) == QuoteLine.subscription_id)
    .outerjoin(
        OrderLine,
        and_(
            col(OrderLine.subscription_id) == QuoteLine.subscription_id,
            col(OrderLine.status).in_(BUSY_STATUSES),
        ),
    )
    .outerjoin(ServiceOrder, col(ServiceOrder.id) == OrderLine.order_id)
    .outerjoin(
        Checkout,
        and_(
            col(Checkout.quote_id) == Quote.id,
            col(Checkout.contact_id).in_(bindparam("contact_ids", expanding=True)),
        ),
    )
    .outerjoin(
        Administrator,
        and_(
            col(Administrator.account_id) == Quote.account_id,
            cast(col(Administrator.id), String) == _ADMINISTRATOR_OPTION,
        ),
    )
    .outerjoin(
        PaymentMethod,
        and_(
            col(PaymentMethod.account_id) == Quote.account_id,
            col(PaymentMethod.active),
            or_(
                col(PaymentMethod.is_default),
                col(PaymentMethod.id) == Subscription.default_payment_method_id,
                col(PaymentMethod.id) == _PAYMENT_METHOD_ID,
            ),
        ),
    )
    .outerjoin(PostedMessage, col(PostedMessage.quote_id) == Quote.id)
    .where(col(Quote.id) == bindparam("quote_id"))
    .order_by(col(QuoteLine.id), col(PostedMessage.id))
)


async def _load_state(session: Session, person: SlackIdentity, quote_id: int) -> _State | None:
    contact_ids = [contact.key for _, contact in (await get_member(session, person)).roles]
    values = {"quote_id": quote_id, "contact_ids": contact_ids}
    result = await session.exec(_STATE_QUERY, params=values)
    rows = result.all()
    if not rows:
        return None
    quote, *_, checkout, administrator, _, _ = rows[0]
    administrators = (
        [administrator] if administrator else await _list_typed_administrators(session, quote, checkout)
    )
    quote_rows = {line.id: QuoteLineDetails(line, product, s.outlook) for _, line, product, s, *_ in rows}
    return _State(
        quote=quote,
        rows=[*quote_rows.values()],
        subscriptions=[*{s.id: s for _, _, _, s, *_ in rows}.values()],
        checkout=checkout,
        administrators=administrators,
        methods=[*{method.id: method for *_, method, _ in rows if method}.values()],
        busy_orders={s.id: order for _, _, _, s, order, *_ in rows if order},
        quote_copies=[*{copy.id: copy for *_, copy in rows if copy}.values()],
    )


async def _check_price_unchanged(dependencies: Dependencies, state: _State) -> None:
    # R17: price the quote again, as of the time at which it was frozen. Other checks follow later.
    quote, lines = state.quote, [row.line for row in state.rows]
    form = get_saved_form(state.checkout)
    requests = [
        LineRequest(line.subscription_id, line.seats, line.unit_price, line.product_id) for line in lines
    ]
    preview = await dependencies.billing.preview_lines(
        quote.account_id, requests, quote.frozen_at, form.address
    )
    if {_make_price_key(line) for line in preview.lines} != {_make_price_key(line) for line in lines}:
        current_total = Money(preview.subtotal + preview.tax, quote.currency)
        raise QuotedPriceChanged(
            number=quote.number, promised=Money(quote.total, quote.currency), now=current_total
        )
    if preview.total_due > quote.due_now:
        raise QuotedBalanceChanged(
            number=quote.number,
            promised=Money(quote.due_now, quote.currency),
            now=Money(preview.total_due, quote.currency),
        )


def _make_price_key(line: PricedLine | QuoteLine) -> tuple[str, int, int]:
    return (line.subscription_id, line.amount, line.tax)


async def _find_order(session: Session, quote: Quote, contact: BillingContact) -> ServiceOrder | None:
    if quote.status is QuoteStatus.PENDING:
        return None
    orders = await session.exec(
        select(ServiceOrder).where(ServiceOrder.quote_id == quote.id, ServiceOrder.contact_id == contact.id)
    )
    return orders.one_or_none()


async def _list_typed_administrators(
    session: Session, quote: Quote, checkout: Checkout | None
) -> list[Administrator]:
    if checkout is None or checkout.form_values.get("administrator") != NEW_ADMINISTRATOR_OPTION:
        return []
    try:
        new = CheckoutForm(**checkout.form_values).new_administrator
    except InvalidInput:
        return []
    found = await session.exec(
        select(Administrator).where(
            Administrator.account_id == quote.account_id, Administrator.email == (new and new[1])
        )
    )
    return list(found.all())


@dataclass(frozen=True)
class _Placement:
    """The account is locked."""

    dependencies: Dependencies
    session: Session
    at: datetime
    account: Account
    contact: BillingContact
    actor: Actor
    state: _State
    shown: str | None
    build_screens: Callable[[ServiceOrder], list[OrderScreen]]


async def _place_order(placement: _Placement) -> OrderDetails:
    session, at, account, state = placement.session, placement.at, placement.account, placement.state
    quote = state.quote
    choices = MethodChoices.build(state.methods, state.subscriptions, account.get_local_date(at))
    form, chosen = get_valid_form(
        state.checkout, state.administrators, choices, needs_po_number=account.po_number_required
    )
    methods = choices.choose(form.payment_method)
    method = methods[state.rows[0].line.subscription_id]
    _check_still_orderable(placement)
    _check_address_current(account, state)
    _check_as_shown(placement, form, chosen, methods)
    administrator, audit_entries = await _get_or_create_administrator(placement, form, chosen)
    decision = await change_quote_status(
        session,
        account,
        quote,
        QuoteStatus.ACCEPTED,
        placement.actor,
        at,
        decided_by_contact=placement.contact,
        copies=state.quote_copies,
    )
    account.set_billing_address(form.address, at)
    session.add(account)
    await clear_cart(session, quote)
    await prepare_audit_entries(session, account.id, placement.actor)
    await _store_invoice_method(session, choices)
    order = await _create_order(placement, form, administrator, method)
    rows = [
        _build_order_line_details(order, row, account, methods[row.line.subscription_id], at)
        for row in state.rows
    ]
    session.add_all(row.line for row in rows)
    session.add_all(placement.build_screens(order))
    await _record_placement(placement, order, rows, audit_entries, decision)
    return OrderDetails(
        account=account,
        order=order,
        quote=quote,
        rows=apply_blocking_orders(rows, state.busy_orders),
        contact=placement.contact,
        administrator=administrator,
        payment_method=method,
        at=at,
    )


def _check_still_orderable(placement: _Placement) -> None:
    placement.account.check_open()
    _check_products_unchanged(placement.state)
    # R8: R2 and R4 apply to quotes of a cart only. R3 is checked with the form, for every quote.
    state = placement.state
    if state.quote.created_externally:
        return
    placement.account.check_self_service()
    products = {row.product.id: row.product for row in state.rows}
    for subscription in sorted(state.subscriptions, key=lambda s: products[s.product_id].name):
        if subscription.active:
            subscription.check_self_service(products[subscription.product_id])


def _check_products_unchanged(state: _State) -> None:
    current = {subscription.id: subscription.product_id for subscription in state.subscriptions}
    if any(current[row.line.subscription_id] != row.line.product_id for row in state.rows):
        raise SubscriptionProductChanged


def _check_address_current(account: Account, state: _State) -> None:
    # If the account has got another address since the quote, checkout has to compute the tax for it.
    if state.checkout is not get_current_checkout(state.checkout, account, state.quote):
        raise OrderChanged(parts=["address"])


def _check_as_shown(
    placement: _Placement,
    form: CheckoutForm,
    existing: Administrator | None,
    methods: Mapping[str, PaymentMethod],
) -> None:
    # What is stored is placed: the person, or a colleague, may have changed it elsewhere since.
    if placement.shown is None:
        return
    rows = placement.state.rows
    administrator = (existing.name, existing.email) if existing else form.new_administrator or ("", "")
    line_methods = [methods[row.line.subscription_id] for row in rows]
    current = compute_order_fingerprint(placement.state.quote, rows, form, administrator, line_methods)
    check_order_unchanged(placement.shown, current)


async def _get_or_create_administrator(
    placement: _Placement, form: CheckoutForm, existing: Administrator | None
) -> tuple[Administrator, list[NewAuditEntry]]:
    session, account = placement.session, placement.account
    if existing is not None and existing.active:
        return existing, []
    new = form.new_administrator
    assert new is not None, "only a new administrator may be missing"
    name, email = new
    administrator = existing or Administrator(account_id=account.id, email=email, name=name)
    administrator.name, administrator.active = name, True
    session.add(administrator)
    await session.flush()
    details = {"name": administrator.name, "email": administrator.email}
    entry = NewAuditEntry(
        placement.actor, administrator.audit_subject, AuditAction.ADDED, placement.at, details=details
    )
    return administrator, [entry]


async def _store_invoice_method(session: Session, choices: MethodChoices) -> None:
    for method in list(choices.invoice_methods.values())[:1]:
        insert = build_insert(session, PaymentMethod).values(method.model_dump())
        await session.exec(insert.on_conflict_do_nothing(index_elements=["id"]))


async def _create_order(
    placement: _Placement, form: CheckoutForm, administrator: Administrator, method: PaymentMethod
) -> ServiceOrder:
    order = ServiceOrder(
        number=await allocate_document_number(placement.session, SERVICE_ORDER_PREFIX),
        account_id=placement.account.id,
        quote_id=placement.state.quote.key,
        contact_id=placement.contact.key,
        placed_at=placement.at,
        administrator_id=administrator.key,
        payment_method_id=method.id,
        address=form.address.model_dump(),
        po_number=form.get_po_number(required=False),
    )
    order.overdue_check_at = order.processing_deadline
    placement.session.add(order)
    count_on_commit(placement.session, ORDERS_TOTAL.labels(order.status.value))
    await placement.session.flush()
    return order


def _build_order_line_details(
    order: ServiceOrder, row: QuoteLineDetails, account: Account, method: PaymentMethod, at: datetime
) -> OrderLineDetails:
    line, is_orders_method = row.line, method.id == order.payment_method_id
    assert line.id is not None, "the quote's line is stored"
    order_line = OrderLine(
        order_id=order.key,
        quote_line_id=line.id,
        subscription_id=line.subscription_id,
        seats=line.seats,
        amount=line.amount,
        tax=line.tax,
        period_ends_at=get_period_end_time(line, account.time_zone),
        payment_method_id=None if is_orders_method else method.id,
        is_on_invoice=method.is_invoice,
        due_at=at,
    )
    return OrderLineDetails(
        order_line, line, row.product, payment_method=None if is_orders_method else method
    )


async def _record_placement(
    placement: _Placement,
    order: ServiceOrder,
    rows: list[OrderLineDetails],
    audit_entries: list[NewAuditEntry],
    decision: QuoteDecision,
) -> None:
    order_update = OrderUpdate(
        placement.dependencies,
        placement.session,
        placement.at,
        placement.account,
        placement.state.quote,
        order,
        placement.contact,
        rows,
        actor=placement.actor,
        audit_entries=[*audit_entries, decision.audit_entry],
        notices=decision.notices,
    )
    order_update.add_audit_entry(
        AuditAction.PLACED,
        status_change=(None, order.status.value),
        details={
            "payment_method": order.payment_method_id,
            "address": order.address,
            **({"po_number": order.po_number} if order.po_number else {}),
        },
    )
    announce_progress(order_update, "placed", by=placement.contact.name)
    destinations = list_direct_destinations([placement.contact])
    order_update.add_notice(NoticeKind.ORDER_PLACED, "placed", destinations)
    await order_update.save()
