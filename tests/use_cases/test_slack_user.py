"""R5: what Slack says of a person is believed for an hour, and stored in one place."""

import asyncio
from datetime import timedelta

import pytest

from bot.db import Database
from bot.permissions import SlackIdentity
from bot.use_cases.slack_user import find_slack_user, load_localizer, refresh_slack_user
from models.slack_user import SlackUser
from tests.use_cases.outbox import Outbox
from tests.variants import both_databases

pytestmark = both_databases

ALICE = SlackIdentity("T01ACME", "U01ALICE", "/quotes")


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


async def stored(outbox: Outbox, person: SlackIdentity = ALICE) -> SlackUser | None:
    return await find_slack_user(outbox.dependencies, person.team_id, person.user_id)


async def test_an_unknown_person_is_fetched_and_stored(outbox: Outbox) -> None:
    outbox.directory.add("U01ALICE", "Alice@ACME.example")
    assert await refresh_slack_user(outbox.dependencies, ALICE)
    user = await stored(outbox)
    assert user
    assert (user.email, user.locale, user.refreshed_at) == ("alice@acme.example", "en-GB", outbox.at)
    assert user.is_full_member


async def test_a_fresh_profile_is_not_fetched_again(outbox: Outbox) -> None:
    await refresh_slack_user(outbox.dependencies, ALICE)
    outbox.at += timedelta(minutes=30)
    assert await refresh_slack_user(outbox.dependencies, ALICE)
    assert outbox.directory.asked == 1
    outbox.at += timedelta(seconds=1)
    assert await refresh_slack_user(outbox.dependencies, ALICE)
    assert outbox.directory.asked == 2


async def test_a_changed_profile_is_stored(outbox: Outbox) -> None:
    await refresh_slack_user(outbox.dependencies, ALICE)
    outbox.directory.add("U01ALICE", "alice@acme.example", deleted=True)
    outbox.at += timedelta(hours=2)
    await refresh_slack_user(outbox.dependencies, ALICE)
    user = await stored(outbox)
    assert user
    assert not user.is_full_member


async def test_the_old_record_stays_if_the_directory_is_unavailable(outbox: Outbox) -> None:
    await refresh_slack_user(outbox.dependencies, ALICE)
    before = await stored(outbox)
    outbox.at += timedelta(hours=2)
    outbox.directory.silent = True
    assert not await refresh_slack_user(outbox.dependencies, ALICE)
    assert await stored(outbox) == before


async def test_a_directory_that_is_too_slow_counts_as_unavailable(outbox: Outbox) -> None:
    outbox.directory.delay = 0.2
    assert not await refresh_slack_user(outbox.dependencies, ALICE, max_wait=timedelta(seconds=0.02))
    assert await stored(outbox) is None
    assert await refresh_slack_user(outbox.dependencies, ALICE)


async def test_two_concurrent_requests_of_a_new_person_store_them_once(outbox: Outbox) -> None:
    answers = await asyncio.gather(*(refresh_slack_user(outbox.dependencies, ALICE) for _ in range(8)))
    assert all(answers)
    assert await stored(outbox)


async def test_someone_slack_does_not_know_may_do_nothing(outbox: Outbox) -> None:
    nobody = SlackIdentity("T01ACME", "U99", "/quotes")
    assert await refresh_slack_user(outbox.dependencies, nobody)
    user = await stored(outbox, nobody)
    assert user
    assert not user.is_full_member


UNKNOWN: dict[str, object] = {"locale": None, "time_zone": None}


@pytest.mark.parametrize(
    ("user_id", "email", "profile", "expected"),
    [
        ("U01ALICE", "alice@acme.example", UNKNOWN, ("fr", "Europe/Paris")),
        ("U01ALICE", "alice@acme.example", {"time_zone": None}, ("en-GB", "Europe/Paris")),
        ("U01ALICE", "alice@acme.example", {"locale": None, "time_zone": "Asia/Tokyo"}, ("fr", "Asia/Tokyo")),
        ("U02BENOIT", "benoit@acme.example", UNKNOWN, ("fr", "Europe/Paris")),
        ("U10NOBODY", "nobody@acme.example", UNKNOWN, ("en", "UTC")),
        ("U11GUEST", "benoit@acme.example", {**UNKNOWN, "is_guest": True}, ("en", "UTC")),
    ],
)
async def test_r22_without_a_language_or_zone_in_slack_the_readers_own_account_decides_else_english(
    user_id: str,
    email: str,
    profile: dict[str, object],
    expected: tuple[str, str],
    database_with_accounts: Database,
) -> None:
    """In the channel of a French account."""
    outbox = Outbox(database_with_accounts)
    outbox.directory.add(user_id, email, **profile)
    person = SlackIdentity("T01ACME", user_id, "/quotes", channel_id="C01BILLING")
    await refresh_slack_user(outbox.dependencies, person)
    localizer = await load_localizer(outbox.dependencies, person)
    assert (localizer.language_tag, localizer.time_zone) == expected


async def test_r22_someone_bound_by_their_id_is_greeted_in_their_accounts_language_during_an_outage(
    database_with_accounts: Database,
) -> None:
    localizer = await load_localizer(Outbox(database_with_accounts).dependencies, ALICE)
    assert (localizer.language_tag, localizer.time_zone) == ("fr", "Europe/Paris")
