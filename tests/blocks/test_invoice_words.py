"""Nobody is charged for an order on invoice, and no screen, message, email or document says so (R3, R26)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fluent.syntax import FluentParser
from fluent.syntax.ast import Message, TextElement
from fluent.syntax.visitor import Visitor

from bot.blocks import account, cart, checkout, invoice, quote, service_order
from bot.blocks.home import page as home_page
from bot.blocks.notice import render_notice_message
from bot.i18n import Localizer
from bot.notices.email import render_email
from bot.receipts.pdf import build_receipt_content
from bot.receipts.quote import QuoteDocument, build_quote_content
from models.audit.entry import AuditEntry
from models.details import AccountOverview, OrderDetails, OrderLineDetails, QuoteDetails, ReceiptDetails
from models.invoice import InvoiceStatus
from models.notice import NoticeKind
from models.payment_method import build_invoice_method
from models.quote import QuoteStatus
from models.receipt import AmountDifference, Receipt, ReceiptLine, Seller
from models.service_order import LineStatus, OrderStatus
from models.subscription.period_length import PeriodLength
from tests.blocks import sample_messages, samples
from tests.blocks.limits import list_texts
from tests.blocks.sample_messages import make_message
from tests.blocks.samples import AT, USUAL
from tests.blocks.test_limits import LINKS, PLACE, URL

TEXTS = Path(__file__).parents[2] / "bot" / "i18n"
WORDS = {
    "en": re.compile(r"charg|\b(taken|took|cards?)\b|another payment method", re.IGNORECASE),
    "fr": re.compile(r"débit|prélev|\bcartes?\b|ce mode de paiement", re.IGNORECASE),
}
# Of a line with a payment method, or about tax. Everything else is said of lines on invoice too.
SAID_OF_CHARGES = {
    *(
        "tax-note",
        "tax-rate-name",
        "tax-without-rate",
        "quote-due-now",
        "quote-file-due",
        "checkout-payment-method",
    ),
    *("payment-method", "payment-method-card", "payment-method-charged", "payment-method-state"),
    *("payment-method-type", "placement-intro", "placement-consequence", "order-line-charging"),
    *("order-line-settled", "order-line-needs-customer", "line-status", "retry-intro"),
    *("decline-card-declined", "decline-paid-by-invoice", "decline-method-gone", "account-methods-none"),
    *("decline-method-not-accepted", "refusal-payment-method-not-accepted", "refusal-card-number-typed"),
    *("home-payment-expires-soon", "refusal-no-automatic-payment-method"),
    *("refusal-payment-method-not-usable", "refusal-payment-method-unsupported", "notice-order-retry"),
    *("notice-order-confirm", "notice-order-confirm-until", "notice-history", "receipt-line-method"),
    *("receipt-charged-to", "refusal-contact-email-taken", "refusal-view-trigger-expired"),
}
CARD_REASONS = {
    "card_declined",
    "customer_timeout",
    "authentication_failed",
    "method_gone",
    "method_not_accepted",
    "paid_by_invoice",
}
DECLINE_KEYS = re.findall(r"^decline-([a-z-]+) =", (TEXTS / "en.ftl").read_text(), re.MULTILINE)
REASONS = sorted({key.replace("-", "_") for key in DECLINE_KEYS if not key.endswith("-to")} - CARD_REASONS)
REASONS[REASONS.index("with_code")] = "a_code_of_the_provider"
PRICED_REASONS = [key.removesuffix("-to").replace("-", "_") for key in DECLINE_KEYS if key.endswith("-to")]
STATUSES = [status for status in LineStatus if status is not LineStatus.NEEDS_CUSTOMER]
STEPS = ("placed", "processing", "completed", "failed", "retried", "given_up", "overdue", "seat_assigned")
KINDS = [
    kind
    for kind in NoticeKind
    if kind.value.startswith(("order", "invoice", "receipt", "quote"))
    and kind is not NoticeKind.ORDER_NEEDS_CUSTOMER
]


def find_words(reader: Localizer, shown: Any) -> list[str]:
    found = [*list_texts(shown), *list_strings(shown)]
    return [text for text in found if WORDS[reader.language].search(text)]


def list_strings(part: Any) -> Iterator[str]:
    """Plain ones, at any depth outside blocks."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from list_strings(inner)
    elif isinstance(part, dict) and "type" not in part:
        for inner in part.values():
            yield from list_strings(inner)


def build_row(number: int, status: LineStatus, reason: str | None = None, **changes: Any) -> OrderLineDetails:
    row = samples.make_order_line_details(number, status, USUAL, reason)
    return replace(row, line=row.line.model_copy(update={"is_on_invoice": True, **changes}))


