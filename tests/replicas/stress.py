"""Many simultaneous presses of `service_order.place`: signed requests to processes on one PostgreSQL."""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.blocks.block_kit import ModalMetadata
from bot.blocks.service_order import render_placement_modal
from bot.db import Database
from bot.dependencies import Dependencies
from bot.i18n import Localizer
from bot.permissions import SlackIdentity
from bot.use_cases.accounts_import.run import import_accounts
from bot.use_cases.cart.save import save_cart
from bot.use_cases.checkout.open import begin_checkout, open_checkout
from bot.use_cases.checkout.save import save_checkout
from bot.use_cases.slack_user import refresh_slack_user
from models.details import PlacementPage
from models.ledger import ChargeStatus
from sandbox import Sandbox
from sandbox.delivery import compute_signature
from tests.postgres import database_url
from tests.replicas.accounts import SEATS_BEFORE, Buyer, write_accounts_file
from tests.replicas.processes import ReplicaProcess, build_environment, run_replicas
from tests.replicas.snapshot import DatabaseSnapshot
from tests.use_cases.outbox import Outbox
from tests.world import WORKSPACE

# Without a channel, whose status messages, one a second, would still be delivered long after the last round.
BUYER = Buyer("acme", ["alice", "benoit"], "pm_1")
PEOPLE = {"alice": "U01ALICE", "benoit": "U02BENOIT"}
TEAM = "T01ACME"
WAITING = "waiting.show"
TIMEOUT_SECONDS = 300


@dataclass
class StressResult:
    """`late` counts the answers that were a waiting screen, which was updated later."""

    presses: int = 0
    charges: int = 0
    errors: list[str] = field(default_factory=list)
    slowest: float = 0.0
    late: int = 0
    seconds: float = 0.0


async def run_stress(processes: int, presses: int, rounds: int, done: Callable[[], None]) -> StressResult:
    """Each round is one quote, with `presses` simultaneous presses per process."""
    with database_url("migrated", "postgresql") as url, tempfile.TemporaryDirectory() as folder:
        async with _open_database(url) as database, Sandbox.start(WORKSPACE) as slack:
            await import_accounts(
                database, path=write_accounts_file(Path(folder), [BUYER]), at=datetime.now(UTC)
            )
            environment = build_environment(slack, url, transport="http")
            async with (
                run_replicas(processes, environment, Path(folder)) as started,
                _open_session() as session,
            ):
                presses_run = _ConcurrentPresses(slack, database, started, session, StressResult())
                await presses_run.run(presses, rounds, done)
    return presses_run.result


@asynccontextmanager
async def _open_database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


def _open_session() -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    # A connection per press: one kept from the last round may be closed by the server as the next begins.
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True), timeout=timeout)


