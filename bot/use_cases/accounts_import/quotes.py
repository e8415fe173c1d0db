"""Taking over quotes that were made elsewhere, and learning that they were decided there (R9, R15)."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlmodel import col, select, update

from bot.accounts_file import convert_to_utc
from bot.accounts_file.entries import DecisionEntry, QuoteEntry, QuoteLineEntry
from bot.billing.gateway import LineRequest, Preview, SeatBlockState, SubscriptionState
from bot.billing.pricing import price_lines
from bot.db import Session
from bot.use_cases.accounts_import.accounts import ImportRun, get_current_period
from bot.use_cases.accounts_import.existing import ExistingAccount
from bot.use_cases.notice.enqueue import (
    enqueue_notice,
    enqueue_quote_card_updates,
    list_channel_destinations,
    list_direct_destinations,
)
from bot.use_cases.quote.decide import decide_quote
from models.account import Account
from models.checkout import Checkout
from models.money import parse_amount
from models.notice import NoticeKind
from models.proration import truncate_to_second
from models.quote import Quote, QuoteLine, QuoteStatus, compute_expiry, find_first_reminder_check
from models.service_order import ServiceOrder

EXTERNAL_SYSTEM_NAME = "GoTo Admin"


async def import_quotes(
    session: Session, run: ImportRun, entries_by_account: list[tuple[ExistingAccount, list[QuoteEntry]]]
) -> None:
    """Upsert accounts' quotes by number. The accounts are held by this transaction."""
    new = [
        (held, entry)
        for held, entries in entries_by_account
        for entry in entries
        if entry.number not in held.quotes
    ]
    for held, entries in entries_by_account:
        for entry in entries:
            quote = held.quotes.get(entry.number)
            if quote is not None:
                await _update_quote(session, run, held, quote, entry)
    await _add_quotes(session, run, new)


async def _add_quotes(
    session: Session, run: ImportRun, new_entries: list[tuple[ExistingAccount, QuoteEntry]]
) -> None:
    """Together, so that a thousand of them do not take a thousand times as long."""
    made = []
    for held, entry in new_entries:
        preview = _preview_lines(held, entry.lines, run.at)
        made.append((held, _build_quote(run, held, entry, preview), preview))
    session.add_all(quote for _, quote, _ in made)
    await session.flush()
    session.add_all(line for held, quote, preview in made for line in _build_lines(held, quote, preview))
    await session.flush()
    for held, quote, _ in made:
        details = {"total": quote.total, "currency": quote.currency}
        await _record_quote_change(session, run, quote, "imported", details, (None, quote.status.value))
        if quote.is_pending(run.at):
            await _enqueue_arrival_notices(session, run, held, quote, f"quote:{quote.id}:arrived")


def _build_quote(run: ImportRun, existing: ExistingAccount, entry: QuoteEntry, preview: Preview) -> Quote:
    quote = Quote(
        number=entry.number,
        account_id=existing.account.id,
        created_externally=True,
        created_at=run.at,
        **_build_price_values(existing.account, preview, run.at),
        **_build_expiry_values(run, existing.account, entry, [line.period_end for line in preview.lines]),
    )
    if entry.decided:
        quote.decided_externally = True
        decided_at = convert_to_utc(entry.decided.at, existing.account.time_zone)
        quote.change_status(QuoteStatus(entry.decided.status), decided_at, EXTERNAL_SYSTEM_NAME)
    elif not quote.is_pending(run.at):
        run.warnings.append(f"{quote.number} had ended already and is stored as expired")
        quote.change_status(QuoteStatus.EXPIRED, quote.expires_at, run.actor.name)
    return quote


async def _update_quote(
    session: Session, run: ImportRun, existing: ExistingAccount, quote: Quote, entry: QuoteEntry
) -> None:
    standing = await _get_current_quote(session, quote)
    if entry.decided and standing.is_pending(run.at):
        await _close_quote(session, run, existing, standing, entry.decided)
    elif not quote.is_pending(run.at):
        await _update_closed_quote(session, run, existing, quote, entry)
    elif quote.created_externally:
        await _update_pending_quote(session, run, existing, quote, entry)


async def _get_current_quote(session: Session, quote: Quote) -> Quote:
    """The quote, or the one that an address change put in its place: over there it is the same offer."""
    while quote.replaced_by_id is not None:
        replacement = await session.get_one(Quote, quote.replaced_by_id)
        if not replacement.created_externally:
            break
        quote = replacement
    return quote


async def _update_pending_quote(
    session: Session, run: ImportRun, existing: ExistingAccount, quote: Quote, entry: QuoteEntry
) -> None:
    """Other lines are priced anew; the same ones keep their prices and instant."""
    lines = existing.quote_lines[quote.key]
    preview = _preview_lines(existing, entry.lines, run.at)
    same = _extract_terms(preview.lines) == _extract_terms(lines)
    period_ends = [line.period_end for line in (lines if same else preview.lines)]
    ends = _build_expiry_values(run, existing.account, entry, period_ends)
    details: dict[str, Any] = {}
    if ends["expires_at"] != quote.expires_at:
        details["expires_at"] = [quote.expires_at.isoformat(), ends["expires_at"].isoformat()]
        quote.sqlmodel_update(ends)
    if not same:
        details |= await _replace_lines(session, run, existing, quote, preview)
    if not details:
        return
    await _record_quote_change(session, run, quote, "updated", details)
    await enqueue_quote_card_updates(session, existing.account, quote, run.at)
    if not same:
        event = f"quote:{quote.id}:arrived:{quote.frozen_at.isoformat()}"
        await _enqueue_arrival_notices(session, run, existing, quote, event)


