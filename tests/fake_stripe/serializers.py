"""The records as Stripe's API shows them."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

import stripe

from tests.fake_stripe.invoice_pdf import build_page_url, build_pdf_url, get_invoice_number
from tests.fake_stripe.prices import Package, Price
from tests.fake_stripe.records import (
    Card,
    Customer,
    Invoice,
    InvoiceLine,
    PaymentIntent,
    PendingUpdate,
    StripeRecords,
    Subscription,
    SubscriptionItem,
)
from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.subscription_settings import Coupon, Schedule, SchedulePhase
from tests.fake_stripe.taxes import TAX_NAMES, CustomerTax, ManualTaxRate, TaxPart

CREATED_AT = 1_700_000_000
TAX_RATE = "txr_FR_020"
# So many of a list stand in the object that has it; the others are asked for.
EMBEDDED_LIST_SIZE = 10


def serialize_list(url: str, data: list[dict[str, Any]], more: bool = False) -> dict[str, Any]:
    """docs.stripe.com/api/pagination"""
    return {"object": "list", "url": url, "has_more": more, "data": data}


def serialize_price(price: Price, *, with_currency_options: bool = False) -> dict[str, Any]:
    """Tiers and the amounts in other currencies are left out unless they are expanded, and a unit amount with
    fractions is only in the decimal: docs.stripe.com/api/prices/object"""
    recurring = fill_object(
        stripe.Price.Recurring,
        interval=price.interval,
        interval_count=price.interval_count,
        usage_type=price.usage_type,
    )
    serialized = fill_object(
        stripe.Price,
        id=price.id,
        object="price",
        active=price.active,
        billing_scheme="tiered" if price.tiers else "per_unit",
        created=CREATED_AT,
        currency=price.currency,
        livemode=False,
        metadata=price.metadata,
        product=price.product,
        recurring=recurring,
        tax_behavior=price.tax_behavior,
        tiers_mode=price.tiers_mode if price.tiers else None,
        transform_quantity=_serialize_package(price.package),
        type="recurring",
        **_serialize_unit_amount(price),
    )
    if with_currency_options:
        serialized["currency_options"] = {
            price.currency: _serialize_currency_option(price, price.unit_amount),
            **{
                code: _serialize_currency_option(price, each) for code, each in price.currency_options.items()
            },
        }
    return serialized


def _serialize_package(package: Package | None) -> dict[str, Any] | None:
    return {"divide_by": package.divide_by, "round": package.round} if package else None


def _serialize_unit_amount(price: Price) -> dict[str, Any]:
    if price.tiers:
        return {"unit_amount": None, "unit_amount_decimal": None}
    return _serialize_amount(price.unit_amount)


def _serialize_amount(amount: int | Decimal) -> dict[str, Any]:
    return {
        "unit_amount": int(amount) if amount == int(amount) else None,
        "unit_amount_decimal": str(amount),
    }


def _serialize_currency_option(price: Price, amount: int | Decimal) -> dict[str, Any]:
    return fill_object(
        stripe.Price.CurrencyOptions, tax_behavior=price.tax_behavior, **_serialize_amount(amount)
    )


def serialize_plan(price: Price) -> dict[str, Any]:
    """As a price was called before: docs.stripe.com/api/plans/object"""
    amounts = _serialize_unit_amount(price)
    return fill_object(
        stripe.Plan,
        id=price.id,
        object="plan",
        active=price.active,
        amount=amounts["unit_amount"],
        amount_decimal=amounts["unit_amount_decimal"],
        billing_scheme="tiered" if price.tiers else "per_unit",
        created=CREATED_AT,
        currency=price.currency,
        interval=price.interval,
        interval_count=price.interval_count,
        livemode=False,
        tiers_mode=price.tiers_mode if price.tiers else None,
        transform_usage=_serialize_package(price.package),
        usage_type=price.usage_type,
    )


def serialize_subscription_item(
    item: SubscriptionItem,
    subscription_id: str,
    trial_end: int | None = None,
    billed_until: int | None = None,
) -> dict[str, Any]:
    """docs.stripe.com/api/subscription_items/object"""
    trial = {"start_date": item.current_period_start, "end_date": trial_end, "trial_offer": "to_1"}
    return fill_object(
        stripe.SubscriptionItem,
        id=item.id,
        object="subscription_item",
        billed_until=billed_until or item.current_period_end,
        created=CREATED_AT,
        current_period_end=item.current_period_end,
        current_period_start=item.current_period_start,
        current_trial=trial if trial_end is not None else None,
        discounts=[],
        metadata=item.metadata,
        plan=serialize_plan(item.price),
        price=serialize_price(item.price),
        quantity=item.quantity if item.price.usage_type == "licensed" else None,
        subscription=subscription_id,
    )


def serialize_subscription(
    records: StripeRecords,
    subscription: Subscription,
    *,
    invoice: dict[str, Any] | None = None,
    expand: Sequence[str] = (),
) -> dict[str, Any]:
    """`invoice` is the latest, where it is expanded; `expand` is that of a list:
    docs.stripe.com/api/subscriptions/object"""
    settings = subscription.settings
    items = [
        serialize_subscription_item(each, subscription.id, settings.item_trial_end, settings.billed_until)
        for each in subscription.items
    ]
    return fill_object(
        stripe.Subscription,
        id=subscription.id,
        object="subscription",
        automatic_tax={
            "enabled": subscription.has_automatic_tax,
            "disabled_reason": subscription.tax_disabled_reason,
            "liability": None,
        },
        billing_cycle_anchor=subscription.items[0].current_period_start,
        billing_mode=_serialize_billing_mode(subscription),
        billing_schedules=_serialize_billing_schedules(subscription),
        cancel_at=_find_cancel_at(subscription),
        cancel_at_period_end=settings.cancel_at_period_end,
        collection_method="send_invoice" if subscription.sends_invoice else "charge_automatically",
        created=CREATED_AT,
        currency=subscription.charged_currency,
        days_until_due=subscription.days_until_due if subscription.sends_invoice else None,
        customer=serialize_customer(records.customers[subscription.customer])
        if "data.customer" in expand
        else subscription.customer,
        default_payment_method=subscription.default_payment_method,
        default_source=subscription.default_source,
        discounts=[
            _serialize_discount(subscription.customer, subscription.id, coupon, serialize_coupon(coupon))
            if "data.discounts.source.coupon" in expand
            else f"di_{coupon.id}"
            for coupon in settings.coupons
        ],
        invoice_settings={"account_tax_ids": None, "issuer": {"type": "self"}},
        items=serialize_list(
            f"/v1/subscription_items?subscription={subscription.id}",
            items[:EMBEDDED_LIST_SIZE],
            len(items) > EMBEDDED_LIST_SIZE,
        ),
        latest_invoice=invoice or subscription.latest_invoice,
        livemode=False,
        metadata=subscription.metadata,
        pause_collection=vars(settings.pause_collection) if settings.pause_collection else None,
        pending_update=_serialize_pending_update(subscription, subscription.pending_update)
        if subscription.pending_update
        else None,
        presentment_details={"presentment_currency": settings.presentment_currency}
        if settings.presentment_currency
        else None,
        schedule=_serialize_schedule(records, subscription, settings.schedule, expand)
        if settings.schedule
        else None,
        start_date=CREATED_AT,
        status=subscription.status,
        trial_end=settings.trial_end,
    )


def _serialize_billing_schedules(subscription: Subscription) -> list[dict[str, Any]]:
    """For all items."""
    until = subscription.settings.billed_until
    if until is None:
        return []
    schedule_class = stripe.Subscription.BillingSchedule
    bill_until = fill_object(
        schedule_class.BillUntil, computed_timestamp=until, timestamp=until, type="timestamp"
    )
    return [fill_object(schedule_class, key="schedule_1", bill_until=bill_until)]


def _find_cancel_at(subscription: Subscription) -> int | None:
    """Also set where the subscription ends with its period, or with its schedule:
    docs.stripe.com/billing/subscriptions/cancel"""
    settings = subscription.settings
    if settings.cancel_at_period_end:
        return min(item.current_period_end for item in subscription.items)
    if settings.schedule and settings.schedule.end_behavior == "cancel":
        return settings.schedule.phases[-1].end_date
    return settings.cancel_at


def _serialize_billing_mode(subscription: Subscription) -> dict[str, Any]:
    settings = subscription.settings
    shown = "itemized" if settings.itemizes_proration_discounts else "included"
    flexible = {"proration_discounts": shown} if settings.billing_mode == "flexible" else None
    return {"type": settings.billing_mode, "flexible": flexible, "updated_at": None}


def serialize_schedule(records: StripeRecords, subscription: Subscription) -> dict[str, Any]:
    """docs.stripe.com/api/subscription_schedules/object"""
    assert subscription.settings.schedule is not None
    shown = _serialize_schedule(records, subscription, subscription.settings.schedule, ["data.schedule"])
    assert isinstance(shown, dict)
    return shown


def _serialize_schedule(
    records: StripeRecords, subscription: Subscription, schedule: Schedule, expand: Sequence[str]
) -> dict[str, Any] | str:
    if "data.schedule" not in expand:
        return schedule.id
    current = schedule.find_phase(records.now)
    settings = fill_object(
        stripe.SubscriptionSchedule.DefaultSettings,
        billing_cycle_anchor="automatic",
        invoice_settings={"account_tax_ids": None, "days_until_due": None, "issuer": {"type": "self"}},
    )
    return fill_object(
        stripe.SubscriptionSchedule,
        id=schedule.id,
        object="subscription_schedule",
        billing_mode=_serialize_billing_mode(subscription),
        created=CREATED_AT,
        current_phase=current and {"start_date": current.start_date, "end_date": current.end_date},
        customer=subscription.customer,
        default_settings=settings,
        end_behavior=schedule.end_behavior,
        livemode=False,
        pause_schedules=_serialize_pause_schedules(schedule),
        phases=[_serialize_phase(phase) for phase in schedule.phases],
        status="active" if current else "completed",
        subscription=subscription.id,
    )


def _serialize_pause_schedules(schedule: Schedule) -> list[dict[str, Any]]:
    if schedule.pause_at is None:
        return []
    pause_class = stripe.SubscriptionSchedule.PauseSchedule.Pause
    pause = fill_object(pause_class, pause_at=schedule.pause_at, status={"type": "scheduled", "error": None})
    return [fill_object(stripe.SubscriptionSchedule.PauseSchedule, key="pause_1", pause=pause)]


def _serialize_phase(phase: SchedulePhase) -> dict[str, Any]:
    items = [
        fill_object(
            stripe.SubscriptionSchedule.Phase.Item,
            discounts=[],
            plan=price_id,
            price=price_id,
            quantity=quantity,
        )
        for price_id, quantity in phase.quantities.items()
    ]
    return fill_object(
        stripe.SubscriptionSchedule.Phase,
        add_invoice_items=[],
        currency="eur",
        discounts=[],
        end_date=phase.end_date,
        items=items,
        proration_behavior="create_prorations",
        start_date=phase.start_date,
    )


def serialize_coupon(coupon: Coupon, expand: Collection[str] = ()) -> dict[str, Any]:
    """docs.stripe.com/api/coupons/object; `currency_options` only if expanded, with the default currency, and
    `applies_to` only if expanded: github.com/stripe/stripe-node/issues/2234."""
    serialized = fill_object(
        stripe.Coupon,
        id=coupon.id,
        object="coupon",
        amount_off=coupon.amount_off or None,
        created=CREATED_AT,
        currency=coupon.currency,
        duration="repeating" if coupon.end else coupon.duration,
        livemode=False,
        name=coupon.name,
        percent_off=coupon.percent_off or None,
        times_redeemed=1,
        valid=True,
    )
    if "applies_to" in expand and coupon.products:
        serialized["applies_to"] = {"products": [*coupon.products]}
    if "currency_options" in expand and coupon.currency is not None:
        amounts = {coupon.currency: coupon.amount_off, **coupon.currency_options}
        serialized["currency_options"] = {code: {"amount_off": amount} for code, amount in amounts.items()}
    return serialized


def _serialize_discount(
    customer_id: str, subscription_id: str | None, coupon: Coupon, shown: dict[str, Any] | None
) -> dict[str, Any]:
    return fill_object(
        stripe.Discount,
        id=f"di_{coupon.id}",
        object="discount",
        customer=customer_id,
        end=coupon.end,
        source={"coupon": shown or coupon.id, "type": "coupon"},
        start=CREATED_AT,
        subscription=subscription_id,
    )


def _serialize_pending_update(subscription: Subscription, pending_update: PendingUpdate) -> dict[str, Any]:
    item = next(each for each in subscription.items if each.id == pending_update.subscription_item)
    shown = {**serialize_subscription_item(item, subscription.id), "quantity": pending_update.quantity}
    return fill_object(
        stripe.Subscription.PendingUpdate,
        expires_at=pending_update.expires_at,
        metadata=pending_update.metadata or None,
        subscription_items=[shown],
    )


def serialize_customer(customer: Customer, expand: Collection[str] = ()) -> dict[str, Any]:
    """docs.stripe.com/api/customers/object"""
    if customer.deleted:
        return {"id": customer.id, "object": "customer", "deleted": True}
    coupon, coupon_path = customer.coupon, "discount.source.coupon"
    of_coupon = [path.removeprefix(f"{coupon_path}.") for path in expand]
    shown = serialize_coupon(coupon, of_coupon) if coupon and coupon_path in expand else None
    address = {name: customer.address.get(name) for name in stripe.Customer.Address.__annotations__}
    settings = {
        "default_payment_method": customer.default_payment_method,
        "custom_fields": None,
        "footer": None,
        "rendering_options": None,
    }
    return fill_object(
        stripe.Customer,
        id=customer.id,
        object="customer",
        address=address,
        created=CREATED_AT,
        default_source=customer.default_source,
        email=customer.email,
        discount=_serialize_discount(customer.id, None, coupon, shown) if coupon else None,
        invoice_settings=settings,
        livemode=False,
        metadata=customer.metadata,
        name=customer.name,
        preferred_locales=customer.preferred_locales,
        shipping=_serialize_shipping(stripe.Customer.Shipping, customer.tax.shipping),
        tax_exempt=customer.tax.exempt,
    )


def serialize_source(card: Card) -> dict[str, Any]:
    """As the Cards and Bank Accounts APIs show it, which spell a brand otherwise
    (docs.stripe.com/api/cards/object, docs.stripe.com/api/customer_bank_accounts/object)."""
    if card.type == "card":
        year, month = card.expiry
        return fill_object(
            stripe.Card,
            id=card.id,
            object="card",
            brand=card.brand.replace("_", " ").title(),
            customer=card.customer,
            exp_month=month,
            exp_year=year,
            funding="credit",
            last4=card.last4,
        )
    return fill_object(
        stripe.BankAccount,
        id=card.id,
        object="bank_account",
        bank_name=card.bank,
        country="US",
        currency="usd",
        customer=card.customer,
        last4=card.last4,
        status="verified",
    )


def serialize_payment_method(card: Card) -> dict[str, Any]:
    """docs.stripe.com/api/payment_methods/object"""
    return fill_object(
        stripe.PaymentMethod,
        id=card.id,
        object="payment_method",
        billing_details={"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        created=CREATED_AT,
        customer=card.customer,
        livemode=False,
        metadata={},
        type=card.type,
        **{card.type: _serialize_method_details(card)},
    )


def _serialize_wallet(cls: type, wallet: str | None) -> dict[str, Any] | None:
    """docs.stripe.com/api/payment_methods/object, card.wallet"""
    return fill_object(cls, type=wallet, **{wallet: {}}) if wallet else None


def _serialize_method_details(card: Card) -> dict[str, Any]:
    """docs.stripe.com/api/payment_methods/object: the field is named after the type."""
    year, month = card.expiry
    match card.type:
        case "card":
            return fill_object(
                stripe.PaymentMethod.Card,
                brand=card.brand,
                last4=card.last4,
                exp_year=year,
                exp_month=month,
                funding="credit",
                wallet=_serialize_wallet(stripe.PaymentMethod.Card.Wallet, card.wallet),
            )
        case "sepa_debit":
            return fill_object(stripe.PaymentMethod.SepaDebit, last4=card.last4)
        case "au_becs_debit":
            return fill_object(stripe.PaymentMethod.AuBecsDebit, last4=card.last4)
        case "cashapp":
            return fill_object(stripe.PaymentMethod.Cashapp, cashtag="$alice")
        case "bacs_debit":
            return fill_object(stripe.PaymentMethod.BacsDebit, last4=card.last4)
        case "us_bank_account":
            return fill_object(stripe.PaymentMethod.UsBankAccount, last4=card.last4, bank_name=card.bank)
        case "link":
            return fill_object(stripe.PaymentMethod.Link, email=card.email)
        case "paypal":
            return fill_object(stripe.PaymentMethod.Paypal, payer_email=card.email)
        case _:
            raise NotImplementedError(card.type)


def serialize_invoice(records: StripeRecords, invoice: Invoice, *, payments: bool = False) -> dict[str, Any]:
    """docs.stripe.com/api/invoices/object"""
    final = invoice.status != "draft"
    total, due, paid = invoice.total, invoice.amount_due, invoice.amount_paid
    serialized = fill_object(
        stripe.Invoice,
        id=invoice.id,
        object="invoice",
        amount_due=due,
        amount_overpaid=0,
        amount_paid=paid,
        amount_remaining=due - paid,
        amount_shipping=invoice.amount_shipping,
        attempt_count=1,
        attempted=True,
        automatic_tax=_serialize_automatic_tax(records, invoice),
        auto_advance=invoice.auto_advance,
        automatically_finalizes_at=invoice.finalizes_at,
        billing_reason=invoice.billing_reason,
        collection_method="send_invoice" if invoice.is_sent else "charge_automatically",
        created=invoice.created,
        currency=invoice.currency,
        customer=invoice.customer,
        **_serialize_customer_tax(records.customers[invoice.customer].tax),
        default_tax_rates=[],
        discounts=[],
        due_date=invoice.due_date,
        last_finalization_error=_serialize_finalization_error(invoice),
        hosted_invoice_url=build_page_url(invoice) if final else None,
        invoice_pdf=build_pdf_url(records, invoice) if final else None,
        issuer={"type": "self"},
        lines=serialize_list(
            f"/v1/invoices/{invoice.id}/lines",
            serialize_invoice_lines(invoice)[:EMBEDDED_LIST_SIZE],
            len(invoice.lines) > EMBEDDED_LIST_SIZE,
        ),
        livemode=False,
        metadata={},
        number=get_invoice_number(invoice) if final else None,
        parent=_serialize_parent(records, invoice),
        payment_settings={
            "default_mandate": None, "payment_method_options": None, "payment_method_types": None
        },
        period_end=invoice.created,
        period_start=invoice.created,
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        starting_balance=invoice.starting_balance,
        ending_balance=invoice.ending_balance,
        status=invoice.status,
        status_transitions={
            "finalized_at": invoice.finalized_at if invoice.is_sent else invoice.created,
            "marked_uncollectible_at": None, "paid_at": None, "voided_at": None,
        },
        subtotal=sum(line.amount for line in invoice.lines),
        subtotal_excluding_tax=sum(line.amount - line.inclusive_tax for line in invoice.lines),
        total=total,
        total_excluding_tax=total - invoice.tax,
    )  # fmt: skip
    if payments:
        invoice_payments = [
            _serialize_invoice_payment(invoice, each)
            for each in (invoice.payment_intent, invoice.attached_payment_intent)
            if each
        ]
        if invoice.is_paid_out_of_band:
            invoice_payments.append(_serialize_payment_outside(invoice))
        serialized["payments"] = serialize_list("/v1/invoice_payments", invoice_payments)
    return serialized


def _serialize_automatic_tax(records: StripeRecords, invoice: Invoice) -> dict[str, Any]:
    status = "complete" if invoice.is_tax_located else "requires_location_inputs"
    if records.fails_tax_calculation:
        status = "failed"
    return {
        "enabled": invoice.has_automatic_tax, "disabled_reason": None, "liability": None, "provider": None,
        "status": status if invoice.has_automatic_tax else None,
    }  # fmt: skip


def _serialize_customer_tax(tax: CustomerTax) -> dict[str, Any]:
    """Copies of the customer's: docs.stripe.com/api/invoices/object"""
    return {
        "customer_shipping": _serialize_shipping(stripe.Invoice.CustomerShipping, tax.shipping),
        "customer_tax_exempt": tax.exempt,
        "customer_tax_ids": [{"type": type_, "value": value} for type_, value in tax.ids],
    }


