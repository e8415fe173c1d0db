"""The `response_url` of a command or an interaction: five messages in half an hour."""

import json
from dataclasses import dataclass

from aiohttp import web

from sandbox.ack_handler import AckHandler
from sandbox.errors import Json, SlackError
from sandbox.fault_effects import apply_after_call, apply_before_call
from sandbox.faults import Faults
from sandbox.records import Channel, Message, ResponseUrl
from sandbox.traffic import ApiCall, Traffic
from sandbox.web_api import read_arguments
from sandbox.workspace import RESPONSE_URL_USES, Workspace

CALL_NAME = "response_url"


@dataclass
class ResponseUrls:
    workspace: Workspace
    traffic: Traffic
    acks: AckHandler
    faults: Faults

    async def handle(self, request: web.Request) -> web.StreamResponse:
        entry = self.traffic.record_call(CALL_NAME, {})
        with self.traffic.track_response(entry, self.workspace.changes.notify):
            fault = self.faults.pick_fault(CALL_NAME)
            if fault and (response := await apply_before_call(fault, request, entry)):
                return response
            response = await self._respond(entry, request)
        if fault:
            apply_after_call(fault, request, response)
        return response

    async def _respond(self, entry: ApiCall, request: web.Request) -> web.Response:
        try:
            entry.args = await _read_message(request)
            self._apply(self._use_url(request.match_info["id"]), entry.args)
        except SlackError as error:
            entry.answer, entry.status = error.build_body(), 404
            self.traffic.record_refusal(CALL_NAME, error.error, error.messages)
            return web.json_response(entry.answer, status=404)
        entry.answer = {"ok": True}
        return web.Response(text="ok")

    def _use_url(self, url_id: str) -> ResponseUrl:
        url = self.workspace.response_urls.get(url_id)
        if url is None:
            raise SlackError("invalid_url")
        if self.workspace.clock() > url.expires:
            raise SlackError("expired_url")
        if url.uses >= RESPONSE_URL_USES:
            raise SlackError("used_url")
        url.uses += 1
        return url

    def _apply(self, url: ResponseUrl, body: Json) -> None:
        channel = self.workspace.channels[url.channel_id]
        original = next((m for m in channel.messages if m.ts == url.message_ts and not m.deleted), None)
        if body.get("delete_original"):
            _require_message(original).deleted = True
        elif body.get("replace_original") and url.message_ts:
            self._replace(_require_message(original), body)
        else:
            self._reply(url, channel, body)

    def _replace(self, message: Message, body: Json) -> None:
        content = self.acks.check_content(body, CALL_NAME)
        message.record_edit(self.workspace.create_ts())
        message.text, message.blocks = content["text"], content["blocks"]
        message.attachments = content["attachments"]

    def _reply(self, url: ResponseUrl, channel: Channel, body: Json) -> None:
        installation = self.workspace.teams[url.team_id].installation
        assert installation
        thread_ts = body.get("thread_ts") or url.thread_ts
        message = self.acks.post_reply(body, CALL_NAME, url.user_id, channel, installation, thread_ts)
        # Later posts with replace_original, such as a command's, replace this reply.
        url.message_ts = url.message_ts or message.ts


async def _read_message(request: web.Request) -> Json:
    """The body is JSON, or a form whose `payload` is JSON."""
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


def _require_message(message: Message | None) -> Message:
    if message is None:
        raise SlackError("message_not_found")
    return message
