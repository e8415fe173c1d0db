"""`/billing notifications`: which notices a person gets, and when."""

from bot.blocks import notification_preferences as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.use_cases.notice.preferences import get_preferences, save_preferences
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind


async def open_preferences(request: SlackRequest) -> View:
    preferences = await get_preferences(request.dependencies, person=request.person)
    return blocks.render_preferences_modal(request.localizer, preferences, ModalMetadata())


async def save(request: SlackRequest) -> View:
    preferences = await save_preferences(
        request.dependencies,
        person=request.person,
        topics=request.get_selected_values(blocks.TOPICS_INPUT),
        daily_digest=request.input_values.get(blocks.DELIVERY_INPUT) == blocks.DAILY_DELIVERY,
    )
    confirmation = request.localizer.format_text(
        "notifications-saved-daily" if preferences.daily_digest else "notifications-saved"
    )
    return blocks.render_preferences_modal(request.localizer, preferences, request.metadata, [confirmation])


ROUTES = [
    Route(RouteKind.SHOW, blocks.OPEN, open_preferences),
    Route(RouteKind.SUBMIT, blocks.SAVE, save),
]
