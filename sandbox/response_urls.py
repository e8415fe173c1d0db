"""The `response_url` of a command or an interaction: five messages in half an hour."""

from dataclasses import dataclass

from aiohttp import web

from sandbox.acks import Acks
from sandbox.errors import Json, SlackError
from sandbox.records import Channel, Message, ResponseUrl
from sandbox.surfaces import check_message
from sandbox.traffic import Traffic
from sandbox.web_api import read_arguments
from sandbox.workspace import RESPONSE_URL_USES, Workspace


@dataclass
class ResponseUrls:
    workspace: Workspace
    traffic: Traffic
    acks: Acks

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await read_arguments(request)
        if "payload" in body:
            body = {**body}
        entry = self.traffic.call("response_url", body)
        try:
            url = self._valid(request.match_info["id"])
            self._take(url, body)
        except SlackError as error:
            entry.answer, entry.status = error.answer(), 404
            self.traffic.refuse("response_url", error.error, error.messages)
            return web.json_response(entry.answer, status=404)
        finally:
            self.workspace.changes.notify()
        entry.answer = {"ok": True}
        return web.Response(text="ok")

    def _valid(self, url_id: str) -> ResponseUrl:
        url = self.workspace.response_urls.get(url_id)
        if url is None:
            raise SlackError("invalid_url")
        if self.workspace.clock() > url.expires:
            raise SlackError("expired_url")
        if url.uses >= RESPONSE_URL_USES:
            raise SlackError("used_url")
        url.uses += 1
        return url

    def _take(self, url: ResponseUrl, body: Json) -> None:
        channel = self.workspace.channels[url.channel_id]
        original = next((m for m in channel.messages if m.ts == url.message_ts and not m.deleted), None)
        if body.get("delete_original"):
            _existing(original).deleted = True
        elif body.get("replace_original") and url.message_ts:
            self._replace(_existing(original), body)
        else:
            self._reply(url, channel, body)

    def _replace(self, message: Message, body: Json) -> None:
        content: Json = {
            "text": str(body.get("text") or ""),
            "blocks": body.get("blocks") or [],
            "attachments": body.get("attachments") or [],
            "markdown_text": "",
        }
        check_message(self.workspace, content)
        message.keep_edit(self.workspace.new_ts())
        message.text, message.blocks = content["text"], content["blocks"]
        message.attachments = content["attachments"]

    def _reply(self, url: ResponseUrl, channel: Channel, body: Json) -> None:
        installation = self.workspace.teams[url.team_id].installation
        assert installation
        thread_ts = body.get("thread_ts") or url.thread_ts
        message = self.acks.reply(body, url.user_id, channel, installation, thread_ts)
        # Later posts with replace_original, as from a command, meet the reply made here.
        url.message_ts = url.message_ts or message.ts


def _existing(message: Message | None) -> Message:
    if message is None:
        raise SlackError("message_not_found")
    return message
