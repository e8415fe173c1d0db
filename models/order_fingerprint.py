"""What a person sees before placing an order, in short: it is ordered only if it is still the same (R10)."""

import hashlib
import json
from collections.abc import Sequence

from models.checkout import CheckoutForm
from models.details import QuoteLineDetails
from models.errors import Refusal
from models.payment_method import PaymentMethod
from models.quote import Quote

# The order of the fingerprint's parts, in which people also see what has changed.
ORDER_PARTS = ("seats", "administrator", "method", "po_number", "address")
# Long enough to detect a change: it protects nothing from the person who sends it.
DIGEST_LENGTH = 10
SEPARATOR = "."


class OrderChanged(Refusal):
    """The order is no longer what the person was shown. `parts` are some of ORDER_PARTS: none if what they
    were shown is not known."""


def compute_order_fingerprint(
    quote: Quote,
    rows: Sequence[QuoteLineDetails],
    form: CheckoutForm,
    administrator: tuple[str, str],
    methods: Sequence[PaymentMethod],
) -> str:
    """`administrator` is a name and an email address; `methods` are what each row is paid with."""
    amounts = [quote.id, quote.subtotal, quote.tax, quote.due_now, quote.recurring]
    lines = [(row.line.subscription_id, row.line.seats, row.line.amount, row.line.tax) for row in rows]
    # An invoice is due after a number of days, and what does not renew has no renewal total.
    terms = [(row.outlook.invoice_terms, row.outlook.ends_on) for row in rows]
    parts: dict[str, object] = {
        "seats": [amounts, lines, [ends_on for _, ends_on in terms]],
        "administrator": administrator,
        "method": [[method.id for method in methods], [term and term.days_until_due for term, _ in terms]],
        "po_number": form.get_po_number(required=False),
        "address": form.address.model_dump(),
    }
    return SEPARATOR.join(_compute_digest(parts[name]) for name in ORDER_PARTS)


def check_order_unchanged(shown: str, current: str) -> None:
    """Raises OrderChanged."""
    if shown == current:
        return
    before, now = shown.split(SEPARATOR), current.split(SEPARATOR)
    is_known = len(before) == len(now)
    changed = [part for part, a, b in zip(ORDER_PARTS, before, now, strict=False) if a != b]
    raise OrderChanged(parts=changed if is_known else [])


def _compute_digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
