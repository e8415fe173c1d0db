"""Slack's limits and faults: waited out, and nobody else held up (R24)."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlmodel import select

from bot.directory.user_directory import DirectoryRateLimited, UserProfile
from bot.installations.slack_errors import MAX_RETRY_AFTER_SECONDS
from bot.messaging.messenger import (
    ChannelUnreachable,
    MessengerUnavailable,
    OutboundMessage,
    RateLimited,
)
from bot.settings import Settings
from bot.use_cases.delivery.claim import DeliveryLease, TeamDestination, build_notice_queue
from bot.use_cases.delivery.next_time import find_next_delivery_time
from bot.use_cases.due_rows import ClaimQueue
from bot.use_cases.leases import get_lease_duration
from bot.use_cases.rate_limits import MAX_SUSPENSION
from models.lease import MAX_LEASE
from models.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus
from tests.database_faults import failing_statements
from tests.use_cases.outbox import (
    CHANNEL,
    START,
    Outbox,
    get_alice_destination,
    get_benoit_destination,
    is_marking_delivered,
    list_sent_kinds,
    list_sent_numbers,
)
from tests.variants import both_databases

pytestmark = both_databases

LEASE_END = START + timedelta(minutes=1)


async def test_a_channel_gets_a_burst_and_then_a_message_a_second(outbox: Outbox) -> None:
    for number in range(20):
        await outbox.enqueue(CHANNEL, number=number)
    moments = await note_moments(outbox, 20)
    times = [at for at, _ in moments]
    assert times[:8] == [0] * 8
    assert all(b - a >= 1 for a, b in pairwise(times[7:]))
    assert times[-1] == pytest.approx(20 - 8, abs=0.2)
    assert list_sent_numbers(outbox, "C01BILLING") == [*range(20)]
    outbox.move(4)
    for number in range(20, 26):
        await outbox.enqueue(CHANNEL, number=number)
    assert await outbox.deliver() == 4, "the burst grows again by a message a second"


async def test_a_workspace_gets_a_burst_and_then_five_messages_a_second(outbox: Outbox) -> None:
    for number in range(2):
        await outbox.enqueue(*(f"channel:C{i}" for i in range(20)), number=number)
    moments = await note_moments(outbox, 40)
    for start, _ in moments:
        assert sum(start <= at < start + 1 for at, _ in moments) <= 14
    assert moments[-1][0] == pytest.approx((40 - 10) * 0.2, abs=0.2)
    assert len({channel for _, channel in moments[:10]}) == 10, "each gets one before any gets another"


async def note_moments(outbox: Outbox, count: int) -> list[tuple[float, str]]:
    moments: list[tuple[float, str]] = []

    async def note(message: OutboundMessage) -> None:
        moments.append(((outbox.at - START).total_seconds(), message.channel))

    outbox.messenger.before = note
    while len(moments) < count:
        await outbox.deliver()
        outbox.at += timedelta(milliseconds=100)
    outbox.messenger.before = None
    return moments


async def test_workspaces_do_not_slow_each_other_down(outbox: Outbox) -> None:
    await outbox.enqueue(*(f"channel:C{i}" for i in range(8)))
    async with outbox.database.write() as session:
        for notice in (await session.exec(select(Notice).where(Notice.destination > "channel:C4"))).all():
            notice.team = "T02OTHER"
    assert await outbox.deliver() == 8


async def test_r24_a_channels_rate_limit_is_respected_to_the_second_and_blocks_no_other(
    outbox: Outbox,
) -> None:
    await outbox.enqueue(CHANNEL, number=1)
    outbox.messenger.refusals["C01BILLING"] = [RateLimited(42)] * 2
    assert await outbox.deliver() == 0
    await outbox.enqueue(await get_alice_destination(outbox))
    assert await outbox.deliver() == 1, "to somebody else"
    for start in (0, 42):
        outbox.at = START + timedelta(seconds=start + 41.999)
        assert await outbox.deliver() == 0
        assert len(outbox.messenger.to("C01BILLING")) == 0
        outbox.at = START + timedelta(seconds=start + 42)
        assert await outbox.deliver() == start // 42
    assert (await outbox.load_notice(destination=CHANNEL)).attempts == 2
    await outbox.enqueue("channel:C2")
    assert await outbox.deliver() == 1, "the same channel's second limit is not the workspace's"


async def test_r24_a_second_limited_destination_suspends_the_workspace(outbox: Outbox) -> None:
    await outbox.enqueue("channel:C1", "channel:C2")
    outbox.messenger.refusals |= {"C1": [RateLimited(42)], "C2": [RateLimited(50)]}
    assert await outbox.deliver() == 0
    await outbox.enqueue("channel:C3")
    outbox.at = START + timedelta(seconds=49.999)
    assert await outbox.deliver() == 0
    assert {message.channel for message in outbox.messenger.tried} == {"C1", "C2"}
    outbox.at = START + timedelta(seconds=50)
    assert await outbox.deliver() == 1
    outbox.move(1)
    assert await outbox.deliver() == 2


async def test_r24_two_destinations_that_stay_limited_block_no_other_for_long(outbox: Outbox) -> None:
    """Their own limits, which Slack never lifts, are taken for the workspace's a few times at most."""
    await outbox.enqueue("channel:C1", "channel:C2")
    outbox.messenger.refusals |= {name: [RateLimited(60)] * 1000 for name in ("C1", "C2")}
    for _ in range(30):
        await outbox.deliver()
        outbox.move(20)
    for number in range(30):
        await outbox.enqueue("channel:C3", number=number)
        assert await outbox.deliver() == 1
        outbox.move(20)
    tried = [message.channel for message in outbox.messenger.tried]
    assert tried.count("C1") > 10, "each still honours its own Retry-After"
    assert tried.count("C1") < 25


