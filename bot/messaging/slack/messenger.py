"""Sending notices as Slack messages."""

import time
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.blocks.notice import has_table, render_notice_message
from bot.installations.clients import NotInstalled, OrganisationUnknown, SlackClientProvider
from bot.installations.slack_errors import (
    SlackErrorKind,
    get_error_details,
    get_error_kind,
    get_error_name,
    read_retry_after,
)
from bot.messaging.messenger import (
    ChannelUnreachable,
    FileUpload,
    MessageGone,
    MessageRef,
    MessageRejected,
    MessengerRefused,
    MessengerUnavailable,
    OutboundMessage,
    RateLimited,
    UserUnreachable,
)
from bot.network import find_proxy

log = structlog.get_logger()

TABLE_RETRY_SECONDS = 24 * 60 * 60.0


class SlackMessenger:
    """The client must not retry: a message may have been posted although no response arrived."""

    def __init__(self, clients: SlackClientProvider, services_url: str) -> None:
        self._clients = clients
        self._services_url = services_url
        # Workspaces that refuse tables, and until when none is tried there, by `time.monotonic()`.
        self._refused_tables: dict[str, float] = {}

    async def is_installed(self, team_id: str) -> bool:
        try:
            await self._clients.get_client(team_id)
        except NotInstalled:
            return False
        except OrganisationUnknown as error:
            raise MessengerUnavailable(str(error)) from error
        return True

    async def deliver_message(self, message: OutboundMessage) -> MessageRef:
        takes_tables = self._refused_tables.get(message.team_id, 0) <= time.monotonic()
        content = render_notice_message(message, self._services_url, with_table=takes_tables)
        try:
            client = await self._clients.get_client(message.team_id)
            if message.files:
                return await _share_files(client, message.channel, message.files, content["text"])
            send = self._send_table if has_table(content) else _send_message
            answer = await send(client, message, content)
        except NotInstalled as error:
            raise _build_unreachable_error("not_installed", message) from error
        except SlackApiError as error:
            raise _convert_error(error, message) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MessengerUnavailable(type(error).__name__) from error
        return MessageRef(channel=str(answer["channel"]), ts=str(answer["ts"]))

    async def _send_table(
        self, client: AsyncWebClient, message: OutboundMessage, content: dict[str, Any]
    ) -> AsyncSlackResponse:
        # Some workspaces reject tables: there, lines say the same.
        try:
            return await _post_or_update(client, message, content)
        except SlackApiError as error:
            if get_error_kind(error) is not SlackErrorKind.BLOCKS_REJECTED:
                raise
            log.warning("message.table_rejected", kind=message.kind, error=get_error_details(error))
        lines = render_notice_message(message, self._services_url, with_table=False)
        answer = await _send_message(client, message, lines)
        self._refused_tables[message.team_id] = time.monotonic() + TABLE_RETRY_SECONDS
        return answer


async def _send_message(
    client: AsyncWebClient, message: OutboundMessage, content: dict[str, Any]
) -> AsyncSlackResponse:
    try:
        return await _post_or_update(client, message, content)
    except SlackApiError as error:
        # Slack rejects the message itself; without its blocks, its text says the same.
        if get_error_kind(error) is not SlackErrorKind.BLOCKS_REJECTED:
            raise
        log.error("message.blocks_rejected", kind=message.kind, error=get_error_details(error))
    return await _post_or_update(client, message, {"text": content["text"], "blocks": []})


async def _share_files(
    client: AsyncWebClient, channel: str, files: tuple[FileUpload, ...], text: str
) -> MessageRef:
    # Nothing is visible before the last step: if an earlier one fails, the uploads are never shared, and the
    # next attempt uploads the files again.
    uploaded: list[dict[str, str | None]] = []
    for file in files:
        ticket = await client.files_getUploadURLExternal(filename=file.name, length=len(file.content))
        await _upload_file(client, str(ticket["upload_url"]), file.content)
        uploaded.append({"id": str(ticket["file_id"]), "title": file.title})
    await client.files_completeUploadExternal(files=uploaded, channel_id=channel, initial_comment=text)
    return MessageRef(channel, ts="")


async def _upload_file(client: AsyncWebClient, url: str, content: bytes) -> None:
    assert client.session is not None, "bootstrap gives the client its session"
    async with client.session.post(url, data=content, proxy=find_proxy(url)) as answer:
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
    name = get_error_name(error)
    match get_error_kind(error):
        case SlackErrorKind.RATE_LIMITED:
            return RateLimited(read_retry_after(error))
        case SlackErrorKind.TRANSIENT:
            return MessengerUnavailable(name)
        case SlackErrorKind.DESTINATION_UNREACHABLE:
            return _build_unreachable_error(name, message)
        case SlackErrorKind.TARGET_GONE if message.update_ts or message.thread_ts:
            return MessageGone(name)
        case SlackErrorKind.REJECTED | SlackErrorKind.BLOCKS_REJECTED | SlackErrorKind.TARGET_GONE:
            return MessageRejected(name)
        case SlackErrorKind.TOKEN if message.files and name == "missing_scope":
            # Messages need another scope, and may still be posted.
            return MessageRejected(name)
    return MessengerRefused(name)


def _build_unreachable_error(name: str, message: OutboundMessage) -> Exception:
    if message.channel.startswith("D"):
        # The direct message no longer exists, but the person may.
        return MessageGone(name)
    if message.channel.startswith(("U", "W")):
        return UserUnreachable(name)
    return ChannelUnreachable(name)
