"""The billing port, designed for the most demanding provider.

It deals in lines, frozen prices and outcomes. Amounts are minor units of the account's currency.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from models.account import Address, ProviderAddress
from models.errors import Refusal
from models.invoice import InvoiceStatus
from models.payment_method import CARD_TYPE
from models.receipt import ChargedMethod, ProviderPdf, ProviderReceipt
from models.subscription.period_length import PeriodLength
from models.subscription.seat_pricing import SeatPricing
from models.subscription.upcoming_changes import Discount, UpcomingChanges
from models.tax import TaxDetails, TaxItem


class BillingUnavailable(Refusal):
    """The provider gave no answer that can be used, and nothing was changed. A subclass says what it
    answered; without one, nothing answered at all."""


class BillingSystemFailed(BillingUnavailable):
    """The provider answered with an error of its own."""


class BillingBusy(BillingUnavailable):
    """The provider is handling too many requests, or another one for the same thing."""


class BillingAccessDenied(BillingUnavailable):
    """The provider does not accept our key, or the key may not do this."""


class BillingPermissionsMissing(BillingAccessDenied):
    """Our key lacks these permissions, by the provider's names."""

    key = "refusal-billing-access-denied"

    def __init__(self, missing: list[str]) -> None:
        super().__init__(why=f"the key lacks {', '.join(missing)}", reference="")
        self.missing = missing


class BillingRequestRejected(BillingUnavailable):
    """The provider refused a request that we expected it to take. `code` is the provider's own."""

    def __init__(self, code: str | None = None, **variables: object) -> None:
        super().__init__(**variables)
        self.code = code


class TaxCalculationFailed(BillingUnavailable):
    """The provider could not compute the tax, whatever the address."""


UNAVAILABLE_ERRORS = (
    BillingUnavailable,
    BillingSystemFailed,
    BillingBusy,
    BillingAccessDenied,
    BillingPermissionsMissing,
    BillingRequestRejected,
    TaxCalculationFailed,
)


class BillingPeriodEnded(Refusal):
    """The period that was priced has ended."""


class SubscriptionProductChanged(Refusal):
    """R2, R17: the subscription is for another product than the one that was priced."""


class PreviewIncomplete(Refusal):
    """So much is waiting to be invoiced that the provider does not show all of it."""


class TaxLocationInvalid(Refusal):
    """The provider cannot tell from the billing address which tax applies."""


class ShippingLocationInvalid(TaxLocationInvalid):
    """Nor from the shipping address, which it uses instead if it has one."""


class MixedPricesUnsupported(Refusal):
    """R17: this provider cannot hold seats at two prices; Account Services can."""


class SeatsReducePrice(Refusal):
    """The subscription would cost less with the new seats, which can't be ordered here."""


class UnrelatedChargesPending(Refusal):
    """R26: the provider would invoice other pending items of the subscription together with the order."""


class TiersPreviewIncomplete(PreviewIncomplete):
    """The seats alone have more lines, one for each tier of their price, than the provider shows."""


class PreviewMismatch(Refusal):
    """R26: the provider would bill another amount than the seats cost, for reasons of its own."""


class SubscriptionNotActive(Refusal):
    """The subscription never started: its first payment is missing."""


class QuotedBalanceChanged(Refusal):
    """R26: with the account's balance as it is now, more than the quote promised would be charged."""


class QuotedPriceChanged(Refusal):
    """R17: priced again, the order would cost something other than what its quote promised."""


class CustomerNotFound(Refusal):
    """The provider has no such customer: never linked, or deleted there."""


@dataclass(frozen=True)
class SeatBlockState:
    """Seats bought at another price than the subscription's."""

    seats: int
    unit_price: int