def build_rows() -> list[OrderLineDetails]:
    """A line in every state, and declined for every reason."""
    settled = [
        replace(build_row(number, LineStatus.SETTLED), invoice=samples.make_invoice(number, status))
        for number, status in enumerate(InvoiceStatus)
    ]
    priced = [
        build_row(number, LineStatus.DECLINED, reason, offered_amount=1100, offered_tax=220)
        for number, reason in enumerate(PRICED_REASONS)
    ]
    return [
        replace(build_row(0, LineStatus.WAITING), blocking_order_number="SO-1001"),
        *(build_row(1, status) for status in STATUSES),
        *settled,
        build_row(2, LineStatus.SETTLED, settled_amount=1100, settled_tax=220),
        *(build_row(number, LineStatus.DECLINED, reason) for number, reason in enumerate(REASONS)),
        *priced,
    ]


@cache
def build_history() -> list[AuditEntry]:
    return [
        *(build_entry("line", status.value) for status in STATUSES),
        *(build_entry("line", "declined", reason) for reason in REASONS),
        *(build_entry("invoice", status.value) for status in InvoiceStatus),
        *map(build_entry, STEPS),
    ]


def build_entry(action: str, status: str | None = None, reason: str | None = None) -> AuditEntry:
    entry = samples.make_audit_entry("service_order:SO-1007", action, status, reason)
    entry.details = {"on_invoice": True, "invoice": "INV-1000"}
    return entry


@cache
def build_orders() -> list[OrderDetails]:
    """In every state, while declined lines can be tried again and after that."""
    receipts = [build_receipt(), build_receipt(invoiced=0, credit_used=1200)]
    return [
        replace(
            samples.make_order_details(*build_rows(), status=status),
            at=at,
            payment_method=build_invoice_method("acme"),
            receipt=receipt if status is OrderStatus.COMPLETED else None,
            history=build_history(),
        )
        for status in OrderStatus
        for receipt, at in zip(receipts, (AT, AT + timedelta(days=2)), strict=True)
    ]


def build_receipt(**changes: Any) -> Receipt:
    usual = {
        "product": "GoTo Meeting",
        "seats": 2,
        "unit_price": 1400,
        "period": PeriodLength.MONTH,
        "since": date(2026, 11, 10),
        "until": date(2026, 12, 1),
        "amount": 1000,
        "tax": 200,
        "invoice_number": "INV-1000",
        "invoiced": 1200,
        "due_on": date(2026, 12, 10),
        "difference": AmountDifference(promised=1000, charged=1200),
    }
    line = ReceiptLine.model_validate({**usual, **changes})
    receipt = samples.make_receipt()
    receipt.lines, receipt.cards = [line.model_dump(mode="json")], []
    return receipt


@cache
def build_quotes() -> list[QuoteDetails]:
    decided = map(samples.make_decided_quote, (QuoteStatus.ACCEPTED, QuoteStatus.EXPIRED))
    quotes = [*map(samples.add_invoice_terms, [samples.make_quote_details(), *decided])]
    for ends_on in (samples.END, samples.END + timedelta(days=5)):
        ending = samples.add_invoice_terms(samples.make_quote_details())
        rows = [replace(r, outlook=r.outlook.model_copy(update={"ends_on": ends_on})) for r in ending.rows]
        quotes.append(replace(ending, rows=rows))
    return quotes


def build_overview() -> AccountOverview:
    overview = samples.add_invoices(samples.make_account_overview())
    offer, *_ = build_quotes()
    terms = {"outlook": offer.rows[0].outlook}
    orders = build_orders()
    return replace(
        overview,
        rows=[replace(r, subscription=r.subscription.model_copy(update=terms)) for r in overview.rows],
        payment_methods=[],
        pending_quotes=[offer],
        open_orders=[details for details in orders if not details.order.is_finished],
        failed_orders=[details for details in orders if details.order.status is OrderStatus.FAILED],
    )


def render_order_screens(reader: Localizer, details: OrderDetails) -> Iterator[Any]:
    yield service_order.render_order_modal(reader, details, PLACE, services_url=URL)
    yield service_order.render_placed_modal(reader, details, PLACE, services_url=URL)
    yield service_order.render_order_list_modal(reader, details.account, [details], PLACE, has_older=False)
    yield service_order.render_history_modal(reader, details, PLACE)
    yield service_order.render_retry_modal(reader, details, [], PLACE)


