"""What the checkout and the service order show before it is placed (R10, R11)."""

from datetime import datetime

from sqlmodel import col, select

from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity
from bot.use_cases.checkout.options import CheckoutOptions, find_chosen_administrator, load_options
from bot.use_cases.checkout.stored_form import find_checkout, get_valid_form
from bot.use_cases.quote.read import authorize_quote
from models.account import Account, Address
from models.account.address_fields import has_other_parts
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.account.seat_assignment import SeatAssignment
from models.checkout import NEW_ADMINISTRATOR_OPTION, Checkout, CheckoutForm
from models.details import CheckoutPage, PlacementPage, QuoteDetails
from models.payment_method import MethodChoices
from models.product import Product
from models.quote import Quote
from models.service_order import ServiceOrder


def build_checkout_page(
    details: QuoteDetails,
    contact: BillingContact,
    options: CheckoutOptions,
    stored: Checkout | None,
    *,
    with_address_fields: bool = False,
) -> CheckoutPage:
    choices = options.methods
    usual = {**choices.usual_methods, **choices.invoice_methods} if choices.differ else {}
    administrators = options.active_administrators
    return CheckoutPage(
        quote=details,
        administrators=administrators,
        payment_methods=choices.usable,
        needs_payment_method=choices.needs_method,
        usual_methods=[usual[row.line.subscription_id] for row in details.rows] if usual else [],
        form=CheckoutForm(**stored.form_values)
        if stored
        else _build_suggested_form(details, contact, administrators, choices),
        with_address_fields=with_address_fields,
    )


def _build_suggested_form(
    details: QuoteDetails,
    contact: BillingContact,
    administrators: list[Administrator],
    methods: MethodChoices,
) -> CheckoutForm:
    # The person themselves if they are an administrator, else the first one.
    candidates = [a for a in administrators if a.email == contact.email] or administrators
    return CheckoutForm(
        administrator=str(candidates[0].id) if candidates else NEW_ADMINISTRATOR_OPTION,
        payment_method=methods.suggested_option,
        **details.quote.find_newest_address(details.account).model_dump(),
    )


async def load_placement_page(
    dependencies: Dependencies, person: SlackIdentity, quote_id: int, at: datetime
) -> PlacementPage:
    async with dependencies.read() as session:
        details, contact = await authorize_quote(session, person, quote_id, at)
        details.check_pending()
        options = await load_options(session, details, at)
        checkout = await find_checkout(session, details, contact)
        form, _ = get_valid_form(
            checkout,
            options.administrators,
            options.methods,
            needs_po_number=options.needs_po_number,
        )
        return await build_placement_page(dependencies, session, details, options, form)


async def build_placement_page(
    dependencies: Dependencies,
    session: Session,
    details: QuoteDetails,
    options: CheckoutOptions,
    form: CheckoutForm,
) -> PlacementPage:
    chosen = find_chosen_administrator(options.administrators, form)
    methods = options.methods.choose(form.payment_method)
    return PlacementPage(
        quote=details,
        form=form,
        administrator=(chosen.name, chosen.email) if chosen else form.new_administrator or ("", ""),
        payment_methods=[methods[row.line.subscription_id] for row in details.rows],
        assigned_products=await _list_products_without_seat(session, chosen, details),
        replaced_quote_number=await _find_replaced_quote_number(session, details.quote),
        overwritten_address=await _find_overwritten_address(session, details.account, form.address),
        has_mail=dependencies.mailer.is_configured,
    )


async def _list_products_without_seat(
    session: Session, administrator: Administrator | None, details: QuoteDetails
) -> list[Product]:
    # The administrator gets one of the new seats of each of these products (R11).
    assigned_ids: set[str] = set()
    if administrator is not None:
        assignments = await session.exec(
            select(SeatAssignment.product_id).where(SeatAssignment.administrator_id == administrator.id)
        )
        assigned_ids = set(assignments.all())
    products = {row.product.id: row.product for row in details.rows if row.product.id not in assigned_ids}
    return sorted(products.values(), key=lambda product: product.name)


async def _find_overwritten_address(session: Session, account: Account, ordered: Address) -> Address | None:
    """Returns the provider's address, unless the account has it, or it only leaves parts out, or an order
    that is not finished replaces it by the same address already."""
    known = account.known_provider_address
    address = known.address if known is not None else None
    if address is None or not all(
        has_other_parts(address, each) for each in (account.billing_address, ordered)
    ):
        return None
    found = await session.exec(
        select(ServiceOrder.address).where(
            ServiceOrder.account_id == account.id, col(ServiceOrder.finished_at).is_(None)
        )
    )
    is_replaced = any(Address.model_validate(each) == ordered for each in found.all())
    return None if is_replaced else address


async def _find_replaced_quote_number(session: Session, quote: Quote) -> str | None:
    # Only a quote that replaces one for another address is frozen at the same instant.
    found = await session.exec(
        select(Quote.number).where(
            Quote.replaced_by_id == quote.id,
            Quote.frozen_at == quote.frozen_at,
            Quote.subtotal == quote.subtotal,
        )
    )
    return found.first()
