"""Saving a cart, which creates its quote (R2-R4, R7, R10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.billing.gateway import LineRequest, Preview
from bot.db import Session
from bot.permissions import SlackIdentity, build_actor, lock_account_role
from bot.services import Services
from bot.use_cases.cart.lines import (
    apply_seat_inputs,
    check_consent,
    get_or_create_cart,
    save_cart_lines,
    split_pending_quotes,
)
from bot.use_cases.checkout import copy_checkout
from bot.use_cases.details import list_payment_methods, list_subscription_rows, load_quote_details
from bot.use_cases.quote.create import create_quote
from bot.use_cases.quote.decide import decide_quote
from bot.use_cases.quote.read import list_pending_quotes, list_quote_lines
from models.account import Account, Address
from models.billing_contact import BillingContact
from models.cart import Cart, SeatLimits
from models.details import QuoteDetails, QuoteRow, SubscriptionRow
from models.errors import InvalidInput, Refusal
from models.payment_method import check_default_method
from models.proration import truncate_to_second
from models.quote import Quote, QuoteLine, QuoteStatus, compute_expiry, get_default_expiry


async def save_cart(
    services: Services, *, person: SlackIdentity, account_id: str, seat_inputs: Mapping[str, str]
) -> QuoteDetails:
    """Save the cart and create its quote (R7, R10). `seat_inputs` maps subscription ids to the text entered.

    The seats are stored before prices are fetched, so that they survive whatever is refused afterwards.
    Raises InvalidInput by `seats:<subscription id>`, QuotesPending, NoAutomaticPaymentMethod,
    AccountNotSelfServed, BillingUnavailable, MixedPricesUnsupported.
    """
    at = truncate_to_second(services.now())
    async with services.write() as session:
        cart = await _load_and_lock_cart(session, person, account_id, at)
        limits = services.settings.seat_bounds
        seats = apply_seat_inputs(cart.seats, cart.rows, seat_inputs, limits)
        _check_order_size(limits, seats, seat_inputs)
        await save_cart_lines(session, cart.cart, cart.seats, seats)
        try:
            quotes = await _check_cart(session, cart, seats, at)
        except Refusal as error:
            refusal: Refusal | None = error  # Raised once the seats are committed.
        else:
            refusal = None
            if quotes.matching_quote is not None:
                return await _reuse_quote(
                    session, cart, quotes.matching_quote, quotes.other_quotes, person, at
                )
    if refusal is not None:
        raise refusal
    requests = [LineRequest(subscription_id, n) for subscription_id, n in sorted(seats.items())]
    address = cart.account.billing_address
    preview = await services.billing.preview_lines(account_id, requests, at, address)
    return await _create_or_reuse_quote(services, person, account_id, seats, preview, address, at)


@dataclass(frozen=True)
class _LockedCart:
    """A cart whose account is locked, with the seats that are stored and the account's subscriptions."""

    account: Account
    contact: BillingContact
    cart: Cart
    seats: dict[str, int]
    rows: list[SubscriptionRow]


async def _load_and_lock_cart(
    session: Session, person: SlackIdentity, account_id: str, at: datetime
) -> _LockedCart:
    account, contact = await lock_account_role(session, person, account_id, at)
    rows = await list_subscription_rows(session, account)
    return _LockedCart(account, contact, *await get_or_create_cart(session, account, contact), rows)


@dataclass(frozen=True)
class _CartQuotes:
    """The cart's own pending quote, the same if it is for the same seats, and the quotes it replaces."""

    own_quote: Quote | None
    matching_quote: Quote | None
    other_quotes: list[Quote]


async def _check_cart(
    session: Session, cart: _LockedCart, seats: Mapping[str, int], at: datetime
) -> _CartQuotes:
    await _check_orderable(session, cart, seats, at)
    pending_quotes = await list_pending_quotes(session, cart.account.id, at)
    own_quote, other_quotes = split_pending_quotes(cart.cart, pending_quotes)
    check_consent(other_quotes, cart.cart.replaceable_quote_ids)
    is_matching = own_quote is not None and await _load_quoted_seats(session, own_quote) == seats
    return _CartQuotes(own_quote, own_quote if is_matching else None, other_quotes)


