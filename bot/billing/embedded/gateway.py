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

from bot.billing.gateway import (
    BillingUnavailable,
    Charge,
    ChargeOutcome,
    Declined,
    LineRequest,
    NeedsCustomer,
    NeverReceived,
    PaymentMethodState,
    Pending,
    Preview,
    SeatBlockState,
    SeatsChanged,
    Settled,
    SubscriptionState,
    Unknown,
)
from bot.billing.pricing import price_lines
from bot.db import Database, Session
from bot.metrics import instrument_adapter
from models.account import Account, AccountNotFound, Address
from models.ledger import (
    UNDECIDED_CHARGE_CONDITION,
    ChargeStatus,
    LedgerCharge,
    LedgerSeatBlock,
    LedgerSubscription,
)
from models.proration import BillingPeriod, get_local_date
from models.receipt import ProviderReceipt
from models.subscription import (
    SeatBlock,
    Subscription,
    SubscriptionNotFound,
    get_anchor_day,
    get_period_containing,
)

DECLINED_CARD_PREFIX = "pm_declined"
SLOW_CARD_PATTERN = re.compile(r"pm_slow_(\d{1,6})")
CONFIRMATION_CARD_PREFIX = "pm_customer"
ABSENT_CUSTOMER_CARD_PREFIX = "pm_customer_never"
LOST_RESPONSE_CARD_PREFIX = "pm_lost"

CUSTOMER_CONFIRMATION_DELAY = timedelta(seconds=20)
CUSTOMER_CONFIRMATION_WINDOW = timedelta(hours=23)

# Rows of `_BOOKS`: one for the account, and each subscription's with its seats at other prices.
LedgerSnapshot = tuple[Row[Any], dict[str, tuple[Row[Any], list[SeatBlockState]]]]


