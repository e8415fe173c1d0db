"""Upcoming changes to a subscription: an end, a pause, a trial, a change, a discount, the next renewal (R27).
Also whether it is paid by invoice (R3)."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, Dialect
from sqlalchemy.types import TypeDecorator

from models.column_types import ModelTupleColumn
from models.errors import Refusal


class SeatsNotOrderable(Refusal):
    """R27: the provider would undo an order for seats, or could not charge it. `decline_reason` is the same
    for an order that is already placed."""

    key = "refusal-subscription-not-active"
    decline_reason: ClassVar[str] = "subscription_not_active"


class SubscriptionInTrial(SeatsNotOrderable):
    """During a trial nothing is charged, so seats would be added for free."""

    decline_reason = "subscription_in_trial"


class SubscriptionJustStarted(SeatsNotOrderable):
    """The first period is shorter than a day, and seats are priced by the day."""

    decline_reason = "subscription_just_started"


class SubscriptionPastDue(SeatsNotOrderable):
    """The last renewal has not been paid."""

    decline_reason = "subscription_past_due"


class SubscriptionPaused(SeatsNotOrderable):
    """The subscription itself is paused: it does not renew until it is resumed."""

    decline_reason = "subscription_paused"


class CollectionPaused(SeatsNotOrderable):
    """Invoices of the subscription are not collected for now, so seats could not be paid."""

    decline_reason = "collection_paused"


class SubscriptionPaidByInvoice(SeatsNotOrderable):
    """The subscription is paid by invoices that the provider sends, and the account may not order on one."""

    decline_reason = "paid_by_invoice"


class SubscriptionChangeScheduled(SeatsNotOrderable):
    """A change on a fixed date sets a number of seats that does not include new ones."""

    decline_reason = "change_scheduled"


class SubscriptionBilledAhead(SeatsNotOrderable):
    """Later periods have been billed already, so the provider would bill new seats for them too."""

    decline_reason = "billed_ahead"


class SubscriptionCurrencyConverted(SeatsNotOrderable):
    """R26: the provider charges in another currency, at an exchange rate that it sets when it charges."""

    decline_reason = "currency_converted"


class SubscriptionSoldByProvider(SeatsNotOrderable):
    """R28: the provider is the seller, and its invoice has another seller than our documents would have."""

    decline_reason = "sold_by_provider"


class SubscriptionUpdatePending(Refusal):
    """R27: another change waits for its payment, and a new one would replace it."""


class SubscriptionStatus(StrEnum):
    ACTIVE = "active"
    TRIAL = "trial"
    PAST_DUE = "past_due"
    PAUSED = "paused"


class UpcomingChangesPart(BaseModel):
    model_config = ConfigDict(frozen=True)


class CollectionPause(UpcomingChangesPart):
    """A pause of collection; without `resumes_on`, it lasts until someone resumes it."""

    resumes_on: date | None = None


class ScheduledChange(UpcomingChangesPart):
    """`seats` are all that there will be from that day: 0 if the subscription loses the product, and None if
    that cannot be told. `is_price_changed`: at another price."""

    on: date
    seats: int | None = None
    is_price_changed: bool = False

    @property
    def kind(self) -> str:
        """Selects its words."""
        if self.seats is None:
            return "unknown"
        return "price" if self.is_price_changed else "seats" if self.seats else "removed"


class Discount(UpcomingChangesPart):
    """At most one of `percent` and `amount`, in minor units of `currency`, is known; without `until` there is
    no end."""

    name: str = ""
    percent: Decimal | None = None
    amount: int | None = None
    # The account's currency, if none was stored.
    currency: str | None = None
    until: date | None = None


class RenewalTotal(UpcomingChangesPart):
    """What the next whole period costs, discounts included."""

    net: int
    tax: int


class InvoiceTerms(UpcomingChangesPart):
    """The provider sends invoices for the subscription, and charges no payment method. Without
    `days_until_due`, the provider has not said when they are due."""

    days_until_due: int | None = None
    is_order_allowed: bool = False


class UpcomingChanges(UpcomingChangesPart):
    """`ends_on` is the first day without the subscription. Without a `renewal`, a renewal costs the seats at
    their prices, unless `is_renewal_priced` is false: then it is not known."""

    standing: SubscriptionStatus = SubscriptionStatus.ACTIVE
    ends_on: date | None = None
    trial_ends_on: date | None = None
    collection_pause: CollectionPause | None = None
    scheduled_change: ScheduledChange | None = None
    update_pending_until: datetime | None = None
    discounts: tuple[Discount, ...] = ()
    renewal: RenewalTotal | None = None
    is_renewal_priced: bool = True
    # False if the provider says that there is none, whatever the rest says.
    is_renewal_expected: bool = True
    invoice_terms: InvoiceTerms | None = None
    # Set if it is billed beyond the current period: the first day that has not been billed yet.
    billed_ahead_until: date | None = None
    # The currency that payments are converted to, if the provider converts them.
    charge_currency: str | None = None
    is_sold_by_provider: bool = False
    # When the first period ends, if it is shorter than a day.
    orderable_from: datetime | None = None
    # The types of payment methods that it can be paid with; empty if that is not limited.
    payment_method_types: tuple[str, ...] = ()

    @property
    def is_paid_by_invoice(self) -> bool:
        return self.invoice_terms is not None

    @property
    def last_billed_day(self) -> date | None:
        """The last day that has been billed ahead."""
        until = self.billed_ahead_until
        return None if until is None else until - timedelta(days=1)

    def accepts_method(self, type_: str) -> bool:
        return not self.payment_method_types or type_ in self.payment_method_types

    def will_renew(self, period_end: date) -> bool:
        if self.standing in (SubscriptionStatus.PAST_DUE, SubscriptionStatus.PAUSED):
            return False
        if not self.is_renewal_expected:
            return False
        pause = self.collection_pause
        if pause is not None and (pause.resumes_on is None or pause.resumes_on > period_end):
            return False
        return self.ends_on is None or self.ends_on > period_end

    def find_refusal(self, product: str = "") -> Refusal | None:
        """Why no seats can be ordered now. `product` is only for its text."""
        return self.find_charge_refusal(product) or self._find_pending_update(product)

    def find_charge_refusal(self, product: str = "") -> SeatsNotOrderable | None:
        """Why an order cannot be charged. A pending update is no reason: the order waits for it."""
        match self.standing:
            case SubscriptionStatus.TRIAL:
                return SubscriptionInTrial(product=product, until=self.trial_ends_on or "")
            case SubscriptionStatus.PAST_DUE:
                return SubscriptionPastDue(product=product)
            case SubscriptionStatus.PAUSED:
                return SubscriptionPaused(product=product)
        if self.collection_pause is not None:
            return CollectionPaused(product=product, until=self.collection_pause.resumes_on or "")
        if self.scheduled_change is not None:
            change = self.scheduled_change
            return SubscriptionChangeScheduled(
                product=product, on=change.on, seats=change.seats or 0, change=change.kind
            )
        if self.last_billed_day is not None:
            return SubscriptionBilledAhead(product=product, last=self.last_billed_day)
        if self.charge_currency is not None:
            return SubscriptionCurrencyConverted(product=product, currency=self.charge_currency)
        if self.is_sold_by_provider:
            return SubscriptionSoldByProvider(product=product)
        if self.orderable_from is not None:
            return SubscriptionJustStarted(product=product, at=self.orderable_from)
        if self.invoice_terms is not None and not self.invoice_terms.is_order_allowed:
            return SubscriptionPaidByInvoice(product=product)
        return None

    def _find_pending_update(self, product: str) -> Refusal | None:
        until = self.update_pending_until
        return None if until is None else SubscriptionUpdatePending(product=product, until=until)


class DiscountsColumn(ModelTupleColumn[Discount]):
    model = Discount
    cache_ok = True


class UpcomingChangesColumn(TypeDecorator[UpcomingChanges]):
    """Stores upcoming changes as JSON, without what is usual."""

    impl = JSON
    cache_ok = True

    def process_bind_param(
        self, value: UpcomingChanges | dict[str, Any] | None, dialect: Dialect
    ) -> dict[str, Any]:
        # A dumped row has the value already converted.
        changes = UpcomingChanges.model_validate(value or {})
        return changes.model_dump(mode="json", exclude_defaults=True)

    def process_result_value(self, value: Any, dialect: Dialect) -> UpcomingChanges:
        return UpcomingChanges.model_validate(value or {})
