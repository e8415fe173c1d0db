"""Receipts: `/billing receipts`, and having one sent as a PDF."""

from bot.blocks import receipt as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.use_cases.receipt import list_receipts, send_receipt
from handlers.request import Call
from handlers.route import Route


async def list_account_receipts(request: Call) -> View:
    return await render_receipt_list(request, request.value or request.place.account)


async def list_older_receipts(request: Call) -> View:
    return await render_receipt_list(request, request.place.account, before=request.id_pressed)


async def send(request: Call) -> View:
    account, receipt, contact = await send_receipt(
        request.services, person=request.person, receipt_id=request.id_pressed
    )
    return blocks.render_receipt_sent_modal(
        request.reader, account, receipt, contact, ModalMetadata(account=account.id)
    )


async def render_receipt_list(request: Call, account_id: str, before: int | None = None) -> View:
    account, receipts, older = await list_receipts(
        request.services, person=request.person, account_id=account_id, before=before
    )
    return blocks.render_receipt_list_modal(
        request.reader, account, receipts, ModalMetadata(account=account.id), older
    )


ROUTES = [
    Route("show", blocks.LIST, list_account_receipts),
    Route("show", blocks.SHOW_OLDER, list_older_receipts),
    Route("change", blocks.SEND, send),
]