@dataclass(frozen=True)
class SubscriptionState:
    """What the provider has. `seats` counts all seats, including those of `blocks`. `product_id` is the
    catalogue's, if the provider knows it: it is then the subscription's, whatever an import says, and new
    subscriptions are added without one. With a `product_name` it is the provider's own, of a product that the
    catalogue does not have; the name is blank if it can't be read, and a subscription then keeps the product
    that it has. Without a `unit_price`, `pricing` says what seats cost."""

    id: str
    seats: int
    unit_price: int | None
    period: PeriodLength
    period_start: date
    period_end: date
    blocks: tuple[SeatBlockState, ...] = ()
    product_id: str | None = field(default=None, compare=False)
    product_name: str | None = field(default=None, compare=False)
    # Subscriptions of one group are charged one at a time.
    charge_group: str | None = field(default=None, compare=False)
    # Why no seats can be added for now: a reason of Declined. Until then the subscription counts as ended.
    closed_reason: str | None = None
    pricing: SeatPricing = field(default_factory=SeatPricing)
    # The payment method charged for this subscription, if it is not the account's default.
    default_payment_method_id: str | None = None
    outlook: UpcomingChanges = field(default_factory=UpcomingChanges)

    @property
    def current_product_id(self) -> str | None:
        """None if the provider does not say of which product it is."""
        return None if self.product_name == "" else self.product_id


@dataclass(frozen=True)
class PaymentMethodState:
    """A stored payment method, as far as the bot may know it (R23). `type` is `card`, or the provider's word
    for another; `wallet` is one that holds the card. `is_default` is the account's, for subscriptions without
    one of their own. `automatic`: place_charge can charge it without asking."""

    id: str
    brand: str | None
    last4: str | None
    expiry_year: int | None
    expiry_month: int | None
    is_default: bool
    type: str = CARD_TYPE
    email: str | None = None
    bank: str | None = None
    wallet: str | None = None
    automatic: bool = True


@dataclass(frozen=True)
class WebhookEvent:
    """Only a reason to refresh the account: nothing else in it is relied on."""

    id: str
    kind: str
    customer_id: str | None


class WebhookVerificationError(Exception):
    """The request isn't signed by the provider, or was signed too long ago."""


class UnsupportedEvent(Exception):
    """Signed by the provider, but of a kind that its webhook must not send. Says what is needed."""


@dataclass(frozen=True)
class LineRequest:
    """Seats to add. Without a `unit_price`, they cost the subscription's. With a `product_id`, they are
    priced only if the provider knows no other product of the subscription."""

    subscription_id: str
    seats: int
    unit_price: int | None = None
    product_id: str | None = None


