"""Importing accounts from a file, all or nothing."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import and_, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, col, select, update

from bot.accounts_file.cross_checks import StoredContacts, StoredRecords
from bot.accounts_file.entries import AccountEntry, AccountsFile, ProductEntry
from bot.accounts_file.read import read_accounts_file
from bot.accounts_file.yaml_with_lines import FileProblem, InvalidAccountsFile
from bot.db import Database, Session, lock_account, lock_imports, select_joined
from bot.use_cases.account.contacts import lapse_invitations_of
from bot.use_cases.accounts_import.account_importer import AccountImporter
from bot.use_cases.accounts_import.catalogue import list_product_ids, save_catalogue
from bot.use_cases.accounts_import.close import close_locked_account, reopen_locked_account
from bot.use_cases.accounts_import.existing import ExistingAccount, load_and_lock_accounts
from bot.use_cases.accounts_import.export import compute_product_state, load_account_states
from bot.use_cases.accounts_import.import_run import ImportedChange, ImportRun
from bot.use_cases.accounts_import.open_charges import list_open_charge_problems
from bot.use_cases.accounts_import.quotes import import_quotes
from bot.use_cases.accounts_import.row_sync import Changes
from models.account import Account
from models.account.billing_contact import BillingContact
from models.audit.action import AuditAction
from models.audit.entry import Actor, AuditChainTip, AuditEntry
from models.payment_method import PaymentMethod
from models.product import Product
from models.quote import Quote
from models.subscription import Subscription

BATCH_SIZE = 50
MAX_LISTED_IDS = 5


@dataclass(frozen=True)
class ImportSummary:
    """What the file lists, how many accounts it changed and what it changed of them and of products, and
    warnings for the operator. `missing_accounts` came from a file, are open, and are not listed."""

    accounts: int
    subscriptions: int
    billing_contacts: int
    quotes: int
    changed_accounts: int
    warnings: list[str] = field(default_factory=list)
    changes: list[ImportedChange] = field(default_factory=list)
    product_changes: Changes = field(default_factory=dict)
    missing_accounts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ImportOptions:
    """`overwrite` are ids of accounts; with `close_missing`, accounts that came from a file and are not
    listed are closed; with `dry_run`, nothing is stored."""

    overwrite: frozenset[str] = frozenset()
    close_missing: bool = False
    dry_run: bool = False
    operator: str = "operator"


class _DryRunEnded(Exception):
    """Rolls back."""


def _ignore_progress(done: int, total: int) -> None: ...


async def import_accounts(
    database: Database,
    *,
    path: Path,
    at: datetime,
    options: ImportOptions = ImportOptions(),
    progress: Callable[[int, int], None] = _ignore_progress,
) -> ImportSummary:
    """Upserts what the file lists, in one transaction. `progress` is called with (accounts done, total).
    Unless their account is overwritten, the seats and periods of stored subscriptions, quotes that are no
    longer pending, and people that the file does not know stay as they are. Raises InvalidAccountsFile."""
    known_entries: dict[str, int] = {}
    try:
        return await _check_and_store(database, path, at, options, progress, known_entries)
    except IntegrityError:
        # Another import has stored an id of this file since it was checked.
        return await _check_and_store(database, path, at, options, progress, known_entries)


async def _check_and_store(
    database: Database,
    path: Path,
    at: datetime,
    options: ImportOptions,
    progress: Callable[[int, int], None],
    known_entries: dict[str, int],
) -> ImportSummary:
    async with database.read() as session:
        stored = await load_stored_records(session, options.overwrite)
    file = await asyncio.to_thread(read_accounts_file, path, stored)
    listed_ids = {entry.id for entry in file.accounts}
    if unlisted := options.overwrite - listed_ids:
        names = ", ".join(sorted(unlisted))
        raise InvalidAccountsFile([FileProblem(None, path.name, f"does not list {names}, to be overwritten")])
    async with database.read() as session:
        last = await _load_last_operator_entries(session, listed_ids)
    for account_id in listed_ids:
        known_entries.setdefault(account_id, last[account_id].number if account_id in last else 0)
    actor = Actor("operator", options.operator, f"import:{path.name}")
    run = ImportRun(actor, at, options.overwrite, known_entries)
    return await store_accounts(database, file, run, options, progress)


async def store_accounts(
    database: Database,
    file: AccountsFile,
    run: ImportRun,
    options: ImportOptions,
    progress: Callable[[int, int], None] = _ignore_progress,
) -> ImportSummary:
    """In one transaction; the entries must have been checked against what is stored."""
    missing: list[str] = []
    with contextlib.suppress(_DryRunEnded):
        async with database.write() as session:
            await store_entries(session, file, run, progress)
            missing = await _list_missing_accounts(session, {entry.id for entry in file.accounts})
            if options.close_missing:
                for account_id in missing:
                    account = await lock_account(session, account_id)
                    await close_locked_account(session, run, account, None)
                missing = []
            if options.dry_run:
                raise _DryRunEnded
    return _build_summary(file, run, missing)


async def store_entries(
    session: Session,
    file: AccountsFile,
    run: ImportRun,
    progress: Callable[[int, int], None] = _ignore_progress,
) -> None:
    """Locks imports. Raises InvalidAccountsFile."""
    await lock_imports(session)
    # In one order, so that concurrent transactions that lock several accounts cannot deadlock.
    entries = sorted(file.accounts, key=lambda entry: entry.id)
    last = await _load_last_operator_entries(session, [entry.id for entry in entries])
    _check_not_changed_since_export(run, entries, last)
    await _save_products(session, run, file.products)
    for start in range(0, len(entries), BATCH_SIZE):
        await _import_batch(session, run, entries[start : start + BATCH_SIZE])
        progress(min(start + BATCH_SIZE, len(entries)), len(entries))
    if run.problems:
        raise InvalidAccountsFile([FileProblem(None, "accounts", each) for each in run.problems])
    _warn_of_different_origins(run, entries, last)


async def _save_products(session: Session, run: ImportRun, entries: list[ProductEntry]) -> None:
    exported = {entry.id: entry.exported_state for entry in entries if entry.exported_state}
    stored = (await session.exec(select(Product).where(col(Product.id).in_(exported)))).all()
    stale_ids = {product.id for product in stored if compute_product_state(product) != exported[product.id]}
    products = [Product(**entry.model_dump(exclude={"exported_state"})) for entry in entries]
    run.product_changes = await save_catalogue(session, products)
    run.problems += [
        f"the product {id_} has changed since it was exported: export it again, and make your changes there"
        for id_ in sorted(stale_ids & run.product_changes.keys())
    ]


async def _load_last_operator_entries(
    session: Session, account_ids: Collection[str]
) -> dict[str, AuditEntry]:
    last = (
        select(AuditEntry.account_id, func.max(col(AuditEntry.number)).label("number"))
        .where(AuditEntry.actor_kind == "operator", col(AuditEntry.account_id).in_(account_ids))
        .group_by(col(AuditEntry.account_id))
        .subquery()
    )
    found = await session.exec(
        select(AuditEntry).join(
            last,
            and_(col(AuditEntry.account_id) == last.c.account_id, col(AuditEntry.number) == last.c.number),
        )
    )
    return {entry.account_id: entry for entry in found.all()}


def _check_not_changed_since_export(
    run: ImportRun, entries: list[AccountEntry], last: dict[str, AuditEntry]
) -> None:
    # If two operators edit the same export, the second must see what the first one changed.
    problems = [
        f"{entry.id} was changed by {_describe_origin(last[entry.id])} since it was exported: "
        "export it again, and make your changes there"
        for entry in entries
        if entry.exported_entry is not None
        and entry.id in last
        and entry.id not in run.overwrite
        and last[entry.id].number > entry.exported_entry
    ]
    if problems:
        raise InvalidAccountsFile([FileProblem(None, "accounts", problem) for problem in problems])


def _warn_of_different_origins(
    run: ImportRun, entries: list[AccountEntry], last: dict[str, AuditEntry]
) -> None:
    # Two files for one account keep overwriting each other's values. So may two people at once, who are both
    # `root`, and whose files have the same name.
    for entry in entries:
        before = last.get(entry.id)
        if before is None or entry.exported_entry is not None or entry.id not in run.changed_account_ids:
            continue
        if before.number > run.known_entries.get(entry.id, before.number):
            run.warnings.append(f"{entry.id} was changed by {_describe_origin(before)} while this import ran")
        elif (before.actor_name, before.source) != (run.actor.name, run.actor.source):
            run.warnings.append(f"{entry.id} was last changed by {_describe_origin(before)}")


def _describe_origin(entry: AuditEntry) -> str:
    return f"{entry.actor_name} ({entry.source}) on {entry.at:%Y-%m-%d %H:%M} UTC"


async def _list_missing_accounts(session: Session, listed_ids: set[str]) -> list[str]:
    # Accounts that were linked without a file are in none.
    found = await session.exec(
        select(AuditEntry.account_id)
        .join(Account, col(Account.id) == AuditEntry.account_id)
        .where(
            col(Account.closed_at).is_(None),
            AuditEntry.action == AuditAction.IMPORTED.value,
            col(AuditEntry.source).startswith("import:"),
            col(AuditEntry.subject).startswith("account:"),
        )
        .order_by(col(AuditEntry.account_id))
        .distinct()
    )
    return [account_id for account_id in found.all() if account_id not in listed_ids]


async def _import_batch(session: Session, run: ImportRun, entries: list[AccountEntry]) -> None:
    existing = await load_and_lock_accounts(session, entries)
    stale_ids = await _list_stale_ids(session, run, existing, entries)
    for account in [e.account for e in existing.values() if e.account.closed_at is not None]:
        if account.id in run.overwrite:
            await reopen_locked_account(session, run, account)
        else:
            run.warnings.append(f"{account.id} is closed and stays so without --overwrite {account.id}")
    _check_no_quotes_for_closed_accounts(run, existing, entries)
    relinked_ids = [e.id for e in entries if e.stripe_customer != existing[e.id].account.stripe_customer]
    run.problems += await list_open_charge_problems(session, relinked_ids)
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
        if importer.loses_last_contact:
            run.problems.append(f"leaves {importer.account.id} without a billing contact")
        await importer.record_changes(session)
        account = importer.account
        await lapse_invitations_of(session, account, importer.changed_contact_ids, run.actor, run.at)
    await import_quotes(session, run, [(existing[entry.id], entry.quotes) for entry in entries])
    await session.flush()
    run.problems += [_describe_conflict(run, id_) for id_ in stale_ids if id_ in run.changed_account_ids]
    # Otherwise the rows stay in memory, and each flush looks through them for changes.
    session.expunge_all()


async def _list_stale_ids(
    session: Session, run: ImportRun, existing: dict[str, ExistingAccount], entries: list[AccountEntry]
) -> list[str]:
    """Lists exported accounts that an order, a contact or the provider has changed since. Locks them."""
    exported = {
        entry.id: entry.exported_state
        for entry in entries
        if entry.exported_state and entry.id not in run.overwrite and not existing[entry.id].is_new
    }
    states = await load_account_states(session, exported)
    return [id_ for id_, state in states.items() if state != exported[id_]]


def _describe_conflict(run: ImportRun, account_id: str) -> str:
    fields = [name for change in run.changes if change.account_id == account_id for name in change.details]
    return (
        f"{account_id} has changed since it was exported, and this file would replace what is stored "
        f"({', '.join(dict.fromkeys(fields))}): export it again, and make your changes there, "
        f"or add --overwrite {account_id}"
    )


def _check_no_quotes_for_closed_accounts(
    run: ImportRun, existing: dict[str, ExistingAccount], entries: list[AccountEntry]
) -> None:
    # The account may have been closed since the file was checked.
    run.problems += [
        f"{quote.number} is pending, and {entry.id} is closed"
        for entry in entries
        if existing[entry.id].account.closed_at is not None
        for quote in entry.quotes
        if quote.decided is None and quote.number not in existing[entry.id].quotes
    ]


async def _store_rows(session: Session, rows: Sequence[SQLModel]) -> None:
    session.add_all(rows)
    await session.flush()


async def _clear_default_methods(session: Session, methods: list[PaymentMethod]) -> None:
    # Before another method becomes the default: an account never has two.
    ids = [method.id for method in methods if not (method.is_default and method.active)]
    with session.no_autoflush:
        await session.exec(
            update(PaymentMethod).where(col(PaymentMethod.id).in_(ids)).values(is_default=False)
        )


async def load_stored_records(session: Session, overwrite: Collection[str] = ()) -> StoredRecords:
    """`overwrite` names the accounts that the file may reopen, and whose contacts it alone decides."""
    accounts = (
        await session.exec(select(Account.id, Account.currency, Account.tax_id, Account.country))
    ).all()
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
    closed = await session.exec(select(Account.id).where(col(Account.closed_at).is_not(None)))
    return StoredRecords(
        products=await list_product_ids(session),
        currencies={id_: currency for id_, currency, *_ in accounts},
        tax_ids={id_: (tax_id, country) for id_, _, tax_id, country in accounts},
        owners=owners,
        subscriptions=by_account,
        closed_accounts=frozenset(closed.all()) - {*overwrite},
        contacts=await _load_stored_contacts(session, overwrite),
    )


async def _load_stored_contacts(session: Session, overwrite: Collection[str]) -> dict[str, StoredContacts]:
    rows = await session.exec(
        select_joined(
            BillingContact.account_id,
            BillingContact.email,
            BillingContact.active,
            BillingContact.imported,
            BillingContact.withdrawn_at,
        )
    )
    contacts: dict[str, StoredContacts] = {}
    for account_id, email, active, imported, withdrawn_at in rows.all():
        stored = contacts.setdefault(account_id, StoredContacts())
        is_overwritten = account_id in overwrite
        stored.has_active |= active
        stored.keeps_one |= active and not imported and not is_overwritten
        if not active and withdrawn_at is not None and not is_overwritten:
            stored.removed_in_slack.add(email)
    return contacts


def _build_summary(file: AccountsFile, run: ImportRun, missing_accounts: list[str]) -> ImportSummary:
    warnings = list(run.warnings)
    if missing_accounts:
        ids = format_ids(missing_accounts)
        warnings.append(f"not in this file, and still open: {ids}; --close-missing closes them")
    if run.kept_subscriptions:
        ids = format_ids(run.kept_subscriptions)
        warnings.append(f"seats and periods differ here and stay without --overwrite ACCOUNT: {ids}")
    if run.kept_quotes:
        numbers = format_ids(run.kept_quotes)
        warnings.append(f"quotes that are no longer pending stay as they are: {numbers}")
    if run.added_contacts:
        names = ", ".join(run.added_contacts)
        warnings.append(f"contacts added in Slack stay without --overwrite ACCOUNT: {names}")
    if run.withdrawn_contacts:
        names = ", ".join(run.withdrawn_contacts)
        warnings.append(f"contacts removed in Slack stay removed without --overwrite ACCOUNT: {names}")
    return ImportSummary(
        accounts=len(file.accounts),
        subscriptions=sum(len(a.subscriptions) for a in file.accounts),
        billing_contacts=sum(len(a.billing_contacts) for a in file.accounts),
        quotes=sum(len(a.quotes) for a in file.accounts),
        changed_accounts=len(run.changed_account_ids),
        warnings=warnings,
        changes=run.changes,
        product_changes=run.product_changes,
        missing_accounts=missing_accounts,
    )


def format_ids(ids: list[str]) -> str:
    more = len(ids) - MAX_LISTED_IDS
    return ", ".join(ids[:MAX_LISTED_IDS]) + (f" and {more} more" if more > 0 else "")