def _serialize_shipping(cls: Any, address: dict[str, str] | None) -> dict[str, Any] | None:
    if address is None:
        return None
    return fill_object(cls, name="Warehouse", address=fill_object(cls.Address, **address))


def serialize_tax_rate(tax_rate_id: str) -> dict[str, Any]:
    """Its id has the country and the rate: `txr_FR_020`. docs.stripe.com/api/tax_rates/object"""
    _, country, digits = tax_rate_id.split("_")
    percentage = 0.0 if digits == "zero" else float(f"{digits[0]}.{digits[1:]}") * 100
    return fill_object(
        stripe.TaxRate,
        id=tax_rate_id,
        object="tax_rate",
        active=False,
        country=country,
        created=CREATED_AT,
        display_name=TAX_NAMES.get(country, "VAT"),
        effective_percentage=round(percentage, 4),
        inclusive=False,
        jurisdiction=country,
        livemode=False,
        percentage=round(percentage, 4),
    )


def serialize_manual_tax_rate(rate: ManualTaxRate) -> dict[str, Any]:
    """docs.stripe.com/api/tax_rates/object"""
    return fill_object(
        stripe.TaxRate,
        id=rate.id,
        object="tax_rate",
        active=True,
        created=CREATED_AT,
        display_name=rate.display_name,
        inclusive=rate.inclusive,
        livemode=False,
        percentage=rate.percentage,
    )


