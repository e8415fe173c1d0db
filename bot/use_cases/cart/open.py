"""Opening a cart, and keeping what is typed into it (R2-R7, R10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import lock_account
from bot.permissions import Person, actor_of, require_role, roles_of
from bot.services import Services
from bot.use_cases.audit.write import record
from bot.use_cases.billing_sync.account import refresh_account
from bot.use_cases.cart.command import read_words
from bot.use_cases.cart.lines import (
    cart_to_fill,
    check_consent,
    filled_cart,
    merged_seats,
    own_and_others,
    store_lines,
)
from bot.use_cases.details import copied_rows, payment_methods, quote_sheet, subscription_rows
from bot.use_cases.quote.decide import pending_quotes
from models.account import Account
from models.billing_contact import BillingContact
from models.cart import Cart, SeatBounds
from models.details import CartSheet, QuoteSheet, SubscriptionRow
from models.errors import Refusal
from models.payment_method import check_default
from models.quote import Quote
from models.subscription import NothingToOrder, Subscription


@dataclass(frozen=True)
class Choice:
    """The person is a contact of several accounts, and has not said which."""

    accounts: list[Account]


@dataclass(frozen=True)
class Obstructed:
    """R4, R14: seats cannot be added on this account; every reason at once, those of `rows` too."""

    account: Account
    obstacles: list[Refusal]
    rows: list[SubscriptionRow]


@dataclass(frozen=True)
class Warned:
    """R6: the account's pending quotes; `own` is the cart's own, which can be gone on with."""

    account: Account
    pending: list[QuoteSheet]
    own: QuoteSheet | None


async def accounts_of(services: Services, *, person: Person) -> list[Account]:
    """The accounts the person may buy for. Raises NotABillingContact, NotAllowed, IdentityNotFresh."""
    async with services.read() as session:
        return [account for account, _ in await roles_of(session, person)]


async def open_cart(
    services: Services, *, person: Person, account_id: str | None = None, words: str = ""
) -> Choice | Obstructed | Warned | CartSheet:
    """What `/add-seats` shows first: what is in the way, else the pending quotes, else the cart."""
    at = services.now()
    seen = await _look(services, person, account_id, words, at)
    if isinstance(seen, Choice):
        return seen
    # Mostly the provider says what is known already, and what was seen is true.
    if await refresh_account(services, seen.account_id, seen.copied):
        seen = await _look(services, person, seen.account_id, words, at)
        assert not isinstance(seen, Choice), "the account is chosen"
    if isinstance(seen.screen, Refusal):
        raise seen.screen
    return seen.screen


@dataclass(frozen=True)
class _Seen:
    """What would be shown of the account, and the copies of its subscriptions on which that rests."""

    account_id: str
    screen: Obstructed | Warned | CartSheet | Refusal
    copied: list[Subscription]


async def _look(
    services: Services, person: Person, account_id: str | None, words: str, at: datetime
) -> Choice | _Seen:
    async with services.read() as session:
        if account_id is None:
            roles = await roles_of(session, person)
            if len(roles) > 1:
                return Choice([account for account, _ in roles])
            account, contact = roles[0]
        else:
            account, contact = await require_role(session, person, account_id, at, changes=False)
        rows = await copied_rows(session, account)
        current = [row for row in rows if row.subscription.active]
        screen: Obstructed | Warned | CartSheet | Refusal
        try:
            screen = await _screen(
                session, account, contact, current, words, services.settings.seat_bounds, at
            )
        except Refusal as refusal:
            screen = refusal  # Of words that do not fit yet: the provider may hold what they mean.
        return _Seen(account.id, screen, [row.subscription for row in rows])


async def _screen(
    session: AsyncSession,
    account: Account,
    contact: BillingContact,
    rows: list[SubscriptionRow],
    words: str,
    bounds: SeatBounds,
    at: datetime,
) -> Obstructed | Warned | CartSheet:
    obstacles = await _obstacles(session, account, rows, at)
    if obstacles:
        return Obstructed(account, obstacles, [row for row in rows if row.obstacle is not None])
    prefilled = read_words(words, rows, bounds)
    cart, lines = await filled_cart(session, account, contact)
    own, others = own_and_others(cart, await pending_quotes(session, account.id, at))
    if others:
        return await _warned(session, account, own, others, at)
    return _cart_sheet(account, rows, lines, prefilled, own)


async def edit_cart(services: Services, *, person: Person, account_id: str, words: str = "") -> CartSheet:
    """The cart as it is stored, with no warning before it: the way back, and on from the warning."""
    at = services.now()
    async with services.read() as session:
        account, contact = await require_role(session, person, account_id, at, changes=False)
        rows = await subscription_rows(session, account)
        prefilled = read_words(words, rows, services.settings.seat_bounds)
        cart, lines = await filled_cart(session, account, contact)
        return _cart_sheet(account, rows, lines, prefilled, await _own_quote(session, cart, at))


async def warn_again(services: Services, *, person: Person, account_id: str) -> Warned:
    """The warning of R6 as it now stands."""
    at = services.now()
    async with services.read() as session:
        account, contact = await require_role(session, person, account_id, at, changes=False)
        cart, _ = await filled_cart(session, account, contact)
        own, others = own_and_others(cart, await pending_quotes(session, account.id, at))
        return await _warned(session, account, own, others, at)


async def consent_to_replace(
    services: Services, *, person: Person, account_id: str, named: tuple[int, ...]
) -> None:
    """R7: records that the quotes the screen named may be replaced; saving the cart does it.

    Raises QuotesPending where others became pending meanwhile.
    """
    at = services.now()
    async with services.write() as session:
        account, contact = await require_role(session, person, account_id, at, changes=True)
        account = await lock_account(session, account.id)
        cart, _ = await cart_to_fill(session, account, contact)
        pending = await _others(session, account, cart, at)
        check_consent(pending, named)
        cart.consented_to = sorted(q.key for q in pending)
        session.add(cart)
        await record(
            session,
            account_id=account.id,
            actor=actor_of(contact, person),
            subject=f"cart:{contact.email}",
            action="consented_to_replace",
            at=at,
            details={"quotes": [q.number for q in pending]},
        )


async def keep_cart(
    services: Services, *, person: Person, account_id: str, typed: Mapping[str, str]
) -> CartSheet:
    """Store what is typed so far, without an order: turning a page, going back.

    Raises InvalidInput for what is no number of seats; then nothing is stored.
    """
    at = services.now()
    async with services.write() as session:
        account, contact = await require_role(session, person, account_id, at, changes=True)
        account = await lock_account(session, account.id)
        rows = await subscription_rows(session, account)
        cart, lines = await cart_to_fill(session, account, contact)
        seats = merged_seats(lines, rows, typed, services.settings.seat_bounds)
        await store_lines(session, cart, seats)
        return _cart_sheet(account, rows, seats, {}, await _own_quote(session, cart, at))


async def _obstacles(
    session: AsyncSession, account: Account, rows: list[SubscriptionRow], at: datetime
) -> list[Refusal]:
    """R2-R4 for the account as a whole: every condition that fails."""
    methods = await payment_methods(session, account.id)
    found: list[Refusal] = []
    for check in (account.check_self_service, lambda: check_default(methods, account.today(at))):
        try:
            check()
        except Refusal as refusal:
            found.append(refusal)
    if not any(row.obstacle is None for row in rows):
        found.append(NothingToOrder(account=account.name))
    return found


async def _warned(
    session: AsyncSession, account: Account, own: Quote | None, others: list[Quote], at: datetime
) -> Warned:
    return Warned(
        account,
        [await quote_sheet(session, q, at) for q in others],
        await quote_sheet(session, own, at) if own else None,
    )


async def _others(session: AsyncSession, account: Account, cart: Cart, at: datetime) -> list[Quote]:
    return own_and_others(cart, await pending_quotes(session, account.id, at))[1]


async def _own_quote(session: AsyncSession, cart: Cart | None, at: datetime) -> Quote | None:
    quote = await session.get(Quote, cart.quote_id) if cart and cart.quote_id else None
    return quote if quote is not None and quote.pending_at(at) else None


def _cart_sheet(
    account: Account,
    rows: list[SubscriptionRow],
    lines: Mapping[str, int],
    prefilled: Mapping[str, int],
    own: Quote | None,
) -> CartSheet:
    return CartSheet(account, rows, {**lines, **prefilled}, own, meant=next(iter(prefilled), None))
