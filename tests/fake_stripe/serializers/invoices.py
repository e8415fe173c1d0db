"""Invoices with their lines and payments."""

from dataclasses import replace
from typing import Any

import stripe

from tests.fake_stripe.invoice_pdf import build_page_url, build_pdf_url, get_invoice_number
from tests.fake_stripe.records import (
    Invoice,
    InvoiceLine,
    PaymentIntent,
    StripeRecords,
)
from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.serializers.common import EMBEDDED_LIST_SIZE, serialize_list
from tests.fake_stripe.serializers.customers import serialize_shipping
from tests.fake_stripe.taxes import CustomerTax, TaxPart

TAX_RATE = "txr_FR_020"


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
        custom_fields=invoice.custom_fields or None,
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
            serialize_invoice_lines(records, invoice)[:EMBEDDED_LIST_SIZE],
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
        subtotal=sum(_get_line_amount(records, line) for line in invoice.lines),
        subtotal_excluding_tax=sum(
            line.amount - line.inclusive_tax - line.removed_tax for line in invoice.lines
        ),
        total=total,
        total_excluding_tax=total - invoice.tax,
        total_taxes=_sum_taxes(records, invoice),
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
        "customer_shipping": serialize_shipping(stripe.Invoice.CustomerShipping, tax.shipping),
        "customer_tax_exempt": tax.exempt,
        "customer_tax_ids": [{"type": type_, "value": value} for type_, value in tax.ids],
    }


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


def serialize_invoice_lines(records: StripeRecords, invoice: Invoice) -> list[dict[str, Any]]:
    """docs.stripe.com/api/invoice-line-item/object"""
    return [
        _serialize_line(records, each, f"il_{invoice.id[3:]}{number}", invoice.id)
        for number, each in enumerate(invoice.lines)
    ]


def _get_line_amount(records: StripeRecords, line: InvoiceLine) -> int:
    return line.amount - (line.removed_tax if records.exempt_lines == "reduced" else 0)


def _sum_taxes(records: StripeRecords, invoice: Invoice) -> list[dict[str, Any]]:
    """By rate: docs.stripe.com/api/invoices/object, total_taxes"""
    totals: dict[tuple[str, str], TaxPart] = {}
    for part in (each for line in invoice.lines for each in _list_tax_parts(records, line)):
        before = totals.get((part.rate_id, part.reason))
        totals[part.rate_id, part.reason] = (
            part
            if before is None
            else replace(
                part,
                amount=part.amount + before.amount,
                taxable_amount=part.taxable_amount + before.taxable_amount,
            )
        )
    return [_serialize_tax(part) for part in totals.values()]


def _serialize_tax(part: TaxPart) -> dict[str, Any]:
    return {
        "amount": part.amount,
        "tax_behavior": part.behavior,
        "tax_rate_details": {"tax_rate": part.rate_id},
        "taxability_reason": part.reason,
        "taxable_amount": part.taxable_amount,
        "type": "tax_rate_details",
    }


def _list_tax_parts(records: StripeRecords, line: InvoiceLine) -> list[TaxPart]:
    is_untaxed = line.is_tax_exempt and records.exempt_lines != "taxed at 0"
    if line.tax_parts:
        return [] if is_untaxed else line.tax_parts
    return [TaxPart(TAX_RATE, "standard_rated", line.net, line.tax)] if line.tax else []


def _serialize_line(
    records: StripeRecords, line: InvoiceLine, line_id: str, invoice_id: str
) -> dict[str, Any]:
    amount = _get_line_amount(records, line)
    return fill_object(
        stripe.InvoiceLineItem,
        id=line_id,
        object="line_item",
        amount=amount,
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
        subtotal=amount,
        taxes=[_serialize_tax(part) for part in _list_tax_parts(records, line)],
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