async def test_r24_a_lookups_rate_limit_is_respected_and_is_not_the_workspaces(outbox: Outbox) -> None:
    limits = [DirectoryRateLimited("ratelimited", 42)]
    find = outbox.directory.find_user_by_email

    async def find_user(team_id: str, email: str) -> str | None:
        if limits:
            raise limits.pop()
        return await find(team_id, email)

    outbox.directory.find_user_by_email = find_user  # type: ignore[method-assign]
    await outbox.enqueue(await get_benoit_destination(outbox))
    assert await outbox.deliver() == 0
    await outbox.enqueue(CHANNEL)
    assert await outbox.deliver() == 1
    outbox.at = START + timedelta(seconds=41.999)
    assert await outbox.deliver() == 0
    assert await find_next_delivery_time(outbox.dependencies) == START + timedelta(seconds=42)
    outbox.at = START + timedelta(seconds=42)
    assert await outbox.deliver() == 1


async def test_the_rate_limit_of_profiles_delays_the_next_lookup_of_an_unknown_person(outbox: Outbox) -> None:
    async def refuse(team_id: str, user_id: str) -> UserProfile:
        raise DirectoryRateLimited("ratelimited", 42)

    outbox.directory.fetch_profile = refuse  # type: ignore[method-assign]
    await outbox.enqueue(await get_benoit_destination(outbox))
    assert await outbox.deliver() == 0
    assert await find_next_delivery_time(outbox.dependencies) == START + timedelta(seconds=42)


@pytest.mark.parametrize(
    "slots",
    [
        [DeliverySlot(destination=CHANNEL, next_at=START, claimed_until=START + timedelta(hours=3))],
        [DeliverySlot(destination=CHANNEL, next_at=START + timedelta(hours=3))],
        [DeliverySlot(destination="team:T01ACME", next_at=START + timedelta(hours=3))],
    ],
    ids=["lease", "destination", "workspace"],
)
async def test_times_of_a_clock_that_is_hours_ahead_block_nothing(
    slots: list[DeliverySlot], outbox: Outbox
) -> None:
    async with outbox.database.write() as session:
        for slot in slots:
            session.add(DeliverySlot(**slot.model_dump()))
    await outbox.enqueue(CHANNEL, number=1)
    assert await find_next_delivery_time(outbox.dependencies) == START
    assert await outbox.deliver() == 1
    await outbox.enqueue(CHANNEL, number=2)
    await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == [1, 2]
    assert (await outbox.load_slot(CHANNEL)).next_at < START + timedelta(minutes=1)
    assert (await outbox.load_slot("team:T01ACME")).next_at < START + timedelta(minutes=1)


