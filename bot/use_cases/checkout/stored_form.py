"""The form of a quote's checkout, as a person has saved it or left it (R10)."""

from collections.abc import Sequence

from sqlmodel import select

from bot.db import Session, build_insert
from bot.use_cases.checkout.options import CheckoutOptions, check_form, find_chosen_administrator
from models.account import Account
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.checkout import Checkout, CheckoutForm, CheckoutIncomplete
from models.details import QuoteDetails
from models.errors import InvalidInput
from models.payment_method import MethodChoices
from models.quote import Quote


def get_saved_form(checkout: Checkout | None) -> CheckoutForm:
    """Returns the form, which was valid when it was saved. Raises CheckoutIncomplete."""
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
    """Returns the saved form, if it is valid now with these administrators and payment methods, and the
    existing administrator who was chosen, or whose email was typed. Raises CheckoutIncomplete."""
    form = get_saved_form(checkout)
    try:
        check_form(CheckoutOptions(administrators, methods, needs_po_number), form)
    except InvalidInput:
        raise CheckoutIncomplete from None
    return form, find_chosen_administrator(administrators, form)


async def find_checkout(session: Session, details: QuoteDetails, contact: BillingContact) -> Checkout | None:
    stored = await _find_stored_checkout(session, details.quote, contact)
    return get_current_checkout(stored, details.account, details.quote)


def get_current_checkout(checkout: Checkout | None, account: Account, quote: Quote) -> Checkout | None:
    """Returns the stored checkout. If the account's address has changed since the quote and none was typed
    for this order, the checkout has the account's, and is not saved."""
    if checkout is None or checkout.is_address_typed or not quote.has_older_address(account):
        return checkout
    values = {**checkout.form_values, **account.billing_address.model_dump()}
    if values == checkout.form_values:
        return checkout
    return Checkout(quote_id=checkout.quote_id, contact_id=checkout.contact_id, form_values=values)


async def _find_stored_checkout(session: Session, quote: Quote, contact: BillingContact) -> Checkout | None:
    found = await session.exec(
        select(Checkout).where(Checkout.quote_id == quote.id, Checkout.contact_id == contact.id)
    )
    return found.one_or_none()


async def store_draft(
    session: Session,
    details: QuoteDetails,
    contact: BillingContact,
    form: CheckoutForm,
    stored: Checkout | None,
) -> Checkout:
    quote, merged = details.quote, form.merge_onto(get_kept_form(details, stored)).without_card_number()
    is_address_typed = was_address_typed(form, stored)
    await store_form(session, quote, contact, merged, saved=False, is_address_typed=is_address_typed)
    return Checkout(quote_id=quote.key, contact_id=contact.key, form_values=merged.model_dump())


def get_kept_form(details: QuoteDetails, stored: Checkout | None) -> CheckoutForm:
    if stored:
        return CheckoutForm(**stored.form_values)
    return CheckoutForm(**details.quote.find_newest_address(details.account).model_dump())


def was_address_typed(form: CheckoutForm, stored: Checkout | None) -> bool:
    return form.has_address_fields or (stored is not None and stored.is_address_typed)


async def store_form(
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


async def copy_checkout(
    session: Session, contact: BillingContact, old_quote: Quote, new_quote: Quote
) -> None:
    checkout = await _find_stored_checkout(session, old_quote, contact)
    if checkout is not None:
        form, is_address_typed = CheckoutForm(**checkout.form_values), checkout.is_address_typed
        if not is_address_typed:
            form = form.model_copy(update=new_quote.address)
        await store_form(session, new_quote, contact, form, saved=False, is_address_typed=is_address_typed)
