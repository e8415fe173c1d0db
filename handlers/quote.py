"""`/quotes`: reading, approving and rejecting."""

from dataclasses import replace

from bot.blocks import checkout as checkout_blocks
from bot.blocks import quote as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.blocks.cart import render_account_choice_modal
from bot.use_cases.account.choose import list_accounts
from bot.use_cases.checkout import open_checkout
from bot.use_cases.quote.decide import reject_quote
from bot.use_cases.quote.read import get_quote, get_quote_id, list_quotes
from handlers.cart import continue_after_decision
from handlers.request import Call
from handlers.route import Route
from models.errors import InvalidInput
from models.quote import MAX_REASON_LENGTH, ReasonTooLong

# A view carries 3,000 characters, and each of these takes six.
CONTROL_CHARACTERS = dict.fromkeys(set(range(32)) - {9, 10, 13})


async def handle_quotes_command(request: Call) -> View:
    accounts = await list_accounts(request.services, person=request.person)
    if request.words:
        ids = [account.id for account in accounts]
        quote_id = await get_quote_id(
            request.services, person=request.person, account_ids=ids, number=request.words
        )
        return await _render_quote(request, quote_id, ModalMetadata(origin="quotes"))
    if len(accounts) > 1:
        return render_account_choice_modal(request.reader, accounts, ModalMetadata(), blocks.LIST)
    return await _render_quote_list(request, accounts[0].id)


async def list_account_quotes(request: Call) -> View:
    return await _render_quote_list(request, request.value or request.place.account)


async def open_quote(request: Call) -> View:
    return await _render_quote(request, request.id_pressed, _set_reason(request))


async def approve(request: Call) -> View:
    return await render_checkout(request, request.id_pressed)


async def submit_review(request: Call) -> View:
    return await render_checkout(request, request.place.quote)


async def open_reject_modal(request: Call) -> View:
    sheet = await get_quote(request.services, person=request.person, quote_id=request.id_pressed)
    place = replace(_set_reason(request), account=sheet.account.id, quote=sheet.quote.key)
    if not sheet.is_pending:
        return blocks.render_quote_modal(request.reader, sheet, place)
    return blocks.render_reject_modal(request.reader, sheet, place)


async def reject(request: Call) -> View:
    reason = request.typed.get("reason")
    try:
        sheet = await reject_quote(
            request.services, person=request.person, quote_id=request.place.quote, reason=reason
        )
    except ReasonTooLong as refusal:
        raise InvalidInput({"reason": refusal}) from None
    if request.place.origin == "pending":
        return await continue_after_decision(request)
    if request.place.origin == "quotes":
        return await _render_quote_list(request, sheet.account.id)
    return blocks.render_quote_modal(request.reader, sheet, request.place)


async def render_checkout(request: Call, quote_id: int) -> View:
    sheet = await open_checkout(request.services, person=request.person, quote_id=quote_id)
    place = replace(request.place, account=sheet.quote.account.id, quote=quote_id)
    return checkout_blocks.render_checkout_modal(request.reader, sheet, place)


def _set_reason(request: Call) -> ModalMetadata:
    """Back from the form for rejecting takes along what is typed there, for when one returns to it."""
    place = request.place
    if request.id_pressed != place.quote:
        return replace(place, reason="")
    typed = request.typed.get("reason", place.reason)
    return replace(place, reason=typed[:MAX_REASON_LENGTH].translate(CONTROL_CHARACTERS))


async def _render_quote(request: Call, quote_id: int, metadata: ModalMetadata) -> View:
    sheet = await get_quote(request.services, person=request.person, quote_id=quote_id)
    metadata = replace(metadata, account=sheet.account.id, quote=sheet.quote.key)
    return blocks.render_quote_modal(request.reader, sheet, metadata)


async def _render_quote_list(request: Call, account_id: str) -> View:
    account, sheets = await list_quotes(request.services, person=request.person, account_id=account_id)
    return blocks.render_quote_list_modal(
        request.reader, account, sheets, ModalMetadata(account=account.id, origin="quotes")
    )


ROUTES = [
    Route("command", "/quotes", handle_quotes_command),
    Route("show", blocks.LIST, list_account_quotes),
    Route("show", blocks.OPEN, open_quote),
    Route("show", blocks.APPROVE, approve),
    Route("submit", blocks.REVIEW, submit_review),
    Route("show", blocks.REJECT, open_reject_modal),
    Route("submit", blocks.REJECT, reject),
]
