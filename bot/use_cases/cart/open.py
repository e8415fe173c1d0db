"""Opening a cart, and storing it as a draft (R2-R7, R10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.db import Session
from bot.permissions import (
    SlackIdentity,
    build_actor,
    get_authorized_role,
    list_account_roles,
    lock_account_role,
)
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
    load_quote_details_by_id,
)
from bot.use_cases.quote.read import list_pending_quotes
from models.account import Account
from models.billing_contact import BillingContact
from models.cart import Cart
from models.details import CartPage, QuoteDetails, SubscriptionRow
from models.errors import Refusal
from models.payment_method import check_default_method
from models.quote import Quote
from models.subscription import NothingToOrder


@dataclass(frozen=True)
class AccountChoiceNeeded:
    """The person is a billing contact of several accounts and has not chosen one."""

    accounts: list[Account]


@dataclass(frozen=True)
class CartBlocked:
    """No seats can be added on this account: every reason at once, including those of `rows` (R4, R14)."""

    account: Account
    obstacles: list[Refusal]
    rows: list[SubscriptionRow]


@dataclass(frozen=True)
class PendingQuotesWarning:
    """The account's pending quotes, except the cart's own, which the person can continue with (R6)."""

    account: Account
    pending_quotes: list[QuoteDetails]
    own_quote: QuoteDetails | None


CartEntry = AccountChoiceNeeded | CartBlocked | PendingQuotesWarning | CartPage


async def open_cart(
    services: Services, *, person: SlackIdentity, account_id: str | None = None, command_text: str = ""
) -> CartEntry:
    """The first screen of `/add-seats`: what is in the way, else the pending quotes, else the cart."""
    at = services.now()
    async with services.read() as session:
        role = await _find_role(session, person, account_id, at)
        if isinstance(role, AccountChoiceNeeded):
            return role
        account, contact = role
        rows = await list_all_subscription_rows(session, account)
    # Refreshed first, because the command may name a subscription that only the provider knows so far.
    is_changed = await refresh_account(services, account.id, [row.subscription for row in rows])
    async with services.read() as session:
        if is_changed:
            rows = await list_all_subscription_rows(session, account)
        active_rows = [row for row in rows if row.subscription.active]
        return await _load_cart_entry(session, services, account, contact, active_rows, command_text, at)


async def _find_role(
    session: Session, person: SlackIdentity, account_id: str | None, at: datetime
) -> AccountChoiceNeeded | tuple[Account, BillingContact]:
    if account_id is not None:
        return await get_authorized_role(session, person, account_id, at, for_change=False)
    roles = await list_account_roles(session, person)
    return roles[0] if len(roles) == 1 else AccountChoiceNeeded([account for account, _ in roles])


async def _load_cart_entry(
    session: Session,
    services: Services,
    account: Account,
    contact: BillingContact,
    rows: list[SubscriptionRow],
    command_text: str,
    at: datetime,
) -> CartBlocked | PendingQuotesWarning | CartPage:
    obstacles = await _list_obstacles(session, account, rows, at)
    if obstacles:
        return CartBlocked(account, obstacles, [row for row in rows if row.blocked_by is not None])
    prefilled_seats = parse_command_text(command_text, rows, services.settings.seat_bounds)
    cart, seats = await find_cart_with_lines(session, account, contact)
    own_quote, other_quotes = split_pending_quotes(cart, await list_pending_quotes(session, account.id, at))
    if other_quotes:
        return await _load_warning(session, account, own_quote, other_quotes, at)
    return _build_cart_page(account, rows, seats, prefilled_seats, own_quote)


async def load_cart_page(
    services: Services, *, person: SlackIdentity, account_id: str, command_text: str = ""
) -> CartPage:
    at = services.now()
    async with services.read() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=False)
        rows = await list_subscription_rows(session, account)
        prefilled_seats = parse_command_text(command_text, rows, services.settings.seat_bounds)
        cart, seats = await find_cart_with_lines(session, account, contact)
        own_quote = await _find_own_quote(session, cart, at)
        return _build_cart_page(account, rows, seats, prefilled_seats, own_quote)


async def load_pending_quotes_warning(
    services: Services, *, person: SlackIdentity, account_id: str
) -> PendingQuotesWarning:
    at = services.now()
    async with services.read() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=False)
        cart, _ = await find_cart_with_lines(session, account, contact)
        pending_quotes = await list_pending_quotes(session, account.id, at)
        return await _load_warning(session, account, *split_pending_quotes(cart, pending_quotes), at)


async def record_consent_to_replace(
    services: Services, *, person: SlackIdentity, account_id: str, quote_ids: tuple[int, ...]
) -> None:
    """The person agrees that saving the cart replaces these quotes (R7).

    Raises QuotesPending if other quotes are pending by now.
    """
    at = services.now()
    async with services.write() as session:
        account, contact = await lock_account_role(session, person, account_id, at)
        cart, _ = await get_or_create_cart(session, account, contact)
        _, other_quotes = split_pending_quotes(cart, await list_pending_quotes(session, account.id, at))
        check_consent(other_quotes, quote_ids)
        cart.replaceable_quote_ids = sorted(q.key for q in other_quotes)
        session.add(cart)
        await write_audit_entry(
            session,
            account_id=account.id,
            actor=build_actor(contact, person),
            subject=cart.audit_subject,
            action="consented_to_replace",
            at=at,
            details={"quotes": [q.number for q in other_quotes]},
        )


async def save_cart_draft(
    services: Services, *, person: SlackIdentity, account_id: str, seat_inputs: Mapping[str, str]
) -> CartPage:
    """Store the seats entered so far, when the person turns a page or goes back.

    Raises InvalidInput by `seats:<subscription id>`; then nothing is stored.
    """
    at = services.now()
    async with services.write() as session:
        account, contact = await lock_account_role(session, person, account_id, at)
        rows = await list_subscription_rows(session, account)
        cart, stored_seats = await get_or_create_cart(session, account, contact)
        seats = apply_seat_inputs(stored_seats, rows, seat_inputs, services.settings.seat_bounds)
        await save_cart_lines(session, cart, stored_seats, seats)
        return _build_cart_page(account, rows, seats, {}, await _find_own_quote(session, cart, at))


async def _list_obstacles(
    session: Session, account: Account, rows: list[SubscriptionRow], at: datetime
) -> list[Refusal]:
    """Every condition of R2-R4 that the account as a whole does not meet."""
    methods = await list_payment_methods(session, account.id)
    obstacles: list[Refusal] = []
    for check in (
        account.check_self_service,
        lambda: check_default_method(methods, account.get_local_date(at)),
    ):
        try:
            check()
        except Refusal as refusal:
            obstacles.append(refusal)
    if not any(row.blocked_by is None for row in rows):
        obstacles.append(NothingToOrder(account=account.name))
    return obstacles


async def _load_warning(
    session: Session, account: Account, own_quote: Quote | None, other_quotes: list[Quote], at: datetime
) -> PendingQuotesWarning:
    quotes = [*other_quotes, *([own_quote] if own_quote else [])]
    details = await load_quote_details_by_id(session, [quote.key for quote in quotes], at)
    return PendingQuotesWarning(
        account,
        [details[quote.key] for quote in other_quotes],
        details[own_quote.key] if own_quote else None,
    )


async def _find_own_quote(session: Session, cart: Cart | None, at: datetime) -> Quote | None:
    quote = await session.get(Quote, cart.quote_id) if cart and cart.quote_id else None
    return quote if quote is not None and quote.is_pending(at) else None


def _build_cart_page(
    account: Account,
    rows: list[SubscriptionRow],
    seats: Mapping[str, int],
    prefilled_seats: Mapping[str, int],
    own_quote: Quote | None,
) -> CartPage:
    return CartPage(
        account,
        rows,
        {**seats, **prefilled_seats},
        own_quote,
        preselected_subscription_id=next(iter(prefilled_seats), None),
    )
