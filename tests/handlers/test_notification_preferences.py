"""`/billing notifications`: which notices one gets, and a daily digest instead (R24)."""

from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.quote.expiry import enqueue_quote_reminders
from models.notice import Notice
from models.notice.notification_preferences import NotificationPreferences, NotificationTopic
from sandbox.driver import Person
from tests.handlers.steps import (
    find_messages,
    find_newest_message,
    import_quote,
    list_buttons,
    list_texts,
    open_modal,
)
from tests.world import World

ALL = [topic.value for topic in NotificationTopic]


async def choose(person: Person, *wanted: str, when: str = "at_once") -> None:
    modal = await open_modal(person, "/billing", "notifications", "notification_preferences.save")
    modal.fill("wanted", list(wanted)).fill("delivery", when)
    await person.submit()
    await person.wait_for_modal("notification_preferences.save")
    assert person.modal is not None
    assert "Saved" in person.modal.text or "Enregistré" in person.modal.text
    await person.close_modal(everything=True)


async def order(world: World, person: Person, **seats: int) -> None:
    await world.place_order(person, **seats)
    await person.close_modal(everything=True)
    await world.settle()


async def test_the_form_shows_what_is_chosen_and_keeps_it(world: World) -> None:
    alice = world.get_person("alice")
    await choose(alice, "receipts", "reminders", when="daily")
    [row] = await world.load_rows(NotificationPreferences)
    assert (row.user_id, row.disabled_topics, row.daily_digest) == ("U01ALICE", ["orders", "decisions"], True)
    modal = await open_modal(alice, "/billing", "notices", "notification_preferences.save")
    assert modal.get_value("wanted") == ["receipts", "reminders"]
    assert modal.get_value("delivery") == "daily"
    assert "We always send these" in modal.text
    await alice.close_modal(everything=True)
    await choose(alice)
    assert (await world.load_row(NotificationPreferences)).disabled_topics == ALL
    assert world.slack.refusals == []


async def test_notices_that_are_switched_off_are_not_sent_but_their_e_mails_are(world: World) -> None:
    """R13: the receipt by email is not to be switched off."""
    alice = world.get_person("alice")
    await choose(alice)
    await order(world, alice, acme_meeting=1)
    assert alice.dms == []
    [mail] = world.slack.mail.messages
    assert "alice@acme.example" in mail.recipients
    assert world.list_messages("C01BILLING"), "the channel is not the person's to choose"
    assert {n.status for n in await world.load_rows(Notice)} == {"delivered"}


async def test_notices_that_need_a_decision_ignore_preferences(world: World) -> None:
    """R25: a quote to decide, its last reminder, a declined payment, a failed order."""
    dora, alice = world.get_person("dora"), world.get_person("alice")
    await choose(dora, when="daily")
    await choose(alice, when="daily")
    await order(world, dora, declined_meeting=1)
    assert len(find_messages(dora.dms, "payment declined")) == 1
    await dora.press_in(find_newest_message(dora.dms, "payment declined"), "service_order.give_up")
    await dora.wait_for_modal("service_order.show")
    await world.settle()
    assert len(find_messages(dora.dms, "failed")) == 1

    await import_quote(world, expires="2026-11-25")
    await world.settle()
    assert len(find_messages(alice.dms, "needs your decision")) == 1
    world.clock.at = datetime(2026, 11, 25, 19, 0, tzinfo=UTC)
    await enqueue_quote_reminders(world.dependencies)
    await world.settle()
    assert len(find_messages(alice.dms, "expires at the end of")) == 1, list_texts(alice.dms)


def retries() -> float:
    return REGISTRY.get_sample_value("seatbot_retries_total", {"kind": "notice"}) or 0


