"""The statements of docs/scaling.md, on a PostgreSQL on which orders go on afterwards."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from sqlmodel import func, select

from bot.use_cases.audit.export import verify_histories
from models.audit.entry import AuditEntry
from models.notice import Notice
from models.service_order import OrderStatus
from tests.handlers.steps import get_order, open_modal
from tests.postgres import run
from tests.variants import only_sqlite
from tests.world import World
from tests.world import world as open_world

PAGE = (Path(__file__).parents[1] / "docs/scaling.md").read_text(encoding="utf-8")

# Once is enough.
pytestmark = only_sqlite


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """With an order that is completed."""
    async with open_world(kind="postgresql") as world:
        await order(world, "SO-1001", acme_meeting=2)
        yield world


async def order(world: World, number: str, **seats: int) -> None:
    alice = world.get_person("alice")
    await world.place_order(alice, **seats)
    await world.settle()
    assert (await get_order(world, number)).status is OrderStatus.COMPLETED
    await alice.close_modal(everything=True)


def run_from_docs(world: World, title: str) -> None:
    """What the page has under this title, in a year in which all that is stored is old."""
    [statements] = re.findall(rf"```sql\n-- {title}.*\n([^`]+)```", PAGE)
    run(world.dependencies.settings.database_url, statements.replace("now()", "timestamptz '2040-01-01'"))


def refused(world: World, statement: str) -> str:
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation) as refusal:
        run(world.dependencies.settings.database_url, statement)
    return str(refusal.value).splitlines()[0]


async def entries(world: World) -> int:
    async with world.dependencies.read() as session:
        return (await session.exec(select(func.count()).select_from(AuditEntry))).one()


async def flaws(world: World) -> list[str]:
    histories = await verify_histories(world.dependencies.database, progress=lambda done, total: None)
    return [violation.description for history in histories for violation in history.violations]


async def test_r18_a_partitioned_history_keeps_its_entries_and_guards_and_continues(world: World) -> None:
    before = await entries(world)
    run_from_docs(world, "partition history")
    assert await entries(world) == before
    await order(world, "SO-1002", acme_webinar=1)
    assert await entries(world) > before
    assert await flaws(world) == []
    assert refused(world, "UPDATE audit_entry SET number = number") == "audit_entry_no_update"
    assert refused(world, "DELETE FROM audit_entry") == "audit_entry_no_delete"
    assert refused(world, "TRUNCATE audit_entry") == "audit_entry_no_truncate"
    assert refused(world, "TRUNCATE audit_entry_3") == "audit_entry_no_truncate"
    with pytest.raises(psycopg.errors.UniqueViolation):
        run(
            world.dependencies.settings.database_url,
            "CREATE TEMPORARY TABLE twice AS SELECT * FROM audit_entry",
            "UPDATE twice SET id = id + 1000000",
            "INSERT INTO audit_entry SELECT * FROM twice",
        )


@pytest.mark.parametrize("partitioned", [False, True], ids=["whole", "partitioned"])
async def test_r18_history_that_is_archived_is_missed_by_verify_until_it_is_put_back(
    world: World, partitioned: bool
) -> None:
    if partitioned:
        run_from_docs(world, "partition history")
    before = await entries(world)
    run_from_docs(world, "prepare the archive")
    run_from_docs(world, "move history")
    assert 0 < await entries(world) < before
    assert refused(world, "DELETE FROM audit_entry") == "audit_entry_no_delete"
    missed = await flaws(world)
    assert missed
    assert all(words.endswith("missing") for words in missed)

    alice = world.get_person("alice")
    assert "SO-1001" in (await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")).text
    await alice.close_modal()
    await order(world, "SO-1002", acme_webinar=1)
    assert await flaws(world) == missed, "what came later is as it was written"

    run_from_docs(world, "put the archive back")
    assert await flaws(world) == []


async def test_deleting_old_notices_repeats_none(world: World) -> None:
    assert await world.load_rows(Notice)
    run_from_docs(world, "delete notices")
    assert await world.load_rows(Notice) == []
    message_count = len(world.list_messages("C01BILLING"))
    await world.pass_time(hours=2)
    assert len(world.list_messages("C01BILLING")) == message_count
    await order(world, "SO-1002", acme_webinar=1)
