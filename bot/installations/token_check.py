"""Whether Slack accepts the tokens of the settings, before anything is served."""

from collections.abc import Awaitable

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.installations.slack_errors import INVALID_TOKEN_ERRORS, get_error_name
from bot.settings import Settings

log = structlog.get_logger()


class TokenRejected(Exception):
    def __init__(self, setting: str, error: str) -> None:
        super().__init__(f"Slack says {error}; is {setting} right?")


async def check_tokens(settings: Settings, slack: AsyncWebClient) -> None:
    """Raises TokenRejected. If Slack is unavailable, the bot starts all the same."""
    if settings.slack_bot_token is not None:
        await _check_token("SLACK_BOT_TOKEN", "auth.test", slack.auth_test())
    if settings.slack_app_token is not None:
        token = settings.slack_app_token.get_secret_value()
        # Slack answers with the URL of a connection, which is not opened.
        opening = slack.apps_connections_open(app_token=token)
        await _check_token("SLACK_APP_TOKEN", "apps.connections.open", opening)


async def _check_token(setting: str, operation: str, request: Awaitable[object]) -> None:
    try:
        await request
    except SlackApiError as error:
        name = get_error_name(error)
        if name in INVALID_TOKEN_ERRORS:
            raise TokenRejected(setting, name) from None
        log.warning("slack.unavailable", operation=operation, error=name)
    except (aiohttp.ClientError, OSError) as error:
        log.warning("slack.unavailable", operation=operation, error=str(error) or type(error).__name__)
