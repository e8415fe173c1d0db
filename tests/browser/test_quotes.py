"""Pending quotes in the page: approved, rejected, replaced, decided by two people at once (R6 to R9, R20)."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from models.quote import QuoteStatus
from models.service_order import ServiceOrder
from tests.browser.browser_session import Desk, Office
from tests.handlers.steps import contact_of, import_quote, quote_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# The bot's clock stands still while they act.
AT = "10 Nov 2026, 10:00 (CET)"


async def test_a_pending_quote_is_approved_from_the_message_that_brought_it(office: Office) -> None:
    """R8: approving opens checkout and changes nothing; placing the order is what accepts it."""
    await import_quote(office.world)
    await office.settle()
    desk = await office.sit("alice", "messages")
    arrived = desk.messages.first
    await desk.reads("Quote Q-2041 needs your decision", within=arrived)
    await desk.press("Approve quote Q-2041", within=arrived)
    await desk.titled("Checkout")
    assert (await quote_of(office.world, "Q-2041")).status is QuoteStatus.PENDING
    await desk.press("Save and continue")
    await desk.press("Place service order")
    await desk.reads("Service order SO-1001 has been placed.")
    assert (await quote_of(office.world, "Q-2041")).status is QuoteStatus.ACCEPTED
    await desk.close()
    await office.settle()
    # A token: in the zone of whoever looks, with the year where it is far from today.
    await desk.reads("Accepted by Alice Martin on 10 Nov", "10:00: service order SO-1001", within=arrived)
    await expect(arrived.get_by_role("button", name="Approve")).to_have_count(0)


async def test_a_pending_quote_is_reviewed_and_rejected_with_a_reason(office: Office) -> None:
    await import_quote(office.world)
    desk = await office.sit("alice")
    await desk.say("/quotes")
    await desk.reads("Acme SA has one pending quote.", "Q-2041")
    await desk.press("Review quote Q-2041")
    await desk.reads("Pending", "10 new seats: 25 → 35")
    await desk.press("Reject quote Q-2041")
    await desk.fill(Reason="Too dear & <late>")
    await desk.press("Reject quote")
    await desk.reads("Acme SA has no pending quotes.")
    await desk.close()
    await office.settle()
    await desk.reads("Rejeté par Alice Martin", "Too dear & <late>", within=desk.messages.first)
    await desk.say("/quotes Q-2041")
    await desk.reads(f"Rejected by Alice Martin on {AT}. Reason: Too dear & <late>")
    await expect(desk.modal.get_by_role("button", name="Proceed to checkout")).to_have_count(0)


async def test_pending_quotes_are_shown_before_ordering_and_replaced_on_consent(office: Office) -> None:
    """R6, R7: asked first; going back changes nothing, and neither does consenting."""
    await import_quote(office.world)
    desk = await office.sit("alice")
    await desk.say("/add-seats")
    await desk.titled("Pending quotes")
    await desk.reads("Approve or reject it before you order more seats", "Replaced quotes can’t be restored")
    await desk.press("Continue and replace")
    await desk.reads("Replace the pending quote?", within=desk.dialog)
    await desk.press("Go back", within=desk.dialog)
    await expect(desk.dialog).to_have_count(0)
    await desk.press("Continue and replace")
    await desk.press("Continue", within=desk.dialog)
    await desk.titled("Add seats")
    assert (await quote_of(office.world, "Q-2041")).status is QuoteStatus.PENDING
    await desk.fill(GoTo_Webinar="1")
    await desk.press("Save cart and review")
    await desk.reads("Quote SQ-1001")
    await desk.close()
    await desk.say("/quotes Q-2041")
    await desk.reads(f"Expired: Alice Martin replaced it with quote SQ-1001 on {AT}.")


async def test_acting_on_a_rejected_quote_says_who_rejected_it_and_when(office: Office) -> None:
    """R20: each in the own language, with the way on."""
    await import_quote(office.world)
    alice, benoit = await office.sit("alice"), await office.sit("benoit")
    for desk in (alice, benoit):
        await desk.say("/quotes Q-2041")
        await desk.reads("Q-2041")
    await alice.press("Reject quote Q-2041")
    await alice.press("Reject quote")
    await alice.reads("Acme SA has no pending quotes.")
    await benoit.press("Passer au paiement")
    await benoit.reads(
        "Le devis Q-2041 n’est plus en attente.", "Il a été rejeté par Alice Martin le 10 nov. 2026, 10:00"
    )
    await benoit.press("Afficher le devis")
    await benoit.reads("Rejeté par Alice Martin")


async def test_r19_one_of_two_people_placing_a_quote_succeeds_and_the_other_is_told(office: Office) -> None:
    await import_quote(office.world)
    alice, benoit = await office.sit("alice"), await office.sit("benoit")
    await _to_placement(alice, "Proceed to checkout", "Save and continue")
    await _to_placement(benoit, "Passer au paiement", "Enregistrer et continuer")
    await asyncio.gather(alice.press("Place service order"), benoit.press("Passer la commande"))
    await expect(alice.modal).to_contain_text(re.compile("SO-1001 has been placed|It was accepted"))
    order = await office.world.row(ServiceOrder)
    if order.contact_id == (await contact_of(office.world, "alice@acme.example")).id:
        await alice.reads("Service order SO-1001 has been placed.")
        await benoit.reads("Il a été accepté par Alice Martin le 10 nov. 2026, 10:00")
    else:
        await benoit.reads("La commande de Service SO-1001 est passée.")
        await alice.reads(f"It was accepted by Benoît Roche on {AT}")
    await office.settle()
    assert await office.world.seats("acme_meeting") == (35, 35)


async def _to_placement(desk: Desk, *steps: str) -> None:
    await desk.say("/quotes Q-2041")
    for step in steps:
        await desk.press(step)
    await desk.reads("Hugo Petit")


async def test_a_quote_that_expired_on_the_screen_cannot_be_placed(office: Office) -> None:
    """R9: reading decides, whether or not a job ran."""
    await import_quote(office.world, expires="2026-11-12")
    desk = await office.sit("alice")
    await desk.say("/quotes Q-2041")
    await desk.reads("valid until 13 Nov 2026, 00:00 (CET)")
    office.world.clock.move(days=3)
    await desk.press("Proceed to checkout")
    await desk.reads("Quote Q-2041 is no longer pending.", "It expired on 13 Nov 2026, 00:00 (CET).")
    await desk.press("View quote")
    await desk.reads("Expired on 13 Nov 2026")
