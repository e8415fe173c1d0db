"""Taking over quotes that were made elsewhere, and learning that they were decided there (R9, R15)."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.accounts_file import in_utc
from bot.accounts_file.entries import DecidedEntry, QuoteEntry, QuoteLineEntry
from bot.billing.gateway import Block, LineRequest, Preview, SubscriptionState
from bot.billing.pricing import price
from bot.use_cases.account_upsert import ImportRun, current_days
from bot.use_cases.notice import active_contacts, channel_of, direct, redraw_quote, tell
from bot.use_cases.quote import decide, quote_lines
from models.account import Account
from models.checkout import Checkout
from models.money import parse_amount
from models.notice import NoticeKind
from models.proration import to_the_second
from models.quote import Quote, QuoteLine, QuoteStatus, next_reminder, validity
from models.service_order import ServiceOrder
from models.subscription import SeatBlock, Subscription

ELSEWHERE = "GoTo Admin"


async def import_quotes(
    session: AsyncSession, run: ImportRun, account: Account, entries: Iterable[QuoteEntry]
) -> None:
    """Upsert an account's quotes by number. The account is held by this transaction."""
    listed = {entry.number: entry for entry in entries}
    if not listed:
        return
    found = await session.exec(select(Quote).where(col(Quote.number).in_(listed)))
    stored = {quote.number: quote for quote in found.all()}
    for number, entry in listed.items():
        quote = stored.get(number)
        if quote is None:
            await _add(session, run, account, entry)
        elif not quote.pending_at(run.at):
            await _update_closed(session, run, account, quote, entry)
        elif entry.decided:
            await _close(session, run, account, quote, entry.decided)
        elif quote.made_elsewhere:
            await _update(session, run, account, quote, entry)


async def _add(session: AsyncSession, run: ImportRun, account: Account, entry: QuoteEntry) -> None:
    preview = await _preview(session, account, entry.lines, run.at)
    quote = Quote(
        number=entry.number,
        account_id=account.id,
        made_elsewhere=True,
        created_at=run.at,
        **_prices(account, preview, run.at),
        **_validity(account, run, entry, [line.period_end for line in preview.lines]),
    )
    if entry.decided:
        quote.decided_elsewhere = True
        quote.decide(QuoteStatus(entry.decided.status), _decided_at(account, entry.decided), ELSEWHERE)
    elif not quote.pending_at(run.at):
        run.warnings.append(f"{quote.number} had ended already and is stored as expired")
        quote.decide(QuoteStatus.EXPIRED, quote.expires_at, run.actor.name)
    session.add(quote)
    await _write_lines(session, quote, preview)
    details = {"total": quote.total, "currency": quote.currency}
    await _note(session, run, quote, "imported", details, (None, quote.status.value))
    if quote.pending_at(run.at):
        await _tell_of_arrival(session, run, account, quote, f"quote:{quote.id}:arrived")


async def _update(
    session: AsyncSession, run: ImportRun, account: Account, quote: Quote, entry: QuoteEntry
) -> None:
    """A pending quote: other lines are priced anew, the same ones keep their prices and instant."""
    lines = await quote_lines(session, quote)
    preview = await _preview(session, account, entry.lines, run.at)
    same = _terms(preview.lines) == _terms(lines)
    period_ends = [line.period_end for line in (lines if same else preview.lines)]
    ends = _validity(account, run, entry, period_ends)
    details: dict[str, Any] = {}
    if ends["expires_at"] != quote.expires_at:
        details["expires_at"] = [quote.expires_at.isoformat(), ends["expires_at"].isoformat()]
        quote.sqlmodel_update(ends)
    if not same:
        details |= await _reprice(session, run, account, quote, lines, preview)
    if details:
        await _note(session, run, quote, "updated", details)
        await redraw_quote(session, account, quote, run.at)
    if not same:
        event = f"quote:{quote.id}:arrived:{quote.frozen_at.isoformat()}"
        await _tell_of_arrival(session, run, account, quote, event)


async def _update_closed(
    session: AsyncSession, run: ImportRun, account: Account, quote: Quote, entry: QuoteEntry
) -> None:
    """No longer pending: its status and end stay for good, what it offered unless it is overwritten.
    What was ordered stays in any case, being what was charged."""
    lines = await quote_lines(session, quote)
    preview = await _preview(session, account, entry.lines, run.at)
    same = _terms(preview.lines) == _terms(lines)
    ends_at = validity(account, [line.period_end for line in lines], entry.ends_at(account.time_zone))
    decided_otherwise = entry.decided is not None and entry.decided.status != quote.status.value
    if run.overwrite and not same and quote.made_elsewhere and not await _ordered(session, quote):
        details = await _reprice(session, run, account, quote, lines, preview)
        await _note(session, run, quote, "overwritten", details)
    elif decided_otherwise or (quote.made_elsewhere and not (same and ends_at == quote.expires_at)):
        run.kept_quotes.append(quote.number)


