"""The server side of Socket Mode: connections, envelopes and their acks."""

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import WSMsgType, web

from sandbox.errors import Json

ENVELOPE_TYPES = {"command": "slash_commands", "interactive": "interactive", "event": "events_api"}
MAX_CONNECTIONS = 10
CONNECTION_SECONDS = 3600
DISCONNECT_GRACE_SECONDS = 1.0

DisconnectReason = Literal["warning", "refresh_requested", "link_disabled"]


@dataclass
class Connection:
    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    pending: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    closing: bool = False
    closed: asyncio.Event = field(default_factory=asyncio.Event)


class SocketMode:
    def __init__(self, app_id: str) -> None:
        self._app_id = app_id
        self._tickets: set[str] = set()
        self._turn = 0
        # So many handshakes fail after the ticket is spent, as when Slack's edge is in trouble.
        self.failing_handshakes = 0
        self.connections: list[Connection] = []

    @property
    def is_open(self) -> bool:
        return any(not connection.closing for connection in self.connections)

    def create_ticket(self) -> str:
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return ticket

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Opens one connection per ticket."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets or len(self.connections) >= MAX_CONNECTIONS:
            return web.Response(status=408 if ticket in self._tickets else 404)
        self._tickets.discard(ticket)
        if self.failing_handshakes:
            self.failing_handshakes -= 1
            return web.Response(status=500)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        try:
            await self._send_hello(connection)
            self.connections.append(connection)
            await self._read_acks(connection)
        finally:
            self._remove(connection)
        return socket

    async def _send_hello(self, connection: Connection) -> None:
        await connection.socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self.connections) + 1,
                "debug_info": {"host": "sandbox", "approximate_connection_time": CONNECTION_SECONDS},
                "connection_info": {"app_id": self._app_id},
            }
        )

    async def _read_acks(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                body = json.loads(message.data)
            except ValueError:
                continue
            ack = connection.pending.pop(str(body.get("envelope_id")), None)
            if ack and not ack.done():
                ack.set_result(body.get("payload"))

    def _remove(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
        connection.closed.set()
        for ack in connection.pending.values():
            ack.cancel()

    async def send(self, kind: str, payload: Json, retry: int = 0, reason: str = "") -> Any:
        """Sends one envelope over one of the connections and returns the ack's payload. The caller sets the
        timeout."""
        ready = [connection for connection in self.connections if not connection.closing]
        if not ready:
            raise ConnectionError("no socket is open")
        self._turn += 1
        connection = ready[self._turn % len(ready)]
        envelope_id = str(uuid.uuid4())
        envelope: Json = {
            "envelope_id": envelope_id,
            "type": ENVELOPE_TYPES[kind],
            "accepts_response_payload": kind != "event",
            "payload": payload,
        }
        if kind == "event":
            envelope |= {"retry_attempt": retry, "retry_reason": reason}
        ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        connection.pending[envelope_id] = ack
        try:
            await connection.socket.send_json(envelope)
            await asyncio.wait([ack])
        finally:
            connection.pending.pop(envelope_id, None)
        if ack.cancelled():
            raise ConnectionError("the socket closed before the ack")
        return ack.result()

    async def disconnect(self, reason: DisconnectReason, grace: float = DISCONNECT_GRACE_SECONDS) -> None:
        """Sends `disconnect` to each client, and closes the connections that are still open after `grace`
        seconds."""
        told = list(self.connections)
        for connection in told:
            connection.closing = True
            notice = {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
            await connection.socket.send_json(notice)
        waiting = [asyncio.create_task(connection.closed.wait()) for connection in told]
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=grace)
            for task in late:
                task.cancel()
        await asyncio.gather(
            *(connection.socket.close() for connection in told if connection in self.connections)
        )

    async def drop(self) -> None:
        """Drops the connections without `disconnect`."""
        for connection in list(self.connections):
            connection.closing = True
            if connection.transport:
                connection.transport.close()

    async def close(self) -> None:
        for connection in list(self.connections):
            await connection.socket.close()
