"""`/add-seats`: from the warning about pending quotes to the cart's quote."""

from bot.blocks import cart as blocks
from bot.blocks import quote as quote_blocks
from bot.blocks.block_kit import Place, View
from bot.use_cases.cart.open import (
    Choice,
    Obstructed,
    Warned,
    accounts_of,
    consent_to_replace,
    edit_cart,
    keep_cart,
    open_cart,
    warn_again,
)
from bot.use_cases.cart.save import save_cart
from bot.use_cases.quote.decide import read_quote
from handlers.account import overview
from handlers.request import Call
from handlers.route import Route
from models.details import CartSheet
from models.quote import QuotesPending

SEATS = "seats:"
# More is no product and number; it travels in a view of limited size.
LONGEST_WORDS = 200


async def add_seats(call: Call) -> View:
    return await _open(call, None, call.words)


async def choose_account(call: Call) -> View:
    return await _open(call, call.value, call.place.words)


async def open_(call: Call) -> View:
    return await _open(call, call.value or call.place.account, "")


async def warn(call: Call) -> View:
    warned = await warn_again(call.services, person=call.person, account_id=call.place.account)
    return warning_view(call, warned)


async def continue_(call: Call) -> View:
    account_id, place = call.place.account, call.place
    try:
        await consent_to_replace(call.services, person=call.person, account_id=account_id, named=place.named)
    except QuotesPending:
        return await _warn_of_others(call, account_id)
    sheet = await edit_cart(call.services, person=call.person, account_id=account_id, words=place.words)
    return _form(call, sheet)


async def turn_page(call: Call) -> View:
    sheet = await _keep(call)
    return _form(call, sheet, page=call.id_pressed)


async def go_on(call: Call) -> View:
    """To the cart's own quote; what is typed in the form stays in the cart."""
    await _keep(call)
    sheet = await read_quote(call.services, person=call.person, quote_id=call.id_pressed)
    place = Place(account=sheet.account.id, quote=sheet.quote.key, origin="cart")
    return quote_blocks.quote_review(call.reader, sheet, place)


async def edit(call: Call) -> View:
    sheet = await edit_cart(call.services, person=call.person, account_id=call.place.account)
    return _form(call, sheet)


async def back(call: Call) -> View:
    """Where the person came from: the warning, the choice of an account, else the account itself."""
    await _keep(call)
    warned = await warn_again(call.services, person=call.person, account_id=call.place.account)
    if warned.pending:
        return warning_view(call, warned)
    accounts = await accounts_of(call.services, person=call.person)
    if len(accounts) > 1:
        return blocks.account_chooser(call.reader, accounts, Place())
    return await overview(call, call.place.account)


async def save(call: Call) -> View:
    account_id = call.place.account
    try:
        sheet = await save_cart(
            call.services, person=call.person, account_id=account_id, typed=_seats_typed(call)
        )
    except QuotesPending:
        return await _warn_of_others(call, account_id)
    place = Place(account=account_id, quote=sheet.quote.key, origin="cart")
    return quote_blocks.quote_review(call.reader, sheet, place)


async def after_decision(call: Call) -> View:
    """On from a quote that was decided on the way to the cart: the next one, else the cart."""
    warned = await warn_again(call.services, person=call.person, account_id=call.place.account)
    if warned.pending:
        return warning_view(call, warned)
    sheet = await edit_cart(
        call.services, person=call.person, account_id=call.place.account, words=call.place.words
    )
    return _form(call, sheet)


def warning_view(call: Call, warned: Warned, *, words: str | None = None, came_back: bool = False) -> View:
    place = Place(
        account=warned.account.id,
        origin="pending",
        words=call.place.words if words is None else words,
        named=tuple(sheet.quote.key for sheet in warned.pending),
    )
    return blocks.pending_warning(call.reader, warned.pending, place, warned.own, came_back=came_back)


async def _open(call: Call, account_id: str | None, words: str) -> View:
    found = await open_cart(call.services, person=call.person, account_id=account_id, words=words)
    match found:
        case Choice(accounts):
            return blocks.account_chooser(call.reader, accounts, Place(words=words[:LONGEST_WORDS]))
        case Obstructed(account, obstacles, rows):
            url = call.services.settings.account_services_url
            return blocks.not_eligible(
                call.reader, account, obstacles, Place(account=account.id), services_url=url, rows=rows
            )
        case Warned():
            return warning_view(call, found, words=words)
        case CartSheet():
            return _form(call, found)


async def _warn_of_others(call: Call, account_id: str) -> View:
    warned = await warn_again(call.services, person=call.person, account_id=account_id)
    return warning_view(call, warned, came_back=True)


def _form(call: Call, sheet: CartSheet, page: int | None = None) -> View:
    settings = call.services.settings
    page = blocks.page_meant(sheet) if page is None else page
    return blocks.cart_form(
        call.reader,
        sheet,
        Place(account=sheet.account.id, origin="cart", page=page),
        settings.max_seats_per_line,
        services_url=settings.account_services_url,
    )


async def _keep(call: Call) -> CartSheet:
    return await keep_cart(
        call.services, person=call.person, account_id=call.place.account, typed=_seats_typed(call)
    )


def _seats_typed(call: Call) -> dict[str, str]:
    return {
        block_id.removeprefix(SEATS): text
        for block_id, text in call.typed.items()
        if block_id.startswith(SEATS)
    }


ROUTES = [
    Route("command", "/add-seats", add_seats),
    Route("show", blocks.ACCOUNT, choose_account),
    Route("show", blocks.OPEN, open_),
    Route("show", blocks.WARN, warn),
    Route("change", blocks.CONTINUE, continue_),
    Route("change", blocks.PAGE, turn_page),
    Route("change", blocks.GO_ON, go_on),
    Route("show", blocks.EDIT, edit),
    Route("change", blocks.BACK, back),
    Route("submit", blocks.SAVE, save),
]
