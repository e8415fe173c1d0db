"""Details and pages: everything one screen or message shows, loaded at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from models.account import Account, Address
from models.account.address_fields import AddressFields, fits_country, get_address_fields
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.account.contact_invitation import InvitationDetails
from models.account.spending import Spending
from models.audit.entry import AuditEntry
from models.checkout import CheckoutForm
from models.errors import InvalidInput, Refusal
from models.invoice import Invoice
from models.money import Money
from models.payment_method import PaymentMethod, list_default_methods
from models.product import Product
from models.quote import Quote, QuoteLine
from models.quote.extension import QuoteExtension, get_last_possible_day, is_extendable
from models.receipt import ChargedMethod, ProviderReceipt, Receipt, Seller
from models.service_order import LineStatus, OrderLine, ServiceOrder
from models.service_order.account_balance import compute_amounts_due
from models.subscription import SeatBlock, Subscription
from models.subscription.period_length import get_anchor_day
from models.subscription.seat_history import SeatHistory
from models.subscription.upcoming_changes import UpcomingChanges
from models.tax import TaxDetails, TaxItem, sum_tax_items


@dataclass(frozen=True)
class SubscriptionDetails:
    """A subscription on a screen; `refusal` is why seats cannot be added to it here (R2, R4)."""

    subscription: Subscription
    product: Product
    refusal: Refusal | None = None
    blocks: list[SeatBlock] = field(default_factory=list)


@dataclass(frozen=True)
class RepeatedSeats:
    row: SubscriptionDetails
    seats: int

    @property
    def subscription_id(self) -> str:
        return self.row.subscription.id

    @property
    def is_orderable(self) -> bool:
        return self.seats > 0 and self.row.subscription.active and self.row.refusal is None


@dataclass(frozen=True)
class RepeatedOrder:
    """An order whose seats fill in a cart: what is `repeated`, and what is `missing`, with the reason. Of the
    cart as it was, `kept` stays in it, and `replaced` are other numbers than those that are repeated."""

    number: str
    repeated: list[RepeatedSeats]
    missing: list[tuple[RepeatedSeats, Refusal]]
    kept: list[RepeatedSeats]
    replaced: list[RepeatedSeats]

    @property
    def seats(self) -> dict[str, int]:
        return {each.subscription_id: each.seats for each in self.repeated}


@dataclass(frozen=True)
class CartPage:
    """Step one of R10. `seat_inputs` maps subscription ids to seats; `own_quote` is the cart's own pending
    one; `preselected_subscription_id` is the subscription that the text after `/add-seats` names, and
    `unparsed` is what that text leaves open. `repeated` is an earlier order that fills it in."""

    account: Account
    rows: list[SubscriptionDetails]
    seat_inputs: dict[str, int]
    own_quote: Quote | None
    preselected_subscription_id: str | None = None
    unparsed: list[Refusal] = field(default_factory=list)
    repeated: RepeatedOrder | None = None


@dataclass(frozen=True)
class QuoteLineDetails:
    """A line of a quote, with what is ahead of its subscription by now (R27)."""

    line: QuoteLine
    product: Product
    outlook: UpcomingChanges = field(default_factory=UpcomingChanges)

    @property
    def will_renew(self) -> bool:
        return self.outlook.will_renew(self.line.period_end)

    @property
    def is_next_period_short(self) -> bool:
        """Whether the subscription ends in the middle of its next period."""
        line, ends_on = self.line, self.outlook.ends_on
        if ends_on is None or not self.will_renew:
            return False
        anchor_day = get_anchor_day(line.period_start, line.period_end, line.period)
        return ends_on < line.period.move_date(line.period_end, 1, anchor_day)


def _find_payment_kind(are_on_invoice: Iterable[bool]) -> str:
    kinds = set(are_on_invoice)
    return "both" if len(kinds) > 1 else "invoice" if True in kinds else "charge"


@dataclass(frozen=True)
class QuoteDetails:
    """A quote as of `at`, which decides whether it is still pending (R9). `extension` is the request for more
    time that Account Services have not decided."""

    account: Account
    quote: Quote
    rows: list[QuoteLineDetails]
    at: datetime
    replacement_number: str | None = None
    order: ServiceOrder | None = None
    created_by: str | None = None
    extension: QuoteExtension | None = None

    def to_money(self, amount: int) -> Money:
        return Money(amount, self.quote.currency)

    @property
    def taxes(self) -> list[TaxItem]:
        return sum_tax_items(tax for row in self.rows for tax in row.line.taxes)

    @property
    def renewal_totals(self) -> list[dict[str, Any]]:
        """What the quote's subscriptions will cost, for each period length of those that will renew (R27)."""
        ending = {row.line.period for row in self.rows} - {r.line.period for r in self.rows if r.will_renew}
        return [total for total in self.quote.recurring if total["period"] not in ending]

    @property
    def is_renewal_total_missing(self) -> bool:
        """Whether something will renew at a cost that is not known."""
        priced = {total["period"] for total in self.renewal_totals}
        return any(row.will_renew and row.line.period not in priced for row in self.rows)

    @property
    def amounts_due(self) -> tuple[int, int]:
        """What is charged, and what is invoiced: one line after the other uses up the account's balance."""
        invoiced_rows = [row for row in self.rows if row.outlook.is_paid_by_invoice]
        if not invoiced_rows:
            return self.quote.due_now, 0
        if len(invoiced_rows) == len(self.rows):
            return 0, self.quote.due_now
        amounts = compute_amounts_due(
            (row.line.amount + row.line.tax for row in self.rows),
            self.quote.starting_balance,
            self.quote.minimum_charge,
        )
        due = list(zip(self.rows, amounts, strict=True))
        invoiced = sum(amount for row, amount in due if row.outlook.is_paid_by_invoice)
        return sum(amounts) - invoiced, invoiced

    @property
    def payment_kind(self) -> str:
        """`charge`, `invoice` or `both`, for the texts that say what happens."""
        return _find_payment_kind(row.outlook.is_paid_by_invoice for row in self.rows)

    @property
    def days_until_invoices_are_due(self) -> list[int | None]:
        """Of the invoice for each line that is paid by one."""
        terms = [row.outlook.invoice_terms for row in self.rows if row.outlook.invoice_terms]
        return [each.days_until_due for each in terms]

    @property
    def is_pending(self) -> bool:
        return self.quote.is_pending(self.at)

    @property
    def period_ends(self) -> list[date]:
        return [row.line.period_end for row in self.rows]

    @property
    def last_possible_day(self) -> date:
        return get_last_possible_day(self.period_ends)

    @property
    def is_extendable(self) -> bool:
        return self.is_pending and is_extendable(self.account, self.quote, self.period_ends)

    def check_pending(self) -> None:
        """Raises QuoteNotPending, with what replaced it."""
        self.quote.check_pending(self.at, self.replacement_number or "")


