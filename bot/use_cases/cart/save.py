"""From the numbers of new seats to a quote (R2-R4, R7, R10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.billing.gateway import LineRequest, Preview
from bot.db import lock_account
from bot.permissions import Person, actor_of, require_role
from bot.services import Services
from bot.use_cases.cart.lines import cart_to_fill, check_consent, merged_seats, own_and_others, store_lines
from bot.use_cases.checkout import carry_checkout
from bot.use_cases.details import payment_methods, quote_sheet, subscription_rows
from bot.use_cases.quote.decide import decide, make_quote, pending_quotes, quote_lines
from models.account import Account, Address
from models.billing_contact import BillingContact
from models.cart import Cart, SeatBounds
from models.details import QuoteSheet, SubscriptionRow
from models.errors import InvalidInput, Refusal
from models.payment_method import check_default
from models.proration import to_the_second
from models.quote import Quote, QuoteStatus, default_validity, validity

# Prices, and the address whose tax is in them: the account's may be another by the time they are known.
Priced = tuple[Preview, Address]


async def save_cart(
    services: Services, *, person: Person, account_id: str, typed: Mapping[str, str]
) -> QuoteSheet:
    """Save the cart and make its quote (R7, R10). `typed` maps subscription ids to what stands in the field.

    Raises InvalidInput by `seats:<subscription id>`, QuotesPending, NoAutomaticPaymentMethod,
    AccountNotSelfServed, BillingUnavailable, PriceNotHeld. What was typed is stored before any price is
    asked for, so that nothing typed is lost.
    """
    at = to_the_second(services.now())
    async with services.write() as session:
        account, contact = await require_role(session, person, account_id, at, changes=True)
        account = await lock_account(session, account.id)
        rows = await subscription_rows(session, account)
        cart, lines = await cart_to_fill(session, account, contact)
        seats = merged_seats(lines, rows, typed, services.settings.seat_bounds)
        _check_order(services.settings.seat_bounds, seats, typed)
        await store_lines(session, cart, seats)
        # A refusal is told after the commit: what was typed is stored, and nothing else.
        found = await _checked(session, account, cart, rows, seats, at)
        if isinstance(found, _Found) and found.same:
            return await _gone_on_with(session, contact, person, cart, found.same, found.others, at)
    if isinstance(found, Refusal):
        raise found
    requests = [LineRequest(subscription_id, n) for subscription_id, n in sorted(seats.items())]
    address = account.billing_address
    preview = await services.billing.preview(account_id, requests, at, address)
    return await _priced_quote(services, person, account_id, seats, (preview, address), at)


@dataclass(frozen=True)
class _Found:
    """The cart's own pending quote, whether it holds the same seats, and the others that it replaces."""

    own: Quote | None
    same: Quote | None
    others: list[Quote]


async def _checked(
    session: AsyncSession,
    account: Account,
    cart: Cart,
    rows: list[SubscriptionRow],
    seats: Mapping[str, int],
    at: datetime,
) -> _Found | Refusal:
    """Whether the seats may be ordered (R2-R4, R7), and the quotes that concerns."""
    try:
        await _check_may_order(session, account, rows, seats, at)
        own, others = own_and_others(cart, await pending_quotes(session, account.id, at))
        check_consent(others, cart.consented_to)
    except Refusal as refusal:
        return refusal
    same = own if own is not None and await _seats_of(session, own) == seats else None
    return _Found(own, same, others)


async def _priced_quote(
    services: Services,
    person: Person,
    account_id: str,
    seats: Mapping[str, int],
    priced: Priced,
    at: datetime,
) -> QuoteSheet:
    """A new quote for the cart. Everything is asked anew, since others may have acted while the provider was
    asked: one with the same seats is gone on with."""
    async with services.write() as session:
        account, contact = await require_role(session, person, account_id, at, changes=True)
        account = await lock_account(session, account.id)
        cart, _ = await cart_to_fill(session, account, contact)
        rows = await subscription_rows(session, account)
        found = await _checked(session, account, cart, rows, seats, at)
        if isinstance(found, Refusal):
            raise found
        quote, replaced = found.same, found.others
        if quote is None:
            quote = await _new_quote(services, session, account, contact, person, priced, at)
            if found.own is not None:
                replaced = [*replaced, found.own]
                await carry_checkout(session, contact, found.own, quote)
        return await _gone_on_with(session, contact, person, cart, quote, replaced, at)


async def _gone_on_with(
    session: AsyncSession,
    contact: BillingContact,
    person: Person,
    cart: Cart,
    quote: Quote,
    replaced: list[Quote],
    at: datetime,
) -> QuoteSheet:
    """The cart's quote from now on, in place of those."""
    for other in replaced:
        actor = actor_of(contact, person)
        await decide(session, other, QuoteStatus.EXPIRED, actor, at, replacement=quote, told_by=contact)
    cart.quote_id, cart.consented_to = quote.id, []
    session.add(cart)
    await session.flush()
    return await quote_sheet(session, quote, at)


async def _new_quote(
    services: Services,
    session: AsyncSession,
    account: Account,
    contact: BillingContact,
    person: Person,
    priced: Priced,
    at: datetime,
) -> Quote:
    preview, address = priced
    wanted = default_validity(at, services.settings.quote_validity_days)
    return await make_quote(
        session,
        account=account,
        contact_id=contact.id,
        actor=actor_of(contact, person),
        preview=preview,
        address=address,
        frozen_at=at,
        expires_at=validity(account, [line.period_end for line in preview.lines], wanted),
        at=at,
    )


async def _check_may_order(
    session: AsyncSession,
    account: Account,
    rows: list[SubscriptionRow],
    seats: Mapping[str, int],
    at: datetime,
) -> None:
    account.check_self_service()
    check_default(await payment_methods(session, account.id), account.today(at))
    for row in rows:
        if row.subscription.id in seats and row.obstacle is not None:
            raise row.obstacle


async def _seats_of(session: AsyncSession, quote: Quote) -> dict[str, int]:
    return {line.subscription_id: line.seats for line in await quote_lines(session, quote)}


def _check_order(bounds: SeatBounds, seats: dict[str, int], typed: Mapping[str, str]) -> None:
    try:
        bounds.check_order(seats)
    except Refusal as refusal:
        raise InvalidInput({f"seats:{next(iter(typed), '')}": refusal}) from None
