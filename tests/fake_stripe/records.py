"""The fake's customers, cards, subscriptions, invoices and payments, and what time does to them."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from tests.fake_stripe.prices import Price, Product
from tests.fake_stripe.subscription_settings import Coupon, SubscriptionSettings
from tests.fake_stripe.taxes import (
    NO_TAX,
    CustomerTax,
    ExemptLines,
    ManualTaxRate,
    TaxBehavior,
    TaxPart,
    TaxTerms,
    find_manual_tax_terms,
    find_tax_terms,
    is_located,
)

# docs.stripe.com/currencies, "Minimum and maximum charge amounts"
MINIMUM_CHARGES = {"eur": 50, "usd": 50, "gbp": 30, "chf": 50}
# docs.stripe.com/billing/subscriptions/pending-updates-reference
PENDING_UPDATE_LIFETIME_SECONDS = 23 * 3600
# docs.stripe.com/billing/invoices/subscription, "New subscription invoices"
FINALIZATION_DELAY_SECONDS = 3600
# docs.stripe.com/billing/subscriptions/pending-updates, "Before you begin"
PENDING_UPDATE_TYPES = frozenset(
    {
        *("card", "link", "alipay", "amazon_pay", "afterpay_clearpay", "cashapp", "eps", "gopay"),
        *("kakao_pay", "klarna", "kr_card", "naver_pay", "ng_card", "paypal", "payto", "pix", "promptpay"),
        *("revolut_pay", "satispay", "crypto", "swish", "twint", "upi", "wechat_pay"),
    }
)


class ApiError(Exception):
    def __init__(
        self, status: int, kind: str, message: str, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.type, self.message, self.code, self.param = status, kind, message, code, param


def build_invalid_request(
    message: str, code: str | None = None, param: str | None = None, status: int = 400
) -> ApiError:
    return ApiError(status, "invalid_request_error", message, code, param)


def build_resource_missing(object_type: str, object_id: object, param: str = "id") -> ApiError:
    return build_invalid_request(f"No such {object_type}: '{object_id}'", "resource_missing", param, 404)


@dataclass
class Card:
    """A payment method, a card unless `type` says otherwise; its id says whether it is a legacy one, such as
    `card_…`. `behaviour`: settles, declined, slow, customer, customer_never, or lost (responses never
    arrive)."""

    id: str
    customer: str | None
    behaviour: str = "settles"
    processing_seconds: int = 30
    brand: str = "visa"
    last4: str = "4242"
    expiry: tuple[int, int] = (2030, 4)
    type: str = "card"
    email: str | None = None
    bank: str | None = None
    wallet: str | None = None


@dataclass
class SubscriptionItem:
    id: str
    price: Price
    quantity: int
    current_period_start: int
    current_period_end: int
    metadata: dict[str, str] = field(default_factory=dict)
    # Of a metered price: units that no invoice has billed yet.
    unbilled_usage: int = 0
    # Where the periods are counted from; the first period's start unless a test says otherwise.
    billing_cycle_anchor: int = 0
    # Added with `proration_behavior=none`: not charged in this period.
    unbilled_seats: int = 0
    # Those of this period's charge that were for one invoice only.
    used_coupons: list[Coupon] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.billing_cycle_anchor = self.billing_cycle_anchor or self.current_period_start

    def find_next_period_end(self) -> int:
        return add_interval(self.current_period_end, self.price, self.billing_cycle_anchor)


@dataclass
class PendingUpdate:
    expires_at: int
    subscription_item: str
    quantity: int
    invoice: str
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Subscription:
    id: str
    customer: str
    items: list[SubscriptionItem]
    status: str = "active"
    # Where its prices have several, and tell their amounts in another.
    currency: str | None = None
    default_payment_method: str | None = None
    default_source: str | None = None
    sends_invoice: bool = False
    days_until_due: int = 30
    metadata: dict[str, str] = field(default_factory=dict)
    pending_update: PendingUpdate | None = None
    latest_invoice: str | None = None
    # Of its automatic tax: docs.stripe.com/tax/customer-locations, "Invoice finalization errors"
    tax_disabled_reason: str | None = None
    # Instead of automatic tax.
    default_tax_rates: list[ManualTaxRate] = field(default_factory=list)
    settings: SubscriptionSettings = field(default_factory=SubscriptionSettings)

    def ends_with(self, item: SubscriptionItem) -> bool:
        """Whether the item's current period is its last."""
        end = self.settings.cancel_at
        return self.settings.cancel_at_period_end or (end is not None and end <= item.current_period_end)

    def find_period_end(self, item: SubscriptionItem) -> int:
        """Or the subscription's own, if it is cancelled before."""
        return self.find_last_end(item.current_period_start, item.current_period_end)

    def find_last_end(self, start: int, end: int) -> int:
        """Of a period."""
        cancel_at = self.settings.cancel_at
        return cancel_at if cancel_at is not None and start < cancel_at < end else end

    @property
    def has_automatic_tax(self) -> bool:
        return self.tax_disabled_reason is None and not self.default_tax_rates

    @property
    def charged_currency(self) -> str:
        return self.currency or self.items[0].price.currency


