"""Receipts: the list, and having one sent."""

from collections.abc import Sequence

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block, Place, View
from bot.i18n import Reader
from models.account import Account
from models.billing_contact import BillingContact
from models.money import Money
from models.receipt import Receipt

LIST = navigation.LIST_RECEIPTS
SEND = navigation.SEND_RECEIPT
MORE = "receipt.more"
SENT_VIEW = "receipt.sent"

MOST_RECEIPTS = 40


def receipt_list(
    reader: Reader, account: Account, receipts: Sequence[tuple[Receipt, str]], place: Place, more: bool
) -> View:
    """A page of them, each with its order's number; `more`: there are older ones."""
    intro = "receipt-list" if receipts else "receipt-list-empty"
    blocks = [block_kit.section(reader.mrkdwn(intro, account=account.name))]
    shown = receipts[:MOST_RECEIPTS]
    for receipt, order in shown:
        blocks += _receipt_blocks(reader, receipt, order)
    if shown and (more or len(receipts) > len(shown)):
        older = block_kit.button(MORE, reader.text("receipt-list-more"), shown[-1][0].key)
        blocks.append(block_kit.actions(older))
    back = navigation.back(reader, navigation.SHOW_ACCOUNT, account.id)
    blocks.append(block_kit.actions(back, navigation.list_orders(reader, account.id)))
    return block_kit.modal(LIST, reader.text("receipt-list-title"), blocks, reader, place=place)


def _receipt_blocks(reader: Reader, receipt: Receipt, order: str) -> list[Block]:
    send = navigation.send_receipt(reader, receipt.key, receipt.number)
    opens = navigation.open_order(reader, receipt.order_id, order)
    return [block_kit.section(receipt_text(reader, receipt, order)), block_kit.actions(send, opens)]


def receipt_text(reader: Reader, receipt: Receipt, order: str) -> str:
    return reader.mrkdwn(
        "account-receipt",
        number=receipt.number,
        order=order,
        day=receipt.issued_on,
        total=Money(receipt.total, receipt.currency),
    )


def receipt_sent(
    reader: Reader, account: Account, receipt: Receipt, contact: BillingContact, place: Place
) -> View:
    text = reader.mrkdwn("receipt-sent", number=receipt.number, email=contact.email)
    blocks = [
        block_kit.alert(reader.text("receipt-sent-done", number=receipt.number), "success"),
        block_kit.section(text),
        block_kit.actions(navigation.back(reader, LIST, account.id)),
    ]
    return block_kit.modal(SENT_VIEW, reader.text("receipt-list-title"), blocks, reader, place=place)
