"""Opening a cart, and storing it as a draft (R2-R7, R10)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import (
    SlackIdentity,
    build_actor,
    get_authorized_role,
    list_account_roles,
    lock_account_role,
)
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.billing_sync.account import refresh_account
from bot.use_cases.cart.command import ParsedCommand, parse_command_text
from bot.use_cases.cart.contents import (
    CartState,
    apply_seat_inputs,
    check_consent,
    is_own_quote,
    load_cart_state,
    store_cart_seats,
    store_consent,
)
from bot.use_cases.cart.repeat import load_repeated_order
from bot.use_cases.load_details import load_quote_details_by_id
from bot.use_cases.quote.read import list_pending_quotes
from models.account import Account
from models.account.billing_contact import BillingContact
from models.audit.action import AuditAction
from models.audit.subject import AuditSubject, SubjectType
from models.details import CartPage, QuoteDetails, SubscriptionDetails
from models.errors import Refusal
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
    refusals: list[Refusal]
    rows: list[SubscriptionDetails]


@dataclass(frozen=True)
class PendingQuotesWarning:
    """The account's pending quotes, except the cart's own, which the person can continue with (R6)."""

    account: Account
    pending_quotes: list[QuoteDetails]
    own_quote: QuoteDetails | None
    unparsed: list[Refusal] = field(default_factory=list)


CartEntry = AccountChoiceNeeded | CartBlocked | PendingQuotesWarning | CartPage


async def open_cart(
    dependencies: Dependencies,
    *,
    person: SlackIdentity,
    account_id: str | None = None,
    command_text: str = "",
    repeated_order_id: int = 0,
) -> CartEntry:
    """Returns the first screen of `/add-seats`: what prevents an order, else the pending quotes, else the
    cart, with the seats from the text or of an earlier order, if there is one."""
    at = dependencies.now()
    async with dependencies.read() as session:
        role = await _find_role(session, person, account_id, at)
        if isinstance(role, AccountChoiceNeeded):
            return role
        state = await load_cart_state(session, *role, at)
    # Refreshed first, because the command may name a subscription that only the provider knows so far.
    subscriptions = [row.subscription for row in state.all_rows]
    is_changed = await refresh_account(dependencies, state.account.id, subscriptions)
    if is_changed:
        async with dependencies.read() as session:
            state = await load_cart_state(session, *role, at)
    return await _build_cart_entry(dependencies, state, command_text, repeated_order_id, at)


async def _find_role(
    session: Session, person: SlackIdentity, account_id: str | None, at: datetime
) -> AccountChoiceNeeded | tuple[Account, BillingContact]:
    if account_id is not None:
        return await get_authorized_role(session, person, account_id, at, for_change=False)
    roles = await list_account_roles(session, person)
    return roles[0] if len(roles) == 1 else AccountChoiceNeeded([account for account, _ in roles])


async def _build_cart_entry(
    dependencies: Dependencies, state: CartState, command_text: str, repeated_order_id: int, at: datetime
) -> CartBlocked | PendingQuotesWarning | CartPage:
    refusals = _list_refusals(state, at)
    if refusals:
        blocked_rows = [row for row in state.rows if row.refusal is not None]
        return CartBlocked(state.account, refusals, blocked_rows)
    command = parse_command_text(command_text, state.rows, dependencies.settings.seat_limits)
    if state.other_quotes:
        async with dependencies.read() as session:
            warning = await _load_warning(session, state.account, state.contact, state.pending_quotes, at)
            return replace(warning, unparsed=command.unparsed)
    if not repeated_order_id:
        return _build_cart_page(state, state.seats, command)
    async with dependencies.read() as session:
        return await _build_repeated_page(session, dependencies, state, repeated_order_id)


async def _build_repeated_page(
    session: Session, dependencies: Dependencies, state: CartState, order_id: int
) -> CartPage:
    repeated = await load_repeated_order(
        session, state.account, order_id, state.all_rows, state.seats, dependencies.settings.seat_limits
    )
    page = _build_cart_page(state, state.seats, ParsedCommand(seats=repeated.seats))
    return replace(page, repeated=repeated)


async def load_cart_page(
    dependencies: Dependencies,
    *,
    person: SlackIdentity,
    account_id: str,
    command_text: str = "",
    repeated_order_id: int = 0,
) -> CartPage:
    at = dependencies.now()
    async with dependencies.read() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=False)
        state = await load_cart_state(session, account, contact, at)
        if repeated_order_id:
            return await _build_repeated_page(session, dependencies, state, repeated_order_id)
    command = parse_command_text(command_text, state.rows, dependencies.settings.seat_limits)
    return _build_cart_page(state, state.seats, command)


async def load_pending_quotes_warning(
    dependencies: Dependencies, *, person: SlackIdentity, account_id: str
) -> PendingQuotesWarning:
    at = dependencies.now()
    async with dependencies.read() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=False)
        pending_quotes = await list_pending_quotes(session, account.id, at)
        return await _load_warning(session, account, contact, pending_quotes, at)


async def record_consent_to_replace(
    dependencies: Dependencies, *, person: SlackIdentity, account_id: str, quote_ids: tuple[int, ...]
) -> None:
    """Records that the person agrees to replace these quotes by saving the cart (R7). Raises QuotesPending if
    others are pending by now."""
    at = dependencies.now()
    async with dependencies.write() as session:
        account, contact = await lock_account_role(session, person, account_id, at)
        pending_quotes = await list_pending_quotes(session, account.id, at)
        other_quotes = [quote for quote in pending_quotes if not is_own_quote(quote, contact)]
        check_consent(other_quotes, quote_ids)
        await store_consent(session, account, contact, sorted(quote.key for quote in other_quotes))
        await write_audit_entry(
            session,
            account_id=account.id,
            actor=build_actor(contact, person),
            # Identified by its contact, because the cart may not have been stored before.
            subject=AuditSubject(SubjectType.CART, str(contact.key)),
            action=AuditAction.CONSENTED_TO_REPLACE,
            at=at,
            details={"quotes": [q.number for q in other_quotes]},
        )


async def save_cart_draft(
    dependencies: Dependencies, *, person: SlackIdentity, account_id: str, seat_inputs: Mapping[str, str]
) -> CartPage:
    """Stores the seats entered so far, when the person turns a page or goes back. Raises InvalidInput by
    `seats:<subscription id>`; then nothing is stored."""
    at = dependencies.now()
    async with dependencies.write() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=True)
        state = await load_cart_state(session, account, contact, at)
        seats = apply_seat_inputs(state.seats, state.rows, seat_inputs, dependencies.settings.seat_limits)
        await store_cart_seats(session, state, seats)
        return _build_cart_page(state, seats, ParsedCommand())


def _list_refusals(state: CartState, at: datetime) -> list[Refusal]:
    # If the account itself is refused, no card would help, nor another subscription.
    try:
        state.account.check_self_service()
    except Refusal as refusal:
        return [refusal]
    refusals: list[Refusal] = []
    try:
        state.check_default_method(at)
    except Refusal as refusal:
        refusals.append(refusal)
    if not any(row.refusal is None for row in state.rows):
        refusals.append(NothingToOrder(account=state.account.name))
    return refusals


async def _load_warning(
    session: Session, account: Account, contact: BillingContact, pending_quotes: list[Quote], at: datetime
) -> PendingQuotesWarning:
    details = (await load_quote_details_by_id(session, [q.key for q in pending_quotes], at)).values()
    return PendingQuotesWarning(
        account,
        [quote for quote in details if not is_own_quote(quote.quote, contact)],
        next((quote for quote in details if is_own_quote(quote.quote, contact)), None),
    )


def _build_cart_page(state: CartState, seats: Mapping[str, int], command: ParsedCommand) -> CartPage:
    return CartPage(
        state.account,
        state.rows,
        {**seats, **command.seats},
        state.own_quote,
        preselected_subscription_id=next(iter(command.seats), None),
        unparsed=command.unparsed,
    )
