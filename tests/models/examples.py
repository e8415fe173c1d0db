"""Rows as the tests need them: one call, and only what matters is named."""

from datetime import UTC, date, datetime
from typing import Any

from models.account import Account
from models.audit.entry import GENESIS_HASH, AuditEntry
from models.invoice import Invoice
from models.payment_method import PaymentMethod
from models.product import Product
from models.quote import Quote, QuoteLine, QuoteStatus
from models.receipt import Receipt
from models.service_order import LineStatus, OrderLine, OrderStatus, ServiceOrder
from models.slack_user import SlackUser
from models.subscription import Subscription
from models.subscription.period_length import PeriodLength

NOW = datetime(2026, 11, 15, 23, 0, tzinfo=UTC)
PERIOD_END = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
ADDRESS = {"line1": "1 rue de la Paix", "postal_code": "75002", "city": "Paris", "country": "FR"}


def make_account(**changes: Any) -> Account:
    usual = {
        "id": "acme",
        "name": "Acme SA",
        "slack_team": "T01ACME",
        "currency": "EUR",
        "tax_rate": "0.20",
        "time_zone": "Europe/Paris",
        "home_country": "FR",
        **ADDRESS,
    }
    return Account(**{**usual, **changes})


def make_product(**changes: Any) -> Product:
    return Product(**{"id": "goto-meeting", "name": "GoTo Meeting", "additional_seats": True, **changes})


def make_subscription(**changes: Any) -> Subscription:
    usual = {
        "id": "sub_1",
        "account_id": "acme",
        "product_id": "goto-meeting",
        "seats": 25,
        "unit_price": 1400,
        "period": PeriodLength.MONTH,
        "period_start": date(2026, 11, 1),
        "period_end": date(2026, 12, 1),
    }
    return Subscription(**{**usual, **changes})


def make_payment_method(**changes: Any) -> PaymentMethod:
    usual = {
        "id": "pm_1",
        "account_id": "acme",
        "brand": "visa",
        "last4": "4242",
        "expiry_year": 2028,
        "expiry_month": 4,
    }
    return PaymentMethod(**{**usual, **changes})


def make_quote(**changes: Any) -> Quote:
    usual = {
        "number": "SQ-1001",
        "account_id": "acme",
        "status": QuoteStatus.PENDING,
        "created_at": NOW,
        "frozen_at": NOW,
        "expires_at": PERIOD_END,
        "currency": "EUR",
        "address": ADDRESS,
        "subtotal": 7000,
        "tax": 1400,
        "total": 8400,
    }
    return Quote(**{**usual, **changes})


def make_quote_line(**changes: Any) -> QuoteLine:
    usual = {
        "quote_id": 1,
        "subscription_id": "sub_1",
        "product_id": "goto-meeting",
        "seats": 10,
        "seats_before": 25,
        "unit_price": 1400,
        "period": PeriodLength.MONTH,
        "period_start": date(2026, 11, 1),
        "period_end": date(2026, 12, 1),
        "amount": 7000,
        "tax": 1400,
    }
    return QuoteLine(**{**usual, **changes})


def make_order(**changes: Any) -> ServiceOrder:
    usual = {
        "number": "SO-1001",
        "account_id": "acme",
        "quote_id": 1,
        "status": OrderStatus.PLACED,
        "contact_id": 1,
        "placed_at": NOW,
        "administrator_id": 1,
        "payment_method_id": "pm_1",
        "address": ADDRESS,
    }
    return ServiceOrder(**{**usual, **changes})


def make_order_line(**changes: Any) -> OrderLine:
    usual = {
        "order_id": 1,
        "quote_line_id": 1,
        "subscription_id": "sub_1",
        "seats": 10,
        "amount": 7000,
        "tax": 1400,
        "period_ends_at": PERIOD_END,
        "status": LineStatus.WAITING,
    }
    return OrderLine(**{**usual, **changes})


def make_invoice(**changes: Any) -> Invoice:
    usual = {
        "account_id": "acme",
        "order_line_id": 1,
        "provider_invoice_id": "in_1",
        "number": "INV-1",
        "currency": "EUR",
        "amount": 8400,
        "amount_remaining": 8400,
        "issued_at": NOW,
    }
    return Invoice(**{**usual, **changes})


def make_slack_user(**changes: Any) -> SlackUser:
    usual = {
        "team_id": "T01ACME",
        "user_id": "U01ALICE",
        "home_team_id": "T01ACME",
        "name": "Alice Martin",
        "refreshed_at": NOW,
    }
    return SlackUser(**{**usual, **changes})


def make_audit_entry(number: int = 1, previous: str = GENESIS_HASH, **changes: Any) -> AuditEntry:
    """A sealed entry of the history."""
    usual = {
        "account_id": "acme",
        "number": number,
        "at": NOW,
        "actor_kind": "contact",
        "source": "quote.reject",
        "subject": "quote:SQ-1001",
        "action": "reject",
        "from_status": "pending",
        "to_status": "rejected",
        "reason": "trop cher",
        "details": {"seats": 10},
        "content_salt": "5a17",
        "previous_hash": previous,
        "hash": "",
    }
    entry = AuditEntry(**{**usual, **changes})
    entry.content_digest = entry.compute_content_digest()
    entry.hash = entry.compute_hash()
    return entry


def make_receipt(**changes: Any) -> Receipt:
    usual = {
        "number": "R-1001",
        "account_id": "acme",
        "order_id": 1,
        "issued_at": NOW,
        "issued_on": date(2026, 11, 16),
        "currency": "EUR",
        "subtotal": 7000,
        "tax": 1400,
        "total": 8400,
        "buyer": "Acme SA",
        "address": ADDRESS,
        "seller": {"name": "GoTo", "address": ["1 Sales Street", "Dublin 2"], "tax_id": "IE1234567X"},
        "lines": [
            {
                "product": "GoTo Meeting",
                "seats": 10,
                "unit_price": 1400,
                "period": "month",
                "since": "2026-11-16",
                "until": "2026-12-01",
                "amount": 7000,
                "tax": 1400,
            }
        ],
        "cards": [{"brand": "visa", "last4": "4242", "amount": 8400}],
    }
    return Receipt(**{**usual, **changes})
