"""The checkout of a quote."""

from dataclasses import replace

from bot.blocks import checkout as blocks
from bot.blocks.block_kit import View
from bot.blocks.quote import quote_review
from bot.blocks.service_order import placement
from bot.use_cases.checkout import keep_checkout, save_checkout
from handlers.quote import checkout_view
from handlers.request import Call
from handlers.route import Route
from models.checkout import CheckoutForm


async def save(call: Call) -> View:
    sheet = await save_checkout(
        call.services, person=call.person, quote_id=call.place.quote, form=_form(call)
    )
    # An address that changes the tax has put another quote in place.
    return placement(call.reader, sheet, replace(call.place, quote=sheet.quote.quote.key))


async def back(call: Call) -> View:
    sheet = await keep_checkout(
        call.services, person=call.person, quote_id=call.place.quote, form=_form(call)
    )
    return quote_review(call.reader, sheet, call.place)


async def edit(call: Call) -> View:
    return await checkout_view(call, call.place.quote)


def _form(call: Call) -> CheckoutForm:
    return call.checkout_typed or CheckoutForm()


ROUTES = [
    Route("submit", blocks.SAVE, save),
    Route("change", blocks.BACK, back),
    Route("show", blocks.EDIT, edit),
]
