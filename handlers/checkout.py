"""The checkout of a quote."""

from dataclasses import replace

from bot.blocks import checkout as blocks
from bot.blocks.block_kit import View
from bot.blocks.quote import render_quote_modal
from bot.blocks.service_order import render_placement_modal
from bot.use_cases.checkout import save_checkout, save_checkout_draft
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind
from handlers.screens import render_checkout
from models.checkout import CheckoutForm


async def save(request: SlackRequest) -> View:
    page = await save_checkout(
        request.services,
        person=request.person,
        quote_id=request.metadata.quote,
        form=request.checkout_form or CheckoutForm(),
    )
    # An address that changes the tax has created a new quote in place of this one.
    metadata = replace(request.metadata, quote=page.quote.quote.key)
    return render_placement_modal(request.localizer, page, metadata)


async def back(request: SlackRequest) -> View:
    details = await save_checkout_draft(
        request.services,
        person=request.person,
        quote_id=request.metadata.quote,
        form=request.checkout_form or CheckoutForm(),
    )
    return render_quote_modal(request.localizer, details, request.metadata)


async def edit(request: SlackRequest) -> View:
    return await render_checkout(request, request.metadata.quote)


ROUTES = [
    Route(RouteKind.SUBMIT, blocks.SAVE, save),
    Route(RouteKind.CHANGE, blocks.BACK, back),
    Route(RouteKind.SHOW, blocks.EDIT, edit),
]