@dataclass
class Customer:
    id: str
    address: dict[str, str]
    name: str | None = None
    default_payment_method: str | None = None
    default_source: str | None = None
    deleted: bool = False
    # Credit is negative, what they owe is positive: docs.stripe.com/billing/customer/balance
    balance: int = 0
    coupon: Coupon | None = None
    tax: CustomerTax = field(default_factory=CustomerTax)
    email: str | None = None
    preferred_locales: list[str] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class InvoiceLine:
    """Proration lines come in pairs, a credit and a charge, or one for each tier of both."""

    subscription_item: str
    subscription: str
    price: Price
    quantity: int
    amount: int
    tax: int
    period_start: int
    period_end: int
    proration: bool
    # Not subtracted from the amount: docs.stripe.com/api/invoice-line-item/object, discount_amounts
    discount: int = 0
    discount_id: str = ""
    # That of the subscription, if its price has several.
    charged_currency: str | None = None
    tax_parts: list[TaxPart] = field(default_factory=list)
    # The invoice item's, if it belongs to no item of the subscription.
    invoice_item: str | None = None

    @property
    def currency(self) -> str:
        return self.charged_currency or self.price.currency

    @property
    def inclusive_tax(self) -> int:
        return sum(part.amount for part in self.tax_parts if part.behavior == "inclusive")

    @property
    def is_tax_exempt(self) -> bool:
        return any(part.is_exempt for part in self.tax_parts)

    @property
    def removed_tax(self) -> int:
        return sum(part.removed for part in self.tax_parts)

    @property
    def net(self) -> int:
        return self.amount - self.discount - self.inclusive_tax - self.removed_tax


@dataclass
class PaymentIntent:
    id: str
    status: str
    error_code: str | None = None
    succeeds_at: int | None = None
    # The method that it was confirmed with last, and as it was when it was charged.
    payment_method: str | None = None
    charged_method: Card | None = None
    succeeded_at: int | None = None


@dataclass
class Invoice:
    id: str
    customer: str
    subscription: str
    billing_reason: str
    created: int
    lines: list[InvoiceLine]
    # A copy of the subscription's, as it was then: docs.stripe.com/api/invoices/object, parent
    subscription_metadata: dict[str, str]
    status: str = "open"
    payment_intent: PaymentIntent | None = None
    # Attached by hand, in addition to the invoice's own.
    attached_payment_intent: PaymentIntent | None = None
    # Paid without Stripe, which keeps a payment record: docs.stripe.com/api/payment-record
    is_paid_out_of_band: bool = False
    # In the total, and in no line: docs.stripe.com/api/invoices/object, amount_shipping
    amount_shipping: int = 0
    # What the tax has more than its lines' taxes: Stripe documents neither that it is their sum nor that it
    # isn't (docs.stripe.com/api/invoices/object, total_taxes).
    tax_rounding: int = 0
    starting_balance: int = 0
    ending_balance: int | None = None
    has_automatic_tax: bool = True
    is_tax_located: bool = True
    # Sent to the customer, who pays by themselves.
    is_sent: bool = False
    auto_advance: bool = False
    finalizes_at: int | None = None
    finalized_at: int | None = None
    due_date: int | None = None
    last_finalization_error: str | None = None
    custom_fields: list[dict[str, str]] = field(default_factory=list)
    was_voided_by_request: bool = False
    # While it is not paid in full: docs.stripe.com/invoicing/partial-payments
    partial_payments: int = 0

    @property
    def amount_paid(self) -> int:
        return self.amount_due if self.status == "paid" else self.partial_payments

    @property
    def is_overdue_since(self) -> int | None:
        return self.due_date if self.status == "open" else None

    @property
    def total(self) -> int:
        return self.subtotal + self.tax + self.amount_shipping

    @property
    def amount_due(self) -> int:
        """Nothing below the smallest charge: docs.stripe.com/api/invoices/object, amount_due"""
        due = max(0, self.total + self.starting_balance)
        return due if due >= MINIMUM_CHARGES.get(self.currency, 0) else 0

    def finalize(self, customer: Customer) -> None:
        """The balance is applied to it, whatever happens to its payment.

        docs.stripe.com/billing/customer/balance
        """
        self.starting_balance = customer.balance
        customer.balance = self.ending_balance = self.total + self.starting_balance - self.amount_due

    @property
    def currency(self) -> str:
        return self.lines[0].currency if self.lines else "eur"

    @property
    def subtotal(self) -> int:
        """Discounts and included tax are subtracted."""
        return sum(line.net for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines) + self.tax_rounding


@dataclass(frozen=True)
class EventRecord:
    """An event; its object is serialised when it is sent."""

    id: str
    type: str
    object_type: str
    object_id: str
    created: int


