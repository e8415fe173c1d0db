"""The ways from one noun's screens to another's: ids that several nouns draw, and their buttons.

They are here so that the nouns' modules do not import each other in a ring; each noun names its own again.
"""

from bot.blocks import kit
from bot.blocks.kit import Block
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
    return kit.button(action_id, reader.text("back"), value)


def of_account(reader: Reader, button: Block, account: str | None) -> Block:
    """The button, named with its account for who hears it, where several accounts have one."""
    if account is None:
        return button
    way = button["text"]["text"]
    return {**button, **kit.spoken(reader.text("action-for-account", action=way, account=account))}


def add_seats(reader: Reader, account_id: str, account: str | None = None) -> Block:
    return of_account(reader, kit.button(ADD_SEATS, reader.text("add-seats"), account_id), account)


def open_quote(reader: Reader, quote_id: int, number: str) -> Block:
    label = reader.text("action-review-quote-label", number=number)
    return kit.button(OPEN_QUOTE, reader.text("action-review-quote"), quote_id, label=label)


def go_on(reader: Reader, quote_id: int, number: str) -> Block:
    """To a cart's own pending quote."""
    return kit.button(OPEN_QUOTE, reader.text("action-continue-quote", number=number), quote_id)


def approve(reader: Reader, quote_id: int, number: str) -> Block:
    label = reader.text("action-approve-quote-label", number=number)
    return kit.button(APPROVE_QUOTE, reader.text("action-approve-quote"), quote_id, label=label)


def reject(reader: Reader, quote_id: int, number: str) -> Block:
    label = reader.text("action-reject-quote-label", number=number)
    return kit.button(REJECT_QUOTE, reader.text("action-reject-quote"), quote_id, label=label)


def list_quotes(reader: Reader, account_id: str) -> Block:
    return kit.button(LIST_QUOTES, reader.text("action-view-quotes"), account_id)


def open_order(reader: Reader, order_id: int, number: str) -> Block:
    label = reader.text("action-view-order-label", number=number)
    return kit.button(OPEN_ORDER, reader.text("action-view-order"), order_id, label=label)


def list_orders(reader: Reader, account_id: str) -> Block:
    return kit.button(LIST_ORDERS, reader.text("action-view-orders"), account_id)


def list_receipts(reader: Reader, account_id: str, account: str | None = None) -> Block:
    return of_account(
        reader, kit.button(LIST_RECEIPTS, reader.text("action-view-receipts"), account_id), account
    )


def send_receipt(reader: Reader, receipt_id: int, number: str) -> Block:
    """The PDF, by direct message."""
    label = reader.text("action-send-receipt-label", number=number)
    return kit.button(SEND_RECEIPT, reader.text("action-send-receipt"), receipt_id, label=label)


def manage_methods(reader: Reader, account_id: str, account: str | None = None) -> Block:
    return of_account(
        reader, kit.button(MANAGE_METHODS, reader.text("action-manage-payment-methods"), account_id), account
    )


def choose_notices(reader: Reader) -> Block:
    return kit.button(CHOOSE_NOTICES, reader.text("action-manage-notifications"))


def services(reader: Reader, url: str) -> Block:
    return kit.link(CONTACT_SERVICES, reader.text("action-contact-services"), url)
