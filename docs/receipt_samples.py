"""Receipts of buyers in several countries, an order confirmation and a quote, for pictures and tests."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from bot.receipts.quote import QuoteDocument
from models.account import Account
from models.details import QuoteDetails, QuoteLineDetails, ReceiptDetails
from models.product import Product
from models.quote import Quote, QuoteLine
from models.receipt import Receipt, Seller
from models.subscription.period_length import PeriodLength
from models.tax import TaxDetails, TaxItem

IRISH_SELLER = Seller(
    name="GoTo Corporate Account Services",
    address=("77 Sir John Rogerson’s Quay", "Dublin 2", "D02 NW08", "Ireland"),
    tax_id="VAT IE9692928F",
)
VISA = {"brand": "visa", "last4": "4242"}
MASTERCARD = {"brand": "mastercard", "last4": "4444"}


def build_sample_receipts() -> dict[str, ReceiptDetails]:
    """By the name of the picture. That of the Japanese buyer needs the extra `cjk`."""
    samples = {
        "german": _build_german_receipt(),
        "british-retried": _build_retried_receipt(),
        "american-two-rates": _build_american_receipt(),
        "japanese": _build_japanese_receipt(),
        "reverse-charge": _build_reverse_charge_receipt(),
        "order-confirmation": _build_order_confirmation(),
    }
    return {
        name: ReceiptDetails(receipt, "SO-1007", "SQ-1042", IRISH_SELLER) for name, receipt in samples.items()
    }


def _build_german_receipt() -> Receipt:
    lines = [_build_line("GoTo Meeting", 10, 7000, [_build_tax("VAT", "19", 7000, 1330)])]
    return _build_receipt(
        buyer="Müller & Söhne GmbH",
        address=_build_address("Hauptstraße 5", "10827", "Berlin", "DE"),
        lines=lines,
        cards=[{**VISA, "amount": 8330}],
        tax_facts=TaxDetails(buyer_tax_ids=("DE136695976",)),
        po_number="4500012345",
    )


def _build_retried_receipt() -> Receipt:
    """The second line was declined, and charged to another card on the next day."""
    vat = [_build_tax("VAT", "20", 5000, 1000)]
    first = {**VISA, "amount": 6000, "paid_on": "2026-11-16"}
    retried = {**MASTERCARD, "amount": 6000, "paid_on": "2026-11-17"}
    lines = [
        {**_build_line("GoTo Meeting", 5, 5000, vat), "charged_to": first},
        {**_build_line("GoTo Webinar", 1, 5000, vat), "charged_to": retried},
    ]
    return _build_receipt(
        buyer="Echo Ltd",
        address=_build_address("3 Mill Lane", "CB2 1RX", "Cambridge", "GB"),
        currency="GBP",
        lines=lines,
        cards=[first, retried],
        issued_at=datetime(2026, 11, 17, 9, tzinfo=UTC),
        issued_on=date(2026, 11, 17),
        tax_facts=TaxDetails(buyer_tax_ids=("GB980780684",)),
    )


def _build_american_receipt() -> Receipt:
    taxes = [
        _build_tax("NY State Tax", "4", 20000, 800),
        _build_tax("NYC Sales Tax", "4.5", 20000, 900),
    ]
    line = {**_build_line("GoTo Training", 2, 20000, taxes), "credit_used": 1700}
    return _build_receipt(
        buyer="Gamma Inc",
        address=_build_address("20 Water St", "10004", "New York", "US", state="NY"),
        currency="USD",
        lines=[line],
        cards=[{"brand": "amex", "last4": "0005", "amount": 20000}],
        po_number="PO-2026-118",
    )


def _build_japanese_receipt() -> Receipt:
    lines = [_build_line("GoTo Meeting", 3, 4500, [_build_tax("JCT", "10", 4500, 450)])]
    return _build_receipt(
        buyer="株式会社アクメ",
        address=_build_address("千代田1-1", "100-0001", "千代田区", "JP", state="東京都"),
        currency="JPY",
        lines=lines,
        cards=[{"brand": "jcb", "last4": "0505", "amount": 4950}],
        tax_facts=TaxDetails(buyer_tax_ids=("T5835678256246",)),
    )


def _build_reverse_charge_receipt() -> Receipt:
    tax = {"treatment": "reverse_charge", "taxable_amount": 7000, "amount": 0}
    return _build_receipt(
        buyer="Acme SA",
        address=_build_address("1 rue de la Paix", "75002", "Paris", "FR"),
        lines=[_build_line("GoTo Meeting", 10, 7000, [tax])],
        cards=[{**VISA, "amount": 7000}],
        tax_facts=TaxDetails(buyer_tax_ids=("FR40303265045",)),
    )


def _build_order_confirmation() -> Receipt:
    """With Stripe: the documents of record are its invoices, which are named."""
    vat = [_build_tax("VAT", "20", 5000, 1000)]
    lines = [
        {**_build_line("GoTo Meeting", 5, 5000, vat), "invoice_number": "A1B2C3D4-0007"},
        {**_build_line("GoTo Webinar", 1, 5000, vat), "invoice_number": "A1B2C3D4-0008"},
    ]
    return _build_receipt(
        number="SO-1007",
        buyer="Echo Ltd",
        address=_build_address("3 Mill Lane", "CB2 1RX", "Cambridge", "GB"),
        currency="GBP",
        lines=lines,
        cards=[{**VISA, "amount": 12000}],
        tax_facts=TaxDetails(buyer_tax_ids=("GB980780684",)),
        po_number="PO-2026-118",
    )


def build_sample_quote() -> QuoteDocument:
    """What a German buyer forwards to the person who pays."""
    account = Account(
        id="mueller",
        name="Müller & Söhne GmbH",
        slack_team="T01",
        currency="EUR",
        time_zone="Europe/Berlin",
        home_country="DE",
        line1="Hauptstraße 5",
        postal_code="10827",
        city="Berlin",
        country="DE",
    )
    made_at = datetime(2026, 11, 15, 23, tzinfo=UTC)
    lines = [
        _build_quote_line("goto-meeting", 10, 7000, 1330),
        _build_quote_line("goto-webinar", 2, 9000, 1710),
    ]
    quote = Quote(
        id=1,
        number="SQ-1042",
        account_id=account.id,
        created_at=made_at,
        frozen_at=made_at,
        expires_at=datetime(2026, 11, 30, 23, tzinfo=UTC),
        currency="EUR",
        address=account.billing_address.model_dump(),
        subtotal=16000,
        tax=3040,
        total=19040,
        recurring=[{"period": "month", "net": 58000, "tax": 11020}],
        tax_facts=TaxDetails(buyer_tax_ids=("DE136695976",)),
    )
    names = {"goto-meeting": "GoTo Meeting", "goto-webinar": "GoTo Webinar"}
    rows = [
        QuoteLineDetails(
            line, Product(id=line.product_id, name=names[line.product_id], additional_seats=True)
        )
        for line in lines
    ]
    details = QuoteDetails(account, quote, rows, made_at)
    return QuoteDocument(details, IRISH_SELLER, "https://services.example/help")


def _build_quote_line(product_id: str, seats: int, amount: int, tax: int) -> QuoteLine:
    return QuoteLine(
        quote_id=1,
        subscription_id=f"sub_{product_id}",
        product_id=product_id,
        seats=seats,
        seats_before=20,
        unit_price=2 * amount // seats,
        period=PeriodLength.MONTH,
        period_start=date(2026, 11, 1),
        period_end=date(2026, 12, 1),
        amount=amount,
        tax=tax,
        taxes=(TaxItem(name="VAT", percent=Decimal(19), taxable_amount=amount, amount=tax),),
    )


def _build_receipt(
    *, lines: list[dict[str, Any]], number: str = "R-1001", currency: str = "EUR", **values: Any
) -> Receipt:
    subtotal, tax = sum(line["amount"] for line in lines), sum(line["tax"] for line in lines)
    usual = {
        "account_id": "acme",
        "order_id": 1,
        "issued_at": datetime(2026, 11, 16, 9, tzinfo=UTC),
        "issued_on": date(2026, 11, 16),
        "seller": IRISH_SELLER.model_dump(mode="json"),
    }
    return Receipt(
        number=number,
        currency=currency,
        subtotal=subtotal,
        tax=tax,
        total=subtotal + tax,
        lines=lines,
        **{**usual, **values},
    )


def _build_line(product: str, seats: int, amount: int, taxes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "product": product,
        "seats": seats,
        "unit_price": 2 * amount // seats,
        "period": "month",
        "since": "2026-11-16",
        "until": "2026-12-01",
        "amount": amount,
        "tax": sum(tax["amount"] for tax in taxes),
        "taxes": taxes,
    }


def _build_tax(name: str, percent: str, taxable_amount: int, amount: int) -> dict[str, Any]:
    return {"name": name, "percent": percent, "taxable_amount": taxable_amount, "amount": amount}


def _build_address(line1: str, postal_code: str, city: str, country: str, state: str = "") -> dict[str, str]:
    return {"line1": line1, "postal_code": postal_code, "city": city, "state": state, "country": country}
