"""A minimal Bolt app: `/hello` is acknowledged, `/add-seats` opens an empty modal.

`python bare_bolt.py [before_response]`: with it, `process_before_response=True`.
"""

import os
import sys

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

client = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
app = AsyncApp(
    client=client,
    signing_secret=os.environ["SLACK_SIGNING_SECRET"],
    process_before_response="before_response" in sys.argv,
)


@app.command("/hello")
async def hello(ack: AsyncAck) -> None:
    await ack()


@app.command("/add-seats")
async def open_modal(ack: AsyncAck, client: AsyncWebClient, body: dict[str, str]) -> None:
    await ack()
    title = {"type": "plain_text", "text": "Empty"}
    await client.views_open(
        trigger_id=body["trigger_id"], view={"type": "modal", "title": title, "blocks": []}
    )


if __name__ == "__main__":
    app.start(port=int(os.environ["PORT"]), host=os.environ["HOST"])
