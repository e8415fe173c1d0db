"""`/service-orders`: placing, following, retrying and giving up."""

from collections.abc import Callable
from dataclasses import replace

from bot.blocks import service_order as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.blocks.cart import render_account_choice_modal
from bot.use_cases.account.choose import list_accounts
from bot.use_cases.service_order.manage import (
    get_order,
    get_order_id,
    give_up_service_order,
    list_orders,
    open_retry,
    retry_service_order,
)
from bot.use_cases.service_order.place import place_service_order
from handlers.request import Call
from handlers.route import Route
from models.details import OrderDetails
from models.errors import InvalidInput
from models.payment_method import PaymentMethodNotUsable


async def handle_service_orders_command(request: Call) -> View:
    accounts = await list_accounts(request.services, person=request.person)
    if request.words:
        ids = [account.id for account in accounts]
        order_id = await get_order_id(
            request.services, person=request.person, account_ids=ids, number=request.words
        )
        return await _load_order_modal(request, order_id)
    if len(accounts) > 1:
        return render_account_choice_modal(request.reader, accounts, ModalMetadata(), blocks.LIST)
    return await _render_order_list(request, accounts[0].id)


async def list_account_orders(request: Call) -> View:
    return await _render_order_list(request, request.value or request.place.account)


async def list_older_orders(request: Call) -> View:
    return await _render_order_list(request, request.place.account, before=request.id_pressed)


async def open_order(request: Call) -> View:
    return await _load_order_modal(request, request.id_pressed)


async def place(request: Call) -> View:
    sheet = await place_service_order(request.services, person=request.person, quote_id=request.place.quote)
    return _render_order(request, sheet, blocks.render_placed_modal)


async def open_retry_modal(request: Call) -> View:
    sheet, methods = await open_retry(request.services, person=request.person, order_id=request.id_pressed)
    return blocks.render_retry_modal(request.reader, sheet, methods, _make_metadata(sheet))


async def retry(request: Call) -> View:
    method_id = request.typed.get("payment_method", "")
    try:
        sheet = await retry_service_order(
            request.services, person=request.person, order_id=request.place.order, payment_method_id=method_id
        )
    except PaymentMethodNotUsable as refusal:
        raise InvalidInput({"payment_method": refusal}) from None
    return _render_order(request, sheet, blocks.render_order_modal)


async def give_up(request: Call) -> View:
    sheet = await give_up_service_order(request.services, person=request.person, order_id=request.id_pressed)
    return _render_order(request, sheet, blocks.render_order_modal)


async def open_history(request: Call) -> View:
    sheet = await get_order(request.services, person=request.person, order_id=request.place.order)
    return blocks.render_history_modal(
        request.reader, sheet, replace(_make_metadata(sheet), page=request.id_pressed)
    )


async def _load_order_modal(request: Call, order_id: int) -> View:
    sheet = await get_order(request.services, person=request.person, order_id=order_id)
    return _render_order(request, sheet, blocks.render_order_modal)


async def _render_order_list(request: Call, account_id: str, before: int | None = None) -> View:
    account, sheets, older = await list_orders(
        request.services, person=request.person, account_id=account_id, before=before
    )
    return blocks.render_order_list_modal(
        request.reader, account, sheets, ModalMetadata(account=account.id), older
    )


def _render_order(request: Call, details: OrderDetails, render: Callable[..., View]) -> View:
    services_url = request.services.settings.account_services_url
    return render(request.reader, details, _make_metadata(details), services_url=services_url)


def _make_metadata(details: OrderDetails) -> ModalMetadata:
    return ModalMetadata(account=details.account.id, order=details.order.key)


ROUTES = [
    Route("command", "/service-orders", handle_service_orders_command),
    Route("show", blocks.LIST, list_account_orders),
    Route("show", blocks.SHOW_OLDER, list_older_orders),
    Route("show", blocks.OPEN, open_order),
    Route("show", blocks.SHOW_HISTORY, open_history),
    Route("submit", blocks.PLACE, place),
    Route("show", blocks.RETRY, open_retry_modal),
    Route("submit", blocks.RETRY, retry),
    Route("change", blocks.GIVE_UP, give_up),
    Route("link", blocks.CONFIRM_PAYMENT),
]
