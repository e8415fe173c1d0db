"""An order from the slash command to the receipt, over both transports."""

from collections.abc import AsyncIterator

import pytest

from models.account import Account
from models.account.administrator import Administrator
from models.account.seat_assignment import SeatAssignment
from models.audit.entry import AuditEntry
from models.cart import Cart
from models.notice import Notice, NoticeStatus
from models.quote import Quote, QuoteLine
from models.receipt import Receipt
from models.service_order import ServiceOrder
from tests.audit_chain import list_broken_entries
from tests.variants import both_databases
from tests.world import World
from tests.world import world as open_world

pytestmark = both_databases


@pytest.fixture(params=["http", "socket"])
async def both(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Over both transports, on both databases."""
    async with open_world(transport=request.param) as world:
        yield world


async def test_a_billing_contact_adds_seats_from_slack(both: World) -> None:
    """R10 to R13, R16: seats before + ordered = after, to the cent, told in channel, message and mail."""
    alice = both.get_person("alice")
    review = await both.save_cart(alice, acme_meeting=5, acme_webinar=2)
    for amount in ("€48.03", "€290.85", "€338.88", "€67.78", "€406.66", "€420.00", "€3,360.00"):
        assert amount in review.text
    await alice.submit()
    placement = await alice.wait_for_modal("service_order.place")
    assert "€406.66" in placement.text
    assert "Hugo Petit" in placement.text
    await alice.submit()
    placed = await alice.wait_for_modal("service_order.show")
    assert "SO-1001" in placed.text
    assert "11 Nov 2026, 10:00 (CET)" in placed.text  # 24 hours on, in Alice's zone (R12, R22)
    await both.settle()

    order = await both.load_row(ServiceOrder)
    assert order.status == "completed"
    assert await both.load_seats("acme_meeting") == (30, 30)
    assert await both.load_seats("acme_webinar") == (7, 7)
    receipt = await both.load_row(Receipt)
    assert (receipt.subtotal, receipt.tax, receipt.total) == (33888, 6778, 40666)

    card = both.list_messages("C01BILLING")[0]
    assert "SO-1001" in card.text
    assert "Terminée le 10 nov. 2026" in card.text, "the status message is up to date (R25)"
    assert card.thread, "its history is in the thread (R25)"
    assert "406" not in "".join(m.words for m in both.list_messages("C01BILLING")), (
        "no amounts in the channel"
    )
    assert any(receipt.number in m.text and "€406.66" in m.text for m in alice.dms)
    [mail] = both.slack.mail.messages
    assert mail.recipients == ["alice@acme.example"]
    assert receipt.number in mail.subject
    assert "€406.66" in mail.text
    [attached] = mail.attachments
    assert (attached.name, attached.content_type) == ("R-1001.pdf", "application/pdf")
    assert both.slack.refusals == []


async def test_the_admin_contact_takes_one_ordered_seat_of_each_product_they_have_none_of(
    world: World,
) -> None:
    """R11: Hugo has a seat of GoTo Meeting already; he takes one of the two new ones of GoTo Webinar."""
    alice = world.get_person("alice")
    placement = await world.reach_placement(alice, acme_meeting=5, acme_webinar=2)
    assert "6" in placement.text  # of seven new seats six remain free
    await alice.submit()
    await world.settle()
    hugo = await world.load_row(Administrator, email="hugo@acme.example")
    held = await world.load_rows(SeatAssignment, administrator_id=hugo.id)
    assert sorted(a.product_id for a in held) == ["goto-meeting", "goto-webinar"]
    assert await world.load_seats("acme_webinar") == (7, 7)


async def test_r11_a_new_administrator_is_stored_at_placement_and_seated_once_it_settles(
    world: World,
) -> None:
    alice = world.get_person("alice")
    await world.reach_checkout(alice, acme_meeting=2)
    checkout = await world.choose_new_administrator(alice)
    checkout.fill("admin_name", "Zoé Neuve")
    checkout.fill("admin_email", "ZOE@acme.example")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    assert await world.load_rows(Administrator, email="zoe@acme.example") == []
    await alice.submit()
    await world.settle()
    zoe = await world.load_row(Administrator, email="zoe@acme.example")
    [seat] = await world.load_rows(SeatAssignment, administrator_id=zoe.id)
    assert (seat.product_id, seat.subscription_id) == ("goto-meeting", "acme_meeting")
    assert await world.load_seats("acme_meeting") == (27, 27)


async def test_r10_placing_empties_the_cart_and_makes_the_address_the_accounts(world: World) -> None:
    alice = world.get_person("alice")
    await world.reach_checkout(alice, acme_meeting=1)
    checkout = await world.open_address(alice)
    checkout.fill("line1", "8 rue Neuve")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    assert (await world.load_row(Account, id="acme")).line1 == "1 rue de la Paix"
    await alice.submit()
    await world.settle()
    assert (await world.load_row(Cart)).seats == {}
    assert (await world.load_row(Account, id="acme")).line1 == "8 rue Neuve"
    again = await world.fill_cart(alice)
    assert again.get_value("seats:acme_meeting") in (None, "", "0")


async def test_an_address_that_changes_the_tax_makes_a_new_quote_shown_before_placing(world: World) -> None:
    """R10: lines, prices, instant and validity are kept; only the tax is another."""
    alice = world.get_person("alice")
    await world.reach_checkout(alice, acme_meeting=5)
    await world.choose_country(alice, "DE")
    await alice.submit()
    placement = await alice.wait_for_modal("service_order.place")
    old, new = await world.load_rows(Quote)
    assert (old.status, old.replaced_by_id, new.status) == ("expired", new.id, "pending")
    assert (old.tax, new.tax, new.total) == (961, 0, 4803)
    assert (old.frozen_at, old.expires_at, old.subtotal) == (new.frozen_at, new.expires_at, new.subtotal)
    assert old.number in placement.text
    assert new.number in placement.text
    assert "€48.03" in placement.text
    await alice.submit()
    await world.settle()
    assert (await world.load_row(Receipt)).total == 4803


async def test_the_quote_promises_what_is_charged_although_time_passes(world: World) -> None:
    """R17: the instant and the prices are frozen in the quote."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=5)
    await world.pass_time(days=9)
    await alice.submit()
    await world.settle()
    line = await world.load_row(QuoteLine)
    assert (await world.load_row(Receipt)).total == line.amount + line.tax == 5764


async def test_r18_every_change_is_in_the_history_numbered_and_hashed(world: World) -> None:
    await world.place_order(world.get_person("alice"), acme_meeting=5)
    await world.settle()
    entries = await world.load_rows(AuditEntry, account_id="acme")
    assert list_broken_entries(entries) == []
    changes = [(e.subject, e.from_status, e.to_status) for e in entries if e.to_status]
    assert changes[-7:] == [
        ("quote:SQ-1001", None, "pending"),
        ("quote:SQ-1001", "pending", "accepted"),
        ("service_order:SO-1001", None, "placed"),
        ("service_order:SO-1001", "placed", "processing"),
        ("service_order:SO-1001", "waiting", "charging"),
        ("service_order:SO-1001", "charging", "settled"),
        ("service_order:SO-1001", "processing", "completed"),
    ]
    by_alice = [e for e in entries if e.actor_name == "Alice Martin"]
    assert {e.source for e in by_alice} == {"slack:cart.save", "slack:service_order.place"}


async def test_r24_no_notice_is_left_behind(world: World) -> None:
    await world.place_order(world.get_person("alice"), acme_meeting=1)
    await world.settle()
    assert {n.status for n in await world.load_rows(Notice)} == {NoticeStatus.DELIVERED}
