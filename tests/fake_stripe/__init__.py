"""A small Stripe on this machine, over HTTP: the routes that the bot uses, with what makes them hard.

It knows nothing of the product. Its clock is an argument, its responses are checked against the SDK's own
types, and tests inject its faults (`faults`).
"""

from tests.fake_stripe.records import ApiError, Card, StripeRecords
from tests.fake_stripe.server import FakeStripe, Fault
from tests.fake_stripe.webhook_sender import WebhookSender

__all__ = ["ApiError", "Card", "FakeStripe", "Fault", "StripeRecords", "WebhookSender"]