def serialize_tax_id(tax_id: str, customer: str, type_: str, value: str) -> dict[str, Any]:
    """docs.stripe.com/api/tax_ids/object"""
    return fill_object(
        stripe.TaxId,
        id=tax_id,
        object="tax_id",
        created=CREATED_AT,
        customer=customer,
        livemode=False,
        type=type_,
        value=value,
    )


def serialize_balance_transaction(
    transaction_id: str, customer: Customer, amount: int, currency: str
) -> dict[str, Any]:
    """docs.stripe.com/api/customer_balance_transactions/object"""
    return fill_object(
        stripe.CustomerBalanceTransaction,
        id=transaction_id,
        object="customer_balance_transaction",
        amount=amount,
        created=CREATED_AT,
        currency=currency,
        customer=customer.id,
        ending_balance=customer.balance,
        livemode=False,
        type="adjustment",
    )


def serialize_invoice_item(line: InvoiceLine, customer: str) -> dict[str, Any]:
    """docs.stripe.com/api/invoiceitems/object"""
    parent = {"type": "subscription_details"}
    details = {"subscription": line.subscription, "subscription_item": None}
    return fill_object(
        stripe.InvoiceItem,
        id=line.invoice_item,
        object="invoiceitem",
        amount=line.amount,
        currency=line.currency,
        customer=customer,
        date=line.period_start,
        discountable=True,
        livemode=False,
        parent={**parent, "subscription_details": details},
        period={"start": line.period_start, "end": line.period_end},
        proration=False,
        quantity=1,
        quantity_decimal="1",
    )


