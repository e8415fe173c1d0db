"""`/billing`: the account at a glance, and the way to its payment methods (R15)."""

from dataclasses import replace

from bot.blocks import account as blocks
from bot.blocks.block_kit import Place, View
from bot.blocks.cart import account_chooser
from bot.blocks.notification_preferences import choice_form
from bot.blocks.receipt import LIST as LIST_RECEIPTS
from bot.use_cases.account.overview import read_account
from bot.use_cases.account.portal import open_portal, switch_portal
from bot.use_cases.cart.open import accounts_of
from bot.use_cases.checkout import keep_checkout
from bot.use_cases.notice.preferences import read_choice
from handlers.receipt import receipts_of
from handlers.request import Call
from handlers.route import Route
from models.errors import UnknownWord

NOTICES = ("notices", "notifications")
RECEIPTS = ("receipts", "reçus", "recus")


async def billing(call: Call) -> View:
    accounts = await accounts_of(call.services, person=call.person)
    words = call.words.lower()
    if words in NOTICES:
        return choice_form(call.reader, await read_choice(call.services, person=call.person), Place())
    if words and words not in RECEIPTS:
        raise UnknownWord(command="/billing", word=call.words[:40])
    if len(accounts) > 1:
        action = LIST_RECEIPTS if words else blocks.OVERVIEW
        return account_chooser(call.reader, accounts, Place(), action)
    return await (receipts_of if words else overview)(call, accounts[0].id)


async def show_overview(call: Call) -> View:
    return await overview(call, call.value or call.place.account)


async def manage_methods(call: Call) -> View:
    """From wherever they come; what was typed in a checkout is kept, and Back leads there again."""
    if call.checkout_typed is not None:
        quote_id = call.place.quote
        await keep_checkout(call.services, person=call.person, quote_id=quote_id, form=call.checkout_typed)
    account_id = call.value or call.place.account
    account, link = await open_portal(call.services, person=call.person, account_id=account_id)
    place = replace(call.place, account=account.id)
    if link is None:
        return blocks.portal_warning(call.reader, account, place)
    return blocks.portal_link(call.reader, account, link, place)


async def switch(call: Call) -> View:
    account_id = call.value or call.place.account
    account, link = await switch_portal(call.services, person=call.person, account_id=account_id)
    return blocks.portal_link(call.reader, account, link, replace(call.place, account=account.id))


async def overview(call: Call, account_id: str) -> View:
    sheet = await read_account(call.services, person=call.person, account_id=account_id)
    return blocks.overview(call.reader, sheet, Place(account=account_id), portal_links(call))


def portal_links(call: Call) -> blocks.PortalLinks:
    settings = call.services.settings
    return blocks.PortalLinks(
        settings.corporate_portal_url, settings.admin_portal_url, settings.account_services_url
    )


ROUTES = [
    Route("command", "/billing", billing),
    Route("show", blocks.OVERVIEW, show_overview),
    Route("change", blocks.MANAGE_METHODS, manage_methods),
    Route("change", blocks.SWITCH_PORTAL, switch),
    Route("link", blocks.OPEN_PORTAL),
    Route("link", blocks.CONTACT_SERVICES),
]