async def test_a_notice_of_a_clock_that_is_hours_ahead_is_delivered_now(outbox: Outbox) -> None:
    """What it reports has happened. One for a later time is not: it was not due when it was stored."""
    outbox.at += timedelta(hours=3)
    await outbox.enqueue(CHANNEL, number=1)
    await outbox.enqueue(CHANNEL, number=2, due_at=outbox.at + timedelta(minutes=1))
    outbox.at = START
    await outbox.enqueue(CHANNEL, number=3)
    outbox.messenger.refusals["C01BILLING"] = [ChannelUnreachable("is_archived")]
    await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == [3]
    kinds = list_sent_kinds(outbox, "D01ALICE")
    assert NoticeKind.PORTAL_CHANGED in kinds, "the first one, which is due since now wherever it goes"
    outbox.at = START + timedelta(hours=3, minutes=1)
    await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == [3, 2]


def test_every_retry_after_and_every_lease_is_respected() -> None:
    assert MAX_SUSPENSION.total_seconds() > MAX_RETRY_AFTER_SECONDS
    longest = Settings(
        _env_file=None, slack_bot_token="xoxb-test", slack_signing_secret="test", lease_seconds=600
    )
    assert get_lease_duration(longest) < longest.lease_duration < MAX_LEASE


async def test_an_outage_backs_off_and_keeps_the_order(outbox: Outbox) -> None:
    await outbox.enqueue(CHANNEL, number=1)
    await outbox.enqueue(CHANNEL, number=2)
    outbox.messenger.refusals["C01BILLING"] = [MessengerUnavailable("down")] * 12
    pauses = []
    for _ in range(12):
        assert await outbox.deliver() == 0
        pauses.append((await outbox.load_slot(CHANNEL)).next_at - outbox.at)
        outbox.at += pauses[-1] - timedelta(milliseconds=1)
        assert await outbox.deliver() == 0
        outbox.move(0.001)
    assert [p.seconds for p in pauses] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert await outbox.deliver() == 1
    assert len(outbox.messenger.tried) == 13, "and no burst right after it"
    await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == [1, 2]
    first, _ = await outbox.load_notices()
    assert (first.attempts, first.last_error) == (12, None)


async def test_an_internal_error_is_stored_with_its_notice_and_blocks_no_other(outbox: Outbox) -> None:
    await outbox.enqueue("channel:C1", "channel:C2")
    outbox.messenger.refusals["C1"] = [KeyError("a bug")]
    assert await outbox.deliver() == 1
    stuck = await outbox.load_notice(status="waiting")
    assert (stuck.attempts, stuck.last_error) == (1, "KeyError: 'a bug'")
    await outbox.deliver_all()
    assert await outbox.load_notices(status="waiting") == []


async def test_a_delivery_that_cannot_be_stored_is_delayed_and_not_posted_repeatedly(outbox: Outbox) -> None:
    await outbox.enqueue(CHANNEL)
    with failing_statements(outbox.database, is_marking_delivered(await outbox.load_notice())):
        assert await outbox.deliver() == 0
    assert (await outbox.load_notice()).attempts == 1
    await outbox.deliver_all()
    assert (await outbox.load_notice()).status is NoticeStatus.DELIVERED


async def test_a_destination_that_another_worker_released_comes_before_those_that_were_prefetched(
    outbox: Outbox,
) -> None:
    await outbox.enqueue(*(f"channel:C{i}" for i in range(5)))
    queue = build_notice_queue(outbox.dependencies)
    assert await claim(queue, 1) == ["channel:C0"]
    outbox.at += timedelta(seconds=1)
    async with outbox.database.write() as session:
        session.add(DeliverySlot(destination="channel:C1", next_at=outbox.at, claimed_until=LEASE_END))
    assert await claim(queue, 2) == ["channel:C2"], "the other worker has C1"
    outbox.at += timedelta(seconds=1)
    async with outbox.database.write() as session:
        (await session.get_one(DeliverySlot, "channel:C1")).claimed_until = None
    assert await claim(queue, 1) == ["channel:C1"]


async def test_a_worker_whose_prefetched_destinations_are_all_taken_finds_others(outbox: Outbox) -> None:
    await outbox.enqueue("channel:C0", "channel:C1")
    queue = build_notice_queue(outbox.dependencies)
    assert await claim(queue, 1) == ["channel:C0"]
    outbox.at += timedelta(seconds=1)
    async with outbox.database.write() as session:
        session.add(DeliverySlot(destination="channel:C1", next_at=outbox.at, claimed_until=LEASE_END))
    await outbox.enqueue("channel:C2")
    assert await claim(queue, 1) == ["channel:C2"]


async def claim(queue: ClaimQueue[TeamDestination, DeliveryLease], limit: int) -> list[str]:
    return [lease.destination for lease in await queue.claim(limit)]
