"""Delivering notices until they are taken (R24).

A crash between posting a message and storing that it was posted makes it appear twice; none is ever lost.
"""

import asyncio
from dataclasses import replace
from functools import partial

import structlog

from bot.directory.user_directory import DirectoryUnavailable
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
from bot.services import Services
from bot.use_cases.delivery import results as outcome
from bot.use_cases.delivery.claim import Claim, DueNotices
from bot.use_cases.delivery.compose import compose, compose_mail, in_place, receipt_pdf
from bot.use_cases.delivery.context import Facts, read_facts
from bot.use_cases.delivery.digest import held_back
from bot.use_cases.delivery.posted_message import Address
from bot.use_cases.delivery.results import Outcome
from bot.use_cases.delivery.store import Endings
from bot.use_cases.due_rows import work_off
from bot.use_cases.slack_user import may_be_written_to, user_of_contact
from models.notice import Notice, NoticeKind
from models.slack_user import SlackUser

log = structlog.get_logger()

Reading = tuple[Claim, Facts | None]


async def deliver_due_notices(services: Services) -> int:
    """Deliver what is due and permitted now, to several destinations at once. Returns how many were."""
    due, endings = DueNotices(services), Endings(services)

    async def claim(room: int) -> list[Reading]:
        if services.tasks.draining or room == 0:
            return []
        return await _read(services, await due.claim(room))

    return await work_off(claim, partial(_deliver, services, endings))


async def _read(services: Services, claims: list[Claim]) -> list[Reading]:
    """Each beside what it is worded from; where that cannot be read, it is tried again for each alone."""
    facts: dict[int, Facts] = {}
    try:
        facts = await read_facts(services, [claim.notice for claim in claims]) if claims else {}
    except Exception:
        log.exception("notices could not be read together")
    return [(claim, facts.get(claim.notice.key)) for claim in claims]


async def _deliver(services: Services, endings: Endings, reading: Reading) -> bool:
    """Whether the notice was delivered. Never raises: other destinations go on."""
    claim, facts = reading
    try:
        delivered = await endings.store(claim, await _try(services, claim, facts))
    except Exception as error:
        log.exception("delivery could not be stored", notice=claim.notice.id)
        # Where this fails too, the lease runs out, and the notice is delivered again.
        return await _store_later(endings, claim, error)
    if delivered and claim.notice.kind in outcome.QUOTE_MESSAGES:
        await _look_again(services, claim.notice, facts)
    return delivered


async def _look_again(services: Services, notice: Notice, facts: Facts | None) -> None:
    drawn = facts.quote.quote.status if facts and facts.quote else None
    try:
        await outcome.look_again(services, notice.quote_id or 0, drawn)
    except Exception:
        log.exception("a posted quote could not be looked at again", notice=notice.id)


async def _store_later(endings: Endings, claim: Claim, error: Exception) -> bool:
    try:
        return await endings.store(claim, partial(outcome.later, error=_name(error)))
    except Exception:
        log.exception("delivery could not be put off", notice=claim.notice.id)
        return False


async def _try(services: Services, claim: Claim, facts: Facts | None) -> Outcome:
    notice = claim.notice
    try:
        async with asyncio.timeout(claim.seconds_left(services.now())):
            return await _send(services, notice, facts or await _facts_of(services, notice))
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


async def _send(services: Services, notice: Notice, facts: Facts) -> Outcome:
    address, contact = Address.of(notice), facts.contact
    if contact and not contact.active:
        return outcome.withdrawn
    if address.kind == "email":
        return await _mail(services, notice, facts)
    if notice.kind is NoticeKind.QUOTE_CARD:
        return await _redraw_copy(services, notice, facts)
    if contact is None:
        return await _post(services, notice, facts, compose(notice, facts, address.name))
    if not await services.messenger.reaches(notice.team):
        raise PersonUnreachable("the bot is not installed in the workspace")
    user = facts.user
    if user is None or not user.fresh(services.now()) or not may_be_written_to(contact, user):
        user = await user_of_contact(services, notice.team, contact)
        # Slack may have taken its time.
        facts = await _facts_of(services, notice)
    if user is None:
        raise PersonUnreachable("no such person in Slack")
    return await _write_to(services, notice, facts, user)


async def _facts_of(services: Services, notice: Notice) -> Facts:
    return (await read_facts(services, [notice]))[notice.key]


async def _write_to(services: Services, notice: Notice, facts: Facts, user: SlackUser) -> Outcome:
    if notice.kind is NoticeKind.RECEIPT_FILE:
        return await _share(services, notice, facts, user)
    held = await held_back(services, notice, facts, user)
    return held or await _post(services, notice, facts, compose(notice, facts, user.user_id, user))


async def _share(services: Services, notice: Notice, facts: Facts, user: SlackUser) -> Outcome:
    """The PDF, below the message that told of it."""
    if notice.words.get("user") != user.user_id:
        raise PersonUnreachable("the direct message is another person's")
    letter = compose(notice, facts, str(notice.words["channel"]), user)
    letter = replace(letter, file=await receipt_pdf(services, letter))
    try:
        message = await services.messenger.deliver(letter)
    except MessageGone as error:
        raise PersonUnreachable(f"the direct message is gone: {error}") from error
    return partial(outcome.posted, letter=letter, message=message)


async def _mail(services: Services, notice: Notice, facts: Facts) -> Outcome:
    await services.mailer.send(await compose_mail(services, notice, facts))
    return outcome.delivered


async def _post(services: Services, notice: Notice, facts: Facts, letter: Letter) -> Outcome:
    if facts.standing is not None:
        try:
            message = await services.messenger.deliver(in_place(letter, facts.standing))
            return partial(outcome.posted, letter=letter, message=message)
        except MessageGone:
            log.info("message is gone, posted anew", notice=notice.id)
    message = await services.messenger.deliver(letter)
    return partial(outcome.posted, letter=letter, message=message)


async def _redraw_copy(services: Services, notice: Notice, facts: Facts) -> Outcome:
    """A posted copy of a quote as it stands now: where it cannot be redrawn there is nothing to tell."""
    copy = facts.standing
    if copy is None:
        return outcome.delivered
    letter = in_place(compose(notice, facts, copy.channel, facts.user), copy)
    try:
        await services.messenger.deliver(letter)
    except (MessageGone, PersonUnreachable, ChannelUnreachable):
        return partial(outcome.copy_gone, copy=copy.key)
    return outcome.delivered
