"""`/service-orders`: placing, tracking, retrying and cancelling declined seats."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from bot.blocks import service_order as blocks
from bot.blocks.block_kit import ModalMetadata, View, add_alerts
from bot.blocks.cart import render_account_choice_modal
from bot.blocks.refusal import format_refusal
from bot.use_cases.account.choose import list_accounts
from bot.use_cases.service_order.place import place_service_order
from bot.use_cases.service_order.read import (
    get_order,
    list_orders,
    list_orders_with_po_number,
    search_orders,
)
from bot.use_cases.service_order.retry import cancel_declined_seats, open_retry, retry_service_order
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind
from handlers.views import follow_view, generate_external_id, render_next_order_view
from models.checkout import CheckoutIncomplete
from models.details import OrderDetails
from models.errors import InvalidInput
from models.order_fingerprint import OrderChanged
from models.payment_method import PaymentMethodNotUsable


async def handle_service_orders_command(request: SlackRequest) -> View:
    accounts = await list_accounts(request.dependencies, person=request.person)
    if request.command_text:
        orders, has_older = await search_orders(
            request.dependencies,
            person=request.person,
            account_ids=[account.id for account in accounts],
            number=request.command_text,
        )
        if len(orders) == 1:
            return await _load_order_modal(request, orders[0].order.key)
        return _render_orders_with_po_number(request, orders, request.command_text, has_older=has_older)
    if len(accounts) > 1:
        return render_account_choice_modal(request.localizer, accounts, ModalMetadata(), blocks.LIST)
    return await _render_order_list(request, accounts[0].id)


async def list_account_orders(request: SlackRequest) -> View:
    return await _render_order_list(request, request.action_value or request.metadata.account)


async def list_older_orders(request: SlackRequest) -> View:
    if request.metadata.po_number:
        return await _list_older_orders_with_po_number(request, request.metadata.po_number)
    return await _render_order_list(request, request.metadata.account, before=request.action_row_id)


async def _list_older_orders_with_po_number(request: SlackRequest, number: str) -> View:
    accounts = await list_accounts(request.dependencies, person=request.person)
    orders, has_older = await list_orders_with_po_number(
        request.dependencies,
        person=request.person,
        account_ids=[account.id for account in accounts],
        number=number,
        before=request.action_row_id,
    )
    return _render_orders_with_po_number(request, orders, number, has_older=has_older)


def _render_orders_with_po_number(
    request: SlackRequest, orders: list[OrderDetails], number: str, *, has_older: bool
) -> View:
    account = orders[0].account
    metadata = ModalMetadata(account=account.id, po_number=" ".join(number.split()))
    return blocks.render_order_list_modal(
        request.localizer, account, orders, metadata, has_older, po_number=orders[0].order.po_number
    )


async def open_order(request: SlackRequest) -> View:
    return await _load_order_modal(request, request.action_row_id)


async def place(request: SlackRequest) -> View:
    try:
        return await _place_as_shown(request)
    except OrderChanged as refusal:
        return await _render_changed_order(request, refusal)
    except CheckoutIncomplete:
        # Perhaps only open on another device: then this saves it, and what it changes can be named.
        view = await render_next_order_view(request, request.metadata.quote)
        if view["callback_id"] != blocks.PLACE:
            raise
    try:
        return await _place_as_shown(request)
    except OrderChanged as refusal:
        return await _render_changed_order(request, refusal)


async def _place_as_shown(request: SlackRequest) -> View:
    metadata, external_id = request.metadata, generate_external_id()
    details = await place_service_order(
        request.dependencies,
        person=request.person,
        quote_id=metadata.quote,
        shown=metadata.shown,
        external_id=external_id,
    )
    render = partial(blocks.render_placed_modal, has_mail=request.dependencies.mailer.is_configured)
    return {**_render_order(request, details, render), "external_id": external_id}


async def _render_changed_order(request: SlackRequest, refusal: OrderChanged) -> View:
    view = await render_next_order_view(request, request.metadata.quote)
    return add_alerts(view, [format_refusal(request.localizer, refusal)], "warning")


async def open_retry_modal(request: SlackRequest) -> View:
    details, methods, declined_ids = await open_retry(
        request.dependencies, person=request.person, order_id=request.action_row_id
    )
    return blocks.render_retry_modal(
        request.localizer, details, methods, _make_metadata(details), declined_ids=declined_ids
    )


async def retry(request: SlackRequest) -> View:
    method_id = request.input_values.get("payment_method", "")
    try:
        details = await retry_service_order(
            request.dependencies,
            person=request.person,
            order_id=request.metadata.order,
            payment_method_id=method_id,
        )
    except PaymentMethodNotUsable as refusal:
        raise InvalidInput({"payment_method": refusal}) from None
    view = _render_order(request, details, blocks.render_order_modal)
    return _follow_order(request, details, view)


async def cancel_declined(request: SlackRequest) -> View:
    details = await cancel_declined_seats(
        request.dependencies, person=request.person, order_id=request.action_row_id
    )
    view = _render_order(request, details, blocks.render_order_modal)
    return _follow_order(request, details, view)


async def open_history(request: SlackRequest) -> View:
    details = await get_order(request.dependencies, person=request.person, order_id=request.metadata.order)
    return blocks.render_history_modal(
        request.localizer, details, replace(_make_metadata(details), page=request.action_row_id)
    )


async def _load_order_modal(request: SlackRequest, order_id: int) -> View:
    details = await get_order(request.dependencies, person=request.person, order_id=order_id)
    view = _render_order(request, details, blocks.render_order_modal)
    return _follow_order(request, details, view)


async def _render_order_list(request: SlackRequest, account_id: str, before: int | None = None) -> View:
    account, orders, older = await list_orders(
        request.dependencies, person=request.person, account_id=account_id, before=before
    )
    return blocks.render_order_list_modal(
        request.localizer, account, orders, ModalMetadata(account=account.id), older
    )


def _render_order(request: SlackRequest, details: OrderDetails, render: Callable[..., View]) -> View:
    services_url = request.dependencies.settings.account_services_url
    return render(request.localizer, details, _make_metadata(details), services_url=services_url)


def _follow_order(request: SlackRequest, details: OrderDetails, view: View) -> View:
    return view if details.is_final else follow_view(request, view, order_id=details.order.key)


def _make_metadata(details: OrderDetails) -> ModalMetadata:
    return ModalMetadata(account=details.account.id, order=details.order.key)


ROUTES = [
    Route(RouteKind.COMMAND, "/service-orders", handle_service_orders_command),
    Route(RouteKind.SHOW, blocks.LIST, list_account_orders),
    Route(RouteKind.SHOW, blocks.SHOW_OLDER, list_older_orders),
    Route(RouteKind.SHOW, blocks.OPEN, open_order),
    Route(RouteKind.SHOW, blocks.SHOW_HISTORY, open_history),
    Route(RouteKind.SUBMIT, blocks.PLACE, place),
    Route(RouteKind.SHOW, blocks.RETRY, open_retry_modal),
    Route(RouteKind.SUBMIT, blocks.RETRY, retry),
    Route(RouteKind.CHANGE, blocks.CANCEL_DECLINED_SEATS, cancel_declined),
    Route(RouteKind.LINK, blocks.CONFIRM_PAYMENT),
]