def _serialize_finalization_error(invoice: Invoice) -> dict[str, Any] | None:
    if invoice.last_finalization_error is None:
        return None
    return fill_object(
        stripe.Invoice.LastFinalizationError,
        type="invalid_request_error",
        code=invoice.last_finalization_error,
        message="The invoice can't be finalized.",
    )


def _serialize_parent(records: StripeRecords, invoice: Invoice) -> dict[str, Any]:
    """A draft has the subscription's metadata as it is by then: docs.stripe.com/api/invoices/object"""
    is_draft = invoice.is_sent and invoice.status == "draft"
    metadata = records.subscriptions[invoice.subscription].metadata if is_draft else None
    details = fill_object(
        stripe.Invoice.Parent.SubscriptionDetails,
        metadata=invoice.subscription_metadata if metadata is None else metadata,
        subscription=invoice.subscription,
    )
    return {"type": "subscription_details", "quote_details": None, "subscription_details": details}


def serialize_invoice_lines(invoice: Invoice) -> list[dict[str, Any]]:
    """docs.stripe.com/api/invoice-line-item/object"""
    return [
        _serialize_line(each, f"il_{invoice.id[3:]}{number}", invoice.id)
        for number, each in enumerate(invoice.lines)
    ]


def _serialize_line(line: InvoiceLine, line_id: str, invoice_id: str) -> dict[str, Any]:
    parts = line.tax_parts or ([TaxPart(TAX_RATE, "standard_rated", line.net, line.tax)] if line.tax else [])
    taxes = [
        {
            "amount": part.amount,
            "tax_behavior": part.behavior,
            "tax_rate_details": {"tax_rate": part.rate_id},
            "taxability_reason": part.reason,
            "taxable_amount": part.taxable_amount,
            "type": "tax_rate_details",
        }
        for part in parts
    ]
    return fill_object(
        stripe.InvoiceLineItem,
        id=line_id,
        object="line_item",
        amount=line.amount,
        currency=line.currency,
        discount_amounts=[{"amount": line.discount, "discount": line.discount_id}] if line.discount else [],
        discountable=not line.proration,
        discounts=[],
        invoice=invoice_id,
        livemode=False,
        metadata={},
        parent=_serialize_line_parent(line),
        period={"start": line.period_start, "end": line.period_end},
        quantity=line.quantity,
        quantity_decimal=str(line.quantity),
        subscription=line.subscription,
        subtotal=line.amount,
        taxes=taxes,
    )


