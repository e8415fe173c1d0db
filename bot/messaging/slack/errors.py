"""What Slack's refusals say."""

from typing import Any

from slack_sdk.errors import SlackApiError

DEFAULT_RETRY_AFTER_SECONDS = 30.0


def get_error_code(error: SlackApiError) -> str:
    """Slack's name for the error; none where its answer was not Slack's at all."""
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def get_error_detail(error: SlackApiError) -> object:
    data = getattr(error.response, "data", None)
    return data.get("response_metadata") if isinstance(data, dict) else None


def get_http_status(error: SlackApiError) -> int:
    answer: Any = error.response
    return int(getattr(answer, "status_code", getattr(answer, "status", 0)))


def read_retry_after(error: SlackApiError) -> float:
    headers = getattr(error.response, "headers", None) or {}
    try:
        return max(float(headers.get("Retry-After", DEFAULT_RETRY_AFTER_SECONDS)), 0.0)
    except ValueError:
        return DEFAULT_RETRY_AFTER_SECONDS
