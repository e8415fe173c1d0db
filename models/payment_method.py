"""Stored payment methods: a provider's reference, and what it shows of them, never a card number (R23)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import text
from sqlmodel import CheckConstraint, Field, Index, SQLModel

from models.errors import Refusal
from models.subscription import Subscription
from models.subscription.upcoming_changes import UpcomingChanges

CARD_TYPE = "card"
# Of a card whose digits the provider does not show: the column always has some for a card.
UNKNOWN_LAST4 = "0000"
# The type of a payment that was made without the provider, or with a method that it no longer shows.
OUTSIDE_TYPE, NOT_SHOWN_TYPE = "paid_elsewhere", "not_shown"
# The type of the placeholder for invoices, which are charged to no payment method (R3).
INVOICE_TYPE = "invoice"
# The fields that are kept of a method that was charged.
SHOWN_METHOD_FIELDS = frozenset({"type", "brand", "last4", "email", "bank", "wallet"})
EXPIRY_WARNING_MONTHS = 2
# The checkout's option to charge each line to its subscription's own payment method.
USUAL_METHODS_OPTION = "usual"


class NoAutomaticPaymentMethod(Refusal):
    """R3: no valid automatic method is the account's default, or charged by default for a subscription."""


class PaymentMethodUnsupported(NoAutomaticPaymentMethod):
    """R3: the default method is of a type that cannot be charged for seats ordered here."""

    def __init__(self, method: "PaymentMethod") -> None:
        super().__init__(method=method.type)
        self.method = method


class PaymentMethodNotAccepted(NoAutomaticPaymentMethod):
    """R3: the default method is of a type that this subscription does not accept."""

    def __init__(self, method: "PaymentMethod", product: str = "") -> None:
        super().__init__(method=method.type, product=product)
        self.method = method


class PaymentMethodNotUsable(Refusal):
    """The chosen method no longer exists, has expired or is not automatic."""


class PaymentMethod(SQLModel, table=True):
    """`type` is the provider's word, such as `card`, `link` or `sepa_debit`. Only cards always have a brand,
    digits and an expiry date."""

    __tablename__ = "payment_method"
    __table_args__ = (
        # No column can hold a card number: four digits at most.
        CheckConstraint("length(last4) = 4", name="last4"),
        CheckConstraint("expiry_month BETWEEN 1 AND 12", name="expiry_month"),
        CheckConstraint(
            "type <> 'card' OR (brand IS NOT NULL AND last4 IS NOT NULL"
            " AND expiry_year IS NOT NULL AND expiry_month IS NOT NULL)",
            name="card",
        ),
        # R3: an account has one default.
        Index(
            "uq_payment_method_default",
            "account_id",
            unique=True,
            sqlite_where=text("is_default AND active"),
            postgresql_where=text("is_default AND active"),
        ),
    )

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    type: str = CARD_TYPE
    brand: str | None = None
    last4: str | None = Field(default=None, max_length=4)
    expiry_year: int | None = None
    expiry_month: int | None = None
    email: str | None = None
    bank: str | None = None
    # The wallet that a card is stored in, such as `apple_pay`.
    wallet: str | None = None
    automatic: bool = True
    is_default: bool = False
    active: bool = True

    @property
    def is_invoice(self) -> bool:
        return self.type == INVOICE_TYPE

    @property
    def is_unsupported(self) -> bool:
        return self.type != CARD_TYPE and not self.automatic

    def is_expired(self, today: date) -> bool:
        """A card is good through the last day of its month."""
        if self.expiry_year is None or self.expiry_month is None:
            return False
        return (self.expiry_year, self.expiry_month) < (today.year, today.month)

    def is_expiring_soon(self, today: date) -> bool:
        if self.expiry_year is None or self.expiry_month is None:
            return False
        months = (self.expiry_year - today.year) * 12 + self.expiry_month - today.month
        return 0 <= months <= EXPIRY_WARNING_MONTHS

    def is_usable(self, today: date) -> bool:
        return self.active and self.automatic and not self.is_expired(today)


def list_default_methods(
    methods: Collection[PaymentMethod], own_ids: Collection[str | None]
) -> list[PaymentMethod]:
    """Lists the methods that are charged unless another one is chosen: the subscriptions' own (`own_ids`),
    and the account's default."""
    return [m for m in methods if m.id in own_ids] + [
        m for m in methods if m.is_default and m.id not in own_ids
    ]


def check_default_method(
    methods: Collection[PaymentMethod], today: date, own_ids: Collection[str | None] = ()
) -> None:
    """R3: the account's default method, or one that a subscription has of its own, is automatic and not
    expired."""
    defaults = list_default_methods(methods, own_ids)
    if any(m.is_usable(today) for m in defaults):
        return
    unsupported = next((m for m in defaults if m.active and m.is_unsupported), None)
    raise PaymentMethodUnsupported(unsupported) if unsupported else NoAutomaticPaymentMethod


