"""How the provider's subscriptions of an account differ from the bot's copy."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.billing.gateway import SubscriptionState
from models.subscription import Subscription


@dataclass(frozen=True)
class SubscriptionChange:
    """A subscription as it is stored, and as the provider has it."""

    stored: Subscription
    state: SubscriptionState


@dataclass(frozen=True)
class SubscriptionDiff:
    """`added` are not stored for the account yet, `ended` are active here only."""

    added: list[SubscriptionState]
    ended: list[Subscription]
    changed: list[SubscriptionChange]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.ended or self.changed)


def compute_subscription_diff(
    stored: Iterable[Subscription], states: Iterable[SubscriptionState]
) -> SubscriptionDiff:
    """`stored` holds all subscriptions of the account, ended ones included. A state with a `closed_reason`
    counts as ended."""
    stored_by_id = {subscription.id: subscription for subscription in stored}
    open_states = {state.id: state for state in states if state.closed_reason is None}
    return SubscriptionDiff(
        added=[state for id_, state in open_states.items() if id_ not in stored_by_id],
        ended=[s for s in stored_by_id.values() if s.active and s.id not in open_states],
        changed=[
            SubscriptionChange(stored_by_id[id_], state)
            for id_, state in open_states.items()
            if id_ in stored_by_id and not _is_equal(stored_by_id[id_], state)
        ],
    )


def has_same_terms(one: Subscription, other: Subscription) -> bool:
    is_same_product = one.product_id == other.product_id
    return is_same_product and one.active == other.active and _get_terms(one) == _get_terms(other)


def _is_equal(stored: Subscription, state: SubscriptionState) -> bool:
    is_same_product = state.current_product_id in (None, stored.product_id)
    return is_same_product and stored.active and _get_terms(stored) == _get_terms(state)


def _get_terms(source: Subscription | SubscriptionState) -> tuple[object, ...]:
    return (
        source.seats,
        source.unit_price,
        source.pricing,
        source.period,
        source.period_start,
        source.period_end,
        source.outlook,
        source.default_payment_method_id,
    )
