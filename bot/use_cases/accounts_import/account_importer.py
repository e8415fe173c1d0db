"""Updating one account from the file. What is no longer listed is withdrawn, never deleted."""

from collections.abc import Iterable
from datetime import date
from functools import partial

from sqlmodel import SQLModel

from bot.accounts_file.entries import AccountEntry, ContactEntry, PaymentMethodEntry, SubscriptionEntry
from bot.db import Session
from bot.use_cases.accounts_import.existing import (
    ExistingAccount,
    build_account_values,
    build_self_service_values,
)
from bot.use_cases.accounts_import.import_run import ImportRun
from bot.use_cases.accounts_import.row_sync import Changes, FieldValues, sync_rows, update_fields
from models.account import Account, Address
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.account.seat_assignment import SeatAssignment
from models.audit.action import AuditAction
from models.audit.subject import AuditSubject, SubjectType
from models.money import parse_amount
from models.payment_method import PaymentMethod
from models.subscription import Subscription
from models.subscription.period_length import get_anchor_day, get_period_containing


class AccountImporter:
    """Each `upsert_` step returns the rows to store before the next step, which refers to their keys."""

    def __init__(self, run: ImportRun, existing: ExistingAccount, entry: AccountEntry) -> None:
        self._run = run
        self._existing = existing
        self._entry = entry
        self._changes: Changes = {}
        self._overwritten_subscriptions: dict[str, Changes] = {}
        self._rows_to_delete: list[SQLModel] = []
        self._former_contacts = {c.key: c.active for c in existing.contacts.values()}

    @property
    def account(self) -> Account:
        return self._existing.account

    @property
    def _is_overwritten(self) -> bool:
        return self._entry.id in self._run.overwrite

    @property
    def payment_methods(self) -> list[PaymentMethod]:
        return [*self._existing.payment_methods.values()]

    @property
    def changed_contact_ids(self) -> set[int]:
        """The ids of contacts who have lost or regained the role."""
        return {
            contact.key
            for contact in self._existing.contacts.values()
            if self._former_contacts.get(contact.key, contact.active) is not contact.active
        }

    @property
    def loses_last_contact(self) -> bool:
        # The file was checked for that, but a contact may have been removed in Slack since.
        return any(self._former_contacts.values()) and not self._existing.active_contacts

    def upsert_account(self) -> Account:
        account, new_address = self._existing.account, self._entry.billing_address.model_dump()
        if self._existing.is_new:
            self._changes["billing_address"] = [None, new_address]
            if account.stripe_customer:
                # Its subscriptions and payment methods are Stripe's.
                account.schedule_refresh(self._run.at)
            return account
        old_address = account.billing_address.model_dump()
        values = build_account_values(self._entry)
        home_country = values.pop("home_country")
        self._changes |= update_fields(account, values)
        if "pay_by_invoice" in self._changes:
            # What the provider says of its subscriptions depends on it.
            account.schedule_refresh(self._run.at)
        # An order's address becomes the account's (R10). Only a file with a new one overrides that.
        kept_addresses = [
            old_address,
            *([] if self._is_overwritten else [self._existing.last_imported_address]),
        ]
        if new_address not in kept_addresses:
            account.set_billing_address(Address(**new_address), self._run.at)
            account.home_country = home_country
            self._changes["billing_address"] = [old_address, new_address]
        return account

    def upsert_rows(self) -> list[SQLModel]:
        self._sync_people()
        self._sync_payment_methods()
        for entry in self._entry.subscriptions:
            self._upsert_subscription(entry)
        has_changed = any(name.startswith("subscription:") for name in self._changes)
        if (has_changed or self._overwritten_subscriptions) and self._entry.stripe_customer:
            # What Stripe has may be newer than the file, and a refresh under way leaves these rows alone.
            self._existing.account.schedule_refresh(self._run.at)
        return [
            *self._existing.contacts.values(),
            *self._existing.administrators.values(),
            *self._existing.payment_methods.values(),
            *self._existing.subscriptions.values(),
        ]

    def upsert_seats(self) -> list[SeatAssignment]:
        # The file lists seats that administrators have; seats assigned by orders stay.
        for entry in self._entry.administrators:
            if entry.seats is not None:
                subscription_by_product = {self._existing.subscriptions[s].product_id: s for s in entry.seats}
                administrator = self._existing.administrators[entry.email]
                changes = self._sync_seats(administrator.key, subscription_by_product)
                self._changes |= {f"seat:{entry.email}:{product}": c for product, c in changes.items()}
        return [*self._existing.seat_assignments.values()]

    async def delete_rows(self, session: Session) -> None:
        for row in self._rows_to_delete:
            await session.delete(row)

    async def record_changes(self, session: Session) -> None:
        account_id = self._existing.account.id
        if self._changes:
            action = AuditAction.IMPORTED if self._existing.is_new else AuditAction.UPDATED
            subject = self._existing.account.audit_subject
            await self._run.record_change(session, account_id, subject, action, self._changes)
        for subscription_id, changes in self._overwritten_subscriptions.items():
            subject = AuditSubject(SubjectType.SUBSCRIPTION, subscription_id)
            await self._run.record_change(session, account_id, subject, AuditAction.OVERWRITTEN, changes)

    def _sync_people(self) -> None:
        self._sync_contacts()
        administrators = {a.email: a.model_dump(exclude={"seats"}) for a in self._entry.administrators}
        create_administrator = partial(Administrator, account_id=self._entry.id, imported=True)
        self._changes |= sync_rows(
            "administrator",
            self._existing.administrators,
            administrators,
            create_administrator,
            withdraw_all=self._is_overwritten,
        )

    def _sync_contacts(self) -> None:
        # Contacts added or withdrawn in Slack stay so, unless the account is overwritten.
        rows = self._existing.contacts
        entries = {c.email: _build_contact_values(c) for c in self._entry.billing_contacts}
        if self._is_overwritten:
            for email in entries.keys() & rows.keys():
                rows[email].withdrawn_at = rows[email].withdrawn_by = None
        else:
            withdrawn = {email for email, row in rows.items() if row.is_withdrawn_in_slack}
            self._run.withdrawn_contacts += self._format_contacts(entries.keys() & withdrawn)
            entries = {email: values for email, values in entries.items() if email not in withdrawn}
            added = {email for email, row in rows.items() if row.active and not row.imported}
            self._run.added_contacts += self._format_contacts(added - entries.keys())
        create_contact = partial(BillingContact, account_id=self._entry.id)
        self._changes |= sync_rows(
            "contact", rows, entries, create_contact, withdraw_all=self._is_overwritten
        )

    def _format_contacts(self, emails: Iterable[str]) -> list[str]:
        return [f"{email} ({self._entry.id})" for email in sorted(emails)]

    def _sync_payment_methods(self) -> None:
        # A linked account's methods come from its provider, so a file withdraws none.
        if self._entry.stripe_customer is None:
            methods = {m.id: _build_method_values(m) for m in self._entry.payment_methods}
            create_method = partial(PaymentMethod, account_id=self._entry.id)
            self._changes |= sync_rows(
                "payment_method", self._existing.payment_methods, methods, create_method
            )

    def _upsert_subscription(self, entry: SubscriptionEntry) -> None:
        # A subscription that the file does not list stays.
        values = _build_subscription_values(entry, self._existing.account.currency)
        row = self._existing.subscriptions.get(entry.id)
        if row is None:
            self._existing.subscriptions[entry.id] = Subscription(
                account_id=self._entry.id, **values, **_build_provider_values(entry)
            )
            self._changes[f"subscription:{entry.id}"] = "added"
            return
        if row.unit_price is None:
            # The provider has said that its seats have no price of their own.
            del values["unit_price"]
        if self._existing.account.stripe_customer and row.product_id != values["product_id"]:
            kept, listed = row.product_id, values.pop("product_id")
            self._run.warnings.append(
                f"{entry.id} stays {kept}, not {listed}: Stripe says the products of linked accounts"
            )
        if changes := update_fields(row, values):
            self._changes[f"subscription:{entry.id}"] = changes
            row.revision += bool(changes.keys() & {"unit_price", "tax_rate", "days_until_due"})
        if _has_different_terms(row, entry, self._existing.account.get_local_date(self._run.at)):
            if self._is_overwritten:
                self._overwrite_subscription(row, entry)
            else:
                self._run.kept_subscriptions.append(entry.id)

    def _overwrite_subscription(self, row: Subscription, entry: SubscriptionEntry) -> None:
        # A file has one price per subscription, so if the seats differ, no block with another price remains.
        changes = update_fields(row, _build_provider_values(entry))
        row.revision += 1
        if "seats" in changes:
            self._rows_to_delete += self._existing.seat_blocks.pop(row.id, [])
        self._overwritten_subscriptions[entry.id] = changes

    def _sync_seats(self, administrator_id: int, subscription_by_product: dict[str, str]) -> Changes:
        seats, changes = self._existing.seat_assignments, Changes()
        for product_id, subscription_id in subscription_by_product.items():
            seat = seats.get((administrator_id, product_id))
            if seat is None:
                seats[administrator_id, product_id] = SeatAssignment(
                    administrator_id=administrator_id, product_id=product_id, subscription_id=subscription_id
                )
                changes[product_id] = "added"
            elif seat.order_line_id is None and (
                seat_changes := update_fields(seat, {"subscription_id": subscription_id})
            ):
                changes[product_id] = seat_changes
        for (holder_id, product_id), seat in list(seats.items()):
            is_withdrawn = holder_id == administrator_id and product_id not in subscription_by_product
            if is_withdrawn and seat.order_line_id is None:
                self._rows_to_delete.append(seats.pop((holder_id, product_id)))
                changes[product_id] = "withdrawn"
        return changes


