"""Naming and choosing a stored payment method (R3, R23)."""

from collections.abc import Collection, Hashable, Sequence
from datetime import date

from bot.blocks import block_kit
from bot.blocks.block_kit import Block
from bot.i18n import Localizer, truncate_text
from bot.presenters.payment_method import format_method_name
from models.payment_method import USUAL_METHODS_OPTION, PaymentMethod
from models.receipt import ChargedMethod

MAX_OPTIONS = 100
MAX_LINES, MAX_PRODUCT_LENGTH = 10, 60


def format_payment_method(
    localizer: Localizer, method: PaymentMethod, today: date | None = None, products: Sequence[str] = ()
) -> str:
    """Plain text such as `Visa •••• 4242, expires 04/2028`; with `today`, it also says why the method cannot
    be charged. `products` are those whose subscriptions have a method of their own: this one."""
    expiry = f"{method.expiry_month:02}/{method.expiry_year}" if method.expiry_month is not None else ""
    default = "both" if method.is_default and products else "own" if products else "yes"
    return localizer.format_text(
        "payment-method",
        method=format_method_name(localizer, method),
        expiry=expiry,
        default=default if method.is_default or products else "no",
        products=block_kit.format_short_list(localizer, products),
        state=_find_state(method, today) or ("usable" if expiry else "undated"),
    )


def _find_state(method: PaymentMethod, today: date | None) -> str | None:
    if today is None or method.is_usable(today):
        return None
    if method.is_unsupported:
        return "unsupported"
    return "expired" if method.is_expired(today) else "manual"


def format_line_methods(
    localizer: Localizer, products: Sequence[str], methods: Sequence[PaymentMethod | ChargedMethod]
) -> str:
    if len({_get_method_key(method) for method in methods}) == 1:
        [method, *_] = methods
        if isinstance(method, PaymentMethod):
            return format_payment_method(localizer, method)
        return format_method_name(localizer, method)
    texts = [
        localizer.format_text(
            "payment-method-of-product",
            product=truncate_text(product, MAX_PRODUCT_LENGTH),
            method=format_method_name(localizer, method),
        )
        for product, method in zip(products, methods, strict=True)
    ]
    if len(texts) > MAX_LINES:
        texts[MAX_LINES:] = [localizer.format_text("and-more", count=len(texts) - MAX_LINES)]
    return "\n".join(texts)


def _get_method_key(method: PaymentMethod | ChargedMethod) -> Hashable:
    return method.id if isinstance(method, PaymentMethod) else method.shown_values


def build_payment_method_input(
    localizer: Localizer,
    methods: Sequence[PaymentMethod],
    selected: str | None,
    *,
    hint: str | None = None,
    has_usual_option: bool = False,
    declined_ids: Collection[str] = (),
) -> Block:
    """The block id and the action id are `payment_method`. If there are no methods, a text says so."""
    if not methods:
        return block_kit.build_section(localizer.format_mrkdwn("payment-method-none"))
    options = [
        block_kit.build_option(_format_option(localizer, method, declined_ids), method.id)
        for method in methods[:MAX_OPTIONS]
    ]
    if has_usual_option:
        usual = block_kit.build_option(localizer.format_text("checkout-methods-usual"), USUAL_METHODS_OPTION)
        options = [usual, *options[: MAX_OPTIONS - 1]]
    element = block_kit.build_select("payment_method", options, selected)
    return block_kit.build_input(
        "payment_method", localizer.format_text("checkout-payment-method"), element, hint=hint
    )


def _format_option(localizer: Localizer, method: PaymentMethod, declined_ids: Collection[str]) -> str:
    text = format_payment_method(localizer, method)
    if method.id not in declined_ids:
        return text
    # The mark must not be cut off.
    max_length = block_kit.MAX_OPTION_LENGTH - len(
        localizer.format_text("payment-method-declined", method="")
    )
    return localizer.format_text("payment-method-declined", method=truncate_text(text, max_length))
