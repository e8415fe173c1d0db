"""A scenario with everything that people, jobs and an operator do, for a recording.

It runs in the tree of the version that is recorded, so it only uses what that version's tests have, too."""

import asyncio
import sys
from pathlib import Path

from bot.use_cases.accounts_import.run import import_accounts
from bot.version import VERSION
from models.migrations.run import get_head_revision
from scheduler import JOBS
from tests.handlers.all_screens import COMMANDS, create_order_and_quote, press_everything
from tests.upgrades.recording import Recording, record_statements
from tests.world import ACCOUNTS, World
from tests.world import world as open_world


async def record_scenario(path: Path) -> None:
    recording = Recording(VERSION, get_head_revision())
    # Prepared before anything is recorded: the migrations themselves are not the version's statements.
    async with open_world("migrated"):
        pass
    with record_statements(recording):
        async with open_world("migrated") as world:
            await import_accounts(world.dependencies.database, path=ACCOUNTS, at=world.clock.at)
            await run_scenario(world)
    recording.save(path)


async def run_scenario(world: World) -> None:
    metadata = await create_order_and_quote(world)
    alice = world.get_person("alice")
    for route in COMMANDS:
        for words in ("", "SO-1001", "SQ-1002", "webinar 5", "help"):
            await alice.command(route.id, words)
            await world.dependencies.tasks.wait_until_idle()
    await alice.open_home()
    await world.settle()
    await press_everything(world, alice, metadata)
    await world.settle()
    await world.place_order(world.get_person("dora"), declined_meeting=1)
    await world.place_order(world.get_person("carla"), customer_assist=1)
    await world.place_order(world.get_person("sam"), slow_meeting=1)
    for hours in (0, 1, 48, 40 * 24):
        await world.pass_time(hours=hours)
        for job in JOBS.values():
            await job.run(world.dependencies)


if __name__ == "__main__":
    asyncio.run(record_scenario(Path(sys.argv[1])))
