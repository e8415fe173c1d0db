"""Taking over quotes that were made elsewhere, and learning that they were decided there (R9, R15)."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.accounts_file import in_utc
from bot.accounts_file.entries import DecidedEntry, QuoteEntry, QuoteLineEntry
from bot.billing.gateway import Block, LineRequest, Preview, SubscriptionState
from bot.billing.pricing import price
from bot.use_cases.accounts_import.accounts import ImportRun, current_days
from bot.use_cases.accounts_import.existing import Holdings
from bot.use_cases.notice.enqueue import channel_of, direct, redraw_quote, tell
from bot.use_cases.quote.decide import decide
from models.account import Account
from models.checkout import Checkout
from models.money import parse_amount
from models.notice import NoticeKind
from models.proration import to_the_second
from models.quote import Quote, QuoteLine, QuoteStatus, first_preparation, validity
from models.service_order import ServiceOrder

ELSEWHERE = "GoTo Admin"


async def import_quotes(
    session: AsyncSession, run: ImportRun, listed: list[tuple[Holdings, list[QuoteEntry]]]
) -> None:
    """Upsert accounts' quotes by number. The accounts are held by this transaction."""
    new = [(held, entry) for held, entries in listed for entry in entries if entry.number not in held.quotes]
    for held, entries in listed:
        for entry in entries:
            quote = held.quotes.get(entry.number)
            if quote is not None:
                await _update(session, run, held, quote, entry)
    await _add_all(session, run, new)


async def _add_all(session: AsyncSession, run: ImportRun, listed: list[tuple[Holdings, QuoteEntry]]) -> None:
    """Together, so that a thousand of them do not take a thousand times as long."""
    made = []
    for held, entry in listed:
        preview = _preview(held, entry.lines, run.at)
        made.append((held, _new_quote(run, held, entry, preview), preview))
    session.add_all(quote for _, quote, _ in made)
    await session.flush()
    session.add_all(line for held, quote, preview in made for line in _lines(held, quote, preview))
    await session.flush()
    for held, quote, _ in made:
        details = {"total": quote.total, "currency": quote.currency}
        await _note(session, run, quote, "imported", details, (None, quote.status.value))
        if quote.pending_at(run.at):
            await _tell_of_arrival(session, run, held, quote, f"quote:{quote.id}:arrived")


def _new_quote(run: ImportRun, held: Holdings, entry: QuoteEntry, preview: Preview) -> Quote:
    quote = Quote(
        number=entry.number,
        account_id=held.account.id,
        made_elsewhere=True,
        created_at=run.at,
        **_prices(held.account, preview, run.at),
        **_validity(run, held.account, entry, [line.period_end for line in preview.lines]),
    )
    if entry.decided:
        quote.decided_elsewhere = True
        decided_at = in_utc(entry.decided.at, held.account.time_zone)
        quote.decide(QuoteStatus(entry.decided.status), decided_at, ELSEWHERE)
    elif not quote.pending_at(run.at):
        run.warnings.append(f"{quote.number} had ended already and is stored as expired")
        quote.decide(QuoteStatus.EXPIRED, quote.expires_at, run.actor.name)
    return quote


async def _update(
    session: AsyncSession, run: ImportRun, held: Holdings, quote: Quote, entry: QuoteEntry
) -> None:
    standing = await _standing(session, quote)
    if entry.decided and standing.pending_at(run.at):
        await _close(session, run, held, standing, entry.decided)
    elif not quote.pending_at(run.at):
        await _update_closed(session, run, held, quote, entry)
    elif quote.made_elsewhere:
        await _update_pending(session, run, held, quote, entry)


async def _standing(session: AsyncSession, quote: Quote) -> Quote:
    """The quote, or the one that an address change put in its place: over there it is the same offer."""
    while quote.replaced_by_id is not None:
        replacement = await session.get_one(Quote, quote.replaced_by_id)
        if not replacement.made_elsewhere:
            break
        quote = replacement
    return quote


async def _update_pending(
    session: AsyncSession, run: ImportRun, held: Holdings, quote: Quote, entry: QuoteEntry
) -> None:
    """Other lines are priced anew; the same ones keep their prices and instant."""
    lines = held.lines[quote.key]
    preview = _preview(held, entry.lines, run.at)
    same = _terms(preview.lines) == _terms(lines)
    period_ends = [line.period_end for line in (lines if same else preview.lines)]
    ends = _validity(run, held.account, entry, period_ends)
    details: dict[str, Any] = {}
    if ends["expires_at"] != quote.expires_at:
        details["expires_at"] = [quote.expires_at.isoformat(), ends["expires_at"].isoformat()]
        quote.sqlmodel_update(ends)
    if not same:
        details |= await _reprice(session, run, held, quote, preview)
    if not details:
        return
    await _note(session, run, quote, "updated", details)
    await redraw_quote(session, held.account, quote, run.at)
    if not same:
        event = f"quote:{quote.id}:arrived:{quote.frozen_at.isoformat()}"
        await _tell_of_arrival(session, run, held, quote, event)