@dataclass
class _ConcurrentPresses:
    slack: Sandbox
    database: Database
    replicas: list[ReplicaProcess]
    session: aiohttp.ClientSession
    result: StressResult
    # The views that showed a waiting screen.
    _waiting: set[str] = field(default_factory=set)

    async def run(self, presses: int, rounds: int, done: Callable[[], None]) -> None:
        dependencies = self._build_dependencies()
        for person in _list_people():
            await refresh_slack_user(dependencies, person)
        started_at = time.monotonic()
        for number in range(rounds):
            shown = await _prepare_quote(dependencies, number)
            await asyncio.gather(
                *(
                    self._press(replica, *list(shown.items())[n % 2])
                    for replica in self.replicas
                    for n in range(presses)
                )
            )
            await self._wait_for_updates()
            # Otherwise each round would scan the log of the sandbox from the start.
            self.slack.slack.traffic.entries.clear()
            done()
        await self._check_result(rounds)
        self.result.seconds = time.monotonic() - started_at

    def _build_dependencies(self) -> Dependencies:
        outbox = Outbox(self.database, at=datetime.now(UTC))
        return outbox.dependencies

    async def _press(self, replica: ReplicaProcess, person: str, metadata: str) -> None:
        self.result.presses += 1
        view_id = f"V{self.result.presses}"
        started_at = time.monotonic()
        try:
            answer = await self._send(replica, _build_submission(view_id, metadata, person))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self.result.errors.append(f"{view_id}: no answer: {error!r}")
            return
        self.result.slowest = max(self.result.slowest, time.monotonic() - started_at)
        if not _read_text(answer):
            self.result.errors.append(f"{view_id}: no text: {answer}")
        if (answer.get("view") or {}).get("callback_id") == WAITING:
            self.result.late += 1
            self._waiting.add(view_id)

    async def _send(self, replica: ReplicaProcess, payload: dict[str, Any]) -> dict[str, Any]:
        body = urlencode({"payload": json.dumps(payload)}).encode()
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": compute_signature(self.slack.signing_secret, timestamp, body),
        }
        async with self.session.post(replica.events_url, data=body, headers=headers) as response:
            response.raise_for_status()
            found: dict[str, Any] = await response.json()
            return found

    async def _wait_for_updates(self) -> None:
        """No client shows the modals: what counts is that the bot updates each of them."""

        def are_updated() -> bool:
            self._waiting -= {call.args.get("view_id") for call in self.slack.list_calls("views.update")}
            return not self._waiting

        try:
            await self.slack.wait_until(are_updated, timeout=TIMEOUT_SECONDS)
        except TimeoutError:
            missing = sorted(self._waiting)
            self.result.errors += [f"{view_id}: a waiting screen, and then nothing" for view_id in missing]
            self._waiting.clear()

    async def _check_result(self, rounds: int) -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            evidence = await DatabaseSnapshot(self.database).read()
            while len(evidence.orders) < rounds or not all(o.is_finished for o in evidence.orders):
                await asyncio.sleep(0.2)
                evidence = await DatabaseSnapshot(self.database).read()
        self.result.charges = sum(c.status is ChargeStatus.SETTLED for c in evidence.charges)
        try:
            evidence.check_orders(set())
            evidence.check_money(SEATS_BEFORE)
            evidence.check_history()
        except AssertionError as error:
            self.result.errors.append(f"the database: {error}")
        for replica in self.replicas:
            self.result.errors += [f"{replica.name}: {line}" for line in replica.list_errors()]


def _list_people() -> list[SlackIdentity]:
    return [SlackIdentity(TEAM, user_id, "stress") for user_id in PEOPLE.values()]


async def _prepare_quote(dependencies: Dependencies, number: int) -> dict[str, str]:
    """A quote whose checkout both people have saved, so that either may place it. Returns, by user id, the
    private metadata of the order as shown to each."""
    first, *_ = people = _list_people()
    seats = {BUYER.subscription_id: str(1 + number % 3)}
    details = await save_cart(dependencies, person=first, account_id=BUYER.account_id, seat_inputs=seats)
    for person in people:
        checkout = await open_checkout(dependencies, person=person, quote_id=details.quote.key)
        await save_checkout(dependencies, person=person, quote_id=details.quote.key, form=checkout.form)
    return {
        person.user_id: await _render_placement_metadata(dependencies, person, details.quote.key)
        for person in people
    }


async def _render_placement_metadata(dependencies: Dependencies, person: SlackIdentity, quote_id: int) -> str:
    page = await begin_checkout(dependencies, person=person, quote_id=quote_id)
    assert isinstance(page, PlacementPage)
    metadata = ModalMetadata(account=BUYER.account_id, quote=quote_id)
    return str(render_placement_modal(Localizer(), page, metadata)["private_metadata"])


def _read_text(answer: dict[str, Any]) -> str:
    """The text of the screen, or of the errors of its fields."""
    blocks = (answer.get("view") or {}).get("blocks", [])
    texts = [str((block.get("text") or {}).get("text", "")) for block in blocks]
    return " ".join([*texts, *map(str, (answer.get("errors") or {}).values())]).strip()


def _build_submission(view_id: str, metadata: str, user_id: str) -> dict[str, Any]:
    return {
        "type": "view_submission",
        "team": {"id": TEAM, "domain": "acme"},
        "user": {"id": user_id, "username": "someone", "name": "someone", "team_id": TEAM},
        "api_app_id": "A0SANDBOX",
        "token": "unused",
        "trigger_id": f"1.2.{view_id}",
        "view": {
            "id": view_id,
            "type": "modal",
            "callback_id": "service_order.place",
            "private_metadata": metadata,
            "state": {"values": {}},
            "blocks": [],
        },
        "response_urls": [],
        "is_enterprise_install": False,
    }
