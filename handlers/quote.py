"""`/quotes`: reading, approving and rejecting."""

from dataclasses import replace

from bot.blocks import quote as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.blocks.cart import render_account_choice_modal
from bot.use_cases.account.choose import list_accounts
from bot.use_cases.quote.decide import reject_quote
from bot.use_cases.quote.read import get_quote, get_quote_id, list_quotes
from bot.use_cases.quote.send import send_quote
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind
from handlers.views import render_next_cart_view, render_next_order_view
from models.errors import InvalidInput
from models.quote import MAX_REASON_LENGTH, ReasonTooLong

# A view's metadata holds 3,000 characters, and as JSON each of these takes six.
CONTROL_CHARACTERS = dict.fromkeys(set(range(32)) - {9, 10, 13})


async def handle_quotes_command(request: SlackRequest) -> View:
    accounts = await list_accounts(request.dependencies, person=request.person)
    if request.command_text:
        account_ids = [account.id for account in accounts]
        quote_id = await get_quote_id(
            request.dependencies, account_ids=account_ids, number=request.command_text
        )
        return await _render_quote(request, quote_id, ModalMetadata(origin="quotes"))
    if len(accounts) > 1:
        return render_account_choice_modal(request.localizer, accounts, ModalMetadata(), blocks.LIST)
    return await _render_quote_list(request, accounts[0].id)


async def list_account_quotes(request: SlackRequest) -> View:
    return await _render_quote_list(request, request.action_value or request.metadata.account)


async def open_quote(request: SlackRequest) -> View:
    return await _render_quote(request, request.action_row_id, _update_reason(request))


async def approve(request: SlackRequest) -> View:
    return await render_next_order_view(request, request.action_row_id)


async def submit_review(request: SlackRequest) -> View:
    return await render_next_order_view(request, request.metadata.quote)


async def open_reject_modal(request: SlackRequest) -> View:
    details = await get_quote(request.dependencies, person=request.person, quote_id=request.action_row_id)
    metadata = replace(_update_reason(request), account=details.account.id, quote=details.quote.key)
    if not details.is_pending:
        return blocks.render_quote_modal(request.localizer, details, metadata)
    return blocks.render_reject_modal(request.localizer, details, metadata)


async def reject(request: SlackRequest) -> View:
    reason = request.input_values.get("reason")
    try:
        details = await reject_quote(
            request.dependencies, person=request.person, quote_id=request.metadata.quote, reason=reason
        )
    except ReasonTooLong as refusal:
        raise InvalidInput({"reason": refusal}) from None
    match request.metadata.origin:
        case "pending":
            return await render_next_cart_view(request)
        case "quotes":
            return await _render_quote_list(request, details.account.id)
        case _:
            return blocks.render_quote_modal(request.localizer, details, request.metadata)


async def send(request: SlackRequest) -> View:
    details, contact = await send_quote(
        request.dependencies, person=request.person, quote_id=request.action_row_id
    )
    metadata = replace(request.metadata, account=details.account.id, quote=details.quote.key)
    return blocks.render_quote_sent_modal(
        request.localizer, details, contact, metadata, has_mail=request.dependencies.mailer.is_configured
    )


def _update_reason(request: SlackRequest) -> ModalMetadata:
    # The person may return to the rejection form: what they typed there is kept.
    metadata = request.metadata
    if request.action_row_id != metadata.quote:
        return replace(metadata, reason="")
    reason = request.input_values.get("reason", metadata.reason)
    return replace(metadata, reason=reason[:MAX_REASON_LENGTH].translate(CONTROL_CHARACTERS))


async def _render_quote(request: SlackRequest, quote_id: int, metadata: ModalMetadata) -> View:
    details = await get_quote(request.dependencies, person=request.person, quote_id=quote_id)
    metadata = replace(metadata, account=details.account.id, quote=details.quote.key)
    return blocks.render_quote_modal(request.localizer, details, metadata)


async def _render_quote_list(request: SlackRequest, account_id: str) -> View:
    account, quotes = await list_quotes(request.dependencies, person=request.person, account_id=account_id)
    metadata = ModalMetadata(account=account.id, origin="quotes")
    return blocks.render_quote_list_modal(request.localizer, account, quotes, metadata)


ROUTES = [
    Route(RouteKind.COMMAND, "/quotes", handle_quotes_command),
    Route(RouteKind.SHOW, blocks.LIST, list_account_quotes),
    Route(RouteKind.SHOW, blocks.OPEN, open_quote),
    # It decides nothing: what it stores is for the screen that it opens.
    Route(RouteKind.SHOW, blocks.APPROVE, approve),
    Route(RouteKind.CHANGE, blocks.SEND, send),
    Route(RouteKind.SUBMIT, blocks.REVIEW, submit_review),
    Route(RouteKind.SHOW, blocks.REJECT, open_reject_modal),
    Route(RouteKind.SUBMIT, blocks.REJECT, reject),
]