@dataclass(frozen=True)
class CheckoutPage:
    """Step three of R10. `payment_methods` are the stored automatic ones that are valid. If the
    subscriptions are usually charged to different ones, `usual_methods` has that of each row. The address is
    a summary, unless it is to be changed (`with_address_fields`) or is not complete."""

    quote: QuoteDetails
    administrators: list[Administrator]
    payment_methods: list[PaymentMethod]
    form: CheckoutForm
    usual_methods: list[PaymentMethod] = field(default_factory=list)
    with_address_fields: bool = False
    # Whether any line is charged to a payment method; the others are paid by invoice.
    needs_payment_method: bool = True

    @property
    def known_address(self) -> Address | None:
        """None if it is being changed, or was left incomplete and does not fit its country."""
        if self.with_address_fields:
            return None
        try:
            address = self.form.address
        except InvalidInput:
            return None
        return address if address == self.quote.quote.billing_address or fits_country(address) else None

    @property
    def address_fields(self) -> AddressFields:
        """The fields of the chosen country. A known city is not lost in a country whose addresses usually
        have none."""
        form, known = self.form, self.quote.quote.address
        fields = get_address_fields(form.country.upper())
        is_known = form.country == known["country"] and form.city == known["city"] != ""
        if not is_known or "city" in fields.names:
            return fields
        return replace(fields, names=(*fields.names, "city"))


