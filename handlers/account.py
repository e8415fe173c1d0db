"""`/billing`: the account at a glance, and the way to its payment methods (R15)."""

from dataclasses import replace

from bot.blocks import account as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.blocks.cart import render_account_choice_modal
from bot.blocks.notification_preferences import render_preferences_modal
from bot.blocks.receipt import LIST as LIST_RECEIPTS
from bot.use_cases.account.choose import list_accounts
from bot.use_cases.account.portal import open_portal, switch_portal
from bot.use_cases.checkout.open import save_checkout_draft
from bot.use_cases.notice.preferences import get_preferences
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind
from handlers.views import render_account, render_receipts
from models.errors import UnknownSubcommand

NOTICES_SUBCOMMANDS = ("notices", "notifications")
RECEIPTS_SUBCOMMANDS = ("receipts", "reçus", "recus")
MAX_SHOWN_SUBCOMMAND_LENGTH = 40


async def handle_billing_command(request: SlackRequest) -> View:
    accounts = await list_accounts(request.dependencies, person=request.person)
    subcommand = request.command_text.lower()
    if subcommand in NOTICES_SUBCOMMANDS:
        preferences = await get_preferences(request.dependencies, person=request.person)
        return render_preferences_modal(request.localizer, preferences, ModalMetadata())
    if subcommand and subcommand not in RECEIPTS_SUBCOMMANDS:
        raise UnknownSubcommand(command="/billing", word=request.command_text[:MAX_SHOWN_SUBCOMMAND_LENGTH])
    if len(accounts) > 1:
        action_id = LIST_RECEIPTS if subcommand else blocks.OVERVIEW
        return render_account_choice_modal(request.localizer, accounts, ModalMetadata(), action_id)
    return await (render_receipts if subcommand else render_account)(request, accounts[0].id)


async def open_overview(request: SlackRequest) -> View:
    return await render_account(request, request.action_value or request.metadata.account)


async def manage_methods(request: SlackRequest) -> View:
    # The button is on several screens. What was typed in a checkout is kept, and Back leads to it.
    if request.checkout_form is not None:
        await save_checkout_draft(
            request.dependencies,
            person=request.person,
            quote_id=request.metadata.quote,
            form=request.checkout_form,
        )
    account_id = request.action_value or request.metadata.account
    account, link = await open_portal(request.dependencies, person=request.person, account_id=account_id)
    metadata = replace(request.metadata, account=account.id)
    if link is None:
        return blocks.render_portal_warning_modal(request.localizer, account, metadata)
    return blocks.render_portal_link_modal(request.localizer, account, link, metadata)


async def switch_default_portal(request: SlackRequest) -> View:
    account_id = request.action_value or request.metadata.account
    account, link = await switch_portal(request.dependencies, person=request.person, account_id=account_id)
    metadata = replace(request.metadata, account=account.id)
    return blocks.render_portal_link_modal(request.localizer, account, link, metadata)


ROUTES = [
    Route(RouteKind.COMMAND, "/billing", handle_billing_command),
    Route(RouteKind.SHOW, blocks.OVERVIEW, open_overview),
    Route(RouteKind.CHANGE, blocks.MANAGE_PAYMENT_METHODS, manage_methods),
    Route(RouteKind.CHANGE, blocks.SWITCH_PORTAL, switch_default_portal),
    Route(RouteKind.LINK, blocks.OPEN_PORTAL),
    Route(RouteKind.LINK, blocks.OPEN_METHODS),
    Route(RouteKind.LINK, blocks.CONTACT_SERVICES),
]
