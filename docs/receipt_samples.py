"""Receipts of buyers in several countries, an order confirmation and a quote, for pictures and tests."""

from datetime import UTC, date, datetime
from typing import Any

from bot.billing.pricing import TaxTerms, build_tax_terms
from bot.receipts.quote import QuoteDocument
from models.account import Account, Address, TaxExemption
from models.details import QuoteDetails, QuoteLineDetails, ReceiptDetails
from models.product import Product
from models.quote import Quote, QuoteLine
from models.receipt import Receipt, Seller
from models.subscription.period_length import PeriodLength

IRISH_SELLER = Seller(
    name="GoTo Corporate Account Services",
    address=("77 Sir John Rogerson’s Quay", "Dublin 2", "D02 NW08", "Ireland"),
    tax_id="VAT IE9692928F",
)
VISA = {"brand": "visa", "last4": "4242"}
MASTERCARD = {"brand": "mastercard", "last4": "4444"}


def get_sample_tag(language: str, country: str) -> str:
    """The language tag of a reader in that country, whose formats the pictures have."""
    return {"en": "en-US" if country == "US" else "en-GB", "fr": "fr-FR"}[language]


def build_sample_receipts() -> dict[str, ReceiptDetails]:
    """By the name of the picture. That of the Japanese buyer needs the extra `cjk`.

    Receipts with a number of their own come from the embedded gateway, which charges one rate for each line
    and knows no credit. With Stripe, whose invoices are the documents of record, there are confirmations."""
    samples = {
        "receipt-german": _build_german_receipt(),
        "receipt-british-retried": _build_retried_receipt(),
        "receipt-japanese": _build_japanese_receipt(),
        "receipt-reverse-charge": _build_reverse_charge_receipt(),
        "order-confirmation": _build_order_confirmation(),
        "order-confirmation-two-rates": _build_american_confirmation(),
    }
    return {
        name: ReceiptDetails(receipt, "SO-1007", "SQ-1042", IRISH_SELLER) for name, receipt in samples.items()
    }


def _build_german_receipt() -> Receipt:
    return _build_receipt(
        MUELLER,
        lines=[_build_line(MUELLER, "GoTo Meeting", 10, 7000)],
        cards=[{**VISA, "amount": 8330}],
        po_number="4500012345",
    )


def _build_retried_receipt() -> Receipt:
    """The second line was declined, and charged to another card on the next day."""
    first = {**VISA, "amount": 6000, "paid_on": "2026-11-16"}
    retried = {**MASTERCARD, "amount": 6000, "paid_on": "2026-11-17"}
    return _build_receipt(
        ECHO,
        lines=[
            {**_build_line(ECHO, "GoTo Meeting", 5, 5000), "charged_to": first},
            {**_build_line(ECHO, "GoTo Webinar", 1, 5000), "charged_to": retried},
        ],
        cards=[first, retried],
        issued_at=datetime(2026, 11, 17, 9, tzinfo=UTC),
        issued_on=date(2026, 11, 17),
    )


def _build_japanese_receipt() -> Receipt:
    account = _build_account(
        "株式会社アクメ",
        _build_address("千代田1-1", "100-0001", "千代田区", "JP", state="東京都"),
        currency="JPY",
        tax_rate="0.10",
        tax_name="JCT",
        tax_id="T5835678256246",
    )
    return _build_receipt(
        account,
        lines=[_build_line(account, "GoTo Meeting", 3, 4500)],
        cards=[{"brand": "jcb", "last4": "0505", "amount": 4950}],
    )


def _build_reverse_charge_receipt() -> Receipt:
    account = _build_account(
        "Acme SA",
        _build_address("1 rue de la Paix", "75002", "Paris", "FR"),
        tax_exemption=TaxExemption.REVERSE,
        tax_id="FR40303265045",
    )
    return _build_receipt(
        account,
        lines=[_build_line(account, "GoTo Meeting", 10, 7000)],
        cards=[{**VISA, "amount": 7000}],
    )


def _build_order_confirmation() -> Receipt:
    return _build_receipt(
        ECHO,
        number="SO-1007",
        lines=[
            {**_build_line(ECHO, "GoTo Meeting", 5, 5000), "invoice_number": "A1B2C3D4-0007"},
            {**_build_line(ECHO, "GoTo Webinar", 1, 5000), "invoice_number": "A1B2C3D4-0008"},
        ],
        cards=[{**VISA, "amount": 12000}],
        po_number="PO-2026-118",
    )


