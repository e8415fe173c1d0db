"""The stored rows of accounts that a file lists, loaded and locked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlmodel import SQLModel, col, select

from bot.accounts_file.entries import AccountEntry, SubscriptionEntry
from bot.db import Session, lock_account
from models.account import Account
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.account.seat_assignment import SeatAssignment
from models.audit.entry import AuditEntry
from models.audit.subject import AuditSubject, SubjectType
from models.payment_method import PaymentMethod
from models.quote import Quote, QuoteLine
from models.subscription import SeatBlock, Subscription

Row = TypeVar("Row", bound=SQLModel)


@dataclass
class ExistingAccount:
    """Subscriptions and payment methods by id, people by email, the file's quotes by number, seat blocks by
    subscription id, seat assignments by administrator and product id, quote lines by quote id."""

    account: Account
    is_new: bool
    last_imported_address: Any = None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    payment_methods: dict[str, PaymentMethod] = field(default_factory=dict)
    contacts: dict[str, BillingContact] = field(default_factory=dict)
    administrators: dict[str, Administrator] = field(default_factory=dict)
    quotes: dict[str, Quote] = field(default_factory=dict)
    seat_blocks: dict[str, list[SeatBlock]] = field(default_factory=dict)
    seat_assignments: dict[tuple[int, str], SeatAssignment] = field(default_factory=dict)
    quote_lines: dict[int, list[QuoteLine]] = field(default_factory=dict)

    @property
    def product_ids(self) -> dict[str, str]:
        return {subscription.id: subscription.product_id for subscription in self.subscriptions.values()}

    @property
    def active_contacts(self) -> list[BillingContact]:
        return [c for c in self.contacts.values() if c.active]


async def load_and_lock_accounts(session: Session, entries: list[AccountEntry]) -> dict[str, ExistingAccount]:
    ids = [entry.id for entry in entries]
    stored_ids = set((await session.exec(select(Account.id).where(col(Account.id).in_(ids)))).all())
    locked = [await lock_account(session, id_) for id_ in ids if id_ in stored_ids]
    quote_numbers = [quote.number for e in entries if e.id in stored_ids for quote in e.quotes]
    existing = await _load_existing(session, locked, quote_numbers)
    for entry in entries:
        address = entry.billing_address.model_dump()
        if entry.id not in existing:
            account = Account(**build_account_values(entry), **address)
            existing[entry.id] = ExistingAccount(account, is_new=True)
        elif existing[entry.id].account.billing_address.model_dump() != address:
            existing[entry.id].last_imported_address = await _find_last_imported_address(session, entry.id)
    return existing


async def load_accounts(
    session: Session, account_ids: list[str], quote_numbers: list[str]
) -> dict[str, ExistingAccount]:
    """Loads stored accounts without locking them."""
    accounts = await _list_rows(session, Account, Account.id, account_ids)
    return await _load_existing(session, accounts, quote_numbers)


async def _load_existing(
    session: Session, accounts: list[Account], quote_numbers: list[str]
) -> dict[str, ExistingAccount]:
    existing = {account.id: ExistingAccount(account, is_new=False) for account in accounts}
    if existing:
        await _load_account_rows(session, existing)
        await _load_quotes(session, existing, quote_numbers)
    return existing


def build_account_values(entry: AccountEntry) -> dict[str, Any]:
    """The values that a file decides, except the address; never the default portal (R15)."""
    fields = {"id", "name", "channel", "channel_amounts", "currency", "tax_rate", "locale", "time_zone"}
    fields |= {"tax_name", "tax_id", "tax_exemption", "pay_by_invoice"}
    values = entry.model_dump(include={*fields, "stripe_customer"})
    values["slack_team"] = entry.slack_team or entry.slack_enterprise
    values["po_number_required"] = entry.po_number == "required"
    return {**values, **build_self_service_values(entry), "home_country": entry.billing_address.country}


def build_self_service_values(entry: AccountEntry | SubscriptionEntry) -> dict[str, Any]:
    return {
        "self_service": entry.self_service.eligible,
        "self_service_reason": entry.self_service.reason,
    }


async def _load_account_rows(session: Session, existing: dict[str, ExistingAccount]) -> None:
    for subscription in await _list_rows(session, Subscription, Subscription.account_id, existing):
        existing[subscription.account_id].subscriptions[subscription.id] = subscription
    for method in await _list_rows(session, PaymentMethod, PaymentMethod.account_id, existing):
        existing[method.account_id].payment_methods[method.id] = method
    for contact in await _list_rows(session, BillingContact, BillingContact.account_id, existing):
        existing[contact.account_id].contacts[contact.email] = contact
    for administrator in await _list_rows(session, Administrator, Administrator.account_id, existing):
        existing[administrator.account_id].administrators[administrator.email] = administrator
    blocks = select(Subscription.account_id, SeatBlock).join(SeatBlock)
    for account_id, block in (
        await session.exec(blocks.where(_is_in(Subscription.account_id, existing)))
    ).all():
        existing[account_id].seat_blocks.setdefault(block.subscription_id, []).append(block)
    seats = select(Administrator.account_id, SeatAssignment).join(SeatAssignment)
    for account_id, seat in (
        await session.exec(seats.where(_is_in(Administrator.account_id, existing)))
    ).all():
        existing[account_id].seat_assignments[seat.administrator_id, seat.product_id] = seat


async def _load_quotes(session: Session, existing: dict[str, ExistingAccount], numbers: list[str]) -> None:
    for quote in await _list_rows(session, Quote, Quote.number, numbers):
        existing[quote.account_id].quotes[quote.number] = quote
    lines = select(Quote.account_id, QuoteLine).join(QuoteLine).order_by(col(QuoteLine.id))
    for account_id, line in (await session.exec(lines.where(_is_in(Quote.number, numbers)))).all():
        existing[account_id].quote_lines.setdefault(line.quote_id, []).append(line)


def _is_in(column: Any, values: Iterable[str]) -> Any:
    return col(column).in_(list(values))


async def _list_rows(session: Session, model: type[Row], column: Any, values: Iterable[str]) -> list[Row]:
    return list((await session.exec(select(model).where(_is_in(column, values)))).all())


async def _find_last_imported_address(session: Session, account_id: str) -> Any:
    found = await session.exec(
        select(AuditEntry.details)
        .where(
            AuditEntry.subject == str(AuditSubject(SubjectType.ACCOUNT, account_id)),
            col(AuditEntry.source).startswith("import:"),
        )
        .order_by(col(AuditEntry.number).desc())
    )
    return next((d["billing_address"][1] for d in found.all() if "billing_address" in d), None)
