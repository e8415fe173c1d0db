"""Checkout: the admin contact, payment method and billing address (R3, R10, R11)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import and_, col, select

from bot.billing.gateway import LineRequest, Preview
from bot.db import Session, build_insert
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, build_actor
from bot.tasks import gather_or_cancel
from bot.use_cases.audit.write import write_audit_entries
from bot.use_cases.billing_sync.address import refresh_address_if_available
from bot.use_cases.billing_sync.payment_methods import refresh_methods_if_available
from bot.use_cases.load_details import find_quote_details
from bot.use_cases.notice.enqueue import enqueue_notices
from bot.use_cases.quote.create import create_quote
from bot.use_cases.quote.decide import change_quote_status
from bot.use_cases.quote.extension import move_open_extension
from bot.use_cases.quote.read import authorize_quote, lock_loaded_quote, lock_quote
from models.account import Account
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.account.seat_assignment import SeatAssignment
from models.checkout import (
    NEW_ADMINISTRATOR_OPTION,
    Checkout,
    CheckoutForm,
    CheckoutIncomplete,
    UnknownAdministrator,
)
from models.details import CheckoutPage, PlacementPage, QuoteDetails
from models.errors import InvalidInput, Refusal
from models.payment_method import MethodChoices, PaymentMethod
from models.product import Product
from models.quote import Quote, QuoteLine, QuoteStatus
from models.subscription import Subscription


async def begin_checkout(
    dependencies: Dependencies, *, person: SlackIdentity, quote_id: int
) -> CheckoutPage | PlacementPage:
    """The service order, if everything that checkout asks for is known and valid: it is stored first, since
    what is stored is what is placed. Otherwise the checkout. Neither changes the quote (R8, R10).

    Raises as `open_checkout` does.
    """
    at = dependencies.now()
    details, _ = await _load_refreshed_quote(dependencies, person, quote_id, at)
    async with dependencies.write() as session:
        details, contact = await lock_loaded_quote(session, person, details, at)
        details.check_pending()
        details.account.check_open()
        options = await _load_options(session, details, at)
        options.methods.check_default()
        stored = await _find_checkout(session, details, contact)
        page = _build_checkout_page(details, contact, options, stored)
        if not _is_placeable(options, page, stored):
            return page
        if stored is None or not stored.is_saved:
            await _store_form(
                session,
                details.quote,
                contact,
                page.form,
                saved=True,
                is_address_typed=stored is not None and stored.is_address_typed,
            )
        placement_page = await _build_placement_page(dependencies, session, details, options, page.form)
        return replace(placement_page, skipped_checkout=True)


def _is_placeable(options: "_Options", page: CheckoutPage, stored: Checkout | None) -> bool:
    """The tax of another address than the quote's is known only once it has been saved."""
    try:
        _check_form(options, page.form)
    except InvalidInput:
        return False
    is_saved = stored is not None and stored.is_saved
    return is_saved or page.form.address == page.quote.quote.billing_address


async def open_checkout(
    dependencies: Dependencies, *, person: SlackIdentity, quote_id: int, with_address_fields: bool = False
) -> CheckoutPage:
    """The checkout as last saved, else with the account's defaults. Changes nothing (R8).

    Raises QuoteNotPending, NoAutomaticPaymentMethod (R3).
    """
    at = dependencies.now()
    details, contact = await _load_refreshed_quote(dependencies, person, quote_id, at)
    async with dependencies.read() as session:
        options = await _load_options(session, details, at)
        options.methods.check_default()
        stored = await _find_checkout(session, details, contact)
        return _build_checkout_page(
            details, contact, options, stored, with_address_fields=with_address_fields
        )


async def _load_refreshed_quote(
    dependencies: Dependencies, person: SlackIdentity, quote_id: int, at: datetime
) -> tuple[QuoteDetails, BillingContact]:
    """With the payment methods and the address that the provider has."""
    async with dependencies.read() as session:
        details, contact = await authorize_quote(session, person, quote_id, at)
        details.check_pending()
        details.account.check_open()
    _, is_address_changed = await gather_or_cancel(
        refresh_methods_if_available(dependencies, details.account.id),
        refresh_address_if_available(dependencies, details.account.id),
    )
    if not is_address_changed:
        return details, contact
    async with dependencies.read() as session:
        return await authorize_quote(session, person, quote_id, at)


