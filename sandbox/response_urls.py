"""The `response_url` of a command or an interaction: five messages in half an hour."""

import json
from dataclasses import dataclass

from aiohttp import web

from sandbox.ack_handler import Acks
from sandbox.errors import Json, SlackError
from sandbox.fault_effects import after, before
from sandbox.faults import Faults
from sandbox.records import Channel, Message, ResponseUrl
from sandbox.traffic import ApiCall, Traffic
from sandbox.web_api import read_arguments
from sandbox.workspace import RESPONSE_URL_USES, Workspace

WHAT = "response_url"


@dataclass
class ResponseUrls:
    workspace: Workspace
    traffic: Traffic
    acks: Acks
    faults: Faults

    async def handle(self, request: web.Request) -> web.StreamResponse:
        entry = self.traffic.call(WHAT, {})
        with self.traffic.answering(entry, self.workspace.changes.notify):
            fault = self.faults.strike(WHAT)
            if fault and (response := await before(fault, request, entry)):
                return response
            response = await self._answer(entry, request)
        if fault:
            after(fault, request, response)
        return response

    async def _answer(self, entry: ApiCall, request: web.Request) -> web.Response:
        try:
            entry.args = await _message_of(request)
            self._take(self._valid(request.match_info["id"]), entry.args)
        except SlackError as error:
            entry.answer, entry.status = error.answer(), 404
            self.traffic.refuse(WHAT, error.error, error.messages)
            return web.json_response(entry.answer, status=404)
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
        content = self.acks.content(body, WHAT)
        message.keep_edit(self.workspace.new_ts())
        message.text, message.blocks = content["text"], content["blocks"]
        message.attachments = content["attachments"]

    def _reply(self, url: ResponseUrl, channel: Channel, body: Json) -> None:
        installation = self.workspace.teams[url.team_id].installation
        assert installation
        thread_ts = body.get("thread_ts") or url.thread_ts
        message = self.acks.reply(body, WHAT, url.user_id, channel, installation, thread_ts)
        # Later posts with replace_original, such as a command's, replace the reply made here.
        url.message_ts = url.message_ts or message.ts


async def _message_of(request: web.Request) -> Json:
    """JSON, or a form whose `payload` is JSON."""
    body = await read_arguments(request)
    if "payload" not in body:
        return body
    try:
        payload = json.loads(body["payload"])
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        raise SlackError("invalid_payload")
    return payload


def _existing(message: Message | None) -> Message:
    if message is None:
        raise SlackError("message_not_found")
    return message
