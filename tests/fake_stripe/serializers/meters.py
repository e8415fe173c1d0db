"""Billing meters."""

from typing import Any

import stripe

from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.serializers.common import CREATED_AT


def serialize_meter(meter_id: str, params: dict[str, Any]) -> dict[str, Any]:
    """docs.stripe.com/api/billing/meter/object"""
    return fill_object(
        stripe.billing.Meter,
        id=meter_id,
        object="billing.meter",
        created=CREATED_AT,
        customer_mapping={"event_payload_key": "stripe_customer_id", "type": "by_id"},
        default_aggregation=params["default_aggregation"],
        display_name=params["display_name"],
        event_name=params["event_name"],
        livemode=False,
        status="active",
        status_transitions={"deactivated_at": None},
        updated=CREATED_AT,
        value_settings={"event_payload_key": "value"},
    )