async def update_checkout(
    dependencies: Dependencies,
    *,
    person: SlackIdentity,
    quote_id: int,
    form: CheckoutForm,
    with_address_fields: bool = False,
) -> CheckoutPage:
    """Store the form, valid or not, for showing it with other fields.

    Raises QuoteNotPending, NoAutomaticPaymentMethod."""
    at = dependencies.now()
    async with dependencies.write() as session:
        details, contact = await lock_quote(session, person, quote_id, at)
        details.check_pending()
        options = await _load_options(session, details, at)
        options.methods.check_default()
        stored = await _find_checkout(session, details, contact)
        draft = await _store_draft(session, details, contact, form, stored)
        return _build_checkout_page(
            details,
            contact,
            options,
            draft,
            with_address_fields=with_address_fields or form.has_address_fields,
        )


async def save_checkout_draft(
    dependencies: Dependencies, *, person: SlackIdentity, quote_id: int, form: CheckoutForm
) -> QuoteDetails:
    """Store the form, valid or not, so that going back loses nothing (R10)."""
    at = dependencies.now()
    async with dependencies.write() as session:
        details, contact = await lock_quote(session, person, quote_id, at)
        stored = await _find_checkout(session, details, contact)
        await _store_draft(session, details, contact, form, stored)
        return details


async def _store_draft(
    session: Session,
    details: QuoteDetails,
    contact: BillingContact,
    form: CheckoutForm,
    stored: Checkout | None,
) -> Checkout:
    quote, merged = details.quote, form.merge_onto(_get_kept_form(details, stored))
    is_address_typed = _is_address_typed(form, stored)
    await _store_form(session, quote, contact, merged, saved=False, is_address_typed=is_address_typed)
    return Checkout(quote_id=quote.key, contact_id=contact.key, form_values=merged.model_dump())


def _is_address_typed(form: CheckoutForm, stored: Checkout | None) -> bool:
    return form.has_address_fields or (stored is not None and stored.is_address_typed)


def _get_kept_form(details: QuoteDetails, stored: Checkout | None) -> CheckoutForm:
    """What the form's fields complete: the administrator and the payment method are always among them."""
    if stored:
        return CheckoutForm(**stored.form_values)
    return CheckoutForm(**details.quote.find_newest_address(details.account).model_dump())


async def save_checkout(
    dependencies: Dependencies, *, person: SlackIdentity, quote_id: int, form: CheckoutForm
) -> PlacementPage:
    """Check and store the checkout, and replace the quote if the address changes the tax (R10). What the form
    has not set stays as it was kept.

    Raises InvalidInput by field of CheckoutForm, QuoteNotPending, NoAutomaticPaymentMethod,
    BillingUnavailable.
    """
    at = dependencies.now()
    async with dependencies.write() as session:
        details, contact = await lock_quote(session, person, quote_id, at)
        typed, stored = form, await _find_checkout(session, details, contact)
        form = typed.complete(_get_kept_form(details, stored))
        is_address_typed = _is_address_typed(typed, stored)
        details = await _resolve_replacement(session, details, contact, form)
        details.check_pending()
        details.account.check_open()
        options = await _load_options(session, details, at)
        _check_form(options, form, typed)
        quote, is_same_address = details.quote, form.address == details.quote.billing_address
        # Until the tax for another address is known, the order cannot be placed.
        await _store_form(
            session, quote, contact, form, saved=is_same_address, is_address_typed=is_address_typed
        )
        if is_same_address:
            return await _build_placement_page(dependencies, session, details, options, form)
    lines = [row.line for row in details.rows]
    requests = [LineRequest(line.subscription_id, line.seats, line.unit_price) for line in lines]
    preview = await dependencies.billing.preview_lines(
        quote.account_id, requests, quote.frozen_at, form.address
    )
    if preview.tax != quote.tax:
        return await _replace_quote_for_address(
            dependencies, person, quote.key, lines, form, preview, is_address_typed=is_address_typed
        )
    async with dependencies.write() as session:
        details, contact = await lock_quote(session, person, quote.key, at)
        details.check_pending()
        _check_lines_unchanged(details, lines)
        await _store_form(
            session, details.quote, contact, form, saved=True, is_address_typed=is_address_typed
        )
    return await _load_placement_page(dependencies, person, quote.key, at)


async def copy_checkout(
    session: Session, contact: BillingContact, old_quote: Quote, new_quote: Quote
) -> None:
    checkout = await _find_stored_checkout(session, old_quote, contact)
    if checkout is not None:
        form, is_address_typed = CheckoutForm(**checkout.form_values), checkout.is_address_typed
        if not is_address_typed:
            form = form.model_copy(update=new_quote.address)
        await _store_form(session, new_quote, contact, form, saved=False, is_address_typed=is_address_typed)