async def _update_closed(
    session: AsyncSession, run: ImportRun, held: Holdings, quote: Quote, entry: QuoteEntry
) -> None:
    """No longer pending: its status and end stay for good, what it offered unless it is overwritten.
    What was ordered stays in any case, being what was charged."""
    lines = held.lines[quote.key]
    preview = _preview(held, entry.lines, run.at)
    same = _terms(preview.lines) == _terms(lines)
    wanted = entry.ends_at(held.account.time_zone)
    ends_at = validity(held.account, [line.period_end for line in lines], wanted)
    decided_otherwise = entry.decided is not None and entry.decided.status != quote.status.value
    if run.overwrite and not same and quote.made_elsewhere and not await _ordered(session, quote):
        details = await _reprice(session, run, held, quote, preview)
        await _note(session, run, quote, "overwritten", details)
    elif decided_otherwise or (quote.made_elsewhere and not (same and ends_at == quote.expires_at)):
        run.kept_quotes.append(quote.number)


async def _close(
    session: AsyncSession, run: ImportRun, held: Holdings, quote: Quote, decided: DecidedEntry
) -> None:
    """R15: what was decided over there is closed as decided there, and everybody is told."""
    account = held.account
    quote.decided_elsewhere = True
    run.changed.add(account.id)
    status, actor = QuoteStatus(decided.status), replace(run.actor, name=ELSEWHERE)
    decided_at = in_utc(decided.at, account.time_zone)
    await decide(session, quote, status, actor, run.at, decided_at=decided_at)


async def _tell_of_arrival(
    session: AsyncSession, run: ImportRun, held: Holdings, quote: Quote, event: str
) -> None:
    account, contacts = held.account, held.active_contacts
    people = dict.fromkeys([*direct(contacts), *channel_of(account, contacts)])
    await tell(session, NoticeKind.QUOTE_ARRIVED, event, people, account=account, at=run.at, quote=quote)


async def _note(
    session: AsyncSession,
    run: ImportRun,
    quote: Quote,
    action: str,
    details: dict[str, Any],
    change: tuple[str | None, str | None] = (None, None),
) -> None:
    await run.note(session, quote.account_id, f"quote:{quote.number}", action, details, change)


async def _ordered(session: AsyncSession, quote: Quote) -> bool:
    found = await session.exec(select(ServiceOrder.id).where(ServiceOrder.quote_id == quote.id))
    return found.first() is not None


# --- prices and validity


def _preview(held: Holdings, lines: list[QuoteLineEntry], at: datetime) -> Preview:
    """Priced as the provider will: an import is one transaction, in which no provider may be asked."""
    account = held.account
    requests = [
        LineRequest(line.subscription, line.seats, _unit_price(line, account.currency)) for line in lines
    ]
    states = {line.subscription: _state(held, line.subscription, at) for line in lines}
    rate = account.tax_rate if account.country == account.home_country else "0"
    return price(states, requests, at=to_the_second(at), zone=account.time_zone, rate=rate)


def _unit_price(line: QuoteLineEntry, currency: str) -> int | None:
    return None if line.unit_price is None else parse_amount(line.unit_price, currency)


def _state(held: Holdings, subscription_id: str, at: datetime) -> SubscriptionState:
    row = held.subscriptions[subscription_id]
    days = current_days(row, held.account.today(at))
    blocks = tuple(Block(b.seats, b.unit_price) for b in held.blocks.get(row.id, []))
    return SubscriptionState(row.id, row.seats, row.unit_price, row.period, *days, blocks)


def _prices(account: Account, preview: Preview, at: datetime) -> dict[str, Any]:
    return {
        "frozen_at": to_the_second(at),
        "currency": account.currency,
        "address": account.billing_address.model_dump(),
        "subtotal": preview.subtotal,
        "tax": preview.tax,
        "total": preview.subtotal + preview.tax,
        "recurring": [{**asdict(r), "period": r.period.value} for r in preview.recurring],
    }


def _validity(run: ImportRun, account: Account, entry: QuoteEntry, period_ends: list[date]) -> dict[str, Any]:
    wanted = entry.ends_at(account.time_zone)
    expires_at = validity(account, period_ends, wanted)
    if expires_at < wanted:
        run.warnings.append(
            f"{entry.number} would outlive a period of its lines: it ends {expires_at:%Y-%m-%d %H:%M} UTC"
        )
    return {"expires_at": expires_at, "remind_at": first_preparation(run.at, expires_at)}


async def _reprice(
    session: AsyncSession, run: ImportRun, held: Holdings, quote: Quote, preview: Preview
) -> dict[str, Any]:
    """Offer other lines, from now. Whoever has checked the old ones out must see the new ones first."""
    old = held.lines[quote.key]
    details = {
        "lines": [_terms(old), _terms(preview.lines)],
        "total": [quote.total, preview.subtotal + preview.tax],
    }
    quote.sqlmodel_update(_prices(held.account, preview, run.at))
    for line in old:
        await session.delete(line)
    await session.exec(update(Checkout).where(col(Checkout.quote_id) == quote.id).values(saved=False))
    session.add_all(_lines(held, quote, preview))
    await session.flush()
    return details


def _lines(held: Holdings, quote: Quote, preview: Preview) -> Iterator[QuoteLine]:
    for line in preview.lines:
        product_id = held.subscriptions[line.subscription_id].product_id
        yield QuoteLine(quote_id=quote.key, product_id=product_id, **asdict(line))


def _terms(lines: Iterable[Any]) -> list[list[Any]]:
    """What was agreed elsewhere: subscription, seats and price of each line."""
    return [[line.subscription_id, line.seats, line.unit_price] for line in lines]