async def _update_closed_quote(
    session: Session, run: ImportRun, existing: ExistingAccount, quote: Quote, entry: QuoteEntry
) -> None:
    """No longer pending: its status and end stay for good, what it offered unless it is overwritten.
    What was ordered stays in any case, being what was charged."""
    lines = existing.quote_lines[quote.key]
    preview = _preview_lines(existing, entry.lines, run.at)
    same = _extract_terms(preview.lines) == _extract_terms(lines)
    wanted = entry.compute_expiry(existing.account.time_zone)
    ends_at = compute_expiry(existing.account, [line.period_end for line in lines], wanted)
    decided_otherwise = entry.decided is not None and entry.decided.status != quote.status.value
    if run.overwrite and not same and quote.created_externally and not await _has_order(session, quote):
        details = await _replace_lines(session, run, existing, quote, preview)
        await _record_quote_change(session, run, quote, "overwritten", details)
    elif decided_otherwise or (quote.created_externally and not (same and ends_at == quote.expires_at)):
        run.kept_quotes.append(quote.number)


async def _close_quote(
    session: Session, run: ImportRun, existing: ExistingAccount, quote: Quote, decision: DecisionEntry
) -> None:
    """R15: what was decided over there is closed as decided there, and everybody is told."""
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
    people = dict.fromkeys(
        [*list_direct_destinations(contacts), *list_channel_destinations(account, contacts)]
    )
    await enqueue_notice(
        session, NoticeKind.QUOTE_ARRIVED, event, people, account=account, at=run.at, quote=quote
    )


async def _record_quote_change(
    session: Session,
    run: ImportRun,
    quote: Quote,
    action: str,
    details: dict[str, Any],
    status_change: tuple[str | None, str | None] = (None, None),
) -> None:
    await run.record_change(
        session, quote.account_id, f"quote:{quote.number}", action, details, status_change
    )


async def _has_order(session: Session, quote: Quote) -> bool:
    found = await session.exec(select(ServiceOrder.id).where(ServiceOrder.quote_id == quote.id))
    return found.first() is not None


# --- prices and validity


def _preview_lines(existing: ExistingAccount, lines: list[QuoteLineEntry], at: datetime) -> Preview:
    """Priced as the provider will: an import is one transaction, in which no provider may be asked."""
    account = existing.account
    requests = [
        LineRequest(line.subscription, line.seats, _parse_unit_price(line, account.currency))
        for line in lines
    ]
    states = {line.subscription: _build_subscription_state(existing, line.subscription, at) for line in lines}
    rate = account.tax_rate if account.country == account.home_country else "0"
    return price_lines(states, requests, at=truncate_to_second(at), zone=account.time_zone, rate=rate)


def _parse_unit_price(line: QuoteLineEntry, currency: str) -> int | None:
    return None if line.unit_price is None else parse_amount(line.unit_price, currency)


def _build_subscription_state(
    existing: ExistingAccount, subscription_id: str, at: datetime
) -> SubscriptionState:
    row = existing.subscriptions[subscription_id]
    days = get_current_period(row, existing.account.get_local_date(at))
    blocks = tuple(SeatBlockState(b.seats, b.unit_price) for b in existing.seat_blocks.get(row.id, []))
    return SubscriptionState(row.id, row.seats, row.unit_price, row.period, *days, blocks)


def _build_price_values(account: Account, preview: Preview, at: datetime) -> dict[str, Any]:
    return {
        "frozen_at": truncate_to_second(at),
        "currency": account.currency,
        "address": account.billing_address.model_dump(),
        "subtotal": preview.subtotal,
        "tax": preview.tax,
        "total": preview.subtotal + preview.tax,
        "recurring": [{**asdict(r), "period": r.period.value} for r in preview.recurring],
    }


def _build_expiry_values(
    run: ImportRun, account: Account, entry: QuoteEntry, period_ends: list[date]
) -> dict[str, Any]:
    wanted = entry.compute_expiry(account.time_zone)
    expires_at = compute_expiry(account, period_ends, wanted)
    if expires_at < wanted:
        run.warnings.append(
            f"{entry.number} would outlive a period of its lines: it ends {expires_at:%Y-%m-%d %H:%M} UTC"
        )
    return {"expires_at": expires_at, "remind_at": find_first_reminder_check(run.at, expires_at)}


async def _replace_lines(
    session: Session, run: ImportRun, existing: ExistingAccount, quote: Quote, preview: Preview
) -> dict[str, Any]:
    """Offer other lines, from now. Whoever has checked the old ones out must see the new ones first."""
    old = existing.quote_lines[quote.key]
    details = {
        "lines": [_extract_terms(old), _extract_terms(preview.lines)],
        "total": [quote.total, preview.subtotal + preview.tax],
    }
    quote.sqlmodel_update(_build_price_values(existing.account, preview, run.at))
    for line in old:
        await session.delete(line)
    await session.exec(update(Checkout).where(col(Checkout.quote_id) == quote.id).values(is_saved=False))
    session.add_all(_build_lines(existing, quote, preview))
    await session.flush()
    return details


def _build_lines(existing: ExistingAccount, quote: Quote, preview: Preview) -> Iterator[QuoteLine]:
    for line in preview.lines:
        product_id = existing.subscriptions[line.subscription_id].product_id
        yield QuoteLine(quote_id=quote.key, product_id=product_id, **asdict(line))


def _extract_terms(lines: Iterable[Any]) -> list[list[Any]]:
    """What was agreed elsewhere: subscription, seats and price of each line."""
    return [[line.subscription_id, line.seats, line.unit_price] for line in lines]
