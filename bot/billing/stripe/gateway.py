"""The billing gateway for Stripe."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import stripe
import structlog
from sqlmodel import col, select

from bot.billing.gateway import (
    UNAVAILABLE_ERRORS,
    BillingUnavailable,
    Charge,
    ChargeOutcome,
    CustomerNotFound,
    CustomerState,
    Declined,
    InvoiceState,
    LineRequest,
    NeverReceived,
    Preview,
    Settled,
    ShippingLocationInvalid,
    SubscriptionState,
    TaxLocationInvalid,
    Unknown,
)
from bot.billing.stripe import charges, invoices, prices
from bot.billing.stripe.client import is_missing, log_action_taken, request_stripe
from bot.billing.stripe.customers import (
    LinkedAccount,
    StripeCustomer,
    fetch_customer,
    fetch_items,
    get_linked_account,
    is_customer_of,
)
from bot.billing.stripe.invoice_pdf import PdfDownload
from bot.billing.stripe.items import SubscriptionItem, get_object_id
from bot.billing.stripe.payment_methods import fetch_payment_methods
from bot.billing.stripe.permissions import check_permissions
from bot.billing.stripe.products import ProductReader, StripeProduct
from bot.billing.stripe.renewal_cache import RenewalCache, RenewalTotals
from bot.billing.stripe.taxes import TaxRateReader
from bot.billing.stripe.upcoming_changes import ItemDiscount
from bot.db import Database
from bot.metrics import instrument_adapter
from bot.network import find_date
from bot.tasks import gather_or_cancel
from models.account import Address, ProviderAddress
from models.product import DEFAULT_PRODUCTS, Product
from models.receipt import ProviderPdf, ProviderReceipt
from models.subscription import SubscriptionNotFound
from models.subscription.upcoming_changes import Discount

log = structlog.get_logger()

OutcomeT = TypeVar("OutcomeT", bound=ChargeOutcome | NeverReceived)

# Applies to reconciling a charge and again to preparing it. Together they take less than a lease, so that
# nothing more is sent for a line once another worker has taken it over.
PREPARATION_TIMEOUT_SECONDS = 15
SHIPPED_PRODUCT_IDS = frozenset(product.id for product in DEFAULT_PRODUCTS)


@instrument_adapter("billing", *UNAVAILABLE_ERRORS)
class StripeGateway:
    """Keeps the promises of BillingGateway. The customer portal leads back to `return_url`."""

    reconcile_interval = invoices.RECONCILE_INTERVAL
    invoice_check_interval = invoices.INVOICE_CHECK_INTERVAL

    def __init__(
        self,
        client: stripe.StripeClient,
        download_pdf: PdfDownload,
        database: Database,
        now: Callable[[], datetime],
        return_url: str,
        preparation_timeout_seconds: float = PREPARATION_TIMEOUT_SECONDS,
    ) -> None:
        self._client, self._database, self._now, self._return_url = client, database, now, return_url
        self._download_pdf = download_pdf
        self._tax_rates = TaxRateReader(client)
        self._renewals = RenewalCache()
        self._products = ProductReader(client, now)
        self._preparation_timeout_seconds = preparation_timeout_seconds
        self._subscription_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def list_subscriptions(self, account_id: str) -> list[SubscriptionState]:
        of = await get_linked_account(self._database, account_id)
        held, who = await gather_or_cancel(fetch_items(self._client, of), self._fetch_customer(of))
        zone = of.account.time_zone
        there = sorted((item for item in held.values() if not item.is_ended), key=lambda item: item.id)
        shown = await self._find_products(there, self._products.find_product)
        renewing = [item for item in shown if item.will_renew(zone)]
        renewals = await prices.preview_current_renewals(
            self._client,
            renewing,
            of.customer_id,
            self._renewals.with_terms(repr((who, who.address)), self._now()),
        )
        return [
            _complete_upcoming_changes(item.build_state(of.account), item, renewals, who.discount, zone)
            for item in shown
        ]

    async def _find_products(
        self, items: list[SubscriptionItem], read_product: Callable[[str], Coroutine[Any, Any, StripeProduct]]
    ) -> list[SubscriptionItem]:
        """The items whose price names no product of the catalogue get the one that Stripe's product names, or
        else Stripe's product itself."""
        if all(item.product_id in SHIPPED_PRODUCT_IDS for item in items):
            return items
        async with self._database.read() as session:
            listed = await session.exec(select(Product.id).where(col(Product.in_catalogue)))
            catalogue_ids = SHIPPED_PRODUCT_IDS | {*listed.all()}
        product_ids = {
            item.upcoming_changes.stripe_product_id for item in items if item.product_id not in catalogue_ids
        }
        read = await gather_or_cancel(*map(read_product, sorted(product_ids)))
        products = {product.id: product for product in read}
        found = []
        for item in items:
            product = products.get(item.upcoming_changes.stripe_product_id)
            if product is None or item.product_id in catalogue_ids:
                found.append(item)
            elif product.catalogue_id in catalogue_ids:
                found.append(replace(item, product_id=product.catalogue_id))
            else:
                found.append(replace(item, product_id=product.id, product_name=product.name))
        return found

    async def _find_ordered_products(
        self, items: list[SubscriptionItem], product_ids: dict[str, str | None]
    ) -> list[SubscriptionItem]:
        """The items with their products, if a certain one was ordered (`product_ids` by item). Raises
        BillingUnavailable if one can't be read: it may still be the same."""
        ordered = {item.id: item for item in items if product_ids[item.id] is not None}
        found = await self._find_products([*ordered.values()], self._products.fetch_product)
        others = [ordered[item.id] for item in found if item.is_of_other_product(product_ids[item.id])]
        current = await self._find_products(others, self._products.fetch_current_product)
        return [*({item.id: item for item in [*items, *found, *current]}).values()]

    async def fetch_customer(self, account_id: str) -> CustomerState:
        of = await get_linked_account(self._database, account_id)
        held, customer = await gather_or_cancel(fetch_items(self._client, of), self._fetch_customer(of))
        own_ids = {item.usual_payment_method_id for item in held.values() if not item.is_ended}
        methods = await fetch_payment_methods(self._client, customer.id, customer.default_method, own_ids)
        return CustomerState(methods, customer.provider_address)

    async def fetch_billing_address(self, account_id: str) -> ProviderAddress | None:
        of = await get_linked_account(self._database, account_id)
        return (await self._fetch_customer(of)).provider_address

    async def restore_billing_address(
        self, account_id: str, address: Address, replaced: ProviderAddress
    ) -> ProviderAddress | None:
        of = await get_linked_account(self._database, account_id)
        who = await self._fetch_customer(of)
        if who.provider_address.is_same_as(replaced):
            await charges.restore_customer_address(self._client, who, address)
        return who.provider_address

    async def _fetch_customer(self, of: LinkedAccount) -> StripeCustomer:
        return await fetch_customer(self._client, of, self._now())

    async def preview_lines(
        self, account_id: str, lines: list[LineRequest], at: datetime, address: Address
    ) -> Preview:
        of = await get_linked_account(self._database, account_id)
        held, who = await gather_or_cancel(fetch_items(self._client, of), self._fetch_customer(of))
        product_ids = {line.subscription_id: line.product_id for line in lines}
        ordered = [held[id_] for id_ in product_ids.keys() & held.keys()]
        held |= {item.id: item for item in await self._find_ordered_products(ordered, product_ids)}
        try:
            preview = await prices.preview_lines(
                self._client, held, lines, at, address, of.customer_id, of.account, self._tax_rates
            )
        except ShippingLocationInvalid:
            raise
        except TaxLocationInvalid:
            # With an error, Stripe does not say which address it is.
            raise (ShippingLocationInvalid if who.shipping_address else TaxLocationInvalid) from None
        return replace(
            preview,
            lines=tuple(
                replace(
                    line,
                    discounts=_list_percentages(
                        _list_discounts(held[line.subscription_id], who.discount, of.account.time_zone)
                    ),
                )
                for line in preview.lines
            ),
        )

    async def place_charge(self, charge: Charge) -> ChargeOutcome:
        lock = self._subscription_locks.setdefault(charge.subscription_id, asyncio.Lock())
        async with lock:
            return await self._resolve_outcome(self._place_charge, charge)

    async def reconcile_charge(self, charge: Charge) -> ChargeOutcome | NeverReceived:
        return await self._resolve_outcome(self._reconcile_charge, charge)

    async def _resolve_outcome(
        self, operation: Callable[[Charge], Awaitable[OutcomeT]], charge: Charge
    ) -> OutcomeT | ChargeOutcome:
        try:
            with log_action_taken("outcome_unknown"):
                try:
                    outcome: OutcomeT | ChargeOutcome = await operation(charge)
                except CustomerNotFound:
                    outcome = await self._resolve_without_customer(charge)
                if isinstance(outcome, Settled) and _has_different_taxes(outcome, charge):
                    return await invoices.complete_taxes(self._client, self._tax_rates, charge, outcome)
                return outcome
        except (BillingUnavailable, TimeoutError):
            return Unknown()

    async def _place_charge(self, charge: Charge) -> ChargeOutcome:
        of = await get_linked_account(self._database, charge.account_id)
        async with asyncio.timeout(self._preparation_timeout_seconds):
            held, who = await gather_or_cancel(fetch_items(self._client, of), self._fetch_customer(of))
            product_ids = {charge.subscription_id: charge.product_id}
            [item] = await self._find_ordered_products([_get_item(held, charge)], product_ids)
            now = self._now()
            outcome = await charges.prepare_charge(
                self._client, item, who, charge, now, partial(self._fetch_customer, of)
            )
        if outcome is None:
            outcome = await charges.send_charge(self._client, item, who, charge, now)
        return _add_provider_address(outcome, who, charge)

    async def _reconcile_charge(self, charge: Charge) -> ChargeOutcome | NeverReceived:
        of = await get_linked_account(self._database, charge.account_id)
        async with asyncio.timeout(self._preparation_timeout_seconds):
            outcome = await self._find_charge_outcome(of, charge)
            known = charge.provider_address
            if isinstance(outcome, NeverReceived) or known is None or known.address == charge.address:
                return outcome
            # What an attempt wrote before its process died is stored while its line is still open.
            with contextlib.suppress(CustomerNotFound):
                return _add_provider_address(outcome, await self._fetch_customer(of), charge)
            return outcome

    async def _find_charge_outcome(self, of: LinkedAccount, charge: Charge) -> ChargeOutcome | NeverReceived:
        item = (await fetch_items(self._client, of)).get(charge.subscription_id)
        if item is None:
            done = await invoices.find_outcome_without_item(self._client, of.customer_id, charge, self._now())
            return done or Declined("subscription_gone")
        outcome = await invoices.find_outcome(self._client, item, charge, self._now())
        without = NeverReceived() if item.is_active else item.inactive_outcome
        return await charges.restore_default_payment_method(self._client, item, outcome or without)

    async def _resolve_without_customer(self, charge: Charge) -> ChargeOutcome:
        # Deleting a customer cancels their subscriptions, so no request can change one any more, but an
        # earlier one may have. As long as the key is valid, the invoices decide whether anything was charged.
        # Without them, only Stripe's answer that there is no such customer does.
        now = self._now()
        with contextlib.suppress(CustomerNotFound):
            of = await get_linked_account(self._database, charge.account_id)
            found = await invoices.find_outcome_without_item(self._client, of.customer_id, charge, now)
            return found or Declined("customer_gone")
        if now - charge.stored_at < charges.IDEMPOTENCY_KEY_LIFETIME:
            return Unknown()
        log.error("charge.customer_missing", charge_key=charge.key)
        return Declined("customer_gone")

    async def fetch_invoice(self, account_id: str, receipt: str) -> InvoiceState | None:
        invoice = await self._fetch_own_invoice(account_id, receipt)
        return invoices.read_invoice_state(invoice) if invoice else None

    async def fetch_receipt_page(self, account_id: str, receipt: str) -> ProviderReceipt | None:
        invoice = await self._fetch_own_invoice(account_id, receipt)
        return invoices.read_receipt_page(invoice) if invoice else None

    async def _fetch_own_invoice(self, account_id: str, receipt: str) -> stripe.Invoice | None:
        of = await get_linked_account(self._database, account_id)
        invoice = await invoices.fetch_invoice(self._client, receipt)
        if invoice is None:
            return None
        customer_id = get_object_id(invoice.customer)
        is_own = customer_id and await is_customer_of(self._database, of, customer_id)
        return invoice if is_own else None

    async def fetch_receipt_pdf(self, account_id: str, receipt: str) -> ProviderPdf | None:
        # The link of a stored invoice may have expired: each answer has one that is valid for ten days.
        page = await self.fetch_receipt_page(account_id, receipt)
        return ProviderPdf(page.number, await self._download_pdf(page.pdf_url)) if page else None

    async def create_portal_link(self, account_id: str) -> str:
        of = await get_linked_account(self._database, account_id)
        call = self._client.v1.billing_portal.sessions.create_async(
            {
                "customer": of.customer_id,
                "return_url": self._return_url,
                "flow_data": {"type": "payment_method_update"},
            }
        )
        try:
            session = await request_stripe(call, "billing_portal.sessions.create", expects=is_missing)
        except stripe.InvalidRequestError:
            raise CustomerNotFound(account=of.account.name) from None
        return session.url

    async def fetch_server_time(self) -> datetime | None:
        call = self._client.v1.subscriptions.list_async({"limit": 1})
        page = await request_stripe(call, "subscriptions.list")
        return find_date(page.last_response.headers) if page.last_response else None

    async def check_connection(self) -> str:
        await check_permissions(self._client)
        return "Stripe takes the key"


