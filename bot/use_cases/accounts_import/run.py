"""Importing accounts from a file, all or nothing."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlmodel import SQLModel, col, select, update

from bot.accounts_file.cross_checks import StoredRecords
from bot.accounts_file.entries import AccountEntry, AccountsFile
from bot.accounts_file.read import read_accounts_file
from bot.db import Database, Session, lock_imports
from bot.use_cases.accounts_import.account_importer import AccountImporter
from bot.use_cases.accounts_import.catalogue import save_catalogue
from bot.use_cases.accounts_import.existing import load_and_lock_accounts
from bot.use_cases.accounts_import.import_run import ImportRun
from bot.use_cases.accounts_import.quotes import import_quotes
from models.account import Account
from models.audit.entry import Actor, AuditChainTip
from models.payment_method import PaymentMethod
from models.product import Product
from models.quote import Quote
from models.subscription import Subscription

BATCH_SIZE = 50
MAX_LISTED_IDS = 5


@dataclass(frozen=True)
class ImportSummary:
    """What the file lists, how many accounts it changed, and warnings for the operator."""

    accounts: int
    subscriptions: int
    billing_contacts: int
    quotes: int
    changed_accounts: int
    warnings: list[str] = field(default_factory=list)


def _ignore_progress(done: int, total: int) -> None: ...


async def import_accounts(
    database: Database,
    *,
    path: Path,
    at: datetime,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = _ignore_progress,
) -> ImportSummary:
    """Upsert what the file lists, in one transaction. `progress` is called with (accounts done, total).

    Without `overwrite`, seats and periods of stored subscriptions and quotes that are no longer pending stay
    as they are. Raises InvalidAccountsFile.
    """
    async with database.read() as session:
        stored = await load_stored_records(session)
    file = await asyncio.to_thread(read_accounts_file, path, stored)
    run = ImportRun(Actor("operator", "operator", f"import:{path.name}"), at, overwrite)
    return await store_accounts(database, file, run, progress)


async def store_accounts(
    database: Database,
    file: AccountsFile,
    run: ImportRun,
    progress: Callable[[int, int], None] = _ignore_progress,
) -> ImportSummary:
    """In one transaction; the entries must have been checked against what is stored."""
    async with database.write() as session:
        await lock_imports(session)
        await save_catalogue(session, [Product(**p.model_dump()) for p in file.products])
        # In one order, so that concurrent transactions that lock several accounts cannot deadlock.
        entries = sorted(file.accounts, key=lambda entry: entry.id)
        for start in range(0, len(entries), BATCH_SIZE):
            await _import_batch(session, run, entries[start : start + BATCH_SIZE])
            progress(min(start + BATCH_SIZE, len(entries)), len(entries))
    return _build_summary(file, run)


async def _import_batch(session: Session, run: ImportRun, entries: list[AccountEntry]) -> None:
    existing = await load_and_lock_accounts(session, entries)
    importers = [AccountImporter(run, existing[entry.id], entry) for entry in entries]
    await _store_rows(session, [importer.upsert_account() for importer in importers])
    await _store_rows(
        session, [AuditChainTip(account_id=e.account.id) for e in existing.values() if e.is_new]
    )
    rows = [row for importer in importers for row in importer.upsert_rows()]
    await _clear_default_methods(session, [m for importer in importers for m in importer.payment_methods])
    await _store_rows(session, rows)
    await _store_rows(session, [seat for importer in importers for seat in importer.upsert_seats()])
    for importer in importers:
        await importer.delete_rows(session)
    for importer in importers:
        await importer.record_changes(session)
    await import_quotes(session, run, [(existing[entry.id], entry.quotes) for entry in entries])
    await session.flush()
    # Otherwise the rows stay in memory, and each flush looks through them for changes.
    session.expunge_all()


async def _store_rows(session: Session, rows: Sequence[SQLModel]) -> None:
    session.add_all(rows)
    await session.flush()


async def _clear_default_methods(session: Session, methods: list[PaymentMethod]) -> None:
    """Before another method becomes the default: an account never has two."""
    ids = [method.id for method in methods if not (method.is_default and method.active)]
    with session.no_autoflush:
        await session.exec(
            update(PaymentMethod).where(col(PaymentMethod.id).in_(ids)).values(is_default=False)
        )


async def load_stored_records(session: Session) -> StoredRecords:
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
        "subscriptions": {s: account_id for account_id, products in by_account.items() for s in products},
        "payment_methods": dict(methods.all()),
        "quotes": dict(quotes.all()),
    }
    return StoredRecords(frozenset(products.all()), dict(currencies.all()), owners, by_account)


def _build_summary(file: AccountsFile, run: ImportRun) -> ImportSummary:
    warnings = list(run.warnings)
    if run.kept_subscriptions:
        ids = _format_ids(run.kept_subscriptions)
        warnings.append(f"seats and periods differ here and stay without --overwrite: {ids}")
    if run.kept_quotes:
        numbers = _format_ids(run.kept_quotes)
        warnings.append(f"quotes that are no longer pending stay as they are: {numbers}")
    return ImportSummary(
        accounts=len(file.accounts),
        subscriptions=sum(len(a.subscriptions) for a in file.accounts),
        billing_contacts=sum(len(a.billing_contacts) for a in file.accounts),
        quotes=sum(len(a.quotes) for a in file.accounts),
        changed_accounts=len(run.changed_account_ids),
        warnings=warnings,
    )


def _format_ids(ids: list[str]) -> str:
    more = len(ids) - MAX_LISTED_IDS
    return ", ".join(ids[:MAX_LISTED_IDS]) + (f" and {more} more" if more > 0 else "")
