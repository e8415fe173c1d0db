"""Refusals in the reader's language, each with what can be done next (R14, R20)."""

from collections.abc import Callable
from itertools import chain

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.i18n import Localizer, escape_mrkdwn
from bot.presenters.payment_method import format_method_name
from bot.presenters.quote import get_decision_outcome
from models.errors import InvalidInput, Refusal
from models.order_fingerprint import OrderChanged
from models.payment_method import PaymentMethodNotAccepted, PaymentMethodUnsupported
from models.quote import QuoteNotPending
from models.text.localized_text import select_text

SHOW_VIEW = "refusal.show"

MAX_LISTED_ITEMS = 10

ButtonBuilder = Callable[[Localizer, ModalMetadata, str], Block | None]


def format_refusal(localizer: Localizer, refusal: Refusal) -> str:
    if isinstance(refusal, InvalidInput):
        sentences = dict.fromkeys(format_refusal(localizer, error) for error in refusal.errors.values())
        return " ".join([localizer.format_text(refusal.key), *sentences])
    return localizer.format_text(refusal.key, **_build_arguments(localizer, refusal))


def _build_arguments(localizer: Localizer, refusal: Refusal) -> dict[str, object]:
    # Fluent cannot test whether a text is empty, so each variable gets a `has_…`.
    arguments = dict(refusal.variables)
    if isinstance(refusal, QuoteNotPending):
        arguments["outcome"] = get_decision_outcome(
            str(arguments["status"]),
            decided_externally=arguments["elsewhere"] == "yes",
            replaced=bool(arguments["replaced_by"]),
        )
        arguments["by"] = arguments["by"] or localizer.format_text("someone")
    if isinstance(refusal, OrderChanged):
        parts = refusal.variables["parts"]
        assert isinstance(parts, list)
        arguments["parts"] = [localizer.format_text("placement-part", part=part) for part in parts]
    if isinstance(refusal, PaymentMethodUnsupported | PaymentMethodNotAccepted):
        arguments["method"] = format_method_name(localizer, refusal.method)
    reason = arguments.get("reason")
    if isinstance(reason, str | dict):
        text = select_text(reason, localizer.language).rstrip(". ")
        arguments["reason"] = text
        # So that a text that tells whom to ask does not name them twice in a row.
        arguments["reason_names_services"] = _format_flag(
            localizer.format_text("account-services-name").lower() in text.lower()
        )
    for name, value in arguments.items():
        if isinstance(value, list | tuple):
            arguments[name] = block_kit.format_short_list(
                localizer, [str(item) for item in value], MAX_LISTED_ITEMS
            )
    return arguments | {f"has_{name}": _format_flag(value) for name, value in arguments.items()}


def _format_flag(value: object) -> str:
    return "yes" if value else "no"


def render_refusal_modal(
    localizer: Localizer,
    refusal: Refusal,
    metadata: ModalMetadata,
    services_url: str,
) -> View:
    blocks = [
        block_kit.build_section(escape_mrkdwn(format_refusal(localizer, refusal))),
        *build_refusal_actions(localizer, [refusal], metadata, services_url),
    ]
    return block_kit.build_modal(
        SHOW_VIEW, localizer.format_text("refusal-title"), blocks, localizer, metadata=metadata
    )


def build_refusal_actions(
    localizer: Localizer, refusals: list[Refusal], metadata: ModalMetadata, services_url: str
) -> list[Block]:
    """Builds each button once, however many of the refusals it helps with."""
    builders = dict.fromkeys(chain.from_iterable(REFUSAL_BUTTONS.get(r.key, ()) for r in refusals))
    optional_buttons = [build(localizer, metadata, services_url) for build in builders]
    buttons = [button for button in optional_buttons if button is not None]
    return [block_kit.build_actions(*buttons)] if buttons else []


def _build_services_button(localizer: Localizer, _: ModalMetadata, services_url: str) -> Block | None:
    return navigation.build_contact_services_button(localizer, services_url) if services_url else None


def _make_account_button(build: Callable[[Localizer, str], Block]) -> ButtonBuilder:
    return lambda localizer, metadata, _: build(localizer, metadata.account) if metadata.account else None


def _make_button(action_id: str, text_key: str, field: str) -> ButtonBuilder:

    def build(localizer: Localizer, metadata: ModalMetadata, _: str) -> Block | None:
        value = getattr(metadata, field)
        return block_kit.build_button(action_id, localizer.format_text(text_key), value) if value else None

    return build


_payment_methods_button = _make_account_button(navigation.build_payment_methods_button)
_add_seats_button = _make_account_button(navigation.build_add_seats_button)
_receipts_button = _make_account_button(navigation.build_receipts_button)
_quotes_button = _make_account_button(navigation.build_quotes_button)
_orders_button = _make_account_button(navigation.build_orders_button)
_contacts_button = _make_account_button(navigation.build_contacts_button)
_invite_button = _make_account_button(navigation.build_invite_contact_button)
_cart_button = _make_button(navigation.EDIT_CART, "action-back-to-cart", "account")
_pending_quotes_button = _make_button(navigation.SHOW_WARNING, "action-view-quotes", "account")
_quote_button = _make_button(navigation.OPEN_QUOTE, "action-view-quote", "quote")
_order_button = _make_button(navigation.OPEN_ORDER, "action-view-order", "order")
_checkout_button = _make_button(navigation.EDIT_CHECKOUT, "action-back-to-checkout", "quote")

