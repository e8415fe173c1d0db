"""Every route of the bot."""

from handlers import (
    account,
    billing_contact,
    cart,
    checkout,
    home,
    install,
    invoice,
    notification_preferences,
    quote,
    quote_extension,
    receipt,
    receipt_export,
    service_order,
)
from handlers.route import Route

ROUTES: list[Route] = [
    *cart.ROUTES,
    *quote.ROUTES,
    *quote_extension.ROUTES,
    *checkout.ROUTES,
    *service_order.ROUTES,
    *receipt.ROUTES,
    *receipt_export.ROUTES,
    *invoice.ROUTES,
    *account.ROUTES,
    *billing_contact.ROUTES,
    *home.ROUTES,
    *install.ROUTES,
    *notification_preferences.ROUTES,
]
