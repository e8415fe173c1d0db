"""Importing quotes that were created elsewhere, and the decisions made there (R9, R15)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import col, select, update

from bot.accounts_file.entries import DecisionEntry, QuoteEntry, convert_to_utc
from bot.billing.gateway import Preview
from bot.db import Session
from bot.use_cases.accounts_import.existing import ExistingAccount
from bot.use_cases.accounts_import.import_run import ImportRun
from bot.use_cases.accounts_import.quote_prices import (
    compute_quote_expiry,
    find_unpriced_subscription,
    preview_lines,
)
from bot.use_cases.notice.enqueue import (
    enqueue_notice,
    enqueue_quote_message_updates,
    list_channel_destinations,
    list_direct_destinations,
)
from bot.use_cases.quote.create import build_price_values, build_quote, build_quote_lines
from bot.use_cases.quote.decide import decide_quote
from models.audit.action import AuditAction
from models.checkout import Checkout
from models.notice import NoticeKind
from models.quote import Quote, QuotedPeriod, QuoteStatus, compute_expiry, find_first_reminder_check
from models.service_order import ServiceOrder
from models.subscription.proration import truncate_to_second

EXTERNAL_SYSTEM_NAME = "GoTo Admin"


async def import_quotes(
    session: Session, run: ImportRun, entries_by_account: list[tuple[ExistingAccount, list[QuoteEntry]]]
) -> None:
    new_entries = [
        (existing, entry)
        for existing, entries in entries_by_account
        for entry in entries
        if entry.number not in existing.quotes and _is_priced(run, existing, entry)
    ]
    for existing, entries in entries_by_account:
        for entry in entries:
            quote = existing.quotes.get(entry.number)
            if quote is not None:
                await _update_quote(session, run, existing, quote, entry)
    await _add_quotes(session, run, new_entries)


def _is_priced(run: ImportRun, existing: ExistingAccount, entry: QuoteEntry) -> bool:
    subscription_id = find_unpriced_subscription(existing, entry.lines)
    if subscription_id is not None:
        run.warnings.append(
            f"{entry.number} is not imported: {subscription_id} has no price per seat, so only the payment"
            " provider can compute what its seats cost; order them with /add-seats"
        )
    return subscription_id is None


async def _add_quotes(
    session: Session, run: ImportRun, new_entries: list[tuple[ExistingAccount, QuoteEntry]]
) -> None:
    # In one flush, because a flush per quote makes large files slow.
    new_quotes: list[tuple[ExistingAccount, Quote, Preview]] = []
    for existing, entry in new_entries:
        preview = preview_lines(existing, entry.lines, run.at)
        new_quotes.append((existing, _build_new_quote(run, existing, entry, preview), preview))
    session.add_all(quote for _, quote, _ in new_quotes)
    await session.flush()
    for existing, quote, preview in new_quotes:
        session.add_all(build_quote_lines(quote, preview, existing.product_ids))
    await session.flush()
    for existing, quote, _ in new_quotes:
        details = {"total": quote.total, "currency": quote.currency}
        await _record_quote_change(
            session, run, quote, AuditAction.IMPORTED, details, (None, quote.status.value)
        )
        if quote.is_pending(run.at):
            await _enqueue_arrival_notices(session, run, existing, quote, f"quote:{quote.id}:arrived")


def _build_new_quote(run: ImportRun, existing: ExistingAccount, entry: QuoteEntry, preview: Preview) -> Quote:
    account = existing.account
    quote = build_quote(
        number=entry.number,
        account=account,
        preview=preview,
        address=account.billing_address,
        frozen_at=truncate_to_second(run.at),
        expires_at=compute_quote_expiry(run, account, entry, preview.lines),
        at=run.at,
        created_externally=True,
    )
    if entry.decided:
        quote.decided_externally = True
        decided_at = convert_to_utc(entry.decided.at, account.time_zone)
        quote.change_status(QuoteStatus(entry.decided.status), decided_at, EXTERNAL_SYSTEM_NAME)
    elif not quote.is_pending(run.at):
        run.warnings.append(f"{quote.number} had ended already and is stored as expired")
        quote.change_status(QuoteStatus.EXPIRED, quote.expires_at, run.actor.name)
    return quote


async def _update_quote(
    session: Session, run: ImportRun, existing: ExistingAccount, quote: Quote, entry: QuoteEntry
) -> None:
    current_quote = await _get_current_quote(session, quote)
    if entry.decided and current_quote.is_pending(run.at):
        await _close_quote(session, run, existing, current_quote, entry.decided)
    elif not _is_priced(run, existing, entry):
        return
    elif not quote.is_pending(run.at):
        await _update_closed_quote(session, run, existing, quote, entry)
    elif quote.created_externally:
        await _update_pending_quote(session, run, existing, quote, entry)


async def _get_current_quote(session: Session, quote: Quote) -> Quote:
    # A quote that replaced it for another address is the same offer to the file.
    while quote.replaced_by_id is not None:
        replacement = await session.get_one(Quote, quote.replaced_by_id)
        if not replacement.created_externally:
            break
        quote = replacement
    return quote


async def _update_pending_quote(
    session: Session, run: ImportRun, existing: ExistingAccount, quote: Quote, entry: QuoteEntry
) -> None:
    # Changed lines are priced as of now; unchanged ones keep their prices. A quote that Account Services have
    # extended stays extended until the file names another end than before.
    lines = existing.quote_lines[quote.key]
    preview = preview_lines(existing, entry.lines, run.at)
    has_same_terms = _list_terms(preview.lines) == _list_terms(lines)
    current_lines: Sequence[QuotedPeriod] = lines if has_same_terms else preview.lines
    expires_at = compute_quote_expiry(run, existing.account, entry, current_lines)
    details: dict[str, Any] = {}
    is_extended = has_same_terms and expires_at == quote.expires_at_before_extension
    if expires_at != quote.expires_at and not is_extended:
        details["expires_at"] = [quote.expires_at.isoformat(), expires_at.isoformat()]
        quote.expires_at, quote.remind_at = expires_at, find_first_reminder_check(run.at, expires_at)
        quote.expires_at_before_extension = None
    if not has_same_terms:
        details |= await _replace_lines(session, run, existing, quote, preview)
    if not details:
        return
    await _record_quote_change(session, run, quote, AuditAction.UPDATED, details)
    await enqueue_quote_message_updates(session, existing.account, quote, run.at)
    if not has_same_terms:
        event = f"quote:{quote.id}:arrived:{quote.frozen_at.isoformat()}"
        await _enqueue_arrival_notices(session, run, existing, quote, event)


async def _update_closed_quote(
    session: Session, run: ImportRun, existing: ExistingAccount, quote: Quote, entry: QuoteEntry
) -> None:
    # A decided quote keeps its status and expiry. Its lines can be overwritten, unless it was ordered: then
    # they say what was charged.
    lines = existing.quote_lines[quote.key]
    preview = preview_lines(existing, entry.lines, run.at)
    has_same_terms = _list_terms(preview.lines) == _list_terms(lines)
    requested_expiry = entry.compute_expiry(existing.account.time_zone)
    expires_at = compute_expiry(existing.account, lines, requested_expiry)
    has_different_status = entry.decided is not None and entry.decided.status != quote.status.value
    has_different_content = quote.created_externally and not (
        has_same_terms and expires_at == quote.expires_at
    )
    can_overwrite = quote.account_id in run.overwrite and quote.created_externally and not has_same_terms
    if can_overwrite and not await _has_order(session, quote):
        details = await _replace_lines(session, run, existing, quote, preview)
        await _record_quote_change(session, run, quote, AuditAction.OVERWRITTEN, details)
    elif has_different_status or has_different_content:
        run.kept_quotes.append(quote.number)


async def _close_quote(
    session: Session, run: ImportRun, existing: ExistingAccount, quote: Quote, decision: DecisionEntry
) -> None:
    account = existing.account
    quote.decided_externally = True
    run.changed_account_ids.add(account.id)
    status, actor = QuoteStatus(decision.status), replace(run.actor, name=EXTERNAL_SYSTEM_NAME)
    decided_at = convert_to_utc(decision.at, account.time_zone)
    await decide_quote(session, quote, status, actor, run.at, decided_at=decided_at)


async def _enqueue_arrival_notices(
    session: Session, run: ImportRun, existing: ExistingAccount, quote: Quote, event: str
) -> None:
    account, contacts = existing.account, existing.active_contacts
    destinations = dict.fromkeys(
        [*list_direct_destinations(contacts), *list_channel_destinations(account, contacts)]
    )
    await enqueue_notice(
        session, NoticeKind.QUOTE_ARRIVED, event, destinations, account=account, at=run.at, quote=quote
    )


async def _record_quote_change(
    session: Session,
    run: ImportRun,
    quote: Quote,
    action: AuditAction,
    details: dict[str, Any],
    status_change: tuple[str | None, str | None] = (None, None),
) -> None:
    await run.record_change(session, quote.account_id, quote.audit_subject, action, details, status_change)


async def _has_order(session: Session, quote: Quote) -> bool:
    found = await session.exec(select(ServiceOrder.id).where(ServiceOrder.quote_id == quote.id))
    return found.first() is not None


async def _replace_lines(
    session: Session, run: ImportRun, existing: ExistingAccount, quote: Quote, preview: Preview
) -> dict[str, Any]:
    # Saved checkouts become drafts again, because nobody has seen these lines in them.
    old_lines, account = existing.quote_lines[quote.key], existing.account
    details = {
        "lines": [_list_terms(old_lines), _list_terms(preview.lines)],
        "total": [quote.total, preview.subtotal + preview.tax],
    }
    prices = build_price_values(preview, account.billing_address, truncate_to_second(run.at))
    quote.sqlmodel_update(prices)
    for line in old_lines:
        await session.delete(line)
    await session.exec(update(Checkout).where(col(Checkout.quote_id) == quote.id).values(is_saved=False))
    session.add_all(build_quote_lines(quote, preview, existing.product_ids))
    await session.flush()
    return details


def _list_terms(lines: Iterable[Any]) -> list[list[Any]]:
    return [[line.subscription_id, line.seats, line.unit_price] for line in lines]
