"""The embedded billing gateway: for evaluation, demos and tests. It charges nobody.

A provider's stand-in over tables of its own (`ledger_*`), which nothing else reads, written in its own
short transactions as a stranger would. Its card network is simulated: how a payment method's id begins
says what becomes of a charge.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, exists, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.billing.gateway import (
    BillingUnavailable,
    Block,
    Charge,
    Declined,
    LineRequest,
    MethodState,
    NeedsCustomer,
    NeverReceived,
    Outcome,
    Pending,
    Preview,
    SeatsChanged,
    Settled,
    SubscriptionState,
    Unknown,
)
from bot.billing.pricing import price
from bot.db import Database
from bot.metrics import measured
from models.account import Account, AccountNotFound, Address
from models.ledger import UNDECIDED, ChargeStatus, LedgerBlock, LedgerCharge, LedgerSubscription
from models.proration import Period, day_in
from models.receipt import ReceiptPage
from models.subscription import SeatBlock, Subscription, SubscriptionNotFound, anchor_day, rolled_period

DECLINED_CARD = "pm_declined"
SLOW_CARD = re.compile(r"pm_slow_(\d{1,6})")
CUSTOMER_CARD = "pm_customer"
ABSENT_CUSTOMER_CARD = "pm_customer_never"
LOST_ANSWER_CARD = "pm_lost"

CUSTOMER_CONFIRMS_AFTER = timedelta(seconds=20)
CUSTOMER_TIME = timedelta(hours=23)

# Rows of `_BOOKS`: one for the account, and each subscription's with its seats at other prices.
Books = tuple[Row[Any], dict[str, tuple[Row[Any], list[Block]]]]


@measured("billing", BillingUnavailable)
class EmbeddedGateway:
    """Keeps the claims of BillingGateway. `portal_link` is where customers confirm and manage methods."""

    # Nobody sends word: it is asked.
    patience = timedelta(seconds=10)

    def __init__(self, database: Database, now: Callable[[], datetime], portal_link: str) -> None:
        self._database = database
        self._now = now
        self._portal_link = portal_link

    async def subscriptions(self, account_id: str) -> list[SubscriptionState]:
        account, books = await self._books_of(account_id)
        today = day_in(account.time_zone, self._now())
        return [_state(held, blocks, today) for held, blocks in books.values()]

    async def payment_methods(self, account_id: str) -> list[MethodState] | None:
        return None

    async def preview(
        self, account_id: str, lines: list[LineRequest], at: datetime, address: Address
    ) -> Preview:
        account, books = await self._books_of(account_id)
        if any(line.subscription_id not in books for line in lines):
            raise SubscriptionNotFound
        today = day_in(account.time_zone, at)
        states = {i: _state(held, blocks, today) for i, (held, blocks) in books.items()}
        return price(states, lines, at=at, zone=account.time_zone, rate=_tax_rate(account, address))

    async def place(self, charge: Charge) -> Outcome:
        async with self._database.write() as session:
            held = await self._open(session, charge)
            taken = await session.get(LedgerCharge, charge.key)
            if taken is not None:
                return self._answer(taken)
            if held.seats != charge.expected_seats:
                return SeatsChanged()
            taken = _take(charge, held, await _account(session, charge.account_id), self._now())
            session.add(taken)
            if taken.status is ChargeStatus.SETTLED:
                await _add_seats(session, held, taken)
        answer_is_lost = charge.payment_method_id.startswith(LOST_ANSWER_CARD)
        return Unknown() if answer_is_lost else self._answer(taken)

    async def reconcile(self, charge: Charge) -> Outcome | NeverReceived:
        async with self._database.write() as session:
            await self._open(session, charge)
            taken = await session.get(LedgerCharge, charge.key)
            return self._answer(taken) if taken else NeverReceived()

    async def receipt_page(self, account_id: str, receipt: str) -> ReceiptPage | None:
        return None

    async def payment_portal_link(self, account_id: str) -> str:
        return self._portal_link

    async def check(self) -> str:
        return "for evaluation and demos, nobody is charged"

    async def set_seats(self, subscription_id: str, seats: int) -> None:
        """What another buyer would do at the provider. Seats at other prices stay while they fit."""
        async with self._database.write() as session:
            held = await _held(session, subscription_id)
            held.seats = seats
            for block in await _blocks(session, subscription_id):
                block.seats = min(block.seats, seats)
                seats -= block.seats
                if not block.seats:
                    await session.delete(block)

    async def _open(self, session: AsyncSession, charge: Charge) -> LedgerSubscription:
        """The charge's subscription, held by this transaction, with what is due on it settled."""
        held = await _held(session, charge.subscription_id)
        if held.account_id != charge.account_id:
            raise SubscriptionNotFound
        await _settle_due(session, held, self._now())
        return held

    async def _books_of(self, account_id: str) -> Books:
        """With what is new copied and what is due settled. Mostly neither is, and one look is enough."""
        books, doubted = await self._read_books(account_id)
        if doubted:
            await self._catch_up(account_id)
            # Also where nothing was left to do: others may have done it since the first look.
            books, _ = await self._read_books(account_id)
        return books

    async def _read_books(self, account_id: str) -> tuple[Books, bool]:
        """With whether any subscription may be behind."""
        async with self._database.read() as session:
            found = (await session.exec(_BOOKS, params={"account": account_id})).all()
        if not found:
            raise AccountNotFound
        held: dict[str, tuple[Row[Any], list[Block]]] = {}
        for row in found:
            if row.id:
                block = [Block(row.block_seats, row.block_price)] if row.block_seats else []
                held.setdefault(row.id, (row, []))[1].extend(block)
        return (found[0], held), any(row.doubted for row in found)

    async def _catch_up(self, account_id: str) -> None:
        async with self._database.read() as session:
            behind = await _behind(session, account_id, self._now())
        if not behind:
            return
        # Of an account of many subscriptions all at once, and always in the same order: a screen waits.
        async with self._database.write() as session:
            for subscription_id in sorted(behind):
                await _settle_due(session, await _held(session, subscription_id), self._now())

    def _answer(self, taken: LedgerCharge) -> Outcome:
        if taken.status is ChargeStatus.SETTLED:
            return Settled(_reference(taken.key), taken.amount, taken.tax)
        # Only a charge that waited has a time until which it did.
        if taken.until is None:
            return Declined("card_declined")
        if taken.status is ChargeStatus.DECLINED:
            return Declined("customer_timeout")
        if taken.status is ChargeStatus.NEEDS_CUSTOMER:
            return NeedsCustomer(self._portal_link, taken.until)
        return Pending(taken.until)


