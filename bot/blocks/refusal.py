"""Refusals in the reader's words, each with the ways on from there (R14, R20)."""

from collections.abc import Callable

from bot.blocks import kit, ways
from bot.blocks.kit import Block, Place, View
from bot.blocks.quote import outcome
from bot.i18n import Reader, escape
from models.errors import InvalidInput, Refusal
from models.quote import QuoteNotPending

SHOW_VIEW = "refusal.show"

MOST_NAMED = 10

Way = Callable[[Reader, Place, str], Block | None]


def refusal_text(reader: Reader, refusal: Refusal) -> str:
    """Plain sentences: what is refused, why, and what to do now."""
    if isinstance(refusal, InvalidInput):
        sentences = dict.fromkeys(refusal_text(reader, error) for error in refusal.errors.values())
        return " ".join([reader.text(refusal.key), *sentences])
    return reader.text(refusal.key, **_words(reader, refusal))


def _words(reader: Reader, refusal: Refusal) -> dict[str, object]:
    """The words, each with a `has_…` beside it, since a message cannot ask whether a text is empty."""
    words = dict(refusal.words)
    if isinstance(refusal, QuoteNotPending):
        words["outcome"] = outcome(
            str(words["status"]), elsewhere=words["elsewhere"] == "yes", replaced=bool(words["replaced_by"])
        )
        words["by"] = words["by"] or reader.text("someone")
    if "reason" in words:
        words["reason"] = str(words["reason"]).rstrip(". ")
    for name, word in words.items():
        if isinstance(word, list | tuple):
            words[name] = kit.few(reader, [str(item) for item in word], MOST_NAMED)
    return words | {f"has_{name}": "yes" if word else "no" for name, word in words.items()}


def refusal_view(
    reader: Reader, refusal: Refusal, place: Place, services_url: str, title: str | None = None
) -> View:
    blocks = [
        kit.section(escape(refusal_text(reader, refusal))),
        *ways_on(reader, refusal, place, services_url),
    ]
    return kit.modal(SHOW_VIEW, title or reader.text("refusal-title"), blocks, reader, place=place)


def ways_on(reader: Reader, refusal: Refusal, place: Place, services_url: str) -> list[Block]:
    drawn = [way(reader, place, services_url) for way in WAYS.get(refusal.key, ())]
    buttons = [button for button in drawn if button is not None]
    return [kit.actions(*buttons)] if buttons else []


def _services(reader: Reader, _: Place, services_url: str) -> Block | None:
    return ways.services(reader, services_url) if services_url else None


def _of_account(draw: Callable[[Reader, str], Block]) -> Way:
    return lambda reader, place, _: draw(reader, place.account) if place.account else None


def _button(action_id: str, words: str, of: str) -> Way:
    """To the account, the quote or the order that the place names, where it names one."""

    def draw(reader: Reader, place: Place, _: str) -> Block | None:
        value = getattr(place, of)
        return kit.button(action_id, reader.text(words), value) if value else None

    return draw


_methods = _of_account(ways.manage_methods)
_add_seats = _of_account(ways.add_seats)
_receipts = _of_account(ways.list_receipts)
_quotes = _of_account(ways.list_quotes)
_orders = _of_account(ways.list_orders)
_cart = _button(ways.EDIT_CART, "action-back-to-cart", "account")
_warning = _button(ways.SHOW_WARNING, "action-view-quotes", "account")
_this_quote = _button(ways.OPEN_QUOTE, "action-view-quote", "quote")
_this_order = _button(ways.OPEN_ORDER, "action-view-order", "order")
_checkout = _button(ways.EDIT_CHECKOUT, "action-back-to-checkout", "quote")

# By key, since some refusals are raised in layers above this one. What is not here has no button:
# its text says what to do.
WAYS: dict[str, tuple[Way, ...]] = {
    "refusal-account-not-self-served": (_services,),
    "refusal-ambiguous-product": (_add_seats,),
    "refusal-billing-unavailable": (_this_quote, _this_order),
    "refusal-checkout-incomplete": (_checkout,),
    "refusal-customer-unknown": (_services,),
    "refusal-empty-order": (_cart,),
    "refusal-forbidden-transition": (_this_quote, _this_order),
    "refusal-identity-not-fresh": (_this_quote, _this_order),
    "refusal-no-automatic-payment-method": (_methods, _services),
    "refusal-not-a-billing-contact": (_services,),
    "refusal-nothing-to-order": (_services,),
    "refusal-nothing-to-retry": (_this_order, _services),
    "refusal-order-not-found": (_orders,),
    "refusal-other-currency": (_services,),
    "refusal-paid-by-invoice": (_services,),
    "refusal-payment-method-not-usable": (_checkout, _methods),
    "refusal-price-archived": (_services,),
    "refusal-price-differs": (_this_quote, _cart, _services),
    "refusal-price-not-held": (_services,),
    "refusal-product-not-self-served": (_cart, _services),
    "refusal-quote-not-found": (_quotes,),
    "refusal-quote-not-pending": (_this_quote, _quotes, _orders),
    "refusal-quotes-pending": (_warning,),
    "refusal-receipt-not-found": (_receipts,),
    "refusal-subscription-busy": (_this_order, _orders),
    "refusal-subscription-not-active": (_services,),
    "refusal-subscription-not-found": (_cart,),
    "refusal-subscription-not-self-served": (_cart, _services),
    "refusal-too-busy": (_this_quote, _this_order),
    "refusal-unknown-product": (_add_seats,),
}
