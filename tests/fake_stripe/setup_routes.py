"""Routes that only tests use: to create customers, cards, prices and subscriptions, and to advance time."""

from decimal import Decimal
from typing import Any

import stripe

from tests.fake_stripe import serializers
from tests.fake_stripe.prices import Package, Price, Tier
from tests.fake_stripe.records import (
    Card,
    Customer,
    InvoiceLine,
    StripeRecords,
    Subscription,
    SubscriptionItem,
    add_interval,
    build_resource_missing,
)
from tests.fake_stripe.routes import ApiRoute
from tests.fake_stripe.subscription_settings import Coupon, Schedule, SchedulePhase, SubscriptionSettings
from tests.fake_stripe.taxes import ManualTaxRate

Params = dict[str, Any]
# Test cards of every sandbox: docs.stripe.com/testing
TEST_CARDS = {"pm_card_visa": "settles", "pm_card_chargeCustomerFail": "declined"}


def create_test_clock(records: StripeRecords, params: Params) -> Params:
    """Applies to all records: docs.stripe.com/billing/testing/test-clocks"""
    records.test_clock = records.new_id("clock")
    records.freeze_clock(int(params["frozen_time"]))
    return serializers.serialize_test_clock(records, "ready")


def retrieve_test_clock(records: StripeRecords, params: Params, clock_id: str) -> Params:
    """Advances until the first request that looks at it: docs.stripe.com/api/test_clocks/advance"""
    _check_test_clock(records, clock_id)
    status = "advancing" if records.is_clock_advancing else "ready"
    records.is_clock_advancing = False
    return serializers.serialize_test_clock(records, status)


def advance_test_clock(records: StripeRecords, params: Params, clock_id: str) -> Params:
    """docs.stripe.com/api/test_clocks/advance"""
    _check_test_clock(records, clock_id)
    records.freeze_clock(int(params["frozen_time"]))
    records.is_clock_advancing = True
    records.apply_due_changes()
    return serializers.serialize_test_clock(records, "advancing")


def delete_test_clock(records: StripeRecords, params: Params, clock_id: str) -> Params:
    """With its customers: docs.stripe.com/api/test_clocks/delete"""
    _check_test_clock(records, clock_id)
    records.test_clock = None
    for customer in records.customers.values():
        customer.deleted = True
    return {"id": clock_id, "object": "test_helpers.test_clock", "deleted": True}


def create_customer(records: StripeRecords, params: Params) -> Params:
    """docs.stripe.com/api/customers/create"""
    _check_test_clock(records, params.get("test_clock"))
    customer = Customer(records.new_id("cus"), params.get("address", {}), params.get("name"))
    records.customers[customer.id] = customer
    return serializers.serialize_customer(customer)


def create_tax_id(records: StripeRecords, params: Params, customer_id: str) -> Params:
    """docs.stripe.com/api/tax_ids/customer_create"""
    records.customers[customer_id].tax.ids.append((params["type"], params["value"]))
    return serializers.serialize_tax_id(records.new_id("txi"), customer_id, params["type"], params["value"])


def create_balance_transaction(records: StripeRecords, params: Params, customer_id: str) -> Params:
    """Credit is negative: docs.stripe.com/api/customer_balance_transactions/create"""
    customer, amount = records.customers[customer_id], int(params["amount"])
    customer.balance += amount
    return serializers.serialize_balance_transaction(
        records.new_id("cbtxn"), customer, amount, params["currency"]
    )


def create_payment_method(records: StripeRecords, params: Params) -> Params:
    """Nobody's until it is attached: docs.stripe.com/api/payment_methods/create"""
    last4 = params["sepa_debit"]["iban"][-4:]
    method = Card(records.new_id("pm"), None, type=params["type"], last4=last4)
    records.cards[method.id] = method
    return serializers.serialize_payment_method(method)


def attach_payment_method(records: StripeRecords, params: Params, payment_method_id: str) -> Params:
    """Or one of the ids of docs.stripe.com/testing, "Cards": docs.stripe.com/api/payment_methods/attach"""
    if payment_method_id in records.cards:
        records.cards[payment_method_id].customer = params["customer"]
        return serializers.serialize_payment_method(records.cards[payment_method_id])
    if payment_method_id not in TEST_CARDS:
        raise build_resource_missing("PaymentMethod", payment_method_id)
    card = Card(records.new_id("pm"), params["customer"], TEST_CARDS[payment_method_id])
    records.cards[card.id] = card
    return serializers.serialize_payment_method(card)


def create_price(records: StripeRecords, params: Params) -> Params:
    """docs.stripe.com/api/prices/create"""
    package, options = params.get("transform_quantity"), params.get("currency_options", {})
    price = Price(
        records.new_id("price"),
        _read_unit_amount(params),
        params["recurring"]["interval"],
        int(params["recurring"].get("interval_count", 1)),
        usage_type=params["recurring"].get("usage_type", "licensed"),
        currency=params["currency"],
        metadata=params.get("metadata", {}),
        package=Package(int(package["divide_by"]), package["round"]) if package else None,
        tiers=[_build_tier(tier) for tier in params.get("tiers", [])],
        tiers_mode=params.get("tiers_mode", "graduated"),
        tax_behavior=params.get("tax_behavior", "exclusive"),
        currency_options={code: int(option["unit_amount"]) for code, option in options.items()},
    )
    records.prices[price.id] = price
    return serializers.serialize_price(price)