@dataclass(frozen=True)
class PricedLine:
    """`taxes` are the parts of `tax`, by rate. The period ends at `period_ends_at`, if it is known; otherwise
    with the first midnight of `period_end`."""

    subscription_id: str
    seats: int
    seats_before: int
    unit_price: int | None
    period: PeriodLength
    period_start: date
    period_end: date
    amount: int
    tax: int
    pricing: SeatPricing = field(default_factory=SeatPricing)
    taxes: tuple[TaxItem, ...] = field(default=(), compare=False)
    period_ends_at: datetime | None = field(default=None, compare=False)
    # Those that `amount` contains.
    discounts: tuple[Discount, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class RecurringTotal:
    """What the subscriptions of the preview with one period length cost per period, once the seats are
    added. Those that will not renew are left out (R27), and so is a period length with a cost that is not
    known."""

    period: PeriodLength
    net: int
    tax: int


@dataclass(frozen=True)
class Preview:
    """`starting_balance` is the account's at the provider: credit is negative, what it owes is positive. With
    it, the payment method is charged `amount_due`; None if that is the total."""

    lines: tuple[PricedLine, ...]
    recurring: tuple[RecurringTotal, ...]
    starting_balance: int = 0
    amount_due: int | None = None
    # Less than this is not charged, but added to the next invoice.
    minimum_charge: int = 0
    tax_details: TaxDetails = field(default_factory=TaxDetails, compare=False)

    @property
    def subtotal(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def total_due(self) -> int:
        """What the payment method is charged."""
        return self.subtotal + self.tax if self.amount_due is None else self.amount_due


@dataclass(frozen=True)
class Charge:
    """One line to place. `key` identifies the attempt and was stored before the call, at `stored_at`. The
    provider sets `expected_seats + seats`, and only if it has `expected_seats` now. `amount` and `tax` are
    what the quote promised: nothing else may be charged (R17)."""

    key: str
    account_id: str
    subscription_id: str
    seats: int
    unit_price: int | None
    amount: int
    tax: int
    at: datetime
    expected_seats: int
    payment_method_id: str
    address: Address
    stored_at: datetime
    # The most that may be charged, whatever the account's balance is by then; None for amount plus tax.
    max_amount_due: int | None = None
    # What the customer had when it was last read, or None: an address that was not read is not overwritten.
    provider_address: ProviderAddress | None = None
    # No payment method is charged: the provider sends an invoice.
    is_on_invoice: bool = False
    # Names and values to be printed on that invoice.
    invoice_fields: tuple[tuple[str, str], ...] = ()
    # As in LineRequest.
    product_id: str | None = None

    @property
    def amount_limit(self) -> int:
        return self.amount + self.tax if self.max_amount_due is None else self.max_amount_due


@dataclass(frozen=True)
class InvoiceState:
    """An invoice that the provider has sent to the customer. `amount_remaining` is what is left to pay of
    `amount`. A provider that does not say when one is overdue calls it due."""

    id: str
    number: str
    status: InvoiceStatus
    amount: int
    amount_remaining: int
    due_at: datetime | None


@dataclass(frozen=True)
class BaseOutcome:
    """`provider_address` is what the customer has now, unless the charge said so."""

    provider_address: ProviderAddress | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True)
class Settled(BaseOutcome):
    """Charged, and the seats added. `receipt` is the provider's own reference, and `invoice_number` is on its
    invoice, if that is the document of record. The payment method was charged, or the customer owes,
    `amount + tax - credit_used + earlier_balance - carried_over` (R26). `taxes` are the parts of the tax, and
    `tax_details` what it depended on, if that may not be what was promised; `methods` have what was paid with
    each. Without them, it was all charged to the charge's own method."""

    receipt: str
    amount: int
    tax: int
    # The part of the account's credit at the provider that was used.
    credit_used: int = 0
    # The amount that the account owed before.
    earlier_balance: int = 0
    # The amount added to the next invoice, because it is too little to be charged now.
    carried_over: int = 0
    invoice_number: str = ""
    taxes: tuple[TaxItem, ...] = field(default=(), compare=False)
    tax_details: TaxDetails | None = field(default=None, compare=False)
    methods: tuple[ChargedMethod, ...] = field(default=(), compare=False)
    # The invoice that the customer is to pay; None if a payment method was charged.
    invoice: InvoiceState | None = None

    @property
    def amount_due(self) -> int:
        return self.amount + self.tax - self.credit_used + self.earlier_balance - self.carried_over

    @property
    def amount_paid(self) -> int:
        return 0 if self.invoice else self.amount_due


@dataclass(frozen=True)
class Pending(BaseOutcome):
    """Accepted, not decided yet."""

    until: datetime


@dataclass(frozen=True)
class NeedsCustomer(BaseOutcome):
    """The customer must confirm at `link` before `until`."""

    link: str
    until: datetime


@dataclass(frozen=True)
class Declined(BaseOutcome):
    """Nothing charged, no seats added. `reason` is one of `card_declined`, `customer_timeout`,
    `authentication_failed`, `never_received`, `customer_gone`, `subscription_gone`,
    `subscription_not_active`, `seats_changed`, `method_gone`, `method_not_accepted`, `not_paid_by_invoice`,
    `other_currency`, `period_ended`, `product_changed`, `tax_location_invalid`, `priced_by_usage`,
    `billed_with_usage`, `preview_incomplete`, `tiers_preview_incomplete`, `provider_error`, the
    `decline_reason` of a SeatsNotOrderable, or the provider's own code."""

    reason: str


@dataclass(frozen=True)
class SeatsChanged(BaseOutcome):
    """The provider does not have the expected seats: nothing charged."""


@dataclass(frozen=True)
class AddressChanged(BaseOutcome):
    """The customer has an address that has not been read before, and was not overwritten: nothing charged."""


@dataclass(frozen=True)
class PriceChanged(BaseOutcome):
    """R17: the provider would charge this instead of what was promised: nothing charged. `reason` is one of
    `price_changed`, `unrelated_charges` and `balance_due`."""

    amount: int
    tax: int
    reason: str = "price_changed"


@dataclass(frozen=True)
class Unknown(BaseOutcome):
    """Sent without a response: it may or may not have taken effect."""


@dataclass(frozen=True)
class NeverReceived:
    """The provider has never seen the key, so the charge may be sent again."""


ChargeOutcome = (
    Settled | Pending | NeedsCustomer | Declined | SeatsChanged | AddressChanged | PriceChanged | Unknown
)


@dataclass(frozen=True)
class CustomerState:
    """`payment_methods` are the stored ones, including those that cannot be charged; None if the provider
    stores none, so that the imported ones count. `address` is None if it keeps no addresses."""

    payment_methods: list[PaymentMethodState] | None
    address: ProviderAddress | None


class BillingGateway(Protocol):
    """Calls about an account raise CustomerNotFound if the provider does not know it; those that charge
    nothing raise BillingUnavailable in an outage."""

    # How often a charge that is not final is queried, unless a webhook announces a change; and an unpaid
    # invoice.
    reconcile_interval: timedelta
    invoice_check_interval: timedelta

    async def list_subscriptions(self, account_id: str) -> list[SubscriptionState]:
        """Lists the subscriptions to which seats can be added, now or later (`closed_reason`), in their
        current period."""

    async def fetch_customer(self, account_id: str) -> CustomerState:
        """What the provider has for the whole account."""

    async def fetch_billing_address(self, account_id: str) -> ProviderAddress | None:
        """None if the provider keeps no addresses."""

    async def restore_billing_address(
        self, account_id: str, address: Address, replaced: ProviderAddress
    ) -> ProviderAddress | None:
        """Sets the customer's address, unless it is no longer `replaced`. Returns what the customer has now;
        None if the provider keeps no addresses."""

    async def preview_lines(
        self, account_id: str, lines: list[LineRequest], at: datetime, address: Address
    ) -> Preview:
        """Prices as of `at` (whole seconds, UTC). Raises SubscriptionNotFound,
        SubscriptionNotActive, SubscriptionProductChanged, SeatsNotOrderable, MixedPricesUnsupported,
        CurrencyMismatch, SeatsPricedByUsage, SeatsBilledWithUsage, SeatsReducePrice, TaxLocationInvalid,
        ShippingLocationInvalid, UnrelatedChargesPending, PreviewIncomplete, PreviewMismatch,
        BillingPeriodEnded."""

    async def place_charge(self, charge: Charge) -> ChargeOutcome:
        """Charge and add the seats, at most once per key. A lost response is Unknown, not an exception."""

    async def reconcile_charge(self, charge: Charge) -> ChargeOutcome | NeverReceived:
        """The outcome of `charge.key`. An outage is Unknown."""

    async def fetch_invoice(self, account_id: str, receipt: str) -> InvoiceState | None:
        """The invoice of a Settled as it is now; None if the provider no longer has it."""

    async def fetch_receipt_page(self, account_id: str, receipt: str) -> ProviderReceipt | None:
        """The page of the receipt that a Settled refers to; None if the provider has no such pages."""

    async def fetch_receipt_pdf(self, account_id: str, receipt: str) -> ProviderPdf | None:
        """The document of record of a Settled; None if there is none. Its content does not change, but the
        provider may not have it ready yet: BillingUnavailable."""

    async def create_portal_link(self, account_id: str) -> str:
        """Creates a link for managing payment methods. It is a bearer secret: create it on click, never log
        it."""

    async def fetch_server_time(self) -> datetime | None:
        """Returns the time of the provider's clock, to the second; None if it has no clock of its own. Raises
        BillingUnavailable."""

    async def check_connection(self) -> str:
        """Describes the connection, for `doctor`. Raises BillingUnavailable, with `why`, and
        BillingPermissionsMissing."""


class WebhookParser(Protocol):
    """Parses webhook requests, for providers that have webhooks."""

    def parse_event(self, body: bytes, signature: str) -> WebhookEvent:
        """Raises WebhookVerificationError, UnsupportedEvent."""
