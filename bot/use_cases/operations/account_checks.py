"""The checks of `doctor` that look at single accounts: whether a contact of each can order, and whether its
subscriptions are of products in the catalogue."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, select

from bot.billing.gateway import BillingUnavailable, CustomerNotFound
from bot.db import Session
from bot.dependencies import Dependencies
from bot.use_cases.operations.check_result import CheckResult, format_remainder
from models.account import Account
from models.account.billing_contact import BillingContact
from models.errors import Refusal
from models.payment_method import PaymentMethod, check_default_method
from models.product import Product
from models.subscription import Subscription
from models.subscription.upcoming_changes import SubscriptionPaidByInvoice

MAX_LISTED = 5
# The provider is asked a few times for each.
MAX_CHECKED_ACCOUNTS = 50


@dataclass
class _OpenAccount:
    account: Account
    contacts: list[BillingContact] = field(default_factory=list)
    subscriptions: list[tuple[Subscription, Product]] = field(default_factory=list)
    methods: list[PaymentMethod] = field(default_factory=list)

    def find_reason_not_orderable(self, at: datetime) -> str | None:
        if not self.account.self_service:
            return "not self-served"
        if not self.contacts:
            return "no billing contact"
        sold = [
            subscription for subscription, product in self.subscriptions if _is_sold(subscription, product)
        ]
        if not sold and any(_needs_invoice_permission(each) for each, _ in self.subscriptions):
            return "paid by invoice, without pay_by_invoice"
        if not sold:
            return "no subscription that seats can be added to"
        try:
            if not any(subscription.outlook.is_paid_by_invoice for subscription in sold):
                own_ids = [subscription.default_payment_method_id for subscription in sold]
                check_default_method(self.methods, self.account.get_local_date(at), own_ids)
        except Refusal:
            return "no payment method that can be charged"
        return None


async def check_ordering(dependencies: Dependencies) -> CheckResult:
    at = dependencies.now()
    async with dependencies.read() as session:
        accounts = await _load_open_accounts(session)
    found = [(a.account.id, reason) for a in accounts if (reason := a.find_reason_not_orderable(at))]
    if not found:
        message = "each account has a contact, seats to order and a way to pay for them"
        return CheckResult("ordering", True, message)
    shown = ", ".join(f"{account_id} ({reason})" for account_id, reason in found[:MAX_LISTED])
    return CheckResult("ordering", None, f"nobody can order for {shown}{format_remainder(found, MAX_LISTED)}")


async def check_products(dependencies: Dependencies) -> CheckResult:
    """Only a provider with products of its own has others than the catalogue's. It is asked as well, because
    the stored products may still be those of the accounts file."""
    async with dependencies.read() as session:
        accounts = await _load_open_accounts(session)
    found = {
        subscription.id: f"{product.name} ({subscription.id} of {each.account.id})"
        for each in accounts
        for subscription, product in each.subscriptions
        if subscription.active and not product.in_catalogue
    }
    linked_ids = [each.account.id for each in accounts if each.account.stripe_customer]
    checked_count = 0
    for account_id in linked_ids[:MAX_CHECKED_ACCOUNTS]:
        try:
            states = await dependencies.billing.list_subscriptions(account_id)
        except CustomerNotFound:
            states = []
        except BillingUnavailable:
            # The check of the provider itself says why.
            break
        checked_count += 1
        for state in states:
            found.pop(state.id, None)
            if state.closed_reason is None and state.product_name is not None:
                found[state.id] = f"{state.product_name or state.product_id} ({state.id} of {account_id})"
    unchecked = len(linked_ids) - checked_count
    remainder = f"; {unchecked} accounts were not compared with the provider" if unchecked else ""
    if not found:
        message = f"all subscriptions are of products in the catalogue{remainder}"
        return CheckResult("products", True, message)
    shown = ", ".join(sorted(found.values())[:MAX_LISTED])
    return CheckResult(
        "products",
        None,
        f"{len(found)} subscriptions are shown, but can't be ordered, because neither their price nor their "
        f"product names a product of the catalogue: {shown}{format_remainder(found, MAX_LISTED)}{remainder}",
    )


async def _load_open_accounts(session: Session) -> list[_OpenAccount]:
    rows = await session.exec(
        select(Account).where(col(Account.active), col(Account.closed_at).is_(None)).order_by(Account.id)
    )
    accounts = {account.id: _OpenAccount(account) for account in rows.all()}
    for contact in (await session.exec(select(BillingContact).where(col(BillingContact.active)))).all():
        _append(accounts, contact.account_id, "contacts", contact)
    subscriptions = select(Subscription, Product).join(Product, col(Product.id) == Subscription.product_id)
    for subscription, product in (await session.exec(subscriptions)).all():
        _append(accounts, subscription.account_id, "subscriptions", (subscription, product))
    for method in (await session.exec(select(PaymentMethod).where(col(PaymentMethod.active)))).all():
        _append(accounts, method.account_id, "methods", method)
    return [*accounts.values()]


def _append(accounts: dict[str, _OpenAccount], account_id: str, name: str, row: object) -> None:
    if account_id in accounts:
        getattr(accounts[account_id], name).append(row)


def _needs_invoice_permission(subscription: Subscription) -> bool:
    return isinstance(subscription.outlook.find_charge_refusal(), SubscriptionPaidByInvoice)


def _is_sold(subscription: Subscription, product: Product) -> bool:
    try:
        subscription.check_self_service(product)
    except Refusal:
        return False
    return subscription.active