@dataclass(frozen=True)
class PlacementPage:
    """Step four of R10: the order as it would be placed. `replaced_quote_number` is the quote that this
    one has replaced because the address changed, `payment_methods` those of the rows, `overwritten_address`
    what the provider has, if this order is the first to replace it by what the account has. With
    `skipped_checkout` it is also step three, as everything was known."""

    quote: QuoteDetails
    form: CheckoutForm
    administrator: tuple[str, str]
    payment_methods: list[PaymentMethod]
    assigned_products: list[Product]
    replaced_quote_number: str | None = None
    overwritten_address: Address | None = None
    skipped_checkout: bool = False
    has_mail: bool = True

    @property
    def unassigned_seats(self) -> int:
        return sum(row.line.seats for row in self.quote.rows) - len(self.assigned_products)


@dataclass(frozen=True, eq=False)
class OrderLineDetails:
    """A line of an order; `blocking_order_number` is the order that is charging its subscription,
    `payment_method` that of its last retry or of its subscription, or else (None) the order's."""

    line: OrderLine
    quote_line: QuoteLine
    product: Product
    blocking_order_number: str | None = None
    payment_method: PaymentMethod | None = None
    invoice: Invoice | None = None

    @property
    def taxes(self) -> tuple[TaxItem, ...]:
        return self.line.settled_taxes or self.quote_line.taxes

    @property
    def tax_details(self) -> TaxDetails | None:
        """Those of the provider's invoice, if they may differ from the quote's."""
        details = self.line.settled_tax_facts
        return None if details is None else TaxDetails.model_validate(details)

    def list_methods(self, orders_method: PaymentMethod) -> list[PaymentMethod | ChargedMethod]:
        """What the line was charged to as far as the provider reports it, or else what is to be charged."""
        expected = self.payment_method or orders_method
        charged_to = self.line.charged_to
        return [expected if method.is_shown_as(expected) else method for method in charged_to] or [expected]


def find_tax_details(rows: Iterable[OrderLineDetails], quote: Quote, account: Account) -> TaxDetails:
    """Returns what an order's tax depended on when it was charged, or else when it was promised. The
    provider's invoice has no tax IDs of ours, and the quote may have been made before there were any."""
    settled = next((row.tax_details for row in rows if row.tax_details is not None), quote.tax_facts)
    own_ids = (account.tax_id,) if account.tax_id else ()
    ids = settled.buyer_tax_ids or quote.tax_facts.buyer_tax_ids or own_ids
    return settled.model_copy(update={"buyer_tax_ids": ids})