async def test_a_digest_of_the_whole_day_comes_once_a_day_at_nine(world: World) -> None:
    """It is ten in Paris, so the next nine o'clock is tomorrow's. Nothing lost, nothing twice."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await choose(alice, *ALL, when="daily")
    await order(world, alice, acme_meeting=1)
    await order(world, alice, acme_webinar=1)
    assert alice.dms == []
    world.clock.at = datetime(2026, 11, 11, 7, 59, tzinfo=UTC)
    await world.settle()
    assert alice.dms == []
    world.clock.move(minutes=1)
    await world.settle()
    [digest] = alice.dms
    assert digest.text.startswith("Your digest for Acme SA: 4 notifications")
    for said in (
        "SO-1001 for Acme SA has been placed",
        "Receipt R-1001",
        "SO-1002 for Acme SA has been placed",
        "R-1002",
    ):
        assert said in digest.text
    assert "<!date^" in digest.words
    assert list_buttons(digest) == ["service_order.list", "quote.list", "notification_preferences.open"]
    await world.pass_time(hours=24)
    assert len(alice.dms) == 1, "no digest of nothing"
    assert benoit.dms == []
    assert {n.status for n in await world.load_rows(Notice)} == {"delivered"}


async def test_a_digest_that_failed_in_slack_is_posted_again_in_full(world: World) -> None:
    alice = world.get_person("alice")
    await choose(alice, *ALL, when="daily")
    before = retries()
    await order(world, alice, acme_meeting=1)
    assert retries() == before, "what is held has not failed"
    world.clock.at = datetime(2026, 11, 11, 8, 0, tzinfo=UTC)
    world.slack.inject_fault("error_503", "chat.postMessage", times=1)
    await deliver_due_notices(world.dependencies)
    assert alice.dms == []
    assert retries() == before + 1
    assert len([n for n in await world.load_rows(Notice) if n.status == "waiting"]) == 2
    await world.pass_time(seconds=5)
    [digest] = alice.dms
    assert "2 notifications" in digest.text


async def test_a_digest_too_long_for_one_message_continues_in_a_second(world: World) -> None:
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await choose(alice, *ALL, when="daily")
    for number in range(12):
        await import_quote(world, f"Q-{number}")
        await import_quote(world, f"Q-{number}", decided={"status": "rejected", "at": "2026-11-10T09:00:00Z"})
    await world.settle()
    arrived = len(alice.dms)
    await world.pass_time(hours=23)
    assert [m.text.splitlines()[0] for m in alice.dms[arrived:]] == [
        "Your digest for Acme SA: 10 notifications",
        "Your digest for Acme SA: 2 notifications",
    ]
    assert len(find_messages(benoit.dms, "rejeté hors de Slack")) >= 12, "at once, for who chose nothing"


async def test_ending_the_digest_delivers_what_was_waiting_for_it(world: World) -> None:
    alice = world.get_person("alice")
    await choose(alice, *ALL, when="daily")
    await order(world, alice, acme_meeting=1)
    assert alice.dms == []
    await choose(alice, *ALL)
    await world.settle()
    assert [m.text.splitlines()[0] for m in alice.dms[:2]] == [
        "Your service order SO-1001 for Acme SA has been placed",
        "Receipt R-1001 for service order SO-1001",
    ]


async def test_notices_switched_off_meanwhile_are_left_out_of_the_digest(world: World) -> None:
    alice = world.get_person("alice")
    await choose(alice, *ALL, when="daily")
    await order(world, alice, acme_meeting=1)
    await choose(alice, "receipts", when="daily")
    await world.pass_time(hours=23)
    [digest] = alice.dms
    assert "1 notification" in digest.text
    assert "Receipt R-1001" in digest.text
    assert "has been placed" not in digest.text


@pytest.mark.parametrize("name", ["nobody", "guest"])
async def test_r1_only_contacts_can_choose_notices(world: World, name: str) -> None:
    person = world.get_person(name)
    await person.command("/billing", "notifications")
    await person.wait_for_ephemeral()
    assert person.modal is None
    assert await world.load_rows(NotificationPreferences) == []
