"""From the numbers of new seats to a quote (R2-R4, R7, R10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.billing.gateway import LineRequest, Preview
from bot.db import Session, lock_account
from bot.permissions import SlackIdentity, build_actor, get_authorized_role
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
from bot.use_cases.quote.decide import create_quote, decide_quote, list_pending_quotes, list_quote_lines
from models.account import Account, Address
from models.billing_contact import BillingContact
from models.cart import Cart, SeatLimits
from models.details import QuoteDetails, SubscriptionRow
from models.errors import InvalidInput, Refusal
from models.payment_method import check_default_method
from models.proration import truncate_to_second
from models.quote import Quote, QuoteStatus, compute_expiry, get_default_expiry

# Prices, and the address whose tax is in them: the account's may be another by the time they are known.
PreviewAndAddress = tuple[Preview, Address]


async def save_cart(
    services: Services, *, person: SlackIdentity, account_id: str, seat_inputs: Mapping[str, str]
) -> QuoteDetails:
    """Save the cart and make its quote (R7, R10). `typed` maps subscription ids to what stands in the field.

    Raises InvalidInput by `seats:<subscription id>`, QuotesPending, NoAutomaticPaymentMethod,
    AccountNotSelfServed, BillingUnavailable, PriceNotHeld. What was typed is stored before any price is
    asked for, so that nothing typed is lost.
    """
    at = truncate_to_second(services.now())
    async with services.write() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=True)
        account = await lock_account(session, account.id)
        rows = await list_subscription_rows(session, account)
        cart, lines = await get_or_create_cart(session, account, contact)
        seats = apply_seat_inputs(lines, rows, seat_inputs, services.settings.seat_bounds)
        _check_order_size(services.settings.seat_bounds, seats, seat_inputs)
        await save_cart_lines(session, cart, seats)
        # A refusal is told after the commit: what was typed is stored, and nothing else.
        found = await _check_cart(session, account, cart, rows, seats, at)
        if isinstance(found, _CartCheck) and found.matching_quote:
            return await _assign_quote_to_cart(
                session, contact, person, cart, found.matching_quote, found.other_quotes, at
            )
    if isinstance(found, Refusal):
        raise found
    requests = [LineRequest(subscription_id, n) for subscription_id, n in sorted(seats.items())]
    address = account.billing_address
    preview = await services.billing.preview_lines(account_id, requests, at, address)
    return await _create_or_reuse_quote(services, person, account_id, seats, (preview, address), at)


@dataclass(frozen=True)
class _CartCheck:
    """The cart's own pending quote, whether it holds the same seats, and the others that it replaces."""

    own_quote: Quote | None
    matching_quote: Quote | None
    other_quotes: list[Quote]


async def _check_cart(
    session: Session,
    account: Account,
    cart: Cart,
    rows: list[SubscriptionRow],
    seats: Mapping[str, int],
    at: datetime,
) -> _CartCheck | Refusal:
    """Whether the seats may be ordered (R2-R4, R7), and the quotes that concerns."""
    try:
        await _check_orderable(session, account, rows, seats, at)
        own, others = split_pending_quotes(cart, await list_pending_quotes(session, account.id, at))
        check_consent(others, cart.replaceable_quote_ids)
    except Refusal as refusal:
        return refusal
    same = own if own is not None and await _load_quoted_seats(session, own) == seats else None
    return _CartCheck(own, same, others)


async def _create_or_reuse_quote(
    services: Services,
    person: SlackIdentity,
    account_id: str,
    seats: Mapping[str, int],
    preview_and_address: PreviewAndAddress,
    at: datetime,
) -> QuoteDetails:
    """A new quote for the cart. Everything is asked anew, since others may have acted while the provider was
    asked: one with the same seats is gone on with."""
    async with services.write() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=True)
        account = await lock_account(session, account.id)
        cart, _ = await get_or_create_cart(session, account, contact)
        rows = await list_subscription_rows(session, account)
        found = await _check_cart(session, account, cart, rows, seats, at)
        if isinstance(found, Refusal):
            raise found
        quote, replaced = found.matching_quote, found.other_quotes
        if quote is None:
            quote = await _create_cart_quote(
                services, session, account, contact, person, preview_and_address, at
            )
            if found.own_quote is not None:
                replaced = [*replaced, found.own_quote]
                await copy_checkout(session, contact, found.own_quote, quote)
        return await _assign_quote_to_cart(session, contact, person, cart, quote, replaced, at)


async def _assign_quote_to_cart(
    session: Session,
    contact: BillingContact,
    person: SlackIdentity,
    cart: Cart,
    quote: Quote,
    replaced_quotes: list[Quote],
    at: datetime,
) -> QuoteDetails:
    """The cart's quote from now on, in place of those."""
    for other in replaced_quotes:
        actor = build_actor(contact, person)
        await decide_quote(
            session, other, QuoteStatus.EXPIRED, actor, at, replacement=quote, decided_by_contact=contact
        )
    cart.quote_id, cart.replaceable_quote_ids = quote.id, []
    session.add(cart)
    await session.flush()
    return await load_quote_details(session, quote, at)


async def _create_cart_quote(
    services: Services,
    session: Session,
    account: Account,
    contact: BillingContact,
    person: SlackIdentity,
    preview_and_address: PreviewAndAddress,
    at: datetime,
) -> Quote:
    preview, address = preview_and_address
    wanted = get_default_expiry(at, services.settings.quote_validity_days)
    return await create_quote(
        session,
        account=account,
        contact_id=contact.id,
        actor=build_actor(contact, person),
        preview=preview,
        address=address,
        frozen_at=at,
        expires_at=compute_expiry(account, [line.period_end for line in preview.lines], wanted),
        at=at,
    )


async def _check_orderable(
    session: Session,
    account: Account,
    rows: list[SubscriptionRow],
    seats: Mapping[str, int],
    at: datetime,
) -> None:
    account.check_self_service()
    check_default_method(await list_payment_methods(session, account.id), account.get_local_date(at))
    for row in rows:
        if row.subscription.id in seats and row.blocked_by is not None:
            raise row.blocked_by


async def _load_quoted_seats(session: Session, quote: Quote) -> dict[str, int]:
    return {line.subscription_id: line.seats for line in await list_quote_lines(session, quote)}


def _check_order_size(bounds: SeatLimits, seats: dict[str, int], seat_inputs: Mapping[str, str]) -> None:
    try:
        bounds.check_order(seats)
    except Refusal as refusal:
        raise InvalidInput({f"seats:{next(iter(seat_inputs), '')}": refusal}) from None