def check_accepted_method(
    methods: Collection[PaymentMethod], today: date, subscription: Subscription, product: str
) -> None:
    """R3: a default method that can be charged is of a type that the subscription accepts."""
    own_id, outlook = subscription.default_payment_method_id, subscription.outlook
    usable = [m for m in list_default_methods(methods, [own_id]) if m.is_usable(today)]
    if usable and not any(outlook.accepts_method(m.type) for m in usable):
        raise PaymentMethodNotAccepted(usable[0], product)


def build_invoice_method(account_id: str) -> PaymentMethod:
    """Stands for payment by invoice in an order that names what it is paid with. Stored once it is used;
    never active, so it is not one of the account's methods."""
    return PaymentMethod(
        id=f"{INVOICE_TYPE}:{account_id}",
        account_id=account_id,
        type=INVOICE_TYPE,
        automatic=False,
        active=False,
    )


def get_usable_method(
    methods: Collection[PaymentMethod], method_id: str | None, today: date
) -> PaymentMethod:
    found = next((m for m in methods if m.id == method_id and m.is_usable(today)), None)
    if found is None:
        raise PaymentMethodNotUsable
    return found


@dataclass(frozen=True)
class MethodChoices:
    """What the lines of an order can be charged to. `own_ids` maps their subscriptions to the method that
    each has of its own, if any; `invoice_methods` has those that are paid by invoice instead."""

    methods: list[PaymentMethod]
    own_ids: Mapping[str, str | None]
    today: date
    invoice_methods: Mapping[str, PaymentMethod] = field(default_factory=dict)
    outlooks: Mapping[str, UpcomingChanges] = field(default_factory=dict)

    @classmethod
    def build(
        cls, methods: Iterable[PaymentMethod], subscriptions: Iterable[Subscription], today: date
    ) -> "MethodChoices":
        own_ids, invoice_methods = dict[str, str | None](), dict[str, PaymentMethod]()
        outlooks = {}
        for subscription in subscriptions:
            if subscription.outlook.is_paid_by_invoice:
                invoice_methods[subscription.id] = build_invoice_method(subscription.account_id)
            else:
                own_ids[subscription.id] = subscription.default_payment_method_id
                outlooks[subscription.id] = subscription.outlook
        return cls([*methods], own_ids, today, invoice_methods, outlooks)

    @property
    def needs_method(self) -> bool:
        return bool(self.own_ids)

    def check_default(self) -> None:
        if not self.needs_method:
            return
        check_default_method(self.methods, self.today, set(self.own_ids.values()))
        if not (self.usable or self.usual_methods):
            refused = next(m for m in self._default_methods if m.is_usable(self.today))
            raise PaymentMethodNotAccepted(refused)

    @property
    def usable(self) -> list[PaymentMethod]:
        """Those that can be charged for every subscription."""
        return [
            m
            for m in self.methods
            if m.is_usable(self.today) and all(each.accepts_method(m.type) for each in self.outlooks.values())
        ]

    @property
    def usual_methods(self) -> dict[str, PaymentMethod]:
        """What each subscription is charged to unless another method is chosen; empty if one of them cannot
        be charged."""
        found = {id_: self._find_usual(id_, own_id) for id_, own_id in self.own_ids.items()}
        return {id_: m for id_, m in found.items() if m} if all(found.values()) else {}

    @property
    def differ(self) -> bool:
        return len({m.id for m in self.usual_methods.values()}) > 1

    @property
    def suggested_option(self) -> str:
        """What all lines are usually charged to, or the first default that can be charged."""
        if not self.needs_method:
            return ""
        if self.differ:
            return USUAL_METHODS_OPTION
        usable = self.usable
        usual = [*self.usual_methods.values()] or [m for m in self._default_methods if m in usable]
        return usual[0].id if usual else ""

    def choose(self, option: str) -> dict[str, PaymentMethod]:
        """Maps subscription ids to methods. Raises PaymentMethodNotUsable."""
        if not self.needs_method:
            return {**self.invoice_methods}
        if option == USUAL_METHODS_OPTION and self.differ:
            return {**self.usual_methods, **self.invoice_methods}
        return {**dict.fromkeys(self.own_ids, self.get_method(option)), **self.invoice_methods}

    def get_method(self, id_: str) -> PaymentMethod:
        """Raises PaymentMethodNotUsable, PaymentMethodNotAccepted."""
        chosen = get_usable_method(self.methods, id_, self.today)
        if chosen not in self.usable:
            raise PaymentMethodNotAccepted(chosen)
        return chosen

    @property
    def _default_methods(self) -> list[PaymentMethod]:
        return list_default_methods(self.methods, set(self.own_ids.values()))

    def _find_usual(self, subscription_id: str, own_id: str | None) -> PaymentMethod | None:
        outlook = self.outlooks.get(subscription_id, UpcomingChanges())
        usual = [m for m in self.methods if (m.id == own_id if own_id is not None else m.is_default)]
        return next((m for m in usual if m.is_usable(self.today) and outlook.accepts_method(m.type)), None)
