"""The notices of one destination that a worker delivers one after another (R24)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from bot.dependencies import Dependencies
from bot.use_cases.delivery.claim import DeliveryLease
from bot.use_cases.delivery.content.context import NoticeContext, load_notice_contexts
from bot.use_cases.delivery.content.posted_message import build_posted_message, is_target_of
from bot.use_cases.delivery.results import DeliveryResult, Posted
from models.notice import Notice, NoticeKind, PostedMessage
from models.notice.destination import DestinationKind

log = structlog.get_logger()


@dataclass(eq=False)
class DeliveryRun:
    """`contexts` are by notice id, and were loaded for the whole batch. `status_message` is an order's status
    message that was posted during this run, and may not be stored yet. `has_failed_to_save`: a result
    could not be saved, so the run ends, and the notices after it are delivered later."""

    lease: DeliveryLease
    contexts: dict[int, NoticeContext]
    results: list["FinishedDelivery"] = field(default_factory=list)
    status_message: PostedMessage | None = None
    has_failed_to_save: bool = False

    @property
    def next_destinations(self) -> tuple[str, ...]:
        """This destination again, and where the files that follow its messages go."""
        destination = self.lease.notices[0].parsed_destination
        if destination.kind is not DestinationKind.CONTACT:
            return (str(destination),)
        return (str(destination), str(replace(destination, kind=DestinationKind.FILE)))

    async def get_context(self, dependencies: Dependencies, notice: Notice) -> NoticeContext:
        if notice.key not in self.contexts:
            self.contexts |= await load_notice_contexts(dependencies, [notice])
        context = self.contexts[notice.key]
        if self.status_message is not None and is_target_of(notice, self.status_message):
            return replace(context, posted_message=self.status_message)
        return context

    async def reload_contexts(self, dependencies: Dependencies) -> None:
        self.contexts = await load_notice_contexts(dependencies, self.lease.notices)

    def add_result(self, notice: Notice, result: DeliveryResult, at: datetime) -> "FinishedDelivery":
        if isinstance(result, Posted) and notice.kind is NoticeKind.ORDER_STATUS:
            self.status_message = build_posted_message(notice, result.message, order_id=notice.order_id)
        delivery = FinishedDelivery(self, notice, result, at)
        self.results.append(delivery)
        return delivery


@dataclass(eq=False)
class FinishedDelivery:
    """`is_delivered`, and whether a copy of a quote `needs_check`, are known once it is saved."""

    run: DeliveryRun
    notice: Notice
    result: DeliveryResult
    finished_at: datetime
    is_delivered: bool = False
    needs_check: bool = False


async def load_runs(dependencies: Dependencies, leases: Sequence[DeliveryLease]) -> list[DeliveryRun]:
    notices = [notice for lease in leases for notice in lease.notices]
    try:
        contexts = await load_notice_contexts(dependencies, notices) if notices else {}
    except Exception:
        log.exception("notice.batch_load_failed")
        contexts = {}
    return [DeliveryRun(lease, dict(contexts)) for lease in leases]
