"""The Home tab."""

import structlog
from slack_sdk.errors import SlackApiError

from bot.blocks import home as blocks
from bot.blocks.kit import View
from bot.use_cases.overview import read_home
from handlers.account import portal_links
from handlers.call import Call
from handlers.slack import Route
from models.billing_contact import NotABillingContact, NotAllowed
from models.errors import Refusal

log = structlog.get_logger()


async def show_home(call: Call) -> View:
    if call.body["event"].get("tab") != "home" or not call.person.user_id:
        return {}
    try:
        sheets = await read_home(call.services, person=call.person)
        view = blocks.home(call.reader, sheets, portal_links(call))
    except (NotABillingContact, NotAllowed):
        view = blocks.home_unlinked(call.reader)
    except Refusal as refusal:
        view = blocks.home_refused(call.reader, refusal)
    try:
        await call.client.views_publish(user_id=call.person.user_id, view=view)
    except SlackApiError as error:
        details = error.response.get("response_metadata")
        log.warning("home was refused", error=error.response.get("error"), details=details)
    return view


ROUTES = [Route("event", "app_home_opened", show_home)]
