"""`/service-orders`: placing, following, retrying and giving up."""

from collections.abc import Callable
from dataclasses import replace

from bot.blocks import service_order as blocks
from bot.blocks.block_kit import Place, View
from bot.blocks.cart import account_chooser
from bot.use_cases.cart.open import accounts_of
from bot.use_cases.service_order.manage import (
    find_order,
    give_up_service_order,
    list_orders,
    open_retry,
    read_order,
    retry_service_order,
)
from bot.use_cases.service_order.place import place_service_order
from handlers.request import Call
from handlers.route import Route
from models.details import OrderSheet
from models.errors import InvalidInput
from models.payment_method import PaymentMethodNotUsable


async def service_orders(call: Call) -> View:
    accounts = await accounts_of(call.services, person=call.person)
    if call.words:
        ids = [account.id for account in accounts]
        order_id = await find_order(call.services, person=call.person, account_ids=ids, number=call.words)
        return await _show(call, order_id)
    if len(accounts) > 1:
        return account_chooser(call.reader, accounts, Place(), blocks.LIST)
    return await _list(call, accounts[0].id)


async def list_(call: Call) -> View:
    return await _list(call, call.value or call.place.account)


async def more(call: Call) -> View:
    return await _list(call, call.place.account, before=call.id_pressed)


async def open_(call: Call) -> View:
    return await _show(call, call.id_pressed)


async def place(call: Call) -> View:
    sheet = await place_service_order(call.services, person=call.person, quote_id=call.place.quote)
    return _screen(call, sheet, blocks.placed)


async def ask_method(call: Call) -> View:
    sheet, methods = await open_retry(call.services, person=call.person, order_id=call.id_pressed)
    return blocks.retry_form(call.reader, sheet, methods, _place_of(sheet))


async def retry(call: Call) -> View:
    method_id = call.typed.get("payment_method", "")
    try:
        sheet = await retry_service_order(
            call.services, person=call.person, order_id=call.place.order, payment_method_id=method_id
        )
    except PaymentMethodNotUsable as refusal:
        raise InvalidInput({"payment_method": refusal}) from None
    return _screen(call, sheet, blocks.order_view)


async def give_up(call: Call) -> View:
    sheet = await give_up_service_order(call.services, person=call.person, order_id=call.id_pressed)
    return _screen(call, sheet, blocks.order_view)


async def history(call: Call) -> View:
    sheet = await read_order(call.services, person=call.person, order_id=call.place.order)
    return blocks.history_view(call.reader, sheet, replace(_place_of(sheet), page=call.id_pressed))


async def _show(call: Call, order_id: int) -> View:
    sheet = await read_order(call.services, person=call.person, order_id=order_id)
    return _screen(call, sheet, blocks.order_view)


async def _list(call: Call, account_id: str, before: int | None = None) -> View:
    account, sheets, older = await list_orders(
        call.services, person=call.person, account_id=account_id, before=before
    )
    return blocks.order_list(call.reader, account, sheets, Place(account=account.id), older)


def _screen(call: Call, sheet: OrderSheet, draw: Callable[..., View]) -> View:
    services_url = call.services.settings.account_services_url
    return draw(call.reader, sheet, _place_of(sheet), services_url=services_url)


def _place_of(sheet: OrderSheet) -> Place:
    return Place(account=sheet.account.id, order=sheet.order.key)


ROUTES = [
    Route("command", "/service-orders", service_orders),
    Route("show", blocks.LIST, list_),
    Route("show", blocks.MORE, more),
    Route("show", blocks.OPEN, open_),
    Route("show", blocks.HISTORY, history),
    Route("submit", blocks.PLACE, place),
    Route("show", blocks.RETRY, ask_method),
    Route("submit", blocks.RETRY, retry),
    Route("change", blocks.GIVE_UP, give_up),
    Route("link", blocks.CONFIRM_PAYMENT),
]