def render_quote_screens(reader: Localizer, details: QuoteDetails) -> Iterator[Any]:
    yield quote.render_quote_list_modal(reader, details.account, [details], PLACE)
    yield quote.render_quote_modal(reader, details, PLACE)
    yield quote.render_reject_modal(reader, details, PLACE)
    yield cart.render_pending_quotes_modal(reader, [details], PLACE, details, has_new_quotes=True)
    page = replace(samples.make_checkout_page(), quote=details, needs_payment_method=False)
    yield checkout.render_checkout_modal(reader, replace(page, payment_methods=[]), PLACE)
    methods = [build_invoice_method("acme") for _ in details.rows]
    placement = replace(samples.make_placement_page(), quote=details, payment_methods=methods)
    yield service_order.render_placement_modal(reader, placement, PLACE)
    yield build_quote_content(reader, QuoteDocument(details, Seller(name="GoTo"), URL))


def render_account_screens(reader: Localizer) -> Iterator[Any]:
    overview = build_overview()
    yield account.render_account_modal(reader, overview, PLACE, LINKS)
    yield home_page.render_home(reader, [overview], LINKS, page=0, show_charts=False)
    page = replace(samples.make_cart_page(own=True), rows=overview.rows)
    yield cart.render_cart_modal(reader, page, PLACE, 1000, services_url=URL)
    for status in InvoiceStatus:
        yield invoice.render_invoice_modal(reader, samples.make_invoice_page(status=status), PLACE)


def render_notices(reader: Localizer, kind: NoticeKind, **changes: Any) -> Iterator[Any]:
    for to in ("contact", "channel", "services"):
        yield render_notice_message(make_message(kind, reader, to=to, **changes), URL)
    mail = render_email(make_message(kind, reader, to="email", **changes), URL)
    yield [mail.subject, mail.text]


def list_notice_changes(kind: NoticeKind) -> Iterator[dict[str, Any]]:
    """Every order with one payload, and every payload with one order."""
    if kind.value.startswith("quote"):
        yield from ({"quote": details} for details in build_quotes())
        return
    first, *payloads = list_payloads(kind)
    orders = [each for each in build_orders() if each.receipt or not kind.value.startswith("receipt")]
    yield from ({"order": details, "payload": first} for details in orders)
    # Its reason is all that it adds to the lines of the order.
    short = replace(orders[0], rows=[build_row(0, LineStatus.DECLINED, "period_ended")])
    yield from ({"order": short, "payload": payload} for payload in payloads)


def list_payloads(kind: NoticeKind) -> list[Any]:
    payload = sample_messages.make_payload(kind)
    if kind is NoticeKind.ORDER_HISTORY:
        steps = [step for step in sample_messages.STEPS if step != "line_needs_customer"]
        return [payload.model_copy(update={"step": step, "reason": "period_ended"}) for step in steps]
    if kind is NoticeKind.ORDER_DECLINED:
        prices = {"promised_total": 1000, "offered_total": 1200}
        return [payload.model_copy(update={"reason": reason, **prices}) for reason in REASONS]
    return [payload]


def test_no_screen_of_an_order_on_invoice_says_charged(reader: Localizer) -> None:
    screens = [screen for details in build_orders() for screen in render_order_screens(reader, details)]
    screens += [screen for details in build_quotes() for screen in render_quote_screens(reader, details)]
    for screen in [*screens, *render_account_screens(reader)]:
        assert find_words(reader, screen) == []
    charged = samples.make_order_details(samples.make_order_line_details(0, LineStatus.SETTLED))
    assert any(find_words(reader, screen) for screen in render_order_screens(reader, charged))


@pytest.mark.parametrize("kind", KINDS)
def test_no_notice_of_an_order_on_invoice_says_charged(reader: Localizer, kind: NoticeKind) -> None:
    for changes in list_notice_changes(kind):
        for shown in render_notices(reader, kind, **changes):
            assert find_words(reader, shown) == []


def test_no_document_of_an_order_on_invoice_says_charged(reader: Localizer) -> None:
    unusual = ({"invoiced": 0, "credit_used": 1200}, {"invoiced": 0, "carried_over": 1200})
    for receipt in [build_receipt(), *(build_receipt(**changes) for changes in unusual)]:
        details = ReceiptDetails(receipt, "SO-1007", "SQ-1001", Seller(name="GoTo"))
        assert find_words(reader, build_receipt_content(reader, details)) == []


class TextCollector(Visitor):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def visit_TextElement(self, node: TextElement) -> None:  # noqa: N802 - the visitor's name for it
        self.texts.append(node.value)


@pytest.mark.parametrize("language", WORDS)
def test_texts_that_say_charged_are_only_said_of_charges(language: str) -> None:
    """A new one is added to the list, or says what is true for an invoice as well."""
    said = set()
    for message in FluentParser().parse((TEXTS / f"{language}.ftl").read_text()).body:
        collector = TextCollector()
        collector.visit(message)
        if isinstance(message, Message) and WORDS[language].search("|".join(collector.texts)):
            said.add(message.id.name)
    assert said - SAID_OF_CHARGES == set()
