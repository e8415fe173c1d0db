"""What each route does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import stripe

from tests.fake_stripe import serializers
from tests.fake_stripe.records import (
    Customer,
    Invoice,
    StripeRecords,
    Subscription,
    SubscriptionItem,
    build_invalid_request,
    build_resource_missing,
)
from tests.fake_stripe.subscription_settings import PauseCollection

Params = dict[str, Any]
PREVIEW_LIFETIME_SECONDS = 72 * 3600
# docs.stripe.com/billing/subscriptions/pending-updates-reference
# docs.stripe.com/changelog/dahlia/2026-05-27/pending-subscription-update-metadata
PENDING_UPDATE_PARAMS = {
    "expand", "payment_behavior", "proration_behavior", "proration_date", "items", "metadata",
}  # fmt: skip


def list_subscriptions(records: StripeRecords, params: Params) -> Params:
    """Without a status, all that are not cancelled: docs.stripe.com/api/subscriptions/list"""
    status = params.get("status")
    if params.get("customer"):
        _get_customer(records, params["customer"], "customer")
    found = [
        serializers.serialize_subscription(records, subscription, expand=params.get("expand", []))
        for subscription in records.subscriptions.values()
        if params.get("customer") in (None, subscription.customer)
        and (status == "all" or subscription.status == (status or subscription.status) != "canceled")
    ]
    return _paginate("/v1/subscriptions", found, params)


def update_subscription(records: StripeRecords, params: Params, subscription_id: str) -> Params:
    """docs.stripe.com/api/subscriptions/update"""
    subscription = _get_subscription(records, subscription_id)
    is_pending = params.get("payment_behavior") == "pending_if_incomplete"
    if is_pending and subscription.sends_invoice:
        # docs.stripe.com/billing/subscriptions/pending-updates, "Before you begin"
        message = "Pending updates need collection_method=charge_automatically"
        raise build_invalid_request(message, param="payment_behavior")
    if is_pending:
        for unsupported in params.keys() - PENDING_UPDATE_PARAMS:
            message = f"When using payment_behavior=pending_if_incomplete, {unsupported} is not supported"
            raise build_invalid_request(message, param=unsupported)
    wanted = {change["id"]: int(change["quantity"]) for change in params.get("items", [])}
    changes = {id_: n for id_, n in wanted.items() if _get_item(subscription, id_).quantity != n}
    if is_pending and changes and params.get("proration_behavior") == "always_invoice":
        [(item_id, quantity)] = changes.items()
        at, item = int(params.get("proration_date", records.now)), _get_item(subscription, item_id)
        if not records.apply_free_update(subscription, item, quantity, at):
            records.update_quantity(subscription, item, quantity, at, params.get("metadata"))
    elif subscription.sends_invoice and changes and params.get("proration_behavior") == "always_invoice":
        [(item_id, quantity)] = changes.items()
        at, item = int(params.get("proration_date", records.now)), _get_item(subscription, item_id)
        _apply_update(records, subscription, params)
        records.update_quantity_on_invoice(subscription, item, quantity, at)
    else:
        _apply_update(records, subscription, params)
        for item_id, quantity in changes.items():
            _get_item(subscription, item_id).quantity = quantity
    return serializers.serialize_subscription(
        records, subscription, invoice=_expand_latest_invoice(records, subscription, params)
    )


def _apply_update(records: StripeRecords, subscription: Subscription, params: Params) -> None:
    """An empty value removes a key: docs.stripe.com/api/metadata"""
    for key, value in params.get("metadata", {}).items():
        subscription.metadata[key] = value
        if value == "":
            del subscription.metadata[key]
    if "default_payment_method" in params:
        card = params["default_payment_method"]
        if card and (card not in records.cards or records.cards[card].customer != subscription.customer):
            raise build_resource_missing("PaymentMethod", card, "default_payment_method")
        subscription.default_payment_method = card or None
    if "cancel_at_period_end" in params:
        subscription.settings.cancel_at_period_end = params["cancel_at_period_end"] == "true"
    if "cancel_at" in params:
        subscription.settings.cancel_at = int(params["cancel_at"])
    if "pause_collection" in params:
        subscription.settings.pause_collection = PauseCollection(params["pause_collection"]["behavior"])


def _expand_latest_invoice(
    records: StripeRecords, subscription: Subscription, params: Params
) -> Params | None:
    """docs.stripe.com/expand"""
    expand = params.get("expand", [])
    if not any(each.startswith("latest_invoice") for each in expand) or subscription.latest_invoice is None:
        return None
    invoice = records.invoices[subscription.latest_invoice]
    return serializers.serialize_invoice(records, invoice, payments="latest_invoice.payments" in expand)


def create_preview(records: StripeRecords, params: Params) -> Params:
    """Also shows pending invoice items: docs.stripe.com/api/invoices/create_preview"""
    subscription = _get_subscription(records, params["subscription"])
    if subscription.status not in ("active", "trialing", "past_due"):
        raise build_invalid_request("The subscription is not active", "resource_missing")
    customer = _get_customer(records, params["customer"], "customer")
    # Overrides the customer's billing address, but not the shipping address.
    address = params.get("customer_details", {}).get("address", customer.address)
    terms = records.find_tax_terms(subscription, address)
    details = params.get("subscription_details", {})
    changes = {c["id"]: int(c["quantity"]) for c in details.get("items", [])}
    if params.get("preview_mode") == "recurring":
        if all(subscription.ends_with(item) for item in subscription.items):
            message = f"No upcoming invoices for customer: {customer.id}"
            raise build_invalid_request(message, "invoice_upcoming_none", status=404)
        lines = records.build_renewal_lines(subscription, changes, terms)
    else:
        at = int(details.get("proration_date", records.now))
        lines = [
            *(records.build_usage_lines(subscription, terms) if changes else []),
            *(
                line
                for name, quantity in changes.items()
                for line in records.build_proration_lines(
                    subscription, _get_item(subscription, name), quantity, at, terms
                )
            ),
        ]
        lines += [line for line in records.pending_invoice_items if line.subscription == subscription.id]
    draft_id = f"upcoming_in_{len(records.previews) + 1:04}"
    draft = Invoice(draft_id, customer.id, subscription.id, "upcoming", records.now, lines, {}, "draft")
    draft.starting_balance = customer.balance
    draft.amount_shipping, draft.tax_rounding = records.amount_shipping, records.tax_rounding
    draft.has_automatic_tax = subscription.has_automatic_tax
    # Not an error: docs.stripe.com/tax/subscriptions
    draft.is_tax_located = terms.is_located
    records.previews[draft.id] = draft
    return serializers.serialize_invoice(records, draft)


def retrieve_price(records: StripeRecords, params: Params, price_id: str) -> Params:
    """docs.stripe.com/api/prices/retrieve"""
    expand = params.get("expand", [])
    return serializers.serialize_price(
        records.get_price(price_id),
        with_currency_options="currency_options" in expand,
        with_tiers="tiers" in expand,
    )


def retrieve_charge(records: StripeRecords, params: Params, charge_id: str) -> Params:
    """docs.stripe.com/api/charges/retrieve"""
    for invoice in records.invoices.values():
        intent = invoice.payment_intent
        if intent and intent.charged_method and charge_id == f"ch_{intent.id[3:]}":
            return serializers.serialize_charge(invoice, intent, intent.charged_method)
    raise build_resource_missing("charge", charge_id)


def retrieve_product(records: StripeRecords, params: Params, product_id: str) -> Params:
    """docs.stripe.com/api/products/retrieve"""
    return serializers.serialize_product(records.get_product(product_id))


def retrieve_coupon(records: StripeRecords, params: Params, coupon_id: str) -> Params:
    """docs.stripe.com/api/coupons/retrieve"""
    coupon = records.find_coupon(coupon_id)
    if coupon is None or coupon.is_deleted:
        raise build_resource_missing("coupon", coupon_id)
    return serializers.serialize_coupon(coupon, params.get("expand", []))


def retrieve_schedule(records: StripeRecords, params: Params, schedule_id: str) -> Params:
    """docs.stripe.com/api/subscription_schedules/retrieve"""
    for subscription in records.subscriptions.values():
        if subscription.settings.schedule and subscription.settings.schedule.id == schedule_id:
            return serializers.serialize_schedule(records, subscription)
    raise build_resource_missing("subscription schedule", schedule_id)


def retrieve_subscription(records: StripeRecords, params: Params, subscription_id: str) -> Params:
    """docs.stripe.com/api/subscriptions/retrieve"""
    return serializers.serialize_subscription(records, _get_subscription(records, subscription_id))


def retrieve_tax_rate(records: StripeRecords, params: Params, tax_rate_id: str) -> Params:
    """docs.stripe.com/api/tax_rates/retrieve"""
    if tax_rate_id in records.manual_tax_rates:
        return serializers.serialize_manual_tax_rate(records.manual_tax_rates[tax_rate_id])
    if not tax_rate_id.startswith("txr_"):
        raise build_resource_missing("tax rate", tax_rate_id)
    return serializers.serialize_tax_rate(tax_rate_id)


def list_invoices(records: StripeRecords, params: Params) -> Params:
    """The latest first: docs.stripe.com/api/invoices/list"""
    if params.get("customer") and not records.lists_invoices_of_deleted_customers:
        _get_customer(records, params["customer"], "customer")
    since = int(params.get("created", {}).get("gte", 0))
    payments = "data.payments" in params.get("expand", [])
    found = [
        serializers.serialize_invoice(records, invoice, payments=payments)
        for invoice in reversed(records.invoices.values())
        if params.get("subscription") in (None, invoice.subscription)
        and params.get("customer") in (None, invoice.customer)
        and params.get("status") in (None, invoice.status)
        and invoice.created >= since
    ]
    return _paginate("/v1/invoices", found, params)


def retrieve_invoice(records: StripeRecords, params: Params, invoice_id: str) -> Params:
    """docs.stripe.com/api/invoices/retrieve"""
    payments = "payments" in params.get("expand", [])
    return serializers.serialize_invoice(records, _get_invoice(records, invoice_id), payments=payments)


def list_subscription_items(records: StripeRecords, params: Params) -> Params:
    """docs.stripe.com/api/subscription_items/list"""
    subscription = _get_subscription(records, params["subscription"])
    return _paginate(
        "/v1/subscription_items",
        [serializers.serialize_subscription_item(item, subscription.id) for item in subscription.items],
        params,
    )


def list_invoice_lines(records: StripeRecords, params: Params, invoice_id: str) -> Params:
    """docs.stripe.com/api/invoice-line-item/retrieve. Also those of a preview, for a while:
    docs.stripe.com/invoicing/preview"""
    invoice = records.previews.get(invoice_id)
    if invoice is None or records.now - invoice.created > PREVIEW_LIFETIME_SECONDS:
        invoice = _get_invoice(records, invoice_id)
    elif after := params.get("starting_after"):
        # github.com/stripe/stripe-node/issues/2518
        message = f"Invoice {invoice_id} does not have a line item {after}"
        raise build_invalid_request(message, "resource_missing", "starting_after")
    lines = serializers.serialize_invoice_lines(records, invoice)
    return _paginate(f"/v1/invoices/{invoice_id}/lines", lines, params)


def update_invoice(records: StripeRecords, params: Params, invoice_id: str) -> Params:
    """docs.stripe.com/api/invoices/update: a list of custom fields replaces those that it has."""
    invoice = _get_invoice(records, invoice_id)
    records.set_custom_fields(invoice, params.get("custom_fields", []))
    return serializers.serialize_invoice(records, invoice)


def finalize_invoice(records: StripeRecords, params: Params, invoice_id: str) -> Params:
    """docs.stripe.com/api/invoices/finalize"""
    invoice = _get_invoice(records, invoice_id)
    records.finalize_invoice(invoice, auto_advance=params.get("auto_advance", "true") == "true")
    return serializers.serialize_invoice(records, invoice)


def void_invoice(records: StripeRecords, params: Params, invoice_id: str) -> Params:
    """docs.stripe.com/api/invoices/void"""
    invoice = _get_invoice(records, invoice_id)
    records.void_invoice(invoice)
    invoice.was_voided_by_request = True
    return serializers.serialize_invoice(records, invoice)


def retrieve_payment_intent(records: StripeRecords, params: Params, payment_intent_id: str) -> Params:
    """docs.stripe.com/api/payment_intents/retrieve"""
    for invoice in records.invoices.values():
        for payment_intent in (invoice.payment_intent, invoice.attached_payment_intent):
            if payment_intent and payment_intent.id == payment_intent_id:
                return serializers.serialize_payment_intent(
                    records, invoice, payment_intent, expand=params.get("expand", [])
                )
    raise build_resource_missing("payment_intent", payment_intent_id)


def retrieve_customer(records: StripeRecords, params: Params, customer_id: str) -> Params:
    """Also one that was deleted: docs.stripe.com/api/customers/delete"""
    if customer_id not in records.customers:
        raise build_resource_missing("customer", customer_id)
    return serializers.serialize_customer(records.customers[customer_id], params.get("expand", []))


def retrieve_source(records: StripeRecords, params: Params, customer_id: str, source_id: str) -> Params:
    """docs.stripe.com/api/cards/retrieve, docs.stripe.com/api/customer_bank_accounts/retrieve"""
    card = records.cards.get(source_id)
    if card is None or card.customer != customer_id:
        raise build_resource_missing("source", source_id)
    return serializers.serialize_source(card)


def update_customer(records: StripeRecords, params: Params, customer_id: str) -> Params:
    """docs.stripe.com/api/customers/update"""
    customer = _get_customer(records, customer_id, "id")
    if "address" in params:
        records.check_tax_location(customer, {**customer.address, **params["address"]})
        records.change_address(customer_id, params["address"])
    customer.tax.exempt = params.get("tax_exempt", customer.tax.exempt)
    customer.metadata |= params.get("metadata", {})
    settings = params.get("invoice_settings", {})
    if "default_payment_method" in settings:
        # An empty value removes it: docs.stripe.com/api/customers/update
        customer.default_payment_method = settings["default_payment_method"] or None
    return serializers.serialize_customer(customer)


def list_payment_methods(records: StripeRecords, params: Params, customer_id: str) -> Params:
    """docs.stripe.com/api/payment_methods/customer_list. Legacy cards are among them, bank accounts are not:
    docs.stripe.com/payments/payment-methods/transitioning, "Compatibility with legacy card objects"."""
    customer = _get_customer(records, customer_id, "id")
    found = [
        serializers.serialize_payment_method(card)
        for card in records.cards.values()
        if card.customer == customer.id
        and not card.id.startswith("ba_")
        and params.get("type") in (None, card.type)
    ]
    return _paginate(f"/v1/customers/{customer_id}/payment_methods", found, params)


def create_portal_session(records: StripeRecords, params: Params) -> Params:
    """docs.stripe.com/api/customer_portal/sessions/create
    docs.stripe.com/customer-management/portal-deep-links"""
    customer = _get_customer(records, params["customer"], "customer")
    if not records.has_portal_configuration:
        raise build_invalid_request(
            "No configuration provided and your default configuration has not been created."
        )
    return serializers.serialize_portal_session(
        records.new_id("bps"), customer.id, params["return_url"], records.now, params.get("flow_data")
    )


def _paginate(url: str, found: list[Params], params: Params) -> Params:
    """docs.stripe.com/api/pagination"""
    after = params.get("starting_after")
    start = next(i + 1 for i, each in enumerate(found) if each["id"] == after) if after else 0
    end = start + int(params.get("limit", serializers.EMBEDDED_LIST_SIZE))
    return serializers.serialize_list(url, found[start:end], len(found) > end)


def _get_subscription(records: StripeRecords, subscription_id: str) -> Subscription:
    if subscription_id not in records.subscriptions:
        raise build_resource_missing("subscription", subscription_id)
    return records.subscriptions[subscription_id]


def _get_item(subscription: Subscription, item_id: str) -> SubscriptionItem:
    for item in subscription.items:
        if item.id == item_id:
            return item
    raise build_resource_missing("subscription item", item_id, "items")


def _get_invoice(records: StripeRecords, invoice_id: str) -> Invoice:
    if invoice_id not in records.invoices:
        raise build_resource_missing("invoice", invoice_id)
    return records.invoices[invoice_id]


def _get_customer(records: StripeRecords, customer_id: str, param: str) -> Customer:
    if customer_id not in records.customers or records.customers[customer_id].deleted:
        raise build_resource_missing("customer", customer_id, param)
    return records.customers[customer_id]


@dataclass(frozen=True)
class ApiRoute:
    """`sdk_method` has the types of request and response. A parameter that is not in `params`, which the fake
    would ignore, is a violation."""

    method: str
    pattern: str
    handler: Callable[..., Params]
    sdk_method: Callable[..., Any]
    params: str = ""


ROUTES = [
    ApiRoute(
        "GET",
        "/v1/subscriptions",
        list_subscriptions,
        stripe.SubscriptionService.list,
        "customer status limit starting_after expand",
    ),
    ApiRoute(
        "POST",
        "/v1/subscriptions/([^/]+)",
        update_subscription,
        stripe.SubscriptionService.update,
        "items proration_behavior proration_date payment_behavior metadata default_payment_method expand"
        " cancel_at_period_end cancel_at pause_collection",
    ),
    ApiRoute(
        "POST",
        "/v1/invoices/create_preview",
        create_preview,
        stripe.InvoiceService.create_preview,
        "customer customer_details subscription subscription_details preview_mode",
    ),
    ApiRoute(
        "GET",
        "/v1/invoices",
        list_invoices,
        stripe.InvoiceService.list,
        "subscription customer status created expand limit starting_after",
    ),
    ApiRoute("GET", "/v1/invoices/([^/]+)", retrieve_invoice, stripe.InvoiceService.retrieve, "expand"),
    ApiRoute(
        "GET",
        "/v1/invoices/([^/]+)/lines",
        list_invoice_lines,
        stripe.InvoiceLineItemService.list,
        "limit starting_after",
    ),
    ApiRoute(
        "GET",
        "/v1/subscription_items",
        list_subscription_items,
        stripe.SubscriptionItemService.list,
        "subscription limit starting_after",
    ),
    ApiRoute("POST", "/v1/invoices/([^/]+)", update_invoice, stripe.InvoiceService.update, "custom_fields"),
    ApiRoute(
        "POST",
        "/v1/invoices/([^/]+)/finalize",
        finalize_invoice,
        stripe.InvoiceService.finalize_invoice,
        "auto_advance",
    ),
    ApiRoute("POST", "/v1/invoices/([^/]+)/void", void_invoice, stripe.InvoiceService.void_invoice),
    ApiRoute(
        "GET",
        "/v1/payment_intents/([^/]+)",
        retrieve_payment_intent,
        stripe.PaymentIntentService.retrieve,
        "expand",
    ),
    ApiRoute("GET", "/v1/prices/([^/]+)", retrieve_price, stripe.PriceService.retrieve, "expand"),
    ApiRoute("GET", "/v1/products/([^/]+)", retrieve_product, stripe.ProductService.retrieve),
    ApiRoute("GET", "/v1/tax_rates/([^/]+)", retrieve_tax_rate, stripe.TaxRateService.retrieve),
    ApiRoute("GET", "/v1/charges/([^/]+)", retrieve_charge, stripe.ChargeService.retrieve),
    ApiRoute("GET", "/v1/coupons/([^/]+)", retrieve_coupon, stripe.CouponService.retrieve, "expand"),
    ApiRoute(
        "GET",
        "/v1/subscription_schedules/([^/]+)",
        retrieve_schedule,
        stripe.SubscriptionScheduleService.retrieve,
    ),
    ApiRoute("GET", "/v1/subscriptions/([^/]+)", retrieve_subscription, stripe.SubscriptionService.retrieve),
    ApiRoute("GET", "/v1/customers/([^/]+)", retrieve_customer, stripe.CustomerService.retrieve, "expand"),
    ApiRoute(
        "GET",
        "/v1/customers/([^/]+)/sources/([^/]+)",
        retrieve_source,
        stripe.CustomerPaymentSourceService.retrieve,
    ),
    ApiRoute(
        "POST",
        "/v1/customers/([^/]+)",
        update_customer,
        stripe.CustomerService.update,
        "address invoice_settings tax_exempt metadata",
    ),
    ApiRoute(
        "GET",
        "/v1/customers/([^/]+)/payment_methods",
        list_payment_methods,
        stripe.CustomerPaymentMethodService.list,
        "type limit starting_after",
    ),
    ApiRoute(
        "POST",
        "/v1/billing_portal/sessions",
        create_portal_session,
        stripe.billing_portal.SessionService.create,
        "customer return_url flow_data",
    ),
]
