"""`/billing notices`: which notices one gets, and when."""

from bot.blocks import notice_choice as blocks
from bot.blocks.kit import Place, View
from bot.use_cases.notice_choice import read_choice, save_choice
from handlers.call import Call
from handlers.route import Route


async def open_(call: Call) -> View:
    choice = await read_choice(call.services, person=call.person)
    return blocks.choice_form(call.reader, choice, Place())


async def save(call: Call) -> View:
    daily = call.typed.get(blocks.DELIVERY) == blocks.DAILY
    choice = await save_choice(
        call.services, person=call.person, wanted=call.ticked(blocks.WANTED), daily=daily
    )
    saved = call.reader.text("notifications-saved-daily" if choice.daily else "notifications-saved")
    return blocks.choice_form(call.reader, choice, call.place, [saved])


ROUTES = [Route("show", blocks.OPEN, open_), Route("submit", blocks.SAVE, save)]
