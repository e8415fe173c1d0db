"""Notices as messages in Slack."""

from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.blocks.notice import message
from bot.installations.clients import Clients, NotInstalled
from bot.messaging.messenger import (
    ChannelUnreachable,
    File,
    FileRefused,
    Letter,
    MessageGone,
    MessengerUnavailable,
    PersonUnreachable,
    Posted,
    RateLimited,
)
from bot.messaging.slack.errors import code_of, detail_of, retry_after, status_of

log = structlog.get_logger()


NOWHERE = frozenset(
    {
        "channel_not_found",
        "channel_type_not_supported",
        "is_archived",
        "not_in_channel",
        "posting_to_general_channel_denied",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
    }
)
NOBODY = frozenset(
    {
        "cannot_dm_bot",
        "messages_tab_disabled",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
    }
)
GONE = frozenset(
    {
        "cannot_reply_to_message",
        "cant_update_message",
        "edit_window_closed",
        "invalid_thread_ts",
        "message_not_found",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
        "thread_not_found",
    }
)
FILE_REFUSED = frozenset(
    {
        "file_type_not_allowed",
        "file_upload_size_restricted",
        "file_uploads_disabled",
        "file_uploads_except_images_disabled",
        "missing_scope",
    }
)
# The message itself is refused: sent again without its blocks, its text says the same.
BAD_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})


class SlackMessenger:
    """A client must not send anything again by itself: a message may have been posted without our hearing."""

    def __init__(self, clients: Clients, services_url: str) -> None:
        self._clients = clients
        self._services_url = services_url

    async def reaches(self, team: str) -> bool:
        try:
            await self._clients.of(team)
        except NotInstalled:
            return False
        return True

    async def deliver(self, letter: Letter) -> Posted:
        content = message(letter, self._services_url)
        try:
            client = await self._clients.of(letter.team)
            if letter.file:
                return await _share(client, letter.channel, letter.file, content["text"])
            answer = await _send(client, letter, content)
        except NotInstalled as error:
            raise _unreachable("not_installed", letter) from error
        except SlackApiError as error:
            raise _translated(error, letter) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MessengerUnavailable(type(error).__name__) from error
        return Posted(channel=str(answer["channel"]), ts=str(answer["ts"]))


async def _send(client: AsyncWebClient, letter: Letter, content: dict[str, Any]) -> AsyncSlackResponse:
    try:
        return await _call(client, letter, content)
    except SlackApiError as error:
        if code_of(error) not in BAD_BLOCKS:
            raise
        log.error("Slack refused a message's blocks", kind=letter.kind, detail=detail_of(error))
    return await _call(client, letter, {"text": content["text"], "blocks": []})


async def _share(client: AsyncWebClient, channel: str, file: File, text: str) -> Posted:
    """Nobody sees anything before the last step: where an earlier one fails, what was uploaded is never
    shown, and the next try uploads it again."""
    ticket = await client.files_getUploadURLExternal(filename=file.name, length=len(file.content))
    await _upload(client, str(ticket["upload_url"]), file.content)
    await client.files_completeUploadExternal(
        files=[{"id": str(ticket["file_id"]), "title": file.title}], channel_id=channel, initial_comment=text
    )
    return Posted(channel, ts="")


async def _upload(client: AsyncWebClient, url: str, content: bytes) -> None:
    """To an address that is good for this once: our token stays out of it."""
    assert client.session is not None, "bootstrap gives the client its session"
    async with client.session.post(url, data=content) as answer:
        if answer.status != 200:
            raise MessengerUnavailable(f"upload answered HTTP {answer.status}")


async def _call(client: AsyncWebClient, letter: Letter, content: dict[str, Any]) -> AsyncSlackResponse:
    if letter.edits:
        return await client.chat_update(channel=letter.channel, ts=letter.edits, **content)
    return await client.chat_postMessage(
        channel=letter.channel,
        thread_ts=letter.thread,
        unfurl_links=False,
        unfurl_media=False,
        **content,
    )


def _translated(error: SlackApiError, letter: Letter) -> Exception:
    code = code_of(error)
    if code == "ratelimited" or status_of(error) == 429:
        return RateLimited(retry_after(error))
    if letter.file and code in FILE_REFUSED:
        return FileRefused(code)
    if code in GONE:
        return MessageGone(code)
    if code in NOBODY or code in NOWHERE:
        return _unreachable(code, letter)
    # What is left is ours to put right (a token, a scope) or Slack's: the notice waits for it.
    return MessengerUnavailable(code or f"HTTP {status_of(error)}")


def _unreachable(code: str, letter: Letter) -> Exception:
    if letter.channel.startswith("D"):
        # A direct message that is no longer there; the person may be all the same.
        return MessageGone(code)
    if letter.channel.startswith(("U", "W")):
        return PersonUnreachable(code)
    return ChannelUnreachable(code)
