"""Word from Stripe, on its way to the bot's own door: signed, late, twice, in any order, or never."""

import json
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.services import Services
from handlers.billing_webhook import build_webhook_routes
from tests.fake_stripe import FakeStripe, WebhookSender
from tests.fake_stripe.webhook_sender import sign_event
from tests.simulation.database import Store
from tests.simulation.gates import Process

SECRET = "whsec_fake"
# From when on a charge that waits is asked about without any word.
LATE_SECONDS = 600
# So long after it was signed, word is not taken any more.
TOO_OLD_SECONDS = 301


@dataclass(eq=False)
class EventCopy:
    """One copy of an event; `process` is where it is being heard."""

    number: int
    event: dict[str, Any]
    process: Process | None = None

    def __str__(self) -> str:
        return f"{self.number} {self.event['type']}"


class WebhookQueue:
    """What is not answered with a yes is sent again, as Stripe does, until faults stop and for ever."""

    def __init__(self, fake: FakeStripe, store: Store, random: Random, seen: Counter[str]) -> None:
        self._fake, self._store, self._random, self._seen = fake, store, random, seen
        self._sender = WebhookSender(fake.records, "", SECRET)
        self._silence = random.choice((0.0, 0.2, 0.2, 1.0))
        self._told = 0
        self._on_the_way: list[EventCopy] = []
        # The numbers of those that were taken, and of those that were new to whoever took them.
        self._taken: set[int] = set()
        self._new: set[int] = set()
        # Whether anything was never told.
        self.lost = False

    def collect(self) -> None:
        """What happened at Stripe by now is told: never, once, or oftener."""
        self._fake.deliver_delayed_requests()
        self._fake.records.apply_due_changes()
        for event in self._sender.collect_events():
            self._told += 1
            copies = 0 if self._random.random() < self._silence else self._random.choice((1, 1, 1, 2, 3))
            self._on_the_way += [EventCopy(self._told, event) for _ in range(copies)]
            if not copies:
                self.lost = True
                self._count("lost")

    def take(self, process: Process) -> EventCopy | None:
        """Any of those on the way sets out for `process`; what was heard by one that died is sent again."""
        waiting = [word for word in self._on_the_way if word.process is None or word.process.dead]
        if not waiting:
            return None
        word = self._random.choice(waiting)
        if word.process is not None:
            self._count("sent again after a crash")
        word.process = process
        return word

    async def deliver(self, word: EventCopy, services: Services, *, stale: bool = False) -> None:
        """Through the door. `stale` was signed too long ago, and is turned away."""
        signed_at = self._fake.records.now - TOO_OLD_SECONDS * stale
        body = json.dumps(word.event)
        response = await post_event(services, body, sign_event(body, SECRET, signed_at))
        word.process = None
        if stale:
            assert response.status_code == 400, "word that was signed long ago was taken"
            self._count("too old")
        else:
            self._taken_by_bot(word, response)

    def _taken_by_bot(self, word: EventCopy, response: Response) -> None:
        assert response.status_code == 200, f"word was answered with {response.status_code}"
        assert any(self._store.rows("SELECT 1 FROM received_billing_event WHERE id = ?", word.event["id"]))
        if bytes(response.body) == b"stored":
            assert word.number not in self._new, "word was stored twice"
            self._new.add(word.number)
        self._on_the_way.remove(word)
        first = word.number not in self._taken
        self._count("delivered" if first else "doubled")
        if first and word.number < max(self._taken, default=0):
            self._count("reordered")
        if first and self._fake.records.now - word.event["created"] >= LATE_SECONDS:
            self._count("late")
        self._taken.add(word.number)

    def _count(self, what: str) -> None:
        self._seen[f"word {what}"] += 1


async def post_event(services: Services, body: str, signature: str) -> Response:
    """As the server hands a request to the bot's own route."""
    [route] = build_webhook_routes(services)
    headers = [(b"stripe-signature", signature.encode())]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    response: Response = await route.endpoint(Request({"type": "http", "headers": headers}, receive))
    return response
