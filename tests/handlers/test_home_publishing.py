"""When Home tabs are published: after a change, within Slack's limits, by one worker (R24)."""

import time

import pytest

from bot.messaging.home_publisher import HomeContent
from bot.use_cases.home.invalidate import HOME_UPDATE_INTERVAL
from bot.use_cases.home.publish import publish_due_homes
from models.home import AccountChange, Home
from models.quote import Quote
from scheduler import run_scheduler
from scheduler.job_runner import MAX_WAKE_UP_DELAY_SECONDS
from tests.handlers.db_snapshot import change
from tests.handlers.homes import count_publishes, get_home_text, open_home
from tests.handlers.steps import import_account, import_quote
from tests.variants import both_databases, leave_to_long
from tests.world import World

pytestmark = both_databases


async def test_a_change_is_published_within_a_second(world: World) -> None:
    """The wake-up delay and the interval between updates add up to less; a busy machine may take longer."""
    assert MAX_WAKE_UP_DELAY_SECONDS + HOME_UPDATE_INTERVAL.total_seconds() < 1
    alice = await open_home(world, "alice")
    async with run_scheduler(world.dependencies):
        await import_quote(world)
        began = time.monotonic()
        await alice.wait_until(lambda: "Q-2041" in get_home_text(alice))
        print(f"published {time.monotonic() - began:.2f} s after the change")  # noqa: T201
    await world.dependencies.tasks.wait_until_idle()


async def test_changes_close_together_render_a_home_once(world: World) -> None:
    alice = await open_home(world, "alice")
    before = count_publishes(world)
    for number in ("Q-1", "Q-2", "Q-3"):
        await import_quote(world, number)
    assert await publish_due_homes(world.dependencies) == 1
    assert count_publishes(world) == before + 1
    assert await publish_due_homes(world.dependencies) == 0
    assert await world.load_rows(AccountChange) == []
    assert "Q-3" in get_home_text(alice)


async def test_a_change_of_an_account_whose_contacts_never_opened_home_publishes_nothing(
    world: World,
) -> None:
    await open_home(world, "alice")
    before = count_publishes(world)
    await import_account(world, "slow", name="Slower Inc")
    await world.settle()
    assert count_publishes(world) == before


async def test_a_change_during_publishing_causes_another_publication(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The data of a Home may be outdated by the time it is published."""
    alice = await open_home(world, "alice")
    show = world.dependencies.home_publisher.publish_home
    came: list[Quote] = []

    async def show_late(content: HomeContent) -> None:
        if not came:
            came.append(await import_quote(world, "Q-7"))
            await publish_due_homes(world.dependencies)
        await show(content)

    monkeypatch.setattr(world.dependencies.home_publisher, "publish_home", show_late)
    await import_quote(world, "Q-6")
    await world.settle()
    assert "Q-6" in get_home_text(alice)
    assert "Q-7" in get_home_text(alice)


# --- Slack's limits and refusals


async def test_r24_a_home_is_published_after_slacks_rate_limit(world: World) -> None:
    alice = await open_home(world, "alice")
    world.slack.inject_fault("ratelimited", "views.publish", times=1, seconds=30)
    await import_quote(world)
    assert await publish_due_homes(world.dependencies) == 0
    [home] = await world.load_rows(Home)
    assert home.due_at is not None
    assert (home.due_at - world.clock.at).total_seconds() == 30
    before = count_publishes(world)
    world.clock.move(seconds=29)
    assert await publish_due_homes(world.dependencies) == 0
    assert count_publishes(world) == before
    world.clock.move(seconds=1)
    assert await publish_due_homes(world.dependencies) == 1
    assert "Q-2041" in get_home_text(alice)


@pytest.mark.parametrize("error", ["something_new", *leave_to_long("token_revoked", "not_found")])
async def test_a_home_that_slack_rejects_is_not_published_again_until_it_is_opened(
    error: str, world: World
) -> None:
    alice = await open_home(world, "alice")
    await import_quote(world)
    world.slack.inject_fault("error", "views.publish", error=error)
    for _ in range(20):
        await publish_due_homes(world.dependencies)
        world.clock.move(minutes=5)
    [home] = await world.load_rows(Home)
    assert home.due_at is None
    world.slack.slack.faults.reset()
    await open_home(world, "alice")
    assert "Q-2041" in get_home_text(alice)


async def test_homes_of_a_workspace_are_published_at_most_a_hundred_a_minute_by_all_workers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R24: ten at once and then one each 0.6 s; the last to look comes first."""
    async with world.dependencies.write() as session:
        for number in range(30):
            session.add(
                Home(
                    team_id="T01ACME",
                    user_id=f"U{number:02}",
                    opened_at=world.clock.at.replace(minute=number),
                    due_at=world.clock.at,
                )
            )
    tried: list[str] = []

    async def note(content: HomeContent) -> None:
        tried.append(content.user_id)

    monkeypatch.setattr(world.dependencies.home_publisher, "publish_home", note)
    assert await publish_due_homes(world.dependencies) == 10
    assert sorted(tried) == [f"U{number}" for number in range(20, 30)]
    world.clock.move(seconds=6)
    assert await publish_due_homes(world.dependencies) == 10


async def test_a_home_is_published_once_the_lease_of_a_crashed_worker_has_expired(world: World) -> None:
    alice = await open_home(world, "alice")
    lease = world.dependencies.settings.lease_duration / 2
    await change(
        world, Home, ("T01ACME", "U01ALICE"), due_at=world.clock.at, claimed_until=world.clock.at + lease
    )
    before = count_publishes(world)
    assert await publish_due_homes(world.dependencies) == 0
    world.clock.at += lease
    assert await publish_due_homes(world.dependencies) == 1
    assert count_publishes(world) == before + 1
    assert "Acme SA" in get_home_text(alice)
