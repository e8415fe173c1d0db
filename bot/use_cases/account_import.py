"""Taking accounts over from a file: all of it, or nothing."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.accounts_file import AccountEntry, AccountsFile, Stored, read_accounts_file
from bot.db import Database
from bot.use_cases.account_upsert import ImportRun, upsert_account
from bot.use_cases.product import store_catalogue
from bot.use_cases.quote_import import import_quotes
from models.account import Account
from models.audit_entry import Actor
from models.payment_method import PaymentMethod
from models.product import Product
from models.quote import Quote
from models.subscription import Subscription

NAMED_AT_MOST = 5


@dataclass(frozen=True)
class ImportSummary:
    """How much the file holds, how many accounts it changed, and what the operator should know."""

    accounts: int
    subscriptions: int
    billing_contacts: int
    quotes: int
    changed: int
    warnings: list[str] = field(default_factory=list)


def _silent(done: int, total: int) -> None:
    """No progress is shown."""


async def import_accounts(
    database: Database,
    *,
    path: Path,
    at: datetime,
    operator: str = "operator",
    overwrite: bool = False,
    progress: Callable[[int, int], None] = _silent,
) -> ImportSummary:
    """Upsert what `path` lists, in one transaction. `progress` is told (accounts done, of how many).

    Without `overwrite`, seats and periods of subscriptions that are stored, and quotes no longer pending,
    stay as they are. Raises WrongAccountsFile.
    """
    async with database.read() as session:
        stored = await _stored(session)
    file = await asyncio.to_thread(read_accounts_file, path, stored)
    run = ImportRun(Actor("operator", operator, f"import:{path.name}"), at, overwrite)
    async with database.write() as session:
        await store_catalogue(session, [Product(**p.model_dump()) for p in file.products])
        # Always in the same order: two imports at once wait for each other, and do not deadlock.
        for done, entry in enumerate(sorted(file.accounts, key=lambda a: a.id), start=1):
            await _import_account(session, run, entry)
            progress(done, len(file.accounts))
    return _summary(file, run)


async def _import_account(session: AsyncSession, run: ImportRun, entry: AccountEntry) -> None:
    entries_before = run.entries
    account = await upsert_account(session, run, entry)
    await import_quotes(session, run, account, entry.quotes)
    run.changed += run.entries > entries_before
    await session.flush()
    # What is stored need not be kept in memory, nor looked through at each flush.
    session.expunge_all()


async def _stored(session: AsyncSession) -> Stored:
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
    owners = {
        "subscriptions": {s: account_id for account_id, own in by_account.items() for s in own},
        "payment_methods": dict(methods.all()),
        "quotes": dict(quotes.all()),
    }
    return Stored(frozenset(products.all()), dict(currencies.all()), owners, by_account)


def _summary(file: AccountsFile, run: ImportRun) -> ImportSummary:
    warnings = list(run.warnings)
    if run.kept_subscriptions:
        which = _named(run.kept_subscriptions)
        warnings.append(f"seats and periods differ here and stay without --overwrite: {which}")
    if run.kept_quotes:
        which = _named(run.kept_quotes)
        warnings.append(f"quotes that are no longer pending stay as they are: {which}")
    return ImportSummary(
        accounts=len(file.accounts),
        subscriptions=sum(len(a.subscriptions) for a in file.accounts),
        billing_contacts=sum(len(a.billing_contacts) for a in file.accounts),
        quotes=sum(len(a.quotes) for a in file.accounts),
        changed=run.changed,
        warnings=warnings,
    )


def _named(ids: Iterable[str]) -> str:
    named = list(ids)
    more = len(named) - NAMED_AT_MOST
    return ", ".join(named[:NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
