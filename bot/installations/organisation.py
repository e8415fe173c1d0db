"""What an organisation-wide token says of its organisation and the workspaces it reaches (R29)."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

PAGE_SIZE = 1000


def find_enterprise_id(auth_test_answer: Mapping[str, Any] | AsyncSlackResponse) -> str | None:
    """Returns the token's organisation, whether the token is for all of it or for one of its workspaces."""
    enterprise_id = auth_test_answer.get("enterprise_id")
    if not enterprise_id and auth_test_answer.get("is_enterprise_install"):
        enterprise_id = auth_test_answer.get("team_id")
    return str(enterprise_id) if enterprise_id else None


async def fetch_workspace_ids(client: AsyncWebClient) -> list[str]:
    ids: list[str] = []
    cursor = ""
    while True:
        answer = await client.auth_teams_list(limit=PAGE_SIZE, cursor=cursor or None)
        ids += [str(team["id"]) for team in answer.get("teams") or []]
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return ids
