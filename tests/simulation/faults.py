"""What goes wrong, and how often; and the count of what did."""

from collections import Counter
from random import Random
from typing import Protocol


class Faults(Protocol):
    # Channels and people that never take a message, with an error that nobody knows.
    unreachable: frozenset[str]

    def get_fault(self, call: str) -> str | None:
        """What goes wrong with this call of a port, if anything."""

    def get_card_behaviour(self) -> str:
        """What the card network does with a new charge."""


# Port call → what can go wrong with it. `lost` has its effect, and the answer is lost; `timeout` has it after
# the sender gave up; `conflict` has it while the provider says that the key is in use.
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
# Over Stripe a charge is several requests. Those that prepare or look after it count as `subscriptions`: some
# of them change something, so that their answers are lost too. Whether a price holds is Stripe's to say.
STRIPE_FAULTS = FAULTS | {
    "billing.subscriptions": ("outage", "lost", "rate_limited"),
    "billing.preview": ("outage", "rate_limited"),
    "billing.reconcile": (),
}
# Called so seldom that more of it must go wrong.
RARE_CALLS = ("billing.portal", "billing.invoice", "billing.preview", "mail.send", "directory.email")
RATE_FACTORS = dict.fromkeys(RARE_CALLS, 3.0)
# Over Stripe a press asks many times, and is to get through; its charge is one request of a dozen. Fewer
# seeds are run, so that what else is rare comes oftener.
STRIPE_RATE_FACTORS = RATE_FACTORS | {
    "billing.subscriptions": 0.2, "billing.preview": 0.3, "billing.place": 4.0, "mail.send": 6.0,
    "slack.deliver": 1.5,
}  # fmt: skip
DESTINATIONS = ("C01BILLING", "C09SERVICES", "U01ALICE", "U02BENOIT")
CARDS = ("settles", "declines", "slow", "customer", "customer_never")


# So many seeds in a row meet every fault twice, whatever is drawn.
SEEDS_PER_FAULT = 15


def _choose_certain_faults(faults: dict[str, tuple[str, ...]], seed: int) -> dict[str, list[str]]:
    """What goes wrong in this seed for certain, the first time that it is called."""
    faults_by_call: dict[str, list[str]] = {}
    pairs = [(call, fault) for call, of_it in faults.items() for fault in of_it]
    for number, (call, fault) in enumerate(pairs):
        if number % SEEDS_PER_FAULT in (seed % SEEDS_PER_FAULT, (seed + 7) % SEEDS_PER_FAULT):
            faults_by_call.setdefault(call, []).append(fault)
    return faults_by_call


def _choose_unreachable(random: Random) -> frozenset[str]:
    """In every third seed, for its whole length."""
    return frozenset(random.sample(DESTINATIONS, random.choice((0, 0, 0, 0, 1, 2))))


class NoFaults:
    """Nothing goes wrong, and every card settles."""

    unreachable: frozenset[str] = frozenset()

    def get_fault(self, call: str) -> str | None:
        return None

    def get_card_behaviour(self) -> str:
        return "settles"


class RandomFaults:
    """A seed's inclination: how often which fault comes, and how cards behave."""

    def __init__(self, seed: int, random: Random, seen: Counter[str], *, at_stripe: bool = False) -> None:
        self._random, self._seen = random, seen
        self._faults = STRIPE_FAULTS if at_stripe else FAULTS
        self._fated = _choose_certain_faults(self._faults, seed)
        self._often = STRIPE_RATE_FACTORS if at_stripe else RATE_FACTORS
        self.rate = random.choice((0.0, 0.05, 0.1, 0.25))
        self.crashes = random.choice((0.0, 0.0, 0.02, 0.06))
        self.favourite = random.choice((None, *(("fickle",) * 3 if at_stripe else ("fickle",) * 2), *CARDS))
        # Where an order is to come between another and its retry, both must get far.
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
        if self._fated.get(call):
            return self._fated[call].pop()
        if call not in self._faults:
            return None
        rate = self.rate * self._often.get(call, 1)
        return self._random.choice(self._faults[call]) if self._random.random() < rate else None

    def get_card_behaviour(self) -> str:
        self._charges += 1
        card = self._random.choice(("settles", "settles", "settles", *CARDS))
        if self.favourite == "fickle":
            # Who retries finds the subscription taken.
            card = (
                "declines" if self._charges == 1 else self._random.choice(("customer", "customer", "settles"))
            )
        elif self.favourite and self._random.random() < 0.6:
            card = self.favourite
        self._seen[f"card {card}"] += 1
        return card
