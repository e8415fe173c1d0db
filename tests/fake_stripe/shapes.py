"""The books as Stripe's API shows them."""

from typing import Any

import stripe

from tests.fake_stripe.books import (
    Card,
    Customer,
    Invoice,
    Item,
    Line,
    Payment,
    PendingChange,
    Price,
    StripeRecords,
    Subscription,
)
from tests.fake_stripe.types import filled

AGO = 1_700_000_000
TAX_RATE = "txr_0001"
# So many of a list stand in the object that has it; the others are asked for.
PAGE = 10


def page(url: str, data: list[dict[str, Any]], more: bool = False) -> dict[str, Any]:
    return {"object": "list", "url": url, "has_more": more, "data": data}


def price(held: Price) -> dict[str, Any]:
    recurring = filled(
        stripe.Price.Recurring, interval=held.interval, interval_count=1, usage_type="licensed"
    )
    return filled(
        stripe.Price,
        id=held.id,
        object="price",
        active=held.active,
        billing_scheme="per_unit",
        created=AGO,
        currency=held.currency,
        livemode=False,
        metadata=held.metadata,
        product=f"prod_{held.id}",
        recurring=recurring,
        tax_behavior="exclusive",
        type="recurring",
        unit_amount=held.unit_amount,
        unit_amount_decimal=str(held.unit_amount),
    )


def plan(held: Price) -> dict[str, Any]:
    return filled(
        stripe.Plan,
        id=held.id,
        object="plan",
        active=held.active,
        amount=held.unit_amount,
        billing_scheme="per_unit",
        created=AGO,
        currency=held.currency,
        interval=held.interval,
        interval_count=1,
        livemode=False,
        usage_type="licensed",
    )


def item(held: Item, subscription: str) -> dict[str, Any]:
    return filled(
        stripe.SubscriptionItem,
        id=held.id,
        object="subscription_item",
        created=AGO,
        current_period_end=held.end,
        current_period_start=held.start,
        discounts=[],
        metadata=held.metadata,
        plan=plan(held.price),
        price=price(held.price),
        quantity=held.quantity,
        subscription=subscription,
    )


def subscription(
    books: StripeRecords, held: Subscription, *, invoice: dict[str, Any] | None = None
) -> dict[str, Any]:
    """`invoice` is the latest, where it is expanded."""
    items = [item(each, held.id) for each in held.items]
    return filled(
        stripe.Subscription,
        id=held.id,
        object="subscription",
        automatic_tax={"enabled": True, "disabled_reason": None, "liability": None},
        billing_cycle_anchor=held.items[0].start,
        billing_mode={"type": "flexible", "flexible": None, "updated_at": None},
        billing_schedules=[],
        cancel_at_period_end=False,
        collection_method="send_invoice" if held.sends_invoice else "charge_automatically",
        created=AGO,
        currency=held.currency or held.items[0].price.currency,
        customer=held.customer,
        default_payment_method=held.default_card,
        discounts=[],
        invoice_settings={"account_tax_ids": None, "issuer": {"type": "self"}},
        items=page(f"/v1/subscription_items?subscription={held.id}", items[:PAGE], len(items) > PAGE),
        latest_invoice=invoice or held.latest_invoice,
        livemode=False,
        metadata=held.metadata,
        pending_update=_pending(held, held.pending) if held.pending else None,
        start_date=AGO,
        status=held.status,
    )


def _pending(held: Subscription, change: PendingChange) -> dict[str, Any]:
    changed = next(each for each in held.items if each.id == change.item)
    shown = {**item(changed, held.id), "quantity": change.quantity}
    return filled(stripe.Subscription.PendingUpdate, expires_at=change.expires_at, subscription_items=[shown])


def customer(held: Customer) -> dict[str, Any]:
    if held.deleted:
        return {"id": held.id, "object": "customer", "deleted": True}
    address = {name: held.address.get(name) for name in stripe.Customer.Address.__annotations__}
    settings = {
        "default_payment_method": held.default_card,
        "custom_fields": None,
        "footer": None,
        "rendering_options": None,
    }
    return filled(
        stripe.Customer,
        id=held.id,
        object="customer",
        address=address,
        created=AGO,
        invoice_settings=settings,
        livemode=False,
        metadata={},
    )


