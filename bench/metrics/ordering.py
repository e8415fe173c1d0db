"""Measures the time from submitting a form to its final view (`cart.save`, `service_order.place`), compared
with the floor."""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from bench.accounts import create_accounts_database, get_account_id, get_subscription_id, get_user_id
from bench.bulk_data import fetch_slack_users
from bench.fake_slack import FakeSlack, run_fake_slack, run_mail_sink
from bench.processes import Server, run_bot, run_rival
from bench.raw_http import Connection
from bench.report import Figure, check_max, check_max_ratio, compute_percentile, compute_percentile_ms
from bench.user_flows import run_command, submit_form
from bot.blocks.block_kit import ModalMetadata
from tests.variants import Kind

CONCURRENT_BUYERS = 16
# Messages still become due, one per second per channel.
SECONDS_BETWEEN_ROUNDS = 3.0
# A statement is compiled the first time, and prepared once a connection has sent it five times.
WARM_UP_ROUNDS, FLOOR_WARM_UP_ROUNDS = 4, 8
MAX_RATIO = 2.5
MAX_COMPLETION_MS = 300.0
MAX_SECONDS = 60.0
OPEN_ORDERS_PATTERN = re.compile(rb"^seatbot_open_orders\S* (\S+)$", re.MULTILINE)
ORDER_NUMBER_PATTERN = re.compile(r"SO-\d+")

Times = dict[str, list[float]]


async def measure_ordering(scale: float, kind: Kind) -> list[Figure]:
    """Alternates between the bot and the floor. In each round everyone submits at the same time, and the next
    round starts when the work of the previous one is done."""
    own: Times = defaultdict(list)
    floor: Times = defaultdict(list)
    async with AsyncExitStack() as stack:
        server, slack = await stack.enter_async_context(open_bot(kind))
        buyers = [await Buyer.connect(server, slack, n) for n in range(CONCURRENT_BUYERS)]
        floor_buyers = await stack.enter_async_context(_open_floor()) if kind == "postgresql" else []
        for number in range(-WARM_UP_ROUNDS, max(2, int(10 * scale))):
            await _order_together(buyers, 2 + number % 3, own if number >= 0 else defaultdict(list))
            await wait_until_processed(server)
            await asyncio.sleep(SECONDS_BETWEEN_ROUNDS)
            await _order_together(floor_buyers, 2, floor if number >= 0 else defaultdict(list))
    return [
        _compare(f"{verb}, p{share * 100:.0f}, {CONCURRENT_BUYERS} at once", own[verb], floor[verb], share)
        for verb in ("service_order.place", "cart.save")
        for share in (0.5, 0.99)
    ]


def _compare(name: str, own: list[float], floor: list[float], share: float) -> Figure:
    value = compute_percentile_ms(own, share)
    if not floor:
        return check_max(name, value, "ms")
    return check_max_ratio(f"{name} ÷ the floor", value, compute_percentile_ms(floor, share), "ms", MAX_RATIO)


async def _order_together(buyers: "list[Buyer]", seats: int, times: Times) -> None:
    times["cart.save"] += await asyncio.gather(*(buyer.save_cart(seats) for buyer in buyers))
    await asyncio.gather(*(buyer.check_out() for buyer in buyers))
    times["service_order.place"] += await asyncio.gather(*(buyer.place() for buyer in buyers))


async def measure_completion(scale: float, kind: Kind) -> list[Figure]:
    """Measures the time from pressing "Place service order" until the channel's status message says
    *Completed*."""
    times = []
    rounds = max(4, int(20 * scale))
    async with open_bot(kind, people=rounds + 1) as (server, slack):
        for number in range(-1, rounds):
            # Each in a channel of its own: an order's thread takes some seconds, at one message per second.
            buyer = await Buyer.connect(server, slack, number + 1)
            await buyer.save_cart(1 + number % 3)
            await buyer.check_out()
            begun = asyncio.get_running_loop().time()
            await buyer.place()
            seconds = await _wait_until_posted(slack, buyer.order_number) - begun
            await wait_until_processed(server)
            await asyncio.sleep(SECONDS_BETWEEN_ROUNDS)
            if number >= 0:
                times.append(seconds)
    name = "placed → completed and posted in the channel, one at a time"
    return [
        check_max(f"{name}, p50", compute_percentile(times, 0.5) * 1000, "ms", MAX_COMPLETION_MS),
        check_max(f"{name}, slowest", max(times) * 1000, "ms"),
    ]


