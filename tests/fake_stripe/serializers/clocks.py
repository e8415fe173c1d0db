"""Test clocks."""

from typing import Any

import stripe

from tests.fake_stripe.records import StripeRecords
from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.serializers.common import CREATED_AT


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
