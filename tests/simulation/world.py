"""The world of one seed: processes, a provider, a workspace, and the actors in them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bot.billing.gateway import BillingGateway
from bot.billing.stripe.client import build_stripe_client
from bot.billing.stripe.events import StripeWebhookParser
from bot.billing.stripe.gateway import StripeGateway
from bot.dependencies import Dependencies
from bot.mail.mailer import OutboundEmail
from bot.settings import Settings
from bot.tasks import BackgroundTasks
from scheduler import JOBS
from tests.fake_stripe import FakeStripe
from tests.fakes import FakeHomePublisher, FakeScreenUpdater
from tests.simulation.database import GatedDatabase, Store
from tests.simulation.external_changes import change_invoice
from tests.simulation.faults import Faults
from tests.simulation.gates import Gates, Process, Waiter, actor
from tests.simulation.loop import VirtualClock, VirtualLoop
from tests.simulation.ports import (
    GatedDirectory,
    GatedGateway,
    GatedMailer,
    GatedMessenger,
    GatedStripeTransport,
    PortCaller,
)
from tests.simulation.provider import SimulatedProvider
from tests.simulation.provider_state import ProviderState, StripeState
from tests.simulation.slack import SimulatedSlack
from tests.simulation.stripe_accounts import (
    API_KEY,
    AccountTerms,
    choose_unlinked_account,
    create_fake_stripe,
    link_accounts,
)
from tests.simulation.trace import Trace
from tests.simulation.webhooks import SECRET, WebhookQueue

MAX_TASKS = 3
LONGEST_LEASE = timedelta(seconds=60)


@dataclass(eq=False)
class SimulatedReplica:
    """A process of the bot, and the jobs and clicks that run in it."""

    process: Process
    dependencies: Dependencies
    running: dict[str, "asyncio.Task[Any]"] = field(default_factory=dict)


class SimulatedWorld:
    """`with_stripe` replaces the provider by the Stripe gateway with a fake Stripe; `terms` are those of the
    account `acme` there."""

    def __init__(
        self,
        store: Store,
        clock: VirtualClock,
        random: Random,
        faults: Faults,
        seen: Counter[str],
        *,
        with_stripe: bool = False,
        terms: AccountTerms | None = None,
    ) -> None:
        self.store, self.clock, self.random, self.faults, self.seen = store, clock, random, faults, seen
        self.terms = terms or AccountTerms()
        self.gates = Gates()
        self.stripe: FakeStripe | None = None
        self.provider_state: ProviderState
        self.unlinked_account = ""
        if with_stripe:
            self.unlinked_account = choose_unlinked_account(random)
            self.stripe = create_fake_stripe(clock, random, faults, self.terms)
            self.provider_state = StripeState(self.stripe)
            link_accounts(store, self.stripe.records, random, self.unlinked_account, self.terms)
        else:
            self.provider_state = self._provider = SimulatedProvider(clock, random, faults)
        self.initial_seats = self.provider_state.list_seats()
        # Seats that others added or removed at the provider, by subscription.
        self.seats_changed_externally: Counter[str] = Counter()
        # If None, no event from Stripe ever arrives.
        self.webhooks: WebhookQueue | None = None
        self.slack = SimulatedSlack(clock, faults.unreachable)
        self.mails: list[OutboundEmail] = []
        self.replicas: list[SimulatedReplica] = []
        self.trace = Trace(clock)
        # Actors that ended with an unexpected exception, and unexpected errors in the log.
        self.failures: list[str] = []
        # The ids of notices that were logged as undeliverable.
        self.logged_undeliverable: set[int] = set()
        # Called after every commit; what it finds is added to `violations`.
        self.find_violations: Callable[[], list[str]] = list
        self.violations: list[str] = []
        # Whether a message may have been sent without being recorded.
        self.doubt = False
        self._processes, self._delivery_count = 0, 0
        self._settings = Settings(
            _env_file=None,
            slack_bot_token="xoxb-none",
            slack_signing_secret="none",
            account_services_channel="C09SERVICES",
            mail_from="seatbot@acme.example",
            quote_validity_days=random.randint(1, 3),
            max_seats_per_line=20,
            max_seats_per_order=30,
        )

    @property
    def loop(self) -> VirtualLoop:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        return loop

    def open_replica(self) -> SimulatedReplica:
        self._processes += 1
        process = Process(f"p{self._processes}")
        caller = PortCaller(self.gates, process, self.faults)
        database = GatedDatabase(self.store, self.gates, process, self.check_invariants)
        dependencies = Dependencies(
            settings=self._settings,
            database=database,
            now=self.clock,
            billing=self._build_gateway(caller, database),
            messenger=GatedMessenger(caller, self.slack),
            home_publisher=FakeHomePublisher(),
            screen_updater=FakeScreenUpdater(),
            directory=GatedDirectory(caller, self.slack),
            mailer=GatedMailer(caller, self.mails),
            tasks=BackgroundTasks(MAX_TASKS),
            webhook_parser=StripeWebhookParser(SECRET, self.clock) if self.stripe else None,
        )
        replica = SimulatedReplica(process, dependencies)
        self.replicas.append(replica)
        return replica

    def _build_gateway(self, caller: PortCaller, database: GatedDatabase) -> BillingGateway:
        if self.stripe is None:
            return GatedGateway(caller, self._provider, self._is_key_stored)
        transport = GatedStripeTransport(caller, self.stripe, self._is_key_stored)
        client = build_stripe_client(API_KEY, "https://stripe.example", transport)
        return StripeGateway(
            client, self.stripe.download_pdf, database, self.clock, "https://provider.example/portal"
        )

    def _is_key_stored(self, key: str) -> bool:
        return any(self.store.rows("SELECT 1 FROM charge_attempt WHERE idempotency_key = ?", key))

    def provider_may_be_charging(self, subscription: str) -> bool:
        """Stripe sets the quantity without comparing it: a change that others make between our read and the
        end of our charge is overwritten, which nothing on our side can prevent (docs/stripe.md)."""
        if self.stripe is None:
            return False
        is_requesting = any(waiter.gate.startswith("billing.") for waiter in self.gates.waiting)
        changed, _ = self.stripe.records.get_subscription_and_item(subscription)
        return is_requesting or bool(self.stripe.delayed_requests) or changed.pending_update is not None

    def change_seats(self, subscription: str, by: int) -> None:
        """Somebody else changes the quantity at the provider."""
        self.seats_changed_externally[subscription] += self.provider_state.change_seats(subscription, by)

    def choose_invoiced_subscriptions(self) -> None:
        """With Stripe, the set-ups choose them."""
        if self.stripe is None:
            self._provider.choose_invoiced_subscriptions(self.random.choice((0.0, 0.2, 0.2, 0.9)))

    def list_known_invoices(self) -> set[str]:
        """Their ids at the provider."""
        return {id_ for (id_,) in self.store.rows("SELECT provider_invoice_id FROM invoice")}

    def change_invoice(self) -> bool:
        """Pays an invoice in Stripe, in part or in full, or cancels it. False if none is unpaid."""
        if self.stripe is None:
            return False
        what = change_invoice(self.random, self.stripe.records, self.list_known_invoices())
        if what is not None:
            self.seen[f"external {what}"] += 1
            self.trace.add(f"stripe: {what}")
        return what is not None

    def get_deleted_account(self) -> str:
        """The account whose customer was deleted at Stripe, or "" if there is none."""
        customers = self.stripe.records.customers.values() if self.stripe else ()
        return next((each.id.removeprefix("cus_") for each in customers if each.deleted), "")

    def check_invariants(self) -> None:
        for found in (*self.find_violations(), *self.failures):
            self.trace.add(f"BROKEN {found}")
            self.violations.append(found)
        self.failures.clear()

    # --- actors

    def start_actor(self, replica: SimulatedReplica, name: str, work: Coroutine[Any, Any, Any]) -> None:
        context = copy_context()
        context.run(actor.set, name)
        task = self.loop.create_task(self._run_actor(name, work), context=context)
        replica.running[name] = task

        def ended(_: object) -> None:
            if replica.running.get(name) is task:
                del replica.running[name]

        task.add_done_callback(ended)

    async def _run_actor(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception as error:
            self.failures.append(f"{name} failed: {error!r}")

    def start_job(self, replica: SimulatedReplica, job_id: str) -> bool:
        """False if it is already running there: a job never overlaps itself in one process."""
        if job_id in replica.running:
            return False
        self.start_actor(replica, job_id, JOBS[job_id].run(replica.dependencies))
        return True

    async def deliver_event(self, replica: SimulatedReplica, *, stale: bool = False) -> bool:
        """Delivers an event from Stripe to the process. False if none is in flight."""
        if self.webhooks is None:
            return False
        self.webhooks.collect_events()
        self.check_invariants()
        copy = self.webhooks.take_event(replica.process)
        if copy is None:
            return False
        self._delivery_count += 1
        self.trace.add(f"event: {replica.process.name} {copy}{', too old' if stale else ''}")
        name = f"event {self._delivery_count}"
        self.start_actor(replica, name, self.webhooks.deliver_event(copy, replica.dependencies, stale=stale))
        await self.loop.settle()
        return True

    async def release(self, waiter: Waiter, error: Exception | None = None) -> None:
        self.trace.add(f"resume: {waiter}")
        self.gates.release(waiter, error)
        await self.loop.settle()
        self.check_invariants()

    def crash_process(self, process: Process) -> None:
        """Nothing in the process's memory survives; a new process takes its place."""
        self.trace.add(f"crash: {process.name}")
        self.seen["fault crash"] += 1
        self.doubt = True
        self.gates.kill_process(process)
        self.replicas = [replica for replica in self.replicas if replica.process is not process]
        self.open_replica()

    async def advance_clock(self, to: datetime) -> None:
        """Timers that are due by then fire."""
        # The lease of a delivery may have expired by then: it is repeated, or given up, after it was sent.
        self.doubt |= any(waiter.actor == "notice.deliver" for waiter in self.gates.waiting)
        if self.gates.waiting and to - self.clock.at > LONGEST_LEASE:
            # The waiting actors find that others have taken over their leases.
            self.seen["fault stalled"] += 1
        self.clock.at = max(self.clock.at, to)
        self.trace.add(f"clock: {self.clock.at.isoformat()}")
        await self.loop.settle()

    async def open_gates(self) -> None:
        """From now on no actor stops at a gate."""
        self.gates.closed = False
        # An actor whose call fails may cancel others that wait, so the list is read again each time.
        while self.gates.waiting:
            await self.release(self.gates.waiting[0])
        await self.loop.settle()

    async def stop_actors(self) -> None:
        """Cancels all actors, including those of dead processes."""
        self.gates.over = True
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        while others := [task for task in others if not task.done()]:
            for task in others:
                task.cancel()
            await asyncio.sleep(0)
