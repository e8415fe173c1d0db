"""Reminders ahead of a quote's end (R9)."""

from datetime import UTC, datetime, timedelta

from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.quote.expiry import enqueue_quote_reminders
from models.notice import Notice
from tests.handlers.quote.quotes import QUOTE_BUTTONS
from tests.handlers.steps import (
    find_messages,
    get_quote,
    import_quote,
    list_buttons,
    list_texts,
)
from tests.world import World


async def test_reminders_come_7_days_48_hours_and_4_hours_ahead_once_each(world: World) -> None:
    """R9: the quote ends at midnight in Paris, where both are: the first two come at eight in the morning."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    quote = await import_quote(world, expires="2026-11-25")
    await world.settle()
    assert f"{quote.expires_at:%m-%dT%H}" == "11-25T23"
    for count, day, hour in ((1, 19, 7), (2, 24, 7), (3, 25, 19)):
        world.clock.at = datetime(2026, 11, day, hour, 0, tzinfo=UTC) - timedelta(seconds=1)
        await enqueue_quote_reminders(world.dependencies)
        assert await enqueue_quote_reminders(world.dependencies) == 0
        await deliver_due_notices(world.dependencies)
        for person in (alice, benoit):
            assert len(person.dms[1:]) == count - 1, list_texts(person.dms)
        world.clock.move(seconds=1)
        await world.settle()
        for person in (alice, benoit):
            assert len(person.dms[1:]) == count, list_texts(person.dms)
            assert list_buttons(person.dms[-1]) == [*QUOTE_BUTTONS, "quote_extension.ask"]
    assert "expires at the end of 25 Nov 2026" in alice.dms[-1].text


async def test_a_reminder_respects_the_readers_quiet_hours(world: World) -> None:
    """R9, R22: one in New York, the other in Paris."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    world.slack.set_user("U02BENOIT", tz="America/New_York")
    quote = await import_quote(world, expires="2026-11-25")
    await world.settle()
    world.clock.at = quote.expires_at - timedelta(hours=48 + 11)
    await enqueue_quote_reminders(world.dependencies)
    await world.settle()
    # 48 h ahead it is midnight in Paris, and 18:00 in New York.
    world.clock.at = quote.expires_at - timedelta(hours=48)
    await world.settle()
    assert (len(alice.dms), len(benoit.dms)) == (2, 3), "with the one missed before"
    world.clock.at = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    await world.settle()
    assert (len(alice.dms), len(benoit.dms)) == (3, 3)


async def test_no_reminder_is_sent_of_a_quote_decided_meanwhile(world: World) -> None:
    """R9: nor one of an end that was moved."""
    alice = world.get_person("alice")
    quote = await import_quote(world, expires="2026-11-25")
    other = await import_quote(world, "Q-2042", expires="2026-11-25")
    await world.settle()
    before = len(alice.dms)
    world.clock.at = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    await world.settle()
    assert await enqueue_quote_reminders(world.dependencies) == 2
    stored = [n for n in await world.load_rows(Notice, kind="quote_reminder") if n.due_at > world.clock.at]
    assert len(stored) == 4, "two people, two quotes, at eight in the evening"
    await import_quote(world, decided={"status": "rejected", "at": "2026-11-25T12:00:00Z"})
    await import_quote(world, "Q-2042", expires="2026-11-28")
    await world.settle()
    missed = len(find_messages(alice.dms, "expires at the end of"))
    world.clock.at = datetime(2026, 11, 25, 19, 0, tzinfo=UTC)
    await world.settle()
    assert len(find_messages(alice.dms, "expires at the end of")) == missed
    assert before == 2
    assert quote.id != other.id


async def test_r9_one_of_several_missed_reminders_is_sent_and_none_for_a_decided_quote(world: World) -> None:
    alice = world.get_person("alice")
    quote = await import_quote(world, expires="2026-11-25")
    await world.settle()
    world.clock.at = quote.expires_at
    world.clock.move(hours=-7)
    assert await enqueue_quote_reminders(world.dependencies) == 1
    await world.settle()
    assert len(alice.dms) == 2
    await import_quote(world, decided={"status": "rejected", "at": "2026-11-25T19:00:00Z"})
    world.clock.move(hours=2)
    assert await enqueue_quote_reminders(world.dependencies) == 0


async def test_a_carts_quote_reminds_its_own_contact_alone(world: World) -> None:
    """R13: the billing contact is the person who made it."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await world.save_cart(alice, acme_webinar=1)
    world.clock.at = (await get_quote(world, "SQ-1001")).expires_at
    world.clock.move(hours=-4)  # midnight in Paris: four hours ahead it is eight in the evening
    await enqueue_quote_reminders(world.dependencies)
    await world.settle()
    assert len(alice.dms) == 1
    assert benoit.dms == []
    assert world.list_messages("C01BILLING") == []
