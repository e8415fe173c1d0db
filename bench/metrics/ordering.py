"""From a form sent off to the final view: `cart.save` and `service_order.place`."""

import asyncio
import re
from collections import defaultdict
from typing import Any

from bench.accounts import account, accounts_database, subscription, user
from bench.fake_slack import FakeSlack, fake_slack, mail_sink
from bench.processes import Server, bot
from bench.raw_http import Connection
from bench.report import Figure, at_most, milliseconds
from bench.user_flows import open_screen, submit
from bot.blocks.block_kit import ModalMetadata

AT_ONCE = 16
# Receipts are made and sent meanwhile; messages go on falling due, one a second in a channel.
AFTERWARDS = 3.0
MOST_MS = 100.0
OPEN_ORDERS = re.compile(rb"^seatbot_open_orders\S* (\S+)$", re.MULTILINE)


async def measure(scale: float) -> list[Figure]:
    figures = []
    for kind in ("sqlite", "postgresql"):
        times = await _order(kind, rounds=max(2, int(10 * scale)))
        for verb, samples in times.items():
            for share, most in ((0.5, None), (0.99, MOST_MS)):
                name = f"{verb}, p{share * 100:.0f}, {AT_ONCE} at once, {kind}"
                figures.append(at_most(name, milliseconds(samples, share), "ms", most))
    return figures


async def _order(kind: str, rounds: int) -> dict[str, list[float]]:
    """In each round everybody presses at the same moment; what that set going ends before the next."""
    times: dict[str, list[float]] = defaultdict(list)
    async with (
        accounts_database(AT_ONCE, kind) as (url, folder),
        fake_slack() as slack,
        mail_sink() as mail,
        bot(folder, slack.url, url, SMTP_URL=mail) as server,
    ):
        buyers = [await Buyer.at(server, slack, n) for n in range(AT_ONCE)]
        for number in range(-1, rounds):
            saved = await asyncio.gather(*(buyer.save(2 + number % 3) for buyer in buyers))
            await asyncio.gather(*(buyer.check_out() for buyer in buyers))
            placed = await asyncio.gather(*(buyer.place() for buyer in buyers))
            await until_processed(server)
            await asyncio.sleep(AFTERWARDS)
            if number >= 0:  # What is asked for the first time has to be compiled.
                times["cart.save"] += saved
                times["service_order.place"] += placed
    return times


class Buyer:
    def __init__(self, connection: Connection, slack: FakeSlack, n: int) -> None:
        self._connection, self._slack, self._n = connection, slack, n
        self._view: dict[str, Any] = {}

    @classmethod
    async def at(cls, server: Server, slack: FakeSlack, n: int) -> "Buyer":
        connection = await Connection.to(server.port)
        await open_screen(connection, slack, user(n))
        return cls(connection, slack, n)

    async def save(self, seats: int) -> float:
        place = ModalMetadata(account=account(self._n), origin="cart")
        self._view = {"callback_id": "cart.save", "private_metadata": place.to_json()}
        return await self._submit({f"seats:{subscription(self._n)}": {"value": str(seats)}})

    async def check_out(self) -> None:
        await self._submit()
        await self._submit()

    async def place(self) -> float:
        return await self._submit()

    async def order(self) -> None:
        await self.save(1)
        await self.check_out()
        await self.place()

    async def _submit(self, values: dict[str, dict[str, Any]] | None = None) -> float:
        taken, self._view = await submit(self._connection, self._slack, user(self._n), self._view, values)
        return taken


async def until_processed(server: Server) -> None:
    connection = await Connection.to(server.port)
    async with asyncio.timeout(120):
        while True:
            answer = await connection.send(b"GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            if not any(float(value) for value in OPEN_ORDERS.findall(answer.body)):
                break
            await asyncio.sleep(0.1)
    connection.close()
