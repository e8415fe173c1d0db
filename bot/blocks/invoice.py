"""An invoice that the customer pays by themselves: its state, and the provider's page to pay it (R3)."""

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.i18n import Localizer
from bot.presenters.order import format_invoice_status
from models.account import Account
from models.details import AccountOverview, InvoiceDetails, InvoicePage

OPEN = navigation.OPEN_INVOICE
PAY = "invoice.pay"

MAX_INVOICES = 5


def render_invoice_modal(localizer: Localizer, page: InvoicePage, metadata: ModalMetadata) -> View:
    row, order = page.row, page.row.order
    blocks = [
        block_kit.build_header(localizer.format_text("invoice-title", number=row.invoice.number)),
        block_kit.build_section(_format_invoice(localizer, page.account, row)),
        *_build_link_blocks(localizer, page),
        block_kit.build_actions(
            navigation.build_back_button(localizer, navigation.SHOW_ACCOUNT, page.account.id),
            navigation.build_open_order_button(localizer, order.key, order.number),
        ),
    ]
    return block_kit.build_modal(OPEN, localizer.format_text("invoice"), blocks, localizer, metadata=metadata)


def _build_link_blocks(localizer: Localizer, page: InvoicePage) -> list[Block]:
    if page.links is None:
        return [block_kit.build_section(localizer.format_mrkdwn("invoice-no-link"))]
    is_payable = page.row.invoice.is_payable
    label = localizer.format_text("action-pay-invoice" if is_payable else "action-view-invoice")
    pay = block_kit.build_link_button(PAY, label, page.links.page_url)
    texts = [localizer.format_mrkdwn("invoice-link")] if is_payable else []
    return [*map(block_kit.build_section, texts), block_kit.build_actions(pay)]


def _format_invoice(localizer: Localizer, account: Account, row: InvoiceDetails) -> str:
    return localizer.format_mrkdwn(
        "invoice-line",
        status=format_invoice_status(localizer, row.invoice, account),
        product=row.product.name,
        seats=row.seats,
        order=row.order.number,
    )


def build_unpaid_invoice_blocks(
    localizer: Localizer, overview: AccountOverview, heading: str = ""
) -> list[Block]:
    blocks = [
        block_kit.build_section(
            heading + _format_invoice(localizer, overview.account, row),
            navigation.build_open_invoice_button(localizer, row.invoice),
        )
        for row in overview.invoices[:MAX_INVOICES]
    ]
    count = len(overview.invoices) + overview.omitted_invoices
    if count > MAX_INVOICES:
        more = localizer.format_mrkdwn("and-more", count=count - MAX_INVOICES)
        blocks.append(block_kit.build_section(more))
    return blocks
