"""Checkout: the admin contact, payment method and billing address (R3, R10, R11)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import col, select

from bot.billing.gateway import LineRequest, Preview
from bot.db import Session
from bot.permissions import SlackIdentity, build_actor
from bot.services import Services
from bot.use_cases.audit.write import write_audit_entries
from bot.use_cases.billing_sync.payment_methods import refresh_methods_if_available
from bot.use_cases.details import list_administrators, list_payment_methods, load_quote_details
from bot.use_cases.notice.enqueue import enqueue_notices
from bot.use_cases.quote.create import create_quote
from bot.use_cases.quote.decide import change_quote_status
from bot.use_cases.quote.read import authorize_quote, check_pending, list_quote_lines, lock_quote
from models.account import Account
from models.administrator import Administrator
from models.billing_contact import BillingContact
from models.checkout import (
    NEW_ADMINISTRATOR_OPTION,
    Checkout,
    CheckoutForm,
    CheckoutIncomplete,
    UnknownAdministrator,
)
from models.details import CheckoutPage, PlacementPage, QuoteDetails
from models.errors import InvalidInput, Refusal
from models.payment_method import PaymentMethod, check_default_method, get_usable_method
from models.product import Product
from models.quote import Quote, QuoteLine, QuoteStatus
from models.seat_assignment import SeatAssignment


async def open_checkout(services: Services, *, person: SlackIdentity, quote_id: int) -> CheckoutPage:
    """The checkout as last saved, else with the account's defaults. Changes nothing (R8).

    Raises QuoteNotPending, NoAutomaticPaymentMethod (R3).
    """
    at = services.now()
    async with services.read() as session:
        authorized = await authorize_quote(session, person, quote_id, at, for_change=False)
        quote, contact = authorized.row, authorized.contact
        await check_pending(session, quote, at)
    await refresh_methods_if_available(services, quote.account_id)
    async with services.read() as session:
        return await _load_checkout_page(session, quote, contact, at)


async def save_checkout_draft(
    services: Services, *, person: SlackIdentity, quote_id: int, form: CheckoutForm
) -> QuoteDetails:
    """Store the form, valid or not, so that going back loses nothing (R10)."""
    at = services.now()
    async with services.write() as session:
        authorized = await lock_quote(session, person, quote_id, at)
        quote, contact = authorized.row, authorized.contact
        await _save_checkout_form(session, quote, contact, form, saved=False)
        return await load_quote_details(session, quote, at)


async def save_checkout(
    services: Services, *, person: SlackIdentity, quote_id: int, form: CheckoutForm
) -> PlacementPage:
    """Check and store the checkout, and replace the quote if the address changes the tax (R10).

    Raises InvalidInput by field of CheckoutForm, QuoteNotPending, NoAutomaticPaymentMethod,
    BillingUnavailable.
    """
    at = services.now()
    async with services.write() as session:
        authorized = await lock_quote(session, person, quote_id, at)
        account, contact = authorized.account, authorized.contact
        quote = await _resolve_replacement(session, authorized.row, contact, form)
        await check_pending(session, quote, at)
        administrators = await list_administrators(session, account.id)
        methods = await list_payment_methods(session, account.id)
        _check_form(account, administrators, methods, form, at)
        # Until the tax for another address is known, the order cannot be placed.
        await _save_checkout_form(session, quote, contact, form, saved=form.address == quote.billing_address)
        lines = await list_quote_lines(session, quote)
    if form.address == quote.billing_address:
        return await _load_placement_page(services, person, quote.key, at)
    requests = [LineRequest(line.subscription_id, line.seats, line.unit_price) for line in lines]
    preview = await services.billing.preview_lines(quote.account_id, requests, quote.frozen_at, form.address)
    if preview.tax != quote.tax:
        return await _replace_quote_for_address(services, person, quote.key, lines, form, preview)
    async with services.write() as session:
        authorized = await lock_quote(session, person, quote.key, at)
        quote, contact = authorized.row, authorized.contact
        await check_pending(session, quote, at)
        await _check_lines_unchanged(session, quote, lines)
        await _save_checkout_form(session, quote, contact, form, saved=True)
    return await _load_placement_page(services, person, quote.key, at)


async def copy_checkout(
    session: Session, contact: BillingContact, old_quote: Quote, new_quote: Quote
) -> None:
    """As a draft, when a cart's new quote replaces the old one (R10)."""
    checkout = await _find_checkout(session, old_quote, contact)
    if checkout is not None:
        await _save_checkout_form(
            session, new_quote, contact, CheckoutForm(**checkout.form_values), saved=False
        )