def create_meter(records: StripeRecords, params: Params) -> Params:
    """docs.stripe.com/api/billing/meter/create"""
    return serializers.serialize_meter(records.new_id("mtr"), params)


def _read_unit_amount(params: Params) -> int | Decimal:
    """0 for tiers, which have their own amounts."""
    decimal = params.get("unit_amount_decimal")
    return int(params.get("unit_amount", 0)) if decimal is None else Decimal(decimal)


def _build_tier(params: Params) -> Tier:
    up_to = None if params["up_to"] == "inf" else int(params["up_to"])
    return Tier(up_to, int(params.get("unit_amount", 0)), int(params.get("flat_amount", 0)))


def create_coupon(records: StripeRecords, params: Params) -> Params:
    """docs.stripe.com/api/coupons/create"""
    coupon = Coupon(
        records.new_id("coupon"),
        params["name"],
        amount_off=int(params.get("amount_off", 0)),
        percent_off=int(params.get("percent_off", 0)),
        currency=params.get("currency"),
        duration=params.get("duration", "once"),
    )
    records.coupons[coupon.id] = coupon
    return serializers.serialize_coupon(coupon)


def create_tax_rate(records: StripeRecords, params: Params) -> Params:
    """docs.stripe.com/api/tax_rates/create"""
    rate = ManualTaxRate(
        records.new_id("txr"),
        params["display_name"],
        float(params["percentage"]),
        params["inclusive"] == "true",
    )
    records.manual_tax_rates[rate.id] = rate
    return serializers.serialize_manual_tax_rate(rate)


def create_subscription(records: StripeRecords, params: Params) -> Params:
    """Its first period begins now; a trial is a period of its own:
    docs.stripe.com/billing/subscriptions/trials. Its first invoice uses up what is for one invoice:
    docs.stripe.com/api/coupons/object, duration. Without a billing mode, it is flexible:
    docs.stripe.com/api/subscriptions/create, billing_mode"""
    items = [_create_item(records, item) for item in params["items"]]
    trial_end = int(params["trial_end"]) if "trial_end" in params else None
    coupons = [records.coupons[each["coupon"]] for each in params.get("discounts", [])]
    for item in items:
        item.current_period_end = trial_end or item.current_period_end
        item.used_coupons = [coupon for coupon in coupons if coupon.duration == "once"]
    mode = params.get("billing_mode", {})
    subscription = Subscription(
        records.new_id("sub"),
        params["customer"],
        items,
        "trialing" if trial_end else "active",
        currency=params.get("currency"),
        sends_invoice=params.get("collection_method") == "send_invoice",
        days_until_due=int(params.get("days_until_due", 30)),
        default_tax_rates=[records.manual_tax_rates[each] for each in params.get("default_tax_rates", [])],
        settings=SubscriptionSettings(
            trial_end=trial_end,
            coupons=[coupon for coupon in coupons if coupon.duration != "once"],
            billing_mode=mode.get("type", "flexible"),
            itemizes_proration_discounts=mode.get("flexible", {}).get("proration_discounts") == "itemized",
        ),
    )
    records.subscriptions[subscription.id] = subscription
    return serializers.serialize_subscription(records, subscription)


def cancel_subscription(records: StripeRecords, params: Params, subscription_id: str) -> Params:
    """docs.stripe.com/api/subscriptions/cancel"""
    subscription = records.subscriptions[subscription_id]
    records.cancel_subscription(subscription)
    return serializers.serialize_subscription(records, subscription)


def pay_invoice(records: StripeRecords, params: Params, invoice_id: str) -> Params:
    """docs.stripe.com/api/invoices/pay"""
    assert params["paid_out_of_band"] == "true", "nothing is charged here"
    invoice = records.invoices[invoice_id]
    records.pay_out_of_band(invoice)
    return serializers.serialize_invoice(records, invoice)


def _create_item(records: StripeRecords, params: Params) -> SubscriptionItem:
    price = records.prices[params["price"]]
    end = add_interval(records.now, price, records.now)
    # A metered item has no quantity.
    quantity, metadata = int(params.get("quantity", 0)), params.get("metadata", {})
    return SubscriptionItem(records.new_id("si"), price, quantity, records.now, end, metadata)


def create_invoice_item(records: StripeRecords, params: Params) -> Params:
    """Waits for the subscription's next invoice: docs.stripe.com/api/invoiceitems/create"""
    subscription = records.subscriptions[params["subscription"]]
    line = InvoiceLine(
        "", subscription.id, subscription.items[0].price, 1, int(params["amount"]), 0, records.now,
        records.now, False, charged_currency=params["currency"], invoice_item=records.new_id("ii"),
    )  # fmt: skip
    records.pending_invoice_items.append(line)
    return serializers.serialize_invoice_item(line, params["customer"])


