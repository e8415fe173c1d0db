"""Saving a cart, which creates its quote (R2-R4, R7, R10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.billing.gateway import LineRequest, Preview
from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, build_actor, get_authorized_role, is_unchanged, lock_account_role
from bot.use_cases.audit.write import NewAuditEntry, write_audit_entries
from bot.use_cases.cart.contents import (
    CartState,
    apply_seat_inputs,
    check_consent,
    load_cart_state,
    store_cart_seats,
    store_consent,
)
from bot.use_cases.checkout.stored_form import copy_checkout
from bot.use_cases.load_details import load_quote_details
from bot.use_cases.notice.enqueue import enqueue_notices
from bot.use_cases.quote.create import CreatedQuote, create_quote
from bot.use_cases.quote.decide import change_quote_status
from bot.use_cases.quote.read import list_quote_lines
from models.account import Account, Address
from models.account.billing_contact import BillingContact
from models.cart import SeatLimits
from models.details import QuoteDetails, QuoteLineDetails
from models.errors import InvalidInput, Refusal
from models.quote import (
    MIN_QUOTE_VALIDITY,
    PeriodEndsSoon,
    Quote,
    QuoteStatus,
    compute_expiry,
    get_default_expiry,
)
from models.subscription.proration import truncate_to_second


async def save_cart(
    dependencies: Dependencies, *, person: SlackIdentity, account_id: str, seat_inputs: Mapping[str, str]
) -> QuoteDetails:
    """Saves the cart and creates its quote (R7, R10). `seat_inputs` maps subscription ids to the text
    entered. The seats are stored before prices are fetched, so that they survive a refusal. Raises
    InvalidInput by `seats:<subscription id>`, QuotesPending, NoAutomaticPaymentMethod, AccountNotSelfServed,
    BillingUnavailable, MixedPricesUnsupported."""
    at = truncate_to_second(dependencies.now())
    async with dependencies.write() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=True)
        cart = await _load_cart(session, account, contact, at)
        limits = dependencies.settings.seat_limits
        seats = apply_seat_inputs(cart.state.seats, cart.state.rows, seat_inputs, limits)
        _check_order_size(limits, seats, seat_inputs)
        await store_cart_seats(session, cart.state, seats)
    _check_cart(cart, seats, at)
    saving = _SaveRequest(dependencies, person, account_id, seats, at)
    details = await _store_quote(saving, cart, None) if cart.quoted_seats == seats else None
    return details or await _create_or_reuse_quote(saving, cart)


@dataclass(frozen=True)
class _LoadedCart:
    """`quoted_seats` are those of the cart's own pending quote, without those of another product than now."""

    state: CartState
    quoted_seats: dict[str, int]


async def _load_cart(
    session: Session, account: Account, contact: BillingContact, at: datetime
) -> _LoadedCart:
    state = await load_cart_state(session, account, contact, at)
    lines = await list_quote_lines(session, state.own_quote) if state.own_quote else []
    current = [line for line in lines if state.product_ids.get(line.subscription_id) == line.product_id]
    return _LoadedCart(state, {line.subscription_id: line.seats for line in current})


def _check_cart(cart: _LoadedCart, seats: Mapping[str, int], at: datetime) -> None:
    state = cart.state
    state.account.check_self_service()
    state.check_default_method(at, seats)
    for row in state.rows:
        if row.subscription.id in seats and row.refusal is not None:
            raise row.refusal
    check_consent(state.other_quotes, state.replaceable_quote_ids)


@dataclass(frozen=True)
class _SaveRequest:
    dependencies: Dependencies
    person: SlackIdentity
    account_id: str
    seats: dict[str, int]
    at: datetime


@dataclass(frozen=True)
class _PricedCart:
    preview: Preview
    address: Address


async def _create_or_reuse_quote(saving: _SaveRequest, cart: _LoadedCart) -> QuoteDetails:
    product_ids = cart.state.product_ids
    requests = [
        LineRequest(subscription_id, n, product_id=product_ids[subscription_id])
        for subscription_id, n in sorted(saving.seats.items())
    ]
    address = cart.state.account.billing_address
    preview = await saving.dependencies.billing.preview_lines(saving.account_id, requests, saving.at, address)
    _check_time_left(cart.state, preview, saving.at)
    details = await _store_quote(saving, cart, _PricedCart(preview, address))
    assert details is not None, "there is a price"
    return details


