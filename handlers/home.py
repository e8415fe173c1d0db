"""The Home tab."""

from bot.blocks.block_kit import View
from bot.blocks.home import page as blocks
from bot.use_cases.home.publish import open_home
from handlers.request import Call
from handlers.route import Route

# What was pressed there is answered by the Home itself: no screen is opened.
NOTHING: View = {}


async def show_home(call: Call) -> View:
    if call.body["event"].get("tab") == "home" and call.person.user_id:
        await open_home(call.services, person=call.person)
    return NOTHING


async def turn_page(call: Call) -> View:
    await open_home(call.services, person=call.person, page=call.id_pressed)
    return NOTHING


ROUTES = [
    Route("event", "app_home_opened", show_home),
    Route("change", blocks.PREVIOUS, turn_page),
    Route("change", blocks.NEXT, turn_page),
]
