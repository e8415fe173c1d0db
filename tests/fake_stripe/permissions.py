"""Which permission of a restricted key a request takes: docs.stripe.com/keys/restricted-api-keys

A GET takes the one to read, anything else the one to write, which includes reading. Stripe checks it before
it looks for the object: github.com/estuary/connectors/pull/1960.
"""

import re
from collections.abc import Collection

from tests.fake_stripe.records import ApiError

# The name in the dashboard, and Stripe's own, which still calls prices plans. The first that matches counts.
RESOURCES = {
    r"/v1/customers/[^/]+/payment_methods": ("PaymentMethods", "payment_method"),
    r"/v1/payment_methods": ("PaymentMethods", "payment_method"),
    r"/v1/customers/[^/]+/sources": ("Sources", "source"),
    r"/v1/customers": ("Customers", "customer"),
    r"/v1/subscription_schedules": ("Subscription Schedules", "subscription_schedule"),
    r"/v1/subscription": ("Subscriptions", "subscription"),
    r"/v1/coupons": ("Coupons", "coupon"),
    r"/v1/prices": ("Prices", "plan"),
    r"/v1/products": ("Products", "product"),
    r"/v1/tax_rates": ("Tax Rates", "tax_rate"),
    r"/v1/invoices": ("Invoices", "invoice"),
    r"/v1/charges": ("Charges", "charge"),
    r"/v1/payment_intents": ("PaymentIntents", "payment_intent"),
    r"/v1/billing_portal": ("Customer Portal", "customer_portal"),
}


def check_permission(method: str, path: str, missing: Collection[str]) -> None:
    """`missing` are such as `customer_write`."""
    for pattern, (title, name) in RESOURCES.items():
        if re.match(pattern, path):
            level = "read" if method == "GET" else "write"
            if f"{name}_{level}" in missing:
                raise _build_permission_error(f"{title} {level.title()}", f"{name}_{level}")
            return


def _build_permission_error(title: str, permission: str) -> ApiError:
    """Without a code; only the message names the permission."""
    message = (
        "Permission denied. The provided key 'rk_test_***fake' does not have the required permissions for "
        f"this endpoint on account 'acct_1'. Enabling \"{title}\" ('{permission}') permissions on this key "
        "would allow this request to continue."
    )
    return ApiError(403, "invalid_request_error", message)
