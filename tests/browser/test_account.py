"""Home, /service-orders and /billing in the page, and the way to GoTo Admin (R15)."""

import pytest
from playwright.async_api import expect

from models.account import Account, Portal
from tests.browser.browser_session import Desk, Office
from tests.handlers.steps import import_quote

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_home_shows_what_waits_and_follows_what_is_done(office: Office) -> None:
    await import_quote(office.world)
    desk = await office.sit("alice", "home")
    home = desk.page.locator(".home")
    await desk.reads("Acme SA", "Needs your attention", "Q-2041", "3 subscriptions", within=home)
    await desk.press("Reject quote Q-2041", within=home)
    await desk.press("Reject quote")
    await desk.reads("Rejected by Alice Martin")
    await desk.close()
    await desk.go("Messages")
    await desk.go("Home")
    await desk.reads("Nothing needs your attention.", within=home)
    await desk.press("Add seats", within=home)
    await desk.titled("Add seats")
    await desk.close()
    await desk.press("View billing", within=home)
    await desk.titled("Billing")


async def test_service_orders_and_receipts_are_found_again(office: Office) -> None:
    await office.world.order(office.world.person("alice"), acme_meeting=2)
    await office.settle()
    desk = await office.sit("alice")
    await desk.say("/service-orders")
    await desk.reads("Service orders of Acme SA", "SO-1001 · Completed")
    await desk.press("View service order SO-1001")
    await desk.reads("Completed on", "Receipt R-1001", "History", "Order placed")
    await desk.press("View service orders")
    await desk.press("View pending quotes")
    await desk.reads("Acme SA has no pending quotes.")
    await desk.close()
    await desk.say("/billing receipts")
    await desk.reads("R-1001", "service order SO-1001")
    await desk.press("Send me the PDF of receipt R-1001")
    await desk.reads("Receipt R-1001 is on its way.")
    await desk.press("Back")
    await desk.reads("Receipts of Acme SA, newest first.")
    await desk.press("Back")
    await desk.reads("GoTo Meeting · 27 seats", "Visa •••• 4242, expires 04/2028, default")


async def test_the_switch_to_goto_admin_warns_asks_and_is_for_good(office: Office) -> None:
    """R15: told before; the link is revealed after; it follows for everybody; the other contact is told."""
    desk = await office.sit("alice")
    await desk.say("/billing")
    await _leads_to(desk, "Open billing portal", "https://link.logmeininc.com/corp-billing")
    await desk.press("Manage payment methods")
    await desk.reads(
        "GoTo Admin becomes your default billing portal",
        "The Corporate Billing Portal is no longer available to you",
        "Your billing information and permissions stay the same",
        "view and update billing information",
    )
    await desk.press("Switch to GoTo Admin")
    await desk.press("Go back", within=desk.dialog)
    assert (await office.world.row(Account, id="acme")).default_portal is Portal.CORPORATE
    await desk.press("Switch to GoTo Admin")
    await desk.reads("You can’t undo this.", within=desk.dialog)
    await desk.press("Switch", within=desk.dialog)
    await desk.reads("GoTo Admin is now the default billing portal for Acme SA")
    await _leads_to(desk, "Open GoTo Admin", "https://admin.goto.com/billing/payment-methods")
    await desk.close()
    await office.settle()

    benoit = await office.sit("benoit", "messages")
    await benoit.reads("Alice Martin", "GoTo Admin", within=benoit.messages.last)
    await benoit.say("/billing")
    await benoit.reads("Portail de facturation par défaut : GoTo Admin.")
    await _leads_to(benoit, "Ouvrir GoTo Admin", "https://admin.goto.com/billing/payment-methods")
    await expect(benoit.modal.get_by_role("button", name="Ouvrir le portail")).to_have_count(0)


async def _leads_to(desk: Desk, button: str, url: str) -> None:
    async with desk.page.context.expect_page() as opened:
        await desk.press(button)
    page = await opened.value
    assert page.url == url
    await page.close()
