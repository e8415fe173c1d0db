"""Subscription schedules."""

from collections.abc import Sequence
from typing import Any

import stripe

from tests.fake_stripe.records import (
    StripeRecords,
    Subscription,
)
from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.serializers.common import CREATED_AT
from tests.fake_stripe.subscription_settings import Schedule, SchedulePhase


def serialize_billing_mode(subscription: Subscription) -> dict[str, Any]:
    settings = subscription.settings
    shown = "itemized" if settings.itemizes_proration_discounts else "included"
    flexible = {"proration_discounts": shown} if settings.billing_mode == "flexible" else None
    return {"type": settings.billing_mode, "flexible": flexible, "updated_at": None}


def serialize_schedule(records: StripeRecords, subscription: Subscription) -> dict[str, Any]:
    """docs.stripe.com/api/subscription_schedules/object"""
    assert subscription.settings.schedule is not None
    shown = serialize_schedule_or_id(records, subscription, subscription.settings.schedule, ["data.schedule"])
    assert isinstance(shown, dict)
    return shown


def serialize_schedule_or_id(
    records: StripeRecords, subscription: Subscription, schedule: Schedule, expand: Sequence[str]
) -> dict[str, Any] | str:
    if "data.schedule" not in expand:
        return schedule.id
    current = schedule.find_phase(records.now)
    settings = fill_object(
        stripe.SubscriptionSchedule.DefaultSettings,
        billing_cycle_anchor="automatic",
        invoice_settings={"account_tax_ids": None, "days_until_due": None, "issuer": {"type": "self"}},
    )
    return fill_object(
        stripe.SubscriptionSchedule,
        id=schedule.id,
        object="subscription_schedule",
        billing_mode=serialize_billing_mode(subscription),
        created=CREATED_AT,
        current_phase=current and {"start_date": current.start_date, "end_date": current.end_date},
        customer=subscription.customer,
        default_settings=settings,
        end_behavior=schedule.end_behavior,
        livemode=False,
        pause_schedules=_serialize_pause_schedules(schedule),
        phases=[_serialize_phase(phase) for phase in schedule.phases],
        status="active" if current else "completed",
        subscription=subscription.id,
    )


def _serialize_pause_schedules(schedule: Schedule) -> list[dict[str, Any]]:
    if schedule.pause_at is None:
        return []
    pause_class = stripe.SubscriptionSchedule.PauseSchedule.Pause
    pause = fill_object(pause_class, pause_at=schedule.pause_at, status={"type": "scheduled", "error": None})
    return [fill_object(stripe.SubscriptionSchedule.PauseSchedule, key="pause_1", pause=pause)]


def _serialize_phase(phase: SchedulePhase) -> dict[str, Any]:
    items = [
        fill_object(
            stripe.SubscriptionSchedule.Phase.Item,
            discounts=[],
            plan=price_id,
            price=price_id,
            quantity=quantity,
        )
        for price_id, quantity in phase.quantities.items()
    ]
    return fill_object(
        stripe.SubscriptionSchedule.Phase,
        add_invoice_items=[],
        currency="eur",
        discounts=[],
        end_date=phase.end_date,
        items=items,
        proration_behavior="create_prorations",
        start_date=phase.start_date,
    )
