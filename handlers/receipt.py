"""Receipts: `/billing receipts`, and sending one as a PDF."""

from bot.blocks import receipt as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.use_cases.receipt import send_receipt
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind
from handlers.views import render_receipts


async def list_account_receipts(request: SlackRequest) -> View:
    return await render_receipts(request, request.action_value or request.metadata.account)


async def list_older_receipts(request: SlackRequest) -> View:
    return await render_receipts(request, request.metadata.account, before=request.action_row_id)


async def send(request: SlackRequest) -> View:
    account, receipt, contact = await send_receipt(
        request.dependencies, person=request.person, receipt_id=request.action_row_id
    )
    return blocks.render_receipt_sent_modal(
        request.localizer,
        account,
        receipt,
        contact,
        ModalMetadata(account=account.id),
        has_mail=request.dependencies.mailer.is_configured,
    )


ROUTES = [
    Route(RouteKind.SHOW, blocks.LIST, list_account_receipts),
    Route(RouteKind.SHOW, blocks.SHOW_OLDER, list_older_receipts),
    Route(RouteKind.CHANGE, blocks.SEND, send),
]
