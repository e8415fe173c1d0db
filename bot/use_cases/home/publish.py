"""Publishing Home tabs, when they are opened and when an account that they show has changed.

Leases and rate limits are rows, so they hold across replicas.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.exc import IntegrityError
from sqlmodel import and_, col, delete, select

from bot.billing.gateway import BillingUnavailable, CustomerNotFound
from bot.db import Session
from bot.dependencies import Dependencies
from bot.job_ids import JobId
from bot.messaging.home_publisher import ChartRejected, HomeContent
from bot.messaging.messenger import (
    MessageRejected,
    MessengerRefused,
    MessengerUnavailable,
    RateLimited,
    UserUnreachable,
)
from bot.permissions import SlackIdentity
from bot.tasks import TooBusy
from bot.use_cases.account.overview import load_home_overviews
from bot.use_cases.billing_sync.account import refresh_account
from bot.use_cases.due_rows import ClaimQueue, find_next_time, get_later, process_queue
from bot.use_cases.home.invalidate import HOME_UPDATE_INTERVAL, has_changed_accounts, mark_changed_homes
from bot.use_cases.leases import get_delivery_timeout, get_lease_duration, is_unclaimed
from bot.use_cases.rate_limits import HOME_LIMIT, compute_backoff, is_due, lock_or_create_slots
from bot.use_cases.slack_user import BACKGROUND_TIMEOUT, load_localizer, load_refreshed_principal
from models.errors import Refusal
from models.home import BLOCK_RETRY_INTERVAL, Home, HomeAccount, RejectedBlock
from models.notice import DeliverySlot

log = structlog.get_logger()

MAX_REFRESHED_ACCOUNTS, MAX_PAGE_NUMBER = 5, 1000
# These attempts take about half an hour, with the pauses of `compute_backoff`.
MAX_REFUSED_ATTEMPTS = 12
CHART_BLOCK = ("home", "data_visualization")

HomeKey = tuple[str, str]


async def open_home(dependencies: Dependencies, *, person: SlackIdentity, page: int = 0) -> None:
    """Publishes the Home now, and from now on on every change."""
    at = dependencies.now()
    key = (person.team_id, person.user_id)
    try:
        await _save_opened_home(dependencies, key, page, at)
    except IntegrityError:
        await _save_opened_home(dependencies, key, page, at)  # First opened in two windows at the same time.
    for home in await _claim_homes(dependencies, [key], skip_rate_limit=True):
        await _publish_home(dependencies, home)
    with contextlib.suppress(TooBusy):
        dependencies.tasks.start(_refresh_accounts(dependencies, key), "refresh_accounts_of_home")


async def _refresh_accounts(dependencies: Dependencies, key: HomeKey) -> None:
    async with dependencies.read() as session:
        is_of_home = and_(col(HomeAccount.team_id) == key[0], col(HomeAccount.user_id) == key[1])
        result = await session.exec(
            select(HomeAccount.account_id).where(is_of_home).limit(MAX_REFRESHED_ACCOUNTS)
        )
        account_ids = result.all()
    for account_id in account_ids:
        with contextlib.suppress(BillingUnavailable, CustomerNotFound):
            await refresh_account(dependencies, account_id)


async def publish_due_homes(dependencies: Dependencies) -> int:
    queue = ClaimQueue(
        dependencies, partial(_find_due_homes, dependencies), partial(_claim_homes, dependencies)
    )

    async def claim_homes(limit: int) -> list[Home]:
        return await _mark_and_claim_homes(dependencies, limit) or await queue.claim(limit)

    return await process_queue(claim_homes, partial(_publish_home, dependencies))


async def find_next_publish_time(dependencies: Dependencies) -> datetime | None:
    if await has_changed_accounts(dependencies):
        return dependencies.now()
    free_at = get_later(col(Home.due_at), col(Home.claimed_until))
    return await find_next_time(dependencies, free_at, col(Home.due_at).is_not(None))


async def _save_opened_home(dependencies: Dependencies, key: HomeKey, page: int, at: datetime) -> None:
    async with dependencies.write() as session:
        home = await session.get(Home, key, with_for_update=True)
        home = home or Home(team_id=key[0], user_id=key[1], opened_at=at)
        # A page past the end shows the last page. The limit keeps a forged number within the column's range.
        home.page, home.opened_at, home.due_at, home.attempts = min(page, MAX_PAGE_NUMBER), at, at, 0
        home.change_count += 1
        session.add(home)


# --- claiming


async def _find_due_homes(dependencies: Dependencies, limit: int) -> Sequence[HomeKey]:
    at = dependencies.now()
    async with dependencies.read() as session:
        result = await session.exec(
            select(Home.team_id, Home.user_id)
            .where(*_is_due_and_unclaimed(at))
            .order_by(col(Home.opened_at).desc())
            .limit(limit)
        )
        return result.all()


def _is_due_and_unclaimed(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return is_due(Home.due_at, at), is_unclaimed(Home, at)


async def _claim_homes(
    dependencies: Dependencies, keys: Sequence[HomeKey], *, skip_rate_limit: bool = False
) -> list[Home]:
    """`skip_rate_limit` is for a person who has just opened their Home: that needs no token."""
    at = dependencies.now()
    async with dependencies.write() as session:
        result = await session.exec(
            select(Home)
            .where(tuple_(col(Home.team_id), col(Home.user_id)).in_(keys), *_is_due_and_unclaimed(at))
            .order_by(Home.team_id, Home.user_id)
            .with_for_update(skip_locked=True)
        )
        homes = {(home.team_id, home.user_id): home for home in result.all()}
        in_order = [homes[key] for key in keys if key in homes]
        return await _claim_locked_homes(dependencies, session, in_order, at, skip_rate_limit=skip_rate_limit)


async def _mark_and_claim_homes(dependencies: Dependencies, limit: int) -> list[Home]:
    # Homes become due in the transaction that finds their accounts changed.
    if dependencies.tasks.is_draining or not await has_changed_accounts(dependencies):
        return []
    at = dependencies.now()
    async with dependencies.write() as session:
        marked = await mark_changed_homes(session, at)
        due = [home for home in marked if home.is_due_and_unclaimed(at)]
        due.sort(key=lambda home: home.opened_at, reverse=True)
        return await _claim_locked_homes(dependencies, session, due[:limit], at)


async def _claim_locked_homes(
    dependencies: Dependencies,
    session: Session,
    homes: Sequence[Home],
    at: datetime,
    *,
    skip_rate_limit: bool = False,
) -> list[Home]:
    teams = {home.team_id for home in homes}
    with session.no_autoflush:
        slots = await _lock_team_slots(session, teams, at) if teams else {}
    claimed = [
        home for home in homes if HOME_LIMIT.take_token(slots.get(home.team_id), at) or skip_rate_limit
    ]
    for home in claimed:
        home.claimed_until = at + get_lease_duration(dependencies.settings)
    return claimed


async def _lock_team_slots(
    session: Session, teams: Iterable[str], at: datetime, *, skip_locked: bool = True
) -> dict[str, DeliverySlot]:
    names = {HOME_LIMIT.get_slot_name(team): team for team in teams}
    slots = await lock_or_create_slots(session, names, at, skip_locked=skip_locked)
    return {names[name]: slot for name, slot in slots.items()}


# --- publishing


async def _publish_home(dependencies: Dependencies, home: Home) -> bool:
    """Returns whether it was published. Never raises, so that other Homes are still published."""
    try:
        async with asyncio.timeout(get_delivery_timeout(dependencies.settings).total_seconds()):
            content = await _load_home_content(dependencies, home)
            await _publish_content(dependencies, content)
    except RateLimited as limit:
        await _schedule_retry(dependencies, home, timedelta(seconds=limit.seconds), whole_team=True)
        return False
    except UserUnreachable:
        await _delete_home(dependencies, home)
        return False
    except (MessageRejected, MessengerRefused) as error:
        if isinstance(error, MessengerRefused) and home.attempts < MAX_REFUSED_ATTEMPTS:
            await _retry_later(dependencies, home, error)
            return False
        # Until an account changes, or the person opens it again, it would be the same; or an operator has to
        # correct the token first.
        log.error("home.publish_rejected", user=home.user_id, error=str(error))
        await _save_rejected(dependencies, home)
        return False
    except (MessengerUnavailable, TimeoutError) as error:
        await _retry_later(dependencies, home, error)
        return False
    except Exception:
        log.exception("home.publish_failed", user=home.user_id)
        await _schedule_retry(dependencies, home, compute_backoff(home.attempts))
        return False
    await _mark_published(dependencies, home, [overview.account.id for overview in content.accounts])
    return True


async def _load_home_content(dependencies: Dependencies, home: Home) -> HomeContent:
    person = SlackIdentity(home.team_id, home.user_id, JobId.PUBLISH_HOMES.value)
    principal = await load_refreshed_principal(dependencies, person, max_wait=BACKGROUND_TIMEOUT)
    person = replace(person, principal=principal)
    content = HomeContent(
        home.team_id, home.user_id, await load_localizer(dependencies, person), page=home.page,
        has_charts=await _has_chart_support(dependencies, home.team_id),
    )  # fmt: skip
    try:
        return replace(content, accounts=await load_home_overviews(dependencies, person=person))
    except Refusal as refusal:
        return replace(content, refusal=refusal)


async def _publish_content(dependencies: Dependencies, content: HomeContent) -> None:
    try:
        await dependencies.home_publisher.publish_home(content)
    except ChartRejected:
        await dependencies.home_publisher.publish_home(replace(content, has_charts=False))
        await _record_chart_rejection(dependencies, content.team_id)


async def _has_chart_support(dependencies: Dependencies, team: str) -> bool:
    async with dependencies.read() as session:
        rejected = await session.get(RejectedBlock, (team, *CHART_BLOCK))
    return rejected is None or dependencies.now() - rejected.refused_at >= BLOCK_RETRY_INTERVAL


async def _record_chart_rejection(dependencies: Dependencies, team: str) -> None:
    # For the whole workspace, so that no other Home is rejected for the same reason.
    log.info("home.chart_rejected", team=team)
    surface, block = CHART_BLOCK
    async with dependencies.write() as session:
        at = dependencies.now()
        await session.merge(RejectedBlock(team_id=team, surface=surface, block_type=block, refused_at=at))


# --- storing results


async def _mark_published(dependencies: Dependencies, claimed_home: Home, account_ids: Sequence[str]) -> None:
    at = dependencies.now()
    async with dependencies.write() as session:
        home, linked_ids = await _lock_and_release_home(session, claimed_home)
        home.published_at, home.attempts = at, 0
        home.due_at = None if home.change_count == claimed_home.change_count else at + HOME_UPDATE_INTERVAL
        await _update_linked_accounts(session, home, linked_ids, set(account_ids))


async def _lock_and_release_home(session: Session, claimed_home: Home) -> tuple[Home, set[str]]:
    """Locks the Home and stores the ids of the accounts that it has shown."""
    is_linked = and_(col(HomeAccount.team_id) == Home.team_id, col(HomeAccount.user_id) == Home.user_id)
    result = await session.exec(
        select(Home, HomeAccount.account_id)
        .outerjoin(HomeAccount, is_linked)
        .where(Home.team_id == claimed_home.team_id, Home.user_id == claimed_home.user_id)
        .with_for_update(of=Home)
    )
    rows = result.all()
    home = rows[0][0]
    if home.claimed_until == claimed_home.claimed_until:
        home.claimed_until = None
    return home, {account_id for _, account_id in rows if account_id}


async def _update_linked_accounts(
    session: Session, home: Home, linked_ids: set[str], account_ids: set[str]
) -> None:
    removed = linked_ids - account_ids
    if removed:
        is_of_home = and_(col(HomeAccount.team_id) == home.team_id, col(HomeAccount.user_id) == home.user_id)
        await session.exec(delete(HomeAccount).where(is_of_home, col(HomeAccount.account_id).in_(removed)))
    session.add_all(
        HomeAccount(team_id=home.team_id, user_id=home.user_id, account_id=account_id)
        for account_id in sorted(account_ids - linked_ids)
    )


async def _save_rejected(dependencies: Dependencies, claimed_home: Home) -> None:
    async with dependencies.write() as session:
        home, _ = await _lock_and_release_home(session, claimed_home)
        home.attempts = 0
        if home.change_count == claimed_home.change_count:
            home.due_at = None


async def _retry_later(dependencies: Dependencies, home: Home, error: Exception) -> None:
    log.warning("home.retry_scheduled", user=home.user_id, error=f"{type(error).__name__}: {error}")
    await _schedule_retry(dependencies, home, compute_backoff(home.attempts))


async def _schedule_retry(
    dependencies: Dependencies, claimed_home: Home, delay: timedelta, *, whole_team: bool = False
) -> None:
    at = dependencies.now()
    async with dependencies.write() as session:
        home, _ = await _lock_and_release_home(session, claimed_home)
        home.attempts, home.due_at = home.attempts + 1, at + delay
        if whole_team:
            slots = await _lock_team_slots(session, [home.team_id], at, skip_locked=False)
            HOME_LIMIT.suspend(slots[home.team_id], at + delay)


async def _delete_home(dependencies: Dependencies, claimed_home: Home) -> None:
    async with dependencies.write() as session:
        home, linked_ids = await _lock_and_release_home(session, claimed_home)
        await _update_linked_accounts(session, home, linked_ids, set())
        await session.delete(home)
