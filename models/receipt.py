"""The receipt of a completed order (R13): exactly one, for the lines that settled.

Everything it says is frozen when it is issued, because names, addresses and cards may change afterwards.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Column
from sqlmodel import JSON, CheckConstraint, Field, Index, SQLModel

from models.account import Address
from models.column_types import MinorUnits
from models.errors import Refusal
from models.payment_method import CARD_TYPE, SHOWN_METHOD_FIELDS, PaymentMethod
from models.subscription.period_length import PeriodLength
from models.subscription.seat_pricing import SeatPricing
from models.subscription.upcoming_changes import Discount
from models.tax import TaxDetails, TaxDetailsColumn, TaxItem, sum_tax_items


class ReceiptNotFound(Refusal):
    """There is no such receipt, or the person may not know of its account."""


class Seller(SQLModel):
    """The seller: the lines of the address as printed, and a tax number if there is one."""

    name: str
    address: tuple[str, ...] = ()
    tax_id: str = ""


class ChargedMethod(SQLModel):
    """A payment method, and what was charged to it (R23, R26). What was paid without the provider, or with a
    method that it no longer shows, has a type of ours."""

    type: str = CARD_TYPE
    brand: str | None = None
    last4: str | None = None
    email: str | None = None
    bank: str | None = None
    wallet: str | None = None
    amount: int
    # When the provider charged it; on a receipt, that day in the account's time zone. Older receipts have
    # none.
    paid_at: datetime | None = None
    paid_on: date | None = None

    @property
    def shown_values(self) -> tuple[str | None, ...]:
        return tuple(getattr(self, name) for name in SHOWN_METHOD_FIELDS)

    def is_shown_as(self, method: PaymentMethod) -> bool:
        return self.shown_values == tuple(getattr(method, name) for name in SHOWN_METHOD_FIELDS)


class AmountDifference(SQLModel):
    """A charge that differs from what was promised. Both amounts include tax."""

    promised: int
    charged: int


class ReceiptLine(SQLModel):
    """New seats, charged for the days from `since` to `until`, in the account's time zone. Lines of older
    receipts have no `charged_to`. `invoice_number` is that of the provider's invoice, if it makes any."""

    product: str
    seats: int
    unit_price: int | None = None
    pricing: SeatPricing = SeatPricing()
    period: PeriodLength
    since: date
    until: date
    amount: int
    tax: int
    taxes: tuple[TaxItem, ...] = ()
    # Those that the amount contains.
    discounts: tuple[Discount, ...] = ()
    credit_used: int = 0
    earlier_balance: int = 0
    carried_over: int = 0
    charged_to: ChargedMethod | None = None
    # Set if several methods paid the line.
    also_charged_to: tuple[ChargedMethod, ...] = ()
    difference: AmountDifference | None = None
    invoice_number: str = ""
    # The amount of that invoice, and the date by which the buyer has to pay it: nothing was charged.
    invoiced: int = 0
    due_on: date | None = None

    @property
    def charged_methods(self) -> list[ChargedMethod]:
        return [self.charged_to, *self.also_charged_to] if self.charged_to else []


@dataclass(frozen=True)
class ProviderReceipt:
    """A provider's own receipt. Its links expire, so they are fetched when a person looks at it, and not
    stored."""

    number: str
    page_url: str
    pdf_url: str


@dataclass(frozen=True)
class ProviderPdf:
    """A provider's own receipt as a file."""

    number: str
    content: bytes


class Receipt(SQLModel, table=True):
    """`issued_on` is the date in the account's time zone. Receipts from before sellers were stored have
    none.

    If the provider makes invoices, they are the documents of record, and this is an order confirmation, whose
    `number` is its order's."""

    __table_args__ = (
        Index("ix_receipt_account", "account_id", "id"),
        CheckConstraint("subtotal >= 0 AND tax >= 0 AND total = subtotal + tax", name="amounts"),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    account_id: str = Field(foreign_key="account.id")
    order_id: int = Field(foreign_key="service_order.id", unique=True)
    issued_at: datetime
    issued_on: date
    currency: str
    subtotal: int = Field(sa_type=MinorUnits)
    tax: int = Field(sa_type=MinorUnits)
    total: int = Field(sa_type=MinorUnits)
    buyer: str
    address: dict[str, Any] = Field(sa_type=JSON)
    seller: dict[str, Any] = Field(sa_type=JSON)
    lines: list[dict[str, Any]] = Field(sa_type=JSON)
    cards: list[dict[str, Any]] = Field(sa_type=JSON)
    po_number: str = ""
    tax_facts: TaxDetails = Field(
        default_factory=TaxDetails, sa_column=Column(TaxDetailsColumn, nullable=False, server_default="{}")
    )

    @property
    def key(self) -> int:
        assert self.id is not None, "the receipt is stored"
        return self.id

    @property
    def billing_address(self) -> Address:
        return Address.model_validate(self.address)

    @property
    def seller_details(self) -> Seller | None:
        return Seller.model_validate(self.seller) if self.seller else None

    @property
    def invoice_numbers(self) -> list[str]:
        return [*dict.fromkeys(number for number in self._line_invoice_numbers if number)]

    @property
    def is_order_confirmation(self) -> bool:
        """Whether every line has a provider's invoice. Some lines may be paid by invoice."""
        numbers = self._line_invoice_numbers
        return bool(numbers) and all(numbers)

    @property
    def _line_invoice_numbers(self) -> list[str]:
        return [line.get("invoice_number", "") for line in self.lines]

    @property
    def receipt_lines(self) -> list[ReceiptLine]:
        return [ReceiptLine.model_validate(line) for line in self.lines]

    @property
    def taxes(self) -> list[TaxItem]:
        """The taxes by rate; older receipts have none."""
        return sum_tax_items(tax for line in self.receipt_lines for tax in line.taxes)

    def sum_balance(self, name: Literal["credit_used", "earlier_balance", "carried_over"]) -> int:
        # The lines of older receipts have none.
        return sum(getattr(line, name) for line in self.receipt_lines)

    @property
    def payments(self) -> list[ChargedMethod]:
        """What each method was charged on each day."""
        return [ChargedMethod.model_validate(method) for method in self.cards]

    @property
    def charged_methods(self) -> list[ChargedMethod]:
        """What each method was charged in all."""
        return sum_charged_methods(self.payments, key=lambda method: method.shown_values)


def sum_charged_methods(
    methods: Iterable[ChargedMethod], key: Callable[[ChargedMethod], Hashable]
) -> list[ChargedMethod]:
    """Returns one sum for each key, in the order in which they appear, without those that were charged
    nothing."""
    totals: dict[Hashable, ChargedMethod] = {}
    for method in methods:
        total = totals.setdefault(key(method), method.model_copy(update={"amount": 0}))
        total.amount += method.amount
    return [total for total in totals.values() if total.amount]