def _add_provider_address(outcome: ChargeOutcome, customer: StripeCustomer, charge: Charge) -> ChargeOutcome:
    if customer.provider_address.is_same_as(charge.provider_address):
        return outcome
    return replace(outcome, provider_address=customer.provider_address)


def _has_different_taxes(outcome: Settled, charge: Charge) -> bool:
    # The reason for charging no tax may have changed as well.
    return charge.tax == 0 or (outcome.amount, outcome.tax) != (charge.amount, charge.tax)


def _complete_upcoming_changes(
    state: SubscriptionState,
    item: SubscriptionItem,
    renewals: RenewalTotals,
    customer_discount: ItemDiscount | None,
    zone: str,
) -> SubscriptionState:
    renewal = renewals.get(state.id)
    changes: dict[str, object] = {
        "renewal": renewal,
        "is_renewal_priced": renewal is not None,
        "is_renewal_expected": state.outlook.is_renewal_expected
        and (renewal is not None or state.id not in renewals),
    }
    changes["discounts"] = _list_discounts(item, customer_discount, zone)
    return replace(state, outlook=state.outlook.model_copy(update=changes))


def _list_discounts(
    item: SubscriptionItem, customer_discount: ItemDiscount | None, zone: str
) -> tuple[Discount, ...]:
    if customer_discount is None or item.upcoming_changes.discounts:
        return item.build_upcoming_changes(zone).discounts
    product_id = item.upcoming_changes.stripe_product_id
    discount = customer_discount.find_discount(item.currency, product_id, zone)
    return () if discount is None else (discount,)


def _list_percentages(discounts: tuple[Discount, ...]) -> tuple[Discount, ...]:
    # Stripe takes an amount off the credit as well as off the charge: new seats hardly cost less by it.
    return tuple(discount for discount in discounts if discount.percent is not None)


def _get_item(items: dict[str, SubscriptionItem], charge: Charge) -> SubscriptionItem:
    item = items.get(charge.subscription_id)
    if item is None:
        raise SubscriptionNotFound
    return item