async def _account(session: AsyncSession, account_id: str) -> Account:
    account = await session.get(Account, account_id)
    if account is None:
        raise AccountNotFound
    return account


# --- the books


async def _held(session: AsyncSession, subscription_id: str) -> LedgerSubscription:
    """The ledger's own record, held by this transaction; a copy of the bot's at its first use, and after
    an import changed that."""
    record = select(LedgerSubscription).where(LedgerSubscription.id == subscription_id).with_for_update()
    held = (await session.exec(record)).one_or_none()
    original = await session.get(Subscription, subscription_id)
    if original is None:
        raise SubscriptionNotFound
    if held is None or held.revision != original.revision:
        await _copy(session, original, held)
        held = (await session.exec(record)).one()
    return held


async def _copy(session: AsyncSession, original: Subscription, held: LedgerSubscription | None) -> None:
    subscription_id = original.id
    fields = original.model_dump(include=set(LedgerSubscription.model_fields))
    fields["anchor_day"] = anchor_day(original.period_start, original.period_end, original.period)
    if held is not None:
        session.add(held.sqlmodel_update(fields))
        await session.exec(delete(LedgerBlock).where(col(LedgerBlock.subscription_id) == subscription_id))
    elif not await _added(session, LedgerSubscription(**fields)):
        return
    blocks = await session.exec(select(SeatBlock).where(SeatBlock.subscription_id == subscription_id))
    for block in blocks.all():
        session.add(LedgerBlock(**block.model_dump(exclude={"id"})))


async def _added(session: AsyncSession, held: LedgerSubscription) -> bool:
    """False where another transaction copied it a moment ago: its copy is the one."""
    try:
        async with session.begin_nested():
            session.add(held)
    except IntegrityError:
        return False
    return True


_ACCOUNT, _COPIED = Account.__table__, Subscription.__table__  # type: ignore[attr-defined]
_HELD, _BLOCK = LedgerSubscription.__table__, LedgerBlock.__table__  # type: ignore[attr-defined]
_IS_NOT_COPIED = and_(_COPIED.c.id.is_not(None), _HELD.c.revision.is_distinct_from(_COPIED.c.revision))
_IS_UNDECIDED = exists().where(col(LedgerCharge.subscription_id) == _HELD.c.id, UNDECIDED)
# Rows, not models: each screen that opens has the books read, and the mapper takes as long again.
_BOOKS = (
    select(  # type: ignore[call-overload]
        *(_ACCOUNT.c.time_zone, _ACCOUNT.c.tax_rate, _ACCOUNT.c.home_country),
        _HELD,
        *(_BLOCK.c.seats.label("block_seats"), _BLOCK.c.unit_price.label("block_price")),
        or_(_IS_NOT_COPIED, _IS_UNDECIDED).label("doubted"),
    )
    .outerjoin_from(_ACCOUNT, _COPIED, _COPIED.c.account_id == _ACCOUNT.c.id)
    .outerjoin(_HELD, _HELD.c.id == _COPIED.c.id)
    .outerjoin(_BLOCK, _BLOCK.c.subscription_id == _HELD.c.id)
    .where(_ACCOUNT.c.id == bindparam("account"))
    .order_by(_COPIED.c.id, _BLOCK.c.id)
)


