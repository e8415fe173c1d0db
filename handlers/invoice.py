"""An invoice with the link to pay it: from `/billing`, Home, a message or an order."""

from bot.blocks import invoice as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.use_cases.invoice.read import open_invoice
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind
from handlers.views import follow_view


async def show(request: SlackRequest) -> View:
    page = await open_invoice(request.dependencies, person=request.person, invoice_id=request.action_row_id)
    view = blocks.render_invoice_modal(request.localizer, page, ModalMetadata(account=page.account.id))
    invoice = page.row.invoice
    if invoice.is_final:
        return view
    return follow_view(request, view, order_id=page.row.order.key, invoice_id=invoice.key)


ROUTES = [
    Route(RouteKind.SHOW, blocks.OPEN, show),
    Route(RouteKind.LINK, blocks.PAY),
]