class StripeRecords:
    """`tax_rates` has a rate such as "0.20" for a country; `card_network` decides how a card behaves next."""

    def __init__(
        self,
        now: Callable[[], datetime],
        tax_rates: dict[str, str] | None = None,
        card_network: Callable[[Card], Card] = lambda card: card,
    ) -> None:
        self.clock = now
        self.tax_rates = tax_rates or {}
        # Of the business; None if it charges everybody, with or without a tax ID.
        self.seller_country: str | None = None
        self.card_network = card_network
        self.customers: dict[str, Customer] = {}
        self.cards: dict[str, Card] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.invoices: dict[str, Invoice] = {}
        self.previews: dict[str, Invoice] = {}
        self.events: list[EventRecord] = []
        # Created by a test that has a price and a test clock of its own.
        self.prices: dict[str, Price] = {}
        # Others are named after their id, without metadata.
        self.products: dict[str, Product] = {}
        self.coupons: dict[str, Coupon] = {}
        self.manual_tax_rates: dict[str, ManualTaxRate] = {}
        self.test_clock: str | None = None
        self.is_clock_advancing = False
        self.declines_with_402 = False
        self.has_portal_configuration = True
        # Stripe documents neither that an update which costs nothing gets an invoice nor that it does not.
        self.invoices_free_updates = True
        # docs.stripe.com/api/invoices/object, automatic_tax.status
        self.fails_tax_calculation = False
        # Of every draft, until a test clears it: a code of docs.stripe.com/error-codes.
        self.finalization_error: str | None = None
        # Of new invoices: docs.stripe.com/api/customers/object, invoice_settings.custom_fields
        self.default_custom_fields: list[dict[str, str]] = []
        self.advances_drafts = True
        self.lists_invoices_of_deleted_customers = True
        self.pending_invoice_items: list[InvoiceLine] = []
        # Of the next invoices of an update.
        self.amount_shipping = 0
        self.tax_rounding = 0
        # Stripe documents neither that a proration of graduated tiers has a line for each, as a renewal has,
        # nor that it has one in all.
        self.splits_prorated_tiers = False
        self.exempt_lines: ExemptLines = "untaxed"
        # Of changes that somebody else made.
        self.foreign_invoices: set[str] = set()
        # Where the invoices' files are.
        self.files_url = "https://invoice.stripe.example"
        self._id_count = 0

    @property
    def now(self) -> int:
        return int(self.clock().timestamp())

    def freeze_clock(self, at: int) -> None:
        self.clock = lambda: datetime.fromtimestamp(at, UTC)

    def new_id(self, prefix: str) -> str:
        self._id_count += 1
        return f"{prefix}_{self._id_count:08d}"

    # --- what tests, or other users of the account, do

    def get_price(self, price_id: str) -> Price:
        found = [item.price for each in self.subscriptions.values() for item in each.items]
        for price in [*self.prices.values(), *found]:
            if price.id == price_id:
                return price
        raise build_resource_missing("price", price_id, "price")

    def get_product(self, product_id: str) -> Product:
        if product_id in self.products:
            return self.products[product_id]
        found = [item.price.product for each in self.subscriptions.values() for item in each.items]
        if product_id in [*found, *(price.product for price in self.prices.values())]:
            return Product(product_id, f"The product {product_id}")
        raise build_resource_missing("product", product_id)

    def use_other_price(self, item_id: str, **terms: Any) -> Price:
        """Another price of the same product, since the terms of one never change; the old one stays."""
        subscription, item = self.get_subscription_and_item(item_id)
        self.prices[item.price.id] = item.price
        old, item.price = item.price, replace(item.price, id=self.new_id("price"), **terms)
        schedule = subscription.settings.schedule
        for phase in schedule.phases if schedule else ():
            if old.id in phase.quantities:
                phase.quantities[item.price.id] = phase.quantities.pop(old.id)
        return item.price

    def set_price_active(self, item_id: str, *, active: bool) -> None:
        """Archived, or sold again: docs.stripe.com/api/prices/update"""
        item = self.get_item(item_id)
        item.price = replace(item.price, active=active)
        if item.price.id in self.prices:
            self.prices[item.price.id] = item.price

    def find_coupon(self, coupon_id: str) -> Coupon | None:
        used = [coupon for each in self.subscriptions.values() for coupon in each.settings.coupons]
        return next((each for each in [*self.coupons.values(), *used] if each.id == coupon_id), None)

    def get_item(self, item_id: str) -> SubscriptionItem:
        return self.get_subscription_and_item(item_id)[1]

    def get_subscription_and_item(self, item_id: str) -> tuple[Subscription, SubscriptionItem]:
        """`item_id` may also be a value of the item's metadata."""
        for subscription in self.subscriptions.values():
            for item in subscription.items:
                if item_id in (item.id, *item.metadata.values()):
                    return subscription, item
        raise build_resource_missing("subscription item", item_id)

    def attach_default_card(self, card_id: str, customer_id: str) -> None:
        self.cards[card_id].customer = customer_id
        self.customers[customer_id].default_payment_method = card_id

    def detach_card(self, card_id: str) -> None:
        """docs.stripe.com/api/payment_methods/detach"""
        self.cards[card_id].customer = None
        holders: list[Customer | Subscription] = [*self.customers.values(), *self.subscriptions.values()]
        for each in holders:
            if each.default_payment_method == card_id:
                each.default_payment_method = None
            if each.default_source == card_id:
                each.default_source = None

    def change_address(self, customer_id: str, address: dict[str, str]) -> None:
        """Each part that is given: docs.stripe.com/api/customers/update. Every change of a customer is
        reported: docs.stripe.com/api/events/types, customer.updated"""
        customer = self.customers[customer_id]
        customer.address = {**customer.address, **address}
        self.emit_event("customer.updated", "customer", customer_id)

    def check_tax_location(self, customer: Customer, address: dict[str, str]) -> None:
        """Of a customer that Stripe Tax could locate, if a subscription needs that:
        docs.stripe.com/changelog/acacia/2024-10-28/tax-validate-location-auto"""
        is_taxed = any(
            each.customer == customer.id and each.has_automatic_tax and each.status != "canceled"
            for each in self.subscriptions.values()
        )
        if is_taxed and is_located(customer.address, customer.tax) and not is_located(address, customer.tax):
            raise build_invalid_request(
                "The customer's location isn't recognized.", "customer_tax_location_invalid"
            )

    def delete_customer(self, customer_id: str) -> None:
        """Also cancels the customer's subscriptions. Invoices stay: docs.stripe.com/api/customers/delete"""
        self.customers[customer_id].deleted = True
        for card in self.cards.values():
            card.customer = None if card.customer == customer_id else card.customer
        for subscription in self.subscriptions.values():
            is_final = subscription.status in ("canceled", "incomplete_expired")
            if subscription.customer == customer_id and not is_final:
                self.cancel_subscription(subscription)
                self.emit_event("customer.subscription.deleted", "subscription", subscription.id)
        self.emit_event("customer.deleted", "customer", customer_id)

    def cancel_subscription(self, subscription: Subscription) -> None:
        """A pending update that needs authentication is dropped; its invoice stays open, and can be paid.

        docs.stripe.com/api/subscriptions/cancel
        """
        subscription.status = "canceled"
        if subscription.pending_update:
            payment = self.invoices[subscription.pending_update.invoice].payment_intent
            if payment and payment.status == "requires_action":
                subscription.pending_update = None

    def set_quantity(self, item_id: str, quantity: int, *, is_billed: bool = True) -> None:
        """Not billed: with `proration_behavior=none`."""
        subscription, item = self.get_subscription_and_item(item_id)
        if not is_billed:
            item.unbilled_seats += quantity - item.quantity
        item.quantity = quantity
        self.emit_event("customer.subscription.updated", "subscription", subscription.id)

    def list_updates(self) -> list[Invoice]:
        """The invoices of changed quantities."""
        return [each for each in self.invoices.values() if each.billing_reason == "subscription_update"]

    def list_paid_updates(self) -> list[Invoice]:
        return [invoice for invoice in self.list_updates() if invoice.status == "paid"]

    # --- proration and tax

    def build_proration_lines(
        self, subscription: Subscription, item: SubscriptionItem, quantity: int, at: int, terms: TaxTerms
    ) -> list[InvoiceLine]:
        """A credit for the unused seconds at the old quantity, and a charge for them at the new one.

        The flexible mode credits what was charged before, the classic one the current quantity with the last
        discounts used: docs.stripe.com/billing/subscriptions/billing-mode/compare, "Credit proration
        calculations", and docs.stripe.com/billing/subscriptions/prorations, "Credit prorations".
        """
        if not item.current_period_start <= at < subscription.find_period_end(item):
            raise build_invalid_request(
                "The proration date must be within the current period", param="proration_date"
            )
        end = subscription.find_period_end(item)
        is_flexible = subscription.settings.billing_mode == "flexible"
        credited = item.quantity - (item.unbilled_seats if is_flexible else 0)
        used_share = Fraction(sum(coupon.percent_off for coupon in item.used_coupons), 100)
        unused = Fraction(end - at, item.current_period_end - item.current_period_start)
        if subscription.status == "trialing":
            unused = Fraction(0)  # docs.stripe.com/billing/subscriptions/trials: a trial costs nothing.
        if not subscription.settings.itemizes_proration_discounts:
            # Computed from discounted amounts: docs.stripe.com/billing/subscriptions/prorations
            unused *= 1 - self._compute_discount_share(subscription)
        currency, off = subscription.charged_currency, self._get_amount_off(subscription)
        before, after = (
            [(count, max(Fraction(0), exact - off)) for count, exact in parts]
            for parts in (self._list_parts(item.price, each, currency) for each in (credited, quantity))
        )
        amounts = [
            *((count, -round_amount(exact * unused * (1 - used_share), currency)) for count, exact in before),
            *((count, round_amount(exact * unused, currency)) for count, exact in after),
        ]
        itemized = subscription.settings.itemizes_proration_discounts
        discounts = [self._compute_discount(subscription, a) if itemized else 0 for _, a in amounts]
        nets = [amount - discount for (_, amount), discount in zip(amounts, discounts, strict=True)]
        taxes = compute_taxes(nets, terms, item.price, currency)
        return [
            InvoiceLine(
                item.id, subscription.id, item.price, count, amount, sum(part.amount for part in parts), at,
                end, True, discount,
                self._get_discount_id(subscription) if discount else "", currency, parts,
            )
            for (count, amount), parts, discount in zip(amounts, taxes, discounts, strict=True)
        ]  # fmt: skip

    def _list_parts(self, price: Price, quantity: int, currency: str) -> list[tuple[int, Fraction]]:
        if self.splits_prorated_tiers:
            return price.list_parts(quantity, currency)
        return [(quantity, price.compute_amount(quantity, currency))]

    def build_usage_lines(self, subscription: Subscription, terms: TaxTerms) -> list[InvoiceLine]:
        """A pending update's invoice bills the usage that is outstanding:
        docs.stripe.com/billing/subscriptions/pending-updates, "Metered items"."""
        lines, currency = [], subscription.charged_currency
        for item in subscription.items:
            if item.price.usage_type == "metered" and item.unbilled_usage:
                amount = round_amount(item.unbilled_usage * Fraction(item.price.unit_amount), currency)
                [parts] = compute_taxes([amount], terms, item.price, currency)
                lines.append(
                    InvoiceLine(
                        item.id, subscription.id, item.price, item.unbilled_usage, amount,
                        sum(part.amount for part in parts), item.current_period_start, self.now, False,
                        charged_currency=currency, tax_parts=parts,
                    )
                )  # fmt: skip
        return lines

    def _compute_discount(self, subscription: Subscription, amount: int) -> int:
        """docs.stripe.com/billing/subscriptions/coupons"""
        share, off = self._compute_discount_share(subscription), self._get_amount_off(subscription)
        return round_amount(amount * share, subscription.charged_currency) + min(max(0, amount), off)

    def _compute_discount_share(self, subscription: Subscription) -> Fraction:
        return Fraction(sum(coupon.percent_off for coupon in self._list_coupons(subscription)), 100)

    def _get_amount_off(self, subscription: Subscription) -> int:
        """Off the whole invoice, which has a single line here."""
        currency = subscription.charged_currency
        off = sum(coupon.get_amount_off(currency) for coupon in self._list_coupons(subscription))
        [*others, item] = subscription.items
        if off and (others or item.price.tiers or subscription.settings.itemizes_proration_discounts):
            raise NotImplementedError("an amount off that is split among lines")
        return off

    def _list_coupons(self, subscription: Subscription) -> list[Coupon]:
        """The customer's counts only if the subscription has none:
        docs.stripe.com/billing/subscriptions/coupons, "Discounts on customers"."""
        customer_coupon = self.customers[subscription.customer].coupon
        coupons = subscription.settings.coupons or ([customer_coupon] if customer_coupon else [])
        if any(coupon.products for coupon in coupons) and len(subscription.items) > 1:
            raise NotImplementedError("a coupon for some of several items")
        product = subscription.items[0].price.product
        return [coupon for coupon in coupons if not coupon.products or product in coupon.products]

    def _get_discount_id(self, subscription: Subscription) -> str:
        return f"di_{self._list_coupons(subscription)[0].id}"

    def build_renewal_lines(
        self, subscription: Subscription, quantities: dict[str, int], terms: TaxTerms
    ) -> list[InvoiceLine]:
        """A period in whose middle the subscription is cancelled is prorated, whatever `proration_behavior`
        says: docs.stripe.com/api/subscriptions/update, cancel_at."""
        lines, currency = [], subscription.charged_currency
        for item in subscription.items:
            start, whole_end = item.current_period_end, item.find_next_period_end()
            end = subscription.find_last_end(start, whole_end)
            for count, exact in item.price.list_parts(quantities.get(item.id, item.quantity), currency):
                amount = round_amount(exact * Fraction(end - start, whole_end - start), currency)
                discount = self._compute_discount(subscription, amount)
                [parts] = compute_taxes([amount - discount], terms, item.price, currency)
                tax = sum(part.amount for part in parts)
                lines.append(
                    InvoiceLine(
                        item.id, subscription.id, item.price, count, amount, tax, start, end,
                        end != whole_end, discount, self._get_discount_id(subscription) if discount else "",
                        currency, parts,
                    )
                )  # fmt: skip
        return lines

    def find_tax_terms(self, subscription: Subscription, address: dict[str, str] | None = None) -> TaxTerms:
        """docs.stripe.com/tax/calculating; instead of it, docs.stripe.com/billing/taxes/tax-rates"""
        if subscription.tax_disabled_reason is not None:
            return NO_TAX
        customer = self.customers[subscription.customer]
        if subscription.default_tax_rates:
            return find_manual_tax_terms(subscription.default_tax_rates, customer.tax)
        return find_tax_terms(address or customer.address, customer.tax, self.tax_rates, self.seller_country)

    # --- pending updates and payments

    def apply_free_update(
        self, subscription: Subscription, item: SubscriptionItem, quantity: int, at: int
    ) -> bool:
        """Without an invoice, if there is nothing to charge."""
        lines = self.build_proration_lines(subscription, item, quantity, at, NO_TAX)
        if self.invoices_free_updates or any(line.amount for line in lines):
            return False
        item.quantity = quantity
        return True

    def update_quantity(
        self,
        subscription: Subscription,
        item: SubscriptionItem,
        quantity: int,
        at: int,
        metadata: dict[str, str] | None = None,
    ) -> Invoice:
        """Creates an invoice, and applies the change when it is paid. Replaces another pending update.

        docs.stripe.com/billing/subscriptions/pending-updates
        docs.stripe.com/billing/subscriptions/pending-updates-reference
        """
        if subscription.status not in ("active", "trialing", "past_due"):
            raise build_resource_missing("subscription", subscription.id)
        if subscription.pending_update:
            self.void_invoice(self.invoices[subscription.pending_update.invoice])
        customer = self.customers[subscription.customer]
        terms = self.find_tax_terms(subscription)
        if not terms.is_located:
            # docs.stripe.com/tax/customer-locations
            raise build_invalid_request(
                "The customer's location isn't recognized.", "customer_tax_location_invalid"
            )
        lines = [
            *self.build_usage_lines(subscription, terms),
            *self.build_proration_lines(subscription, item, quantity, at, terms),
        ]
        pending = [line for line in self.pending_invoice_items if line.subscription == subscription.id]
        self.pending_invoice_items = [line for line in self.pending_invoice_items if line not in pending]
        card = self.card_network(self._get_payment_method(subscription, customer))
        if self.declines_with_402 and card.behaviour == "declined":
            raise ApiError(402, "card_error", "Your card was declined.", "card_declined")
        invoice = Invoice(
            self.new_id("in"), customer.id, subscription.id, "subscription_update", self.now,
            [*pending, *lines], dict(subscription.metadata),
            has_automatic_tax=subscription.has_automatic_tax,
        )  # fmt: skip
        for metered in subscription.items:
            # Never billed again, also if the update expires unpaid.
            metered.unbilled_usage = 0
        invoice.amount_shipping, invoice.tax_rounding = self.amount_shipping, self.tax_rounding
        self.invoices[invoice.id] = invoice
        subscription.latest_invoice = invoice.id
        until = min(self.now + PENDING_UPDATE_LIFETIME_SECONDS, item.current_period_end)
        subscription.pending_update = PendingUpdate(until, item.id, quantity, invoice.id, metadata or {})
        if subscription.settings.pause_collection:
            self._skip_collection(subscription, invoice)
            return invoice
        invoice.finalize(customer)
        if invoice.amount_due == 0:
            self.pay_invoice(invoice)
        else:
            self._attempt_payment(subscription, invoice, card)
        return invoice

    def update_quantity_on_invoice(
        self, subscription: Subscription, item: SubscriptionItem, quantity: int, at: int
    ) -> Invoice:
        """Applies the change at once, and leaves its invoice a draft for about an hour.

        docs.stripe.com/billing/invoices/subscription, docs.stripe.com/billing/collection-method
        """
        if subscription.status not in ("active", "trialing", "past_due"):
            raise build_invalid_request("The subscription is not active", "resource_missing")
        customer = self.customers[subscription.customer]
        terms = self.find_tax_terms(subscription)
        if not terms.is_located:
            # docs.stripe.com/tax/customer-locations
            raise build_invalid_request(
                "The customer's location isn't recognized.", "customer_tax_location_invalid"
            )
        lines = self.build_proration_lines(subscription, item, quantity, at, terms)
        pending = [line for line in self.pending_invoice_items if line.subscription == subscription.id]
        self.pending_invoice_items = [line for line in self.pending_invoice_items if line not in pending]
        item.quantity = quantity
        item.unbilled_seats, item.used_coupons = 0, []
        invoice = Invoice(
            self.new_id("in"), customer.id, subscription.id, "subscription_update", self.now,
            [*pending, *lines], {}, "draft",
            has_automatic_tax=subscription.has_automatic_tax,
            is_sent=True,
            auto_advance=self.advances_drafts,
            finalizes_at=self.now + FINALIZATION_DELAY_SECONDS if self.advances_drafts else None,
            # docs.stripe.com/api/invoices/create, days_until_due: counted from when it is created.
            due_date=self.now + subscription.days_until_due * 86400,
            custom_fields=[*self.default_custom_fields],
        )  # fmt: skip
        self.invoices[invoice.id] = invoice
        subscription.latest_invoice = invoice.id
        self.emit_event("invoice.created", "invoice", invoice.id)
        self.emit_event("customer.subscription.updated", "subscription", subscription.id)
        return invoice

    def set_custom_fields(self, invoice: Invoice, fields: list[dict[str, str]]) -> None:
        """At most four, with names of 40 characters and values of 140; not once it is finalized.

        docs.stripe.com/api/invoices/update, github.com/stripe/stripe-php/issues/1105
        """
        if invoice.status != "draft":
            raise build_invalid_request(
                "Finalized invoices can't be updated in this way", "invoice_not_editable"
            )
        is_too_long = any(len(each["name"]) > 40 or len(each["value"]) > 140 for each in fields)
        if is_too_long or len(fields) > 4:
            raise build_invalid_request("Invalid custom_fields")
        invoice.custom_fields = fields

    def finalize_invoice(self, invoice: Invoice, *, auto_advance: bool) -> None:
        """One without an amount due is paid at once.

        docs.stripe.com/invoicing/integration/workflow-transitions, docs.stripe.com/api/invoices/finalize
        """
        if invoice.status != "draft":
            raise build_invalid_request(
                "This invoice is already finalized, you can't re-finalize a non-draft invoice."
            )
        if self.finalization_error is not None:
            invoice.last_finalization_error = self.finalization_error
            self.emit_event("invoice.finalization_failed", "invoice", invoice.id)
            raise build_invalid_request("The invoice can't be finalized.", self.finalization_error)
        # docs.stripe.com/api/invoices/object, parent: a snapshot from now on.
        invoice.subscription_metadata = dict(self.subscriptions[invoice.subscription].metadata)
        invoice.finalize(self.customers[invoice.customer])
        invoice.status, invoice.last_finalization_error = "open", None
        invoice.finalized_at, invoice.finalizes_at = self.now, None
        invoice.auto_advance = auto_advance
        self.emit_event("invoice.finalized", "invoice", invoice.id)
        if invoice.amount_due == 0:
            self.pay_invoice(invoice)
        elif auto_advance:
            self.emit_event("invoice.sent", "invoice", invoice.id)

    def mark_uncollectible(self, invoice: Invoice) -> None:
        """It can still be paid: docs.stripe.com/api/invoices/mark_uncollectible"""
        if invoice.status != "open":
            raise build_invalid_request("This invoice is not open.", "invoice_not_open")
        invoice.status, invoice.auto_advance = "uncollectible", False
        self.emit_event("invoice.marked_uncollectible", "invoice", invoice.id)

    def _advance_drafts(self) -> None:
        """A failure leaves a draft, which is not tried again by itself:
        docs.stripe.com/invoicing/integration/workflow-transitions, "Finalization failures"."""
        for invoice in self.invoices.values():
            is_due = invoice.finalizes_at is not None and invoice.finalizes_at <= self.now
            if invoice.status == "draft" and invoice.auto_advance and is_due:
                try:
                    self.finalize_invoice(invoice, auto_advance=True)
                except ApiError:
                    invoice.finalizes_at = None

    def _mark_past_due(self, subscription: Subscription) -> None:
        """docs.stripe.com/api/subscriptions/object, status: until its invoice is paid."""
        is_overdue = any(
            invoice.is_overdue_since is not None and invoice.is_overdue_since <= self.now
            for invoice in self.invoices.values()
            if invoice.subscription == subscription.id
        )
        before = subscription.status
        if is_overdue and before == "active":
            subscription.status = "past_due"
        elif not is_overdue and before == "past_due":
            subscription.status = "active"
        if subscription.status != before:
            self.emit_event("customer.subscription.updated", "subscription", subscription.id)

    def _skip_collection(self, subscription: Subscription, invoice: Invoice) -> None:
        """docs.stripe.com/billing/subscriptions/pause-payment"""
        assert subscription.settings.pause_collection is not None
        invoice.status = subscription.settings.pause_collection.invoice_status
        if invoice.status == "void":
            subscription.pending_update = None

    def _get_payment_method(self, subscription: Subscription, customer: Customer) -> Card:
        """docs.stripe.com/billing/subscriptions/pending-updates, "Before you begin"."""
        name = get_charged_method(subscription, customer)
        if name is None:
            raise build_invalid_request("This customer has no attached payment source", "resource_missing")
        method = self.cards[name]
        if method.type not in (subscription.settings.payment_method_types or [method.type]):
            # Stripe documents that it is not used and the payment may fail, not how:
            # docs.stripe.com/billing/subscriptions/payment-methods-setting
            raise build_invalid_request(f"The subscription can't be paid with {method.type}")
        if method.type not in PENDING_UPDATE_TYPES:
            # Stripe documents that it is refused, not in what words.
            raise build_invalid_request(
                f"Pending updates don't support payment methods of type {method.type}",
                param="payment_behavior",
            )
        return method

    def _attempt_payment(self, subscription: Subscription, invoice: Invoice, card: Card) -> None:
        """docs.stripe.com/payments/paymentintents/lifecycle
        docs.stripe.com/billing/subscriptions/webhooks"""
        payment = invoice.payment_intent = PaymentIntent(
            self.new_id("pi"), "succeeded", payment_method=card.id
        )
        match card.behaviour:
            case "declined":
                payment.status, payment.error_code = "requires_payment_method", "card_declined"
                self.emit_event("invoice.payment_failed", "invoice", invoice.id)
            case "slow":
                payment.status, payment.succeeds_at = "processing", self.now + card.processing_seconds
            case "customer" | "customer_never":
                payment.status = "requires_action"
                payment.succeeds_at = self.now + 20 if card.behaviour == "customer" else None
                self.emit_event("invoice.payment_action_required", "invoice", invoice.id)
            case _:
                self.pay_invoice(invoice)

    def pay_invoice(self, invoice: Invoice) -> None:
        """Applies the update that waits for it: docs.stripe.com/billing/subscriptions/pending-updates"""
        subscription = self.subscriptions[invoice.subscription]
        invoice.status = "paid"
        if invoice.payment_intent:
            invoice.payment_intent.status, invoice.payment_intent.error_code = "succeeded", None
            invoice.payment_intent.succeeded_at = self.now
            charged = self.cards.get(invoice.payment_intent.payment_method or "")
            invoice.payment_intent.charged_method = replace(charged) if charged else None
        if subscription.pending_update and subscription.pending_update.invoice == invoice.id:
            item = next(
                i for i in subscription.items if i.id == subscription.pending_update.subscription_item
            )
            item.quantity = subscription.pending_update.quantity
            item.unbilled_seats, item.used_coupons = 0, []
            subscription.metadata |= subscription.pending_update.metadata
            subscription.pending_update = None
            self.emit_event("customer.subscription.pending_update_applied", "subscription", subscription.id)
        self.emit_event("invoice.paid", "invoice", invoice.id)
        self.emit_event("customer.subscription.updated", "subscription", subscription.id)

    def pay_in_part(self, invoice: Invoice, amount: int) -> None:
        """It stays open until all of it is paid: docs.stripe.com/invoicing/partial-payments"""
        assert 0 < amount < invoice.amount_due - invoice.partial_payments
        invoice.partial_payments += amount
        # docs.stripe.com/api/events/types, invoice.updated
        self.emit_event("invoice.updated", "invoice", invoice.id)

    def pay_on_hosted_page(self, invoice: Invoice, card_id: str) -> None:
        """With any method, not only the customer's: docs.stripe.com/invoicing/hosted-invoice-page"""
        assert invoice.payment_intent is not None
        invoice.payment_intent.payment_method = card_id
        self.pay_invoice(invoice)

    def pay_out_of_band(self, invoice: Invoice) -> None:
        """No charge is made: docs.stripe.com/api/invoices/pay, paid_out_of_band"""
        invoice.is_paid_out_of_band = True
        intent, invoice.payment_intent = invoice.payment_intent, None
        self.pay_invoice(invoice)
        if intent is not None:
            intent.status = "canceled"
        invoice.payment_intent = intent

    def fail_authentication(
        self, invoice: Invoice, code: str = "payment_intent_authentication_failure"
    ) -> None:
        """The customer tried to authenticate, and failed.

        docs.stripe.com/error-codes, payment_intent_authentication_failure
        """
        assert invoice.payment_intent is not None
        invoice.payment_intent.status = "requires_payment_method"
        invoice.payment_intent.error_code = code
        self.emit_event("invoice.payment_failed", "invoice", invoice.id)

    def void_invoice(self, invoice: Invoice) -> None:
        """Also cancels the pending update: docs.stripe.com/api/invoices/void,
        docs.stripe.com/billing/subscriptions/pending-updates"""
        if invoice.status not in ("open", "uncollectible"):
            # Stripe documents no code for it.
            raise build_invalid_request("This invoice is not open.")
        if invoice.partial_payments:
            raise NotImplementedError("what is paid of an invoice that is voided")
        invoice.status = "void"
        # What was applied of the balance is given back: docs.stripe.com/api/customer_balance_transactions
        if invoice.ending_balance is not None:
            self.customers[invoice.customer].balance += invoice.starting_balance - invoice.ending_balance
        if invoice.payment_intent:
            invoice.payment_intent.status = "canceled"
        subscription = self.subscriptions[invoice.subscription]
        if subscription.pending_update and subscription.pending_update.invoice == invoice.id:
            subscription.pending_update = None
        self.emit_event("invoice.voided", "invoice", invoice.id)

    # --- time

    def apply_due_changes(self) -> None:
        self._advance_drafts()
        for subscription in self.subscriptions.values():
            if subscription.sends_invoice:
                self._mark_past_due(subscription)
            self._resolve_pending_update(subscription)
            self._apply_settings(subscription)
            for item in subscription.items:
                while item.current_period_end <= self.now and subscription.status == "active":
                    if subscription.ends_with(item):
                        self._end_subscription(subscription)
                    else:
                        self._renew_item(subscription, item)

    def _apply_settings(self, subscription: Subscription) -> None:
        """A phase that has begun gives the subscription its quantities, whatever there was before:
        docs.stripe.com/billing/subscriptions/subscription-schedules, "Transition to the next phase"."""
        settings = subscription.settings
        pause = settings.pause_collection
        if pause and pause.resumes_at is not None and pause.resumes_at <= self.now:
            settings.pause_collection = None
        is_trial_over = settings.trial_end is not None and settings.trial_end <= self.now
        if is_trial_over and subscription.status == "trialing":
            subscription.status = "active"
        is_over = settings.cancel_at is not None and settings.cancel_at <= self.now
        if is_over and subscription.status != "canceled":
            self._end_subscription(subscription)
        phase = settings.schedule.find_phase(self.now) if settings.schedule else None
        if phase is not None and phase is not settings.entered_phase:
            if settings.entered_phase is not None:
                for item in subscription.items:
                    item.quantity = phase.quantities.get(item.price.id, item.quantity)
                self.emit_event("customer.subscription.updated", "subscription", subscription.id)
            settings.entered_phase = phase

    def _end_subscription(self, subscription: Subscription) -> None:
        self.cancel_subscription(subscription)
        self.emit_event("customer.subscription.deleted", "subscription", subscription.id)

    def _resolve_pending_update(self, subscription: Subscription) -> None:
        """Once it expires, its invoice is voided: docs.stripe.com/billing/subscriptions/pending-updates"""
        pending = subscription.pending_update
        if pending is None:
            return
        invoice = self.invoices[pending.invoice]
        ready = invoice.payment_intent.succeeds_at if invoice.payment_intent else None
        if ready is not None and ready <= self.now and ready < pending.expires_at:
            self.pay_invoice(invoice)
            if invoice.payment_intent:
                invoice.payment_intent.succeeded_at = ready
        elif pending.expires_at <= self.now:
            self.void_invoice(invoice)
            self.emit_event("customer.subscription.pending_update_expired", "subscription", subscription.id)

    def _renew_item(self, subscription: Subscription, item: SubscriptionItem) -> None:
        """docs.stripe.com/billing/invoices/subscription"""
        terms = self.find_tax_terms(subscription)
        lines = [
            line
            for line in self.build_renewal_lines(subscription, {}, terms)
            if line.subscription_item == item.id
        ]
        invoice = Invoice(
            self.new_id("in"), subscription.customer, subscription.id, "subscription_cycle", self.now, lines,
            dict(subscription.metadata),
            pause.invoice_status if (pause := subscription.settings.pause_collection) else "paid",
        )  # fmt: skip
        self.invoices[invoice.id] = invoice
        subscription.latest_invoice = invoice.id
        # docs.stripe.com/api/coupons/object, duration
        item.unbilled_seats = 0
        item.used_coupons = [each for each in subscription.settings.coupons if each.duration == "once"]
        subscription.settings.coupons = [c for c in subscription.settings.coupons if c.duration != "once"]
        item.current_period_start, item.current_period_end = (
            item.current_period_end,
            item.find_next_period_end(),
        )
        self.emit_event("invoice.paid", "invoice", invoice.id)

    # --- events

    def emit_event(self, event_type: str, object_type: str, object_id: str) -> None:
        self.events.append(EventRecord(self.new_id("evt"), event_type, object_type, object_id, self.now))


