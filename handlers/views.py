"""Views that the handlers of several features show."""

from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

from bot.blocks import account as account_blocks
from bot.blocks import cart as cart_blocks
from bot.blocks import checkout as checkout_blocks
from bot.blocks import receipt as receipt_blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.blocks.service_order import render_placement_modal
from bot.tasks import TooBusy
from bot.use_cases.account.overview import get_account_overview
from bot.use_cases.cart.open import PendingQuotesWarning, load_cart_page, load_pending_quotes_warning
from bot.use_cases.checkout.open import begin_checkout, open_checkout
from bot.use_cases.receipt import list_receipts
from bot.use_cases.service_order.screen import build_order_screen, store_order_screen
from handlers.request import SlackRequest
from models.details import CartPage, CheckoutPage, QuoteDetails


def follow_view(
    request: SlackRequest,
    view: View,
    *,
    order_id: int | None = None,
    invoice_id: int | None = None,
    receipt_export_id: int | None = None,
) -> View:
    """The view with an id of its own, by which it is updated until nothing can change any more."""
    external_id = generate_external_id()
    screen = build_order_screen(
        request.dependencies,
        person=request.person,
        order_id=order_id,
        external_id=external_id,
        invoice_id=invoice_id,
        receipt_export_id=receipt_export_id,
    )
    with suppress(TooBusy):
        request.dependencies.tasks.start(store_order_screen(request.dependencies, screen), "follow_order")
    return {**view, "external_id": external_id}


def generate_external_id() -> str:
    return f"order:{uuid4().hex}"


async def render_account(request: SlackRequest, account_id: str) -> View:
    overview = await get_account_overview(request.dependencies, person=request.person, account_id=account_id)
    links = account_blocks.PortalLinks.from_settings(request.dependencies.settings)
    return account_blocks.render_account_modal(
        request.localizer, overview, ModalMetadata(account=account_id), links
    )


async def render_receipts(request: SlackRequest, account_id: str, before: int | None = None) -> View:
    account, receipts, older = await list_receipts(
        request.dependencies, person=request.person, account_id=account_id, before=before
    )
    return receipt_blocks.render_receipt_list_modal(
        request.localizer, account, receipts, ModalMetadata(account=account.id), older
    )


async def render_checkout(request: SlackRequest, quote_id: int, *, with_address_fields: bool = False) -> View:
    page = await open_checkout(
        request.dependencies,
        person=request.person,
        quote_id=quote_id,
        with_address_fields=with_address_fields,
    )
    return _render_checkout_page(request, page)


async def render_next_order_view(request: SlackRequest, quote_id: int) -> View:
    """After the review of a quote: the checkout, or the service order if everything is known."""
    page = await begin_checkout(request.dependencies, person=request.person, quote_id=quote_id)
    if isinstance(page, CheckoutPage):
        return _render_checkout_page(request, page)
    return render_placement_modal(request.localizer, page, _make_quote_metadata(request, page.quote))


def _render_checkout_page(request: SlackRequest, page: CheckoutPage) -> View:
    metadata = _make_quote_metadata(request, page.quote)
    return checkout_blocks.render_checkout_modal(request.localizer, page, metadata)


def _make_quote_metadata(request: SlackRequest, details: QuoteDetails) -> ModalMetadata:
    return replace(request.metadata, account=details.account.id, quote=details.quote.key)


async def render_next_cart_view(request: SlackRequest) -> View:
    """After a decision on the way to the cart: the next pending quote, otherwise the cart."""
    warning = await load_pending_quotes_warning(
        request.dependencies, person=request.person, account_id=request.metadata.account
    )
    if warning.pending_quotes:
        return render_pending_quotes(request, warning)
    return await render_filled_in_cart(request)


async def render_filled_in_cart(request: SlackRequest) -> View:
    metadata, page = request.metadata, await load_filled_in_cart(request)
    return render_cart(request, page, command_text=metadata.command_text, repeated_order_id=metadata.repeats)


async def load_filled_in_cart(request: SlackRequest) -> CartPage:
    return await load_cart_page(
        request.dependencies,
        person=request.person,
        account_id=request.metadata.account,
        command_text=request.metadata.command_text,
        repeated_order_id=request.metadata.repeats,
    )


def render_pending_quotes(
    request: SlackRequest,
    warning: PendingQuotesWarning,
    *,
    command_text: str | None = None,
    repeated_order_id: int | None = None,
    has_new_quotes: bool = False,
) -> View:
    metadata = ModalMetadata(
        account=warning.account.id,
        origin="pending",
        command_text=request.metadata.command_text if command_text is None else command_text,
        repeats=request.metadata.repeats if repeated_order_id is None else repeated_order_id,
        quote_ids=tuple(details.quote.key for details in warning.pending_quotes),
    )
    return cart_blocks.render_pending_quotes_modal(
        request.localizer,
        warning.pending_quotes,
        metadata,
        warning.own_quote,
        has_new_quotes=has_new_quotes,
    )


def render_cart(
    request: SlackRequest,
    cart_page: CartPage,
    page: int | None = None,
    *,
    command_text: str = "",
    repeated_order_id: int = 0,
) -> View:
    # What the text or the order fills in on other pages is stored with what is typed on this one.
    settings = request.dependencies.settings
    page = cart_blocks.get_requested_page(cart_page) if page is None else page
    has_pages = cart_blocks.count_pages(len(cart_page.rows)) > 1
    return cart_blocks.render_cart_modal(
        request.localizer,
        cart_page,
        ModalMetadata(
            account=cart_page.account.id,
            origin="cart",
            page=page,
            command_text=command_text if has_pages else "",
            repeats=repeated_order_id if has_pages else 0,
        ),
        settings.max_seats_per_line,
        services_url=settings.account_services_url,
    )