async def _close(
    session: AsyncSession, run: ImportRun, account: Account, quote: Quote, decided: DecidedEntry
) -> None:
    """R15: what was decided over there is closed as decided there, and everybody is told."""
    quote.decided_elsewhere = True
    status, actor = QuoteStatus(decided.status), replace(run.actor, name=ELSEWHERE)
    run.entries += 1
    await decide(session, quote, status, actor, run.at, decided_at=_decided_at(account, decided))
    words = {"action": status.value, "by": ELSEWHERE, "reason": "", "replaced_by": ""}
    people = direct(await active_contacts(session, account.id))
    event = f"quote:{quote.id}:decided"
    kind = NoticeKind.QUOTE_DECIDED
    await tell(session, kind, event, people, account=account, at=run.at, quote=quote, words=words)


async def _tell_of_arrival(
    session: AsyncSession, run: ImportRun, account: Account, quote: Quote, event: str
) -> None:
    contacts = await active_contacts(session, account.id)
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


# --- prices and validity


async def _preview(
    session: AsyncSession, account: Account, lines: list[QuoteLineEntry], at: datetime
) -> Preview:
    """Priced as the provider will: an import is one transaction, in which no provider may be asked."""
    requests = [
        LineRequest(line.subscription, line.seats, _unit_price(line, account.currency)) for line in lines
    ]
    states = await _states(session, account, [line.subscription for line in lines], at)
    home = account.country == account.home_country
    rate = account.tax_rate if home else "0"
    return price(states, requests, at=to_the_second(at), zone=account.time_zone, rate=rate)


def _unit_price(line: QuoteLineEntry, currency: str) -> int | None:
    return None if line.unit_price is None else parse_amount(line.unit_price, currency)


async def _states(
    session: AsyncSession, account: Account, ids: list[str], at: datetime
) -> dict[str, SubscriptionState]:
    found = await session.exec(
        select(Subscription, SeatBlock).outerjoin(SeatBlock).where(col(Subscription.id).in_(ids))
    )
    states: dict[str, SubscriptionState] = {}
    for held, block in found.all():
        days = current_days(held, account.today(at))
        state = SubscriptionState(held.id, held.seats, held.unit_price, held.period, *days)
        before = states.get(held.id, state)
        more = (Block(block.seats, block.unit_price),) if block else ()
        states[held.id] = replace(before, blocks=before.blocks + more)
    return states


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


def _validity(account: Account, run: ImportRun, entry: QuoteEntry, period_ends: list[date]) -> dict[str, Any]:
    wanted = entry.ends_at(account.time_zone)
    expires_at = validity(account, period_ends, wanted)
    if expires_at < wanted:
        run.warnings.append(
            f"{entry.number} would outlive a period of its lines: it ends {expires_at:%Y-%m-%d %H:%M} UTC"
        )
    return {"expires_at": expires_at, "remind_at": next_reminder(run.at, expires_at)}


async def _reprice(
    session: AsyncSession,
    run: ImportRun,
    account: Account,
    quote: Quote,
    lines: list[QuoteLine],
    preview: Preview,
) -> dict[str, Any]:
    """Offer other lines, from now. Whoever has checked the old ones out must see the new ones first."""
    details = {
        "lines": [_terms(lines), _terms(preview.lines)],
        "total": [quote.total, preview.subtotal + preview.tax],
    }
    quote.sqlmodel_update(_prices(account, preview, run.at))
    session.add(quote)
    await session.exec(delete(QuoteLine).where(col(QuoteLine.quote_id) == quote.id))
    await session.exec(update(Checkout).where(col(Checkout.quote_id) == quote.id).values(saved=False))
    await _write_lines(session, quote, preview)
    return details


async def _write_lines(session: AsyncSession, quote: Quote, preview: Preview) -> None:
    await session.flush()
    ids = [line.subscription_id for line in preview.lines]
    found = await session.exec(
        select(Subscription.id, Subscription.product_id).where(col(Subscription.id).in_(ids))
    )
    products = dict(found.all())
    for line in preview.lines:
        session.add(QuoteLine(quote_id=quote.key, product_id=products[line.subscription_id], **asdict(line)))
    await session.flush()


def _terms(lines: Iterable[Any]) -> list[list[Any]]:
    """What was agreed elsewhere: subscription, seats and price of each line."""
    return [[line.subscription_id, line.seats, line.unit_price] for line in lines]


async def _ordered(session: AsyncSession, quote: Quote) -> bool:
    found = await session.exec(select(ServiceOrder.id).where(ServiceOrder.quote_id == quote.id))
    return found.first() is not None


def _decided_at(account: Account, decided: DecidedEntry) -> datetime:
    return in_utc(decided.at, account.time_zone)
