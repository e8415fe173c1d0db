"""What an error of Slack's Web API says."""

from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

DEFAULT_RETRY_AFTER_SECONDS = 30.0

# Slack's errors for failures of its own. https://docs.slack.dev/reference/methods/views.open
SLACK_FAILURE_ERRORS = frozenset(
    {"fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"}
)


class UnreadableResponse(aiohttp.ClientPayloadError):
    """Something answered, but not Slack's Web API: text, a list, or bytes that are no text."""


def get_error_name(error: Exception) -> str:
    """Slack's name for it; the HTTP status if the response was not Slack's; else the exception's class."""
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    return str(_get_data(error).get("error") or f"http_{get_http_status(error)}")


def is_slack_failure(error: SlackApiError) -> bool:
    """Whether trying again may help: Slack says that it failed, or a page, nothing or half a response came
    instead of Slack's."""
    name = get_error_name(error)
    return name.startswith("http_") or name in SLACK_FAILURE_ERRORS


def get_error_details(error: SlackApiError) -> object:
    return _get_data(error).get("response_metadata")


def get_http_status(error: SlackApiError) -> int:
    response: Any = error.response
    return int(getattr(response, "status_code", getattr(response, "status", 0)))


def read_retry_after(error: SlackApiError) -> float:
    headers = getattr(error.response, "headers", None) or {}
    try:
        return max(float(headers.get("Retry-After", DEFAULT_RETRY_AFTER_SECONDS)), 0.0)
    except ValueError:
        return DEFAULT_RETRY_AFTER_SECONDS


def _get_data(error: SlackApiError) -> dict[str, Any]:
    data = getattr(error.response, "data", None)
    return data if isinstance(data, dict) else {}
