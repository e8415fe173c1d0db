"""Sending notices as Slack messages."""

from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.blocks.notice import render_notice_message
from bot.installations.clients import NotInstalled, SlackClientProvider
from bot.installations.slack_errors import (
    get_error_details,
    get_error_name,
    get_http_status,
    read_retry_after,
)
from bot.messaging.messenger import (
    ChannelUnreachable,
    FileRejected,
    FileUpload,
    MessageGone,
    MessageRef,
    MessengerUnavailable,
    OutboundMessage,
    RateLimited,
    UserUnreachable,
)

log = structlog.get_logger()


CHANNEL_UNREACHABLE_ERRORS = frozenset(
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
USER_UNREACHABLE_ERRORS = frozenset(
    {
        "cannot_dm_bot",
        "messages_tab_disabled",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
    }
)
MESSAGE_GONE_ERRORS = frozenset(
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
FILE_REJECTED_ERRORS = frozenset(
    {
        "file_type_not_allowed",
        "file_upload_size_restricted",
        "file_uploads_disabled",
        "file_uploads_except_images_disabled",
        "missing_scope",
    }
)
# Slack rejects the message itself; without its blocks, its text says the same.
INVALID_BLOCKS_ERRORS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})


class SlackMessenger:
    """The client must not retry: a message may have been posted although no response arrived."""

    def __init__(self, clients: SlackClientProvider, services_url: str) -> None:
        self._clients = clients
        self._services_url = services_url

    async def is_installed(self, team_id: str) -> bool:
        try:
            await self._clients.get_client(team_id)
        except NotInstalled:
            return False
        return True

    async def deliver_message(self, message: OutboundMessage) -> MessageRef:
        content = render_notice_message(message, self._services_url)
        try:
            client = await self._clients.get_client(message.team_id)
            if message.file:
                return await _share_file(client, message.channel, message.file, content["text"])
            answer = await _send_message(client, message, content)
        except NotInstalled as error:
            raise _build_unreachable_error("not_installed", message) from error
        except SlackApiError as error:
            raise _convert_error(error, message) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MessengerUnavailable(type(error).__name__) from error
        return MessageRef(channel=str(answer["channel"]), ts=str(answer["ts"]))


async def _send_message(
    client: AsyncWebClient, message: OutboundMessage, content: dict[str, Any]
) -> AsyncSlackResponse:
    try:
        return await _post_or_update(client, message, content)
    except SlackApiError as error:
        if get_error_name(error) not in INVALID_BLOCKS_ERRORS:
            raise
        log.error("message.blocks_rejected", kind=message.kind, error=get_error_details(error))
    return await _post_or_update(client, message, {"text": content["text"], "blocks": []})


async def _share_file(client: AsyncWebClient, channel: str, file: FileUpload, text: str) -> MessageRef:
    """Nothing is visible before the last step: if an earlier one fails, the upload is never shared, and
    the next try uploads it again."""
    ticket = await client.files_getUploadURLExternal(filename=file.name, length=len(file.content))
    await _upload_file(client, str(ticket["upload_url"]), file.content)
    await client.files_completeUploadExternal(
        files=[{"id": str(ticket["file_id"]), "title": file.title}], channel_id=channel, initial_comment=text
    )
    return MessageRef(channel, ts="")


async def _upload_file(client: AsyncWebClient, url: str, content: bytes) -> None:
    assert client.session is not None, "bootstrap gives the client its session"
    async with client.session.post(url, data=content) as answer:
        if answer.status != 200:
            raise MessengerUnavailable(f"upload answered HTTP {answer.status}")


async def _post_or_update(
    client: AsyncWebClient, message: OutboundMessage, content: dict[str, Any]
) -> AsyncSlackResponse:
    if message.update_ts:
        return await client.chat_update(channel=message.channel, ts=message.update_ts, **content)
    return await client.chat_postMessage(
        channel=message.channel,
        thread_ts=message.thread_ts,
        unfurl_links=False,
        unfurl_media=False,
        **content,
    )


def _convert_error(error: SlackApiError, message: OutboundMessage) -> Exception:
    code = get_error_name(error)
    if code == "ratelimited" or get_http_status(error) == 429:
        return RateLimited(read_retry_after(error))
    if message.file and code in FILE_REJECTED_ERRORS:
        return FileRejected(code)
    if code in MESSAGE_GONE_ERRORS:
        return MessageGone(code)
    if code in USER_UNREACHABLE_ERRORS or code in CHANNEL_UNREACHABLE_ERRORS:
        return _build_unreachable_error(code, message)
    # The remaining errors are ours to fix (a token, a scope) or Slack's: the notice waits for that.
    return MessengerUnavailable(code)


def _build_unreachable_error(code: str, message: OutboundMessage) -> Exception:
    if message.channel.startswith("D"):
        # The direct message no longer exists, but the person may.
        return MessageGone(code)
    if message.channel.startswith(("U", "W")):
        return UserUnreachable(code)
    return ChannelUnreachable(code)
