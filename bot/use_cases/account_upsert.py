"""Bringing one account to what a file says of it. What it no longer lists is withdrawn, never deleted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlmodel import SQLModel, col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.accounts_file import AccountEntry
from bot.accounts_file.entries import PaymentMethodEntry, SelfServiceEntry, SubscriptionEntry
from bot.db import lock_account
from bot.use_cases.audit_entry import record
from models.account import Account
from models.administrator import Administrator
from models.audit_entry import Actor, AuditEntry
from models.billing_contact import BillingContact
from models.money import parse_amount
from models.payment_method import PaymentMethod
from models.seat_assignment import SeatAssignment
from models.subscription import SeatBlock, Subscription, anchor_day, rolled_period

# Of a field [old, new]; of a thing "added", "withdrawn", or its fields that changed.
Changes = dict[str, Any]
Values = dict[str, Any]


@dataclass
class ImportRun:
    """One import: who, when and how, and what came of it so far. `entries` counts audit entries."""

    actor: Actor
    at: datetime
    overwrite: bool
    entries: int = 0
    changed: int = 0
    warnings: list[str] = field(default_factory=list)
    kept_subscriptions: list[str] = field(default_factory=list)
    kept_quotes: list[str] = field(default_factory=list)

    async def note(
        self,
        session: AsyncSession,
        account_id: str,
        subject: str,
        action: str,
        details: Changes,
        change: tuple[str | None, str | None] = (None, None),
    ) -> None:
        """Write history. The account is held by this transaction."""
        self.entries += 1
        await record(
            session,
            account_id=account_id,
            actor=self.actor,
            subject=subject,
            action=action,
            at=self.at,
            change=change,
            details=details,
        )


class Withdrawable(Protocol):
    active: bool


Row = TypeVar("Row", bound=SQLModel)
Part = TypeVar("Part", bound=Withdrawable)


async def upsert_account(session: AsyncSession, run: ImportRun, entry: AccountEntry) -> Account:
    """The account as the file has it, held by this transaction, with its change in the history."""
    is_new = (await session.exec(select(Account.id).where(Account.id == entry.id))).first() is None
    if is_new:
        address = entry.billing_address.model_dump()
        account = Account(**_account_values(entry), **address)
        changes: Changes = {"billing_address": [None, address]}
    else:
        account = await lock_account(session, entry.id)
        changes = _set(account, _account_values(entry)) | await _move(session, account, entry)
    session.add(account)
    await session.flush()
    changes |= await _upsert_people_and_methods(session, entry, is_new)
    subscriptions, overwritten = await _upsert_subscriptions(session, run, account, entry, changes)
    changes |= await _upsert_seats(session, entry, subscriptions, is_new)
    await session.flush()
    if changes:
        action = "imported" if is_new else "updated"
        await run.note(session, account.id, f"account:{account.id}", action, changes)
    for subscription_id, details in overwritten.items():
        await run.note(session, account.id, f"subscription:{subscription_id}", "overwritten", details)
    return account


def _account_values(entry: AccountEntry) -> Values:
    """All that the file decides but the address; never the default portal (R15)."""
    plain = {"id", "name", "slack_team", "channel", "channel_amounts", "currency", "tax_rate", "locale"}
    values = entry.model_dump(include={*plain, "time_zone"})
    return {**values, **_self_service(entry.self_service), "home_country": entry.billing_address.country}


def _self_service(entry: SelfServiceEntry) -> Values:
    return {"self_service": entry.eligible, "self_service_reason": entry.reason}


async def _move(session: AsyncSession, account: Account, entry: AccountEntry) -> Changes:
    """An order's address becomes the account's (R10): only a file with a new one takes that back."""
    here, wanted = account.billing_address.model_dump(), entry.billing_address.model_dump()
    if wanted in (here, await _last_imported_address(session, account)):
        return {}
    account.sqlmodel_update(wanted)
    return {"billing_address": [here, wanted]}


async def _last_imported_address(session: AsyncSession, account: Account) -> Any:
    found = await session.exec(
        select(AuditEntry.details)
        .where(AuditEntry.subject == f"account:{account.id}", col(AuditEntry.source).startswith("import:"))
        .order_by(col(AuditEntry.number).desc())
    )
    return next((d["billing_address"][1] for d in found.all() if "billing_address" in d), None)


async def _upsert_people_and_methods(session: AsyncSession, entry: AccountEntry, is_new: bool) -> Changes:
    changes: Changes = {}
    contacts = {c.email: c.model_dump() for c in entry.billing_contacts}
    administrators = {a.email: a.model_dump(exclude={"seats"}) for a in entry.administrators}
    methods = {m.id: _method_values(m) for m in entry.payment_methods}
    for label, model, key, listed in (
        ("contact", BillingContact, "email", contacts),
        ("administrator", Administrator, "email", administrators),
        ("payment_method", PaymentMethod, "id", methods),
    ):
        rows: dict[str, Any] = {} if is_new else await _rows(session, model, key, entry.id)
        changes |= _take_over(label, rows, listed, partial(model, account_id=entry.id))
        session.add_all(rows.values())
    return changes


def _method_values(entry: PaymentMethodEntry) -> Values:
    year, month = entry.expires
    values = entry.model_dump(include={"id", "brand", "last4", "automatic"})
    return {**values, "expiry_year": year, "expiry_month": month, "is_default": entry.default}


async def _rows(session: AsyncSession, model: type[Row], key: str, account_id: str) -> dict[str, Row]:
    """The account's rows of a table, by one of its columns."""
    found = await session.exec(select(model).where(col(getattr(model, "account_id")) == account_id))  # noqa: B009
    return {getattr(row, key): row for row in found.all()}


