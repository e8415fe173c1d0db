"""Webhook events on their way to the bot's endpoint: signed, late, twice, in any order, or never."""

import json
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.dependencies import Dependencies
from handlers.billing_webhook import build_webhook_routes
from tests.fake_stripe import FakeStripe, WebhookSender
from tests.fake_stripe.webhook_sender import sign_event
from tests.simulation.database import Store
from tests.simulation.gates import Process

SECRET = "whsec_fake"
# After this a waiting charge is reconciled without an event.
LATE_SECONDS = 600
# A signature of this age is rejected.
TOO_OLD_SECONDS = 301


@dataclass(eq=False)
class EventCopy:
    """One delivery of an event; `process` is handling it, if any."""

    number: int
    event: dict[str, Any]
    process: Process | None = None

    def __str__(self) -> str:
        return f"{self.number} {self.event['type']}"


class WebhookQueue:
    """Events that are not acknowledged are sent again, as Stripe does, without a limit."""

    def __init__(self, fake: FakeStripe, store: Store, random: Random, seen: Counter[str]) -> None:
        self._fake, self._store, self._random, self._seen = fake, store, random, seen
        self._sender = WebhookSender(fake.records, "", SECRET)
        self._loss_rate = random.choice((0.0, 0.2, 0.2, 1.0))
        self._event_count = 0
        self._in_flight: list[EventCopy] = []
        # Numbers of events that were acknowledged, and that were stored.
        self._delivered: set[int] = set()
        self._stored: set[int] = set()
        # Whether any event was never sent.
        self.lost = False

    def collect_events(self) -> None:
        """Queues what happened at Stripe: no, one, or several copies of each event."""
        self._fake.deliver_delayed_requests()
        self._fake.records.apply_due_changes()
        for event in self._sender.collect_events():
            self._event_count += 1
            copies = 0 if self._random.random() < self._loss_rate else self._random.choice((1, 1, 1, 2, 3))
            self._in_flight += [EventCopy(self._event_count, event) for _ in range(copies)]
            if not copies:
                self.lost = True
                self._count("lost")

    def take_event(self, process: Process) -> EventCopy | None:
        """Chooses an event for `process`; what a dead process was handling is sent again."""
        waiting = [copy for copy in self._in_flight if copy.process is None or copy.process.is_dead]
        if not waiting:
            return None
        copy = self._random.choice(waiting)
        if copy.process is not None:
            self._count("sent again after a crash")
        copy.process = process
        return copy

    async def deliver_event(
        self, copy: EventCopy, dependencies: Dependencies, *, stale: bool = False
    ) -> None:
        """A `stale` event was signed too long ago, and is rejected."""
        signed_at = self._fake.records.now - TOO_OLD_SECONDS * stale
        body = json.dumps(copy.event)
        response = await post_event(dependencies, body, sign_event(body, SECRET, signed_at))
        copy.process = None
        if stale:
            assert response.status_code == 400, "event that was signed long ago was accepted"
            self._count("too old")
        else:
            self._record_delivery(copy, response)

    def _record_delivery(self, copy: EventCopy, response: Response) -> None:
        assert response.status_code == 200, f"event was answered with {response.status_code}"
        assert any(self._store.rows("SELECT 1 FROM received_billing_event WHERE id = ?", copy.event["id"]))
        if bytes(response.body) == b"stored":
            assert copy.number not in self._stored, "event was stored twice"
            self._stored.add(copy.number)
        self._in_flight.remove(copy)
        first = copy.number not in self._delivered
        self._count("delivered" if first else "doubled")
        if first and copy.number < max(self._delivered, default=0):
            self._count("reordered")
        if first and self._fake.records.now - copy.event["created"] >= LATE_SECONDS:
            self._count("late")
        self._delivered.add(copy.number)

    def _count(self, what: str) -> None:
        self._seen[f"event {what}"] += 1


async def post_event(dependencies: Dependencies, body: str, signature: str) -> Response:
    """Calls the bot's own route."""
    [route] = build_webhook_routes(dependencies)
    headers = [(b"stripe-signature", signature.encode())]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    response: Response = await route.endpoint(Request({"type": "http", "headers": headers}, receive))
    return response