async def _wait_until_posted(slack: FakeSlack, order_number: str) -> float:
    """Returns the time at which it was posted, on the loop's clock."""
    async with asyncio.timeout(MAX_SECONDS):
        while True:
            for at, _, body in slack.messages:
                if f"{order_number}: Completed".encode() in body:
                    return at
            await asyncio.sleep(0.005)


@asynccontextmanager
async def open_bot(kind: Kind, people: int = CONCURRENT_BUYERS) -> AsyncIterator[tuple[Server, FakeSlack]]:
    async with (
        create_accounts_database(people, kind) as (url, folder),
        run_fake_slack() as slack,
        run_mail_sink() as mail,
        run_bot(folder, slack.url, url, SMTP_URL=mail) as server,
    ):
        yield server, slack


@asynccontextmanager
async def _open_floor() -> AsyncIterator["list[Buyer]"]:
    async with (
        create_accounts_database(CONCURRENT_BUYERS, "postgresql") as (url, folder),
        run_fake_slack() as slack,
    ):
        await fetch_slack_users(url, slack, CONCURRENT_BUYERS)
        async with run_rival("floor.py", folder, slack.url, DATABASE_URL=url) as server:
            buyers = [
                Buyer(await Connection.connect(server.port), slack, n) for n in range(CONCURRENT_BUYERS)
            ]
            for _ in range(FLOOR_WARM_UP_ROUNDS):
                await _order_together(buyers, 2, defaultdict(list))
            yield buyers


class OrderRefused(Exception):
    """The bot showed a refusal."""


class Buyer:
    def __init__(self, connection: Connection, slack: FakeSlack, n: int) -> None:
        self._connection, self._slack, self._n = connection, slack, n
        self._view: dict[str, Any] = {}

    @classmethod
    async def connect(cls, server: Server, slack: FakeSlack, n: int) -> "Buyer":
        connection = await Connection.connect(server.port)
        await run_command(connection, slack, get_user_id(n))
        return cls(connection, slack, n)

    @property
    def order_number(self) -> str:
        """The number of the last order."""
        found = ORDER_NUMBER_PATTERN.search(json.dumps(self._view))
        assert found, "the view names the order"
        return found.group()

    async def save_cart(self, seats: int, i: int = 0) -> float:
        metadata = ModalMetadata(account=get_account_id(self._n), origin="cart")
        self._view = {"callback_id": "cart.save", "private_metadata": metadata.to_json()}
        return await self._submit({f"seats:{get_subscription_id(self._n, i)}": {"value": str(seats)}})

    async def check_out(self) -> None:
        while self._view["callback_id"] != "service_order.place":
            await self._submit()

    async def place(self) -> float:
        return await self._submit()

    async def place_order(self, i: int = 0) -> None:
        await self.save_cart(1, i)
        await self.check_out()
        await self.place()

    async def _submit(self, values: dict[str, dict[str, Any]] | None = None) -> float:
        taken, self._view = await submit_form(
            self._connection, self._slack, get_user_id(self._n), self._view, values
        )
        if self._view["callback_id"] == "refusal.show":
            raise OrderRefused(self._view["blocks"])
        return taken


async def wait_until_processed(server: Server) -> None:
    connection = await Connection.connect(server.port)
    async with asyncio.timeout(120):
        while True:
            answer = await connection.send(b"GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            if not any(float(value) for value in OPEN_ORDERS_PATTERN.findall(answer.body)):
                break
            await asyncio.sleep(0.05)
    connection.close()
