"""Buttons that lead from the views of one feature to those of another, with their action ids.

They are in one module so that the modules of the features do not import each other in a cycle.
"""

from bot.blocks import block_kit
from bot.blocks.block_kit import Block
from bot.i18n import Localizer
from bot.presenters.receipt import get_document_arguments
from models.invoice import Invoice
from models.receipt import Receipt

ADD_SEATS = "cart.open"
EDIT_CART = "cart.edit"
REPEAT_ORDER = "cart.repeat"
SHOW_WARNING = "cart.warn"
OPEN_QUOTE = "quote.open"
APPROVE_QUOTE = "quote.approve"
REJECT_QUOTE = "quote.reject"
LIST_QUOTES = "quote.list"
SEND_QUOTE = "quote.send"
ASK_FOR_EXTENSION = "quote_extension.ask"
APPROVE_EXTENSION = "quote_extension.approve"
DECLINE_EXTENSION = "quote_extension.decline"
EDIT_CHECKOUT = "checkout.edit"
CHANGE_ADDRESS = "checkout.change_address"
OPEN_ORDER = "service_order.open"
LIST_ORDERS = "service_order.list"
RETRY_ORDER = "service_order.retry"
CANCEL_DECLINED_SEATS = "service_order.give_up"
CONFIRM_PAYMENT = "service_order.confirm_payment"
OPEN_INVOICE = "invoice.open"
LIST_RECEIPTS = "receipt.list"
SEND_RECEIPT = "receipt.send"
OPEN_RECEIPT_EXPORT = "receipt_export.open"
MANAGE_PAYMENT_METHODS = "account.manage_methods"
LIST_CONTACTS = "billing_contact.list"
INVITE_CONTACT = "billing_contact.invite"
ACCEPT_INVITATION = "billing_contact.accept"
DECLINE_INVITATION = "billing_contact.decline"
SHOW_ACCOUNT = "account.overview"
OPEN_PREFERENCES = "notification_preferences.open"
CONTACT_SERVICES = "account.contact_services"


def build_back_button(localizer: Localizer, action_id: str, value: object) -> Block:
    return block_kit.build_button(action_id, localizer.format_text("back"), value)


def add_account_label(localizer: Localizer, button: Block, account_name: str | None) -> Block:
    """Tells screen readers which account the button is for, if several accounts have the same button."""
    if account_name is None:
        return button
    action = button["text"]["text"]
    return {
        **button,
        **block_kit.build_accessibility_label(
            localizer.format_text("action-for-account", action=action, account=account_name)
        ),
    }


def build_add_seats_button(localizer: Localizer, account_id: str, account_name: str | None = None) -> Block:
    return add_account_label(
        localizer,
        block_kit.build_button(ADD_SEATS, localizer.format_text("add-seats"), account_id),
        account_name,
    )


def build_repeat_order_button(localizer: Localizer, order_id: int, number: str) -> Block:
    label = localizer.format_text("action-repeat-order-label", number=number)
    return block_kit.build_button(
        REPEAT_ORDER, localizer.format_text("action-repeat-order"), order_id, accessibility_label=label
    )


def build_open_quote_button(localizer: Localizer, quote_id: int, number: str) -> Block:
    label = localizer.format_text("action-review-quote-label", number=number)
    return block_kit.build_button(
        OPEN_QUOTE, localizer.format_text("action-review-quote"), quote_id, accessibility_label=label
    )


def build_continue_quote_button(localizer: Localizer, quote_id: int, number: str) -> Block:
    return block_kit.build_button(
        OPEN_QUOTE, localizer.format_text("action-continue-quote", number=number), quote_id
    )


def build_approve_button(localizer: Localizer, quote_id: int, number: str) -> Block:
    label = localizer.format_text("action-approve-quote-label", number=number)
    return block_kit.build_button(
        APPROVE_QUOTE, localizer.format_text("action-approve-quote"), quote_id, accessibility_label=label
    )


def build_reject_button(localizer: Localizer, quote_id: int, number: str) -> Block:
    label = localizer.format_text("action-reject-quote-label", number=number)
    return block_kit.build_button(
        REJECT_QUOTE, localizer.format_text("action-reject-quote"), quote_id, accessibility_label=label
    )


def build_send_quote_button(localizer: Localizer, quote_id: int, number: str) -> Block:
    label = localizer.format_text("action-send-quote-label", number=number)
    return block_kit.build_button(
        SEND_QUOTE, localizer.format_text("action-send-quote"), quote_id, accessibility_label=label
    )


def build_ask_for_extension_button(localizer: Localizer, quote_id: int, number: str) -> Block:
    label = localizer.format_text("action-ask-for-extension-label", number=number)
    return block_kit.build_button(
        ASK_FOR_EXTENSION,
        localizer.format_text("action-ask-for-extension"),
        quote_id,
        accessibility_label=label,
    )


