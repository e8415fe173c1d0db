"""Pending quotes in the page: approved, rejected, replaced, decided by two people at once (R6 to R9, R20)."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from models.quote import QuoteStatus
from models.service_order import ServiceOrder
from tests.browser.browser_session import BrowserSession, BrowserSessions
from tests.handlers.steps import get_contact, get_quote, import_quote

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# The bot's clock stands still while they act.
AT = "10 Nov 2026, 10:00 (CET)"


async def test_a_pending_quote_is_approved_from_the_message_that_brought_it(
    sessions: BrowserSessions,
) -> None:
    """R8: approving opens the order and decides nothing; placing it is what accepts the quote."""
    await import_quote(sessions.world)
    await sessions.settle()
    session = await sessions.open_session("alice", "messages")
    arrived = session.messages.first
    await session.expect_text("Quote Q-2041 needs your decision", within=arrived)
    await session.press("Approve quote Q-2041", within=arrived)
    await session.expect_title("Service order")
    assert (await get_quote(sessions.world, "Q-2041")).status is QuoteStatus.PENDING
    await session.press("Place service order")
    await session.expect_text("Service order SO-1001 has been placed.")
    assert (await get_quote(sessions.world, "Q-2041")).status is QuoteStatus.ACCEPTED
    await session.close()
    await sessions.settle()
    # A date token: in the reader's time zone, with the year if it is far from today.
    await session.expect_text(
        "Accepted by Alice Martin on 10 Nov", "10:00: service order SO-1001", within=arrived
    )
    await expect(arrived.get_by_role("button", name="Approve")).to_have_count(0)


@pytest.mark.long
async def test_a_pending_quote_is_reviewed_and_rejected_with_a_reason(sessions: BrowserSessions) -> None:
    await import_quote(sessions.world)
    session = await sessions.open_session("alice")
    await session.type_message("/quotes")
    await session.expect_text("Acme SA has one pending quote.", "Q-2041")
    await session.press("Review quote Q-2041")
    await session.expect_text("Pending", "10 new seats: 25 → 35")
    await session.press("Reject quote Q-2041")
    await session.fill(Reason="Too dear & <late>")
    await session.press("Reject quote")
    await session.expect_text("Acme SA has no pending quotes.")
    await session.close()
    await sessions.settle()
    await session.expect_text("Rejeté par Alice Martin", "Too dear & <late>", within=session.messages.first)
    await session.type_message("/quotes Q-2041")
    await session.expect_text(f"Rejected by Alice Martin on {AT}. Reason: Too dear & <late>")
    await expect(session.modal.get_by_role("button", name="Proceed to checkout")).to_have_count(0)


@pytest.mark.long
async def test_pending_quotes_are_shown_before_ordering_and_replaced_on_consent(
    sessions: BrowserSessions,
) -> None:
    """R6, R7: asked first; going back changes nothing, and neither does consenting."""
    await import_quote(sessions.world)
    session = await sessions.open_session("alice")
    await session.type_message("/add-seats")
    await session.expect_title("Pending quotes")
    await session.expect_text(
        "Approve or reject it before you order more seats", "Replaced quotes can’t be restored"
    )
    await session.press("Continue and replace")
    await session.expect_text("Replace the pending quote?", within=session.dialog)
    await session.press("Go back", within=session.dialog)
    await expect(session.dialog).to_have_count(0)
    await session.press("Continue and replace")
    await session.press("Continue", within=session.dialog)
    await session.expect_title("Add seats")
    assert (await get_quote(sessions.world, "Q-2041")).status is QuoteStatus.PENDING
    await session.fill(GoTo_Webinar="1")
    await session.press("Save cart and review")
    await session.expect_text("Quote SQ-1001")
    await session.close()
    await session.type_message("/quotes Q-2041")
    await session.expect_text(f"Expired: Alice Martin replaced it with quote SQ-1001 on {AT}.")


@pytest.mark.long
async def test_acting_on_a_rejected_quote_says_who_rejected_it_and_when(sessions: BrowserSessions) -> None:
    """R20: each in the own language, with the way on."""
    await import_quote(sessions.world)
    alice, benoit = await sessions.open_session("alice"), await sessions.open_session("benoit")
    for session in (alice, benoit):
        await session.type_message("/quotes Q-2041")
        await session.expect_text("Q-2041")
    await alice.press("Reject quote Q-2041")
    await alice.press("Reject quote")
    await alice.expect_text("Acme SA has no pending quotes.")
    await benoit.press("Passer au paiement")
    await benoit.expect_text(
        "Le devis Q-2041 n’est plus en attente.", "Il a été rejeté par Alice Martin le 10 nov. 2026, 10:00"
    )
    await benoit.press("Voir le devis")
    await benoit.expect_text("Rejeté par Alice Martin")


async def test_r19_of_two_people_placing_one_quote_one_succeeds_and_the_other_sees_why_not(
    sessions: BrowserSessions,
) -> None:
    await import_quote(sessions.world)
    alice, benoit = await sessions.open_session("alice"), await sessions.open_session("benoit")
    await _open_placement(alice, "Proceed to checkout")
    await _open_placement(benoit, "Passer au paiement")
    await asyncio.gather(alice.press("Place service order"), benoit.press("Passer la commande"))
    await expect(alice.modal).to_contain_text(re.compile("SO-1001 has been placed|It was accepted"))
    order = await sessions.world.load_row(ServiceOrder)
    if order.contact_id == (await get_contact(sessions.world, "alice@acme.example")).id:
        await alice.expect_text("Service order SO-1001 has been placed.")
        await benoit.expect_text("Il a été accepté par Alice Martin le 10 nov. 2026, 10:00")
    else:
        await benoit.expect_text("La commande de Service SO-1001 est passée.")
        await alice.expect_text(f"It was accepted by Benoît Roche on {AT}")
    await sessions.settle()
    assert await sessions.world.load_seats("acme_meeting") == (35, 35)


async def _open_placement(session: BrowserSession, *steps: str) -> None:
    await session.type_message("/quotes Q-2041")
    for step in steps:
        await session.press(step)
    await session.expect_text("Hugo Petit")


async def test_a_quote_that_expired_on_the_screen_cannot_be_placed(sessions: BrowserSessions) -> None:
    """R9: reading decides, whether or not a job ran."""
    await import_quote(sessions.world, expires="2026-11-12")
    session = await sessions.open_session("alice")
    await session.type_message("/quotes Q-2041")
    await session.expect_text("valid through 12 Nov 2026")
    sessions.world.clock.move(days=3)
    await session.press("Proceed to checkout")
    await session.expect_text("Quote Q-2041 is no longer pending.", "It expired on 13 Nov 2026, 00:00 (CET).")
    await session.press("View quote")
    await session.expect_text("Expired on 13 Nov 2026")
