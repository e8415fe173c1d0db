"""`/quotes`: reading, approving and rejecting."""

from dataclasses import replace

from bot.blocks import checkout as checkout_blocks
from bot.blocks import quote as blocks
from bot.blocks.block_kit import Place, View
from bot.blocks.cart import account_chooser
from bot.use_cases.cart.open import accounts_of
from bot.use_cases.checkout import open_checkout
from bot.use_cases.quote.decide import find_quote, list_quotes, read_quote, reject_quote
from handlers.cart import after_decision
from handlers.request import Call
from handlers.route import Route
from models.errors import InvalidInput
from models.quote import LONGEST_REASON, ReasonTooLong

# A view carries 3,000 characters, and each of these takes six.
UNSEEN = dict.fromkeys(set(range(32)) - {9, 10, 13})


async def quotes(call: Call) -> View:
    accounts = await accounts_of(call.services, person=call.person)
    if call.words:
        ids = [account.id for account in accounts]
        quote_id = await find_quote(call.services, person=call.person, account_ids=ids, number=call.words)
        return await _review(call, quote_id, Place(origin="quotes"))
    if len(accounts) > 1:
        return account_chooser(call.reader, accounts, Place(), blocks.LIST)
    return await _list(call, accounts[0].id)


async def list_(call: Call) -> View:
    return await _list(call, call.value or call.place.account)


async def open_(call: Call) -> View:
    return await _review(call, call.id_pressed, _with_reason(call))


async def approve(call: Call) -> View:
    return await checkout_view(call, call.id_pressed)


async def proceed(call: Call) -> View:
    return await checkout_view(call, call.place.quote)


async def ask_reason(call: Call) -> View:
    sheet = await read_quote(call.services, person=call.person, quote_id=call.id_pressed)
    place = replace(_with_reason(call), account=sheet.account.id, quote=sheet.quote.key)
    if not sheet.pending:
        return blocks.quote_review(call.reader, sheet, place)
    return blocks.reject_form(call.reader, sheet, place)


async def reject(call: Call) -> View:
    reason = call.typed.get("reason")
    try:
        sheet = await reject_quote(
            call.services, person=call.person, quote_id=call.place.quote, reason=reason
        )
    except ReasonTooLong as refusal:
        raise InvalidInput({"reason": refusal}) from None
    if call.place.origin == "pending":
        return await after_decision(call)
    if call.place.origin == "quotes":
        return await _list(call, sheet.account.id)
    return blocks.quote_review(call.reader, sheet, call.place)


async def checkout_view(call: Call, quote_id: int) -> View:
    sheet = await open_checkout(call.services, person=call.person, quote_id=quote_id)
    place = replace(call.place, account=sheet.quote.account.id, quote=quote_id)
    return checkout_blocks.checkout_form(call.reader, sheet, place)


def _with_reason(call: Call) -> Place:
    """Back from the form for rejecting takes along what is typed there, for when one returns to it."""
    place = call.place
    if call.id_pressed != place.quote:
        return replace(place, reason="")
    typed = call.typed.get("reason", place.reason)
    return replace(place, reason=typed[:LONGEST_REASON].translate(UNSEEN))


async def _review(call: Call, quote_id: int, place: Place) -> View:
    sheet = await read_quote(call.services, person=call.person, quote_id=quote_id)
    place = replace(place, account=sheet.account.id, quote=sheet.quote.key)
    return blocks.quote_review(call.reader, sheet, place)


async def _list(call: Call, account_id: str) -> View:
    account, sheets = await list_quotes(call.services, person=call.person, account_id=account_id)
    return blocks.quote_list(call.reader, account, sheets, Place(account=account.id, origin="quotes"))


ROUTES = [
    Route("command", "/quotes", quotes),
    Route("show", blocks.LIST, list_),
    Route("show", blocks.OPEN, open_),
    Route("show", blocks.APPROVE, approve),
    Route("submit", blocks.REVIEW, proceed),
    Route("show", blocks.REJECT, ask_reason),
    Route("submit", blocks.REJECT, reject),
]