def build_approve_extension_button(localizer: Localizer, extension_id: int, number: str) -> Block:
    label = localizer.format_text("action-approve-extension-label", number=number)
    return block_kit.build_button(
        APPROVE_EXTENSION,
        localizer.format_text("action-approve-extension"),
        extension_id,
        accessibility_label=label,
    )


def build_decline_extension_button(localizer: Localizer, extension_id: int, number: str) -> Block:
    label = localizer.format_text("action-decline-extension-label", number=number)
    return block_kit.build_button(
        DECLINE_EXTENSION,
        localizer.format_text("action-decline"),
        extension_id,
        accessibility_label=label,
    )


def build_change_button(localizer: Localizer, quote_id: int, label_key: str) -> Block:
    return block_kit.build_button(
        EDIT_CHECKOUT,
        localizer.format_text("action-change"),
        quote_id,
        accessibility_label=localizer.format_text(label_key),
    )


def build_change_address_button(localizer: Localizer, quote_id: int) -> Block:
    return block_kit.build_button(
        CHANGE_ADDRESS,
        localizer.format_text("action-change"),
        quote_id,
        accessibility_label=localizer.format_text("action-change-address-label"),
    )


def build_quotes_button(localizer: Localizer, account_id: str) -> Block:
    return block_kit.build_button(LIST_QUOTES, localizer.format_text("action-view-quotes"), account_id)


def build_open_order_button(localizer: Localizer, order_id: int, number: str) -> Block:
    label = localizer.format_text("action-view-order-label", number=number)
    return block_kit.build_button(
        OPEN_ORDER, localizer.format_text("action-view-order"), order_id, accessibility_label=label
    )


def build_orders_button(localizer: Localizer, account_id: str) -> Block:
    return block_kit.build_button(LIST_ORDERS, localizer.format_text("action-view-orders"), account_id)


def build_open_invoice_button(localizer: Localizer, invoice: Invoice) -> Block:
    label = localizer.format_text("action-open-invoice-label", number=invoice.number)
    return block_kit.build_button(
        OPEN_INVOICE,
        localizer.format_text("action-open-invoice"),
        invoice.key,
        accessibility_label=label,
    )


def build_receipts_button(localizer: Localizer, account_id: str, account_name: str | None = None) -> Block:
    return add_account_label(
        localizer,
        block_kit.build_button(LIST_RECEIPTS, localizer.format_text("action-view-receipts"), account_id),
        account_name,
    )


def build_send_receipt_button(localizer: Localizer, receipt: Receipt) -> Block:
    label = localizer.format_text("action-send-receipt-label", **get_document_arguments(receipt))
    return block_kit.build_button(
        SEND_RECEIPT, localizer.format_text("action-send-receipt"), receipt.key, accessibility_label=label
    )


def build_receipt_export_button(localizer: Localizer, account_id: str) -> Block:
    return block_kit.build_button(
        OPEN_RECEIPT_EXPORT, localizer.format_text("action-export-receipts"), account_id
    )


def build_payment_methods_button(
    localizer: Localizer, account_id: str, account_name: str | None = None
) -> Block:
    return add_account_label(
        localizer,
        block_kit.build_button(
            MANAGE_PAYMENT_METHODS, localizer.format_text("action-manage-payment-methods"), account_id
        ),
        account_name,
    )


def build_contacts_button(localizer: Localizer, account_id: str) -> Block:
    return block_kit.build_button(LIST_CONTACTS, localizer.format_text("action-manage-contacts"), account_id)


def build_invite_contact_button(localizer: Localizer, account_id: str) -> Block:
    return block_kit.build_button(INVITE_CONTACT, localizer.format_text("action-invite-contact"), account_id)


def build_accept_invitation_button(localizer: Localizer, invitation_id: int, account_name: str) -> Block:
    label = localizer.format_text("action-accept-invitation-label", account=account_name)
    return block_kit.build_button(
        ACCEPT_INVITATION,
        localizer.format_text("action-accept-invitation"),
        invitation_id,
        accessibility_label=label,
    )


def build_decline_invitation_button(localizer: Localizer, invitation_id: int, account_name: str) -> Block:
    label = localizer.format_text("action-decline-invitation-label", account=account_name)
    return block_kit.build_button(
        DECLINE_INVITATION,
        localizer.format_text("action-decline"),
        invitation_id,
        accessibility_label=label,
    )


def build_preferences_button(localizer: Localizer) -> Block:
    return block_kit.build_button(OPEN_PREFERENCES, localizer.format_text("action-manage-notifications"))


def build_contact_services_button(localizer: Localizer, url: str) -> Block:
    return block_kit.build_link_button(
        CONTACT_SERVICES, localizer.format_text("action-contact-services"), url
    )
