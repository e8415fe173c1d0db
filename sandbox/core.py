"""Puts the parts of the sandbox together, without its servers."""

import asyncio
from collections.abc import Awaitable, Callable

from sandbox.config import ConfigSource, add_organisation, load_config
from sandbox.delivery import Delivery
from sandbox.faults import Faults
from sandbox.mailbox import Mailbox
from sandbox.rate_limits import RateLimiter
from sandbox.socket_mode import SocketMode
from sandbox.traffic import Traffic
from sandbox.user_actions import UserActions
from sandbox.workspace import Clock, Workspace, read_wall_clock

ResetHook = Callable[[], Awaitable[None]]


class SandboxCore:
    def __init__(
        self,
        source: ConfigSource = None,
        *,
        clock: Clock = read_wall_clock,
        rate_limits: bool = True,
        pace: Clock | None = None,
        organisation: bool = False,
    ) -> None:
        """`pace` is the clock of the rate limits, if it differs. `organisation` puts the first
        team into an organisation with a second one."""
        config = add_organisation(load_config(source)) if organisation else load_config(source)
        self.workspace = Workspace(config, clock)
        self.traffic = Traffic(clock)
        self.faults = Faults()
        self.rate_limits = RateLimiter(pace or clock, enabled=rate_limits)
        self.sockets = SocketMode(config.app.id)
        self.delivery = Delivery(self.workspace, self.traffic, self.sockets, self.faults)
        self.mailbox = Mailbox(clock, self.workspace.changes.notify)
        self.people = UserActions(self.workspace, self.delivery, self.traffic)
        self.on_reset: list[ResetHook] = []
        self.reset_url = config.app.reset_url
        self._resetting: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        """The server's URL, which the app gets in response_urls."""
        return self.people.base_url

    async def reset(self) -> None:
        """Concurrent calls share one reset."""
        if self._resetting is None or self._resetting.done():
            self._resetting = asyncio.create_task(self._reset_all())
        await asyncio.shield(self._resetting)

    async def _reset_all(self) -> None:
        await self.delivery.cancel_retries()
        self.workspace.reset()
        self.traffic.reset()
        self.faults.reset()
        self.rate_limits.reset()
        self.mailbox.reset()
        for hook in self.on_reset:
            await hook()
        if self.reset_url:
            await self.delivery.notify_reset(self.reset_url)
        self.workspace.changes.notify()
