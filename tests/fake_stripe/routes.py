"""What each route does, and the parameters it knows."""

from collections.abc import Callable
from typing import Any

from tests.fake_stripe import forms, shapes
from tests.fake_stripe.books import Customer, Invoice, Item, StripeRecords, Subscription, invalid, missing

Params = dict[str, Any]
# All that may travel with a change that waits for its payment.
WITH_PENDING = {"expand", "payment_behavior", "proration_behavior", "proration_date", "items"}


def list_subscriptions(books: StripeRecords, params: Params) -> Params:
    forms.check(params, "_subscription_list_params", "SubscriptionListParams")
    wanted = params.get("status")
    if params.get("customer"):
        _customer(books, params["customer"], "customer")
    found = [
        shapes.subscription(books, held)
        for held in books.subscriptions.values()
        if params.get("customer") in (None, held.customer)
        and (wanted == "all" or held.status == (wanted or held.status) != "canceled")
    ]
    return _page("/v1/subscriptions", found, params)


def update_subscription(books: StripeRecords, params: Params, name: str) -> Params:
    forms.check(params, "_subscription_update_params", "SubscriptionUpdateParams")
    subscription = _subscription(books, name)
    if params.get("payment_behavior") == "pending_if_incomplete":
        for unsupported in params.keys() - WITH_PENDING:
            words = f"When using payment_behavior=pending_if_incomplete, {unsupported} is not supported"
            raise invalid(words, param=unsupported)
    _update_plain(books, subscription, params)
    for change in forms.listed(params.get("items")):
        item = _item(subscription, change["id"])
        quantity = int(change["quantity"])
        if params.get("proration_behavior") != "always_invoice" or quantity == item.quantity:
            item.quantity = quantity
        else:
            at = int(params.get("proration_date", books.now))
            books.change(subscription, item, quantity, at)
    return shapes.subscription(books, subscription, invoice=_latest(books, subscription, params))


def _update_plain(books: StripeRecords, subscription: Subscription, params: Params) -> None:
    for key, value in params.get("metadata", {}).items():
        subscription.metadata[key] = value
        if value == "":
            del subscription.metadata[key]
    if "default_payment_method" in params:
        card = params["default_payment_method"]
        if card and (card not in books.cards or books.cards[card].customer != subscription.customer):
            raise missing("PaymentMethod", card, "default_payment_method")
        subscription.default_card = card or None


def _latest(books: StripeRecords, subscription: Subscription, params: Params) -> Params | None:
    expand = forms.listed(params.get("expand"))
    if not any(each.startswith("latest_invoice") for each in expand) or subscription.latest_invoice is None:
        return None
    invoice = books.invoices[subscription.latest_invoice]
    return shapes.invoice(books, invoice, payments="latest_invoice.payments" in expand)


def preview(books: StripeRecords, params: Params) -> Params:
    forms.check(params, "_invoice_create_preview_params", "InvoiceCreatePreviewParams")
    subscription = _subscription(books, params["subscription"])
    if subscription.status != "active":
        raise invalid("The subscription is not active", "resource_missing")
    customer = _customer(books, params["customer"], "customer")
    country = params.get("customer_details", {}).get("address", customer.address).get("country", "")
    details = params["subscription_details"]
    changes = {c["id"]: int(c["quantity"]) for c in forms.listed(details.get("items"))}
    if params.get("preview_mode") == "recurring":
        lines = books.renewal(subscription, changes, country)
    else:
        at = int(details.get("proration_date", books.now))
        lines = [
            line
            for name, quantity in changes.items()
            for line in books.proration(subscription, _item(subscription, name), quantity, at, country)
        ]
        lines += [line for line in books.pending_items if line.subscription == subscription.id]
    draft = Invoice(
        "upcoming_in_0001", customer.id, subscription.id, "upcoming", books.now, lines, {}, "draft"
    )
    return shapes.invoice(books, draft)


def list_invoices(books: StripeRecords, params: Params) -> Params:
    forms.check(params, "_invoice_list_params", "InvoiceListParams")
    if params.get("customer") and not books.remembers_deleted:
        _customer(books, params["customer"], "customer")
    since = int(params.get("created", {}).get("gte", 0))
    payments = "data.payments" in forms.listed(params.get("expand"))
    found = [
        shapes.invoice(books, held, payments=payments)
        for held in reversed(books.invoices.values())
        if params.get("subscription") in (None, held.subscription)
        and params.get("customer") in (None, held.customer)
        and params.get("status") in (None, held.status)
        and held.created >= since
    ]
    return _page("/v1/invoices", found, params)


