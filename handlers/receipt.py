"""Receipts: `/billing receipts`, and having one sent as a PDF."""

from bot.blocks import receipt as blocks
from bot.blocks.block_kit import Place, View
from bot.use_cases.receipt import list_receipts, send_receipt
from handlers.request import Call
from handlers.route import Route


async def list_(call: Call) -> View:
    return await receipts_of(call, call.value or call.place.account)


async def more(call: Call) -> View:
    return await receipts_of(call, call.place.account, before=call.id_pressed)


async def send(call: Call) -> View:
    account, receipt, contact = await send_receipt(
        call.services, person=call.person, receipt_id=call.id_pressed
    )
    return blocks.receipt_sent(call.reader, account, receipt, contact, Place(account=account.id))


async def receipts_of(call: Call, account_id: str, before: int | None = None) -> View:
    account, receipts, older = await list_receipts(
        call.services, person=call.person, account_id=account_id, before=before
    )
    return blocks.receipt_list(call.reader, account, receipts, Place(account=account.id), older)


ROUTES = [
    Route("show", blocks.LIST, list_),
    Route("show", blocks.MORE, more),
    Route("change", blocks.SEND, send),
]
