"""`/add-seats`: from the warning about pending quotes to the cart's quote."""

from bot.blocks import cart as blocks
from bot.blocks import quote as quote_blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.use_cases.account.choose import list_accounts
from bot.use_cases.cart.open import (
    AccountChoiceNeeded,
    CartBlocked,
    PendingQuotesWarning,
    load_cart_page,
    load_pending_quotes_warning,
    open_cart,
    record_consent_to_replace,
    save_cart_draft,
)
from bot.use_cases.cart.save import save_cart
from bot.use_cases.quote.read import get_quote
from handlers.account import render_account
from handlers.request import Call
from handlers.route import Route
from models.details import CartPage
from models.quote import QuotesPending

SEATS_BLOCK_PREFIX = "seats:"
# More is no product and number; it travels in a view of limited size.
MAX_COMMAND_TEXT_LENGTH = 200


async def handle_add_seats_command(request: Call) -> View:
    return await _render_opened_cart(request, None, request.words)


async def select_account(request: Call) -> View:
    return await _render_opened_cart(request, request.value, request.place.command_text)


async def open_account_cart(request: Call) -> View:
    return await _render_opened_cart(request, request.value or request.place.account, "")


async def warn(request: Call) -> View:
    warned = await load_pending_quotes_warning(
        request.services, person=request.person, account_id=request.place.account
    )
    return render_pending_quotes(request, warned)


async def continue_to_cart(request: Call) -> View:
    account_id, place = request.place.account, request.place
    try:
        await record_consent_to_replace(
            request.services, person=request.person, account_id=account_id, quote_ids=place.quote_ids
        )
    except QuotesPending:
        return await _render_new_quotes(request, account_id)
    sheet = await load_cart_page(
        request.services, person=request.person, account_id=account_id, command_text=place.command_text
    )
    return _render_cart(request, sheet)


async def change_page(request: Call) -> View:
    sheet = await _save_typed_seats(request)
    return _render_cart(request, sheet, page=request.id_pressed)


async def continue_to_quote(request: Call) -> View:
    """To the cart's own quote; what is typed in the form stays in the cart."""
    await _save_typed_seats(request)
    sheet = await get_quote(request.services, person=request.person, quote_id=request.id_pressed)
    place = ModalMetadata(account=sheet.account.id, quote=sheet.quote.key, origin="cart")
    return quote_blocks.render_quote_modal(request.reader, sheet, place)


async def edit(request: Call) -> View:
    sheet = await load_cart_page(request.services, person=request.person, account_id=request.place.account)
    return _render_cart(request, sheet)


async def back(request: Call) -> View:
    """Where the person came from: the warning, the choice of an account, else the account itself."""
    await _save_typed_seats(request)
    warned = await load_pending_quotes_warning(
        request.services, person=request.person, account_id=request.place.account
    )
    if warned.pending_quotes:
        return render_pending_quotes(request, warned)
    accounts = await list_accounts(request.services, person=request.person)
    if len(accounts) > 1:
        return blocks.render_account_choice_modal(request.reader, accounts, ModalMetadata())
    return await render_account(request, request.place.account)


async def save(request: Call) -> View:
    account_id = request.place.account
    try:
        sheet = await save_cart(
            request.services,
            person=request.person,
            account_id=account_id,
            seat_inputs=_get_typed_seats(request),
        )
    except QuotesPending:
        return await _render_new_quotes(request, account_id)
    place = ModalMetadata(account=account_id, quote=sheet.quote.key, origin="cart")
    return quote_blocks.render_quote_modal(request.reader, sheet, place)


async def continue_after_decision(request: Call) -> View:
    """On from a quote that was decided on the way to the cart: the next one, else the cart."""
    warned = await load_pending_quotes_warning(
        request.services, person=request.person, account_id=request.place.account
    )
    if warned.pending_quotes:
        return render_pending_quotes(request, warned)
    sheet = await load_cart_page(
        request.services,
        person=request.person,
        account_id=request.place.account,
        command_text=request.place.command_text,
    )
    return _render_cart(request, sheet)


def render_pending_quotes(
    request: Call,
    warning: PendingQuotesWarning,
    *,
    command_text: str | None = None,
    has_new_quotes: bool = False,
) -> View:
    place = ModalMetadata(
        account=warning.account.id,
        origin="pending",
        command_text=request.place.command_text if command_text is None else command_text,
        quote_ids=tuple(sheet.quote.key for sheet in warning.pending_quotes),
    )
    return blocks.render_pending_quotes_modal(
        request.reader, warning.pending_quotes, place, warning.own_quote, has_new_quotes=has_new_quotes
    )


async def _render_opened_cart(request: Call, account_id: str | None, command_text: str) -> View:
    found = await open_cart(
        request.services, person=request.person, account_id=account_id, command_text=command_text
    )
    match found:
        case AccountChoiceNeeded(accounts):
            return blocks.render_account_choice_modal(
                request.reader, accounts, ModalMetadata(command_text=command_text[:MAX_COMMAND_TEXT_LENGTH])
            )
        case CartBlocked(account, obstacles, rows):
            url = request.services.settings.account_services_url
            return blocks.render_cart_blocked_modal(
                request.reader,
                account,
                obstacles,
                ModalMetadata(account=account.id),
                services_url=url,
                rows=rows,
            )
        case PendingQuotesWarning():
            return render_pending_quotes(request, found, command_text=command_text)
        case CartPage():
            return _render_cart(request, found)


async def _render_new_quotes(request: Call, account_id: str) -> View:
    warned = await load_pending_quotes_warning(request.services, person=request.person, account_id=account_id)
    return render_pending_quotes(request, warned, has_new_quotes=True)


def _render_cart(request: Call, cart_page: CartPage, page: int | None = None) -> View:
    settings = request.services.settings
    page = blocks.get_requested_page(cart_page) if page is None else page
    return blocks.render_cart_modal(
        request.reader,
        cart_page,
        ModalMetadata(account=cart_page.account.id, origin="cart", page=page),
        settings.max_seats_per_line,
        services_url=settings.account_services_url,
    )


async def _save_typed_seats(request: Call) -> CartPage:
    return await save_cart_draft(
        request.services,
        person=request.person,
        account_id=request.place.account,
        seat_inputs=_get_typed_seats(request),
    )


def _get_typed_seats(request: Call) -> dict[str, str]:
    return {
        block_id.removeprefix(SEATS_BLOCK_PREFIX): text
        for block_id, text in request.typed.items()
        if block_id.startswith(SEATS_BLOCK_PREFIX)
    }


ROUTES = [
    Route("command", "/add-seats", handle_add_seats_command),
    Route("show", blocks.CHOOSE_ACCOUNT, select_account),
    Route("show", blocks.OPEN, open_account_cart),
    Route("show", blocks.SHOW_WARNING, warn),
    Route("change", blocks.CONTINUE_TO_CART, continue_to_cart),
    Route("change", blocks.CHANGE_PAGE, change_page),
    Route("change", blocks.CONTINUE_TO_QUOTE, continue_to_quote),
    Route("show", blocks.EDIT, edit),
    Route("change", blocks.BACK, back),
    Route("submit", blocks.SAVE, save),
]
