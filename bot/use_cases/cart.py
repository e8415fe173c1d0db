"""From the numbers of new seats to a quote (R2-R7, R10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.billing.gateway import LineRequest, Preview
from bot.db import lock_account
from bot.permissions import Person, actor_of, require_role, roles_of
from bot.services import Services
from bot.use_cases.audit_entry import record
from bot.use_cases.cart_words import read_words
from bot.use_cases.checkout import carry_checkout
from bot.use_cases.provider_copy import refresh_account
from bot.use_cases.quote import decide, make_quote, pending_quotes, quote_lines
from bot.use_cases.sheet import copied_rows, payment_methods, quote_sheet, subscription_rows
from models.account import Account, Address
from models.billing_contact import BillingContact
from models.cart import Cart, CartLine, SeatBounds
from models.errors import InvalidInput, Refusal
from models.payment_method import check_default
from models.proration import to_the_second
from models.quote import Quote, QuotesPending, QuoteStatus, default_validity, validity
from models.sheet import CartSheet, QuoteSheet, SubscriptionRow
from models.subscription import NothingToOrder, Subscription, SubscriptionNotFound

# Prices, and the address whose tax is in them: the account's may be another by the time they are known.
Priced = tuple[Preview, Address]


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
    cart, lines = await _filled_cart(session, account, contact)
    own, others = _own_and_others(cart, await pending_quotes(session, account.id, at))
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
        cart, lines = await _filled_cart(session, account, contact)
        return _cart_sheet(account, rows, lines, prefilled, await _own_quote(session, cart, at))


async def warn_again(services: Services, *, person: Person, account_id: str) -> Warned:
    """The warning of R6 as it now stands."""
    at = services.now()
    async with services.read() as session:
        account, contact = await require_role(session, person, account_id, at, changes=False)
        cart, _ = await _filled_cart(session, account, contact)
        own, others = _own_and_others(cart, await pending_quotes(session, account.id, at))
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
        cart, _ = await _cart_to_fill(session, account, contact)
        pending = await _others(session, account, cart, at)
        _check_consent(pending, named)
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
        cart, lines = await _cart_to_fill(session, account, contact)
        seats = _merged(lines, rows, typed, services.settings.seat_bounds)
        await _store_lines(session, cart, seats)
        return _cart_sheet(account, rows, seats, {}, await _own_quote(session, cart, at))


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
        cart, lines = await _cart_to_fill(session, account, contact)
        seats = _merged(lines, rows, typed, services.settings.seat_bounds)
        _check_order(services.settings.seat_bounds, seats, typed)
        await _store_lines(session, cart, seats)
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
        own, others = _own_and_others(cart, await pending_quotes(session, account.id, at))
        _check_consent(others, cart.consented_to)
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
        cart, _ = await _cart_to_fill(session, account, contact)
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


def _own_and_others(cart: Cart | None, pending: list[Quote]) -> tuple[Quote | None, list[Quote]]:
    """R10: a cart's own pending quote is never among those that R7 names."""
    own = next((q for q in pending if cart and q.id == cart.quote_id), None)
    return own, [q for q in pending if q is not own]


async def _warned(
    session: AsyncSession, account: Account, own: Quote | None, others: list[Quote], at: datetime
) -> Warned:
    return Warned(
        account,
        [await quote_sheet(session, q, at) for q in others],
        await quote_sheet(session, own, at) if own else None,
    )


async def _others(session: AsyncSession, account: Account, cart: Cart, at: datetime) -> list[Quote]:
    return _own_and_others(cart, await pending_quotes(session, account.id, at))[1]


def _check_consent(pending: list[Quote], named: Iterable[int]) -> None:
    if not {q.key for q in pending} <= set(named):
        raise QuotesPending(numbers=[q.number for q in pending])


async def _own_quote(session: AsyncSession, cart: Cart | None, at: datetime) -> Quote | None:
    quote = await session.get(Quote, cart.quote_id) if cart and cart.quote_id else None
    return quote if quote is not None and quote.pending_at(at) else None


async def _seats_of(session: AsyncSession, quote: Quote) -> dict[str, int]:
    return {line.subscription_id: line.seats for line in await quote_lines(session, quote)}


_FILLED_CART = (
    select(Cart, CartLine)
    .outerjoin(CartLine, col(CartLine.cart_id) == Cart.id)
    .where(Cart.account_id == bindparam("account"), Cart.contact_id == bindparam("contact"))
)


async def _filled_cart(
    session: AsyncSession, account: Account, contact: BillingContact
) -> tuple[Cart | None, dict[str, int]]:
    """The cart of this account and contact, if they have one, and its lines."""
    values = {"account": account.id, "contact": contact.key}
    found = (await session.exec(_FILLED_CART, params=values)).all()
    return found[0][0] if found else None, {line.subscription_id: line.seats for _, line in found if line}


async def _cart_to_fill(
    session: AsyncSession, account: Account, contact: BillingContact
) -> tuple[Cart, dict[str, int]]:
    """The same; one not stored yet where they have none."""
    cart, lines = await _filled_cart(session, account, contact)
    # Every value is given: to find out a default takes pydantic longer than a question to the database.
    return cart or Cart(account_id=account.id, contact_id=contact.key, consented_to=[]), lines


def _cart_sheet(
    account: Account,
    rows: list[SubscriptionRow],
    lines: Mapping[str, int],
    prefilled: Mapping[str, int],
    own: Quote | None,
) -> CartSheet:
    return CartSheet(account, rows, {**lines, **prefilled}, own, meant=next(iter(prefilled), None))


def _merged(
    stored: Mapping[str, int], rows: list[SubscriptionRow], typed: Mapping[str, str], bounds: SeatBounds
) -> dict[str, int]:
    """The stored lines overridden by what is typed.

    What can no longer be ordered is dropped where it was stored, and kept where it is typed: saving stores
    all that was typed, and then refuses it. A subscription of others is refused at once.
    """
    obstacles = {row.subscription.id: row.obstacle for row in rows}
    errors: dict[str, Refusal] = {}
    seats = {s: n for s, n in stored.items() if obstacles.get(s, _GONE) is None}
    for subscription_id, text in typed.items():
        if subscription_id not in obstacles:
            raise _GONE
        try:
            seats[subscription_id] = bounds.parse(text)
        except Refusal as refusal:
            errors[f"seats:{subscription_id}"] = refusal
    if errors:
        raise InvalidInput(errors)
    return {subscription_id: n for subscription_id, n in seats.items() if n}


_GONE = SubscriptionNotFound()


def _check_order(bounds: SeatBounds, seats: dict[str, int], typed: Mapping[str, str]) -> None:
    try:
        bounds.check_order(seats)
    except Refusal as refusal:
        raise InvalidInput({f"seats:{next(iter(typed), '')}": refusal}) from None


async def _store_lines(session: AsyncSession, cart: Cart, seats: Mapping[str, int]) -> None:
    session.add(cart)
    await session.flush()
    await session.exec(delete(CartLine).where(col(CartLine.cart_id) == cart.id))
    session.add_all(CartLine(cart_id=cart.key, subscription_id=s, seats=n) for s, n in seats.items())
    await session.flush()
