"""What is in a cart, and which quote is its own (R10)."""

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam
from sqlmodel import col, delete, insert, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.account import Account
from models.billing_contact import BillingContact
from models.cart import Cart, CartLine, SeatBounds
from models.details import SubscriptionRow
from models.errors import InvalidInput, Refusal
from models.quote import Quote, QuotesPending
from models.subscription import SubscriptionNotFound

_FILLED_CART = (
    select(Cart, CartLine.subscription_id, CartLine.seats)
    .outerjoin(CartLine, col(CartLine.cart_id) == Cart.id)
    .where(Cart.account_id == bindparam("account"), Cart.contact_id == bindparam("contact"))
)


async def filled_cart(
    session: AsyncSession, account: Account, contact: BillingContact
) -> tuple[Cart | None, dict[str, int]]:
    """The cart of this account and contact, if they have one, and its lines."""
    values = {"account": account.id, "contact": contact.key}
    found = (await session.exec(_FILLED_CART, params=values)).all()
    lines = {subscription_id: seats for _, subscription_id, seats in found if subscription_id}
    return found[0][0] if found else None, lines


async def cart_to_fill(
    session: AsyncSession, account: Account, contact: BillingContact
) -> tuple[Cart, dict[str, int]]:
    """The same; one not stored yet where they have none."""
    cart, lines = await filled_cart(session, account, contact)
    # Every value is given: to find out a default takes pydantic longer than a question to the database.
    return cart or Cart(account_id=account.id, contact_id=contact.key, consented_to=[]), lines


def merged_seats(
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


_LINES = CartLine.__table__  # type: ignore[attr-defined]
_FILL = insert(_LINES)
_EMPTY = delete(_LINES).where(_LINES.c.cart_id == bindparam("cart"))


async def store_lines(session: AsyncSession, cart: Cart, seats: Mapping[str, int]) -> None:
    session.add(cart)
    await session.flush()
    await empty_lines(session, cart)
    if seats:
        rows = [{"cart_id": cart.key, "subscription_id": s, "seats": n} for s, n in seats.items()]
        await session.exec(_FILL, params=rows)


async def empty_lines(session: AsyncSession, cart: Cart) -> None:
    await session.exec(_EMPTY, params={"cart": cart.key})


def own_and_others(cart: Cart | None, pending: list[Quote]) -> tuple[Quote | None, list[Quote]]:
    """R10: a cart's own pending quote is never among those that R7 names."""
    own = next((q for q in pending if cart and q.id == cart.quote_id), None)
    return own, [q for q in pending if q is not own]


def check_consent(pending: list[Quote], named: Iterable[int]) -> None:
    if not {q.key for q in pending} <= set(named):
        raise QuotesPending(numbers=[q.number for q in pending])
