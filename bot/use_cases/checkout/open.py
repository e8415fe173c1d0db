"""Showing the checkout, and keeping what was typed in it (R8, R10)."""

from dataclasses import replace
from datetime import datetime

from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity
from bot.use_cases.billing_sync.customer import refresh_customer_if_available
from bot.use_cases.checkout.options import CheckoutOptions, check_form, load_options
from bot.use_cases.checkout.pages import build_checkout_page, build_placement_page
from bot.use_cases.checkout.stored_form import find_checkout, store_draft, store_form
from bot.use_cases.quote.read import authorize_quote, lock_loaded_quote, lock_quote
from models.account.billing_contact import BillingContact
from models.checkout import Checkout, CheckoutForm
from models.details import CheckoutPage, PlacementPage, QuoteDetails
from models.errors import InvalidInput


async def begin_checkout(
    dependencies: Dependencies, *, person: SlackIdentity, quote_id: int
) -> CheckoutPage | PlacementPage:
    """Returns the service order if everything that checkout asks for is known and valid, otherwise the
    checkout. The form is stored first, because what is stored is what is placed. The quote does not change
    (R8, R10). Raises as `open_checkout` does."""
    at = dependencies.now()
    details, _ = await _load_refreshed_quote(dependencies, person, quote_id, at)
    async with dependencies.write() as session:
        details, contact = await lock_loaded_quote(session, person, details, at)
        details.check_pending()
        details.account.check_open()
        options = await load_options(session, details, at)
        options.methods.check_default()
        stored = await find_checkout(session, details, contact)
        page = build_checkout_page(details, contact, options, stored)
        if not _is_placeable(options, page, stored):
            return page
        if stored is None or not stored.is_saved:
            await store_form(
                session,
                details.quote,
                contact,
                page.form,
                saved=True,
                is_address_typed=stored is not None and stored.is_address_typed,
            )
        placement_page = await build_placement_page(dependencies, session, details, options, page.form)
        return replace(placement_page, skipped_checkout=True)


def _is_placeable(options: "CheckoutOptions", page: CheckoutPage, stored: Checkout | None) -> bool:
    # The tax for an address other than the quote's is known only once it has been saved.
    try:
        check_form(options, page.form)
    except InvalidInput:
        return False
    is_saved = stored is not None and stored.is_saved
    return is_saved or page.form.address == page.quote.quote.billing_address


async def open_checkout(
    dependencies: Dependencies, *, person: SlackIdentity, quote_id: int, with_address_fields: bool = False
) -> CheckoutPage:
    """Returns the checkout as last saved, else with the account's defaults. Changes nothing (R8). Raises
    QuoteNotPending, NoAutomaticPaymentMethod (R3)."""
    at = dependencies.now()
    details, contact = await _load_refreshed_quote(dependencies, person, quote_id, at)
    async with dependencies.read() as session:
        options = await load_options(session, details, at)
        options.methods.check_default()
        stored = await find_checkout(session, details, contact)
        return build_checkout_page(details, contact, options, stored, with_address_fields=with_address_fields)


async def _load_refreshed_quote(
    dependencies: Dependencies, person: SlackIdentity, quote_id: int, at: datetime
) -> tuple[QuoteDetails, BillingContact]:
    """With the payment methods and the address that the provider has."""
    async with dependencies.read() as session:
        details, contact = await authorize_quote(session, person, quote_id, at)
        details.check_pending()
        details.account.check_open()
    if not await refresh_customer_if_available(dependencies, details.account.id):
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
    """Stores the form, valid or not, to show it with other fields. Raises QuoteNotPending,
    NoAutomaticPaymentMethod."""
    at = dependencies.now()
    async with dependencies.write() as session:
        details, contact = await lock_quote(session, person, quote_id, at)
        details.check_pending()
        options = await load_options(session, details, at)
        options.methods.check_default()
        stored = await find_checkout(session, details, contact)
        draft = await store_draft(session, details, contact, form, stored)
        return build_checkout_page(
            details,
            contact,
            options,
            draft,
            with_address_fields=with_address_fields or form.has_address_fields,
        )


async def save_checkout_draft(
    dependencies: Dependencies, *, person: SlackIdentity, quote_id: int, form: CheckoutForm
) -> QuoteDetails:
    """Stores the form, valid or not, so that going back loses nothing (R10)."""
    at = dependencies.now()
    async with dependencies.write() as session:
        details, contact = await lock_quote(session, person, quote_id, at)
        stored = await find_checkout(session, details, contact)
        await store_draft(session, details, contact, form, stored)
        return details