@instrument_adapter("billing", BillingUnavailable)
class EmbeddedGateway:
    """Keeps the claims of BillingGateway. `portal_link` is where customers confirm and manage methods."""

    # Nobody sends word: it is asked.
    reconcile_interval = timedelta(seconds=10)

    def __init__(self, database: Database, now: Callable[[], datetime], portal_link: str) -> None:
        self._database = database
        self._now = now
        self._portal_link = portal_link

    async def list_subscriptions(self, account_id: str) -> list[SubscriptionState]:
        account, books = await self._load_ledger(account_id)
        today = get_local_date(account.time_zone, self._now())
        return [_build_subscription_state(held, blocks, today) for held, blocks in books.values()]

    async def list_payment_methods(self, account_id: str) -> list[PaymentMethodState] | None:
        return None

    async def preview_lines(
        self, account_id: str, lines: list[LineRequest], at: datetime, address: Address
    ) -> Preview:
        account, books = await self._load_ledger(account_id)
        if any(line.subscription_id not in books for line in lines):
            raise SubscriptionNotFound
        today = get_local_date(account.time_zone, at)
        states = {i: _build_subscription_state(held, blocks, today) for i, (held, blocks) in books.items()}
        return price_lines(states, lines, at=at, zone=account.time_zone, rate=_get_tax_rate(account, address))

    async def place_charge(self, charge: Charge) -> ChargeOutcome:
        async with self._database.write() as session:
            held = await self._lock_subscription(session, charge)
            taken = await session.get(LedgerCharge, charge.key)
            if taken is not None:
                return self._build_outcome(taken)
            if held.seats != charge.expected_seats:
                return SeatsChanged()
            taken = _create_charge(charge, held, await _get_account(session, charge.account_id), self._now())
            session.add(taken)
            if taken.status is ChargeStatus.SETTLED:
                await _add_seats(session, held, taken)
        answer_is_lost = charge.payment_method_id.startswith(LOST_RESPONSE_CARD_PREFIX)
        return Unknown() if answer_is_lost else self._build_outcome(taken)

    async def reconcile_charge(self, charge: Charge) -> ChargeOutcome | NeverReceived:
        async with self._database.write() as session:
            await self._lock_subscription(session, charge)
            taken = await session.get(LedgerCharge, charge.key)
            return self._build_outcome(taken) if taken else NeverReceived()

    async def fetch_receipt_page(self, account_id: str, receipt: str) -> ProviderReceipt | None:
        return None

    async def create_portal_link(self, account_id: str) -> str:
        return self._portal_link

    async def check_connection(self) -> str:
        return "for evaluation and demos, nobody is charged"

    async def set_seats(self, subscription_id: str, seats: int) -> None:
        """What another buyer would do at the provider. Seats at other prices stay while they fit."""
        async with self._database.write() as session:
            held = await _lock_ledger_subscription(session, subscription_id)
            held.seats = seats
            for block in await _list_blocks(session, subscription_id):
                block.seats = min(block.seats, seats)
                seats -= block.seats
                if not block.seats:
                    await session.delete(block)

    async def _lock_subscription(self, session: Session, charge: Charge) -> LedgerSubscription:
        """The charge's subscription, held by this transaction, with what is due on it settled."""
        held = await _lock_ledger_subscription(session, charge.subscription_id)
        if held.account_id != charge.account_id:
            raise SubscriptionNotFound
        await _settle_due_charges(session, held, self._now())
        return held

    async def _load_ledger(self, account_id: str) -> LedgerSnapshot:
        """With what is new copied and what is due settled. Mostly neither is, and one look is enough."""
        books, doubted = await self._read_ledger(account_id)
        if doubted:
            await self._refresh_ledger(account_id)
            # Also where nothing was left to do: others may have done it since the first look.
            books, _ = await self._read_ledger(account_id)
        return books

    async def _read_ledger(self, account_id: str) -> tuple[LedgerSnapshot, bool]:
        """With whether any subscription may be behind."""
        async with self._database.read() as session:
            found = (await session.exec(_LEDGER_QUERY, params={"account": account_id})).all()
        if not found:
            raise AccountNotFound
        held: dict[str, tuple[Row[Any], list[SeatBlockState]]] = {}
        for row in found:
            if row.id:
                block = [SeatBlockState(row.block_seats, row.block_price)] if row.block_seats else []
                held.setdefault(row.id, (row, []))[1].extend(block)
        return (found[0], held), any(row.doubted for row in found)

    async def _refresh_ledger(self, account_id: str) -> None:
        async with self._database.read() as session:
            behind = await _list_stale_subscriptions(session, account_id, self._now())
        if not behind:
            return
        # Of an account of many subscriptions all at once, and always in the same order: a screen waits.
        async with self._database.write() as session:
            for subscription_id in sorted(behind):
                await _settle_due_charges(
                    session, await _lock_ledger_subscription(session, subscription_id), self._now()
                )

    def _build_outcome(self, charge: LedgerCharge) -> ChargeOutcome:
        if charge.status is ChargeStatus.SETTLED:
            return Settled(_make_receipt_reference(charge.idempotency_key), charge.amount, charge.tax)
        # Only a charge that waited has a time until which it did.
        if charge.deadline_at is None:
            return Declined("card_declined")
        if charge.status is ChargeStatus.DECLINED:
            return Declined("customer_timeout")
        if charge.status is ChargeStatus.NEEDS_CUSTOMER:
            return NeedsCustomer(self._portal_link, charge.deadline_at)
        return Pending(charge.deadline_at)


async def _get_account(session: Session, account_id: str) -> Account:
    account = await session.get(Account, account_id)
    if account is None:
        raise AccountNotFound
    return account


# --- the books


async def _lock_ledger_subscription(session: Session, subscription_id: str) -> LedgerSubscription:
    """The ledger's own record, held by this transaction; a copy of the bot's at its first use, and after
    an import changed that."""
    record = select(LedgerSubscription).where(LedgerSubscription.id == subscription_id).with_for_update()
    held = (await session.exec(record)).one_or_none()
    original = await session.get(Subscription, subscription_id)
    if original is None:
        raise SubscriptionNotFound
    if held is None or held.revision != original.revision:
        await _copy_subscription(session, original, held)
        held = (await session.exec(record)).one()
    return held


