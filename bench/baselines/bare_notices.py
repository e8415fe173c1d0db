"""Messages posted by 16 tasks over one client with a shared session: `python bare_notices.py 1000`."""

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

TEXT = "Service order SO-10000001 is overdue: it was placed 24 hours ago, and is not finished."
BLOCKS: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": TEXT}},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*GoTo Meeting*: 2 new seats"}},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "open", "text": {"type": "plain_text", "text": "Open the order"}}
        ],
    },
]


async def post_notices(number: int) -> None:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"], session=session
        )
        numbers = iter(range(number))
        await asyncio.gather(*(_post_each(client, numbers) for _ in range(16)))


async def _post_each(client: AsyncWebClient, numbers: Iterator[int]) -> None:
    for n in numbers:
        await client.chat_postMessage(
            channel=f"C{n}", text=TEXT, blocks=BLOCKS, unfurl_links=False, unfurl_media=False
        )


if __name__ == "__main__":
    asyncio.run(post_notices(int(sys.argv[1])))