def _serialize_line_parent(line: InvoiceLine) -> dict[str, Any]:
    parent_class = stripe.InvoiceLineItem.Parent
    if line.invoice_item is not None:
        one_off = fill_object(
            parent_class.InvoiceItemDetails,
            invoice_item=line.invoice_item,
            proration=False,
            subscription=line.subscription,
        )
        return fill_object(parent_class, type="invoice_item_details", invoice_item_details=one_off)
    details = fill_object(
        parent_class.SubscriptionItemDetails,
        proration=line.proration,
        subscription=line.subscription,
        subscription_item=line.subscription_item,
    )
    return fill_object(parent_class, type="subscription_item_details", subscription_item_details=details)


def _serialize_invoice_payment(invoice: Invoice, payment_intent: PaymentIntent) -> dict[str, Any]:
    """Its amount is null until it is paid: docs.stripe.com/api/invoice-payment/object"""
    paid = payment_intent.status == "succeeded"
    payment = {
        "type": "payment_intent",
        "payment_intent": payment_intent.id,
        "charge": None,
        "payment_record": None,
    }
    return fill_object(
        stripe.InvoicePayment,
        id=f"inpay_{payment_intent.id[3:]}",
        object="invoice_payment",
        amount_paid=invoice.amount_due if paid else None,
        amount_requested=invoice.amount_due,
        created=invoice.created,
        currency=invoice.currency,
        invoice=invoice.id,
        is_default=payment_intent is invoice.payment_intent,
        livemode=False,
        payment=payment,
        status="paid" if paid else "canceled" if payment_intent.status == "canceled" else "open",
        status_transitions={
            "canceled_at": None,
            "paid_at": (payment_intent.succeeded_at or invoice.created) if paid else None,
        },
    )


