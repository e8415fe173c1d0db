"""The records as Stripe's API shows them."""

from tests.fake_stripe.serializers.balances import serialize_balance_transaction
from tests.fake_stripe.serializers.clocks import serialize_test_clock
from tests.fake_stripe.serializers.common import EMBEDDED_LIST_SIZE, serialize_list
from tests.fake_stripe.serializers.customers import serialize_customer
from tests.fake_stripe.serializers.discounts import serialize_coupon
from tests.fake_stripe.serializers.invoices import (
    serialize_invoice,
    serialize_invoice_item,
    serialize_invoice_lines,
)
from tests.fake_stripe.serializers.meters import serialize_meter
from tests.fake_stripe.serializers.payment_methods import serialize_payment_method, serialize_source
from tests.fake_stripe.serializers.payments import serialize_charge, serialize_payment_intent
from tests.fake_stripe.serializers.portal import serialize_portal_session
from tests.fake_stripe.serializers.prices import serialize_price, serialize_product
from tests.fake_stripe.serializers.schedules import serialize_schedule
from tests.fake_stripe.serializers.subscriptions import serialize_subscription, serialize_subscription_item
from tests.fake_stripe.serializers.taxes import (
    serialize_manual_tax_rate,
    serialize_tax_id,
    serialize_tax_rate,
)

__all__ = [
    "EMBEDDED_LIST_SIZE",
    "serialize_balance_transaction",
    "serialize_charge",
    "serialize_coupon",
    "serialize_customer",
    "serialize_invoice",
    "serialize_invoice_item",
    "serialize_invoice_lines",
    "serialize_list",
    "serialize_manual_tax_rate",
    "serialize_meter",
    "serialize_payment_intent",
    "serialize_payment_method",
    "serialize_portal_session",
    "serialize_price",
    "serialize_product",
    "serialize_schedule",
    "serialize_source",
    "serialize_subscription",
    "serialize_subscription_item",
    "serialize_tax_id",
    "serialize_tax_rate",
    "serialize_test_clock",
]
