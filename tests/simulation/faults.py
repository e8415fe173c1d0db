"""Which faults can occur and how often, and a count of those that did."""

from collections import Counter
from random import Random
from typing import Protocol


class Faults(Protocol):
    # Channels and people that reject every message, with an undocumented error.
    unreachable: frozenset[str]

    def get_fault(self, call: str) -> str | None:
        """The fault of this call of a port, if any."""

    def get_card_behaviour(self) -> str:
        """What the card network does with a new charge."""


# The possible faults of each port call. `lost`: it takes effect, and its answer is lost; `timeout`: it takes
# effect after the caller gave up; `conflict`: it takes effect, and the answer is that the key is in use.
FAULTS: dict[str, tuple[str, ...]] = {
    "billing.subscriptions": ("outage",),
    "billing.preview": ("outage", "price_not_held"),
    "billing.place": ("outage", "lost", "timeout", "server_error", "conflict", "rate_limited"),
    "billing.reconcile": ("outage", "lost"),
    "billing.portal": ("outage",),
    "billing.invoice": ("outage",),
    "slack.deliver": (
        "outage",
        "lost",
        "rate_limited",
        "channel_gone",
        "person_gone",
        "message_gone",
        "rejected",
    ),
    "mail.send": ("outage", "lost", "refused"),
    "directory.profile": ("outage",),
    "directory.email": ("outage",),
    "directory.members": ("outage",),
}
# With Stripe, a charge takes several requests. Those before and after it count as `subscriptions`: some of
# them change something, so that their answers can be lost too. Whether a price is held is up to the fake.
STRIPE_FAULTS = FAULTS | {
    "billing.subscriptions": ("outage", "lost", "rate_limited"),
    "billing.preview": ("outage", "rate_limited"),
    "billing.reconcile": (),
}
# Rare calls, which therefore fail more often.
RARE_CALLS = ("billing.portal", "billing.invoice", "billing.preview", "mail.send", "directory.email")
RATE_FACTORS = dict.fromkeys(RARE_CALLS, 3.0)
# With Stripe, a click sends many requests, and most clicks must succeed; its charge is one request of a
# dozen. Fewer seeds are run, so that other rare faults must occur more often.
STRIPE_RATE_FACTORS = RATE_FACTORS | {
    "billing.subscriptions": 0.2, "billing.preview": 0.3, "billing.place": 4.0, "mail.send": 6.0,
    "slack.deliver": 1.5,
}  # fmt: skip
DESTINATIONS = ("C01BILLING", "C09SERVICES", "U01ALICE", "U02BENOIT")
CARDS = ("settles", "declines", "slow", "customer", "customer_never")


# This many consecutive seeds meet every fault twice, whatever the random numbers.
SEEDS_PER_FAULT = 15


def _choose_certain_faults(faults: dict[str, tuple[str, ...]], seed: int) -> dict[str, list[str]]:
    """Faults that certainly occur in this seed, by the call whose first uses they affect."""
    faults_by_call: dict[str, list[str]] = {}
    pairs = [(call, fault) for call, of_it in faults.items() for fault in of_it]
    for number, (call, fault) in enumerate(pairs):
        if number % SEEDS_PER_FAULT in (seed % SEEDS_PER_FAULT, (seed + 7) % SEEDS_PER_FAULT):
            faults_by_call.setdefault(call, []).append(fault)
    return faults_by_call


def _choose_unreachable(random: Random) -> frozenset[str]:
    """In every third seed, for its whole duration."""
    return frozenset(random.sample(DESTINATIONS, random.choice((0, 0, 0, 0, 1, 2))))


class NoFaults:
    """Nothing goes wrong, and every card settles."""

    unreachable: frozenset[str] = frozenset()

    def get_fault(self, call: str) -> str | None:
        return None

    def get_card_behaviour(self) -> str:
        return "settles"


class RandomFaults:
    """The fault rates of a seed, and how its cards behave."""

    def __init__(self, seed: int, random: Random, seen: Counter[str], *, with_stripe: bool = False) -> None:
        self._random, self._seen = random, seen
        self._faults = STRIPE_FAULTS if with_stripe else FAULTS
        self._certain_faults = _choose_certain_faults(self._faults, seed)
        self._rate_factors = STRIPE_RATE_FACTORS if with_stripe else RATE_FACTORS
        self.rate = random.choice((0.0, 0.05, 0.1, 0.25))
        self.crashes = random.choice((0.0, 0.0, 0.02, 0.06))
        self.favourite = random.choice((None, *(("fickle",) * 3 if with_stripe else ("fickle",) * 2), *CARDS))
        # An order can come between another order and its retry only if both get far.
        self.smooth = self.favourite == "fickle"
        if self.smooth:
            self.rate, self.crashes = min(self.rate, 0.05), min(self.crashes, 0.02)
        self.unreachable = _choose_unreachable(Random(f"unreachable {seed}"))
        self._charges = 0
        self.down: set[str] = set()
        self.stopped = False

    def get_fault(self, call: str) -> str | None:
        if self.stopped:
            return None
        port = call.partition(".")[0]
        fault = "outage" if port in self.down else self._draw_fault(call)
        if fault:
            self._seen[f"fault {call} {fault}"] += 1
        return fault

    def _draw_fault(self, call: str) -> str | None:
        if self._certain_faults.get(call):
            return self._certain_faults[call].pop()
        if call not in self._faults:
            return None
        rate = self.rate * self._rate_factors.get(call, 1)
        return self._random.choice(self._faults[call]) if self._random.random() < rate else None

    def get_card_behaviour(self) -> str:
        self._charges += 1
        card = self._random.choice(("settles", "settles", "settles", *CARDS))
        if self.favourite == "fickle":
            # A retry then finds the subscription busy.
            card = (
                "declines" if self._charges == 1 else self._random.choice(("customer", "customer", "settles"))
            )
        elif self.favourite and self._random.random() < 0.6:
            card = self.favourite
        self._seen[f"card {card}"] += 1
        return card
