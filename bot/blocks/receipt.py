"""Receipts: the list, and sending one."""

from collections.abc import Sequence

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.i18n import Localizer
from bot.presenters.receipt import get_document_arguments
from models.account import Account
from models.account.billing_contact import BillingContact
from models.money import Money
from models.receipt import Receipt

LIST = navigation.LIST_RECEIPTS
SEND = navigation.SEND_RECEIPT
SHOW_OLDER = "receipt.more"
SENT_VIEW = "receipt.sent"

MAX_RECEIPTS = 40


def render_receipt_list_modal(
    localizer: Localizer,
    account: Account,
    receipts: Sequence[tuple[Receipt, str]],
    metadata: ModalMetadata,
    has_older: bool,
) -> View:
    """`receipts` are one page, newest first, each with the number of its order."""
    intro = "receipt-list" if receipts else "receipt-list-empty"
    blocks = [block_kit.build_section(localizer.format_mrkdwn(intro, account=account.name))]
    if receipts:
        export = navigation.build_receipt_export_button(localizer, account.id)
        blocks.append(block_kit.build_actions(export))
    page = receipts[:MAX_RECEIPTS]
    for receipt, order_number in page:
        blocks += _build_receipt_blocks(localizer, receipt, order_number)
    if page and (has_older or len(receipts) > len(page)):
        older = block_kit.build_button(SHOW_OLDER, localizer.format_text("show-older"), page[-1][0].key)
        blocks.append(block_kit.build_actions(older))
    back = navigation.build_back_button(localizer, navigation.SHOW_ACCOUNT, account.id)
    blocks.append(block_kit.build_actions(back, navigation.build_orders_button(localizer, account.id)))
    return block_kit.build_modal(
        LIST, localizer.format_text("receipts"), blocks, localizer, metadata=metadata
    )


def _build_receipt_blocks(localizer: Localizer, receipt: Receipt, order_number: str) -> list[Block]:
    return [
        block_kit.build_section(format_receipt(localizer, receipt, order_number)),
        block_kit.build_actions(
            navigation.build_send_receipt_button(localizer, receipt),
            navigation.build_open_order_button(localizer, receipt.order_id, order_number),
        ),
    ]


def format_receipt(localizer: Localizer, receipt: Receipt, order_number: str) -> str:
    return localizer.format_mrkdwn(
        "account-receipt",
        **get_document_arguments(receipt),
        order=order_number,
        day=receipt.issued_on,
        total=Money(receipt.total, receipt.currency),
    )


def render_receipt_sent_modal(
    localizer: Localizer,
    account: Account,
    receipt: Receipt,
    contact: BillingContact,
    metadata: ModalMetadata,
    *,
    has_mail: bool = True,
) -> View:
    text = localizer.format_mrkdwn("receipt-sent", email=contact.email, has_mail="yes" if has_mail else "no")
    blocks = [
        block_kit.build_alert(
            localizer.format_text("receipt-sent-success", **get_document_arguments(receipt)), "success"
        ),
        block_kit.build_section(text),
        block_kit.build_actions(navigation.build_back_button(localizer, LIST, account.id)),
    ]
    return block_kit.build_modal(
        SENT_VIEW, localizer.format_text("receipts"), blocks, localizer, metadata=metadata
    )
