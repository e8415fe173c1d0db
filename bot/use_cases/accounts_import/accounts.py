"""Bringing an account to what a file says of it. What it no longer lists is withdrawn, never deleted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from bot.accounts_file import AccountEntry
from bot.accounts_file.entries import PaymentMethodEntry, SubscriptionEntry
from bot.db import Session
from bot.use_cases.accounts_import.existing import (
    ExistingAccount,
    build_account_values,
    build_self_service_values,
)
from bot.use_cases.audit.write import write_audit_entry
from models.administrator import Administrator
from models.audit_entry import Actor
from models.billing_contact import BillingContact
from models.money import parse_amount
from models.payment_method import PaymentMethod
from models.seat_assignment import SeatAssignment
from models.subscription import Subscription, get_anchor_day, get_period_containing

# Of a field [old, new]; of a thing "added", "withdrawn", or its fields that changed.
Changes = dict[str, Any]
FieldValues = dict[str, Any]


@dataclass
class ImportRun:
    """One import: who, when and how, and what came of it so far."""

    actor: Actor
    at: datetime
    overwrite: bool
    changed_account_ids: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    kept_subscriptions: list[str] = field(default_factory=list)
    kept_quotes: list[str] = field(default_factory=list)

    async def record_change(
        self,
        session: Session,
        account_id: str,
        subject: str,
        action: str,
        details: Changes,
        status_change: tuple[str | None, str | None] = (None, None),
    ) -> None:
        """Write history. The account is held by this transaction."""
        self.changed_account_ids.add(account_id)
        await write_audit_entry(
            session,
            account_id=account_id,
            actor=self.actor,
            subject=subject,
            action=action,
            at=self.at,
            status_change=status_change,
            details=details,
        )


class Deactivatable(Protocol):
    active: bool


Part = TypeVar("Part", bound=Deactivatable)


def upsert_account(existing: ExistingAccount, entry: AccountEntry) -> Changes:
    """The account itself."""
    wanted = entry.billing_address.model_dump()
    if existing.is_new:
        return {"billing_address": [None, wanted]}
    here = existing.account.billing_address.model_dump()
    changes = _update_fields(existing.account, build_account_values(entry))
    # An order's address becomes the account's (R10): only a file with a new one takes that back.
    if wanted not in (here, existing.last_imported_address):
        existing.account.sqlmodel_update(wanted)
        changes["billing_address"] = [here, wanted]
    return changes


def upsert_people_and_methods(existing: ExistingAccount, entry: AccountEntry) -> Changes:
    own: FieldValues = {"account_id": entry.id}
    contacts = {c.email: c.model_dump() for c in entry.billing_contacts}
    administrators = {
        a.email: {**a.model_dump(exclude={"seats"}), "imported": True} for a in entry.administrators
    }
    methods = {m.id: _build_method_values(m) for m in entry.payment_methods}
    if entry.stripe_customer is not None:
        # A provider that keeps them says which there are: a file withdraws none.
        methods = {m.id: {"id": m.id} for m in existing.payment_methods.values() if m.active}
    return {
        **_sync_rows("contact", existing.contacts, contacts, partial(BillingContact, **own)),
        **_sync_rows("administrator", existing.administrators, administrators, partial(Administrator, **own)),
        **_sync_rows("payment_method", existing.payment_methods, methods, partial(PaymentMethod, **own)),
    }


def _build_method_values(entry: PaymentMethodEntry) -> FieldValues:
    year, month = entry.expires
    values = entry.model_dump(include={"id", "brand", "last4", "automatic"})
    return {**values, "expiry_year": year, "expiry_month": month, "is_default": entry.default}


def _sync_rows(
    label: str, rows: dict[str, Part], listed: Mapping[str, FieldValues], create_row: Callable[..., Part]
) -> Changes:
    """Add, change, withdraw and take back, so that the active rows are the listed ones."""
    changes: Changes = {}
    for key, values in listed.items():
        if key not in rows:
            rows[key] = create_row(**values)
            changes[f"{label}:{key}"] = "added"
        elif changed := _update_fields(rows[key], {**values, "active": True}):
            changes[f"{label}:{key}"] = changed
    for key in rows.keys() - listed.keys():
        if rows[key].active and getattr(rows[key], "imported", True):
            rows[key].active = False
            changes[f"{label}:{key}"] = "withdrawn"
    return changes


def upsert_subscriptions(
    run: ImportRun, existing: ExistingAccount, entry: AccountEntry
) -> tuple[Changes, dict[str, Changes]]:
    """What changed, and what was overwritten of which subscription. Those not listed stay."""
    changes: Changes = {}
    overwritten: dict[str, Changes] = {}
    today = existing.account.get_local_date(run.at)
    for listed in entry.subscriptions:
        values = _build_subscription_values(listed, existing.account.currency)
        row = existing.subscriptions.get(listed.id)
        if row is None:
            made = Subscription(account_id=entry.id, **values, **_build_provider_values(listed))
            existing.subscriptions[listed.id] = made
            changes[f"subscription:{listed.id}"] = "added"
            continue
        if changed := _update_fields(row, values):
            changes[f"subscription:{listed.id}"] = changed
            row.revision += "unit_price" in changed
        if _has_other_terms(row, listed, today) and run.overwrite:
            overwritten[listed.id] = _overwrite_subscription(existing, row, listed)
        elif _has_other_terms(row, listed, today):
            run.kept_subscriptions.append(listed.id)
    return changes, overwritten


def _build_subscription_values(entry: SubscriptionEntry, currency: str) -> FieldValues:
    price = parse_amount(entry.unit_price, currency)
    own = {"id": entry.id, "product_id": entry.product, "unit_price": price}
    return {**own, **build_self_service_values(entry)}


def _build_provider_values(entry: SubscriptionEntry) -> FieldValues:
    """What the provider counts on, once the subscription is stored."""
    return entry.model_dump(include={"seats", "period", "period_start", "period_end"})


def _has_other_terms(row: Subscription, entry: SubscriptionEntry, today: date) -> bool:
    """Other seats, or another period than the stored one and those that follow from it."""
    periods = (row.period, get_current_period(row, today)), (entry.period, get_current_period(entry, today))
    return row.seats != entry.seats or periods[0] != periods[1]


def get_current_period(subscription: Subscription | SubscriptionEntry, today: date) -> tuple[date, date]:
    """The days of the period that holds `today`, as the provider will count them on."""
    start, end = subscription.period_start, subscription.period_end
    return get_period_containing(
        start, end, subscription.period, get_anchor_day(start, end, subscription.period), today
    )


def _overwrite_subscription(
    existing: ExistingAccount, row: Subscription, entry: SubscriptionEntry
) -> Changes:
    """A file knows one price of a subscription: other seats of it leave no block at another price."""
    changed = _update_fields(row, _build_provider_values(entry))
    row.revision += 1
    if "seats" in changed:
        existing.rows_to_delete += existing.seat_blocks.pop(row.id, [])
    return changed


def upsert_seats(existing: ExistingAccount, entry: AccountEntry) -> Changes:
    """The seats that administrators have by the file; those that orders gave them stay.

    The administrators are stored.
    """
    changes: Changes = {}
    for listed in entry.administrators:
        if listed.seats is not None:
            wanted = {existing.subscriptions[s].product_id: s for s in listed.seats}
            changed = _sync_seats(existing, existing.administrators[listed.email].key, wanted)
            changes |= {f"seat:{listed.email}:{product}": change for product, change in changed.items()}
    return changes


def _sync_seats(
    existing: ExistingAccount, administrator_id: int, subscription_by_product: dict[str, str]
) -> Changes:
    """`wanted`: product → subscription."""
    changes: Changes = {}
    for product_id, subscription_id in subscription_by_product.items():
        seat = existing.seat_assignments.get((administrator_id, product_id))
        if seat is None:
            existing.seat_assignments[administrator_id, product_id] = SeatAssignment(
                administrator_id=administrator_id, product_id=product_id, subscription_id=subscription_id
            )
            changes[product_id] = "added"
        elif seat.order_line_id is None and (
            moved := _update_fields(seat, {"subscription_id": subscription_id})
        ):
            changes[product_id] = moved
    for (holder, product_id), seat in list(existing.seat_assignments.items()):
        if (
            holder == administrator_id
            and product_id not in subscription_by_product
            and seat.order_line_id is None
        ):
            existing.rows_to_delete.append(existing.seat_assignments.pop((holder, product_id)))
            changes[product_id] = "withdrawn"
    return changes


def _update_fields(row: object, values: FieldValues) -> Changes:
    """Give the row these values; what that changed, field → [old, new]."""
    changes: Changes = {}
    for name, new in values.items():
        old = getattr(row, name)
        if old != new:
            setattr(row, name, new)
            changes[name] = [_format_audit_value(old), _format_audit_value(new)]
    return changes


def _format_audit_value(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
