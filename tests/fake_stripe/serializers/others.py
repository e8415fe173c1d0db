"""Balance transactions, meters, test clocks and portal sessions."""

from typing import Any

import stripe

from tests.fake_stripe.records import (
    Customer,
    StripeRecords,
)
from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.serializers.common import CREATED_AT


def serialize_balance_transaction(
    transaction_id: str, customer: Customer, amount: int, currency: str
) -> dict[str, Any]:
    """docs.stripe.com/api/customer_balance_transactions/object"""
    return fill_object(
        stripe.CustomerBalanceTransaction,
        id=transaction_id,
        object="customer_balance_transaction",
        amount=amount,
        created=CREATED_AT,
        currency=currency,
        customer=customer.id,
        ending_balance=customer.balance,
        livemode=False,
        type="adjustment",
    )


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


def serialize_test_clock(records: StripeRecords, status: str) -> dict[str, Any]:
    """docs.stripe.com/api/test_clocks/object"""
    return fill_object(
        stripe.test_helpers.TestClock,
        id=records.test_clock,
        object="test_helpers.test_clock",
        created=CREATED_AT,
        deletes_after=records.now + 30 * 86400,
        frozen_time=records.now,
        livemode=False,
        status=status,
        status_details={},
    )


def serialize_portal_session(
    session_id: str, customer_id: str, return_url: str, created: int, flow_data: dict[str, Any] | None
) -> dict[str, Any]:
    """docs.stripe.com/api/customer_portal/sessions/object"""
    session_class = stripe.billing_portal.Session
    after = fill_object(session_class.Flow.AfterCompletion, type="portal_homepage")
    flow = flow_data and fill_object(session_class.Flow, type=flow_data["type"], after_completion=after)
    return fill_object(
        stripe.billing_portal.Session,
        id=session_id,
        object="billing_portal.session",
        configuration="bpc_0001",
        created=created,
        customer=customer_id,
        flow=flow,
        livemode=False,
        return_url=return_url,
        url=f"https://billing.stripe.example/session/{session_id}",
    )
