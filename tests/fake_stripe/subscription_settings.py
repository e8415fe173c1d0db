"""Settings of a subscription that change it later: a pause, a schedule, a coupon."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class PauseCollection:
    """docs.stripe.com/billing/subscriptions/pause-payment"""

    behavior: Literal["keep_as_draft", "mark_uncollectible", "void"]
    resumes_at: int | None = None

    @property
    def invoice_status(self) -> str:
        """What becomes at once of an invoice made in the meantime; nobody is charged for it."""
        statuses = {"keep_as_draft": "draft", "mark_uncollectible": "uncollectible", "void": "void"}
        return statuses[self.behavior]


@dataclass
class SchedulePhase:
    """`quantities` by price."""

    start_date: int
    end_date: int
    quantities: dict[str, int]


@dataclass
class Schedule:
    """docs.stripe.com/billing/subscriptions/subscription-schedules"""

    id: str
    phases: list[SchedulePhase]
    end_behavior: Literal["release", "cancel"] = "release"
    # docs.stripe.com/api/subscription_schedules/object, pause_schedules
    pause_at: int | None = None

    def find_phase(self, at: int) -> SchedulePhase | None:
        return next((phase for phase in self.phases if phase.start_date <= at < phase.end_date), None)


@dataclass
class Coupon:
    """Off every invoice of a subscription, or `once` off the next, as a percentage or an amount:
    docs.stripe.com/billing/subscriptions/coupons"""

    id: str
    name: str | None = None
    percent_off: int = 0
    end: int | None = None
    amount_off: int = 0
    currency: str | None = None
    # Amounts off in other currencies: docs.stripe.com/api/coupons/object, currency_options
    currency_options: dict[str, int] = field(default_factory=dict)
    # Its discounts go on: docs.stripe.com/api/coupons/delete
    is_deleted: bool = False
    duration: Literal["forever", "once"] = "forever"
    # The products that it is for, if not all: docs.stripe.com/api/coupons/object, applies_to
    products: tuple[str, ...] = ()

    def get_amount_off(self, currency: str) -> int:
        """Nothing in a currency that it has no amount in."""
        return self.amount_off if currency == self.currency else self.currency_options.get(currency, 0)


@dataclass
class SubscriptionSettings:
    cancel_at_period_end: bool = False
    cancel_at: int | None = None
    pause_collection: PauseCollection | None = None
    trial_end: int | None = None
    schedule: Schedule | None = None
    # Of a trial offer, which is the item's alone: docs.stripe.com/payments/checkout/trial-offers
    item_trial_end: int | None = None
    # Ahead of its periods: docs.stripe.com/billing/subscriptions/prebilling
    billed_until: int | None = None
    # Of Adaptive Pricing: docs.stripe.com/api/subscriptions/object, presentment_details
    presentment_currency: str | None = None
    # Sold by Stripe itself: docs.stripe.com/payments/managed-payments
    has_managed_payments: bool = False
    coupons: list[Coupon] = field(default_factory=list)
    # docs.stripe.com/billing/subscriptions/payment-methods-setting; None for those of the account.
    payment_method_types: list[str] | None = None
    # docs.stripe.com/billing/subscriptions/billing-mode
    billing_mode: Literal["classic", "flexible"] = "flexible"
    # Of the flexible mode: prorations show discounts of their own instead of smaller amounts.
    itemizes_proration_discounts: bool = False
    # The phase whose quantities the subscription has been given.
    entered_phase: SchedulePhase | None = None