async def _copy_subscription(
    session: Session, original: Subscription, existing: LedgerSubscription | None
) -> None:
    subscription_id = original.id
    fields = original.model_dump(include=set(LedgerSubscription.model_fields))
    fields["anchor_day"] = get_anchor_day(original.period_start, original.period_end, original.period)
    if existing is not None:
        session.add(existing.sqlmodel_update(fields))
        await session.exec(
            delete(LedgerSeatBlock).where(col(LedgerSeatBlock.subscription_id) == subscription_id)
        )
    elif not await _add_unless_copied(session, LedgerSubscription(**fields)):
        return
    blocks = await session.exec(select(SeatBlock).where(SeatBlock.subscription_id == subscription_id))
    for block in blocks.all():
        session.add(LedgerSeatBlock(**block.model_dump(exclude={"id"})))


async def _add_unless_copied(session: Session, subscription: LedgerSubscription) -> bool:
    """False where another transaction copied it a moment ago: its copy is the one."""
    try:
        async with session.begin_nested():
            session.add(subscription)
    except IntegrityError:
        return False
    return True


_ACCOUNT_TABLE, _SUBSCRIPTION_TABLE = Account.__table__, Subscription.__table__  # type: ignore[attr-defined]
_LEDGER_TABLE, _BLOCK_TABLE = LedgerSubscription.__table__, LedgerSeatBlock.__table__  # type: ignore[attr-defined]
_IS_COPY_STALE = and_(
    _SUBSCRIPTION_TABLE.c.id.is_not(None),
    _LEDGER_TABLE.c.revision.is_distinct_from(_SUBSCRIPTION_TABLE.c.revision),
)
_HAS_UNDECIDED_CHARGE = exists().where(
    col(LedgerCharge.subscription_id) == _LEDGER_TABLE.c.id, UNDECIDED_CHARGE_CONDITION
)
# Rows, not models: each screen that opens has the books read, and the mapper takes as long again.
_LEDGER_QUERY = (
    select(  # type: ignore[call-overload]
        *(_ACCOUNT_TABLE.c.time_zone, _ACCOUNT_TABLE.c.tax_rate, _ACCOUNT_TABLE.c.home_country),
        _LEDGER_TABLE,
        *(_BLOCK_TABLE.c.seats.label("block_seats"), _BLOCK_TABLE.c.unit_price.label("block_price")),
        or_(_IS_COPY_STALE, _HAS_UNDECIDED_CHARGE).label("doubted"),
    )
    .outerjoin_from(
        _ACCOUNT_TABLE, _SUBSCRIPTION_TABLE, _SUBSCRIPTION_TABLE.c.account_id == _ACCOUNT_TABLE.c.id
    )
    .outerjoin(_LEDGER_TABLE, _LEDGER_TABLE.c.id == _SUBSCRIPTION_TABLE.c.id)
    .outerjoin(_BLOCK_TABLE, _BLOCK_TABLE.c.subscription_id == _LEDGER_TABLE.c.id)
    .where(_ACCOUNT_TABLE.c.id == bindparam("account"))
    .order_by(_SUBSCRIPTION_TABLE.c.id, _BLOCK_TABLE.c.id)
)


async def _list_stale_subscriptions(session: Session, account_id: str, now: datetime) -> set[str]:
    """The account's subscriptions that are not copied as they are, or on which the network has decided."""
    not_copied = await session.exec(
        select(Subscription.id)
        .outerjoin(LedgerSubscription, col(LedgerSubscription.id) == Subscription.id)
        .where(Subscription.account_id == account_id, _IS_COPY_STALE)
    )
    undecided = await session.exec(
        select(LedgerCharge)
        .join(LedgerSubscription)
        .where(LedgerSubscription.account_id == account_id, UNDECIDED_CHARGE_CONDITION)
    )
    decided = {c.subscription_id for c in undecided.all() if _decide_current_status(c, now) is not c.status}
    return {*not_copied.all()} | decided


async def _list_blocks(session: Session, subscription_id: str) -> list[LedgerSeatBlock]:
    of_one = select(LedgerSeatBlock).where(LedgerSeatBlock.subscription_id == subscription_id)
    return list((await session.exec(of_one.order_by(col(LedgerSeatBlock.id)))).all())


async def _add_seats(session: Session, subscription: LedgerSubscription, charge: LedgerCharge) -> None:
    """Seats at another price than the subscription's are a block of their own (R17)."""
    subscription.seats += charge.seats
    if charge.unit_price == subscription.unit_price:
        return
    for block in await _list_blocks(session, subscription.id):
        if block.unit_price == charge.unit_price:
            block.seats += charge.seats
            return
    session.add(
        LedgerSeatBlock(subscription_id=subscription.id, unit_price=charge.unit_price, seats=charge.seats)
    )


