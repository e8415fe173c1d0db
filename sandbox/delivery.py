"""Delivers payloads to the app, by signed HTTP requests or over Socket Mode, and returns its ack."""

import asyncio
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import aiohttp

from sandbox.errors import Json
from sandbox.faults import Faults
from sandbox.socket_mode import SocketMode
from sandbox.traffic import Ack, AppRequest, Traffic
from sandbox.workspace import Workspace

ACK_TIMEOUT_SECONDS = 3.0
RESET_TIMEOUT_SECONDS = 30.0
DUPLICATE_FAULTS = frozenset({"duplicate"})
EVENT_RETRY_SECONDS: tuple[float, ...] = (0.0, 60.0, 300.0)


def compute_signature(secret: str, timestamp: str, body: bytes) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class Delivery:
    def __init__(self, workspace: Workspace, traffic: Traffic, sockets: SocketMode, faults: Faults) -> None:
        self.workspace = workspace
        self.traffic = traffic
        self.sockets = sockets
        self.faults = faults
        self.request_url = workspace.config.app.request_url
        self.ack_seconds = ACK_TIMEOUT_SECONDS
        self.event_retry_seconds = EVENT_RETRY_SECONDS
        self._session: aiohttp.ClientSession | None = None
        self._retries: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        # One connection per request: on a busy machine, the app may close a kept-alive connection just as it
        # is reused, and the request would be lost.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True), timeout=aiohttp.ClientTimeout(total=None)
        )

    async def stop(self) -> None:
        await self.cancel_retries()
        if self._session:
            await self._session.close()

    async def cancel_retries(self) -> None:
        for task in self._retries:
            task.cancel()
        await asyncio.gather(*self._retries, return_exceptions=True)

    async def notify_reset(self, url: str) -> None:
        """Sends an empty POST, for programs that react to a reset."""
        assert self._session
        async with asyncio.timeout(RESET_TIMEOUT_SECONDS), self._session.post(url) as response:
            response.raise_for_status()

    async def send(self, kind: str, payload: Json, client_id: str = "main") -> AppRequest:
        request = self.prepare_request(kind, payload, client_id)
        await self.deliver(request)
        if self.faults.pick_fault(kind, DUPLICATE_FAULTS):
            await self.deliver(self.traffic.record_redelivery(request))
        return request

    async def send_event(self, payload: Json) -> AppRequest:
        request = await self.send("event", payload)
        if _needs_retry(request):
            task = asyncio.create_task(self._retry(request))
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)
        return request

    def prepare_request(
        self, kind: str, payload: Json, client_id: str = "main", retry: Json | None = None
    ) -> AppRequest:
        """Signs the request now; it may be delivered several times."""
        request = self.traffic.record_request(kind, payload, client_id)
        request.body = _encode(kind, payload)
        timestamp = str(int(self.workspace.clock()))
        content_type = "application/json" if kind == "event" else "application/x-www-form-urlencoded"
        request.headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": compute_signature(
                self.workspace.config.app.signing_secret, timestamp, request.body
            ),
            **(retry or {}),
        }
        return request

    async def deliver(self, request: AppRequest) -> Ack:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(self.ack_seconds):
                ack = await self._transmit(request)
        except TimeoutError:
            ack = Ack(error="operation_timeout")
        except (aiohttp.ClientError, ConnectionError, OSError) as error:
            ack = Ack(error="dispatch_failed", body=str(error))
        ack.ms = round((loop.time() - started) * 1000, 2)
        request.ack = ack
        self.workspace.changes.notify()
        return ack

    async def _transmit(self, request: AppRequest) -> Ack:
        if self.sockets.is_open:
            request.transport = "socket"
            reason = request.headers.get("X-Slack-Retry-Reason", "")
            return Ack(200, await self.sockets.send(request.kind, request.payload, request.retry, reason))
        if self.request_url and self._session:
            request.transport = "http"
            return await self._post(self._session, self.request_url, request)
        return Ack(error="dispatch_failed", body="the app is not connected")

    async def _post(self, session: aiohttp.ClientSession, url: str, request: AppRequest) -> Ack:
        async with session.post(url, data=request.body, headers=request.headers) as response:
            text = await response.text()
            error = None if response.status == 200 else "dispatch_failed"
            no_retry = response.headers.get("X-Slack-No-Retry") == "1"
            return Ack(response.status, _decode(text), error=error, no_retry=no_retry)

    async def _retry(self, request: AppRequest) -> None:
        for number, seconds in enumerate(self.event_retry_seconds, start=1):
            await asyncio.sleep(seconds)
            reason = (
                "http_timeout" if request.ack and request.ack.error == "operation_timeout" else "http_error"
            )
            headers = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
            retry = self.prepare_request("event", request.payload, retry=headers)
            retry.retry = number
            await self.deliver(retry)
            if not _needs_retry(retry):
                return


def _needs_retry(request: AppRequest) -> bool:
    return request.ack is not None and not request.ack.ok and not request.ack.no_retry


def _encode(kind: str, payload: Json) -> bytes:
    if kind == "command":
        return urlencode(payload).encode()
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    return body.encode() if kind == "event" else urlencode({"payload": body}).encode()


def _decode(text: str) -> Any:
    """An ack's body is empty, JSON, or plain text (allowed for commands)."""
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
