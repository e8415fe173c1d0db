"""What became of a delivery, stored: each function changes the notice and says how long its destination
rests before the next one."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import lock_account
from bot.messaging.messenger import Letter, Posted
from bot.services import Services
from bot.use_cases.delivery.claim import TEAM, TEAM_LEAD
from bot.use_cases.delivery.posted_message import Address, status_message
from bot.use_cases.notice.enqueue import active_contacts, direct, people_of, redraw_quote, tell
from models.account import Account
from models.billing_contact import BillingContact
from models.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus, PostedMessage
from models.quote import Quote, QuoteStatus
from models.service_order import ServiceOrder

log = structlog.get_logger()

Outcome = Callable[[AsyncSession, Notice, datetime], Awaitable[timedelta]]

# Slack takes about one message a second in a channel.
CHANNEL_PAUSE = timedelta(seconds=1)
FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(minutes=5)
NO_REST = timedelta()

# Where the person lost the role, whoever remains is told: R13, and what would else be seen to by nobody.
FOR_WHOEVER_REMAINS = frozenset(
    {
        NoticeKind.RECEIPT,
        NoticeKind.RECEIPT_MAIL,
        NoticeKind.ORDER_DECLINED,
        NoticeKind.ORDER_NEEDS_CUSTOMER,
        NoticeKind.ORDER_FAILED,
        NoticeKind.ORDER_OVERDUE,
        NoticeKind.QUOTE_REMINDER,
    }
)
RECEIPT_MESSAGES = (NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE)
QUOTE_MESSAGES = (NoticeKind.QUOTE_ARRIVED, NoticeKind.QUOTE_REMINDER)


async def delivered(_: AsyncSession, notice: Notice, at: datetime) -> timedelta:
    notice.status, notice.delivered_at, notice.last_error = NoticeStatus.DELIVERED, at, None
    return NO_REST if Address.of(notice).kind == "email" else CHANNEL_PAUSE


async def posted(
    session: AsyncSession, notice: Notice, at: datetime, *, letter: Letter, message: Posted
) -> timedelta:
    if notice.kind is NoticeKind.ORDER_STATUS:
        await _remember_status(session, notice, message)
    elif notice.kind is NoticeKind.RECEIPT and Address.of(notice).kind == "contact":
        await _send_file_after(session, notice, letter, message, at)
    elif notice.kind in QUOTE_MESSAGES:
        await _remember_quote(session, notice, letter, message, at)
    return await delivered(session, notice, at)


async def _send_file_after(
    session: AsyncSession, notice: Notice, letter: Letter, message: Posted, at: datetime
) -> None:
    """The PDF as a notice of its own: where sharing it fails, the message does not come again."""
    destination = [notice.destination]
    words = {**notice.words, "channel": message.channel, "user": letter.channel}
    await _again(session, notice, NoticeKind.RECEIPT_FILE, f"{_event(notice)}:file", destination, words, at)


async def _remember_status(session: AsyncSession, notice: Notice, message: Posted) -> None:
    """One a channel: two contacts may be one person, with one direct message."""
    here = await session.exec(
        select(PostedMessage).where(
            PostedMessage.order_id == notice.order_id, PostedMessage.channel == message.channel
        )
    )
    standing = here.one_or_none() or await status_message(session, notice)
    if standing is None:
        standing = _posted_message(notice, message, order_id=notice.order_id)
    standing.channel, standing.ts = message.channel, message.ts
    session.add(standing)


async def _remember_quote(
    session: AsyncSession, notice: Notice, letter: Letter, message: Posted, at: datetime
) -> None:
    session.add(_posted_message(notice, message, quote_id=notice.quote_id))
    await session.flush()
    quote = await session.get_one(Quote, notice.quote_id)
    drawn = letter.quote.quote.status if letter.quote else None
    if quote.status is not drawn:
        # Decided while it was being posted: whoever decided could not know of this copy.
        await redraw_quote(session, await session.get_one(Account, quote.account_id), quote, at)


async def look_again(services: Services, quote_id: int, drawn: QuoteStatus | None) -> None:
    """Once the copy is stored: a decision that was being stored at that moment neither saw it nor was seen.
    It held the account, so whoever holds it now sees what was decided."""
    async with services.write() as session:
        quote = await session.get_one(Quote, quote_id)
        account = await lock_account(session, quote.account_id, quote)
        if quote.status is not drawn:
            await redraw_quote(session, account, quote, services.now())


def _posted_message(
    notice: Notice, message: Posted, *, order_id: int | None = None, quote_id: int | None = None
) -> PostedMessage:
    return PostedMessage(
        team=notice.team,
        channel=message.channel,
        ts=message.ts,
        order_id=order_id,
        quote_id=quote_id,
        contact_id=Address.of(notice).contact_id,
    )


async def not_wanted(session: AsyncSession, notice: Notice, at: datetime) -> timedelta:
    """Its person has switched it off."""
    await delivered(session, notice, at)
    return NO_REST


async def held_for_digest(_: AsyncSession, notice: Notice, at: datetime, *, until: datetime) -> timedelta:
    notice.due_at = notice.digest_at = until
    return NO_REST


async def digest_posted(
    session: AsyncSession, notice: Notice, at: datetime, *, ids: Sequence[int]
) -> timedelta:
    """Each of the notices it told of is delivered with it."""
    for id_ in ids:
        part = await session.get_one(Notice, id_, with_for_update=True)
        if part.status is NoticeStatus.WAITING:
            await delivered(session, part, at)
            session.add(part)
    return await delivered(session, notice, at)


async def copy_gone(session: AsyncSession, notice: Notice, at: datetime, *, copy: int) -> timedelta:
    """A posted copy of a quote that is gone needs no redrawing, now or later."""
    message = await session.get(PostedMessage, copy)
    if message is not None:
        await session.delete(message)
    return await delivered(session, notice, at)


async def rate_limited(session: AsyncSession, notice: Notice, at: datetime, *, seconds: float) -> timedelta:
    """Slack does not say whether it means the channel or the workspace: both rest."""
    rest = timedelta(seconds=seconds)
    pace = await session.get_one(DeliverySlot, TEAM + notice.team, with_for_update=True)
    pace.next_at = max(pace.next_at, at + rest + TEAM_LEAD)
    return rest


async def later(_: AsyncSession, notice: Notice, at: datetime, *, error: str) -> timedelta:
    """The destination rests as a whole: what comes after this notice must not come before it."""
    doublings = min(notice.attempts, 20)
    notice.attempts, notice.last_error = notice.attempts + 1, error
    rest: timedelta = FIRST_BACKOFF * 2**doublings
    return min(rest, LONGEST_BACKOFF)


async def undeliverable(_: AsyncSession, notice: Notice, at: datetime, *, error: str) -> timedelta:
    notice.status, notice.last_error = NoticeStatus.UNDELIVERABLE, error
    return NO_REST


async def withdrawn(session: AsyncSession, notice: Notice, at: datetime) -> timedelta:
    """Someone who lost the role gets nothing more."""
    if notice.kind in FOR_WHOEVER_REMAINS and not notice.words.get("asked"):
        contacts = await active_contacts(session, notice.account_id)
        kind = Address.of(notice).kind
        await _readdress(session, notice, at, [f"{kind}:{contact.key}" for contact in contacts])
    return await undeliverable(session, notice, at, error="contact withdrawn")


async def channel_unreachable(
    session: AsyncSession, notice: Notice, at: datetime, *, error: str
) -> timedelta:
    """Nothing is lost: the contacts get by direct message what was meant for the channel."""
    account = await session.get_one(Account, notice.account_id)
    contacts = await active_contacts(session, account.id)
    channel = Address.of(notice).name
    await tell(
        session,
        NoticeKind.CHANNEL_UNREACHABLE,
        f"account:{account.id}:channel:{channel}:{account.today(at)}",
        direct(contacts),
        account=account,
        at=at,
        words={"channel": channel},
    )
    await _readdress(session, notice, at, direct(await _people_of(session, notice)))
    if not contacts:
        log.error("nobody to tell", notice=notice.id, account=account.id)
    return await undeliverable(session, notice, at, error=f"channel unreachable: {error}")


async def _people_of(session: AsyncSession, notice: Notice) -> Sequence[BillingContact]:
    order = await session.get(ServiceOrder, notice.order_id) if notice.order_id else None
    return await (people_of(session, order) if order else active_contacts(session, notice.account_id))


async def person_unreachable(session: AsyncSession, notice: Notice, at: datetime, *, error: str) -> timedelta:
    # A receipt goes by e-mail in any case; only one that was asked for comes that way again.
    if notice.kind not in RECEIPT_MESSAGES or notice.words.get("asked"):
        await _readdress(session, notice, at, [f"email:{Address.of(notice).name}"])
    return await undeliverable(session, notice, at, error=f"person unreachable: {error}")


async def _readdress(
    session: AsyncSession, notice: Notice, at: datetime, destinations: Sequence[str]
) -> None:
    """The same notice to others, once each: whom the event has told already is not told again."""
    await _again(session, notice, notice.kind, _event(notice), destinations, notice.words, at)


def _event(notice: Notice) -> str:
    """What it reports, without to whom."""
    return notice.event.removesuffix(f">{notice.destination}")


async def _again(
    session: AsyncSession,
    notice: Notice,
    kind: NoticeKind,
    event: str,
    destinations: Sequence[str],
    words: dict[str, Any],
    at: datetime,
) -> None:
    """Of the same account, order and quote."""
    await tell(
        session,
        kind,
        event,
        destinations,
        account=await session.get_one(Account, notice.account_id),
        at=at,
        order=await session.get(ServiceOrder, notice.order_id) if notice.order_id else None,
        quote=await session.get(Quote, notice.quote_id) if notice.quote_id else None,
        words=words,
    )
