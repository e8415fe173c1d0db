"""What screens show: as it usually is, and with the longest names and the most of everything.

A table's object takes a tenth of a millisecond to make, and the longest samples are rendered hundreds of
times: what their rows are made of is made once, and not to be changed.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from models.account import Account, Address, Portal
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.account.contact_invitation import (
    INVITATION_VALIDITY,
    MAX_OPEN_INVITATIONS,
    ContactInvitation,
    InvitationDetails,
    InvitationStatus,
)
from models.account.spending import Spending, SpentAmount, build_spending
from models.audit.entry import Actor, AuditEntry, AuditPerson
from models.checkout import MAX_PO_NUMBER_LENGTH, CheckoutForm
from models.details import (
    AccountOverview,
    CartPage,
    CheckoutPage,
    ContactsPage,
    InvoiceDetails,
    InvoicePage,
    OrderDetails,
    OrderLineDetails,
    PlacementPage,
    QuoteDetails,
    QuoteLineDetails,
    RepeatedOrder,
    RepeatedSeats,
    SubscriptionDetails,
)
from models.errors import Refusal
from models.invoice import Invoice, InvoiceStatus
from models.notice.notification_preferences import NotificationPreferences
from models.payment_method import PaymentMethod
from models.product import Product, ProductNotSelfServed
from models.quote import Quote, QuoteLine, QuoteStatus
from models.quote.extension import QuoteExtension
from models.receipt import ProviderReceipt, Receipt
from models.receipt_export import ExportPage, ExportProgress, ReceiptExport
from models.service_order import LineStatus, OrderLine, OrderStatus, ServiceOrder
from models.subscription import SeatBlock, Subscription, SubscriptionEnded
from models.subscription.period_length import PeriodLength
from models.subscription.seat_history import SeatHistory
from models.subscription.upcoming_changes import InvoiceTerms, UpcomingChanges
from models.tax import TaxDetails

AT = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
START, END = date(2026, 11, 1), date(2026, 12, 1)


@dataclass(frozen=True)
class Size:
    """How much of everything there is; `names` pads every name to that length, with what escaping makes
    longest."""

    names: int = 0
    rows: int = 2
    quotes: int = 2
    people: int = 2

    def name(self, text: str) -> str:
        return text.ljust(self.names, "&") if self.names else text


USUAL = Size()
LONGEST = Size(names=200, rows=200, quotes=45, people=250)


def make_account(size: Size = USUAL, portal: Portal = Portal.CORPORATE, id_: str = "acme") -> Account:
    return Account(
        id=id_,
        name=size.name("Acme & Söhne SA" if id_ == "acme" else f"Acme & Söhne SA {id_}"),
        slack_team="T1",
        currency="EUR",
        time_zone="Europe/Paris",
        default_portal=portal,
        line1="1 rue de la Paix",
        postal_code="75002",
        city="Paris",
        country="FR",
        home_country="FR",
    )


@cache
def make_product(number: int, size: Size = USUAL) -> Product:
    names = ("GoTo Meeting", "GoTo Webinar", "GoTo Training")
    name = names[number] if number < len(names) else f"Product {number}"
    return Product(id=f"product-{number}", name=size.name(name), additional_seats=True)


@cache
def make_subscription_details(
    number: int, size: Size = USUAL, *, orderable: bool = True
) -> SubscriptionDetails:
    sold = make_product(number, size)
    held = Subscription(
        id=f"sub_{number}",
        account_id="acme",
        product_id=sold.id,
        seats=25,
        unit_price=1400,
        period=PeriodLength.YEAR if number % 2 else PeriodLength.MONTH,
        period_start=START,
        period_end=END,
    )
    refusal = None if orderable else ProductNotSelfServed(product=sold.name, reason=size.name("Not sold."))
    blocks = [] if number else [SeatBlock(subscription_id=held.id, unit_price=1300, seats=5)]
    return SubscriptionDetails(held, sold, refusal, blocks)


def make_cart_page(size: Size = USUAL, *, own: bool = False) -> CartPage:
    rows = [make_subscription_details(n, size) for n in range(size.rows)]
    rows += [make_subscription_details(n + size.rows, size, orderable=False) for n in range(3)]
    return CartPage(make_account(size), rows, {"sub_0": 5}, make_quote() if own else None)


def make_repeated_cart_page(size: Size = USUAL) -> CartPage:
    page = make_cart_page(size)
    seats = [RepeatedSeats(row, 5) for row in page.rows]
    missing: list[tuple[RepeatedSeats, Refusal]] = [
        (each, SubscriptionEnded(product=each.row.product.name)) for each in seats
    ]
    return replace(page, repeated=RepeatedOrder("SO-1007", seats, missing, seats, seats))


def make_quote(number: int = 1, lines: int = 2) -> Quote:
    net = 1000 * lines
    return Quote(
        id=number,
        number=f"SQ-{1000 + number}",
        account_id="acme",
        contact_id=1,
        created_at=AT - timedelta(days=2),
        frozen_at=AT - timedelta(days=2),
        expires_at=AT + timedelta(days=20),
        currency="EUR",
        address=make_account().billing_address.model_dump(),
        subtotal=net,
        tax=net // 5,
        total=net + net // 5,
        recurring=[
            {"period": "month", "net": 42000, "tax": 8400},
            {"period": "year", "net": 18000, "tax": 3600},
        ],
    )


@cache
def make_quote_line(number: int, quote_id: int = 1) -> QuoteLine:
    return QuoteLine(
        id=number + 1,
        quote_id=quote_id,
        subscription_id=f"sub_{number}",
        product_id=f"product-{number}",
        seats=number % 3 + 1,
        seats_before=25,
        unit_price=1400,
        period=PeriodLength.MONTH,
        period_start=START,
        period_end=END,
        amount=1000,
        tax=200,
    )


def make_quote_details(number: int = 1, size: Size = USUAL) -> QuoteDetails:
    rows = [QuoteLineDetails(make_quote_line(n, number), make_product(n, size)) for n in range(size.rows)]
    return QuoteDetails(make_account(size), set_tax_details(make_quote(number, size.rows), size), rows, AT)


def set_tax_details(quote: Quote, size: Size) -> Quote:
    """The longest are those of a shipping address and many tax ids."""
    if size.names:
        address = Address(line1=size.name("Dock 1"), postal_code="E1", city=size.name("London"), country="GB")
        ids = tuple(size.name(f"ID{n}")[:60] for n in range(9))
        quote.tax_facts = TaxDetails(buyer_tax_ids=ids, address=address)
    return quote


def make_extension(size: Size = USUAL, **fields: Any) -> QuoteExtension:
    usual = {
        "id": 5,
        "quote_id": 1,
        "contact_id": 1,
        "requested_by": size.name("Alice Martin"),
        "requested_at": AT,
        "requested_until": date(2026, 11, 30),
        "reason": "é&" * 250 if size.names else "The CFO is away <!channel>",
    }
    return QuoteExtension(**{**usual, **fields})


def make_declined_extension(size: Size = USUAL) -> QuoteExtension:
    extension = make_extension(size)
    extension.decline(AT, size.name("Vera Lind"), extension.reason)
    return extension


def make_approved_extension(size: Size = USUAL) -> QuoteExtension:
    extension = make_extension(size)
    extension.approve(date(2026, 11, 30), AT, size.name("Vera Lind"))
    return extension


def make_decided_quote(status: QuoteStatus, size: Size = USUAL, *, replaced: bool = False) -> QuoteDetails:
    details = make_quote_details(1, size)
    details.quote.change_status(status, AT, size.name("Bob Durand"), "too dear <!channel>")
    order = make_service_order(size) if status is QuoteStatus.ACCEPTED else None
    return replace(details, replacement_number="SQ-2000" if replaced else None, order=order)


def make_quote_details_list(size: Size = USUAL) -> list[QuoteDetails]:
    few_rows = replace(size, rows=min(size.rows, 8))
    return [make_quote_details(number, few_rows) for number in range(2, 2 + size.quotes)]


@cache
def make_administrator(number: int, size: Size = USUAL) -> Administrator:
    return Administrator(
        id=number + 1,
        account_id="acme",
        name=size.name(f"Hugo Petit {number}"),
        email=f"hugo{number}@acme.example",
    )


def make_administrators(size: Size = USUAL) -> list[Administrator]:
    return [make_administrator(n, size) for n in range(size.people)]


@cache
def make_payment_method(number: int, *, expiry: tuple[int, int] = (2028, 4)) -> PaymentMethod:
    return PaymentMethod(
        id=f"pm_{number}",
        account_id="acme",
        brand="visa",
        last4="4242",
        expiry_year=expiry[0],
        expiry_month=expiry[1],
        is_default=number == 0,
    )


def make_payment_methods(count: int = 2) -> list[PaymentMethod]:
    return [make_payment_method(n) for n in range(count)]


@cache
def make_contact(number: int, size: Size = USUAL) -> BillingContact:
    return BillingContact(
        id=number + 1,
        account_id="acme",
        name=size.name(f"Alice {number}"),
        email=f"alice{number}@acme.example",
    )


def make_contacts(size: Size = USUAL) -> list[BillingContact]:
    return [make_contact(n, size) for n in range(size.people)]


def make_invitation(size: Size = USUAL, number: int = 1) -> InvitationDetails:
    sent = ContactInvitation(
        id=number,
        account_id="acme",
        inviter_id=1,
        slack_user=f"U{number}",
        name=size.name(f"Nora {number} <!channel>"),
        email=f"nora{number}@acme.example",
        invited_by=size.name("Alice Martin"),
        invited_at=AT,
        expires_at=AT + INVITATION_VALIDITY,
    )
    return InvitationDetails(sent, is_inviter_active=True, at=AT)


def make_closed_invitation(status: InvitationStatus, size: Size = USUAL) -> InvitationDetails:
    details = make_invitation(size)
    details.invitation.change_status(status, AT, size.name("Alice Martin"))
    return details


def make_contacts_page(size: Size = USUAL) -> ContactsPage:
    invitations = [make_invitation(size, number) for number in range(1, MAX_OPEN_INVITATIONS + 1)]
    people = make_contacts(size)
    return ContactsPage(make_account(size), people, invitations, own_contact_id=people[0].key)


def make_checkout_form(**changes: str) -> CheckoutForm:
    filled = {"administrator": "1", "payment_method": "pm_0", **make_account().billing_address.model_dump()}
    return CheckoutForm(**{**filled, **changes})


def make_checkout_page(size: Size = USUAL, **changes: str) -> CheckoutPage:
    return CheckoutPage(
        make_quote_details(1, size),
        make_administrators(size),
        make_payment_methods(size.people),
        make_checkout_form(**changes),
    )


def make_placement_page(
    size: Size = USUAL, *, assigned: int = 1, replaced: str | None = None
) -> PlacementPage:
    products = [make_product(n, size) for n in range(assigned)]
    person = (size.name("Hugo Petit"), "hugo@acme.example")
    details = make_quote_details(1, size)
    charged = [make_payment_method(n if size.people > USUAL.people else 0) for n in range(len(details.rows))]
    overwritten = None
    if replaced:
        address = {**details.account.billing_address.model_dump(), "line1": size.name("9 place Ancienne")}
        overwritten = Address(**address)
    return PlacementPage(details, make_checkout_form(), person, charged, products, replaced, overwritten)


def make_service_order(size: Size = USUAL, status: OrderStatus = OrderStatus.PROCESSING) -> ServiceOrder:
    finished = status in (OrderStatus.COMPLETED, OrderStatus.FAILED)
    return ServiceOrder(
        id=7,
        number="SO-1007",
        account_id="acme",
        quote_id=1,
        status=status,
        contact_id=1,
        placed_at=AT - timedelta(hours=1),
        administrator_id=1,
        payment_method_id="pm_0",
        address={**make_account().billing_address.model_dump(), "line1": size.name("1 rue de la Paix")},
        po_number=size.name("PO-1")[:MAX_PO_NUMBER_LENGTH] if size.names else "",
        finished_at=AT if finished else None,
    )


@cache
def make_order_line_details(
    number: int, status: LineStatus, size: Size = USUAL, reason: str | None = None
) -> OrderLineDetails:
    waits_for_customer = status is LineStatus.NEEDS_CUSTOMER
    line = OrderLine(
        id=number + 1,
        order_id=7,
        quote_line_id=number + 1,
        subscription_id=f"sub_{number}",
        seats=number % 3 + 1,
        amount=1000,
        tax=200,
        period_ends_at=AT + timedelta(days=20),
        status=status,
        reason=reason,
        customer_link="https://bank.example/confirm" if waits_for_customer else None,
        deadline_at=AT + timedelta(minutes=20) if waits_for_customer else None,
        settled_at=AT if status is LineStatus.SETTLED else None,
    )
    return OrderLineDetails(line, make_quote_line(number), make_product(number, size))


def make_order_details(
    *rows: OrderLineDetails, size: Size = USUAL, status: OrderStatus = OrderStatus.PROCESSING
) -> OrderDetails:
    shown = list(rows) or [make_order_line_details(n, LineStatus.CHARGING, size) for n in range(size.rows)]
    return OrderDetails(
        account=make_account(size),
        order=make_service_order(size, status),
        quote=set_tax_details(make_quote(), size),
        rows=shown,
        contact=make_contact(0, size),
        administrator=make_administrator(0, size),
        payment_method=make_payment_method(0),
        at=AT,
    )


def make_order_with_every_status(size: Size = USUAL) -> OrderDetails:
    statuses = [*LineStatus] if size is USUAL else [LineStatus.NEEDS_CUSTOMER, LineStatus.DECLINED] * 100
    rows = [
        make_order_line_details(n, status, size, _find_decline_reason(status))
        for n, status in enumerate(statuses)
    ]
    rows[0] = replace(rows[0], blocking_order_number="SO-1001")
    return replace(make_order_details(*rows, size=size), receipt=make_receipt(), history=make_history(size))


@cache
def make_invoice(number: int = 0, status: InvoiceStatus = InvoiceStatus.DUE) -> Invoice:
    return Invoice(
        id=number + 1,
        account_id="acme",
        order_line_id=number + 1,
        provider_invoice_id=f"in_{number}",
        number=f"INV-{1000 + number}",
        status=status,
        currency="EUR",
        amount=1200,
        amount_remaining=0 if status is InvoiceStatus.PAID else 1200,
        issued_at=AT,
        due_at=AT + timedelta(days=30),
    )


def make_invoice_details(
    number: int = 0, size: Size = USUAL, status: InvoiceStatus = InvoiceStatus.DUE
) -> InvoiceDetails:
    return InvoiceDetails(
        make_invoice(number, status), make_service_order(size), make_product(number, size), 2
    )


def add_invoices(overview: AccountOverview, size: Size = USUAL) -> AccountOverview:
    return replace(overview, invoices=[make_invoice_details(n, size) for n in range(size.rows)])


def make_invoice_page(size: Size = USUAL, status: InvoiceStatus = InvoiceStatus.DUE) -> InvoicePage:
    links = ProviderReceipt("INV-1000", "https://invoice.example/i/1", "https://invoice.example/i/1/pdf")
    return InvoicePage(make_account(size), make_invoice_details(0, size, status), links)


def make_invoiced_order(size: Size = USUAL) -> OrderDetails:
    """A line for each state of its invoice, and one whose invoice is not there yet."""
    rows = []
    for number in range(max(size.rows, len(InvoiceStatus))):
        row = make_order_line_details(number, LineStatus.SETTLED, size)
        line = row.line.model_copy(update={"is_on_invoice": True})
        status = [*InvoiceStatus][number % len(InvoiceStatus)]
        rows.append(replace(row, line=line, invoice=make_invoice(number, status)))
    charging = make_order_line_details(0, LineStatus.CHARGING, size)
    line = charging.line.model_copy(update={"is_on_invoice": True})
    return make_order_details(replace(charging, line=line), *rows, size=size)


def add_invoice_terms(details: QuoteDetails, *, all_rows: bool = True) -> QuoteDetails:
    outlook = UpcomingChanges(invoice_terms=InvoiceTerms(days_until_due=30, is_order_allowed=True))
    rows = [
        replace(row, outlook=outlook) if all_rows or number == 0 else row
        for number, row in enumerate(details.rows)
    ]
    return replace(details, rows=rows)


def _find_decline_reason(status: LineStatus) -> str | None:
    return "card_declined" if status is LineStatus.DECLINED else None


def make_receipt(number: int = 1) -> Receipt:
    return Receipt(
        id=number,
        number=f"R-{1000 + number}",
        account_id="acme",
        order_id=7,
        issued_at=datetime(2026, 11, 9, 23, 30, tzinfo=UTC),
        issued_on=date(2026, 11, 10),
        currency="EUR",
        subtotal=1000,
        tax=200,
        total=1200,
        buyer="Acme & Söhne SA",
        address=make_account().billing_address.model_dump(),
        seller={"name": "GoTo", "address": ["1 Main Street", "Dublin 2"], "tax_id": ""},
        lines=[],
        cards=[{"brand": "visa", "last4": "4242", "amount": 1200}],
    )


def make_export_progress(size: Size = USUAL) -> ExportProgress:
    export = ReceiptExport(
        id=1,
        account_id="acme",
        contact_id=1,
        requested_at=AT,
        first_day=START,
        last_day=END,
        mails=[[n] for n in range(1, 4)],
    )
    return ExportProgress(export, make_contacts(size)[0].email, sent_count=1, failed_count=1)


def make_export_page(size: Size = USUAL, problem: Refusal | None = None) -> ExportPage:
    return ExportPage(
        make_account(size),
        make_contacts(size)[0],
        START,
        END,
        [(make_receipt(n), "SO-1007") for n in range(1, size.quotes + 1)],
        problem,
        make_export_progress(size),
    )


def make_audit_entry(
    subject: str, action: str, to: str | None = None, reason: str | None = None, kind: str = "contact"
) -> AuditEntry:
    return AuditEntry(
        account_id="acme",
        number=1,
        at=AT,
        actor_kind=kind,
        person=AuditPerson.from_actor(Actor(kind, "Alice Martin", "cart.save", "T1", "U1")),
        source="cart.save",
        subject=subject,
        action=action,
        to_status=to,
        reason=reason,
        previous_hash="",
        hash="",
    )


@cache
def make_history(size: Size = USUAL) -> list[AuditEntry]:
    made = make_audit_entry("quote:SQ-1001", "made", "pending", "address_changes_tax")
    line = make_audit_entry("service_order:SO-1007", "line", "declined", "card_declined", "scheduler")
    return [made, make_audit_entry("service_order:SO-1007", "placed"), *[line] * size.rows]


def make_notification_preferences(**changes: Any) -> NotificationPreferences:
    return NotificationPreferences(team_id="T1", user_id="U1", updated_at=AT, **changes)


def make_seat_history(size: Size = USUAL) -> SeatHistory:
    days = tuple(date(2026, 10, n + 1) for n in range(min(size.rows, 12)))
    return SeatHistory(days, {f"sub_{n}": tuple(range(20, 21 + len(days))) for n in range(min(size.rows, 9))})


def make_spending(size: Size = USUAL) -> Spending:
    return build_spending(
        AT.date(),
        [
            SpentAmount(date(2026, 7 + number % 4, 3), make_product(number, size).name, 120000 + number)
            for number in range(size.rows)
        ],
    )


def make_account_overview(
    size: Size = USUAL, portal: Portal = Portal.CORPORATE, id_: str = "acme"
) -> AccountOverview:
    held = make_account(size, portal, id_)
    rows = [make_subscription_details(n, size, orderable=bool(n % 5 != 4)) for n in range(size.rows)]
    return AccountOverview(
        at=AT,
        account=held,
        rows=rows,
        payment_methods=make_payment_methods(size.people),
        contacts=make_contacts(size),
        pending_quotes=make_quote_details_list(size),
        open_orders=[make_order_with_every_status(size), make_order_details(size=size)],
        receipts=[(make_receipt(n), "SO-1007") for n in range(size.quotes)],
        failed_orders=[make_order_details(size=size, status=OrderStatus.FAILED)],
        seat_history=make_seat_history(size),
        spending=make_spending(size),
    )
