"""The contents of a cart, and its own quote (R10)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import and_, col, or_, update

from bot.db import Session, build_insert, select_joined
from bot.use_cases.load_details import build_subscription_details
from models.account import Account
from models.account.billing_contact import BillingContact
from models.cart import Cart, SeatLimits
from models.details import SubscriptionDetails
from models.errors import InvalidInput, Refusal
from models.payment_method import PaymentMethod, check_accepted_method, check_default_method
from models.product import Product
from models.quote import PENDING_QUOTE_CONDITION, Quote, QuotesPending
from models.subscription import SeatBlock, Subscription, SubscriptionNotFound


@dataclass(frozen=True)
class CartState:
    """A person's cart for an account, with what decides whether it can be ordered. `all_rows` includes
    subscriptions that have ended; `default_methods` are the account's and the subscriptions' own."""

    account: Account
    contact: BillingContact
    cart: Cart | None
    all_rows: list[SubscriptionDetails]
    default_methods: list[PaymentMethod]
    pending_quotes: list[Quote]

    @cached_property
    def rows(self) -> list[SubscriptionDetails]:
        return [row for row in self.all_rows if row.subscription.active]

    @property
    def product_ids(self) -> dict[str, str]:
        """Maps subscription ids to product ids."""
        return {row.subscription.id: row.product.id for row in self.rows}

    @property
    def seats(self) -> dict[str, int]:
        return self.cart.seats if self.cart else {}

    @property
    def replaceable_quote_ids(self) -> list[int]:
        return self.cart.replaceable_quote_ids if self.cart else []

    @property
    def own_quote(self) -> Quote | None:
        """The cart's own pending quote (R10)."""
        return next((quote for quote in self.pending_quotes if is_own_quote(quote, self.contact)), None)

    @property
    def other_quotes(self) -> list[Quote]:
        """The pending quotes that R6 and R7 are about."""
        return [quote for quote in self.pending_quotes if not is_own_quote(quote, self.contact)]

    def check_default_method(self, at: datetime, subscription_ids: Collection[str] | None = None) -> None:
        """R3: for an order of these subscriptions, or else of any that seats can be added to. Subscriptions
        paid by invoice need no method."""
        ordered = [
            row.subscription
            for row in self.rows
            if (row.refusal is None if subscription_ids is None else row.subscription.id in subscription_ids)
        ]
        charged = [each for each in ordered if not each.outlook.is_paid_by_invoice]
        needs_method = len(charged) == len(ordered) if subscription_ids is None else bool(charged)
        if needs_method:
            today = self.account.get_local_date(at)
            own_ids = [each.default_payment_method_id for each in charged]
            check_default_method(self.default_methods, today, own_ids)
            if subscription_ids is not None:
                self._check_accepted_methods(charged, today)

    def _check_accepted_methods(self, ordered: Collection[Subscription], today: date) -> None:
        names = {row.subscription.id: row.product.name for row in self.rows}
        for subscription in ordered:
            check_accepted_method(self.default_methods, today, subscription, names[subscription.id])


def is_own_quote(quote: Quote, contact: BillingContact) -> bool:
    """Whether the person's cart created it: an account has one cart per person, with at most one such quote
    pending."""
    return quote.contact_id == contact.id and not quote.created_externally


