"""Saving the checkout, with a new quote if the address changes the tax (R10)."""

from dataclasses import replace

from bot.billing.gateway import LineRequest, Preview
from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, build_actor
from bot.use_cases.audit.write import write_audit_entries
from bot.use_cases.checkout.options import check_form, load_options
from bot.use_cases.checkout.pages import build_placement_page, load_placement_page
from bot.use_cases.checkout.stored_form import find_checkout, get_kept_form, store_form, was_address_typed
from bot.use_cases.load_details import find_quote_details
from bot.use_cases.notice.enqueue import enqueue_notices
from bot.use_cases.quote.create import create_quote
from bot.use_cases.quote.decide import change_quote_status
from bot.use_cases.quote.extension import move_open_extension
from bot.use_cases.quote.read import lock_quote
from models.account.billing_contact import BillingContact
from models.checkout import CheckoutForm, CheckoutIncomplete
from models.details import PlacementPage, QuoteDetails
from models.quote import QuoteLine, QuoteStatus


async def save_checkout(
    dependencies: Dependencies, *, person: SlackIdentity, quote_id: int, form: CheckoutForm
) -> PlacementPage:
    """Checks and stores the checkout, and replaces the quote if the address changes the tax (R10). Fields
    that the form has not set stay as they were stored. Raises InvalidInput by field of CheckoutForm,
    QuoteNotPending, NoAutomaticPaymentMethod, BillingUnavailable."""
    at = dependencies.now()
    async with dependencies.write() as session:
        details, contact = await lock_quote(session, person, quote_id, at)
        typed, stored = form, await find_checkout(session, details, contact)
        form = typed.complete(get_kept_form(details, stored))
        is_address_typed = was_address_typed(typed, stored)
        details = await _resolve_replacement(session, details, contact, form)
        details.check_pending()
        details.account.check_open()
        options = await load_options(session, details, at)
        check_form(options, form, typed)
        quote, is_same_address = details.quote, form.address == details.quote.billing_address
        # Until the tax for another address is known, the order cannot be placed.
        await store_form(
            session, quote, contact, form, saved=is_same_address, is_address_typed=is_address_typed
        )
        if is_same_address:
            return await build_placement_page(dependencies, session, details, options, form)
    lines = [row.line for row in details.rows]
    requests = [
        LineRequest(line.subscription_id, line.seats, line.unit_price, line.product_id) for line in lines
    ]
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
        await store_form(session, details.quote, contact, form, saved=True, is_address_typed=is_address_typed)
    return await load_placement_page(dependencies, person, quote.key, at)


async def _resolve_replacement(
    session: Session, details: QuoteDetails, contact: BillingContact, form: CheckoutForm
) -> QuoteDetails:
    # If the same submission is delivered twice, return the quote that the first one created for its address.
    replacement_id = details.quote.replaced_by_id
    new = await find_quote_details(session, replacement_id, details.at) if replacement_id else None
    checkout = await find_checkout(session, new, contact) if new else None
    again = checkout is not None and checkout.is_saved and checkout.form_values == form.model_dump()
    return new if new is not None and again else details


def _check_lines_unchanged(details: QuoteDetails, priced_lines: list[QuoteLine]) -> None:
    # An import may replace the lines while the tax is computed.
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
        await store_form(session, new, contact, form, saved=True, is_address_typed=is_address_typed)
    return await load_placement_page(dependencies, person, new.key, at)


def _apply_agreed_prices(lines: list[QuoteLine], preview: Preview) -> Preview:
    # The tax is the preview's; the amounts are those of the old quote's lines.
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