def get_charged_method(subscription: Subscription, customer: Customer) -> str | None:
    """In the order of docs.stripe.com/api/subscriptions/object, `default_payment_method` and
    `default_source`."""
    return (
        subscription.default_payment_method
        or subscription.default_source
        or customer.default_payment_method
        or customer.default_source
    )


def compute_taxes(amounts: list[int], terms: TaxTerms, price: Price, currency: str) -> list[list[TaxPart]]:
    """Of each amount, by rate: computed on the sum and split among the lines, so that the two of a change are
    taxed as one.

    Tax of an inclusive price is a part of its amount:
    docs.stripe.com/tax/products-prices-tax-categories-tax-behavior
    """
    behaviors = {each: terms.get_behavior(each, price.tax_behavior) for each in terms.rates}
    included_rate = sum((terms.rates[each] for each in _list_inclusive(behaviors)), Fraction(0))
    taxes: dict[str, list[int]] = {}
    for rate_id, rate in terms.rates.items():
        # Exclusive tax is computed on what is left without the inclusive: docs.stripe.com/billing/taxes/
        # tax-rates, "Both inclusive and exclusive tax with discount example".
        share = rate / (1 + included_rate)
        total = round_amount(sum(amounts) * share, currency)
        first = [round_amount(amount * share, currency) for amount in amounts[:-1]]
        taxes[rate_id] = [*first, total - sum(first)]
    included = [
        sum(taxes[each][number] for each in _list_inclusive(behaviors)) for number in range(len(amounts))
    ]
    return [
        [
            TaxPart(
                rate_id,
                terms.reason,
                amount - included[number],
                0 if terms.is_exempt else tax[number],
                behaviors[rate_id],
                is_exempt=terms.is_exempt,
                removed=tax[number] if terms.is_exempt and behaviors[rate_id] == "inclusive" else 0,
            )
            for rate_id, tax in taxes.items()
        ]
        for number, amount in enumerate(amounts)
    ]


