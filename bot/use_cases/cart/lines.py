"""The contents of a cart, and its own quote (R10)."""

from collections.abc import Iterable, Mapping

from sqlmodel import col, delete, select

from bot.db import Session
from models.account import Account
from models.billing_contact import BillingContact
from models.cart import Cart, CartLine, SeatLimits
from models.details import SubscriptionRow
from models.errors import InvalidInput, Refusal
from models.quote import Quote, QuotesPending
from models.subscription import SubscriptionNotFound


async def find_cart_with_lines(
    session: Session, account: Account, contact: BillingContact
) -> tuple[Cart | None, dict[str, int]]:
    found = await session.exec(
        select(Cart, CartLine.subscription_id, CartLine.seats)
        .outerjoin(CartLine, col(CartLine.cart_id) == Cart.id)
        .where(Cart.account_id == account.id, Cart.contact_id == contact.key)
    )
    rows = found.all()
    seats = {subscription_id: seats for _, subscription_id, seats in rows if subscription_id}
    return rows[0][0] if rows else None, seats


async def get_or_create_cart(
    session: Session, account: Account, contact: BillingContact
) -> tuple[Cart, dict[str, int]]:
    cart, seats = await find_cart_with_lines(session, account, contact)
    return cart or Cart(account_id=account.id, contact_id=contact.key), seats


def apply_seat_inputs(
    stored_seats: Mapping[str, int],
    rows: list[SubscriptionRow],
    seat_inputs: Mapping[str, str],
    bounds: SeatLimits,
) -> dict[str, int]:
    """The stored seats, overridden by what was entered.

    Stored seats that can no longer be ordered are dropped. Entered ones are kept, because the cart is stored
    before it is refused. Raises SubscriptionNotFound for a subscription of another account.
    """
    obstacles = {row.subscription.id: row.blocked_by for row in rows}
    seats = {s: n for s, n in stored_seats.items() if s in obstacles and obstacles[s] is None}
    errors: dict[str, Refusal] = {}
    for subscription_id, text in seat_inputs.items():
        if subscription_id not in obstacles:
            raise SubscriptionNotFound
        try:
            seats[subscription_id] = bounds.parse_seats(text)
        except Refusal as refusal:
            errors[f"seats:{subscription_id}"] = refusal
    if errors:
        raise InvalidInput(errors)
    return {subscription_id: n for subscription_id, n in seats.items() if n}


async def save_cart_lines(
    session: Session, cart: Cart, stored_seats: Mapping[str, int], seats: Mapping[str, int]
) -> None:
    """Store the cart, and replace its stored seats if they differ."""
    session.add(cart)
    await session.flush()
    if stored_seats == seats:
        return
    if stored_seats:
        await delete_cart_lines(session, cart)
    session.add_all(CartLine(cart_id=cart.key, subscription_id=s, seats=n) for s, n in seats.items())
    await session.flush()


async def delete_cart_lines(session: Session, cart: Cart) -> None:
    await session.exec(delete(CartLine).where(col(CartLine.cart_id) == cart.key))


def split_pending_quotes(cart: Cart | None, pending_quotes: list[Quote]) -> tuple[Quote | None, list[Quote]]:
    """The cart's own pending quote, and the others, which R7 is about (R10)."""
    own_quote = next((q for q in pending_quotes if cart and q.id == cart.quote_id), None)
    return own_quote, [q for q in pending_quotes if q is not own_quote]


def check_consent(pending_quotes: list[Quote], consented_quote_ids: Iterable[int]) -> None:
    """R7. Raises QuotesPending."""
    if not {q.key for q in pending_quotes} <= set(consented_quote_ids):
        raise QuotesPending(numbers=[q.number for q in pending_quotes])
