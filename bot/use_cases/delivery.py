"""Delivering notices until they are taken (R24).

A crash between posting a message and storing that it was posted makes it appear twice; none is ever lost.
"""

import asyncio
from dataclasses import replace
from functools import partial

import structlog

from bot.directory.directory import DirectoryUnavailable
from bot.mail.mailer import MailRefused, MailUnavailable
from bot.messaging.messenger import (
    ChannelUnreachable,
    FileRefused,
    Letter,
    MessageGone,
    MessengerUnavailable,
    PersonUnreachable,
    RateLimited,
)
from bot.metrics import NOTICES, RETRIES, count_when_stored
from bot.services import Services
from bot.use_cases import delivery_outcome as outcome
from bot.use_cases.delivery_claim import Claim, claim_due, longest_delivery
from bot.use_cases.delivery_outcome import Outcome
from bot.use_cases.digest import held_back
from bot.use_cases.letter import (
    Address,
    compose,
    compose_mail,
    in_place,
    receipt_pdf,
    standing_message,
)
from bot.use_cases.slack_user import known_user_of_contact, user_of_contact
from bot.use_cases.work import work_off
from models.billing_contact import BillingContact
from models.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus
from models.slack_user import SlackUser

log = structlog.get_logger()


async def deliver_due_notices(services: Services) -> int:
    """Deliver what is due and permitted now, to several destinations at once. Returns how many were."""

    async def claim(room: int) -> list[Claim]:
        return [] if services.tasks.draining else await claim_due(services, room)

    return await work_off(claim, partial(_deliver, services))


async def _deliver(services: Services, claim: Claim) -> bool:
    """Whether the notice was delivered. Never raises: other destinations go on."""
    try:
        return await _store(services, claim, await _try(services, claim.notice))
    except Exception as error:
        log.exception("delivery could not be stored", notice=claim.notice.id)
        # Where this fails too, the lease runs out, and the notice is delivered again.
        return await _store_later(services, claim, error)


async def _store_later(services: Services, claim: Claim, error: Exception) -> bool:
    try:
        return await _store(services, claim, partial(outcome.later, error=_name(error)))
    except Exception:
        log.exception("delivery could not be put off", notice=claim.notice.id)
        return False


async def _store(services: Services, claim: Claim, outcome: Outcome) -> bool:
    at = services.now()
    async with services.write() as session:
        slot = await session.get_one(DeliverySlot, claim.notice.destination, with_for_update=True)
        notice = await session.get_one(Notice, claim.notice.key, with_for_update=True)
        if notice.status is not NoticeStatus.WAITING:
            return False  # The lease ran out, and another worker was quicker.
        slot.next_at = max(slot.next_at, at + await outcome(session, notice, at))
        if slot.claimed_until == claim.until:
            slot.claimed_until = None
        session.add_all([slot, notice])
        count_when_stored(session, NOTICES.labels(notice.status.value))
        if notice.status is NoticeStatus.WAITING:
            count_when_stored(session, RETRIES.labels("notice"))
        return bool(notice.delivered_at)


async def _try(services: Services, notice: Notice) -> Outcome:
    try:
        async with asyncio.timeout(longest_delivery(services.settings).total_seconds()):
            return await _send(services, notice)
    except RateLimited as limit:
        return partial(outcome.rate_limited, seconds=limit.seconds)
    except (ChannelUnreachable, PersonUnreachable) as error:
        return _told_otherwise(notice, str(error))
    except FileRefused as error:
        log.error("Slack takes no file from us: see doctor", notice=notice.id, error=str(error))
        return partial(outcome.person_unreachable, error=str(error))
    except MailRefused as error:
        log.error("mail refused for good", notice=notice.id, error=str(error))
        return partial(outcome.undeliverable, error=str(error))
    except (MessengerUnavailable, MailUnavailable, DirectoryUnavailable, TimeoutError) as error:
        log.warning("notice waits", notice=notice.id, error=_name(error))
        return partial(outcome.later, error=_name(error))
    except Exception as error:
        log.exception("notice cannot be delivered", notice=notice.id, kind=notice.kind)
        return partial(outcome.later, error=_name(error))


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _told_otherwise(notice: Notice, error: str) -> Outcome:
    match Address.of(notice).kind:
        case "channel":
            return partial(outcome.channel_unreachable, error=error)
        case "contact":
            return partial(outcome.person_unreachable, error=error)
        case _:
            log.error("Account Services' channel cannot be posted to", notice=notice.id, error=error)
            return partial(outcome.later, error=error)


async def _send(services: Services, notice: Notice) -> Outcome:
    address = Address.of(notice)
    if address.contact_id is None:
        if notice.kind is NoticeKind.QUOTE_CARD:
            return await _redraw_copy(services, notice, None)
        return await _post(services, notice, await compose(services, notice, address.name, None))
    async with services.read() as session:
        contact = await session.get_one(BillingContact, address.contact_id)
    if not contact.active:
        return outcome.withdrawn
    if address.kind == "email":
        return await _mail(services, notice, contact)
    if notice.kind is NoticeKind.QUOTE_CARD:
        return await _redraw_copy(services, notice, contact)
    if not await services.messenger.reaches(notice.team):
        raise PersonUnreachable("the bot is not installed in the workspace")
    user = await user_of_contact(services, notice.team, contact)
    if user is None:
        raise PersonUnreachable("no such person in Slack")
    if notice.kind is NoticeKind.RECEIPT_FILE:
        return await _share(services, notice, user)
    held = await held_back(services, notice, user)
    if held is not None:
        return held
    return await _post(services, notice, await compose(services, notice, user.user_id, user))


async def _share(services: Services, notice: Notice, user: SlackUser) -> Outcome:
    """The PDF, below the message that told of it."""
    if notice.words.get("user") != user.user_id:
        raise PersonUnreachable("the direct message is another person's")
    letter = await compose(services, notice, str(notice.words["channel"]), user)
    letter = replace(letter, file=await receipt_pdf(services, letter))
    try:
        message = await services.messenger.deliver(letter)
    except MessageGone as error:
        raise PersonUnreachable(f"the direct message is gone: {error}") from error
    return partial(outcome.posted, letter=letter, message=message)


async def _mail(services: Services, notice: Notice, contact: BillingContact) -> Outcome:
    reader = await known_user_of_contact(services, notice.team, contact)
    await services.mailer.send(await compose_mail(services, notice, contact, reader))
    return outcome.delivered


async def _post(services: Services, notice: Notice, letter: Letter) -> Outcome:
    async with services.read() as session:
        standing = await standing_message(session, notice)
    if standing is not None:
        try:
            message = await services.messenger.deliver(in_place(letter, standing))
            return partial(outcome.posted, letter=letter, message=message)
        except MessageGone:
            log.info("message is gone, posted anew", notice=notice.id)
    message = await services.messenger.deliver(letter)
    return partial(outcome.posted, letter=letter, message=message)


async def _redraw_copy(services: Services, notice: Notice, contact: BillingContact | None) -> Outcome:
    """A posted copy of a quote as it stands now: where it cannot be redrawn there is nothing to tell."""
    async with services.read() as session:
        copy = await standing_message(session, notice)
    if copy is None:
        return outcome.delivered
    reader = await known_user_of_contact(services, notice.team, contact) if contact else None
    letter = in_place(await compose(services, notice, copy.channel, reader), copy)
    try:
        await services.messenger.deliver(letter)
    except (MessageGone, PersonUnreachable, ChannelUnreachable):
        return partial(outcome.copy_gone, copy=copy.key)
    return outcome.delivered