async def _create_or_reuse_quote(
    services: Services,
    person: SlackIdentity,
    account_id: str,
    seats: Mapping[str, int],
    preview: Preview,
    address: Address,
    at: datetime,
) -> QuoteDetails:
    """Everything is loaded and checked again, because it may have changed while prices were fetched. A quote
    for the same seats that exists by now is used."""
    async with services.write() as session:
        cart = await _load_and_lock_cart(session, person, account_id, at)
        quotes = await _check_cart(session, cart, seats, at)
        quote, replaced_quotes = quotes.matching_quote, quotes.other_quotes
        if quote is not None:
            return await _reuse_quote(session, cart, quote, replaced_quotes, person, at)
        quote, lines = await _create_cart_quote(session, services, cart, preview, address, person, at)
        if quotes.own_quote is not None:
            replaced_quotes = [*replaced_quotes, quotes.own_quote]
            await copy_checkout(session, cart.contact, quotes.own_quote, quote)
        await _assign_quote_to_cart(session, cart, quote, replaced_quotes, person, at)
        return _build_details(cart, quote, lines, at)


async def _reuse_quote(
    session: Session,
    cart: _LockedCart,
    quote: Quote,
    replaced_quotes: list[Quote],
    person: SlackIdentity,
    at: datetime,
) -> QuoteDetails:
    await _assign_quote_to_cart(session, cart, quote, replaced_quotes, person, at)
    return await load_quote_details(session, quote, at)


async def _assign_quote_to_cart(
    session: Session,
    cart: _LockedCart,
    quote: Quote,
    replaced_quotes: list[Quote],
    person: SlackIdentity,
    at: datetime,
) -> None:
    actor = build_actor(cart.contact, person)
    for replaced_quote in replaced_quotes:
        await decide_quote(
            session,
            replaced_quote,
            QuoteStatus.EXPIRED,
            actor,
            at,
            replacement=quote,
            decided_by_contact=cart.contact,
        )
    cart.cart.quote_id, cart.cart.replaceable_quote_ids = quote.id, []
    session.add(cart.cart)
    await session.flush()


async def _create_cart_quote(
    session: Session,
    services: Services,
    cart: _LockedCart,
    preview: Preview,
    address: Address,
    person: SlackIdentity,
    at: datetime,
) -> tuple[Quote, list[QuoteLine]]:
    default_expiry = get_default_expiry(at, services.settings.quote_validity_days)
    return await create_quote(
        session,
        account=cart.account,
        contact_id=cart.contact.id,
        actor=build_actor(cart.contact, person),
        preview=preview,
        product_ids={row.subscription.id: row.product.id for row in cart.rows},
        address=address,
        frozen_at=at,
        expires_at=compute_expiry(cart.account, [line.period_end for line in preview.lines], default_expiry),
        at=at,
    )


def _build_details(cart: _LockedCart, quote: Quote, lines: list[QuoteLine], at: datetime) -> QuoteDetails:
    products = {row.subscription.id: row.product for row in cart.rows}
    rows = [QuoteRow(line, products[line.subscription_id]) for line in lines]
    return QuoteDetails(cart.account, quote, rows, at, created_by=cart.contact.name)


async def _check_orderable(
    session: Session, cart: _LockedCart, seats: Mapping[str, int], at: datetime
) -> None:
    cart.account.check_self_service()
    methods = await list_payment_methods(session, cart.account.id)
    check_default_method(methods, cart.account.get_local_date(at))
    for row in cart.rows:
        if row.subscription.id in seats and row.blocked_by is not None:
            raise row.blocked_by


async def _load_quoted_seats(session: Session, quote: Quote) -> dict[str, int]:
    return {line.subscription_id: line.seats for line in await list_quote_lines(session, quote)}


def _check_order_size(limits: SeatLimits, seats: dict[str, int], seat_inputs: Mapping[str, str]) -> None:
    """Raises InvalidInput at the first field for what is wrong with the order as a whole."""
    try:
        limits.check_order(seats)
    except Refusal as refusal:
        raise InvalidInput({f"seats:{next(iter(seat_inputs), '')}": refusal}) from None
