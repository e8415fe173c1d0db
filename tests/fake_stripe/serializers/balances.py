"""Balance transactions."""

from typing import Any

import stripe

from tests.fake_stripe.records import Customer
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
