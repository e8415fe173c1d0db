"""The checkout of a quote."""

from dataclasses import replace

from bot.blocks import checkout as blocks
from bot.blocks.block_kit import View, add_alerts
from bot.blocks.quote import render_quote_modal
from bot.blocks.refusal import format_refusal
from bot.blocks.service_order import render_placement_modal
from bot.use_cases.checkout.open import save_checkout_draft, update_checkout
from bot.use_cases.checkout.save import save_checkout
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind
from handlers.views import render_checkout
from models.checkout import CheckoutForm
from models.errors import InvalidInput


async def save(request: SlackRequest) -> View:
    form = request.checkout_form or CheckoutForm()
    quote_id = request.metadata.quote
    try:
        page = await save_checkout(request.dependencies, person=request.person, quote_id=quote_id, form=form)
    except InvalidInput as invalid:
        if invalid.errors.keys() <= form.model_fields_set:
            raise
        return await _show_missing_fields(request, form, invalid)
    # An address that changes the tax has created a new quote in place of this one.
    metadata = replace(request.metadata, quote=page.quote.quote.key)
    return render_placement_modal(request.localizer, page, metadata)


async def _show_missing_fields(request: SlackRequest, form: CheckoutForm, invalid: InvalidInput) -> View:
    view = await _update_form(request, form)
    texts = [format_refusal(request.localizer, refusal) for refusal in invalid.errors.values()]
    return add_alerts(view, dict.fromkeys(texts), "error")


async def _update_form(
    request: SlackRequest, form: CheckoutForm, *, with_address_fields: bool = False
) -> View:
    page = await update_checkout(
        request.dependencies,
        person=request.person,
        quote_id=request.metadata.quote,
        form=form,
        with_address_fields=with_address_fields,
    )
    return blocks.render_checkout_modal(request.localizer, page, request.metadata)


async def choose(request: SlackRequest) -> View:
    return await _update_form(request, request.checkout_form or CheckoutForm())


async def change_address(request: SlackRequest) -> View:
    if request.checkout_form is None:
        return await render_checkout(request, request.metadata.quote, with_address_fields=True)
    return await _update_form(request, request.checkout_form, with_address_fields=True)


async def back(request: SlackRequest) -> View:
    details = await save_checkout_draft(
        request.dependencies,
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
    Route(RouteKind.CHANGE, blocks.CHANGE_ADDRESS, change_address),
    Route(RouteKind.CHANGE, blocks.CHOOSE_ADMINISTRATOR, choose),
    Route(RouteKind.CHANGE, blocks.CHOOSE_COUNTRY, choose),
]