def _check_time_left(state: CartState, preview: Preview, at: datetime) -> None:
    """R7, R9: pending quotes are not replaced by one that would end before it can be accepted. Periods that
    end at midnight are sold until then."""
    ends = [(line.period_ends_at, line.subscription_id) for line in preview.lines if line.period_ends_at]
    if not ends:
        return
    ends_at, subscription_id = min(ends)
    if ends_at - at < MIN_QUOTE_VALIDITY:
        row = next(row for row in state.rows if row.subscription.id == subscription_id)
        raise PeriodEndsSoon(
            product=row.product.name, at=ends_at, renews="yes" if row.subscription.will_renew else "no"
        )


async def _store_quote(
    saving: _SaveRequest, cart: _LoadedCart, price: _PricedCart | None
) -> QuoteDetails | None:
    """Returns the cart's own quote if it is for the same seats, else a new one; None if that needs a price.
    If the account has changed since the request began, for example while prices were fetched, everything is
    loaded and checked again."""
    async with saving.dependencies.write() as session:
        account, contact = await lock_account_role(session, saving.person, saving.account_id, saving.at)
        if not await is_unchanged(session, saving.person, account):
            cart = await _load_cart(session, account, contact, saving.at)
            _check_cart(cart, saving.seats, saving.at)
        own_quote, replaced_quotes = cart.state.own_quote, cart.state.other_quotes
        if own_quote is not None and cart.quoted_seats == saving.seats:
            await _clear_consent(session, cart.state)
            await _expire_replaced_quotes(session, saving, cart.state, replaced_quotes, own_quote)
            return await load_quote_details(session, own_quote, saving.at)
        if price is None:
            return None
        await _clear_consent(session, cart.state)
        created = await _create_cart_quote(session, saving, account, cart.state, price)
        if own_quote is not None:
            replaced_quotes = [*replaced_quotes, own_quote]
            await copy_checkout(session, contact, own_quote, created.quote)
        await _expire_replaced_quotes(
            session, saving, cart.state, replaced_quotes, created.quote, [created.audit_entry]
        )
        return _build_details(cart.state, created, saving.at)


async def _expire_replaced_quotes(
    session: Session,
    saving: _SaveRequest,
    state: CartState,
    replaced_quotes: list[Quote],
    replacement: Quote,
    audit_entries: Sequence[NewAuditEntry] = (),
) -> None:
    actor = build_actor(state.contact, saving.person)
    decisions = [
        await change_quote_status(
            session,
            state.account,
            quote,
            QuoteStatus.EXPIRED,
            actor,
            saving.at,
            replacement=replacement,
            decided_by_contact=state.contact,
        )
        for quote in replaced_quotes
    ]
    entries = [*audit_entries, *(decision.audit_entry for decision in decisions)]
    await write_audit_entries(session, state.account.id, entries)
    await enqueue_notices(session, [notice for decision in decisions for notice in decision.notices])


async def _clear_consent(session: Session, state: CartState) -> None:
    if state.replaceable_quote_ids:
        await store_consent(session, state.account, state.contact, [])


async def _create_cart_quote(
    session: Session, saving: _SaveRequest, account: Account, state: CartState, price: _PricedCart
) -> CreatedQuote:
    default_expiry = get_default_expiry(account, saving.at, saving.dependencies.settings.quote_validity_days)
    return await create_quote(
        session,
        account=account,
        contact_id=state.contact.id,
        actor=build_actor(state.contact, saving.person),
        preview=price.preview,
        product_ids=state.product_ids,
        address=price.address,
        frozen_at=saving.at,
        expires_at=compute_expiry(account, price.preview.lines, default_expiry),
        at=saving.at,
    )


def _build_details(state: CartState, created: CreatedQuote, at: datetime) -> QuoteDetails:
    found = {row.subscription.id: row for row in state.rows}
    rows = [
        QuoteLineDetails(
            line, found[line.subscription_id].product, found[line.subscription_id].subscription.outlook
        )
        for line in created.lines
    ]
    return QuoteDetails(state.account, created.quote, rows, at, created_by=state.contact.name)


def _check_order_size(limits: SeatLimits, seats: dict[str, int], seat_inputs: Mapping[str, str]) -> None:
    """Raises InvalidInput at the first field for what is wrong with the order as a whole."""
    try:
        limits.check_order(seats)
    except Refusal as refusal:
        raise InvalidInput({f"seats:{next(iter(seat_inputs), '')}": refusal}) from None