def create_schedule(records: StripeRecords, params: Params) -> Params:
    """With the current period as its phase: docs.stripe.com/api/subscription_schedules/create"""
    subscription = records.subscriptions[params["from_subscription"]]
    [item] = subscription.items
    quantities = {item.price.id: item.quantity}
    phase = SchedulePhase(item.current_period_start, item.current_period_end, quantities)
    subscription.settings.schedule = Schedule(records.new_id("sub_sched"), [phase])
    return serializers.serialize_schedule(records, subscription)


def update_schedule(records: StripeRecords, params: Params, schedule_id: str) -> Params:
    """docs.stripe.com/api/subscription_schedules/update"""
    for subscription in records.subscriptions.values():
        schedule = subscription.settings.schedule
        if schedule is not None and schedule.id == schedule_id:
            schedule.phases = [_build_phase(phase) for phase in params["phases"]]
            return serializers.serialize_schedule(records, subscription)
    raise build_resource_missing("subscription schedule", schedule_id)


def _build_phase(params: Params) -> SchedulePhase:
    quantities = {item["price"]: int(item["quantity"]) for item in params["items"]}
    return SchedulePhase(int(params["start_date"]), int(params["end_date"]), quantities)


def _check_test_clock(records: StripeRecords, clock_id: object) -> None:
    if clock_id is None or clock_id != records.test_clock:
        raise build_resource_missing("test clock", clock_id)


ROUTES = [
    ApiRoute(
        "POST",
        "/v1/test_helpers/test_clocks",
        create_test_clock,
        stripe.test_helpers.TestClockService.create,
        "frozen_time",
    ),
    ApiRoute(
        "GET",
        "/v1/test_helpers/test_clocks/([^/]+)",
        retrieve_test_clock,
        stripe.test_helpers.TestClockService.retrieve,
    ),
    ApiRoute(
        "POST",
        "/v1/test_helpers/test_clocks/([^/]+)/advance",
        advance_test_clock,
        stripe.test_helpers.TestClockService.advance,
        "frozen_time",
    ),
    ApiRoute(
        "DELETE",
        "/v1/test_helpers/test_clocks/([^/]+)",
        delete_test_clock,
        stripe.test_helpers.TestClockService.delete,
    ),
    ApiRoute(
        "POST", "/v1/customers", create_customer, stripe.CustomerService.create, "address name test_clock"
    ),
    ApiRoute(
        "POST",
        "/v1/payment_methods/([^/]+)/attach",
        attach_payment_method,
        stripe.PaymentMethodService.attach,
        "customer",
    ),
    ApiRoute(
        "POST",
        "/v1/prices",
        create_price,
        stripe.PriceService.create,
        "unit_amount unit_amount_decimal currency currency_options recurring metadata product_data"
        " billing_scheme tiers tiers_mode transform_quantity tax_behavior",
    ),
    ApiRoute(
        "POST",
        "/v1/billing/meters",
        create_meter,
        stripe.billing.MeterService.create,
        "display_name event_name default_aggregation",
    ),
    ApiRoute(
        "POST",
        "/v1/subscriptions",
        create_subscription,
        stripe.SubscriptionService.create,
        "customer items currency default_tax_rates discounts trial_end collection_method days_until_due"
        " billing_mode",
    ),
    ApiRoute(
        "DELETE",
        "/v1/subscriptions/([^/]+)",
        cancel_subscription,
        stripe.SubscriptionService.cancel,
    ),
    ApiRoute(
        "POST",
        "/v1/invoices/([^/]+)/pay",
        pay_invoice,
        stripe.InvoiceService.pay,
        "paid_out_of_band",
    ),
    ApiRoute(
        "POST",
        "/v1/customers/([^/]+)/tax_ids",
        create_tax_id,
        stripe.CustomerTaxIdService.create,
        "type value",
    ),
    ApiRoute(
        "POST",
        "/v1/customers/([^/]+)/balance_transactions",
        create_balance_transaction,
        stripe.CustomerBalanceTransactionService.create,
        "amount currency",
    ),
    ApiRoute(
        "POST",
        "/v1/payment_methods",
        create_payment_method,
        stripe.PaymentMethodService.create,
        "type sepa_debit billing_details",
    ),
    ApiRoute(
        "POST",
        "/v1/coupons",
        create_coupon,
        stripe.CouponService.create,
        "name amount_off percent_off currency duration",
    ),
    ApiRoute(
        "POST",
        "/v1/tax_rates",
        create_tax_rate,
        stripe.TaxRateService.create,
        "display_name percentage inclusive",
    ),
    ApiRoute(
        "POST",
        "/v1/invoiceitems",
        create_invoice_item,
        stripe.InvoiceItemService.create,
        "customer subscription amount currency",
    ),
    ApiRoute(
        "POST",
        "/v1/subscription_schedules",
        create_schedule,
        stripe.SubscriptionScheduleService.create,
        "from_subscription",
    ),
    ApiRoute(
        "POST",
        "/v1/subscription_schedules/([^/]+)",
        update_schedule,
        stripe.SubscriptionScheduleService.update,
        "phases",
    ),
]
