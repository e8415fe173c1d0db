"""A corporate customer."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlmodel import Field, SQLModel

from models.account.address import Address, ProviderAddress, ProviderAddressColumn
from models.audit.subject import AuditSubject, SubjectType
from models.column_types import string_enum
from models.errors import Refusal
from models.subscription.proration import get_local_date, get_midnight
from models.text.localized_text import LocalizedText, LocalizedTextColumn


class AccountNotSelfServed(Refusal):
    """R4: the account's contract is not self-served."""


class AccountClosed(Refusal):
    """An operator has closed the account: nothing can be ordered, whatever is shown."""


class AccountNotFound(Refusal):
    """There is no such account, or the person may not know of it."""


class Portal(StrEnum):
    CORPORATE = "corporate"
    ADMIN = "admin"


class TaxExemption(StrEnum):
    NONE = "none"
    EXEMPT = "exempt"
    # The buyer accounts for the tax.
    REVERSE = "reverse"


class Account(SQLModel, table=True):
    id: str = Field(primary_key=True)
    name: str
    # The workspace, or the organisation, that it belongs to (R29).
    slack_team: str = Field(index=True)
    channel: str | None = None
    channel_amounts: bool = False
    currency: str
    tax_rate: str = "0"
    # What the tax is called where it is charged, such as `VAT`: documents name it.
    tax_name: str = ""
    # From the accounts file; a provider with customers of its own may have others.
    tax_id: str = ""
    tax_exemption: TaxExemption = Field(default=TaxExemption.NONE, sa_type=string_enum(TaxExemption))
    locale: str = "en"
    time_zone: str = "UTC"
    self_service: bool = True
    self_service_reason: LocalizedText | None = Field(default=None, sa_type=LocalizedTextColumn)
    default_portal: Portal = Field(default=Portal.CORPORATE, sa_type=string_enum(Portal))
    line1: str
    line2: str = ""
    postal_code: str
    city: str
    state: str = ""
    country: str
    # Quotes made before this have the address of that time.
    billing_address_changed_at: datetime | None = None
    # As last read from the provider, or null: a change made there becomes the account's. It says which
    # customer it is of, because an earlier version changes `stripe_customer` alone.
    provider_address: ProviderAddress | None = Field(default=None, sa_type=ProviderAddressColumn)
    # The country of the imported address: the embedded gateway charges tax there only.
    home_country: str
    active: bool = True
    closed_at: datetime | None = None
    closed_reason: str | None = None
    # Whether checkout asks for a purchase-order number until one is typed.
    po_number_required: bool = False
    # Whether seats of subscriptions that are paid by invoice can be ordered (R3).
    pay_by_invoice: bool = False
    # The provider's customer for this account.
    stripe_customer: str | None = Field(default=None, index=True, unique=True)
    # When to refresh the copy of what the provider has, after its webhook reported a change.
    refresh_due_at: datetime | None = Field(default=None, index=True)
    # Counts the changes of what belongs to the account that have no entry in its history.
    revision: int = 0

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(SubjectType.ACCOUNT, self.id)

    @property
    def billing_address(self) -> Address:
        return Address.model_validate(self, from_attributes=True)

    def set_billing_address(self, address: Address, at: datetime) -> None:
        if address != self.billing_address:
            self.billing_address_changed_at = at
        for field, value in address.model_dump().items():
            setattr(self, field, value)

    @property
    def known_provider_address(self) -> ProviderAddress | None:
        """None if the address of the customer has never been read."""
        known = self.provider_address
        return known if known is not None and known.customer_id == self.stripe_customer else None

    def schedule_refresh(self, at: datetime) -> None:
        # Always later than the previous value, so that a running refresh can tell that another event has
        # arrived: the clocks of two processes differ a little.
        last = self.refresh_due_at
        self.refresh_due_at = at if last is None else max(at, last + timedelta(microseconds=1))

    def get_local_date(self, at: datetime) -> date:
        return get_local_date(self.time_zone, at)

    def get_midnight(self, day: date) -> datetime:
        return get_midnight(day, self.time_zone)

    def check_open(self) -> None:
        if self.closed_at is not None:
            raise AccountClosed(account=self.name, reason=self.closed_reason or "")

    def check_self_service(self) -> None:
        self.check_open()
        if not self.self_service:
            raise AccountNotSelfServed(account=self.name, reason=self.self_service_reason or "")
