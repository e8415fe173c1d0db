"""A database that answers and stores nothing: what people read, and what operators see."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import make_url

from bot.use_cases.operations.doctor import run_checks
from models.quote import Quote
from tests.handlers.steps import open_modal
from tests.handlers.transport.test_health import ready, scrape, value
from tests.postgres import run, server_url
from tests.variants import only_sqlite
from tests.world import World
from tests.world import world as open_world

pytestmark = only_sqlite

DOCTOR_SAYS = {
    "read_only": "it is read-only: a standby, or a read-only role or disk",
    "permission": "the user of DATABASE_URL lacks a privilege: let it own the database",
}
SAID = "we can’t store anything right now, so nothing was changed"


@contextmanager
def read_only(world: World, parameter: str, value: str) -> Iterator[None]:
    name = make_url(world.dependencies.settings.database_url).database
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    run(server_url(), f"ALTER DATABASE {name} SET {parameter} = {value}", end)
    yield
    # The connections that are open keep the setting.
    run(server_url(), f"ALTER DATABASE {name} RESET {parameter}")


async def wait_for_readiness(world: World, expected: tuple[int, str]) -> None:
    """Connections that were ended are noticed one by one."""
    for _ in range(20):
        found = await ready(world)
        if found == expected:
            break
    assert found == expected


async def test_people_and_operators_see_that_nothing_can_be_stored() -> None:
    async with open_world(transport="http", kind="postgresql") as world:
        alice = world.get_person("alice")
        cart = await world.fill_cart(alice, acme_meeting=5)
        assert value(await scrape(world), "seatbot_database_writable") == 1
        run(
            world.dependencies.settings.database_url, "CREATE ROLE viewer", "GRANT pg_read_all_data TO viewer"
        )
        for parameter, setting, reason in (
            # As a standby would be after a failover.
            ("default_transaction_read_only", "on", "read_only"),
            ("role", "viewer", "permission"),
        ):
            with read_only(world, parameter, setting):
                expected = f"database: is not writable ({reason})\nslack: answers\n"
                await wait_for_readiness(world, (503, expected))
                checks = {check.name: check for check in await run_checks(world.dependencies, set())}
                assert checks["database"].passed is False
                assert checks["database"].message == DOCTOR_SAYS[reason]
                samples = await scrape(world)
                assert value(samples, "seatbot_database_writable") == 0
                assert value(samples, "seatbot_database_up") == 1
                await alice.submit()
                [said] = cart.errors.values()
                assert SAID in said
                # Slack confirms who she is, and only that cannot be stored.
                world.clock.move(minutes=61)
                await alice.submit()
                [said] = cart.errors.values()
                assert SAID in said
                await open_modal(world.get_person("alice", "phone"), "/billing", "", "account.overview")
            await wait_for_readiness(world, (200, "database: up to date\nslack: answers\n"))
        run(world.dependencies.settings.database_url, "DROP ROLE viewer")
        await alice.submit()
        await alice.wait_for_modal("quote.review")
        assert (await world.load_row(Quote)).status == "pending"
