"""Opening a cart, and keeping what is typed into it (R2-R7, R10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.db import Session, lock_account
from bot.permissions import SlackIdentity, build_actor, get_authorized_role, list_account_roles
from bot.services import Services
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.billing_sync.account import refresh_account
from bot.use_cases.cart.command import parse_command_text
from bot.use_cases.cart.lines import (
    apply_seat_inputs,
    check_consent,
    find_cart_with_lines,
    get_or_create_cart,
    save_cart_lines,
    split_pending_quotes,
)
from bot.use_cases.details import (
    list_all_subscription_rows,
    list_payment_methods,
    list_subscription_rows,
    load_quote_details,
)
from bot.use_cases.quote.decide import list_pending_quotes
from models.account import Account
from models.billing_contact import BillingContact
from models.cart import Cart, SeatLimits
from models.details import CartPage, QuoteDetails, SubscriptionRow
from models.errors import Refusal
from models.payment_method import check_default_method
from models.quote import Quote
from models.subscription import NothingToOrder, Subscription


@dataclass(frozen=True)
class AccountChoiceNeeded:
    """The person is a contact of several accounts, and has not said which."""

    accounts: list[Account]


@dataclass(frozen=True)
class CartBlocked:
    """R4, R14: seats cannot be added on this account; every reason at once, those of `rows` too."""

    account: Account
    obstacles: list[Refusal]
    rows: list[SubscriptionRow]


@dataclass(frozen=True)
class PendingQuotesWarning:
    """R6: the account's pending quotes; `own` is the cart's own, which can be gone on with."""

    account: Account
    pending_quotes: list[QuoteDetails]
    own_quote: QuoteDetails | None


async def list_accounts(services: Services, *, person: SlackIdentity) -> list[Account]:
    """The accounts the person may buy for. Raises NotABillingContact, NotAllowed, IdentityNotFresh."""
    async with services.read() as session:
        return [account for account, _ in await list_account_roles(session, person)]


async def open_cart(
    services: Services, *, person: SlackIdentity, account_id: str | None = None, command_text: str = ""
) -> AccountChoiceNeeded | CartBlocked | PendingQuotesWarning | CartPage:
    """What `/add-seats` shows first: what is in the way, else the pending quotes, else the cart."""
    at = services.now()
    seen = await _load_cart_view(services, person, account_id, command_text, at)
    if isinstance(seen, AccountChoiceNeeded):
        return seen
    # Mostly the provider says what is known already, and what was seen is true.
    if await refresh_account(services, seen.account_id, seen.subscriptions):
        seen = await _load_cart_view(services, person, seen.account_id, command_text, at)
        assert not isinstance(seen, AccountChoiceNeeded), "the account is chosen"
    if isinstance(seen.screen, Refusal):
        raise seen.screen
    return seen.screen


@dataclass(frozen=True)
class _CartView:
    """What would be shown of the account, and the copies of its subscriptions on which that rests."""

    account_id: str
    screen: CartBlocked | PendingQuotesWarning | CartPage | Refusal
    subscriptions: list[Subscription]


async def _load_cart_view(
    services: Services, person: SlackIdentity, account_id: str | None, command_text: str, at: datetime
) -> AccountChoiceNeeded | _CartView:
    async with services.read() as session:
        if account_id is None:
            roles = await list_account_roles(session, person)
            if len(roles) > 1:
                return AccountChoiceNeeded([account for account, _ in roles])
            account, contact = roles[0]
        else:
            account, contact = await get_authorized_role(session, person, account_id, at, for_change=False)
        rows = await list_all_subscription_rows(session, account)
        current = [row for row in rows if row.subscription.active]
        screen: CartBlocked | PendingQuotesWarning | CartPage | Refusal
        try:
            screen = await _load_cart_screen(
                session, account, contact, current, command_text, services.settings.seat_bounds, at
            )
        except Refusal as refusal:
            screen = refusal  # Of words that do not fit yet: the provider may hold what they mean.
        return _CartView(account.id, screen, [row.subscription for row in rows])


async def _load_cart_screen(
    session: Session,
    account: Account,
    contact: BillingContact,
    rows: list[SubscriptionRow],
    command_text: str,
    bounds: SeatLimits,
    at: datetime,
) -> CartBlocked | PendingQuotesWarning | CartPage:
    obstacles = await _list_obstacles(session, account, rows, at)
    if obstacles:
        return CartBlocked(account, obstacles, [row for row in rows if row.blocked_by is not None])
    prefilled = parse_command_text(command_text, rows, bounds)
    cart, lines = await find_cart_with_lines(session, account, contact)
    own, others = split_pending_quotes(cart, await list_pending_quotes(session, account.id, at))
    if others:
        return await _load_warning(session, account, own, others, at)
    return _build_cart_page(account, rows, lines, prefilled, own)


async def load_cart_page(
    services: Services, *, person: SlackIdentity, account_id: str, command_text: str = ""
) -> CartPage:
    """The cart as it is stored, with no warning before it: the way back, and on from the warning."""
    at = services.now()
    async with services.read() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=False)
        rows = await list_subscription_rows(session, account)
        prefilled = parse_command_text(command_text, rows, services.settings.seat_bounds)
        cart, lines = await find_cart_with_lines(session, account, contact)
        return _build_cart_page(account, rows, lines, prefilled, await _find_own_quote(session, cart, at))


async def load_pending_quotes_warning(
    services: Services, *, person: SlackIdentity, account_id: str
) -> PendingQuotesWarning:
    """The warning of R6 as it now stands."""
    at = services.now()
    async with services.read() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=False)
        cart, _ = await find_cart_with_lines(session, account, contact)
        own, others = split_pending_quotes(cart, await list_pending_quotes(session, account.id, at))
        return await _load_warning(session, account, own, others, at)


async def record_consent_to_replace(
    services: Services, *, person: SlackIdentity, account_id: str, quote_ids: tuple[int, ...]
) -> None:
    """R7: records that the quotes the screen named may be replaced; saving the cart does it.

    Raises QuotesPending where others became pending meanwhile.
    """
    at = services.now()
    async with services.write() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=True)
        account = await lock_account(session, account.id)
        cart, _ = await get_or_create_cart(session, account, contact)
        pending = await _list_other_quotes(session, account, cart, at)
        check_consent(pending, quote_ids)
        cart.replaceable_quote_ids = sorted(q.key for q in pending)
        session.add(cart)
        await write_audit_entry(
            session,
            account_id=account.id,
            actor=build_actor(contact, person),
            subject=f"cart:{contact.email}",
            action="consented_to_replace",
            at=at,
            details={"quotes": [q.number for q in pending]},
        )


async def save_cart_draft(
    services: Services, *, person: SlackIdentity, account_id: str, seat_inputs: Mapping[str, str]
) -> CartPage:
    """Store what is typed so far, without an order: turning a page, going back.

    Raises InvalidInput for what is no number of seats; then nothing is stored.
    """
    at = services.now()
    async with services.write() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=True)
        account = await lock_account(session, account.id)
        rows = await list_subscription_rows(session, account)
        cart, lines = await get_or_create_cart(session, account, contact)
        seats = apply_seat_inputs(lines, rows, seat_inputs, services.settings.seat_bounds)
        await save_cart_lines(session, cart, seats)
        return _build_cart_page(account, rows, seats, {}, await _find_own_quote(session, cart, at))


async def _list_obstacles(
    session: Session, account: Account, rows: list[SubscriptionRow], at: datetime
) -> list[Refusal]:
    """R2-R4 for the account as a whole: every condition that fails."""
    methods = await list_payment_methods(session, account.id)
    found: list[Refusal] = []
    for check in (
        account.check_self_service,
        lambda: check_default_method(methods, account.get_local_date(at)),
    ):
        try:
            check()
        except Refusal as refusal:
            found.append(refusal)
    if not any(row.blocked_by is None for row in rows):
        found.append(NothingToOrder(account=account.name))
    return found


async def _load_warning(
    session: Session, account: Account, own_quote: Quote | None, other_quotes: list[Quote], at: datetime
) -> PendingQuotesWarning:
    return PendingQuotesWarning(
        account,
        [await load_quote_details(session, q, at) for q in other_quotes],
        await load_quote_details(session, own_quote, at) if own_quote else None,
    )


async def _list_other_quotes(session: Session, account: Account, cart: Cart, at: datetime) -> list[Quote]:
    return split_pending_quotes(cart, await list_pending_quotes(session, account.id, at))[1]


async def _find_own_quote(session: Session, cart: Cart | None, at: datetime) -> Quote | None:
    quote = await session.get(Quote, cart.quote_id) if cart and cart.quote_id else None
    return quote if quote is not None and quote.is_pending(at) else None


def _build_cart_page(
    account: Account,
    rows: list[SubscriptionRow],
    lines: Mapping[str, int],
    prefilled_seats: Mapping[str, int],
    own_quote: Quote | None,
) -> CartPage:
    return CartPage(
        account,
        rows,
        {**lines, **prefilled_seats},
        own_quote,
        preselected_subscription_id=next(iter(prefilled_seats), None),
    )