def get_saved_form(checkout: Checkout | None) -> CheckoutForm:
    """Valid when it was saved. Raises CheckoutIncomplete."""
    if checkout is None or not checkout.is_saved:
        raise CheckoutIncomplete
    return CheckoutForm(**checkout.form_values)


def get_valid_form(
    checkout: Checkout | None,
    administrators: Sequence[Administrator],
    methods: MethodChoices,
    *,
    needs_po_number: bool,
) -> tuple[CheckoutForm, Administrator | None]:
    """The saved checkout, valid now with these administrators and payment methods, and the existing
    administrator who was chosen, or whose email was typed. Raises CheckoutIncomplete."""
    form = get_saved_form(checkout)
    try:
        _check_form(_Options(administrators, methods, needs_po_number), form)
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


@dataclass(frozen=True)
class _Options:
    """What can be chosen among. `administrators` may include former ones."""

    administrators: Sequence[Administrator]
    methods: MethodChoices
    needs_po_number: bool

    @property
    def active_administrators(self) -> list[Administrator]:
        return [administrator for administrator in self.administrators if administrator.active]


async def _load_options(session: Session, details: QuoteDetails, at: datetime) -> _Options:
    account = details.account
    administrators = await session.exec(
        select(Administrator)
        .where(Administrator.account_id == account.id)
        .order_by(Administrator.name, Administrator.email)
    )
    methods = await _load_method_choices(session, details, at)
    return _Options(administrators.all(), methods, account.po_number_required)


async def _load_method_choices(session: Session, details: QuoteDetails, at: datetime) -> MethodChoices:
    """In one query, with a row for each line and payment method: there are few of both."""
    result = await session.exec(
        select(Subscription, PaymentMethod)
        .outerjoin(
            PaymentMethod,
            and_(
                col(PaymentMethod.account_id) == Subscription.account_id,
                col(PaymentMethod.active),
            ),
        )
        .where(col(Subscription.id).in_([row.line.subscription_id for row in details.rows]))
        .order_by(col(Subscription.id), col(PaymentMethod.is_default).desc(), col(PaymentMethod.id))
    )
    rows = result.all()
    return MethodChoices.build(
        {method.id: method for _, method in rows if method}.values(),
        {subscription.id: subscription for subscription, _ in rows}.values(),
        details.account.get_local_date(at),
    )


async def _load_placement_page(
    dependencies: Dependencies, person: SlackIdentity, quote_id: int, at: datetime
) -> PlacementPage:
    async with dependencies.read() as session:
        details, contact = await authorize_quote(session, person, quote_id, at)
        details.check_pending()
        options = await _load_options(session, details, at)
        checkout = await _find_checkout(session, details, contact)
        form, _ = get_valid_form(
            checkout,
            options.administrators,
            options.methods,
            needs_po_number=options.needs_po_number,
        )
        return await _build_placement_page(dependencies, session, details, options, form)


async def _build_placement_page(
    dependencies: Dependencies, session: Session, details: QuoteDetails, options: _Options, form: CheckoutForm
) -> PlacementPage:
    chosen = _find_chosen_administrator(options.administrators, form)
    methods = options.methods.choose(form.payment_method)
    return PlacementPage(
        quote=details,
        form=form,
        administrator=(chosen.name, chosen.email) if chosen else form.new_administrator or ("", ""),
        payment_methods=[methods[row.line.subscription_id] for row in details.rows],
        assigned_products=await _list_products_without_seat(session, chosen, details),
        replaced_quote_number=await _find_replaced_quote_number(session, details.quote),
        has_mail=dependencies.mailer.is_configured,
    )


async def _list_products_without_seat(
    session: Session, administrator: Administrator | None, details: QuoteDetails
) -> list[Product]:
    """The products of which the administrator gets one of the new seats (R11), by name."""
    assigned_ids: set[str] = set()
    if administrator is not None:
        assignments = await session.exec(
            select(SeatAssignment.product_id).where(SeatAssignment.administrator_id == administrator.id)
        )
        assigned_ids = set(assignments.all())
    products = {row.product.id: row.product for row in details.rows if row.product.id not in assigned_ids}
    return sorted(products.values(), key=lambda product: product.name)


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
    session: Session, details: QuoteDetails, contact: BillingContact, form: CheckoutForm
) -> QuoteDetails:
    """If the same submission is delivered twice, the quote that the first one created for its address."""
    replacement_id = details.quote.replaced_by_id
    new = await find_quote_details(session, replacement_id, details.at) if replacement_id else None
    checkout = await _find_checkout(session, new, contact) if new else None
    again = checkout is not None and checkout.is_saved and checkout.form_values == form.model_dump()
    return new if new is not None and again else details