@dataclass(frozen=True)
class OrderDetails:
    account: Account
    order: ServiceOrder
    quote: Quote
    rows: list[OrderLineDetails]
    contact: BillingContact
    administrator: Administrator
    payment_method: PaymentMethod
    at: datetime
    receipt: Receipt | None = None
    provider_receipts: list[ProviderReceipt] = field(default_factory=list)
    history: list[AuditEntry] = field(default_factory=list)

    def to_money(self, amount: int) -> Money:
        return Money(amount, self.quote.currency)

    @property
    def taxes(self) -> list[TaxItem]:
        return sum_tax_items(tax for row in self.rows for tax in row.taxes)

    @property
    def tax_details(self) -> TaxDetails:
        if self.receipt is not None:
            return self.receipt.tax_facts
        return find_tax_details(self.rows, self.quote, self.account)

    @property
    def payment_kind(self) -> str:
        return _find_payment_kind(row.line.is_on_invoice for row in self.rows)

    @property
    def is_final(self) -> bool:
        """Whether nothing about it can change any more: the order is finished, and its invoices are paid or
        cancelled."""
        return self.order.is_finished and all(row.invoice.is_final for row in self.rows if row.invoice)

    @property
    def payable_invoices(self) -> list[Invoice]:
        return [row.invoice for row in self.rows if row.invoice and row.invoice.is_payable]

    def list_rows_with_status(self, status: LineStatus, subscription_id: str = "") -> list[OrderLineDetails]:
        return [row for row in self.list_rows_of(subscription_id) if row.line.status is status]

    def list_rows_of(self, subscription_id: str) -> list[OrderLineDetails]:
        """Lists the subscription's rows; all of them if it is not known."""
        return [row for row in self.rows if subscription_id in ("", row.line.subscription_id)]

    @property
    def line_methods(self) -> list[tuple[str, PaymentMethod | ChargedMethod]]:
        """Subscription ids with the method that each settled line was charged to, or else what each line is
        to be charged to. A line paid with several methods is listed once for each (R26)."""
        rows = self.list_rows_with_status(LineStatus.SETTLED) or self.rows
        return [
            (row.line.subscription_id, method)
            for row in rows
            for method in row.list_methods(self.payment_method)
        ]

    @property
    def is_overdue(self) -> bool:
        return not self.order.is_finished and self.at >= self.order.processing_deadline

    @property
    def needs_action(self) -> bool:
        """Whether somebody of the account has to decide about declined seats, or to confirm a payment."""
        return self.can_retry or bool(self.list_rows_with_status(LineStatus.NEEDS_CUSTOMER))

    @property
    def can_retry(self) -> bool:
        return self.can_retry_line("")

    def can_retry_line(self, subscription_id: str) -> bool:
        # Any line counts if the subscription is not known.
        return any(row.line.can_retry(self.order, self.at) for row in self.list_rows_of(subscription_id))


@dataclass(frozen=True)
class ReceiptDetails:
    """A receipt as it was issued, with the numbers of its order and quote."""

    receipt: Receipt
    order_number: str
    quote_number: str
    seller: Seller

    def to_money(self, amount: int) -> Money:
        return Money(amount, self.receipt.currency)


@dataclass(frozen=True)
class InvoiceDetails:
    """An invoice on a screen, with what it is for."""

    invoice: Invoice
    order: ServiceOrder
    product: Product
    seats: int

    @property
    def remaining(self) -> Money:
        return Money(self.invoice.amount_remaining, self.invoice.currency)


@dataclass(frozen=True)
class InvoicePage:
    """`links` are the provider's: anyone who has them can see the invoice, and they expire."""

    account: Account
    row: InvoiceDetails
    links: ProviderReceipt | None


@dataclass(frozen=True)
class AccountOverview:
    """The account at a glance, for `/billing` and Home. Each receipt comes with its order's number.

    `omitted_orders` are those in progress that are not listed; `omitted_problem_orders` those not listed that
    need attention or have failed."""

    account: Account
    at: datetime
    rows: list[SubscriptionDetails]
    payment_methods: list[PaymentMethod]
    contacts: list[BillingContact]
    pending_quotes: list[QuoteDetails]
    open_orders: list[OrderDetails]
    receipts: list[tuple[Receipt, str]]
    failed_orders: list[OrderDetails] = field(default_factory=list)
    seat_history: SeatHistory = field(default_factory=SeatHistory)
    spending: Spending = field(default_factory=Spending)
    # Unpaid invoices, by due date.
    invoices: list[InvoiceDetails] = field(default_factory=list)
    omitted_orders: int = 0
    omitted_problem_orders: int = 0
    omitted_invoices: int = 0

    @property
    def default_methods(self) -> list[PaymentMethod]:
        own_ids = {row.subscription.default_payment_method_id for row in self.rows}
        return list_default_methods(self.payment_methods, own_ids)


@dataclass(frozen=True)
class ContactsPage:
    """An account's billing contacts and the invitations that are open, for one of the contacts."""

    account: Account
    contacts: list[BillingContact]
    invitations: list[InvitationDetails]
    own_contact_id: int

    @property
    def is_own_role_withdrawn(self) -> bool:
        return all(contact.id != self.own_contact_id for contact in self.contacts)