def _serialize_payment_outside(invoice: Invoice) -> dict[str, Any]:
    """docs.stripe.com/api/invoice-payment/object"""
    payment = {
        "type": "payment_record",
        "payment_intent": None,
        "charge": None,
        "payment_record": f"pyr_{invoice.id[3:]}",
    }
    return fill_object(
        stripe.InvoicePayment,
        id=f"inpay_{invoice.id[3:]}",
        object="invoice_payment",
        amount_paid=invoice.amount_due,
        amount_requested=invoice.amount_due,
        created=invoice.created,
        currency=invoice.currency,
        invoice=invoice.id,
        is_default=False,
        livemode=False,
        payment=payment,
        status="paid",
        status_transitions={"canceled_at": None, "paid_at": invoice.created},
    )


def serialize_charge(invoice: Invoice, payment_intent: PaymentIntent, method: Card) -> dict[str, Any]:
    """With the method as it was then: docs.stripe.com/api/charges/object, payment_method_details"""
    return fill_object(
        stripe.Charge,
        id=f"ch_{payment_intent.id[3:]}",
        object="charge",
        amount=invoice.amount_due,
        amount_captured=invoice.amount_due,
        amount_refunded=0,
        billing_details={"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        captured=True,
        created=invoice.created,
        currency=invoice.currency,
        customer=invoice.customer,
        disputed=False,
        livemode=False,
        metadata={},
        paid=True,
        payment_intent=payment_intent.id,
        payment_method=method.id,
        payment_method_details=_serialize_charge_details(method),
        refunded=False,
        status="succeeded",
    )


def _serialize_charge_details(method: Card) -> dict[str, Any]:
    """They have no address of Link, unlike the payment method."""
    details_class = stripe.Charge.PaymentMethodDetails
    year, month = method.expiry
    match method.type:
        case "card":
            wallet = _serialize_wallet(details_class.Card.Wallet, method.wallet)
            shown = fill_object(
                details_class.Card,
                brand=method.brand,
                last4=method.last4,
                exp_year=year,
                exp_month=month,
                wallet=wallet,
            )
        case "link":
            shown = fill_object(details_class.Link)
        case "paypal":
            shown = fill_object(details_class.Paypal, payer_email=method.email)
        case _:
            shown = _serialize_method_details(method)
    return fill_object(details_class, type=method.type, **{method.type: shown})


def serialize_payment_intent(
    records: StripeRecords, invoice: Invoice, payment_intent: PaymentIntent, *, expand: Sequence[str] = ()
) -> dict[str, Any]:
    """docs.stripe.com/api/payment_intents/object"""
    error = None
    method = records.cards.get(payment_intent.payment_method or "")
    charged = payment_intent.charged_method
    charge = serialize_charge(invoice, payment_intent, charged) if charged else None
    if payment_intent.error_code is not None:
        error = fill_object(
            stripe.PaymentIntent.LastPaymentError,
            type="card_error",
            code=payment_intent.error_code,
            message="It failed.",
        )
    return fill_object(
        stripe.PaymentIntent,
        id=payment_intent.id,
        object="payment_intent",
        amount=invoice.amount_due,
        amount_capturable=0,
        amount_received=invoice.amount_due if payment_intent.status == "succeeded" else 0,
        capture_method="automatic",
        confirmation_method="automatic",
        created=invoice.created,
        currency=invoice.currency,
        customer=invoice.customer,
        last_payment_error=error,
        latest_charge=charge if charge is None or "latest_charge" in expand else charge["id"],
        livemode=False,
        metadata={},
        payment_method=serialize_payment_method(method)
        if method and "payment_method" in expand
        else payment_intent.payment_method,
        payment_method_types=["card"],
        status=payment_intent.status,
    )


def serialize_meter(meter_id: str, params: dict[str, Any]) -> dict[str, Any]:
    """docs.stripe.com/api/billing/meter/object"""
    return fill_object(
        stripe.billing.Meter,
        id=meter_id,
        object="billing.meter",
        created=CREATED_AT,
        customer_mapping={"event_payload_key": "stripe_customer_id", "type": "by_id"},
        default_aggregation=params["default_aggregation"],
        display_name=params["display_name"],
        event_name=params["event_name"],
        livemode=False,
        status="active",
        status_transitions={"deactivated_at": None},
        updated=CREATED_AT,
        value_settings={"event_payload_key": "value"},
    )


def serialize_test_clock(records: StripeRecords, status: str) -> dict[str, Any]:
    """docs.stripe.com/api/test_clocks/object"""
    return fill_object(
        stripe.test_helpers.TestClock,
        id=records.test_clock,
        object="test_helpers.test_clock",
        created=CREATED_AT,
        deletes_after=records.now + 30 * 86400,
        frozen_time=records.now,
        livemode=False,
        status=status,
        status_details={},
    )


def serialize_portal_session(
    session_id: str, customer_id: str, return_url: str, created: int, flow_data: dict[str, Any] | None
) -> dict[str, Any]:
    """docs.stripe.com/api/customer_portal/sessions/object"""
    session_class = stripe.billing_portal.Session
    after = fill_object(session_class.Flow.AfterCompletion, type="portal_homepage")
    flow = flow_data and fill_object(session_class.Flow, type=flow_data["type"], after_completion=after)
    return fill_object(
        stripe.billing_portal.Session,
        id=session_id,
        object="billing_portal.session",
        configuration="bpc_0001",
        created=created,
        customer=customer_id,
        flow=flow,
        livemode=False,
        return_url=return_url,
        url=f"https://billing.stripe.example/session/{session_id}",
    )
