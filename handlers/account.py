"""`/billing`: the account at a glance, and the way to its payment methods (R15)."""

from dataclasses import replace

from bot.blocks import account as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.blocks.cart import render_account_choice_modal
from bot.blocks.notification_preferences import render_preferences_modal
from bot.blocks.receipt import LIST as LIST_RECEIPTS
from bot.use_cases.account.choose import list_accounts
from bot.use_cases.account.overview import get_account_overview
from bot.use_cases.account.portal import open_portal, switch_portal
from bot.use_cases.checkout import save_checkout_draft
from bot.use_cases.notice.preferences import get_preferences
from handlers.receipt import render_receipt_list
from handlers.request import Call
from handlers.route import Route
from models.errors import UnknownSubcommand

NOTICES_SUBCOMMANDS = ("notices", "notifications")
RECEIPTS_SUBCOMMANDS = ("receipts", "reçus", "recus")


async def handle_billing_command(request: Call) -> View:
    accounts = await list_accounts(request.services, person=request.person)
    words = request.words.lower()
    if words in NOTICES_SUBCOMMANDS:
        return render_preferences_modal(
            request.reader, await get_preferences(request.services, person=request.person), ModalMetadata()
        )
    if words and words not in RECEIPTS_SUBCOMMANDS:
        raise UnknownSubcommand(command="/billing", word=request.words[:40])
    if len(accounts) > 1:
        action = LIST_RECEIPTS if words else blocks.OVERVIEW
        return render_account_choice_modal(request.reader, accounts, ModalMetadata(), action)
    return await (render_receipt_list if words else render_account)(request, accounts[0].id)


async def open_overview(request: Call) -> View:
    return await render_account(request, request.value or request.place.account)


async def manage_methods(request: Call) -> View:
    """From wherever they come; what was typed in a checkout is kept, and Back leads there again."""
    if request.checkout_typed is not None:
        quote_id = request.place.quote
        await save_checkout_draft(
            request.services, person=request.person, quote_id=quote_id, form=request.checkout_typed
        )
    account_id = request.value or request.place.account
    account, link = await open_portal(request.services, person=request.person, account_id=account_id)
    place = replace(request.place, account=account.id)
    if link is None:
        return blocks.render_portal_warning_modal(request.reader, account, place)
    return blocks.render_portal_link_modal(request.reader, account, link, place)


async def switch_default_portal(request: Call) -> View:
    account_id = request.value or request.place.account
    account, link = await switch_portal(request.services, person=request.person, account_id=account_id)
    return blocks.render_portal_link_modal(
        request.reader, account, link, replace(request.place, account=account.id)
    )


async def render_account(request: Call, account_id: str) -> View:
    sheet = await get_account_overview(request.services, person=request.person, account_id=account_id)
    return blocks.render_account_modal(
        request.reader, sheet, ModalMetadata(account=account_id), get_portal_links(request)
    )


def get_portal_links(request: Call) -> blocks.PortalLinks:
    settings = request.services.settings
    return blocks.PortalLinks(
        settings.corporate_portal_url, settings.admin_portal_url, settings.account_services_url
    )


ROUTES = [
    Route("command", "/billing", handle_billing_command),
    Route("show", blocks.OVERVIEW, open_overview),
    Route("change", blocks.MANAGE_PAYMENT_METHODS, manage_methods),
    Route("change", blocks.SWITCH_PORTAL, switch_default_portal),
    Route("link", blocks.OPEN_PORTAL),
    Route("link", blocks.CONTACT_SERVICES),
]