def get_saved_form(checkout: Checkout | None) -> CheckoutForm:
    """Valid when it was saved. Raises CheckoutIncomplete."""
    if checkout is None or not checkout.is_saved:
        raise CheckoutIncomplete
    return CheckoutForm(**checkout.form_values)


def get_valid_form(
    account: Account,
    checkout: Checkout | None,
    administrators: Sequence[Administrator],
    methods: list[PaymentMethod],
    at: datetime,
) -> tuple[CheckoutForm, Administrator | None]:
    """The saved checkout, valid now with these administrators and payment methods, and the existing
    administrator who was chosen, or whose e-mail was typed. Raises CheckoutIncomplete."""
    form = get_saved_form(checkout)
    try:
        _check_form(account, [a for a in administrators if a.active], methods, form, at)
    except InvalidInput:
        raise CheckoutIncomplete from None
    return form, _find_chosen_administrator(administrators, form)


def _find_chosen_administrator(
    administrators: Sequence[Administrator], form: CheckoutForm
) -> Administrator | None:
    new = form.new_administrator
    if new is not None:
        return next((a for a in administrators if a.email == new[1]), None)
    return next(a for a in administrators if str(a.id) == form.administrator)


async def list_products_without_seat(
    session: Session, administrator: Administrator | None, product_ids: list[str]
) -> list[Product]:
    """The products of which the administrator gets one of the new seats (R11)."""
    assigned_ids: set[str] = set()
    if administrator is not None:
        assignments = await session.exec(
            select(SeatAssignment.product_id).where(SeatAssignment.administrator_id == administrator.id)
        )
        assigned_ids = set(assignments.all())
    found = await session.exec(
        select(Product).where(col(Product.id).in_(set(product_ids) - assigned_ids)).order_by(Product.name)
    )
    return list(found.all())


async def _load_placement_page(
    services: Services, person: SlackIdentity, quote_id: int, at: datetime
) -> PlacementPage:
    async with services.read() as session:
        authorized = await authorize_quote(session, person, quote_id, at, for_change=False)
        quote, account, contact = authorized.row, authorized.account, authorized.contact
        await check_pending(session, quote, at)
        methods = await list_payment_methods(session, account.id)
        checkout = await _find_checkout(session, quote, contact)
        found = await session.exec(select(Administrator).where(Administrator.account_id == account.id))
        form, chosen = get_valid_form(account, checkout, found.all(), methods, at)
        sheet = await load_quote_details(session, quote, at)
        return PlacementPage(
            quote=sheet,
            form=form,
            administrator=(chosen.name, chosen.email) if chosen else form.new_administrator or ("", ""),
            payment_method=get_usable_method(methods, form.payment_method, account.get_local_date(at)),
            assigned_products=await list_products_without_seat(
                session, chosen, [r.product.id for r in sheet.rows]
            ),
            replaced_quote_number=await _find_replaced_quote_number(session, quote),
        )


async def _find_replaced_quote_number(session: Session, quote: Quote) -> str | None:
    """The quote that this one replaced for another address: only then are both frozen at the same instant."""
    found = await session.exec(
        select(Quote.number).where(
            Quote.replaced_by_id == quote.id,
            Quote.frozen_at == quote.frozen_at,
            Quote.subtotal == quote.subtotal,
        )
    )
    return found.first()


async def _resolve_replacement(
    session: Session, quote: Quote, contact: BillingContact, form: CheckoutForm
) -> Quote:
    """If the same submission is delivered twice, the quote that the first one created for its address."""
    new = await session.get(Quote, quote.replaced_by_id) if quote.replaced_by_id else None
    checkout = await _find_checkout(session, new, contact) if new else None
    again = checkout is not None and checkout.is_saved and checkout.form_values == form.model_dump()
    return new if new is not None and again else quote


async def _check_lines_unchanged(session: Session, quote: Quote, priced_lines: list[QuoteLine]) -> None:
    """An import may replace the lines while the tax is computed. Raises CheckoutIncomplete."""
    if [line.model_dump() for line in await list_quote_lines(session, quote)] != [
        p.model_dump() for p in priced_lines
    ]:
        raise CheckoutIncomplete


