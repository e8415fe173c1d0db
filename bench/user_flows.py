"""What people do to a bot, and how long it takes, in seconds."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bench.accounts import user
from bench.fake_slack import FakeSlack
from bench.raw_http import Connection
from bench.slack_requests import command, home_opened, submission
from bot.blocks.block_kit import ModalMetadata

# Slack's own patience is three seconds; a bot that is slower than this has failed.
TIMEOUT_SECONDS = 30.0
WAITING = "waiting.show"
TAKEN_IN = 0.2


@dataclass(frozen=True)
class Opening:
    ack: float
    screen: float


async def open_screen(
    connection: Connection, slack: FakeSlack, person: str, name: str = "/add-seats"
) -> Opening:
    """A command, up to the arrival of its screen."""
    trigger, request = command(person, name)
    arrives = slack.screen(trigger)
    begun = time.perf_counter()
    await _sent(connection, request)
    acknowledged = time.perf_counter()
    return Opening(acknowledged - begun, await asyncio.wait_for(arrives, TIMEOUT_SECONDS) - begun)


async def open_home(connection: Connection, slack: FakeSlack, person: str) -> float:
    arrives, request = slack.screen(person), home_opened(person)
    begun = time.perf_counter()
    await _sent(connection, request)
    return await asyncio.wait_for(arrives, TIMEOUT_SECONDS) - begun


async def acknowledge(connection: Connection, person: str, name: str) -> float:
    """A command that shows nothing."""
    _, request = command(person, name)
    begun = time.perf_counter()
    await _sent(connection, request)
    return time.perf_counter() - begun


async def submit(
    connection: Connection,
    slack: FakeSlack,
    person: str,
    view: dict[str, Any],
    values: dict[str, dict[str, Any]] | None = None,
) -> tuple[float, dict[str, Any]]:
    """A form sent off, up to the final view: that of the answer, or the one that follows a waiting screen."""
    place = ModalMetadata.from_json(view["private_metadata"])
    view_id, request = submission(person, view["callback_id"], place, values or as_drawn(view))
    arrives = slack.screen(view_id)
    begun = time.perf_counter()
    answer = json.loads((await _sent(connection, request)) or b"{}")
    if "view" not in answer:
        raise RuntimeError(f"{view['callback_id']} was refused: {answer}")
    if answer["view"]["callback_id"] != WAITING:
        arrives.cancel()
        return time.perf_counter() - begun, answer["view"]
    came = await asyncio.wait_for(arrives, TIMEOUT_SECONDS)
    return came - begun, slack.updated_view(view_id)


async def _sent(connection: Connection, request: bytes) -> bytes:
    answer = await asyncio.wait_for(connection.send(request), TIMEOUT_SECONDS)
    if answer.status != 200:
        raise RuntimeError(f"answered by {answer.status}: {answer.body.decode(errors='replace')[:200]}")
    return answer.body


def as_drawn(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What a form says when nobody typed anything."""
    elements = {b["block_id"]: b["element"] for b in view["blocks"] if b["type"] == "input"}
    return {
        block: {"value": e.get("initial_value"), "selected_option": e.get("initial_option")}
        for block, e in elements.items()
    }


async def run_concurrently(
    port: int, size: int, seconds: float, do: Callable[[Connection, str], Awaitable[Any]]
) -> tuple[list[Any], float]:
    """So many people at once, each doing it over and over; what came of it, and how often a second."""
    results: list[Any] = []
    connections = [await Connection.to(port) for _ in range(size)]
    # They are kept ones: a busy server takes in one a turn of its loop, and that is not what is measured.
    await asyncio.sleep(TAKEN_IN)
    begun = time.perf_counter()
    end = begun + seconds

    async def one(n: int, connection: Connection) -> None:
        while time.perf_counter() < end:
            results.append(await do(connection, user(n)))
        connection.close()

    async with asyncio.TaskGroup() as group:
        for n, connection in enumerate(connections):
            group.create_task(one(n, connection))
    return results, len(results) / (time.perf_counter() - begun)
