"""Publishing Home tabs through Slack."""

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.blocks.account import PortalLinks
from bot.blocks.block_kit import View
from bot.blocks.home.page import CHART_BLOCK_TYPE, render_home, render_refused_home, render_unlinked_home
from bot.installations.clients import NotInstalled, SlackClientProvider
from bot.installations.slack_errors import SlackErrorKind, get_error_kind, get_error_name, read_retry_after
from bot.messaging.home_publisher import ChartRejected, HomeContent
from bot.messaging.messenger import (
    MessageRejected,
    MessengerRefused,
    MessengerUnavailable,
    RateLimited,
    UserUnreachable,
)
from models.account.billing_contact import NotABillingContact

# Slack's error for a view with blocks that it does not accept.
INVALID_VIEW_ERRORS = frozenset({"invalid_arguments", "invalid_blocks", "invalid_blocks_format"})


class SlackHomePublisher:
    def __init__(self, clients: SlackClientProvider, links: PortalLinks) -> None:
        self._clients = clients
        self._links = links

    async def publish_home(self, home: HomeContent) -> None:
        view = self._render_home(home)
        try:
            client = await self._clients.get_client(home.team_id)
            await client.views_publish(user_id=home.user_id, view=view)
        except NotInstalled as error:
            raise UserUnreachable("not_installed") from error
        except SlackApiError as error:
            raise _convert_error(error, view) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MessengerUnavailable(type(error).__name__) from error

    def _render_home(self, content: HomeContent) -> View:
        match content.refusal:
            case None:
                return render_home(
                    content.localizer,
                    content.accounts,
                    self._links,
                    page=content.page,
                    show_charts=content.has_charts,
                )
            case NotABillingContact() as refusal:
                return render_unlinked_home(
                    content.localizer, self._links.services_url, _list_contact_names(refusal)
                )
            case refusal:
                return render_refused_home(content.localizer, refusal, self._links.services_url)


def _list_contact_names(refusal: NotABillingContact) -> list[str]:
    named = refusal.variables.get("contacts")
    return [str(name) for name in named] if isinstance(named, list) else []


def _convert_error(error: SlackApiError, view: View) -> Exception:
    name = get_error_name(error)
    if name in INVALID_VIEW_ERRORS and any(block["type"] == CHART_BLOCK_TYPE for block in view["blocks"]):
        return ChartRejected(name)
    match get_error_kind(error):
        case SlackErrorKind.RATE_LIMITED:
            return RateLimited(read_retry_after(error))
        case SlackErrorKind.TRANSIENT:
            return MessengerUnavailable(name)
        case SlackErrorKind.DESTINATION_UNREACHABLE:
            return UserUnreachable(name)
        case SlackErrorKind.REJECTED | SlackErrorKind.BLOCKS_REJECTED:
            return MessageRejected(name)
    return MessengerRefused(name)
