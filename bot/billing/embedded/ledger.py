"""The ledger: the embedded gateway's own record of seats and charges, as another company would keep it.

A subscription is copied to the ledger when it is first used, and again after an import changed it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import and_, bindparam, exists, or_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import load_only
from sqlmodel import col, delete, select

from bot.billing.embedded.simulated_cards import decide_current_status
from bot.billing.gateway import SeatBlockState, SubscriptionState
from bot.db import Database, Session
from models.account import Account, AccountNotFound
from models.ledger import (
    UNDECIDED_CHARGE_CONDITION,
    ChargeStatus,
    LedgerCharge,
    LedgerSeatBlock,
    LedgerSubscription,
)
from models.subscription import (
    SeatBlock,
    Subscription,
    SubscriptionNotFound,
)
from models.subscription.period_length import get_anchor_day, get_period_containing
from models.subscription.upcoming_changes import InvoiceTerms, UpcomingChanges

_IS_COPY_STALE = and_(
    col(Subscription.id).is_not(None),
    col(LedgerSubscription.revision).is_distinct_from(col(Subscription.revision)),
)
_HAS_UNDECIDED_CHARGE = exists().where(
    col(LedgerCharge.subscription_id) == col(LedgerSubscription.id), UNDECIDED_CHARGE_CONDITION
)
# The fields that prices depend on.
_PRICING_COLUMNS = (
    col(Account.time_zone),
    col(Account.tax_id),
    col(Account.tax_exemption),
    col(Account.tax_rate),
    col(Account.tax_name),
    col(Account.home_country),
    col(Account.pay_by_invoice),
)
# Built once: every opening of a cart sends it.
_LEDGER_QUERY = (
    select(Account, LedgerSubscription, LedgerSeatBlock, or_(_IS_COPY_STALE, _HAS_UNDECIDED_CHARGE))
    .outerjoin(Subscription, col(Subscription.account_id) == Account.id)
    .outerjoin(LedgerSubscription, col(LedgerSubscription.id) == Subscription.id)
    .outerjoin(LedgerSeatBlock, col(LedgerSeatBlock.subscription_id) == LedgerSubscription.id)
    .where(col(Account.id) == bindparam("account_id"))
    .order_by(col(Subscription.id), col(LedgerSeatBlock.id))
    .options(load_only(*_PRICING_COLUMNS, raiseload=True))  # type: ignore[arg-type]
)


@dataclass
class LedgerEntry:
    subscription: LedgerSubscription
    may_pay_by_invoice: bool = False
    blocks: list[SeatBlockState] = field(default_factory=list)

    def build_state(self, day: date) -> SubscriptionState:
        row = self.subscription
        return SubscriptionState(
            row.id,
            row.seats,
            row.unit_price,
            row.period,
            *compute_period_days(row, day),
            tuple(self.blocks),
            outlook=UpcomingChanges(invoice_terms=self._build_invoice_terms()),
        )

    def _build_invoice_terms(self) -> InvoiceTerms | None:
        days = self.subscription.days_until_due
        if days is None:
            return None
        return InvoiceTerms(days_until_due=days, is_order_allowed=self.may_pay_by_invoice)


@dataclass(frozen=True)
class AccountLedger:
    """`entries` are by subscription id. Of `account`, only what prices depend on is loaded."""

    account: Account
    entries: dict[str, LedgerEntry]

    def build_states(self, at: datetime) -> dict[str, SubscriptionState]:
        day = self.account.get_local_date(at)
        return {id_: entry.build_state(day) for id_, entry in self.entries.items()}


async def load_account_ledger(database: Database, account_id: str, now: datetime) -> AccountLedger:
    """Loads the ledger, with stale copies renewed and due charges settled. Usually there are none, and one
    query is enough."""
    ledger, is_stale = await _read_account_ledger(database, account_id)
    if is_stale:
        await _refresh_account_ledger(database, account_id, now)
        # Even if nothing was left to do: another request may have done it in the meantime.
        ledger, _ = await _read_account_ledger(database, account_id)
    return ledger


async def _read_account_ledger(database: Database, account_id: str) -> tuple[AccountLedger, bool]:
    async with database.read() as session:
        found = await session.exec(_LEDGER_QUERY, params={"account_id": account_id})
        rows = found.all()
    if not rows:
        raise AccountNotFound
    entries: dict[str, LedgerEntry] = {}
    for account, subscription, block, _ in rows:
        if subscription is not None:
            new = LedgerEntry(subscription, account.pay_by_invoice)
            entry = entries.setdefault(subscription.id, new)
            entry.blocks += [SeatBlockState(block.seats, block.unit_price)] if block else []
    return AccountLedger(rows[0][0], entries), any(is_stale for *_, is_stale in rows)


async def _refresh_account_ledger(database: Database, account_id: str, now: datetime) -> None:
    async with database.read() as session:
        stale_ids = await _list_stale_subscriptions(session, account_id, now)
    if not stale_ids:
        return
    # In one transaction, because a screen waits for it; in one order, so that two cannot deadlock.
    async with database.write() as session:
        for subscription_id in sorted(stale_ids):
            subscription, _ = await lock_ledger_subscription(session, subscription_id)
            charges = await list_open_charges(session, subscription)
            await settle_due_charges(session, subscription, charges, now)


async def _list_stale_subscriptions(session: Session, account_id: str, now: datetime) -> set[str]:
    stale_copies = await session.exec(
        select(Subscription.id)
        .outerjoin(LedgerSubscription, col(LedgerSubscription.id) == Subscription.id)
        .where(Subscription.account_id == account_id, _IS_COPY_STALE)
    )
    undecided = await session.exec(
        select(LedgerCharge)
        .join(LedgerSubscription)
        .where(LedgerSubscription.account_id == account_id, UNDECIDED_CHARGE_CONDITION)
    )
    decided_ids = {
        charge.subscription_id
        for charge in undecided.all()
        if decide_current_status(charge, now) is not charge.status
    }
    return {*stale_copies.all()} | decided_ids


async def lock_ledger_subscription(
    session: Session, subscription_id: str
) -> tuple[LedgerSubscription, Account]:
    """Returns the row, locked by this transaction and copied first if needed. Raises SubscriptionNotFound."""
    statement = (
        select(LedgerSubscription, Account, Subscription.revision)
        .join(Subscription, col(Subscription.id) == LedgerSubscription.id)
        .join(Account, col(Account.id) == LedgerSubscription.account_id)
        .where(LedgerSubscription.id == subscription_id)
        .with_for_update(of=LedgerSubscription)
    )
    found = (await session.exec(statement)).one_or_none()
    if found is None or found[0].revision != found[2]:
        await _copy_subscription(session, subscription_id, found[0] if found else None)
        found = (await session.exec(statement)).one()
    subscription, account, _ = found
    return subscription, account


async def _copy_subscription(
    session: Session, subscription_id: str, stale_copy: LedgerSubscription | None
) -> None:
    original = await session.get(Subscription, subscription_id)
    if original is None:
        raise SubscriptionNotFound
    if stale_copy is not None and stale_copy.revision == original.revision:
        return  # Another transaction has copied it while this one waited for the lock.
    values = original.model_dump(include=set(LedgerSubscription.model_fields))
    values["anchor_day"] = get_anchor_day(original.period_start, original.period_end, original.period)
    if stale_copy is not None:
        session.add(stale_copy.sqlmodel_update(values))
        await session.exec(delete(LedgerSeatBlock).where(col(LedgerSeatBlock.subscription_id) == original.id))
    elif not await _add_unless_copied(session, LedgerSubscription(**values)):
        return
    blocks = await session.exec(select(SeatBlock).where(SeatBlock.subscription_id == original.id))
    session.add_all(LedgerSeatBlock(**block.model_dump(exclude={"id"})) for block in blocks.all())


async def _add_unless_copied(session: Session, copy: LedgerSubscription) -> bool:
    """Returns False if another transaction has copied the subscription in the meantime."""
    try:
        async with session.begin_nested():
            session.add(copy)
    except IntegrityError:
        return False
    return True


async def list_open_charges(
    session: Session, subscription: LedgerSubscription, key: str | None = None
) -> Sequence[LedgerCharge]:
    charges = await session.exec(
        select(LedgerCharge).where(
            or_(
                and_(col(LedgerCharge.subscription_id) == subscription.id, UNDECIDED_CHARGE_CONDITION),
                col(LedgerCharge.idempotency_key) == key,
            )
        )
    )
    return charges.all()


async def settle_due_charges(
    session: Session, subscription: LedgerSubscription, charges: Iterable[LedgerCharge], now: datetime
) -> None:
    for charge in charges:
        if not charge.is_undecided:
            continue
        charge.status = decide_current_status(charge, now)
        if charge.status is ChargeStatus.SETTLED:
            await add_charged_seats(session, subscription, charge)


async def add_charged_seats(session: Session, subscription: LedgerSubscription, charge: LedgerCharge) -> None:
    subscription.seats += charge.seats
    if charge.unit_price == subscription.unit_price:
        return
    for block in await list_seat_blocks(session, subscription.id):
        if block.unit_price == charge.unit_price:
            block.seats += charge.seats
            return
    session.add(
        LedgerSeatBlock(subscription_id=subscription.id, unit_price=charge.unit_price, seats=charge.seats)
    )


async def list_seat_blocks(session: Session, subscription_id: str) -> Sequence[LedgerSeatBlock]:
    found = await session.exec(
        select(LedgerSeatBlock)
        .where(LedgerSeatBlock.subscription_id == subscription_id)
        .order_by(col(LedgerSeatBlock.id))
    )
    return found.all()


def compute_period_days(subscription: LedgerSubscription, day: date) -> tuple[date, date]:
    """Returns the first day of the period that contains `day`, and the first day after it. Counted from the
    copied period, which is never overwritten: a charge frozen before a renewal is priced in the period it was
    quoted for."""
    return get_period_containing(
        subscription.period_start, subscription.period_end, subscription.period, subscription.anchor_day, day
    )