async def _replace_quote_for_address(
    services: Services,
    person: SlackIdentity,
    quote_id: int,
    lines: list[QuoteLine],
    form: CheckoutForm,
    preview: Preview,
) -> PlacementPage:
    at = services.now()
    async with services.write() as session:
        authorized = await lock_quote(session, person, quote_id, at)
        old, account, contact = authorized.row, authorized.account, authorized.contact
        await check_pending(session, old, at)
        await _check_lines_unchanged(session, old, lines)
        actor = build_actor(contact, person)
        created = await create_quote(
            session,
            account=account,
            contact_id=old.contact_id,
            actor=actor,
            preview=_apply_agreed_prices(lines, preview),
            product_ids={line.subscription_id: line.product_id for line in lines},
            address=form.address,
            frozen_at=old.frozen_at,
            expires_at=old.expires_at,
            at=at,
            created_externally=old.created_externally,
            reason="address_changes_tax",
        )
        new = created.quote
        decision = await change_quote_status(
            session,
            account,
            old,
            QuoteStatus.EXPIRED,
            actor,
            at,
            replacement=new,
            decided_by_contact=contact,
        )
        await write_audit_entries(session, account.id, [created.audit_entry, decision.audit_entry])
        await enqueue_notices(session, decision.notices)
        await _save_checkout_form(session, new, contact, form, saved=True)
    return await _load_placement_page(services, person, new.key, at)


def _apply_agreed_prices(lines: list[QuoteLine], preview: Preview) -> Preview:
    """The preview's tax with the amounts of the old quote's lines."""
    old_lines = {line.subscription_id: line for line in lines}
    agreed_lines = tuple(
        replace(
            line,
            seats_before=old_lines[line.subscription_id].seats_before,
            amount=old_lines[line.subscription_id].amount,
        )
        for line in preview.lines
    )
    return replace(preview, lines=agreed_lines)


def _check_form(
    account: Account,
    administrators: Sequence[Administrator],
    methods: list[PaymentMethod],
    form: CheckoutForm,
    at: datetime,
) -> None:
    check_default_method(methods, account.get_local_date(at))
    errors: dict[str, Refusal] = {}
    known = {str(a.id) for a in administrators}
    if form.administrator != NEW_ADMINISTRATOR_OPTION and form.administrator not in known:
        errors["administrator"] = UnknownAdministrator()
    try:
        get_usable_method(methods, form.payment_method, account.get_local_date(at))
    except Refusal as refusal:
        errors["payment_method"] = refusal
    for read in (lambda: form.new_administrator, lambda: form.address):
        try:
            read()
        except InvalidInput as error:
            errors.update(error.errors)
    if errors:
        raise InvalidInput(errors)


async def _load_checkout_page(
    session: Session, quote: Quote, contact: BillingContact, at: datetime
) -> CheckoutPage:
    account = await session.get_one(Account, quote.account_id)
    methods = await list_payment_methods(session, account.id)
    check_default_method(methods, account.get_local_date(at))
    admins = await list_administrators(session, account.id)
    stored = await _find_checkout(session, quote, contact)
    return CheckoutPage(
        quote=await load_quote_details(session, quote, at),
        administrators=admins,
        payment_methods=[m for m in methods if m.is_usable(account.get_local_date(at))],
        form=CheckoutForm(**stored.form_values)
        if stored
        else _build_suggested_form(quote, contact, admins, methods),
    )


def _build_suggested_form(
    quote: Quote, contact: BillingContact, administrators: list[Administrator], methods: list[PaymentMethod]
) -> CheckoutForm:
    """The person themselves if they are an administrator, else the first; the default payment method."""
    candidates = [a for a in administrators if a.email == contact.email] or administrators
    default = next((m.id for m in methods if m.is_default), "")
    return CheckoutForm(
        administrator=str(candidates[0].id) if candidates else NEW_ADMINISTRATOR_OPTION,
        payment_method=default,
        **quote.address,
    )


async def _find_checkout(session: Session, quote: Quote, contact: BillingContact) -> Checkout | None:
    found = await session.exec(
        select(Checkout).where(Checkout.quote_id == quote.id, Checkout.contact_id == contact.id)
    )
    return found.one_or_none()


async def _save_checkout_form(
    session: Session, quote: Quote, contact: BillingContact, form: CheckoutForm, *, saved: bool
) -> None:
    checkout = await _find_checkout(session, quote, contact) or Checkout(
        quote_id=quote.key, contact_id=contact.key
    )
    checkout.form_values, checkout.is_saved = form.model_dump(), saved
    session.add(checkout)
