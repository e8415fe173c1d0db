"""What Slack's refusals say."""

from typing import Any

from slack_sdk.errors import SlackApiError

RETRY_AFTER = 30.0


def code_of(error: SlackApiError) -> str:
    """Slack's name for the error; none where its answer was not Slack's at all."""
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def detail_of(error: SlackApiError) -> object:
    data = getattr(error.response, "data", None)
    return data.get("response_metadata") if isinstance(data, dict) else None


def status_of(error: SlackApiError) -> int:
    answer: Any = error.response
    return int(getattr(answer, "status_code", getattr(answer, "status", 0)))


def retry_after(error: SlackApiError) -> float:
    headers = getattr(error.response, "headers", None) or {}
    try:
        return max(float(headers.get("Retry-After", RETRY_AFTER)), 0.0)
    except ValueError:
        return RETRY_AFTER
