"""PostgreSQL's notifications of new work, which triggers send in the transaction that stores it.

A pooler in transaction mode accepts LISTEN and never delivers anything. So a listener first sends itself a
notification over the connections that store the work.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeAlias

import psycopg
import structlog
from sqlalchemy import NullPool
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

log = structlog.get_logger()

# The triggers of the migrations send to this channel, with the table's name.
CHANNEL = "seatbot_jobs"

PROBE_TIMEOUT_SECONDS = 5.0
INITIAL_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 1.0, 60.0

# Called with the name of the table that has new work; None if it may be any.
WorkCallback: TypeAlias = Callable[[str | None], None]


class NotDelivered(Exception):
    """The connection was opened, but no notification arrives on it."""


LISTEN_ERRORS = (NotDelivered, psycopg.Error, SQLAlchemyError, OSError, TimeoutError)


class NotificationListener:
    """`send` sends a notification with an empty payload to a channel, as a transaction that stores work
    would."""

    def __init__(
        self, url: str, connect_args: dict[str, Any], send: Callable[[str], Awaitable[None]]
    ) -> None:
        self._engine = create_async_engine(
            url,
            poolclass=NullPool,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
            connect_args=connect_args,
        )
        self._send = send

    async def check(self) -> None:
        """Raises one of LISTEN_ERRORS."""
        async with self._connect():
            pass

    async def run(self, on_work: WorkCallback) -> None:
        """Runs until cancelled. After each connection, `on_work` is called with None: what was sent before is
        lost."""
        backoff = 0.0
        while True:
            try:
                async with self._connect() as connection, aclosing(connection.notifies()) as notifications:
                    log.info("listener.connected")
                    backoff = 0.0
                    on_work(None)
                    async for notification in notifications:
                        if notification.channel == CHANNEL:
                            on_work(notification.payload)
            except LISTEN_ERRORS as error:
                if not backoff:
                    log.warning("listener.unavailable", error=type(error).__name__)
            except Exception:
                log.exception("listener.failed")
            backoff = min(max(backoff * 2, INITIAL_BACKOFF_SECONDS), MAX_BACKOFF_SECONDS)
            await asyncio.sleep(backoff)

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[psycopg.AsyncConnection]:
        async with self._engine.connect() as connection:
            driver_connection = (await connection.get_raw_connection()).driver_connection
            assert isinstance(driver_connection, psycopg.AsyncConnection)
            await driver_connection.execute(f"LISTEN {CHANNEL}".encode())
            await self._probe(driver_connection)
            yield driver_connection

    async def _probe(self, connection: psycopg.AsyncConnection) -> None:
        channel = f"seatbot_probe_{secrets.token_hex(8)}"
        await connection.execute(f"LISTEN {channel}".encode())
        await self._send(channel)
        try:
            async with (
                asyncio.timeout(PROBE_TIMEOUT_SECONDS),
                aclosing(connection.notifies()) as notifications,
            ):
                async for notification in notifications:
                    if notification.channel == channel:
                        break
        except TimeoutError:
            raise NotDelivered from None
        await connection.execute(f"UNLISTEN {channel}".encode())
