"""Runs what people do with a bot, and measures how long it takes, in seconds."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from bench.accounts import get_user_id
from bench.fake_slack import FakeSlack
from bench.raw_http import Connection
from bench.slack_requests import build_command, build_home_opened, build_submission
from bot.blocks.block_kit import ModalMetadata

# Slack waits three seconds for an ack; a bot that is slower than this has failed.
TIMEOUT_SECONDS = 30.0
WAITING_VIEW = "waiting.show"
ACCEPT_DELAY_SECONDS = 0.2


Result = TypeVar("Result")


@dataclass(frozen=True)
class CommandTimes:
    ack: float
    view: float


async def run_command(
    connection: Connection, slack: FakeSlack, person: str, name: str = "/add-seats"
) -> CommandTimes:
    """Sends a command and waits until its view arrives."""
    trigger, request = build_command(person, name)
    arrives = slack.expect_view(trigger)
    begun = time.perf_counter()
    await _send(connection, request)
    acknowledged = time.perf_counter()
    return CommandTimes(acknowledged - begun, await asyncio.wait_for(arrives, TIMEOUT_SECONDS) - begun)


async def open_home(connection: Connection, slack: FakeSlack, person: str) -> float:
    arrives, request = slack.expect_view(person), build_home_opened(person)
    begun = time.perf_counter()
    await _send(connection, request)
    return await asyncio.wait_for(arrives, TIMEOUT_SECONDS) - begun


async def run_command_without_view(connection: Connection, person: str, name: str) -> float:
    """Sends a command that opens no view, and waits for its ack."""
    _, request = build_command(person, name)
    begun = time.perf_counter()
    await _send(connection, request)
    return time.perf_counter() - begun


async def submit_form(
    connection: Connection,
    slack: FakeSlack,
    person: str,
    view: dict[str, Any],
    values: dict[str, dict[str, Any]] | None = None,
) -> tuple[float, dict[str, Any]]:
    """Submits a form and waits for the final view: the response's, or the one that replaces the waiting
    view."""
    place = ModalMetadata.from_json(view["private_metadata"])
    view_id, request = build_submission(
        person, view["callback_id"], place, values or build_initial_values(view)
    )
    arrives = slack.expect_view(view_id)
    begun = time.perf_counter()
    answer = json.loads((await _send(connection, request)) or b"{}")
    if "view" not in answer:
        raise RuntimeError(f"{view['callback_id']} was refused: {answer}")
    if answer["view"]["callback_id"] != WAITING_VIEW:
        arrives.cancel()
        return time.perf_counter() - begun, answer["view"]
    came = await asyncio.wait_for(arrives, TIMEOUT_SECONDS)
    return came - begun, slack.pop_updated_view(view_id)


async def _send(connection: Connection, request: bytes) -> bytes:
    answer = await asyncio.wait_for(connection.send(request), TIMEOUT_SECONDS)
    if answer.status != 200:
        raise RuntimeError(f"answered by {answer.status}: {answer.body.decode(errors='replace')[:200]}")
    return answer.body


def build_initial_values(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Builds the values of a form in which nothing was changed."""
    elements = {b["block_id"]: b["element"] for b in view["blocks"] if b["type"] == "input"}
    return {
        block: {"value": e.get("initial_value"), "selected_option": e.get("initial_option")}
        for block, e in elements.items()
    }


async def run_concurrently(
    port: int, size: int, seconds: float, do: Callable[[Connection, str], Awaitable[Result]]
) -> tuple[list[Result], float]:
    """Runs `do` repeatedly for `size` people at once. Returns the results, and how many there were per
    second."""
    results: list[Result] = []
    connections = [await Connection.connect(port) for _ in range(size)]
    # A busy server accepts one connection per turn of its loop, and that is not what is measured.
    await asyncio.sleep(ACCEPT_DELAY_SECONDS)
    begun = time.perf_counter()
    end = begun + seconds

    async def one(n: int, connection: Connection) -> None:
        while time.perf_counter() < end:
            results.append(await do(connection, get_user_id(n)))
        connection.close()

    async with asyncio.TaskGroup() as group:
        for n, connection in enumerate(connections):
            group.create_task(one(n, connection))
    return results, len(results) / (time.perf_counter() - begun)
