"""Naming and choosing a stored payment method (R3, R23)."""

from collections.abc import Sequence
from datetime import date

from bot.blocks import block_kit
from bot.blocks.block_kit import Block
from bot.i18n import Localizer
from models.payment_method import PaymentMethod

MAX_OPTIONS = 100


def format_payment_method(localizer: Localizer, method: PaymentMethod, today: date | None = None) -> str:
    """Plain, such as `Visa •••• 4242, expires 04/2028`; with `today`, also why it cannot be charged."""
    state = "usable"
    if today is not None and not method.is_usable(today):
        state = "expired" if method.is_expired(today) else "manual"
    return localizer.format_text(
        "payment-method",
        brand=method.brand.title(),
        last4=method.last4,
        expiry=f"{method.expiry_month:02}/{method.expiry_year}",
        default="yes" if method.is_default else "no",
        state=state,
    )


def build_payment_method_input(
    localizer: Localizer, methods: Sequence[PaymentMethod], selected: str | None, *, hint: str | None = None
) -> Block:
    """The block id and the action id are `payment_method`. Without methods, a text that says so."""
    if not methods:
        return block_kit.build_section(localizer.format_mrkdwn("payment-method-none"))
    options = [
        block_kit.build_option(format_payment_method(localizer, method), method.id)
        for method in methods[:MAX_OPTIONS]
    ]
    element = block_kit.build_select("payment_method", options, selected)
    return block_kit.build_input(
        "payment_method", localizer.format_text("checkout-payment-method"), element, hint=hint
    )
