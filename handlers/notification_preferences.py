"""`/billing notifications`: which notices one gets, and when."""

from bot.blocks import notification_preferences as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.use_cases.notice.preferences import get_preferences, save_preferences
from handlers.request import Call
from handlers.route import Route


async def open_preferences(request: Call) -> View:
    choice = await get_preferences(request.services, person=request.person)
    return blocks.render_preferences_modal(request.reader, choice, ModalMetadata())


async def save(request: Call) -> View:
    daily = request.typed.get(blocks.DELIVERY_INPUT) == blocks.DAILY_DELIVERY
    choice = await save_preferences(
        request.services,
        person=request.person,
        topics=request.ticked(blocks.TOPICS_INPUT),
        daily_digest=daily,
    )
    saved = request.reader.format_text("notifications-saved-daily" if choice.daily else "notifications-saved")
    return blocks.render_preferences_modal(request.reader, choice, request.place, [saved])


ROUTES = [Route("show", blocks.OPEN, open_preferences), Route("submit", blocks.SAVE, save)]
