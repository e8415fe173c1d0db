"""Bringing an account to what a file says of it. What it no longer lists is withdrawn, never deleted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.accounts_file import AccountEntry
from bot.accounts_file.entries import PaymentMethodEntry, SubscriptionEntry
from bot.use_cases.accounts_import.existing import Holdings, account_values, self_service_values
from bot.use_cases.audit.write import record
from models.administrator import Administrator
from models.audit_entry import Actor
from models.billing_contact import BillingContact
from models.money import parse_amount
from models.payment_method import PaymentMethod
from models.seat_assignment import SeatAssignment
from models.subscription import Subscription, anchor_day, rolled_period

# Of a field [old, new]; of a thing "added", "withdrawn", or its fields that changed.
Changes = dict[str, Any]
Values = dict[str, Any]


@dataclass
class ImportRun:
    """One import: who, when and how, and what came of it so far."""

    actor: Actor
    at: datetime
    overwrite: bool
    changed: set[str] = field(default_factory=set)
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
        self.changed.add(account_id)
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


Part = TypeVar("Part", bound=Withdrawable)


def upsert_account(held: Holdings, entry: AccountEntry) -> Changes:
    """The account itself."""
    wanted = entry.billing_address.model_dump()
    if held.is_new:
        return {"billing_address": [None, wanted]}
    here = held.account.billing_address.model_dump()
    changes = _set(held.account, account_values(entry))
    # An order's address becomes the account's (R10): only a file with a new one takes that back.
    if wanted not in (here, held.imported_address):
        held.account.sqlmodel_update(wanted)
        changes["billing_address"] = [here, wanted]
    return changes


def upsert_people_and_methods(held: Holdings, entry: AccountEntry) -> Changes:
    own: Values = {"account_id": entry.id}
    contacts = {c.email: c.model_dump() for c in entry.billing_contacts}
    administrators = {
        a.email: {**a.model_dump(exclude={"seats"}), "imported": True} for a in entry.administrators
    }
    methods = {m.id: _method_values(m) for m in entry.payment_methods}
    if entry.stripe_customer is not None:
        # A provider that keeps them says which there are: a file withdraws none.
        methods = {m.id: {"id": m.id} for m in held.methods.values() if m.active}
    return {
        **_take_over("contact", held.contacts, contacts, partial(BillingContact, **own)),
        **_take_over("administrator", held.administrators, administrators, partial(Administrator, **own)),
        **_take_over("payment_method", held.methods, methods, partial(PaymentMethod, **own)),
    }


def _method_values(entry: PaymentMethodEntry) -> Values:
    year, month = entry.expires
    values = entry.model_dump(include={"id", "brand", "last4", "automatic"})
    return {**values, "expiry_year": year, "expiry_month": month, "is_default": entry.default}


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
        if rows[key].active and getattr(rows[key], "imported", True):
            rows[key].active = False
            changes[f"{label}:{key}"] = "withdrawn"
    return changes


def upsert_subscriptions(
    run: ImportRun, held: Holdings, entry: AccountEntry
) -> tuple[Changes, dict[str, Changes]]:
    """What changed, and what was overwritten of which subscription. Those not listed stay."""
    changes: Changes = {}
    overwritten: dict[str, Changes] = {}
    today = held.account.today(run.at)
    for listed in entry.subscriptions:
        values = _subscription_values(listed, held.account.currency)
        row = held.subscriptions.get(listed.id)
        if row is None:
            made = Subscription(account_id=entry.id, **values, **_providers_values(listed))
            held.subscriptions[listed.id] = made
            changes[f"subscription:{listed.id}"] = "added"
            continue
        if changed := _set(row, values):
            changes[f"subscription:{listed.id}"] = changed
            row.revision += "unit_price" in changed
        if _differs(row, listed, today) and run.overwrite:
            overwritten[listed.id] = _overwrite(held, row, listed)
        elif _differs(row, listed, today):
            run.kept_subscriptions.append(listed.id)
    return changes, overwritten


def _subscription_values(entry: SubscriptionEntry, currency: str) -> Values:
    price = parse_amount(entry.unit_price, currency)
    own = {"id": entry.id, "product_id": entry.product, "unit_price": price}
    return {**own, **self_service_values(entry)}


def _providers_values(entry: SubscriptionEntry) -> Values:
    """What the provider counts on, once the subscription is stored."""
    return entry.model_dump(include={"seats", "period", "period_start", "period_end"})


def _differs(row: Subscription, entry: SubscriptionEntry, today: date) -> bool:
    """Other seats, or another period than the stored one and those that follow from it."""
    periods = (row.period, current_days(row, today)), (entry.period, current_days(entry, today))
    return row.seats != entry.seats or periods[0] != periods[1]


def current_days(held: Subscription | SubscriptionEntry, today: date) -> tuple[date, date]:
    """The days of the period that holds `today`, as the provider will count them on."""
    start, end = held.period_start, held.period_end
    return rolled_period(start, end, held.period, anchor_day(start, end, held.period), today)


def _overwrite(held: Holdings, row: Subscription, entry: SubscriptionEntry) -> Changes:
    """A file knows one price of a subscription: other seats of it leave no block at another price."""
    changed = _set(row, _providers_values(entry))
    row.revision += 1
    if "seats" in changed:
        held.removed += held.blocks.pop(row.id, [])
    return changed


def upsert_seats(held: Holdings, entry: AccountEntry) -> Changes:
    """The seats that administrators have by the file; those that orders gave them stay.

    The administrators are stored.
    """
    changes: Changes = {}
    for listed in entry.administrators:
        if listed.seats is not None:
            wanted = {held.subscriptions[s].product_id: s for s in listed.seats}
            changed = _take_seats(held, held.administrators[listed.email].key, wanted)
            changes |= {f"seat:{listed.email}:{product}": change for product, change in changed.items()}
    return changes


def _take_seats(held: Holdings, administrator_id: int, wanted: dict[str, str]) -> Changes:
    """`wanted`: product → subscription."""
    changes: Changes = {}
    for product_id, subscription_id in wanted.items():
        seat = held.seats.get((administrator_id, product_id))
        if seat is None:
            held.seats[administrator_id, product_id] = SeatAssignment(
                administrator_id=administrator_id, product_id=product_id, subscription_id=subscription_id
            )
            changes[product_id] = "added"
        elif seat.order_line_id is None and (moved := _set(seat, {"subscription_id": subscription_id})):
            changes[product_id] = moved
    for (holder, product_id), seat in list(held.seats.items()):
        if holder == administrator_id and product_id not in wanted and seat.order_line_id is None:
            held.removed.append(held.seats.pop((holder, product_id)))
            changes[product_id] = "withdrawn"
    return changes


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
