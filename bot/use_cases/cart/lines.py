"""What is in a cart, and which quote is its own (R10)."""

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam
from sqlmodel import col, delete, insert, select

from bot.db import Session
from models.account import Account
from models.billing_contact import BillingContact
from models.cart import Cart, CartLine, SeatLimits
from models.details import SubscriptionRow
from models.errors import InvalidInput, Refusal
from models.quote import Quote, QuotesPending
from models.subscription import SubscriptionNotFound

_CART_WITH_LINES_QUERY = (
    select(Cart, CartLine.subscription_id, CartLine.seats)
    .outerjoin(CartLine, col(CartLine.cart_id) == Cart.id)
    .where(Cart.account_id == bindparam("account"), Cart.contact_id == bindparam("contact"))
)


async def find_cart_with_lines(
    session: Session, account: Account, contact: BillingContact
) -> tuple[Cart | None, dict[str, int]]:
    """The cart of this account and contact, if they have one, and its lines."""
    values = {"account": account.id, "contact": contact.key}
    found = (await session.exec(_CART_WITH_LINES_QUERY, params=values)).all()
    lines = {subscription_id: seats for _, subscription_id, seats in found if subscription_id}
    return found[0][0] if found else None, lines


async def get_or_create_cart(
    session: Session, account: Account, contact: BillingContact
) -> tuple[Cart, dict[str, int]]:
    """The same; one not stored yet where they have none."""
    cart, lines = await find_cart_with_lines(session, account, contact)
    # Every value is given: to find out a default takes pydantic longer than a question to the database.
    return cart or Cart(account_id=account.id, contact_id=contact.key, replaceable_quote_ids=[]), lines


def apply_seat_inputs(
    stored_seats: Mapping[str, int],
    rows: list[SubscriptionRow],
    seat_inputs: Mapping[str, str],
    bounds: SeatLimits,
) -> dict[str, int]:
    """The stored lines overridden by what is typed.

    What can no longer be ordered is dropped where it was stored, and kept where it is typed: saving stores
    all that was typed, and then refuses it. A subscription of others is refused at once.
    """
    obstacles = {row.subscription.id: row.blocked_by for row in rows}
    errors: dict[str, Refusal] = {}
    seats = {s: n for s, n in stored_seats.items() if obstacles.get(s, _SUBSCRIPTION_NOT_FOUND) is None}
    for subscription_id, text in seat_inputs.items():
        if subscription_id not in obstacles:
            raise _SUBSCRIPTION_NOT_FOUND
        try:
            seats[subscription_id] = bounds.parse_seats(text)
        except Refusal as refusal:
            errors[f"seats:{subscription_id}"] = refusal
    if errors:
        raise InvalidInput(errors)
    return {subscription_id: n for subscription_id, n in seats.items() if n}


_SUBSCRIPTION_NOT_FOUND = SubscriptionNotFound()


_CART_LINE_TABLE = CartLine.__table__  # type: ignore[attr-defined]
_CART_LINES_INSERT = insert(_CART_LINE_TABLE)
_CART_LINES_DELETE = delete(_CART_LINE_TABLE).where(_CART_LINE_TABLE.c.cart_id == bindparam("cart"))


async def save_cart_lines(session: Session, cart: Cart, seats: Mapping[str, int]) -> None:
    session.add(cart)
    await session.flush()
    await delete_cart_lines(session, cart)
    if seats:
        rows = [{"cart_id": cart.key, "subscription_id": s, "seats": n} for s, n in seats.items()]
        await session.exec(_CART_LINES_INSERT, params=rows)


async def delete_cart_lines(session: Session, cart: Cart) -> None:
    await session.exec(_CART_LINES_DELETE, params={"cart": cart.key})


def split_pending_quotes(cart: Cart | None, pending_quotes: list[Quote]) -> tuple[Quote | None, list[Quote]]:
    """R10: a cart's own pending quote is never among those that R7 names."""
    own = next((q for q in pending_quotes if cart and q.id == cart.quote_id), None)
    return own, [q for q in pending_quotes if q is not own]


def check_consent(pending_quotes: list[Quote], consented_quote_ids: Iterable[int]) -> None:
    if not {q.key for q in pending_quotes} <= set(consented_quote_ids):
        raise QuotesPending(numbers=[q.number for q in pending_quotes])
