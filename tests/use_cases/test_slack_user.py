"""R5: what Slack says of a person is believed for an hour, and stored in one place."""

import asyncio
from datetime import timedelta

import pytest

from bot.db import Database
from bot.permissions import SlackIdentity
from bot.use_cases.slack_user import find_slack_user, refresh_slack_user
from models.slack_user import SlackUser
from tests.postgres import Kind, database_url
from tests.use_cases.outbox import Outbox

ALICE = SlackIdentity("T01ACME", "U01ALICE", "/quotes")


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


async def stored(outbox: Outbox, person: SlackIdentity = ALICE) -> SlackUser | None:
    return await find_slack_user(outbox.services, person.team_id, person.user_id)


async def test_an_unknown_person_is_fetched_and_stored(outbox: Outbox) -> None:
    outbox.directory.add("U01ALICE", "Alice@ACME.example")
    assert await refresh_slack_user(outbox.services, ALICE)
    user = await stored(outbox)
    assert user
    assert (user.email, user.locale, user.refreshed_at) == ("alice@acme.example", "en-GB", outbox.at)
    assert user.is_full_member


async def test_a_fresh_profile_is_not_fetched_again(outbox: Outbox) -> None:
    await refresh_slack_user(outbox.services, ALICE)
    outbox.at += timedelta(hours=1)
    assert await refresh_slack_user(outbox.services, ALICE)
    assert outbox.directory.asked == 1
    outbox.at += timedelta(seconds=1)
    assert await refresh_slack_user(outbox.services, ALICE)
    assert outbox.directory.asked == 2


async def test_a_changed_profile_is_stored(outbox: Outbox) -> None:
    await refresh_slack_user(outbox.services, ALICE)
    outbox.directory.add("U01ALICE", "alice@acme.example", deleted=True)
    outbox.at += timedelta(hours=2)
    await refresh_slack_user(outbox.services, ALICE)
    user = await stored(outbox)
    assert user
    assert not user.is_full_member


async def test_the_old_record_stays_if_the_directory_is_unavailable(outbox: Outbox) -> None:
    await refresh_slack_user(outbox.services, ALICE)
    before = await stored(outbox)
    outbox.at += timedelta(hours=2)
    outbox.directory.silent = True
    assert not await refresh_slack_user(outbox.services, ALICE)
    assert await stored(outbox) == before


async def test_a_directory_that_is_too_slow_counts_as_silent(outbox: Outbox) -> None:
    outbox.directory.delay = 0.2
    assert not await refresh_slack_user(outbox.services, ALICE, max_wait=timedelta(seconds=0.02))
    assert await stored(outbox) is None
    assert await refresh_slack_user(outbox.services, ALICE, max_wait=None)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_two_requests_of_a_new_person_at_once_store_them_once(kind: Kind) -> None:
    with database_url("migrated", kind) as url:
        outbox = Outbox(Database(url))
        answers = await asyncio.gather(*(refresh_slack_user(outbox.services, ALICE) for _ in range(8)))
        assert all(answers)
        assert await stored(outbox)
        await outbox.database.close()


async def test_someone_slack_does_not_know_may_do_nothing(outbox: Outbox) -> None:
    nobody = SlackIdentity("T01ACME", "U99", "/quotes")
    assert await refresh_slack_user(outbox.services, nobody)
    user = await stored(outbox, nobody)
    assert user
    assert not user.is_full_member
