"""The moves of a seed: clicks, jobs, external changes, faults and time, and which waiting actor resumes."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta

from bot.permissions import SlackIdentity
from bot.use_cases.cart import open as cart_open
from bot.use_cases.service_order import retry as retry_order
from bot.use_cases.slack_user import refresh_slack_user
from models.details import CartPage
from models.errors import InvalidInput, Refusal
from scheduler import JOBS
from tests.simulation.due import list_due_jobs
from tests.simulation.external_changes import ExternalChanges, change_member, change_subscription
from tests.simulation.faults import RandomFaults
from tests.simulation.gates import Waiter
from tests.simulation.invalid_input import choose_invalid_click
from tests.simulation.other_clicks import choose_other_click
from tests.simulation.people import Click, Shopper
from tests.simulation.slack import TEAM
from tests.simulation.snapshot import parse_instant
from tests.simulation.template import EXTERNAL_QUOTE, OWN_QUOTE
from tests.simulation.webhooks import WebhookQueue
from tests.simulation.world import SimulatedReplica, SimulatedWorld

MOVES = 36
# More, because some of them deliver Stripe's events.
MOVES_WITH_STRIPE = 56
# More waiting actors than this would hide what each does.
MAX_WAITING = 7
# When something becomes due by itself.
DUE_INSTANTS_QUERY = """
    SELECT expires_at FROM quote WHERE status = 'pending'
    UNION SELECT remind_at FROM quote WHERE remind_at IS NOT NULL
    UNION SELECT overdue_check_at FROM service_order WHERE overdue_check_at IS NOT NULL
    UNION SELECT due_at FROM order_line WHERE due_at IS NOT NULL
    UNION SELECT claimed_until FROM order_line WHERE claimed_until IS NOT NULL
    UNION SELECT period_ends_at FROM order_line WHERE due_at IS NOT NULL
    UNION SELECT deadline_at FROM order_line WHERE deadline_at IS NOT NULL
    UNION SELECT check_at FROM invoice WHERE check_at IS NOT NULL
    UNION SELECT due_at FROM invoice WHERE status = 'due'
"""

DECLINED_ORDERS_QUERY = """
    SELECT o.id FROM service_order o JOIN order_line l ON l.order_id = o.id
    WHERE l.status = 'declined' AND o.status = 'processing'
"""

INVOICE_STEPS_QUERY = """
    SELECT check_at, 'invoice.follow' FROM invoice WHERE check_at IS NOT NULL
    UNION ALL SELECT due_at, 'service_order.process' FROM order_line
        WHERE is_on_invoice AND due_at IS NOT NULL
