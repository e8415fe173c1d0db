"""The ways from one noun's screens to another's: ids that several nouns draw, and their buttons.

They are here so that the nouns' modules do not import each other in a ring; each noun names its own again.
"""

from bot.blocks import block_kit
from bot.blocks.block_kit import Block
from bot.i18n import Reader

ADD_SEATS = "cart.open"
EDIT_CART = "cart.edit"
SHOW_WARNING = "cart.warn"
OPEN_QUOTE = "quote.open"
APPROVE_QUOTE = "quote.approve"
REJECT_QUOTE = "quote.reject"
LIST_QUOTES = "quote.list"
EDIT_CHECKOUT = "checkout.edit"
OPEN_ORDER = "service_order.open"
LIST_ORDERS = "service_order.list"
RETRY = "service_order.retry"
GIVE_UP = "service_order.give_up"
CONFIRM_PAYMENT = "service_order.confirm_payment"
LIST_RECEIPTS = "receipt.list"
SEND_RECEIPT = "receipt.send"
MANAGE_METHODS = "account.manage_methods"
SHOW_ACCOUNT = "account.overview"
CHOOSE_NOTICES = "notice_choice.open"
CONTACT_SERVICES = "account.contact_services"


def back(reader: Reader, action_id: str, value: object) -> Block:
    return block_kit.button(action_id, reader.text("back"), value)


def of_account(reader: Reader, button: Block, account: str | None) -> Block:
    """The button, named with its account for who hears it, where several accounts have one."""
    if account is None:
        return button
    way = button["text"]["text"]
    return {**button, **block_kit.spoken(reader.text("way-of-account", way=way, account=account))}


def add_seats(reader: Reader, account_id: str, account: str | None = None) -> Block:
    return of_account(reader, block_kit.button(ADD_SEATS, reader.text("way-add-seats"), account_id), account)


def open_quote(reader: Reader, quote_id: int, number: str) -> Block:
    label = reader.text("way-open-quote-label", number=number)
    return block_kit.button(OPEN_QUOTE, reader.text("way-open-quote"), quote_id, label=label)


def go_on(reader: Reader, quote_id: int, number: str) -> Block:
    """To a cart's own pending quote."""
    return block_kit.button(OPEN_QUOTE, reader.text("way-go-on", number=number), quote_id)


def approve(reader: Reader, quote_id: int, number: str) -> Block:
    label = reader.text("way-approve-label", number=number)
    return block_kit.button(APPROVE_QUOTE, reader.text("way-approve"), quote_id, label=label)


def reject(reader: Reader, quote_id: int, number: str) -> Block:
    label = reader.text("way-reject-label", number=number)
    return block_kit.button(REJECT_QUOTE, reader.text("way-reject"), quote_id, label=label)


def list_quotes(reader: Reader, account_id: str) -> Block:
    return block_kit.button(LIST_QUOTES, reader.text("way-quotes"), account_id)


def open_order(reader: Reader, order_id: int, number: str) -> Block:
    label = reader.text("way-open-order-label", number=number)
    return block_kit.button(OPEN_ORDER, reader.text("way-open-order"), order_id, label=label)


def list_orders(reader: Reader, account_id: str) -> Block:
    return block_kit.button(LIST_ORDERS, reader.text("way-orders"), account_id)


def list_receipts(reader: Reader, account_id: str, account: str | None = None) -> Block:
    return of_account(
        reader, block_kit.button(LIST_RECEIPTS, reader.text("way-receipts"), account_id), account
    )


def send_receipt(reader: Reader, receipt_id: int, number: str) -> Block:
    """The PDF, by direct message."""
    label = reader.text("way-send-receipt-label", number=number)
    return block_kit.button(SEND_RECEIPT, reader.text("way-send-receipt"), receipt_id, label=label)


def manage_methods(reader: Reader, account_id: str, account: str | None = None) -> Block:
    return of_account(
        reader, block_kit.button(MANAGE_METHODS, reader.text("way-manage-methods"), account_id), account
    )


def choose_notices(reader: Reader) -> Block:
    return block_kit.button(CHOOSE_NOTICES, reader.text("way-notices"))


def services(reader: Reader, url: str) -> Block:
    return block_kit.link(CONTACT_SERVICES, reader.text("way-services"), url)
