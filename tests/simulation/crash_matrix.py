"""The crash matrix: every commit of placing and processing an order, with every fault that can follow it.

A cell stops the simulation right after one commit and injects one fault into the next charge; the process
survives or dies. The commits are those of a recorded run without a fault.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from random import Random

from bot.permissions import SlackIdentity
from bot.use_cases.service_order import place as place_order
from bot.use_cases.slack_user import refresh_slack_user
from models.errors import Refusal
from tests.simulation.completion import run_to_completion
from tests.simulation.due import list_due_jobs
from tests.simulation.gates import Waiter
from tests.simulation.invariants import InvariantChecker
from tests.simulation.loop import VirtualClock
from tests.simulation.run import open_worker_store, run_in_virtual_time
from tests.simulation.slack import TEAM
from tests.simulation.template import OWN_QUOTE
from tests.simulation.world import SimulatedReplica, SimulatedWorld

ALICE = SlackIdentity(TEAM, "U01ALICE", "service_order.place")
AT = datetime(2026, 11, 10, 10, 0, tzinfo=UTC)
# The scene has two quotes, each checked out.
CHECKED_OUT = 1
COMMITTED, CHARGE, ANSWERED = "committed", "billing.place", "billing.place answered"


class Fault(StrEnum):
    """The fault of the next charge."""

    BEFORE_THE_CALL = "outage"
    ANSWER_LOST = "lost"
    DECLINED = "declines"
    CUSTOMER_NEEDED = "customer"
    ERROR_500 = "server_error"
    ERROR_409 = "conflict"
    ERROR_429 = "rate_limited"
    TIMEOUT = "timeout"


class ProcessEnding(StrEnum):
    """What happens to the process that has just committed."""

    CONTINUES = "continues"
    DIES_THERE = "dies there"
    DIES_BEFORE_STORING_THE_ANSWER = "dies before storing the answer"


@dataclass(frozen=True)
class Cell:
    """`commit` counts from 1; 0 is before anything was stored. Without a fault, the process only dies."""

    commit: int
    fault: Fault | None
    ending: ProcessEnding

    def __str__(self) -> str:
        fault = self.fault.name.lower().replace("_", " ") if self.fault else "no fault"
        return f"after commit {self.commit}: {fault}, the process {self.ending}"


class FaultScript:
    """Injects the fault of one cell, once, into the first charge after its commit."""

    unreachable: frozenset[str] = frozenset()

    def __init__(self, fault: Fault | None) -> None:
        self._fault = fault
        self.armed, self.met = False, False

    def get_fault(self, call: str) -> str | None:
        return self._take_fault() if call == "billing.place" and self._fault not in CARDS else None

    def get_card_behaviour(self) -> str:
        return (self._take_fault() if self._fault in CARDS else None) or "settles"

    def _take_fault(self) -> str | None:
        if not self.armed or self.met or self._fault is None:
            return None
        self.met = True
        return self._fault.value


CARDS = (Fault.DECLINED, Fault.CUSTOMER_NEEDED)


@dataclass(frozen=True)
class CellResult:
    """A run: its commits, the last one that a charge follows, and the violations at its end."""

    commits: int
    last_before_a_charge: int
    met: bool
    violations: list[str]
    gates: int


@cache
def record_faultless_run(*, with_stripe: bool = False) -> CellResult:
    record = _run_cell(None, with_stripe)
    assert not record.violations, record.violations
    return record


def list_cells(*, with_stripe: bool = False) -> list[Cell]:
    record = record_faultless_run(with_stripe=with_stripe)
    before = range(record.last_before_a_charge + 1)
    after = range(record.last_before_a_charge + 1, record.commits + 1)
    return [
        *(Cell(commit, fault, ending) for commit in before for fault in Fault for ending in ProcessEnding),
        *(Cell(commit, None, ProcessEnding.DIES_THERE) for commit in after),
    ]


def find_cell_violations(cell: Cell, *, with_stripe: bool = False) -> list[str]:
    """The violations at the end of the cell. A fault that no charge met is one too."""
    record = _run_cell(cell, with_stripe)
    missed = [] if record.met or cell.fault is None else ["no charge met the fault"]
    return record.violations + missed


def count_gates() -> int:
    """How many gates the recorded run with Stripe passes; there is one before and after each request."""
    return record_faultless_run(with_stripe=True).gates


def find_death_violations(gate: int) -> list[str]:
    """With Stripe, where one order takes several requests: the process dies at this gate."""
    return _run_cell(None, with_stripe=True, dies_at=gate).violations


def _run_cell(cell: Cell | None, with_stripe: bool, dies_at: int | None = None) -> CellResult:
    script = FaultScript(cell.fault if cell else None)
    store = open_worker_store()
    store.reset(CHECKED_OUT)
    world = SimulatedWorld(store, VirtualClock(AT), Random(0), script, Counter(), with_stripe=with_stripe)
    play = _CellRun(world, script, cell, dies_at)
    # With one worker the commits come in one order.
    run_in_virtual_time(world, play.run, workers=1)
    return CellResult(play.commits, play.last_before_a_charge, script.met, world.violations, play.gates)


class _CellRun:
    def __init__(
        self, world: SimulatedWorld, script: FaultScript, cell: Cell | None, dies_at: int | None
    ) -> None:
        self._world, self._script, self._cell, self._dies_at = world, script, cell, dies_at
        self.commits = self.gates = 0
        self.last_before_a_charge = 0

    async def run(self) -> None:
        world = self._world
        checker = InvariantChecker(world)
        world.find_violations = checker.find_violations
        world.open_replica()
        try:
            await self._click_place_order()
            if self._cell and self._cell.commit == 0:
                await self._inject_fault()
            await self._run_until_idle()
            # Clicked again, by somebody impatient or because the process died during the first click.
            await self._click_place_order()
            await self._run_until_idle()
            await run_to_completion(world)
            world.violations += self._find_unexpected_states()
        finally:
            await world.stop_actors()

    async def _click_place_order(self) -> None:
        replica = self._world.replicas[-1]
        self._world.start_actor(replica, "click", self._place_order(replica))
        await self._world.loop.settle()

    async def _place_order(self, replica: SimulatedReplica) -> None:
        try:
            await refresh_slack_user(replica.dependencies, ALICE)
            await place_order.place_service_order(replica.dependencies, person=ALICE, quote_id=OWN_QUOTE)
        except Refusal as refusal:
            self._world.trace.add(f"refused: {refusal!r}")

    async def _run_until_idle(self) -> None:
        """Releases actors one after the other, and runs the job while it has something to do."""
        world = self._world
        while not world.violations:
            if world.gates.waiting:
                await self._release_waiter(world.gates.waiting[0])
            elif "service_order.process" in list_due_jobs(world):
                world.start_job(world.replicas[-1], "service_order.process")
                await world.loop.settle()
            else:
                return

    async def _release_waiter(self, waiter: Waiter) -> None:
        if waiter.gate == COMMITTED:
            self.commits += 1
            if self._cell and self.commits == self._cell.commit:
                await self._inject_fault()
        elif waiter.gate == CHARGE:
            self.last_before_a_charge = self.commits
        if self._should_die(waiter):
            self._world.crash_process(waiter.process)
        if waiter in self._world.gates.waiting:
            await self._world.release(waiter)

    async def _inject_fault(self) -> None:
        self._script.armed = True
        if self._cell and self._cell.ending is ProcessEnding.DIES_THERE:
            self._world.crash_process(self._world.replicas[-1].process)
            await self._world.loop.settle()

    def _should_die(self, waiter: Waiter) -> bool:
        self.gates += 1
        if self.gates == self._dies_at:
            return True
        dies = self._cell is not None and self._cell.ending is ProcessEnding.DIES_BEFORE_STORING_THE_ANSWER
        return dies and self._script.met and waiter.gate == ANSWERED and not self._world.seen["fault crash"]

    def _find_unexpected_states(self) -> Iterator[str]:
        """One completed order, whose lines are settled, except for one whose card was declined."""
        declined = self._script.met and self._cell is not None and self._cell.fault is Fault.DECLINED
        orders = [status for (status,) in self._world.store.rows("SELECT status FROM service_order")]
        if orders != ["completed"]:
            yield f"orders: {orders}"
        lines = sorted(status for (status,) in self._world.store.rows("SELECT status FROM order_line"))
        if lines != (["declined", "settled"] if declined else ["settled", "settled"]):
            yield f"lines: {lines}"
