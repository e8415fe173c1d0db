"""Runs a seed: creates its world, makes its moves, completes its work, and returns the violations."""

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import structlog

from bot.use_cases.service_order import process as process_orders
from models.quote import find_first_reminder_check
from tests.simulation.completion import run_to_completion
from tests.simulation.database import Store
from tests.simulation.faults import RandomFaults
from tests.simulation.invariants import InvariantChecker
from tests.simulation.loop import VirtualClock, VirtualLoop
from tests.simulation.plan import Plan
from tests.simulation.scene import build_checked_out_scene
from tests.simulation.snapshot import format_instant
from tests.simulation.stripe_accounts import choose_account_terms
from tests.simulation.template import build_imported_database
from tests.simulation.world import SimulatedWorld

EARLIEST = datetime(2026, 11, 10, 10, 0, tzinfo=UTC)
# The end of the first period: midnight in Paris. London's is an hour later.
PERIOD_END = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


@dataclass
class Outcome:
    seed: int
    violations: list[str]
    trace: list[str]
    orders: int
    seen: Counter[str] = field(default_factory=Counter)


def run_seed(store: Store, seed: int, *, with_stripe: bool = False) -> Outcome:
    random = Random(seed)
    clock = VirtualClock(_choose_start(random))
    begun = random.random() < 0.75
    _set_scene(store, random, clock, begun=begun, quiet=0.5 if with_stripe else 0.6)
    seen: Counter[str] = Counter()
    faults = RandomFaults(seed, random, seen, with_stripe=with_stripe)
    terms = choose_account_terms(Random(f"terms {seed}")) if with_stripe else None
    world = SimulatedWorld(store, clock, random, faults, seen, with_stripe=with_stripe, terms=terms)
    world.choose_invoiced_subscriptions()
    world.trace.add(f"terms: {world.terms}")
    interval, count = world.terms.interval
    seen.update([f"account in {world.terms.currency}", f"every {count} {interval}"])
    # Two workers per process are enough to cover concurrency.
    run_in_virtual_time(world, lambda: _play_seed(world, faults, begun=begun), workers=2)
    orders = next(store.rows("SELECT count(*) FROM service_order"))[0]
    return Outcome(seed, world.violations, world.trace.lines, orders, seen)


def run_in_virtual_time(
    world: SimulatedWorld, play: Callable[[], Coroutine[Any, Any, None]], *, workers: int
) -> None:
    """`workers` are those of one process that charge order lines."""
    with (
        collect_errors(world),
        _set_order_workers(workers),
        asyncio.Runner(loop_factory=lambda: VirtualLoop(world.clock)) as runner,
    ):
        runner.run(play())


def run_chunk(seeds: Iterable[int], *, with_stripe: bool = False) -> list[Outcome]:
    """Runs some seeds, one after another. They are short, so garbage is collected afterwards."""
    store = open_worker_store()
    gc.disable()
    try:
        return [run_seed(store, seed, with_stripe=with_stripe) for seed in seeds]
    finally:
        gc.enable()
        gc.collect()


@cache
def open_worker_store() -> Store:
    """One per process."""
    store = open_store()
    gc.freeze()
    return store


def open_store() -> Store:
    """For many seeds, one after another."""
    return Store(build_imported_database(), build_checked_out_scene())


async def _play_seed(world: SimulatedWorld, faults: RandomFaults, *, begun: bool) -> None:
    checker = InvariantChecker(world)
    world.find_violations = checker.find_violations
    try:
        await Plan(world, faults, begun=begun).run()
        faults.stopped = True
        await run_to_completion(world)
    finally:
        await world.stop_actors()


def _set_scene(store: Store, random: Random, clock: VirtualClock, *, begun: bool, quiet: float) -> None:
    store.reset(1 if begun else 0)
    ends = [clock() + timedelta(seconds=random.choice((30, 3_600, 90_000, 200_000))) for _ in range(2)]
    for quote, end in enumerate(ends, start=1):
        until = min(end, PERIOD_END)
        remind = find_first_reminder_check(clock(), until)
        change = "UPDATE quote SET expires_at = ?, remind_at = ? WHERE id = ?"
        store.raw.execute(change, (format_instant(until), format_instant(remind) if remind else None, quote))
    if random.random() < quiet:
        # Without a channel, notices go to people, and there are fewer of them.
        store.raw.execute("UPDATE account SET channel = NULL")


def _choose_start(random: Random) -> datetime:
    """Some time in the period, or shortly before it ends."""
    if random.random() < 0.25:
        return PERIOD_END - timedelta(seconds=random.choice((1, 60, 3_600, 86_400)))
    return EARLIEST + timedelta(seconds=random.randint(0, 20 * 86_400))


@contextmanager
def _set_order_workers(count: int) -> Iterator[None]:
    usual, process_orders.WORKER_COUNT = process_orders.WORKER_COUNT, count
    try:
        yield
    finally:
        process_orders.WORKER_COUNT = usual


# Errors in the log that are not bugs of the product.
EXPECTED_ERRORS = (
    "notice.undeliverable",
    "account_services.channel_unreachable",
    # Some seeds' set-ups have a customer without an address that Stripe can tax.
    "invoice.finalization_failed",
)


def _is_file_outage(event: MutableMapping[str, Any]) -> bool:
    """The provider was unavailable for as long as a PDF is retried. One that it doesn't have is a failure."""
    return event["event"] == "invoice.pdf_missing" and "cannot be reached" in event["error"]


@contextmanager
def collect_errors(world: SimulatedWorld) -> Iterator[None]:
    """The log is silent; an unexpected error in it counts as a failure."""

    def capture_event(_: Any, level: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if event["event"] == "notice.undeliverable":
            world.logged_undeliverable.add(event["notice"])
        expected = event["event"] in EXPECTED_ERRORS or _is_file_outage(event)
        if level in ("error", "critical", "exception") and not expected:
            world.failures.append(f"log: {dict(event)}")
        raise structlog.DropEvent

    usual = structlog.get_config()
    structlog.configure(processors=[_keep_exception, capture_event])
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        structlog.configure(**usual)


def _keep_exception(_: Any, level: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Adds the exception itself, which `log.exception` leaves to a later processor."""
    import sys

    if event.get("exc_info") is True:
        event["exc_info"] = repr(sys.exc_info()[1])
    return event
