"""Receipts: the list, and having one sent."""

from collections.abc import Sequence

from bot.blocks import kit, ways
from bot.blocks.kit import Block, Place, View
from bot.i18n import Reader
from models.account import Account
from models.billing_contact import BillingContact
from models.money import Money
from models.receipt import Receipt

LIST = ways.LIST_RECEIPTS
SEND = ways.SEND_RECEIPT
MORE = "receipt.more"
SENT_VIEW = "receipt.sent"

MOST_RECEIPTS = 40


def receipt_list(
    reader: Reader, account: Account, receipts: Sequence[tuple[Receipt, str]], place: Place, more: bool
) -> View:
    """A page of them, each with its order's number; `more`: there are older ones."""
    intro = "receipt-list" if receipts else "receipt-list-empty"
    blocks = [kit.section(reader.mrkdwn(intro, account=account.name))]
    shown = receipts[:MOST_RECEIPTS]
    for receipt, order in shown:
        blocks += _receipt_blocks(reader, receipt, order)
    if shown and (more or len(receipts) > len(shown)):
        older = kit.button(MORE, reader.text("show-older"), shown[-1][0].key)
        blocks.append(kit.actions(older))
    back = ways.back(reader, ways.SHOW_ACCOUNT, account.id)
    blocks.append(kit.actions(back, ways.list_orders(reader, account.id)))
    return kit.modal(LIST, reader.text("receipts"), blocks, reader, place=place)


def _receipt_blocks(reader: Reader, receipt: Receipt, order: str) -> list[Block]:
    send = ways.send_receipt(reader, receipt.key, receipt.number)
    opens = ways.open_order(reader, receipt.order_id, order)
    return [kit.section(receipt_text(reader, receipt, order)), kit.actions(send, opens)]


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
        kit.alert(reader.text("receipt-sent-success", number=receipt.number), "success"),
        kit.section(text),
        kit.actions(ways.back(reader, LIST, account.id)),
    ]
    return kit.modal(SENT_VIEW, reader.text("receipts"), blocks, reader, place=place)
