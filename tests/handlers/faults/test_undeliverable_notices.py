"""What Slack does not take goes another way, and whatever comes after it arrives (R24)."""

import pytest
from prometheus_client import REGISTRY

from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.service_order.process import process_due_orders
from models.notice import Notice, NoticeStatus
from sandbox.driver import Person
from tests.handlers.steps import find_messages, open_modal, wait_for_modal_text
from tests.world import World


async def request_receipt(alice: Person) -> None:
    await open_modal(alice, "/billing", "receipts", "receipt.list")
    await alice.press("receipt.send")
    await wait_for_modal_text(alice, "If Slack can’t deliver it, we’ll email it to alice@acme.example.")
    await alice.close_modal(everything=True)


async def deliver_for(world: World, minutes: int) -> None:
    for _ in range(minutes // 5):
        await deliver_due_notices(world.dependencies)
        world.clock.move(seconds=2)
        await deliver_due_notices(world.dependencies)
        world.clock.move(minutes=5)


def count_undeliverable(destination: str, reason: str) -> float:
    labels = {"destination": destination, "reason": reason}
    return REGISTRY.get_sample_value("seatbot_undeliverable_notices_total", labels) or 0


@pytest.mark.parametrize(
    ("method", "error", "minutes"),
    [("upload", "403", 40), ("files.getUploadURLExternal", "storage_limit_reached", 0)],
)
async def test_a_file_that_cannot_be_uploaded_is_emailed_and_later_messages_arrive(
    method: str, error: str, minutes: int, world: World
) -> None:
    alice = world.get_person("alice")
    await world.place_order(alice, acme_meeting=1)
    await alice.close_modal(everything=True)
    await world.settle()
    [receipt_mail] = world.slack.mail.messages
    before = count_undeliverable("file", "rejected") + count_undeliverable("file", "unavailable")
    world.slack.inject_fault("error", method, error=error)
    await request_receipt(alice)
    await deliver_for(world, 5)
    await world.place_order(alice, acme_meeting=2)
    await world.dependencies.tasks.wait_until_idle()
    await deliver_for(world, 5)
    assert find_messages(alice.dms, "SO-1002"), "the file is still being tried, or was given up"
    await deliver_for(world, minutes)
    assert await world.load_rows(Notice, status=NoticeStatus.WAITING) == []
    requested = [mail for mail in world.slack.mail.messages if "R-1001" in mail.subject]
    assert [mail.recipients for mail in requested] == [receipt_mail.recipients] * 2
    assert [len(mail.attachments) for mail in requested] == [1, 1]
    after = count_undeliverable("file", "rejected") + count_undeliverable("file", "unavailable")
    assert after - before == 2, "the requested one, and that of the second order"


async def test_an_edit_that_slack_rejects_delays_messages_only_briefly(world: World) -> None:
    """The next order's status is behind the edit of this one's."""
    sam = world.get_person("sam")
    await world.place_order(sam, slow_meeting=1)
    await world.settle()
    [status] = find_messages(world.list_messages("C03SLOW"), "SO-1001")
    world.slack.inject_fault("error", "chat.update", error="something_new")
    world.clock.move(minutes=10)
    await process_due_orders(world.dependencies)
    await sam.close_modal(everything=True)
    await world.place_order(sam, slow_meeting=1)
    await deliver_for(world, 40)
    assert "Completed" not in status.text
    assert find_messages(world.list_messages("C03SLOW"), "SO-1002")


async def test_a_workspace_where_posting_is_suspended_gets_emails_until_it_is_allowed_again(
    world: World,
) -> None:
    alice = world.get_person("alice")
    world.slack.inject_fault("error", "chat.postMessage", error="ekm_access_denied")
    await world.place_order(alice, acme_meeting=1)
    await alice.close_modal(everything=True)
    await world.settle()
    assert alice.dms == world.list_messages("C01BILLING") == []
    assert any("SO-1001" in mail.subject + mail.text for mail in world.slack.mail.messages)
    assert await world.load_rows(Notice, status=NoticeStatus.WAITING) == []
    world.slack.slack.faults.reset()
    await world.place_order(alice, acme_meeting=1)
    await world.settle()
    assert find_messages(alice.dms, "R-1002")
    assert find_messages(world.list_messages("C01BILLING"), "SO-1002")
