"""Slack's client, and the one that a workspace is called with."""

from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.metrics import timed_call


class MeasuredClient(AsyncWebClient):
    """Every call is timed, and counted where it fails."""

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        with timed_call("slack", api_method, error_name):
            return await super().api_call(api_method, **arguments)


def error_name(error: Exception) -> str:
    """Slack's name for the error; the kind of error where its answer was not Slack's at all."""
    data = getattr(error.response, "data", None) if isinstance(error, SlackApiError) else None
    code = data.get("error") if isinstance(data, dict) else None
    return str(code or type(error).__name__)
