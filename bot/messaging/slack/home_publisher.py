"""Home tabs in Slack."""

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.blocks.account import PortalLinks
from bot.blocks.block_kit import View
from bot.blocks.home.page import CHART, home, home_refused, home_unlinked
from bot.installations.clients import Clients, NotInstalled
from bot.messaging.home_publisher import ChartRefused, HomeContent
from bot.messaging.messenger import MessengerUnavailable, PersonUnreachable, RateLimited
from bot.messaging.slack.errors import code_of, retry_after, status_of
from bot.messaging.slack.messenger import NOBODY
from models.billing_contact import NotABillingContact, NotAllowed

# What Slack says of a view whose blocks it does not take.
BAD_VIEW = frozenset({"invalid_arguments", "invalid_blocks", "invalid_blocks_format"})


class SlackHomeScreens:
    def __init__(self, clients: Clients, links: PortalLinks) -> None:
        self._clients = clients
        self._links = links

    async def show(self, home: HomeContent) -> None:
        view = self._drawn(home)
        try:
            client = await self._clients.of(home.team)
            await client.views_publish(user_id=home.user_id, view=view)
        except NotInstalled as error:
            raise PersonUnreachable("not_installed") from error
        except SlackApiError as error:
            raise _translated(error, view) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MessengerUnavailable(type(error).__name__) from error

    def _drawn(self, content: HomeContent) -> View:
        match content.refusal:
            case None:
                return home(
                    content.reader, content.sheets, self._links, page=content.page, charts=content.charts
                )
            case NotABillingContact() as refusal:
                return home_unlinked(content.reader, self._links.services_url, _names(refusal))
            case NotAllowed():
                return home_unlinked(content.reader, self._links.services_url)
            case refusal:
                return home_refused(content.reader, refusal, self._links.services_url)


def _names(refusal: NotABillingContact) -> list[str]:
    """R1: whom to ask."""
    named = refusal.words.get("contacts")
    return [str(name) for name in named] if isinstance(named, list) else []


def _translated(error: SlackApiError, view: View) -> Exception:
    code = code_of(error)
    if code == "ratelimited" or status_of(error) == 429:
        return RateLimited(retry_after(error))
    if code in BAD_VIEW and any(block["type"] == CHART for block in view["blocks"]):
        return ChartRefused(code)
    if code in NOBODY:
        return PersonUnreachable(code)
    return MessengerUnavailable(code or f"HTTP {status_of(error)}")
