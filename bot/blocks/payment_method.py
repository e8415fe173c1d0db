"""How a stored payment method is named and chosen (R3, R23)."""

from collections.abc import Sequence
from datetime import date

from bot.blocks import block_kit
from bot.blocks.block_kit import Block
from bot.i18n import Reader
from models.payment_method import PaymentMethod

MOST_OPTIONS = 100


def method_text(reader: Reader, method: PaymentMethod, today: date | None = None) -> str:
    """Plain: `Visa •••• 4242, expires 04/2028, default`; with `today`, also why it cannot be charged."""
    state = "usable"
    if today is not None and not method.usable(today):
        state = "expired" if method.expired(today) else "manual"
    return reader.text(
        "payment-method",
        brand=method.brand.title(),
        last4=method.last4,
        expiry=f"{method.expiry_month:02}/{method.expiry_year}",
        default="yes" if method.is_default else "no",
        state=state,
    )


def method_input(
    reader: Reader, methods: Sequence[PaymentMethod], chosen: str | None, *, hint: str | None = None
) -> Block:
    """The select, in a block and with an action named `payment_method`; where there is none, why."""
    if not methods:
        return block_kit.section(reader.mrkdwn("payment-method-none"))
    options = [block_kit.option(method_text(reader, m), m.id) for m in methods[:MOST_OPTIONS]]
    element = block_kit.select("payment_method", options, chosen)
    return block_kit.input_block("payment_method", reader.text("checkout-payment-method"), element, hint=hint)