def retrieve_invoice(books: StripeRecords, params: Params, name: str) -> Params:
    return shapes.invoice(books, _invoice(books, name))


def list_items(books: StripeRecords, params: Params) -> Params:
    forms.check(params, "_subscription_item_list_params", "SubscriptionItemListParams")
    held = _subscription(books, params["subscription"])
    return _page("/v1/subscription_items", [shapes.item(each, held.id) for each in held.items], params)


def list_lines(books: StripeRecords, params: Params, name: str) -> Params:
    forms.check(params, "_invoice_line_item_list_params", "InvoiceLineItemListParams")
    return _page(f"/v1/invoices/{name}/lines", shapes.lines(_invoice(books, name)), params)


def void_invoice(books: StripeRecords, params: Params, name: str) -> Params:
    invoice = _invoice(books, name)
    books.void(invoice)
    return shapes.invoice(books, invoice)


def retrieve_payment(books: StripeRecords, params: Params, name: str) -> Params:
    for invoice in books.invoices.values():
        for payment in (invoice.payment, invoice.attached):
            if payment and payment.id == name:
                return shapes.payment(invoice, payment)
    raise missing("payment_intent", name)


def retrieve_customer(books: StripeRecords, params: Params, name: str) -> Params:
    if name not in books.customers:
        raise missing("customer", name)
    return shapes.customer(books.customers[name])


def update_customer(books: StripeRecords, params: Params, name: str) -> Params:
    forms.check(params, "_customer_update_params", "CustomerUpdateParams")
    customer = _customer(books, name, "id")
    customer.address = {**customer.address, **params.get("address", {})}
    usual = params.get("invoice_settings", {}).get("default_payment_method")
    customer.default_card = usual or customer.default_card
    return shapes.customer(customer)


def list_cards(books: StripeRecords, params: Params, name: str) -> Params:
    forms.check(params, "_customer_payment_method_list_params", "CustomerPaymentMethodListParams")
    customer = _customer(books, name, "id")
    found = [shapes.card(card) for card in books.cards.values() if card.customer == customer.id]
    return _page(f"/v1/customers/{name}/payment_methods", found, params)


def open_portal(books: StripeRecords, params: Params) -> Params:
    forms.check(params, "billing_portal._session_create_params", "SessionCreateParams")
    customer = _customer(books, params["customer"], "customer")
    if not books.has_portal:
        raise invalid("No configuration provided and your default configuration has not been created.")
    return shapes.portal_session(books.new_id("bps"), customer.id, params["return_url"], books.now)


def _page(url: str, found: list[Params], params: Params) -> Params:
    """From behind `starting_after`, as many as asked for."""
    after = params.get("starting_after")
    start = next(i + 1 for i, each in enumerate(found) if each["id"] == after) if after else 0
    end = start + int(params.get("limit", shapes.PAGE))
    return shapes.page(url, found[start:end], len(found) > end)


def _subscription(books: StripeRecords, name: str) -> Subscription:
    if name not in books.subscriptions:
        raise missing("subscription", name)
    return books.subscriptions[name]


def _item(subscription: Subscription, name: str) -> Item:
    for item in subscription.items:
        if item.id == name:
            return item
    raise missing("subscription item", name, "items")


def _invoice(books: StripeRecords, name: str) -> Invoice:
    if name not in books.invoices:
        raise missing("invoice", name)
    return books.invoices[name]


def _customer(books: StripeRecords, name: str, param: str) -> Customer:
    if name not in books.customers or books.customers[name].deleted:
        raise missing("customer", name, param)
    return books.customers[name]


ROUTES: list[tuple[str, str, Callable[..., Params]]] = [
    ("GET", "/v1/subscriptions", list_subscriptions),
    ("POST", "/v1/subscriptions/([^/]+)", update_subscription),
    ("POST", "/v1/invoices/create_preview", preview),
    ("GET", "/v1/invoices", list_invoices),
    ("GET", "/v1/invoices/([^/]+)", retrieve_invoice),
    ("GET", "/v1/invoices/([^/]+)/lines", list_lines),
    ("GET", "/v1/subscription_items", list_items),
    ("POST", "/v1/invoices/([^/]+)/void", void_invoice),
    ("GET", "/v1/payment_intents/([^/]+)", retrieve_payment),
    ("GET", "/v1/customers/([^/]+)", retrieve_customer),
    ("POST", "/v1/customers/([^/]+)", update_customer),
    ("GET", "/v1/customers/([^/]+)/payment_methods", list_cards),
    ("POST", "/v1/billing_portal/sessions", open_portal),
]