# Built once: every opening sends it, and building it takes half as long as running it.
_CART_QUERY = (
    select_joined(Subscription, Product, SeatBlock, Cart, PaymentMethod, Quote)
    .select_from(Account)
    .outerjoin(Subscription, col(Subscription.account_id) == Account.id)
    .outerjoin(Product, col(Product.id) == Subscription.product_id)
    .outerjoin(SeatBlock, col(SeatBlock.subscription_id) == Subscription.id)
    .outerjoin(
        Cart, and_(col(Cart.account_id) == Account.id, col(Cart.contact_id) == bindparam("contact_id"))
    )
    .outerjoin(
        PaymentMethod,
        and_(
            col(PaymentMethod.account_id) == Account.id,
            col(PaymentMethod.active),
            or_(
                col(PaymentMethod.is_default),
                col(PaymentMethod.id) == Subscription.default_payment_method_id,
            ),
        ),
    )
    .outerjoin(
        Quote,
        and_(
            col(Quote.account_id) == Account.id,
            PENDING_QUOTE_CONDITION,
            col(Quote.expires_at) > bindparam("at"),
        ),
    )
    .where(col(Account.id) == bindparam("account_id"))
    .order_by(
        col(Product.name), col(Subscription.id), col(SeatBlock.id), col(Quote.expires_at), col(Quote.id)
    )
)


async def load_cart_state(
    session: Session, account: Account, contact: BillingContact, at: datetime
) -> CartState:
    # In one query, with a row for each subscription and pending quote: an account has few of both.
    values = {"account_id": account.id, "contact_id": contact.id, "at": at}
    result = await session.exec(_CART_QUERY, params=values)
    rows = result.all()
    *_, cart, _, _ = rows[0]
    default_methods = {method.id: method for *_, method, _ in rows if method}
    all_rows = build_subscription_details(row[:3] for row in rows if row[0])
    quotes = {quote.key: quote for *_, quote in rows if quote}
    return CartState(account, contact, cart, all_rows, [*default_methods.values()], [*quotes.values()])


def apply_seat_inputs(
    stored_seats: Mapping[str, int],
    rows: list[SubscriptionDetails],
    seat_inputs: Mapping[str, str],
    limits: SeatLimits,
) -> dict[str, int]:
    """Returns the stored seats, overridden by what was entered. Stored seats that can no longer be ordered
    are dropped; entered ones are kept, because the cart is stored before it is refused. Raises
    SubscriptionNotFound for a subscription of another account."""
    refusals = {row.subscription.id: row.refusal for row in rows}
    seats = {s: n for s, n in stored_seats.items() if s in refusals and refusals[s] is None}
    errors: dict[str, Refusal] = {}
    for subscription_id, text in seat_inputs.items():
        if subscription_id not in refusals:
            raise SubscriptionNotFound
        try:
            seats[subscription_id] = limits.parse_seats(text)
        except Refusal as refusal:
            errors[f"seats:{subscription_id}"] = refusal
    if errors:
        raise InvalidInput(errors)
    return {subscription_id: n for subscription_id, n in seats.items() if n}


async def store_cart_seats(session: Session, state: CartState, seats: Mapping[str, int]) -> None:
    # Without the account's lock: a cart belongs to one person, and one statement stores it.
    if state.seats != seats:
        await _upsert_cart(session, state.account, state.contact, seats=dict(seats))


async def store_consent(
    session: Session, account: Account, contact: BillingContact, quote_ids: list[int]
) -> None:
    await _upsert_cart(session, account, contact, replaceable_quote_ids=quote_ids)


async def _upsert_cart(session: Session, account: Account, contact: BillingContact, **values: Any) -> None:
    new_cart = Cart(account_id=account.id, contact_id=contact.key, **values)
    await session.exec(
        build_insert(session, Cart)
        .values(new_cart.model_dump(exclude={"id"}))
        .on_conflict_do_update(index_elements=["account_id", "contact_id"], set_=values)
    )


async def clear_cart(session: Session, quote: Quote) -> None:
    if not quote.created_externally:
        await session.exec(
            update(Cart)
            .where(col(Cart.account_id) == quote.account_id, col(Cart.contact_id) == quote.contact_id)
            .values(seats={}, replaceable_quote_ids=[])
        )


def check_consent(pending_quotes: list[Quote], consented_quote_ids: Iterable[int]) -> None:
    """R7. Raises QuotesPending."""
    if not {q.key for q in pending_quotes} <= set(consented_quote_ids):
        raise QuotesPending(numbers=[q.number for q in pending_quotes])