def _build_american_confirmation() -> Receipt:
    """Stripe charges the taxes of state and city, and uses up the customer's credit."""
    account = _build_account(
        "Gamma Inc", _build_address("20 Water St", "10004", "New York", "US", state="NY"), currency="USD"
    )
    taxes = [
        {"name": "NY State Tax", "percent": "4", "taxable_amount": 20000, "amount": 800},
        {"name": "NYC Sales Tax", "percent": "4.5", "taxable_amount": 20000, "amount": 900},
    ]
    line = {
        **_build_line(account, "GoTo Training", 2, 20000),
        "tax": 1700,
        "taxes": taxes,
        "credit_used": 1700,
        "invoice_number": "E5F6A7B8-0003",
    }
    return _build_receipt(
        account,
        number="SO-1007",
        lines=[line],
        cards=[{"brand": "amex", "last4": "0005", "amount": 20000}],
        po_number="PO-2026-118",
    )


def build_sample_quote() -> QuoteDocument:
    """What a German buyer forwards to the person who pays."""
    made_at = datetime(2026, 11, 15, 23, tzinfo=UTC)
    lines = [
        _build_quote_line("goto-meeting", 10, 7000),
        _build_quote_line("goto-webinar", 2, 9000),
    ]
    quote = Quote(
        id=1,
        number="SQ-1042",
        account_id=MUELLER.id,
        created_at=made_at,
        frozen_at=made_at,
        expires_at=datetime(2026, 11, 30, 23, tzinfo=UTC),
        currency="EUR",
        address=MUELLER.billing_address.model_dump(),
        subtotal=16000,
        tax=3040,
        total=19040,
        recurring=[_compute_renewal_total(lines)],
        tax_facts=_build_tax_terms(MUELLER).tax_details,
    )
    names = {"goto-meeting": "GoTo Meeting", "goto-webinar": "GoTo Webinar"}
    rows = [
        QuoteLineDetails(
            line, Product(id=line.product_id, name=names[line.product_id], additional_seats=True)
        )
        for line in lines
    ]
    details = QuoteDetails(MUELLER, quote, rows, made_at)
    return QuoteDocument(details, IRISH_SELLER, "https://services.example/help")


def _compute_renewal_total(lines: list[QuoteLine]) -> dict[str, Any]:
    amounts = [(line.seats_before + line.seats) * (line.unit_price or 0) for line in lines]
    terms = _build_tax_terms(MUELLER)
    tax = sum(terms.compute_item("", amount).amount for amount in amounts)
    return {"period": "month", "net": sum(amounts), "tax": tax}


def _build_quote_line(product_id: str, seats: int, amount: int) -> QuoteLine:
    tax = _build_tax_terms(MUELLER).compute_item(product_id, amount)
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
        tax=tax.amount,
        taxes=(tax,),
    )


def _build_receipt(
    account: Account, *, lines: list[dict[str, Any]], number: str = "R-1001", **values: Any
) -> Receipt:
    subtotal, tax = sum(line["amount"] for line in lines), sum(line["tax"] for line in lines)
    usual = {
        "issued_at": datetime(2026, 11, 16, 9, tzinfo=UTC),
        "issued_on": date(2026, 11, 16),
        "seller": IRISH_SELLER.model_dump(mode="json"),
    }
    return Receipt(
        number=number,
        account_id=account.id,
        order_id=1,
        buyer=account.name,
        address=account.billing_address.model_dump(),
        currency=account.currency,
        subtotal=subtotal,
        tax=tax,
        total=subtotal + tax,
        lines=lines,
        tax_facts=_build_tax_terms(account).tax_details,
        **{**usual, **values},
    )


def _build_line(account: Account, product: str, seats: int, amount: int) -> dict[str, Any]:
    tax = _build_tax_terms(account).compute_item(product, amount)
    return {
        "product": product,
        "seats": seats,
        "unit_price": 2 * amount // seats,
        "period": "month",
        "since": "2026-11-16",
        "until": "2026-12-01",
        "amount": amount,
        "tax": tax.amount,
        "taxes": [tax.model_dump(mode="json")],
    }


def _build_tax_terms(account: Account) -> TaxTerms:
    return build_tax_terms(account, account.billing_address, {})


def _build_account(name: str, address: Address, **values: Any) -> Account:
    usual = {"id": "buyer", "slack_team": "T01", "currency": "EUR", "home_country": address.country}
    return Account(name=name, **address.model_dump(), **{**usual, **values})


def _build_address(line1: str, postal_code: str, city: str, country: str, state: str = "") -> Address:
    return Address(line1=line1, postal_code=postal_code, city=city, state=state, country=country)


MUELLER = _build_account(
    "Müller & Söhne GmbH",
    _build_address("Hauptstraße 5", "10827", "Berlin", "DE"),
    time_zone="Europe/Berlin",
    tax_rate="0.19",
    tax_name="USt",
    tax_id="DE136695976",
)
ECHO = _build_account(
    "Echo Ltd",
    _build_address("3 Mill Lane", "CB2 1RX", "Cambridge", "GB"),
    currency="GBP",
    tax_rate="0.20",
    tax_name="VAT",
    tax_id="GB980780684",
)