def _take_over(
    label: str, rows: dict[str, Part], listed: Mapping[str, Values], make: Callable[..., Part]
) -> Changes:
    """Add, change, withdraw and take back, so that the active rows are the listed ones."""
    changes: Changes = {}
    for key, values in listed.items():
        if key not in rows:
            rows[key] = make(**values)
            changes[f"{label}:{key}"] = "added"
        elif changed := _set(rows[key], {**values, "active": True}):
            changes[f"{label}:{key}"] = changed
    for key in rows.keys() - listed.keys():
        if rows[key].active:
            rows[key].active = False
            changes[f"{label}:{key}"] = "withdrawn"
    return changes


async def _upsert_subscriptions(
    session: AsyncSession, run: ImportRun, account: Account, entry: AccountEntry, changes: Changes
) -> tuple[dict[str, Subscription], dict[str, Changes]]:
    """The account's subscriptions, and what was overwritten of which. Those not listed stay."""
    rows = await _rows(session, Subscription, "id", account.id)
    overwritten: dict[str, Changes] = {}
    for listed in entry.subscriptions:
        values = _subscription_values(listed, account.currency)
        row = rows.get(listed.id)
        if row is None:
            rows[listed.id] = Subscription(account_id=account.id, **values, **_providers_values(listed))
            changes[f"subscription:{listed.id}"] = "added"
            continue
        if changed := _set(row, values):
            changes[f"subscription:{listed.id}"] = changed
        if not _differs(row, listed, account.today(run.at)):
            continue
        if run.overwrite:
            overwritten[listed.id] = await _overwrite(session, row, listed)
        else:
            run.kept_subscriptions.append(listed.id)
    session.add_all(rows.values())
    await session.flush()
    return rows, overwritten


def _subscription_values(entry: SubscriptionEntry, currency: str) -> Values:
    price = parse_amount(entry.unit_price, currency)
    return {
        "id": entry.id,
        "product_id": entry.product,
        "unit_price": price,
        **_self_service(entry.self_service),
    }


def _providers_values(entry: SubscriptionEntry) -> Values:
    """What the provider counts on, once the subscription is stored."""
    return entry.model_dump(include={"seats", "period", "period_start", "period_end"})


def _differs(row: Subscription, entry: SubscriptionEntry, today: date) -> bool:
    """Other seats, or another period than the stored one and those that follow from it."""
    return row.seats != entry.seats or current_days(row, today) != current_days(entry, today)


def current_days(held: Subscription | SubscriptionEntry, today: date) -> tuple[date, date]:
    """The days of the period that holds `today`, as the provider will count them on."""
    start, end = held.period_start, held.period_end
    return rolled_period(start, end, held.period, anchor_day(start, end, held.period), today)


async def _overwrite(session: AsyncSession, row: Subscription, entry: SubscriptionEntry) -> Changes:
    """A file knows one price of a subscription: other seats of it leave no block at another price."""
    changed = _set(row, _providers_values(entry))
    if "seats" in changed:
        await session.exec(delete(SeatBlock).where(col(SeatBlock.subscription_id) == row.id))
    return changed


async def _upsert_seats(
    session: AsyncSession, entry: AccountEntry, subscriptions: dict[str, Subscription], is_new: bool
) -> Changes:
    """The seats that administrators have by the file; those that orders gave them stay."""
    changes: Changes = {}
    listed = {a.email: a.seats for a in entry.administrators if a.seats is not None}
    if not listed:
        return changes
    administrators = await _rows(session, Administrator, "email", entry.id)
    held = [] if is_new else await _seats(session, administrators)
    for email, wanted in listed.items():
        administrator_id = administrators[email].key
        own = {s.product_id: s for s in held if s.administrator_id == administrator_id}
        products = {subscriptions[s].product_id: s for s in wanted}
        for product_id, subscription_id in products.items():
            seat = own.get(product_id)
            if seat is None:
                ids = {"product_id": product_id, "subscription_id": subscription_id}
                session.add(SeatAssignment(administrator_id=administrator_id, **ids))
                changes[f"seat:{email}:{product_id}"] = "added"
            elif seat.order_line_id is None and (moved := _set(seat, {"subscription_id": subscription_id})):
                changes[f"seat:{email}:{product_id}"] = moved
        for product_id in own.keys() - products.keys():
            if own[product_id].order_line_id is None:
                await session.delete(own[product_id])
                changes[f"seat:{email}:{product_id}"] = "withdrawn"
    return changes


async def _seats(session: AsyncSession, administrators: dict[str, Administrator]) -> list[SeatAssignment]:
    ids = [a.key for a in administrators.values()]
    found = await session.exec(select(SeatAssignment).where(col(SeatAssignment.administrator_id).in_(ids)))
    return list(found.all())


def _set(row: object, values: Values) -> Changes:
    """Give the row these values; what that changed, field → [old, new]."""
    changes: Changes = {}
    for name, new in values.items():
        old = getattr(row, name)
        if old != new:
            setattr(row, name, new)
            changes[name] = [_told(old), _told(new)]
    return changes


def _told(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
