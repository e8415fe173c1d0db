"""What a payment method is called, on screens, in messages and on receipts (R23, R26)."""

from typing import Protocol

from bot.i18n import Localizer
from models.payment_method import CARD_TYPE, UNKNOWN_LAST4

# Written otherwise than with one capital letter.
BRAND_NAMES = {"jcb": "JCB", "unionpay": "UnionPay"}


class NamedMethod(Protocol):
    """A stored payment method, or what a receipt keeps of one."""

    @property
    def type(self) -> str: ...

    @property
    def brand(self) -> str | None: ...

    @property
    def last4(self) -> str | None: ...

    @property
    def email(self) -> str | None: ...

    @property
    def bank(self) -> str | None: ...

    @property
    def wallet(self) -> str | None: ...


def format_method_name(localizer: Localizer, method: NamedMethod) -> str:
    """`Visa •••• 4242 (Apple Pay)`, `SEPA Direct Debit •••• 3000` or `Link (alice@acme.example)`."""
    is_card = method.type == CARD_TYPE
    name = _format_brand(method) if is_card else _format_type(localizer, method.type)
    return localizer.format_text("payment-method-name", name=name, **_build_arguments(localizer, method))


def format_charged_method(localizer: Localizer, method: NamedMethod) -> str:
    name = _format_type(localizer, method.type)
    if method.type == CARD_TYPE:
        name = localizer.format_text("payment-method-card", brand=_format_brand(method))
    return localizer.format_text("payment-method-charged", name=name, **_build_arguments(localizer, method))


def _format_brand(method: NamedMethod) -> str:
    brand = method.brand or ""
    return BRAND_NAMES.get(brand, brand.title())


def _build_arguments(localizer: Localizer, method: NamedMethod) -> dict[str, str]:
    wallet = _format_type(localizer, method.wallet) if method.wallet else ""
    last4 = None if method.last4 == UNKNOWN_LAST4 else method.last4
    optional = {"bank": method.bank, "last4": last4, "email": method.email, "wallet": wallet}
    return {
        **{key: value or "" for key, value in optional.items()},
        **{f"has_{key}": "yes" if value else "no" for key, value in optional.items()},
    }


def _format_type(localizer: Localizer, type_: str) -> str:
    return localizer.format_text("payment-method-type", type=type_, name=type_.replace("_", " ").title())
