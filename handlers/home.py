"""The Home tab."""

from bot.blocks.block_kit import View
from bot.blocks.home import page as blocks
from bot.use_cases.home.publish import open_home
from handlers.request import Call
from handlers.route import Route

# What was pressed there is answered by the Home itself: no screen is opened.
NO_VIEW: View = {}


async def handle_home_opened(request: Call) -> View:
    if request.body["event"].get("tab") == "home" and request.person.user_id:
        await open_home(request.services, person=request.person)
    return NO_VIEW


async def change_page(request: Call) -> View:
    await open_home(request.services, person=request.person, page=request.id_pressed)
    return NO_VIEW


ROUTES = [
    Route("event", "app_home_opened", handle_home_opened),
    Route("change", blocks.PREVIOUS_PAGE, change_page),
    Route("change", blocks.NEXT_PAGE, change_page),
]
