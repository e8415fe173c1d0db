"""Taking accounts over from a file: all of it, or nothing."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlmodel import SQLModel, col, select, update

from bot.accounts_file import AccountEntry, AccountsFile, StoredRecords, read_accounts_file
from bot.db import Database, Session, lock_imports
from bot.use_cases.accounts_import.accounts import (
    Changes,
    ImportRun,
    upsert_account,
    upsert_people_and_methods,
    upsert_seats,
    upsert_subscriptions,
)
from bot.use_cases.accounts_import.catalogue import save_catalogue
from bot.use_cases.accounts_import.existing import ExistingAccount, load_and_lock_accounts
from bot.use_cases.accounts_import.quotes import import_quotes
from models.account import Account
from models.audit_entry import Actor
from models.payment_method import PaymentMethod
from models.product import Product
from models.quote import Quote
from models.subscription import Subscription

BATCH_SIZE = 50
MAX_LISTED_IDS = 5


@dataclass(frozen=True)
class ImportSummary:
    """How much the file holds, how many accounts it changed, and what the operator should know."""

    accounts: int
    subscriptions: int
    billing_contacts: int
    quotes: int
    changed_accounts: int
    warnings: list[str] = field(default_factory=list)


def _ignore_progress(done: int, total: int) -> None:
    """No progress is shown."""


async def import_accounts(
    database: Database,
    *,
    path: Path,
    at: datetime,
    operator: str = "operator",
    overwrite: bool = False,
    progress: Callable[[int, int], None] = _ignore_progress,
) -> ImportSummary:
    """Upsert what `path` lists, in one transaction. `progress` is told (accounts done, of how many).

    Without `overwrite`, seats and periods of subscriptions that are stored, and quotes no longer pending,
    stay as they are. Raises WrongAccountsFile.
    """
    async with database.read() as session:
        stored = await _load_stored_ids(session)
    file = await asyncio.to_thread(read_accounts_file, path, stored)
    run = ImportRun(Actor("operator", operator, f"import:{path.name}"), at, overwrite)
    async with database.write() as session:
        await lock_imports(session)
        await save_catalogue(session, [Product(**p.model_dump()) for p in file.products])
        # Always in the same order: two imports at once wait for each other, and do not deadlock.
        entries = sorted(file.accounts, key=lambda entry: entry.id)
        for start in range(0, len(entries), BATCH_SIZE):
            await _import_batch(session, run, entries[start : start + BATCH_SIZE])
            progress(min(start + BATCH_SIZE, len(entries)), len(entries))
    return _build_summary(file, run)


async def _import_batch(session: Session, run: ImportRun, entries: list[AccountEntry]) -> None:
    held = await load_and_lock_accounts(session, entries)
    changes = {e.id: upsert_account(held[e.id], e) for e in entries}
    await _add_and_flush(session, (h.account for h in held.values()))
    overwritten: dict[str, dict[str, Changes]] = {}
    for entry in entries:
        changes[entry.id] |= upsert_people_and_methods(held[entry.id], entry)
        changed, overwritten[entry.id] = upsert_subscriptions(run, held[entry.id], entry)
        changes[entry.id] |= changed
        if overwritten[entry.id] and entry.stripe_customer:
            held[entry.id].account.schedule_refresh(
                run.at
            )  # What the file says there is, Stripe may know better.
    await _clear_default_methods(session, [m for h in held.values() for m in h.payment_methods.values()])
    await _add_and_flush(session, (part for h in held.values() for part in _iter_account_rows(h)))
    for entry in entries:
        changes[entry.id] |= upsert_seats(held[entry.id], entry)
    await _add_and_flush(session, (seat for h in held.values() for seat in h.seat_assignments.values()))
    for row in [row for h in held.values() for row in h.rows_to_delete]:
        await session.delete(row)
    for entry in entries:
        await _record_account_changes(session, run, held[entry.id], changes[entry.id], overwritten[entry.id])
    await import_quotes(session, run, [(held[e.id], e.quotes) for e in entries])
    await session.flush()
    # What is stored need not be kept in memory, nor looked through at each flush.
    session.expunge_all()


async def _clear_default_methods(session: Session, methods: list[PaymentMethod]) -> None:
    """First what is no default any more, then what becomes one: an account never has two."""
    others = [m.id for m in methods if not (m.is_default and m.active)]
    with session.no_autoflush:
        await session.exec(
            update(PaymentMethod).where(col(PaymentMethod.id).in_(others)).values(is_default=False)
        )


def _iter_account_rows(existing: ExistingAccount) -> Iterator[SQLModel]:
    for rows in (
        existing.contacts,
        existing.administrators,
        existing.payment_methods,
        existing.subscriptions,
    ):
        yield from rows.values()


async def _add_and_flush(session: Session, rows: Iterable[SQLModel]) -> None:
    session.add_all(rows)
    await session.flush()


async def _record_account_changes(
    session: Session,
    run: ImportRun,
    existing: ExistingAccount,
    changes: Changes,
    overwritten: dict[str, Changes],
) -> None:
    account_id = existing.account.id
    if changes:
        action = "imported" if existing.is_new else "updated"
        await run.record_change(session, account_id, f"account:{account_id}", action, changes)
    for subscription_id, details in overwritten.items():
        await run.record_change(
            session, account_id, f"subscription:{subscription_id}", "overwritten", details
        )


async def _load_stored_ids(session: Session) -> StoredRecords:
    """What a file must not contradict."""
    products = await session.exec(select(Product.id))
    currencies = await session.exec(select(Account.id, Account.currency))
    subscriptions = await session.exec(
        select(Subscription.id, Subscription.account_id, Subscription.product_id)
    )
    by_account: dict[str, dict[str, str]] = {}
    for subscription_id, account_id, product_id in subscriptions.all():
        by_account.setdefault(account_id, {})[subscription_id] = product_id
    methods = await session.exec(select(PaymentMethod.id, PaymentMethod.account_id))
    quotes = await session.exec(select(Quote.number, Quote.account_id))
    links = await session.exec(select(Account.stripe_customer, Account.id))
    owners = {
        "stripe_customer": {customer: account_id for customer, account_id in links.all() if customer},
        "subscriptions": {s: account_id for account_id, own in by_account.items() for s in own},
        "payment_methods": dict(methods.all()),
        "quotes": dict(quotes.all()),
    }
    return StoredRecords(frozenset(products.all()), dict(currencies.all()), owners, by_account)


def _build_summary(file: AccountsFile, run: ImportRun) -> ImportSummary:
    warnings = list(run.warnings)
    if run.kept_subscriptions:
        which = _format_ids(run.kept_subscriptions)
        warnings.append(f"seats and periods differ here and stay without --overwrite: {which}")
    if run.kept_quotes:
        which = _format_ids(run.kept_quotes)
        warnings.append(f"quotes that are no longer pending stay as they are: {which}")
    return ImportSummary(
        accounts=len(file.accounts),
        subscriptions=sum(len(a.subscriptions) for a in file.accounts),
        billing_contacts=sum(len(a.billing_contacts) for a in file.accounts),
        quotes=sum(len(a.quotes) for a in file.accounts),
        changed_accounts=len(run.changed_account_ids),
        warnings=warnings,
    )


def _format_ids(ids: Iterable[str]) -> str:
    named = list(ids)
    more = len(named) - MAX_LISTED_IDS
    return ", ".join(named[:MAX_LISTED_IDS]) + (f" and {more} more" if more > 0 else "")