# By key, because some refusals are raised in layers above this one. The others have no button: their text
# says what to do.
REFUSAL_BUTTONS: dict[str, tuple[ButtonBuilder, ...]] = {
    "refusal-account-closed": (_build_services_button,),
    "refusal-account-not-self-served": (_build_services_button,),
    "refusal-billing-access-denied": (_build_services_button,),
    "refusal-billing-busy": (_quote_button, _order_button),
    "refusal-billing-period-ended": (_add_seats_button, _build_services_button),
    "refusal-subscription-product-changed": (_add_seats_button, _build_services_button),
    "refusal-period-ends-soon": (_cart_button, _build_services_button),
    "refusal-billing-request-rejected": (_build_services_button,),
    "refusal-billing-system-failed": (_quote_button, _order_button),
    "refusal-billing-unavailable": (_quote_button, _order_button),
    "refusal-contact-already-withdrawn": (_contacts_button,),
    "refusal-contact-not-found": (_contacts_button,),
    "refusal-last-billing-contact": (_invite_button, _contacts_button),
    "refusal-invitation-closed": (_contacts_button,),
    "refusal-invitation-not-found": (_contacts_button,),
    "refusal-too-many-invitations": (_contacts_button,),
    "refusal-checkout-incomplete": (_checkout_button,),
    "refusal-customer-not-found": (_build_services_button,),
    "refusal-empty-order": (_cart_button,),
    "refusal-extension-impossible": (_quote_button, _add_seats_button),
    "refusal-extension-pending": (_quote_button,),
    "refusal-extension-unavailable": (_build_services_button,),
    "refusal-forbidden-transition": (_quote_button, _order_button),
    "refusal-identity-not-fresh": (_quote_button, _order_button),
    "refusal-no-automatic-payment-method": (_payment_methods_button, _build_services_button),
    "refusal-not-a-billing-contact": (_build_services_button,),
    "refusal-nothing-to-order": (_build_services_button,),
    "refusal-nothing-to-retry": (_order_button, _build_services_button),
    "refusal-order-not-found": (_orders_button,),
    "refusal-currency-mismatch": (_build_services_button,),
    "refusal-subscription-paid-by-invoice": (_build_services_button,),
    "refusal-seats-priced-by-usage": (_build_services_button,),
    "refusal-seats-billed-with-usage": (_build_services_button,),
    "refusal-seats-reduce-price": (_cart_button, _build_services_button),
    "refusal-payment-method-not-usable": (_checkout_button, _payment_methods_button),
    "refusal-payment-method-unsupported": (_payment_methods_button, _build_services_button),
    "refusal-preview-incomplete": (_build_services_button,),
    "refusal-tiers-preview-incomplete": (_build_services_button,),
    "refusal-preview-mismatch": (_build_services_button,),
    "refusal-quoted-balance-changed": (_quote_button, _cart_button, _build_services_button),
    "refusal-quoted-price-changed": (_quote_button, _cart_button, _build_services_button),
    "refusal-unrelated-charges-pending": (_build_services_button,),
    "refusal-mixed-prices-unsupported": (_build_services_button,),
    "refusal-product-not-in-catalogue": (_build_services_button,),
    "refusal-product-not-self-served": (_cart_button, _build_services_button),
    "refusal-quote-not-found": (_quotes_button,),
    "refusal-quote-not-pending": (_quote_button, _quotes_button, _orders_button),
    "refusal-quotes-pending": (_pending_quotes_button,),
    "refusal-receipt-not-found": (_receipts_button,),
    "refusal-tax-calculation-failed": (_quote_button, _order_button, _build_services_button),
    "refusal-receipt-export-not-found": (_receipts_button,),
    "refusal-mail-not-configured": (_receipts_button,),
    "refusal-tax-location-invalid": (_checkout_button, _build_services_button),
    "refusal-shipping-location-invalid": (_build_services_button,),
    "refusal-subscription-busy": (_order_button, _orders_button),
    "refusal-collection-paused": (_build_services_button,),
    "refusal-subscription-change-scheduled": (_build_services_button,),
    "refusal-subscription-billed-ahead": (_build_services_button,),
    "refusal-subscription-currency-converted": (_build_services_button,),
    "refusal-subscription-sold-by-provider": (_build_services_button,),
    "refusal-subscription-just-started": (_build_services_button,),
    "refusal-subscription-in-trial": (_build_services_button,),
    "refusal-subscription-not-active": (_build_services_button,),
    "refusal-subscription-past-due": (_payment_methods_button, _build_services_button),
    "refusal-subscription-paused": (_build_services_button,),
    "refusal-subscription-update-pending": (_cart_button,),
    "refusal-subscription-not-found": (_cart_button,),
    "refusal-subscription-not-self-served": (_cart_button, _build_services_button),
    "refusal-too-busy": (_quote_button, _order_button),
}
