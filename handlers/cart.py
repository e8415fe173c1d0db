"""`/add-seats`: from the warning about pending quotes to the cart's quote."""

from bot.blocks import cart as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.blocks.quote import render_quote_modal
from bot.use_cases.account.choose import list_accounts
from bot.use_cases.cart.open import (
    AccountChoiceNeeded,
    CartBlocked,
    CartEntry,
    PendingQuotesWarning,
    load_cart_page,
    load_pending_quotes_warning,
    open_cart,
    record_consent_to_replace,
    save_cart_draft,
)
from bot.use_cases.cart.save import save_cart
from bot.use_cases.quote.read import get_quote
from bot.use_cases.service_order.read import get_order
from handlers.payloads import SEATS_BLOCK_PREFIX
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind
from handlers.views import (
    load_filled_in_cart,
    render_account,
    render_cart,
    render_filled_in_cart,
    render_next_cart_view,
    render_pending_quotes,
)
from models.details import CartPage, QuoteDetails
from models.quote import QuotesPending

ADD_SEATS_SHORTCUT = "cart.add_seats"
# A longer text is no product and number; it is stored in a view's metadata, which is limited.
MAX_COMMAND_TEXT_LENGTH = 200


async def handle_add_seats_command(request: SlackRequest) -> View:
    return await _render_opened_cart(request, None, request.command_text)


async def select_account(request: SlackRequest) -> View:
    return await _render_opened_cart(request, request.action_value, request.metadata.command_text)


async def open_account_cart(request: SlackRequest) -> View:
    return await _render_opened_cart(request, request.action_value or request.metadata.account, "")


async def repeat_order(request: SlackRequest) -> View:
    order_id = request.action_row_id
    details = await get_order(request.dependencies, person=request.person, order_id=order_id)
    entry = await open_cart(
        request.dependencies, person=request.person, account_id=details.account.id, repeated_order_id=order_id
    )
    return _render_entry(request, entry, "", repeated_order_id=order_id)


async def warn(request: SlackRequest) -> View:
    return await render_next_cart_view(request)


async def continue_to_cart(request: SlackRequest) -> View:
    metadata = request.metadata
    try:
        await record_consent_to_replace(
            request.dependencies,
            person=request.person,
            account_id=metadata.account,
            quote_ids=metadata.quote_ids,
        )
    except QuotesPending:
        return render_pending_quotes(request, await _load_warning(request), has_new_quotes=True)
    return await render_filled_in_cart(request)


async def change_page(request: SlackRequest) -> View:
    page = await _save_draft(request)
    return render_cart(request, page, page=request.action_row_id)


async def continue_to_quote(request: SlackRequest) -> View:
    # What was typed in the form is kept in the cart.
    await _save_draft(request)
    details = await get_quote(request.dependencies, person=request.person, quote_id=request.action_row_id)
    return _render_own_quote(request, details)


async def edit(request: SlackRequest) -> View:
    page = await load_cart_page(
        request.dependencies, person=request.person, account_id=request.metadata.account
    )
    return render_cart(request, page)


async def back(request: SlackRequest) -> View:
    """Shows the screen before the cart: the warning, the choice of an account, or the account itself."""
    await _save_draft(request)
    warning = await _load_warning(request)
    if warning.pending_quotes:
        return render_pending_quotes(request, warning)
    accounts = await list_accounts(request.dependencies, person=request.person)
    if len(accounts) > 1:
        return blocks.render_account_choice_modal(request.localizer, accounts, ModalMetadata())
    return await render_account(request, request.metadata.account)


async def save(request: SlackRequest) -> View:
    try:
        details = await save_cart(
            request.dependencies,
            person=request.person,
            account_id=request.metadata.account,
            seat_inputs=await _load_seat_inputs(request),
        )
    except QuotesPending:
        return render_pending_quotes(request, await _load_warning(request), has_new_quotes=True)
    return _render_own_quote(request, details)


async def _render_opened_cart(request: SlackRequest, account_id: str | None, command_text: str) -> View:
    entry = await open_cart(
        request.dependencies, person=request.person, account_id=account_id, command_text=command_text
    )
    return _render_entry(request, entry, command_text)


def _render_entry(
    request: SlackRequest, entry: CartEntry, command_text: str, *, repeated_order_id: int = 0
) -> View:
    match entry:
        case AccountChoiceNeeded(accounts):
            metadata = ModalMetadata(command_text=command_text[:MAX_COMMAND_TEXT_LENGTH])
            return blocks.render_account_choice_modal(request.localizer, accounts, metadata)
        case CartBlocked(account, refusals, rows):
            return blocks.render_cart_blocked_modal(
                request.localizer,
                account,
                refusals,
                ModalMetadata(account=account.id),
                services_url=request.dependencies.settings.account_services_url,
                rows=rows,
            )
        case PendingQuotesWarning():
            kept_text = command_text[:MAX_COMMAND_TEXT_LENGTH] if entry.unparsed else command_text
            return render_pending_quotes(
                request, entry, command_text=kept_text, repeated_order_id=repeated_order_id
            )
        case CartPage():
            return render_cart(
                request,
                entry,
                command_text=command_text[:MAX_COMMAND_TEXT_LENGTH],
                repeated_order_id=repeated_order_id,
            )


async def _load_warning(request: SlackRequest) -> PendingQuotesWarning:
    return await load_pending_quotes_warning(
        request.dependencies, person=request.person, account_id=request.metadata.account
    )


async def _save_draft(request: SlackRequest) -> CartPage:
    return await save_cart_draft(
        request.dependencies,
        person=request.person,
        account_id=request.metadata.account,
        seat_inputs=await _load_seat_inputs(request),
    )


async def _load_seat_inputs(request: SlackRequest) -> dict[str, str]:
    # What was typed on this page, and what was filled in on the others.
    typed = {
        block_id.removeprefix(SEATS_BLOCK_PREFIX): text
        for block_id, text in request.input_values.items()
        if block_id.startswith(SEATS_BLOCK_PREFIX)
    }
    metadata = request.metadata
    if not (metadata.command_text or metadata.repeats):
        return typed
    page = await load_filled_in_cart(request)
    orderable_ids = {row.subscription.id for row in page.rows if row.refusal is None}
    filled_in = {id_: str(seats) for id_, seats in page.seat_inputs.items() if id_ in orderable_ids}
    return filled_in | typed


def _render_own_quote(request: SlackRequest, details: QuoteDetails) -> View:
    metadata = ModalMetadata(account=details.account.id, quote=details.quote.key, origin="cart")
    return render_quote_modal(request.localizer, details, metadata)


ROUTES = [
    Route(RouteKind.COMMAND, "/add-seats", handle_add_seats_command),
    Route(RouteKind.SHOW, blocks.REPEAT, repeat_order),
    Route(RouteKind.SHORTCUT, ADD_SEATS_SHORTCUT, handle_add_seats_command),
    Route(RouteKind.SHOW, blocks.CHOOSE_ACCOUNT, select_account),
    Route(RouteKind.SHOW, blocks.OPEN, open_account_cart),
    Route(RouteKind.SHOW, blocks.SHOW_WARNING, warn),
    Route(RouteKind.CHANGE, blocks.CONTINUE_TO_CART, continue_to_cart),
    Route(RouteKind.CHANGE, blocks.CHANGE_PAGE, change_page),
    Route(RouteKind.CHANGE, blocks.CONTINUE_TO_QUOTE, continue_to_quote),
    Route(RouteKind.SHOW, blocks.EDIT, edit),
    Route(RouteKind.CHANGE, blocks.BACK, back),
    Route(RouteKind.SUBMIT, blocks.SAVE, save),
]
