"""The control API under /control: inspects the sandbox, acts as a person, and injects faults."""

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientError, web

from sandbox import elements, snapshot
from sandbox.core import SandboxCore
from sandbox.errors import Json, NotShown, SlackError
from sandbox.faults import FAULT_KINDS, Fault
from sandbox.interactions import Container
from sandbox.mailbox import build_mail_json
from sandbox.origin_check import build_file_response
from sandbox.payloads import build_file_json
from sandbox.records import Client, Message
from sandbox.user_actions import Reply

Action = Callable[[Client, Json], Awaitable[Reply]]


class Control:
    def __init__(self, slack: SandboxCore) -> None:
        self._slack = slack
        self._closed = False
        self._actions: dict[str, Action] = {
            "command": self._run_command,
            "shortcut": self._run_shortcut,
            "press": self._press,
            "submit": self._submit,
            "close": self._close_view,
            "home": self._open_home,
            "workspace": self._switch_workspace,
            "message": self._post_message,
        }

    def list_routes(self) -> list[web.RouteDef]:
        return [
            web.get("/control/state", self.get_state),
            web.get("/control/traffic", self.get_traffic),
            web.get("/control/mail", self.get_mail),
            web.get("/control/mail/{id}/{number}", self.get_attachment),
            web.get("/control/changes", self.stream_changes),
            web.post("/control/reset", self.reset),
            web.post("/control/people/{user}/options", self.load_options),
            web.post("/control/people/{user}/files", self.upload_file),
            web.post("/control/people/{user}/{act}", self.run_action),
            web.patch("/control/users/{id}", self.set_user),
            web.patch("/control/channels/{id}", self.set_channel),
            web.get("/control/faults", self.list_faults),
            web.post("/control/faults", self.add_fault),
            web.delete("/control/faults", self.clear_faults),
            web.post("/control/sockets/{what}", self.disconnect_sockets),
        ]

    def close(self) -> None:
        self._closed = True
        self._slack.workspace.changes.notify()

    # --- inspecting

    async def get_state(self, request: web.Request) -> web.Response:
        user_id, client_id = request.query.get("user"), request.query.get("client", "main")
        return web.json_response(snapshot.build_state(self._slack, user_id, client_id))

    async def get_traffic(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        entries = [snapshot.build_entry(e) for e in self._slack.traffic.entries if e.number > after]
        refusals = [dataclasses.asdict(refusal) for refusal in self._slack.traffic.refusals]
        return web.json_response({"entries": entries, "refusals": refusals})

    async def get_mail(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"messages": [build_mail_json(mail) for mail in self._slack.mailbox.messages]}
        )

    async def get_attachment(self, request: web.Request) -> web.Response:
        mails = {mail.id: mail for mail in self._slack.mailbox.messages}
        mail, number = mails.get(request.match_info["id"]), int(request.match_info["number"])
        if mail is None or not 0 <= number < len(mail.attachments):
            raise web.HTTPNotFound
        part = mail.attachments[number]
        return build_file_response(part.content, part.content_type)

    async def stream_changes(self, request: web.Request) -> web.StreamResponse:
        """Streams server-sent events: one for each change."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        changes = self._slack.workspace.changes
        try:
            while not self._closed:
                await response.write(f"data: {changes.version}\n\n".encode())
                seen = changes.version
                while changes.version == seen and not self._closed:
                    await changes.wait(15)
        except (ConnectionError, asyncio.CancelledError):
            pass
        return response

    # --- acting as a person

    async def run_action(self, request: web.Request) -> web.Response:
        act = self._actions.get(request.match_info["act"])
        if act is None:
            raise web.HTTPNotFound
        body = await _read_body(request)
        try:
            client = self._slack.workspace.get_client(
                request.match_info["user"], str(body.get("client", "main"))
            )
            reply = await act(client, body)
        except (NotShown, SlackError) as error:
            return web.json_response({"ok": False, "error": str(error)}, status=400)
        except KeyError as error:
            return web.json_response({"ok": False, "error": f"missing field: {error}"}, status=400)
        return web.json_response(snapshot.build_reply(reply))

    async def load_options(self, request: web.Request) -> web.Response:
        body = await _read_body(request)
        client = self._slack.workspace.get_client(request.match_info["user"], str(body.get("client", "main")))
        container = self._get_container(client, body)
        item = elements.find_element(container.blocks, body.get("block_id"), body.get("action_id"))
        options = await self._slack.people.load_options(client, container, item, str(body.get("query", "")))
        return web.json_response({"options": options})

    async def _switch_workspace(self, client: Client, body: Json) -> Reply:
        self._slack.people.switch_workspace(client, body["team"])
        return Reply()

    async def _run_command(self, client: Client, body: Json) -> Reply:
        return await self._slack.people.run_command(
            client, body["command"], body.get("text", ""), body["channel"]
        )

    async def _run_shortcut(self, client: Client, body: Json) -> Reply:
        message = self._get_message(body) if body.get("ts") else None
        return await self._slack.people.run_shortcut(client, body["callback_id"], message)

    async def _press(self, client: Client, body: Json) -> Reply:
        container = self._get_container(client, body)
        self._apply_input(container, body)
        item = elements.find_element(container.blocks, body.get("block_id"), body.get("action_id"))
        offered = body.get("offered", {}).get(item.action_id)
        return await self._slack.people.press(client, container, item, body.get("value"), offered)

    async def _submit(self, client: Client, body: Json) -> Reply:
        container = self._get_container(client, body)
        self._apply_input(container, body)
        assert container.view
        return await self._slack.people.submit(client, container.view, strict=bool(body.get("strict", True)))

    async def _close_view(self, client: Client, body: Json) -> Reply:
        return await self._slack.people.close_view(client, everything=bool(body.get("everything")))

    async def _open_home(self, client: Client, body: Json) -> Reply:
        return await self._slack.people.open_home(client, str(body.get("tab", "home")))

    async def _post_message(self, client: Client, body: Json) -> Reply:
        thread = body.get("thread_ts")
        return Reply(
            message=await self._slack.people.post_message(client, body["channel"], body["text"], thread)
        )

    def _get_container(self, client: Client, body: Json) -> Container:
        """`body` has `view_id`, or `channel` and `ts`."""
        workspace = self._slack.workspace
        if view_id := body.get("view_id"):
            homes = [home for home in workspace.homes.values() if home.user_id == client.user_id]
            for view in [*client.stack, *homes]:
                if view.id == view_id:
                    return Container(view=view)
            raise NotShown(f"view {view_id} is no longer open")
        message = self._get_message(body)
        return Container(message=message, channel=workspace.channels[message.channel_id])

    def _get_message(self, body: Json) -> Message:
        channel = self._slack.workspace.channels.get(str(body.get("channel")))
        message = channel.find_message(str(body.get("ts"))) if channel else None
        if message is None:
            raise NotShown("that message is gone")
        return message

    def _apply_input(self, container: Container, body: Json) -> None:
        """`typed` is {block_id: {action_id: value}}; `offered` is {action_id: options that an external select
        loaded}."""
        if container.view is None:
            return
        for block_id, values in body.get("typed", {}).items():
            for action_id, value in values.items():
                item = elements.find_element(container.blocks, block_id, action_id)
                state = elements.build_input_state(
                    item.element, value, body.get("offered", {}).get(action_id)
                )
                container.view.state.setdefault(block_id, {})[action_id] = state

    async def upload_file(self, request: web.Request) -> web.Response:
        """Stores a file that a person chose in a file_input."""
        if "X-Sandbox" not in request.headers:
            raise web.HTTPForbidden
        part = (await request.post()).get("file")
        if not isinstance(part, web.FileField):
            raise web.HTTPBadRequest
        file = self._slack.people.upload_file(request.match_info["user"], part.filename, part.file.read())
        return web.json_response({"file": build_file_json(file)})

    # --- changing state

    async def reset(self, request: web.Request) -> web.Response:
        await _read_body(request)
        try:
            await self._slack.reset()
        except (ClientError, TimeoutError, RuntimeError) as error:
            return web.json_response(
                {"ok": False, "error": f"the app's own reset failed: {error}"}, status=502
            )
        return web.json_response({"ok": True})

    async def set_user(self, request: web.Request) -> web.Response:
        answer = await self._update_record(request, self._slack.workspace.users)
        if answer.status == 200:
            await self._slack.people.send_user_change(request.match_info["id"])
        return answer

    async def set_channel(self, request: web.Request) -> web.Response:
        return await self._update_record(request, self._slack.workspace.channels)

    async def _update_record(self, request: web.Request, records: dict[str, Any]) -> web.Response:
        record = records.get(request.match_info["id"])
        if record is None:
            raise web.HTTPNotFound
        known = {field.name for field in dataclasses.fields(record)} - {"id", "messages"}
        body = await _read_body(request)
        if unknown := set(body) - known:
            return web.json_response(
                {"ok": False, "error": f"no such field: {', '.join(unknown)}"}, status=400
            )
        for name, value in body.items():
            setattr(record, name, value)
        self._slack.workspace.changes.notify()
        return web.json_response({"ok": True})

    async def list_faults(self, _: web.Request) -> web.Response:
        rules = [dataclasses.asdict(rule) for rule in self._slack.faults.rules]
        return web.json_response({"kinds": FAULT_KINDS, "faults": rules})

    async def add_fault(self, request: web.Request) -> web.Response:
        body = await _read_body(request)
        if body.get("kind") not in FAULT_KINDS:
            return web.json_response(
                {"ok": False, "error": f"kind is one of {', '.join(FAULT_KINDS)}"}, status=400
            )
        self._slack.faults.add(Fault(**body))
        return web.json_response({"ok": True})

    async def clear_faults(self, _: web.Request) -> web.Response:
        self._slack.faults.reset()
        return web.json_response({"ok": True})

    async def disconnect_sockets(self, request: web.Request) -> web.Response:
        await _read_body(request)
        what = request.match_info["what"]
        if what == "drop":
            await self._slack.sockets.drop()
        elif what in ("warning", "refresh_requested", "link_disabled"):
            await self._slack.sockets.disconnect(what)  # type: ignore[arg-type]  # checked in the line above
        else:
            raise web.HTTPNotFound
        return web.json_response({"ok": True})


async def _read_body(request: web.Request) -> Json:
    # JSON only: a form on a different site cannot send it here without a CORS preflight.
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError:
        raise web.HTTPBadRequest(text="not JSON") from None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="not a JSON object")
    return body
