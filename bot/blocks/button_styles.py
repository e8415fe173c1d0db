"""How a button looks, by what it does: the same in a channel, a modal and on Home."""

# `primary` is what most people came for, `danger` what cannot be undone.
STYLES_BY_ACTION = {
    "account.switch_portal": "danger",
    "billing_contact.accept": "primary",
    "cart.continue": "danger",
    "invoice.open": "primary",
    "quote.approve": "primary",
    "quote.reject": "danger",
    "quote_extension.approve": "primary",
    "quote_extension.decline": "danger",
    "service_order.confirm_payment": "primary",
    "service_order.give_up": "danger",
    "service_order.retry": "primary",
}
