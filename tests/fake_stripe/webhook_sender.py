"""Signed webhook events, delivered as a network does: late, twice, in any order, or never.

docs.stripe.com/webhooks, docs.stripe.com/api/events/object
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import datetime
from random import Random
from typing import Any

import aiohttp
import stripe

from tests.fake_stripe import serializers
from tests.fake_stripe.records import EventRecord, StripeRecords
from tests.fake_stripe.sdk_types import find_event_type_errors, find_response_errors

OBJECT_CLASSES = {
    "customer": stripe.Customer,
    "invoice": stripe.Invoice,
    "subscription": stripe.Subscription,
}


class WebhookSender:
    def __init__(self, records: StripeRecords, url: str, secret: str) -> None:
        self.records, self.url, self.secret = records, url, secret
        self._sent_count = 0

    def collect_events(self) -> list[dict[str, Any]]:
        """The events since the last call, with their objects as they are now."""
        events = self.records.events[self._sent_count :]
        self._sent_count = len(self.records.events)
        return [self._check_event(self._serialize_event(event)) for event in events]

    async def send_events(self, events: Iterable[dict[str, Any]], at: datetime | None = None) -> list[int]:
        """Returns the HTTP statuses. `at` is when the events were signed."""
        async with aiohttp.ClientSession() as session:
            return [(await self.post_event(session, event, at))[0] for event in events]

    async def post_event(
        self, session: aiohttp.ClientSession, event: dict[str, Any], at: datetime | None = None
    ) -> tuple[int, str]:
        """Returns the status and the body."""
        body = json.dumps(event)
        signed_at = int(at.timestamp()) if at else self.records.now
        headers = {
            "Stripe-Signature": sign_event(body, self.secret, signed_at),
            "Content-Type": "application/json",
        }
        async with session.post(self.url, data=body, headers=headers) as response:
            return response.status, await response.text()

    def build_thin_event(self, event_id: str, event_type: str, invoice_id: str) -> dict[str, Any]:
        """docs.stripe.com/api/v2/core/events/event-types"""
        return {
            "id": event_id,
            "object": "v2.core.event",
            "type": event_type,
            "created": self.records.clock().isoformat(),
            "livemode": False,
            "context": None,
            "related_object": {"id": invoice_id, "type": "invoice", "url": f"/v1/invoices/{invoice_id}"},
        }

    def _serialize_event(self, event: EventRecord) -> dict[str, Any]:
        return {
            "id": event.id,
            "object": "event",
            "api_version": stripe.api_version,
            "created": event.created,
            "data": {"object": self._serialize_object(event.object_type, event.object_id)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": event.type,
        }

    def _check_event(self, event: dict[str, Any]) -> dict[str, Any]:
        shown = event["data"]["object"]
        errors = find_response_errors(event, stripe.Event)
        errors += find_response_errors(shown, OBJECT_CLASSES[shown["object"]])
        errors += find_event_type_errors(event["type"])
        assert not errors, "\n".join(errors)
        return event

    def _serialize_object(self, object_type: str, object_id: str) -> dict[str, Any]:
        records = self.records
        match object_type:
            case "invoice":
                return serializers.serialize_invoice(records, records.invoices[object_id])
            case "customer":
                return serializers.serialize_customer(records.customers[object_id])
            case _:
                return serializers.serialize_subscription(records, records.subscriptions[object_id])


def sign_event(body: str, secret: str, at: int) -> str:
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def shuffle_events(events: list[dict[str, Any]], random: Random, lost: float = 0.2) -> list[dict[str, Any]]:
    """Each up to three times, in any order."""
    sent = [event for event in events if random.random() >= lost for _ in range(random.randint(1, 3))]
    random.shuffle(sent)
    return sent
