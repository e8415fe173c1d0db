"""The Home tab. Its buttons update the tab itself: no view is opened."""

from bot.blocks.home import page as blocks
from bot.use_cases.home.publish import open_home
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind


async def handle_home_opened(request: SlackRequest) -> None:
    if request.opened_tab == "home" and request.person.user_id:
        await open_home(request.dependencies, person=request.person)


async def change_page(request: SlackRequest) -> None:
    await open_home(request.dependencies, person=request.person, page=request.action_row_id)


ROUTES = [
    Route(RouteKind.EVENT, "app_home_opened", handle_home_opened),
    Route(RouteKind.CHANGE, blocks.PREVIOUS_PAGE, change_page),
    Route(RouteKind.CHANGE, blocks.NEXT_PAGE, change_page),
]
