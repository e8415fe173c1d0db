"""Storing what became of deliveries: those that end while others are stored share the next transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import bindparam
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.metrics import NOTICES, RETRIES
from bot.services import Services
from bot.use_cases.delivery.claim import Claim
from bot.use_cases.delivery.results import Outcome
from models.notice import DeliverySlot, Notice, NoticeStatus

log = structlog.get_logger()

# Held in one order by everybody: two workers cannot wait in a ring.
_SLOTS = (
    select(DeliverySlot)
    .where(col(DeliverySlot.destination).in_(bindparam("names", expanding=True)))
    .order_by(DeliverySlot.destination)
    .with_for_update()
)
_NOTICES = (
    select(Notice)
    .where(col(Notice.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Notice.id))
    .with_for_update()
)


@dataclass(eq=False)
class Ending:
    """What became of a claimed notice, and (once it is `done`) whether it is stored as delivered."""

    claim: Claim
    outcome: Outcome
    done: bool = False
    delivered: bool = False


class Endings:
    """Nobody waits for company: whoever finds that nothing is being stored stores at once all there is."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting: list[Ending] = []
        self._turn = asyncio.Lock()

    async def store(self, claim: Claim, outcome: Outcome) -> bool:
        """Whether the notice was delivered."""
        ending = Ending(claim, outcome)
        self._waiting.append(ending)
        async with self._turn:
            if ending in self._waiting:
                await self._store_waiting()
        if not ending.done:
            await self._store([ending])
        return ending.delivered

    async def _store_waiting(self) -> None:
        together, self._waiting = self._waiting, []
        try:
            await self._store(together)
        except Exception:
            if len(together) == 1:
                raise
            # One of them may be at fault: each is stored alone.
            log.exception("deliveries could not be stored together")

    async def _store(self, endings: Sequence[Ending]) -> None:
        at = self._services.now()
        async with self._services.write() as session:
            ended = await _end(session, endings, at)
        for ending in endings:
            ending.done = True
        for ending, notice in ended:
            ending.delivered = notice.delivered_at is not None
            NOTICES.labels(notice.status.value).inc()
            # What is held for a digest falls due later, and nothing went wrong with it.
            if notice.status is NoticeStatus.WAITING and notice.due_at <= at:
                RETRIES.labels("notice").inc()


async def _end(session: AsyncSession, endings: Sequence[Ending], at: datetime) -> list[tuple[Ending, Notice]]:
    """The notices as they ended; without those that another worker took over after their lease ran out."""
    claimed = [ending.claim.notice for ending in endings]
    found = await session.exec(_SLOTS, params={"names": [notice.destination for notice in claimed]})
    slots = {slot.destination: slot for slot in found.all()}
    rows = await session.exec(_NOTICES, params={"ids": [notice.key for notice in claimed]})
    notices = {notice.key: notice for notice in rows.all()}
    waiting = [(e, n) for e in endings if (n := notices[e.claim.notice.key]).status is NoticeStatus.WAITING]
    # Workspaces that are to rest, and what is to be told instead, are held in one order, too.
    for ending, notice in sorted(waiting, key=lambda ended: (ended[1].team, ended[1].key)):
        slot = slots[notice.destination]
        slot.next_at = max(slot.next_at, at + await ending.outcome(session, notice, at))
        if slot.claimed_until == ending.claim.until:
            slot.claimed_until = None
    return waiting
