"""Home, /service-orders and /billing in the page, and the way to GoTo Admin (R15)."""

import pytest
from playwright.async_api import expect

from models.account import Account, Portal
from tests.browser.browser_session import BrowserSession, BrowserSessions
from tests.handlers.steps import import_quote

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_home_shows_what_waits_and_follows_what_is_done(sessions: BrowserSessions) -> None:
    await import_quote(sessions.world)
    session = await sessions.open_session("alice", "home")
    home = session.page.locator(".home")
    await session.expect_text("Acme SA", "Needs your attention", "Q-2041", "3 subscriptions", within=home)
    await session.press("Reject quote Q-2041", within=home)
    await session.press("Reject quote")
    await session.expect_text("Rejected by Alice Martin")
    await session.close()
    await session.open_place("Messages")
    await session.open_place("Home")
    await session.expect_text("Nothing needs your attention.", within=home)
    await session.press("Add seats", within=home)
    await session.expect_title("Add seats")
    await session.close()
    await session.press("View billing", within=home)
    await session.expect_title("Billing")


async def test_service_orders_and_receipts_are_found_again(sessions: BrowserSessions) -> None:
    await sessions.world.place_order(sessions.world.get_person("alice"), acme_meeting=2)
    await sessions.settle()
    session = await sessions.open_session("alice")
    await session.type_message("/service-orders")
    await session.expect_text("Service orders for Acme SA", "SO-1001 · Completed")
    await session.press("View service order SO-1001")
    await session.expect_text("Completed on", "Receipt R-1001", "History", "Order placed")
    await session.press("View service orders")
    await session.press("View pending quotes")
    await session.expect_text("Acme SA has no pending quotes.")
    await session.close()
    await session.type_message("/billing receipts")
    await session.expect_text("R-1001", "service order SO-1001")
    await session.press("Send me the PDF of receipt R-1001")
    await session.expect_text("Receipt R-1001 is on its way.")
    await session.press("Back")
    await session.expect_text("Receipts for Acme SA, newest first.")
    await session.press("Email receipts for a period")
    await session.expect_text("no receipts from 1 Oct 2026 to 31 Oct 2026")
    await session.find_field("To (inclusive)").fill("2026-11-30")
    await session.expect_text("1 receipt, in one email to alice@acme.example:")
    await session.press("Email receipts")
    await session.expect_text("0 of 1 email sent.")
    await session.press("Back")
    await session.expect_text("1 receipt, in one email to alice@acme.example:")
    await session.press("Back")
    await session.expect_text("Receipts for Acme SA, newest first.")
    await session.press("Back")
    await session.expect_text("GoTo Meeting · 27 seats", "Visa •••• 4242, expires 04/2028, default")


async def test_the_switch_to_goto_admin_warns_asks_and_is_permanent(sessions: BrowserSessions) -> None:
    """R15: told before; the link is revealed after; it follows for everybody; the other contact is told."""
    session = await sessions.open_session("alice")
    await session.type_message("/billing")
    await _expect_link(session, "Open billing portal", "https://link.logmeininc.com/corp-billing")
    await session.press("Manage payment methods")
    await session.expect_text(
        "GoTo Admin becomes your default billing portal",
        "The Corporate Billing Portal is no longer available to you",
        "Your billing information and permissions stay the same",
        "view and update billing information",
    )
    await session.press("Switch to GoTo Admin")
    await session.press("Go back", within=session.dialog)
    assert (await sessions.world.load_row(Account, id="acme")).default_portal is Portal.CORPORATE
    await session.press("Switch to GoTo Admin")
    await session.expect_text("You can’t undo this.", within=session.dialog)
    await session.press("Switch", within=session.dialog)
    await session.expect_text("GoTo Admin is now the default billing portal for Acme SA")
    await _expect_link(session, "Open GoTo Admin", "https://admin.goto.com/billing/payment-methods")
    await session.close()
    await sessions.settle()

    benoit = await sessions.open_session("benoit", "messages")
    await benoit.expect_text("Alice Martin", "GoTo Admin", within=benoit.messages.last)
    await benoit.type_message("/billing")
    await benoit.expect_text("Portail de facturation par défaut : GoTo Admin.")
    await _expect_link(benoit, "Ouvrir GoTo Admin", "https://admin.goto.com/billing/payment-methods")
    await expect(benoit.modal.get_by_role("button", name="Ouvrir le portail")).to_have_count(0)


async def _expect_link(session: BrowserSession, button: str, url: str) -> None:
    async with session.page.context.expect_page() as opened:
        await session.press(button)
    page = await opened.value
    assert page.url == url
    await page.close()