def _check_lines_unchanged(details: QuoteDetails, priced_lines: list[QuoteLine]) -> None:
    """An import may replace the lines while the tax is computed. Raises CheckoutIncomplete."""
    if [row.line.model_dump() for row in details.rows] != [line.model_dump() for line in priced_lines]:
        raise CheckoutIncomplete


async def _replace_quote_for_address(
    dependencies: Dependencies,
    person: SlackIdentity,
    quote_id: int,
    lines: list[QuoteLine],
    form: CheckoutForm,
    preview: Preview,
    *,
    is_address_typed: bool,
) -> PlacementPage:
    at = dependencies.now()
    async with dependencies.write() as session:
        details, contact = await lock_quote(session, person, quote_id, at)
        details.check_pending()
        _check_lines_unchanged(details, lines)
        old, account = details.quote, details.account
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
        moved_entries, moved_notices = await move_open_extension(session, account, old, new, actor, at)
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
        entries = [created.audit_entry, *moved_entries, decision.audit_entry]
        await write_audit_entries(session, account.id, entries)
        await enqueue_notices(session, [*decision.notices, *moved_notices])
        await _store_form(session, new, contact, form, saved=True, is_address_typed=is_address_typed)
    return await _load_placement_page(dependencies, person, new.key, at)


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


def _check_form(options: _Options, form: CheckoutForm, typed: CheckoutForm | None = None) -> None:
    """`typed` is the part of the form that was on the screen."""
    options.methods.check_default()
    errors: dict[str, Refusal] = {}
    known = {str(a.id) for a in options.active_administrators}
    if form.administrator != NEW_ADMINISTRATOR_OPTION and form.administrator not in known:
        errors["administrator"] = UnknownAdministrator()
    try:
        options.methods.choose(form.payment_method)
    except Refusal as refusal:
        errors["payment_method"] = refusal
    for check in (
        lambda: typed.check_address_fields() if typed else None,
        lambda: form.new_administrator,
        lambda: form.address,
        lambda: form.get_po_number(required=options.needs_po_number),
    ):
        try:
            check()
        except InvalidInput as error:
            errors.update(error.errors)
    if errors:
        raise InvalidInput(errors)


def _build_checkout_page(
    details: QuoteDetails,
    contact: BillingContact,
    options: _Options,
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
    """The person themselves if they are an administrator, else the first; what is usually charged."""
    candidates = [a for a in administrators if a.email == contact.email] or administrators
    return CheckoutForm(
        administrator=str(candidates[0].id) if candidates else NEW_ADMINISTRATOR_OPTION,
        payment_method=methods.suggested_option,
        **details.quote.find_newest_address(details.account).model_dump(),
    )


async def _find_checkout(session: Session, details: QuoteDetails, contact: BillingContact) -> Checkout | None:
    stored = await _find_stored_checkout(session, details.quote, contact)
    return get_current_checkout(stored, details.account, details.quote)


def get_current_checkout(checkout: Checkout | None, account: Account, quote: Quote) -> Checkout | None:
    """The stored one, unless the account has got another address since the quote and none was typed for this
    order: then with the account's, which is not saved."""
    newest = quote.find_newest_address(account)
    if checkout is None or checkout.is_address_typed or newest == quote.billing_address:
        return checkout
    values = {**checkout.form_values, **newest.model_dump()}
    if values == checkout.form_values:
        return checkout
    return Checkout(quote_id=checkout.quote_id, contact_id=checkout.contact_id, form_values=values)


async def _find_stored_checkout(session: Session, quote: Quote, contact: BillingContact) -> Checkout | None:
    found = await session.exec(
        select(Checkout).where(Checkout.quote_id == quote.id, Checkout.contact_id == contact.id)
    )
    return found.one_or_none()


async def _store_form(
    session: Session,
    quote: Quote,
    contact: BillingContact,
    form: CheckoutForm,
    *,
    saved: bool,
    is_address_typed: bool,
) -> None:
    values = {
        "form_values": form.model_dump(),
        "is_saved": saved,
        "is_address_typed": is_address_typed,
    }
    await session.exec(
        build_insert(session, Checkout)
        .values(quote_id=quote.key, contact_id=contact.key, **values)
        .on_conflict_do_update(index_elements=["quote_id", "contact_id"], set_=values)
    )