"""

Move = Callable[[], Awaitable[None]]


class Plan:
    def __init__(self, world: SimulatedWorld, faults: RandomFaults, *, begun: bool) -> None:
        self._world, self._faults, self._random = world, faults, world.random
        self._external_changes = ExternalChanges(
            world.random,
            world.store.folder / "accounts.yml",
            world.stripe.records if world.stripe else None,
            world.unlinked_account,
            world.terms.currency,
        )
        self._clicks: list[Click] = []
        self._clicked_at: datetime | None = None
        self._last: Waiter | None = None
        # Each shopper, and the replica that handles their last click.
        self._shoppers: dict[Shopper, SimulatedReplica | None] = dict.fromkeys(self._contacts(begun))
        self._moves: list[tuple[Move, int]] = [
            (self._click, 40),
            (self._repeat_click, 8),
            (self._click_invalid, 7),
            (self._click_other, world.random.choice((3, 8, 8, 30))),
            (self._follow_invoice, 12),
            (self._run_job, 30),
            (self._advance_briefly, 14),
            (self._advance_to_due_instant, world.random.choice((0, 1, 4))),
            (self._import_changes, world.random.choice((0, 1, 1, 5))),
            (self._change_seats, 2),
            (self._change_member, 2),
            (self._retry, 8 if faults.smooth or world.stripe else 4),
            (self._toggle_outage, world.random.choice((0, 0, 2))),
        ]
        if world.stripe:
            world.webhooks = WebhookQueue(world.stripe, world.store, world.random, world.seen)
            self._moves += [(self._deliver_events, 12), (self._change_stripe_subscription, 2)]
            self._moves += [(self._change_stripe_invoice, 10)]
            # Fewer seeds are run with Stripe, so that these must be more frequent.
            self._moves += [(self._click_invalid, 3), (self._import_changes, 1)]
        for _ in range(world.random.randint(1, 3)):
            world.open_replica()

    def _contacts(self, begun: bool) -> Iterator[Shopper]:
        acme = ["acme_meeting", "acme_webinar"]
        for user, quote in (("U01ALICE", OWN_QUOTE), ("U02BENOIT", EXTERNAL_QUOTE)):
            shopper = Shopper(self._random, user, "acme", acme)
            if begun and self._random.random() < (1.0 if self._faults.smooth else 0.7):
                shopper.quote, shopper.stage = quote, "place"
            yield shopper
        if not begun:
            yield Shopper(self._random, "U03DORA", "borea", ["borea_training"])

    async def run(self) -> None:
        # With Stripe, each step takes many requests: more of them between two moves.
        release_rate = 0.95 if self._world.stripe else 0.85
        moves = MOVES_WITH_STRIPE if self._world.stripe else MOVES
        while moves and not self._world.violations:
            waiting = len(self._world.gates.waiting)
            if waiting and (waiting >= MAX_WAITING or self._random.random() < release_rate):
                await self._release_random_waiter()
            else:
                moves -= 1
                [(move, _)] = self._random.choices(self._moves, [weight for _, weight in self._moves])
                await move()

    async def _release_random_waiter(self) -> None:
        """Mostly one of the actor that was released last, so that some get far."""
        world = self._world
        same = [w for w in world.gates.waiting if self._last and w.actor == self._last.actor]
        candidates = same if same and self._random.random() < 0.6 else world.gates.waiting
        self._last = self._random.choice(candidates)
        if self._random.random() < self._faults.crashes:
            self._crash(self._last)
            await world.loop.settle()
        else:
            await world.release(self._last)

    def _crash(self, waiter: Waiter) -> None:
        self._world.crash_process(waiter.process)
        for shopper, replica in self._shoppers.items():
            if replica and replica.process is waiter.process:
                self._shoppers[shopper] = None

    # --- clicks

    async def _click(self) -> None:
        idle = [shopper for shopper, replica in self._shoppers.items() if replica is None]
        shopper = self._random.choice(idle) if idle else None
        click = shopper.choose_click() if shopper else None
        if shopper and click:
            self._shoppers[shopper] = await self._start_click(click, shopper)

    async def _repeat_click(self) -> None:
        """Immediately or much later, in any replica, and sometimes by another person."""
        if self._clicks:
            click = self._random.choice(self._clicks[-12:])
            self._world.seen["fault repeated click"] += 1
            user = self._random.choice((click.user, click.user, "U01ALICE", "U02BENOIT", "U04EVE"))
            await self._start_click(Click(click.name, user, click.use_case, click.arguments))

    async def _click_invalid(self) -> None:
        await self._start_click(choose_invalid_click(self._random, self._world.store))

    async def _click_other(self) -> None:
        store, at = self._world.store, self._world.clock()
        await self._start_click(choose_other_click(self._random, store, at))

    async def _retry(self) -> None:
        """Clicks one of the buttons of a notice, as one of its recipients."""
        orders = [key for (key,) in self._world.store.rows(DECLINED_ORDERS_QUERY)]
        if orders:
            user, order = (
                self._random.choice(("U01ALICE", "U02BENOIT")),
                {"order_id": self._random.choice(orders)},
            )
            retry = Click(
                "service_order.retry",
                user,
                retry_order.retry_service_order,
                {**order, "payment_method_id": "pm_2"},
            )
            cancel = Click("service_order.give_up", user, retry_order.cancel_declined_seats, order)
            await self._start_click(self._random.choice((retry, retry, retry, cancel)))

    async def _start_click(self, click: Click, shopper: Shopper | None = None) -> SimulatedReplica:
        world = self._world
        if world.clock() == self._clicked_at:
            # No two clicks are simultaneous: a request made again in the instant of its withdrawal would have
            # the same key.
            world.clock.advance(microseconds=1)
        self._clicked_at = world.clock()
        replica = self._random.choice(world.replicas)
        self._clicks.append(click)
        name = f"#{len(self._clicks)} {click}"
        world.trace.add(f"click: {replica.process.name} {name}")
        world.start_actor(replica, name, self._run_click(replica, click, shopper))
        await world.loop.settle()
        return replica

    async def _run_click(self, replica: SimulatedReplica, click: Click, shopper: Shopper | None) -> None:
        person = SlackIdentity(TEAM, click.user, click.name, self._random.choice((None, "C01BILLING")))
        try:
            await refresh_slack_user(replica.dependencies, person)
            answer = await click.run(replica.dependencies, person)
        except Refusal as refusal:
            self._record_refusal(click, refusal)
            if shopper:
                shopper.handle_refusal(refusal)
        else:
            self._world.trace.add(f"answer to {click}: {type(answer).__name__}")
            self._world.seen[f"click {click.name}"] += 1
            if isinstance(answer, cart_open.CartBlocked):
                for each in answer.refusals:
                    self._world.seen[f"refusal {type(each).__name__}"] += 1
            if isinstance(answer, CartPage | cart_open.PendingQuotesWarning):
                for unparsed in answer.unparsed:
                    self._world.seen[f"refusal {type(unparsed).__name__}"] += 1
            if shopper:
                shopper.handle_answer(answer)
        if shopper:
            self._shoppers[shopper] = None

    def _record_refusal(self, click: Click, refusal: Refusal) -> None:
        self._world.trace.add(f"answer to {click}: no, {type(refusal).__name__}")
        inner = refusal.errors.values() if isinstance(refusal, InvalidInput) else ()
        for one in (refusal, *inner):
            self._world.seen[f"refusal {type(one).__name__}"] += 1

    # --- jobs, time, and external changes

    async def _run_job(self) -> None:
        """Mostly one that has something to do, sometimes any."""
        due = list_due_jobs(self._world) if self._random.random() < 0.9 else list(JOBS)
        if not due:
            return
        job_id, replica = self._random.choice(due), self._random.choice(self._world.replicas)
        if self._world.start_job(replica, job_id):
            self._world.trace.add(f"job: {replica.process.name} {job_id}")
            await self._world.loop.settle()

    async def _advance_briefly(self) -> None:
        seconds = self._random.choice((0.2, 1, 1, 3, 10, 11, 60, 61, 600))
        await self._world.advance_clock(self._world.clock() + timedelta(seconds=seconds))

    async def _advance_to_due_instant(self) -> None:
        """To the second before, at or after one of DUE_INSTANTS_QUERY, or to any later time."""
        now = self._world.clock()
        due_instants = [parse_instant(at) for (at,) in self._world.store.rows(DUE_INSTANTS_QUERY)]
        to = now + timedelta(seconds=self._random.choice((3_600, 3_601, 20_000, 86_400)))
        if due_instants and self._random.random() < 0.8:
            to = self._random.choice(due_instants) + timedelta(seconds=self._random.choice((-1, 0, 1)))
        self._world.seen["fault jump"] += 1
        await self._world.advance_clock(max(now, min(to, now + timedelta(days=20))))

    async def _follow_invoice(self) -> None:
        """Advances to when one is sent or checked, hours later: few seeds would get there otherwise."""
        steps = [(parse_instant(at), job_id) for at, job_id in self._world.store.rows(INVOICE_STEPS_QUERY)]
        if not steps:
            await self._run_job()
        else:
            at, job_id = min(steps)
            await self._world.advance_clock(max(self._world.clock(), at))
            self._world.start_job(self._random.choice(self._world.replicas), job_id)
            await self._world.loop.settle()

    async def _import_changes(self) -> None:
        if any("import" in replica.running for replica in self._world.replicas):
            return
        replica = self._random.choice(self._world.replicas)
        what = self._external_changes.change_file(_drop_microseconds(self._world.clock()))
        self._world.seen[f"external {what}"] += 1
        self._world.trace.add(f"import: {replica.process.name} {what}")
        self._world.start_actor(replica, "import", self._external_changes.import_file(replica.dependencies))
        await self._world.loop.settle()

    async def _change_seats(self) -> None:
        by = self._random.choice((-3, -1, 1, 5))
        subscription = self._random.choice(("acme_meeting", "acme_webinar"))
        if self._world.provider_may_be_charging(subscription):
            return
        self._world.change_seats(subscription, by)
        self._world.seen["fault seats changed by others"] += 1
        self._world.trace.add(f"seats: {subscription} {by:+}")

    async def _deliver_events(self) -> None:
        """Delivers a few of Stripe's events."""
        for _ in range(self._random.randint(1, 3)):
            stale = self._random.random() < 0.05
            await self._world.deliver_event(self._random.choice(self._world.replicas), stale=stale)

    async def _change_stripe_subscription(self) -> None:
        """Not between the bot's read and its charge: the bot can't prevent what follows (docs/stripe.md)."""
        world, both = self._world, ("acme_meeting", "acme_webinar")
        if world.stripe and not any(world.provider_may_be_charging(each) for each in both):
            which, records = self._random.choice(both), world.stripe.records
            what = change_subscription(self._random, records, which, world.list_known_invoices())
            world.seen[f"external {what}"] += 1
            world.trace.add(f"stripe: {what}")

    async def _change_stripe_invoice(self) -> None:
        if not self._world.change_invoice():
            await self._run_job()

    async def _change_member(self) -> None:
        self._world.trace.add(f"member: {change_member(self._random, self._world.slack)}")

    async def _toggle_outage(self) -> None:
        """Makes a port unavailable, or available again."""
        port = self._random.choice(("billing", "slack", "mail", "directory"))
        self._faults.down ^= {port}
        self._world.trace.add(f"unavailable: {sorted(self._faults.down)}")


def _drop_microseconds(at: datetime) -> datetime:
    return at.replace(microsecond=0)