def get_current_period(subscription: Subscription | SubscriptionEntry, today: date) -> tuple[date, date]:
    start, end = subscription.period_start, subscription.period_end
    return get_period_containing(
        start, end, subscription.period, get_anchor_day(start, end, subscription.period), today
    )


def _build_contact_values(entry: ContactEntry) -> FieldValues:
    return {**entry.model_dump(exclude={"added_in_slack"}), "imported": not entry.added_in_slack}


def _build_method_values(entry: PaymentMethodEntry) -> FieldValues:
    year, month = entry.expires
    values = entry.model_dump(include={"id", "brand", "last4", "automatic"})
    return {**values, "expiry_year": year, "expiry_month": month, "is_default": entry.default}


def _build_subscription_values(entry: SubscriptionEntry, currency: str) -> FieldValues:
    return {
        "id": entry.id,
        "product_id": entry.product,
        "unit_price": parse_amount(entry.unit_price, currency),
        "tax_rate": entry.tax_rate,
        "days_until_due": entry.days_until_due,
        **build_self_service_values(entry),
    }


def _build_provider_values(entry: SubscriptionEntry) -> FieldValues:
    return entry.model_dump(include={"seats", "period", "period_start", "period_end"})


def _has_different_terms(row: Subscription, entry: SubscriptionEntry, today: date) -> bool:
    # Different seats, or a period that does not continue the stored ones.
    return (row.seats, row.period, get_current_period(row, today)) != (
        entry.seats,
        entry.period,
        get_current_period(entry, today),
    )
