"""Subscriptions and their items."""

from collections.abc import Sequence
from typing import Any

import stripe

from tests.fake_stripe.records import (
    PendingUpdate,
    StripeRecords,
    Subscription,
    SubscriptionItem,
)
from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.serializers.common import CREATED_AT, EMBEDDED_LIST_SIZE, serialize_list
from tests.fake_stripe.serializers.customers import serialize_customer
from tests.fake_stripe.serializers.discounts import serialize_coupon, serialize_discount
from tests.fake_stripe.serializers.prices import serialize_plan, serialize_price
from tests.fake_stripe.serializers.schedules import serialize_billing_mode, serialize_schedule_or_id
from tests.fake_stripe.serializers.taxes import serialize_manual_tax_rate


def serialize_subscription_item(
    item: SubscriptionItem,
    subscription_id: str,
    trial_end: int | None = None,
    billed_until: int | None = None,
) -> dict[str, Any]:
    """docs.stripe.com/api/subscription_items/object"""
    trial = {"start_date": item.current_period_start, "end_date": trial_end, "trial_offer": "to_1"}
    return fill_object(
        stripe.SubscriptionItem,
        id=item.id,
        object="subscription_item",
        billed_until=billed_until or item.current_period_end,
        created=CREATED_AT,
        current_period_end=item.current_period_end,
        current_period_start=item.current_period_start,
        current_trial=trial if trial_end is not None else None,
        discounts=[],
        metadata=item.metadata,
        plan=serialize_plan(item.price),
        price=serialize_price(item.price),
        quantity=item.quantity if item.price.usage_type == "licensed" else None,
        subscription=subscription_id,
    )


def serialize_subscription(
    records: StripeRecords,
    subscription: Subscription,
    *,
    invoice: dict[str, Any] | None = None,
    expand: Sequence[str] = (),
) -> dict[str, Any]:
    """`invoice` is the latest, where it is expanded; `expand` is that of a list:
    docs.stripe.com/api/subscriptions/object"""
    settings = subscription.settings
    items = [
        serialize_subscription_item(each, subscription.id, settings.item_trial_end, settings.billed_until)
        for each in subscription.items
    ]
    return fill_object(
        stripe.Subscription,
        id=subscription.id,
        object="subscription",
        automatic_tax={
            "enabled": subscription.has_automatic_tax,
            "disabled_reason": subscription.tax_disabled_reason,
            "liability": None,
        },
        billing_cycle_anchor=subscription.items[0].current_period_start,
        billing_mode=serialize_billing_mode(subscription),
        billing_schedules=_serialize_billing_schedules(subscription),
        cancel_at=_find_cancel_at(subscription),
        cancel_at_period_end=settings.cancel_at_period_end,
        collection_method="send_invoice" if subscription.sends_invoice else "charge_automatically",
        created=CREATED_AT,
        currency=subscription.charged_currency,
        days_until_due=subscription.days_until_due if subscription.sends_invoice else None,
        customer=serialize_customer(records.customers[subscription.customer])
        if "data.customer" in expand
        else subscription.customer,
        default_payment_method=subscription.default_payment_method,
        default_source=subscription.default_source,
        default_tax_rates=[serialize_manual_tax_rate(rate) for rate in subscription.default_tax_rates],
        discounts=[
            serialize_discount(subscription.customer, subscription.id, coupon, serialize_coupon(coupon))
            if "data.discounts.source.coupon" in expand
            else f"di_{coupon.id}"
            for coupon in settings.coupons
        ],
        invoice_settings={"account_tax_ids": None, "issuer": {"type": "self"}},
        items=serialize_list(
            f"/v1/subscription_items?subscription={subscription.id}",
            items[:EMBEDDED_LIST_SIZE],
            len(items) > EMBEDDED_LIST_SIZE,
        ),
        latest_invoice=invoice or subscription.latest_invoice,
        livemode=False,
        managed_payments={"enabled": True} if settings.has_managed_payments else None,
        metadata=subscription.metadata,
        pause_collection=vars(settings.pause_collection) if settings.pause_collection else None,
        pending_update=_serialize_pending_update(subscription, subscription.pending_update)
        if subscription.pending_update
        else None,
        payment_settings={
            "payment_method_options": None,
            "payment_method_types": settings.payment_method_types,
            "save_default_payment_method": "off",
        },
        presentment_details={"presentment_currency": settings.presentment_currency}
        if settings.presentment_currency
        else None,
        schedule=serialize_schedule_or_id(records, subscription, settings.schedule, expand)
        if settings.schedule
        else None,
        start_date=CREATED_AT,
        status=subscription.status,
        trial_end=settings.trial_end,
    )


def _serialize_billing_schedules(subscription: Subscription) -> list[dict[str, Any]]:
    """For all items."""
    until = subscription.settings.billed_until
    if until is None:
        return []
    schedule_class = stripe.Subscription.BillingSchedule
    bill_until = fill_object(
        schedule_class.BillUntil, computed_timestamp=until, timestamp=until, type="timestamp"
    )
    return [fill_object(schedule_class, key="schedule_1", bill_until=bill_until)]


def _find_cancel_at(subscription: Subscription) -> int | None:
    """Also set where the subscription ends with its period, or with its schedule:
    docs.stripe.com/billing/subscriptions/cancel"""
    settings = subscription.settings
    if settings.cancel_at_period_end:
        return min(item.current_period_end for item in subscription.items)
    if settings.schedule and settings.schedule.end_behavior == "cancel":
        return settings.schedule.phases[-1].end_date
    return settings.cancel_at


def _serialize_pending_update(subscription: Subscription, pending_update: PendingUpdate) -> dict[str, Any]:
    item = next(each for each in subscription.items if each.id == pending_update.subscription_item)
    shown = {**serialize_subscription_item(item, subscription.id), "quantity": pending_update.quantity}
    return fill_object(
        stripe.Subscription.PendingUpdate,
        expires_at=pending_update.expires_at,
        metadata=pending_update.metadata or None,
        subscription_items=[shown],
    )
