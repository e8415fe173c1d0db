"""Sessions of the customer portal."""

from typing import Any

import stripe

from tests.fake_stripe.sdk_types import fill_object


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
