"""Stripe's webhook events: the signature of the raw body is verified before anything in it is read."""

import json
from collections.abc import Callable
from datetime import datetime

import stripe

from bot.billing.gateway import UnsupportedEvent, WebhookEvent, WebhookVerificationError

SIGNATURE_TOLERANCE_SECONDS = 300
# It names its object without what the object has of its customer (docs.stripe.com/event-destinations).
THIN_EVENT = "v2.core.event"


class StripeWebhookParser:
    """A WebhookParser. The age of a signature is checked against `now`, because Stripe's own check reads
    the system clock."""

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._secret, self._now = secret, now

    def parse_event(self, body: bytes, signature: str) -> WebhookEvent:
        if not signature.isascii():
            # The library's comparison raises TypeError for it.
            raise WebhookVerificationError("no signature")
        try:
            stripe.WebhookSignature.verify_header(body.decode(), signature, self._secret, tolerance=None)
            event = json.loads(body)
            signed_at = _parse_signed_at(signature)
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise WebhookVerificationError(type(error).__name__) from None
        if abs(self._now().timestamp() - signed_at) > SIGNATURE_TOLERANCE_SECONDS:
            raise WebhookVerificationError("too old")
        if isinstance(event, dict) and event.get("object") == THIN_EVENT:
            raise UnsupportedEvent("a thin event; the endpoint needs snapshot events")
        if not isinstance(event, dict) or event.get("object") != "event":
            raise WebhookVerificationError("not an event")
        return WebhookEvent(str(event["id"]), str(event["type"]), _find_customer_id(event))


def _parse_signed_at(signature: str) -> int:
    return int(next(part[2:] for part in signature.split(",") if part.startswith("t=")))


def _find_customer_id(event: dict[str, object]) -> str | None:
    # A detached card has no customer any more, but the event contains its previous one.
    data = event.get("data")
    thing = data.get("object") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(thing, dict):
        return None
    named = thing.get("id") if thing.get("object") == "customer" else thing.get("customer")
    before = data.get("previous_attributes")
    if named is None and isinstance(before, dict):
        named = before.get("customer")
    return named if isinstance(named, str) else None