async def _behind(session: AsyncSession, account_id: str, now: datetime) -> set[str]:
    """The account's subscriptions that are not copied as they are, or on which the network has decided."""
    not_copied = await session.exec(
        select(Subscription.id)
        .outerjoin(LedgerSubscription, col(LedgerSubscription.id) == Subscription.id)
        .where(Subscription.account_id == account_id, _IS_NOT_COPIED)
    )
    undecided = await session.exec(
        select(LedgerCharge)
        .join(LedgerSubscription)
        .where(LedgerSubscription.account_id == account_id, UNDECIDED)
    )
    decided = {c.subscription_id for c in undecided.all() if _later_answer(c, now) is not c.status}
    return {*not_copied.all()} | decided


async def _blocks(session: AsyncSession, subscription_id: str) -> list[LedgerBlock]:
    of_one = select(LedgerBlock).where(LedgerBlock.subscription_id == subscription_id)
    return list((await session.exec(of_one.order_by(col(LedgerBlock.id)))).all())


async def _add_seats(session: AsyncSession, held: LedgerSubscription, taken: LedgerCharge) -> None:
    """Seats at another price than the subscription's are a block of their own (R17)."""
    held.seats += taken.seats
    if taken.unit_price == held.unit_price:
        return
    for block in await _blocks(session, held.id):
        if block.unit_price == taken.unit_price:
            block.seats += taken.seats
            return
    session.add(LedgerBlock(subscription_id=held.id, unit_price=taken.unit_price, seats=taken.seats))


# --- periods and prices


def _days_of_period(held: LedgerSubscription | Row[Any], day: date) -> tuple[date, date]:
    """The first day of the period that holds `day`, and the first day after it.

    Counted from the period that was copied, which is never rewritten: an earlier `day` finds the period
    it was in, so that a charge frozen before the turn is priced as it was promised.
    """
    return rolled_period(held.period_start, held.period_end, held.period, held.anchor_day, day)


def _period(held: LedgerSubscription, account: Account, at: datetime) -> Period:
    return Period.of_days(*_days_of_period(held, account.today(at)), account.time_zone)


def _state(held: Row[Any], blocks: Iterable[Block], today: date) -> SubscriptionState:
    start, end = _days_of_period(held, today)
    return SubscriptionState(held.id, held.seats, held.unit_price, held.period, start, end, tuple(blocks))


def _tax_rate(account: Row[Any], address: Address) -> str:
    return str(account.tax_rate) if address.country == account.home_country else "0"


# --- the card network


def _take(charge: Charge, held: LedgerSubscription, account: Account, now: datetime) -> LedgerCharge:
    period = _period(held, account, charge.at)
    status, until = _first_answer(charge.payment_method_id, now, period)
    return LedgerCharge(
        key=charge.key,
        subscription_id=held.id,
        payment_method_id=charge.payment_method_id,
        seats=charge.seats,
        unit_price=charge.unit_price,
        amount=charge.amount,
        tax=charge.tax,
        status=status,
        created_at=now,
        until=until,
    )


def _first_answer(card: str, now: datetime, period: Period) -> tuple[ChargeStatus, datetime | None]:
    """What the network says at once, and until when it may say something else."""
    if card.startswith(DECLINED_CARD):
        return ChargeStatus.DECLINED, None
    if slow := SLOW_CARD.match(card):
        return ChargeStatus.PENDING, now + timedelta(seconds=int(slow[1]))
    if card.startswith(CUSTOMER_CARD):
        return ChargeStatus.NEEDS_CUSTOMER, min(now + CUSTOMER_TIME, period.end)
    return ChargeStatus.SETTLED, None


def _later_answer(taken: LedgerCharge, now: datetime) -> ChargeStatus:
    """What the network says of an undecided charge by `now`."""
    assert taken.until is not None, "an undecided charge has a time by which it is decided"
    if taken.status is ChargeStatus.PENDING:
        return ChargeStatus.SETTLED if now >= taken.until else ChargeStatus.PENDING
    confirmed_at = taken.created_at + CUSTOMER_CONFIRMS_AFTER
    confirms = confirmed_at < taken.until and not taken.payment_method_id.startswith(ABSENT_CUSTOMER_CARD)
    if confirms and now >= confirmed_at:
        return ChargeStatus.SETTLED
    return ChargeStatus.DECLINED if now >= taken.until else ChargeStatus.NEEDS_CUSTOMER


async def _settle_due(session: AsyncSession, held: LedgerSubscription, now: datetime) -> None:
    undecided = await session.exec(
        select(LedgerCharge).where(col(LedgerCharge.subscription_id) == held.id, UNDECIDED)
    )
    for taken in undecided.all():
        taken.status = _later_answer(taken, now)
        if taken.status is ChargeStatus.SETTLED:
            await _add_seats(session, held, taken)


def _reference(key: str) -> str:
    return "ch_" + hashlib.sha256(key.encode()).hexdigest()[:14]
