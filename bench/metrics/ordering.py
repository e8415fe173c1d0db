"""From a form sent off to its final view: `cart.save` and `service_order.place`, beside the floor."""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from bench.accounts import account, accounts_database, subscription, user
from bench.bulk_data import fetch_people
from bench.fake_slack import FakeSlack, fake_slack, mail_sink
from bench.processes import Server, bot, rival
from bench.raw_http import Connection
from bench.report import Figure, at_most, milliseconds, percentile, ratio_at_most
from bench.user_flows import open_screen, submit
from bot.blocks.block_kit import ModalMetadata
from tests.postgres import Kind

AT_ONCE = 16
# Messages go on falling due, one a second in a channel.
SECONDS_BETWEEN_ROUNDS = 3.0
# What is asked for the first time is compiled, and what a connection has sent five times is prepared.
WARM_UP_ROUNDS, FLOOR_WARM_UP_ROUNDS = 4, 8
MAX_RATIO = 2.5
MAX_COMPLETION_MS = 300.0
MAX_SECONDS = 60.0
OPEN_ORDERS = re.compile(rb"^seatbot_open_orders\S* (\S+)$", re.MULTILINE)
ORDER_NUMBER = re.compile(r"SO-\d+")

Times = dict[str, list[float]]


async def measure_ordering(scale: float, kind: Kind) -> list[Figure]:
    """The bot and the floor in turn. In each round everybody presses at the same moment; what that set going
    ends before the next."""
    own: Times = defaultdict(list)
    floor: Times = defaultdict(list)
    async with AsyncExitStack() as stack:
        server, slack = await stack.enter_async_context(open_bot(kind))
        buyers = [await Buyer.at(server, slack, n) for n in range(AT_ONCE)]
        floor_buyers = await stack.enter_async_context(_open_floor()) if kind == "postgresql" else []
        for number in range(-WARM_UP_ROUNDS, max(2, int(10 * scale))):
            await _order_together(buyers, 2 + number % 3, own if number >= 0 else defaultdict(list))
            await until_processed(server)
            await asyncio.sleep(SECONDS_BETWEEN_ROUNDS)
            await _order_together(floor_buyers, 2, floor if number >= 0 else defaultdict(list))
    return [
        _compare(f"{verb}, p{share * 100:.0f}, {AT_ONCE} at once", own[verb], floor[verb], share)
        for verb in ("service_order.place", "cart.save")
        for share in (0.5, 0.99)
    ]


def _compare(name: str, own: list[float], floor: list[float], share: float) -> Figure:
    value = milliseconds(own, share)
    if not floor:
        return at_most(name, value, "ms")
    return ratio_at_most(f"{name} ÷ the floor", value, milliseconds(floor, share), "ms", MAX_RATIO)


async def _order_together(buyers: "list[Buyer]", seats: int, times: Times) -> None:
    times["cart.save"] += await asyncio.gather(*(buyer.save(seats) for buyer in buyers))
    await asyncio.gather(*(buyer.check_out() for buyer in buyers))
    times["service_order.place"] += await asyncio.gather(*(buyer.place() for buyer in buyers))


async def measure_completion(scale: float, kind: Kind) -> list[Figure]:
    """From pressing "place service order" until the channel's status message says that it is completed."""
    times = []
    rounds = max(4, int(20 * scale))
    async with open_bot(kind, people=rounds + 1) as (server, slack):
        for number in range(-1, rounds):
            # In a channel each: the thread of an order goes on for some seconds, a message a second.
            buyer = await Buyer.at(server, slack, number + 1)
            await buyer.save(1 + number % 3)
            await buyer.check_out()
            begun = asyncio.get_running_loop().time()
            await buyer.place()
            seconds = await _wait_until_posted(slack, buyer.order_number) - begun
            await until_processed(server)
            await asyncio.sleep(SECONDS_BETWEEN_ROUNDS)
            if number >= 0:
                times.append(seconds)
    name = "placed → completed and posted in the channel, one at a time"
    return [
        at_most(f"{name}, p50", percentile(times, 0.5) * 1000, "ms", MAX_COMPLETION_MS),
        at_most(f"{name}, slowest", max(times) * 1000, "ms"),
    ]


async def _wait_until_posted(slack: FakeSlack, order_number: str) -> float:
    """When it was, on the loop's clock."""
    async with asyncio.timeout(MAX_SECONDS):
        while True:
            for at, _, body in slack.posted:
                if f"{order_number}: Completed".encode() in body:
                    return at
            await asyncio.sleep(0.005)


@asynccontextmanager
async def open_bot(kind: Kind, people: int = AT_ONCE) -> AsyncIterator[tuple[Server, FakeSlack]]:
    async with (
        accounts_database(people, kind) as (url, folder),
        fake_slack() as slack,
        mail_sink() as mail,
        bot(folder, slack.url, url, SMTP_URL=mail) as server,
    ):
        yield server, slack


@asynccontextmanager
async def _open_floor() -> AsyncIterator["list[Buyer]"]:
    async with accounts_database(AT_ONCE, "postgresql") as (url, folder), fake_slack() as slack:
        await fetch_people(url, slack, AT_ONCE)
        async with rival("floor.py", folder, slack.url, DATABASE_URL=url) as server:
            buyers = [Buyer(await Connection.to(server.port), slack, n) for n in range(AT_ONCE)]
            for _ in range(FLOOR_WARM_UP_ROUNDS):
                await _order_together(buyers, 2, defaultdict(list))
            yield buyers


class Refused(Exception):
    """The bot showed why it did not do what was asked."""


class Buyer:
    def __init__(self, connection: Connection, slack: FakeSlack, n: int) -> None:
        self._connection, self._slack, self._n = connection, slack, n
        self._view: dict[str, Any] = {}

    @classmethod
    async def at(cls, server: Server, slack: FakeSlack, n: int) -> "Buyer":
        connection = await Connection.to(server.port)
        await open_screen(connection, slack, user(n))
        return cls(connection, slack, n)

    @property
    def order_number(self) -> str:
        """Of the order that was placed last."""
        found = ORDER_NUMBER.search(json.dumps(self._view))
        assert found, "the view names the order"
        return found.group()

    async def save(self, seats: int, i: int = 0) -> float:
        metadata = ModalMetadata(account=account(self._n), origin="cart")
        self._view = {"callback_id": "cart.save", "private_metadata": metadata.to_json()}
        return await self._submit({f"seats:{subscription(self._n, i)}": {"value": str(seats)}})

    async def check_out(self) -> None:
        while self._view["callback_id"] != "service_order.place":
            await self._submit()

    async def place(self) -> float:
        return await self._submit()

    async def order(self, i: int = 0) -> None:
        await self.save(1, i)
        await self.check_out()
        await self.place()

    async def _submit(self, values: dict[str, dict[str, Any]] | None = None) -> float:
        taken, self._view = await submit(self._connection, self._slack, user(self._n), self._view, values)
        if self._view["callback_id"] == "refusal.show":
            raise Refused(self._view["blocks"])
        return taken


async def until_processed(server: Server) -> None:
    connection = await Connection.to(server.port)
    async with asyncio.timeout(120):
        while True:
            answer = await connection.send(b"GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            if not any(float(value) for value in OPEN_ORDERS.findall(answer.body)):
                break
            await asyncio.sleep(0.05)
    connection.close()