# --- periods and prices


def _compute_period_days(subscription: LedgerSubscription | Row[Any], day: date) -> tuple[date, date]:
    """The first day of the period that holds `day`, and the first day after it.

    Counted from the period that was copied, which is never rewritten: an earlier `day` finds the period
    it was in, so that a charge frozen before the turn is priced as it was promised.
    """
    return get_period_containing(
        subscription.period_start, subscription.period_end, subscription.period, subscription.anchor_day, day
    )


def _compute_period(subscription: LedgerSubscription, account: Account, at: datetime) -> BillingPeriod:
    return BillingPeriod.from_dates(
        *_compute_period_days(subscription, account.get_local_date(at)), account.time_zone
    )


def _build_subscription_state(
    row: Row[Any], blocks: Iterable[SeatBlockState], today: date
) -> SubscriptionState:
    start, end = _compute_period_days(row, today)
    return SubscriptionState(row.id, row.seats, row.unit_price, row.period, start, end, tuple(blocks))


def _get_tax_rate(account: Row[Any], address: Address) -> str:
    return str(account.tax_rate) if address.country == account.home_country else "0"


# --- the card network


def _create_charge(
    charge: Charge, subscription: LedgerSubscription, account: Account, now: datetime
) -> LedgerCharge:
    period = _compute_period(subscription, account, charge.at)
    status, until = _decide_initial_status(charge.payment_method_id, now, period)
    return LedgerCharge(
        idempotency_key=charge.key,
        subscription_id=subscription.id,
        payment_method_id=charge.payment_method_id,
        seats=charge.seats,
        unit_price=charge.unit_price,
        amount=charge.amount,
        tax=charge.tax,
        status=status,
        created_at=now,
        deadline_at=until,
    )


def _decide_initial_status(
    payment_method_id: str, now: datetime, period: BillingPeriod
) -> tuple[ChargeStatus, datetime | None]:
    """What the network says at once, and until when it may say something else."""
    if payment_method_id.startswith(DECLINED_CARD_PREFIX):
        return ChargeStatus.DECLINED, None
    if slow := SLOW_CARD_PATTERN.match(payment_method_id):
        return ChargeStatus.PENDING, now + timedelta(seconds=int(slow[1]))
    if payment_method_id.startswith(CONFIRMATION_CARD_PREFIX):
        return ChargeStatus.NEEDS_CUSTOMER, min(now + CUSTOMER_CONFIRMATION_WINDOW, period.end)
    return ChargeStatus.SETTLED, None


def _decide_current_status(charge: LedgerCharge, now: datetime) -> ChargeStatus:
    """What the network says of an undecided charge by `now`."""
    assert charge.deadline_at is not None, "an undecided charge has a time by which it is decided"
    if charge.status is ChargeStatus.PENDING:
        return ChargeStatus.SETTLED if now >= charge.deadline_at else ChargeStatus.PENDING
    confirmed_at = charge.created_at + CUSTOMER_CONFIRMATION_DELAY
    confirms = confirmed_at < charge.deadline_at and not charge.payment_method_id.startswith(
        ABSENT_CUSTOMER_CARD_PREFIX
    )
    if confirms and now >= confirmed_at:
        return ChargeStatus.SETTLED
    return ChargeStatus.DECLINED if now >= charge.deadline_at else ChargeStatus.NEEDS_CUSTOMER


async def _settle_due_charges(session: Session, subscription: LedgerSubscription, now: datetime) -> None:
    undecided = await session.exec(
        select(LedgerCharge).where(
            col(LedgerCharge.subscription_id) == subscription.id, UNDECIDED_CHARGE_CONDITION
        )
    )
    for taken in undecided.all():
        taken.status = _decide_current_status(taken, now)
        if taken.status is ChargeStatus.SETTLED:
            await _add_seats(session, subscription, taken)


def _make_receipt_reference(key: str) -> str:
    return "ch_" + hashlib.sha256(key.encode()).hexdigest()[:14]
