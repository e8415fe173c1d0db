"""The checkout of a quote."""

from dataclasses import replace

from bot.blocks import checkout as blocks
from bot.blocks.block_kit import View
from bot.blocks.quote import render_quote_modal
from bot.blocks.service_order import render_placement_modal
from bot.use_cases.checkout import save_checkout, save_checkout_draft
from handlers.quote import render_checkout
from handlers.request import Call
from handlers.route import Route
from models.checkout import CheckoutForm


async def save(request: Call) -> View:
    sheet = await save_checkout(
        request.services,
        person=request.person,
        quote_id=request.place.quote,
        form=_get_checkout_form(request),
    )
    # An address that changes the tax has put another quote in place.
    return render_placement_modal(request.reader, sheet, replace(request.place, quote=sheet.quote.quote.key))


async def back(request: Call) -> View:
    sheet = await save_checkout_draft(
        request.services,
        person=request.person,
        quote_id=request.place.quote,
        form=_get_checkout_form(request),
    )
    return render_quote_modal(request.reader, sheet, request.place)


async def edit(request: Call) -> View:
    return await render_checkout(request, request.place.quote)


def _get_checkout_form(request: Call) -> CheckoutForm:
    return request.checkout_typed or CheckoutForm()


ROUTES = [
    Route("submit", blocks.SAVE, save),
    Route("change", blocks.BACK, back),
    Route("show", blocks.EDIT, edit),
]