def _list_inclusive(behaviors: dict[str, TaxBehavior]) -> list[str]:
    return [rate_id for rate_id, behavior in behaviors.items() if behavior == "inclusive"]


def round_amount(value: Fraction, currency: str) -> int:
    """A half is rounded away from zero. ISK and UGX have no fractions, though their amounts have two decimals
    (docs.stripe.com/currencies, "Special cases")."""
    unit = 100 if currency in ("isk", "ugx") else 1
    whole = (abs(value) / unit + Fraction(1, 2)).__floor__() * unit
    return whole if value >= 0 else -whole


def add_interval(at: int, price: Price, anchor: int) -> int:
    """The anchor's day of the month, or the last day of a shorter month, at the anchor's time of day in UTC.

    docs.stripe.com/billing/subscriptions/billing-cycle
    """
    day, anchored = datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(anchor, UTC)
    if price.interval in ("day", "week"):
        days = price.interval_count * (7 if price.interval == "week" else 1)
        return at + days * 24 * 3600
    months = day.year * 12 + day.month - 1 + price.interval_count * (12 if price.interval == "year" else 1)
    year, month = months // 12, months % 12 + 1
    last = monthrange(year, month)[1]
    return int(anchored.replace(year=year, month=month, day=min(anchored.day, last)).timestamp())
