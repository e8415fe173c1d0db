"""Word from Stripe: who signed it and when, on the raw body, before anything else of it is looked at."""

import json
from collections.abc import Callable
from datetime import datetime

import stripe

from bot.billing.gateway import ForgedEvent, ProviderEvent

OLDEST_SECONDS = 300


class StripeEvents:
    """EventReader. `now` tells how old a signature is, which Stripe's own check would ask the machine."""

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._secret, self._now = secret, now

    def read(self, body: bytes, signature: str) -> ProviderEvent:
        if not signature.isascii():
            # The library's comparison raises at it.
            raise ForgedEvent("no signature")
        try:
            stripe.WebhookSignature.verify_header(body.decode(), signature, self._secret, tolerance=None)
            event = json.loads(body)
            signed_at = _signed_at(signature)
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise ForgedEvent(type(error).__name__) from None
        if abs(self._now().timestamp() - signed_at) > OLDEST_SECONDS:
            raise ForgedEvent("too old")
        if not isinstance(event, dict) or event.get("object") != "event":
            raise ForgedEvent("not an event")
        return ProviderEvent(str(event["id"]), str(event["type"]), _customer(event))


def _signed_at(signature: str) -> int:
    return int(next(part[2:] for part in signature.split(",") if part.startswith("t=")))


def _customer(event: dict[str, object]) -> str | None:
    """Whom it is about: the customer itself, or what names its customer. A detached card names none any more,
    but whose it was."""
    data = event.get("data")
    thing = data.get("object") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(thing, dict):
        return None
    named = thing.get("id") if thing.get("object") == "customer" else thing.get("customer")
    before = data.get("previous_attributes")
    if named is None and isinstance(before, dict):
        named = before.get("customer")
    return named if isinstance(named, str) else None
