"""What differs between the bot's copy of subscriptions and the provider's."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.billing.gateway import SubscriptionState
from bot.use_cases.billing_sync.subscription_diff import (
    SubscriptionChange,
    SubscriptionDiff,
    compute_subscription_diff,
    has_same_terms,
)
from models.subscription import Subscription
from models.subscription.period_length import PeriodLength

STATE = SubscriptionState("sub_1", 25, 1400, PeriodLength.MONTH, date(2026, 11, 1), date(2026, 12, 1))


def build_stored(**changes: Any) -> Subscription:
    values: dict[str, Any] = {
        "id": "sub_1",
        "account_id": "acme",
        "product_id": "goto-meeting",
        "seats": 25,
        "unit_price": 1400,
        "period": PeriodLength.MONTH,
        "period_start": date(2026, 11, 1),
        "period_end": date(2026, 12, 1),
    }
    return Subscription(**{**values, **changes})


def test_the_same_subscriptions_make_an_empty_diff() -> None:
    diff = compute_subscription_diff([build_stored()], [STATE])
    assert diff == SubscriptionDiff(added=[], ended=[], changed=[])
    assert diff.is_empty


@pytest.mark.parametrize(
    "change",
    [
        {"seats": 26},
        {"unit_price": 1500},
        {"period": PeriodLength.YEAR},
        {"period_start": date(2026, 11, 2)},
        {"period_end": date(2026, 12, 2)},
        {"product_id": "goto-webinar"},
    ],
)
def test_any_other_term_is_a_change(change: dict[str, Any]) -> None:
    stored, state = build_stored(), replace(STATE, **change)
    diff = compute_subscription_diff([stored], [state])
    assert diff == SubscriptionDiff(added=[], ended=[], changed=[SubscriptionChange(stored, state)])
    assert not diff.is_empty


def test_fields_that_the_provider_does_not_decide_are_not_compared() -> None:
    stored = build_stored(self_service=False, self_service_reason="No.", revision=3)
    state = replace(STATE, charge_group="sub_group")
    assert compute_subscription_diff([stored], [state]).is_empty


def test_a_subscription_that_is_not_stored_is_added() -> None:
    new = replace(STATE, id="sub_2")
    diff = compute_subscription_diff([build_stored()], [STATE, new])
    assert diff == SubscriptionDiff(added=[new], ended=[], changed=[])


@pytest.mark.parametrize("states", [[], [replace(STATE, closed_reason="subscription_not_active")]])
def test_a_missing_or_closed_subscription_has_ended(states: list[SubscriptionState]) -> None:
    stored = build_stored()
    diff = compute_subscription_diff([stored], states)
    assert diff == SubscriptionDiff(added=[], ended=[stored], changed=[])


@pytest.mark.parametrize("states", [[], [replace(STATE, closed_reason="subscription_not_active")]])
def test_a_subscription_ends_once(states: list[SubscriptionState]) -> None:
    assert compute_subscription_diff([build_stored(active=False)], states).is_empty


def test_an_ended_subscription_that_is_open_again_is_a_change() -> None:
    stored = build_stored(active=False)
    diff = compute_subscription_diff([stored], [STATE])
    assert diff == SubscriptionDiff(added=[], ended=[], changed=[SubscriptionChange(stored, STATE)])


def test_a_closed_subscription_that_is_not_stored_is_not_added() -> None:
    assert compute_subscription_diff([], [replace(STATE, closed_reason="subscription_gone")]).is_empty


def test_two_readings_of_a_row_differ_in_terms_or_activity() -> None:
    assert has_same_terms(build_stored(), build_stored(revision=1))
    assert not has_same_terms(build_stored(), build_stored(seats=26))
    assert not has_same_terms(build_stored(), build_stored(active=False))
