"""How a button looks, by what it does: the same in a channel, a modal and on Home."""

# `primary` is what most people came for, `danger` what cannot be undone.
STYLES_BY_ACTION = {
    "account.open_methods": "primary",
    "account.switch_portal": "danger",
    "billing_contact.accept": "primary",
    "billing_contact.decline": "danger",
    "cart.continue": "danger",
    "invoice.open": "primary",
    "invoice.pay": "primary",
    "quote.approve": "primary",
    "quote.reject": "danger",
    "quote_extension.approve": "primary",
    "quote_extension.decline": "danger",
    "service_order.confirm_payment": "primary",
    "service_order.give_up": "danger",
    "service_order.retry": "primary",
}

# Of the button that confirms it, if that differs: beside each name, red would be too much.
CONFIRMATION_STYLES_BY_ACTION = {**STYLES_BY_ACTION, "billing_contact.withdraw": "danger"}