def card(held: Card) -> dict[str, Any]:
    year, month = held.expiry
    shown = filled(
        stripe.PaymentMethod.Card,
        brand=held.brand,
        last4=held.last4,
        exp_year=year,
        exp_month=month,
        funding="credit",
    )
    return filled(
        stripe.PaymentMethod,
        id=held.id,
        object="payment_method",
        billing_details={"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        card=shown,
        created=AGO,
        customer=held.customer,
        livemode=False,
        metadata={},
        type="card",
    )


def invoice(books: StripeRecords, held: Invoice, *, payments: bool = False) -> dict[str, Any]:
    final = held.status != "draft"
    total = held.net + held.tax
    paid = total if held.status == "paid" else 0
    shown = filled(
        stripe.Invoice,
        id=held.id,
        object="invoice",
        amount_due=max(total, 0),
        amount_overpaid=0,
        amount_paid=paid,
        amount_remaining=max(total, 0) - paid,
        amount_shipping=0,
        attempt_count=1,
        attempted=True,
        automatic_tax={
            "enabled": True, "disabled_reason": None, "liability": None, "provider": None,
            "status": "complete",
        },
        billing_reason=held.reason,
        collection_method="charge_automatically",
        created=held.created,
        currency="eur",
        customer=held.customer,
        default_tax_rates=[],
        discounts=[],
        hosted_invoice_url=f"https://invoice.stripe.example/i/{held.id}" if final else None,
        invoice_pdf=f"https://invoice.stripe.example/i/{held.id}/pdf" if final else None,
        issuer={"type": "self"},
        lines=page(f"/v1/invoices/{held.id}/lines", lines(held)[:PAGE], len(held.lines) > PAGE),
        livemode=False,
        metadata={},
        number=f"FAKE-{held.id[-4:]}" if final else None,
        parent=_parent(held),
        payment_settings={
            "default_mandate": None, "payment_method_options": None, "payment_method_types": None
        },
        period_end=held.created,
        period_start=held.created,
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        starting_balance=0,
        status=held.status,
        status_transitions={
            "finalized_at": held.created, "marked_uncollectible_at": None, "paid_at": None, "voided_at": None
        },
        subtotal=held.net,
        subtotal_excluding_tax=held.net,
        total=total,
        total_excluding_tax=held.net,
    )  # fmt: skip
    if payments:
        made = [_invoice_payment(held, each) for each in (held.payment, held.attached) if each]
        shown["payments"] = page("/v1/invoice_payments", made)
    return shown


def _parent(held: Invoice) -> dict[str, Any]:
    details = filled(
        stripe.Invoice.Parent.SubscriptionDetails, metadata=held.metadata, subscription=held.subscription
    )
    return {"type": "subscription_details", "quote_details": None, "subscription_details": details}


def lines(of: Invoice) -> list[dict[str, Any]]:
    return [_line(each, f"il_{of.id[3:]}{number}", of.id) for number, each in enumerate(of.lines)]


def _line(held: Line, name: str, of: str) -> dict[str, Any]:
    details = filled(
        stripe.InvoiceLineItem.Parent.SubscriptionItemDetails,
        proration=held.proration,
        subscription=held.subscription,
        subscription_item=held.item,
    )
    tax = {
        "amount": held.tax,
        "tax_behavior": "exclusive",
        "tax_rate_details": {"tax_rate": TAX_RATE},
        "taxability_reason": "standard_rated",
        "taxable_amount": held.amount,
        "type": "tax_rate_details",
    }
    return filled(
        stripe.InvoiceLineItem,
        id=name,
        object="line_item",
        amount=held.amount,
        currency="eur",
        discountable=not held.proration,
        discounts=[],
        invoice=of,
        livemode=False,
        metadata={},
        parent={
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": details,
        },
        period={"start": held.start, "end": held.end},
        quantity=held.quantity,
        quantity_decimal=str(held.quantity),
        subscription=held.subscription,
        subtotal=held.amount,
        taxes=[tax],
    )


def _invoice_payment(of: Invoice, held: Payment) -> dict[str, Any]:
    paid = of.status == "paid"
    made = {"type": "payment_intent", "payment_intent": held.id, "charge": None, "payment_record": None}
    return filled(
        stripe.InvoicePayment,
        id=f"inpay_{held.id[3:]}",
        object="invoice_payment",
        amount_requested=of.net + of.tax,
        created=of.created,
        currency="eur",
        invoice=of.id,
        is_default=held is of.payment,
        livemode=False,
        payment=made,
        status="paid" if paid else "canceled" if of.status == "void" else "open",
        status_transitions={"canceled_at": None, "paid_at": of.created if paid else None},
    )


def payment(of: Invoice, held: Payment) -> dict[str, Any]:
    error = None
    if held.error is not None:
        error = filled(
            stripe.PaymentIntent.LastPaymentError, type="card_error", code=held.error, message="It failed."
        )
    return filled(
        stripe.PaymentIntent,
        id=held.id,
        object="payment_intent",
        amount=of.net + of.tax,
        amount_capturable=0,
        amount_received=of.net + of.tax if held.status == "succeeded" else 0,
        capture_method="automatic",
        confirmation_method="automatic",
        created=of.created,
        currency="eur",
        customer=of.customer,
        last_payment_error=error,
        livemode=False,
        metadata={},
        payment_method_types=["card"],
        status=held.status,
    )


def test_clock(books: StripeRecords, status: str) -> dict[str, Any]:
    return filled(
        stripe.test_helpers.TestClock,
        id=books.test_clock,
        object="test_helpers.test_clock",
        created=AGO,
        deletes_after=books.now + 30 * 86400,
        frozen_time=books.now,
        livemode=False,
        status=status,
        status_details={},
    )


def portal_session(name: str, customer: str, return_url: str, at: int) -> dict[str, Any]:
    return filled(
        stripe.billing_portal.Session,
        id=name,
        object="billing_portal.session",
        configuration="bpc_0001",
        created=at,
        customer=customer,
        livemode=False,
        return_url=return_url,
        url=f"https://billing.stripe.example/session/{name}",
    )
