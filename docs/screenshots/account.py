"""The account: Home, billing, contacts, receipts, notifications; and who cannot use it."""

import re

from playwright.async_api import expect

from docs.screenshots.session import DESKTOP, Studio


async def picture_account(studio: Studio) -> None:
    await _picture_overview(studio)
    await _picture_receipts(studio)
    await _picture_contacts(studio)
    await _picture_payment_methods(studio)
    await _picture_refusals(studio)
    await _picture_sandbox(studio)


async def _picture_overview(studio: Studio) -> None:
    benoit = await studio.open_session("U02BENOIT", "home")
    await benoit.wait_for("seat-history-title")
    await benoit.take("home")
    chart = benoit.page.locator(".chart", has_text=benoit.say("spending-title"))
    if await chart.count():
        await benoit.take_part("spending", chart)
    await benoit.open_page("C01ACME")
    await benoit.send_text("/billing")
    await benoit.wait_for_title("account-title")
    await benoit.take("account.overview")
    await benoit.close_modal()
    await benoit.send_text("/service-orders")
    await benoit.wait_for_title("service-orders")
    await benoit.take("service_order.list")
    await benoit.close_modal()
    await benoit.send_text("/billing notifications")
    await benoit.wait_for_title("notifications-title")
    await benoit.take("notification_preferences.save")
    await benoit.close_modal()
    await benoit.send_text("/add-seats help")
    await benoit.wait_for_text("/add-seats webinar 5 training 2")
    await benoit.take("message-help")
    await benoit.close()


async def _picture_receipts(studio: Studio) -> None:
    benoit = await studio.open_session("U02BENOIT", "C01ACME")
    await benoit.send_text("/billing receipts")
    await benoit.wait_for_title("receipts")
    await benoit.take("receipt.list")
    await benoit.press("action-send-receipt-label", kind="receipt", number="R-1001", count=1)
    await benoit.wait_for_text(benoit.say("back"))
    await benoit.take("receipt.sent")
    await benoit.press("back")
    await benoit.press("action-export-receipts")
    await benoit.modal.locator("input[type=date]").last.fill("2026-11-30")
    await expect(benoit.modal).to_contain_text("R-1001")
    await benoit.take("receipt_export.send")
    await benoit.press("receipt-export-submit")
    await expect(benoit.modal.locator("input[type=date]")).to_have_count(0)
    await expect(benoit.modal).to_contain_text(re.compile(r"\b1 (of 1|e-mail envoyé)"))
    await benoit.take("receipt_export.show")
    await benoit.close()


async def _picture_contacts(studio: Studio) -> None:
    benoit = await studio.open_session("U02BENOIT", "C01ACME")
    await benoit.send_text("/billing")
    await benoit.wait_for_title("account-title")
    await benoit.press("action-manage-contacts")
    await benoit.wait_for_title("contacts-title")
    await benoit.press("action-invite-contact")
    await benoit.wait_for_title("action-invite-contact")
    await benoit.modal.locator("select").select_option("U09NADIA")
    await benoit.take("billing_contact.invite")
    await benoit.press("contacts-invite-submit")
    await benoit.wait_for_title("contacts-title")
    await benoit.take("billing_contact.list")
    await benoit.press("action-withdraw-contact-label", name="Alice Martin")
    await benoit.take("billing_contact.withdraw-confirm")
    await benoit.confirm("go-back")
    await benoit.close()
    nadia = await studio.open_session("U09NADIA", "home")
    await nadia.open_page("messages")
    await nadia.wait_for("action-accept-invitation")
    await nadia.take("message-invitation")
    label = "action-decline-invitation-label"
    await nadia.press(label, within=nadia.messages.last, account="Acme SA")
    await nadia.wait_for_title("contacts-title")
    await nadia.take("billing_contact.show")
    await nadia.close_modal()
    await nadia.close()


async def _picture_payment_methods(studio: Studio) -> None:
    farid = await studio.open_session("U07FARID", "home")
    await farid.wait_for("home-attention")
    await farid.take("home-attention")
    await farid.open_page("messages")
    await farid.send_text("/add-seats")
    await farid.wait_for_title("cart-not-eligible-title")
    await farid.take("cart.blocked")
    await farid.press("action-manage-payment-methods")
    await farid.wait_for_title("portal-title")
    await farid.take("account.portal")
    await farid.press("portal-switch")
    await farid.take("account.portal-confirm")
    await farid.confirm("portal-switch-yes")
    switch = farid.modal.get_by_role("button", name=farid.say("portal-switch"), exact=True)
    await expect(switch).to_have_count(0)
    await farid.take("account.portal-link")
    await farid.close()


async def _picture_refusals(studio: Studio) -> None:
    grace = await studio.open_session("U08GRACE", "C06GAMMA")
    await grace.send_text("/add-seats")
    await grace.wait_for_title("cart-not-eligible-title")
    await grace.take("cart.blocked-account")
    await grace.close_modal()
    await grace.close()
    nadia = await studio.open_session("U09NADIA", "C01ACME")
    await nadia.send_text("/add-seats webinar 1")
    await expect(nadia.page.locator(".message.ephemeral")).to_be_visible()
    await nadia.take("message-refusal")
    await nadia.open_page("home")
    await expect(nadia.page.locator(".home .block").first).to_be_visible()
    await nadia.take("home-unlinked")
    await nadia.close()
    guest = await studio.open_session("U10GUY", "home")
    await expect(guest.page.locator(".home .block").first).to_be_visible()
    await guest.take("home-refused")
    await guest.close()
    alice = await studio.open_session("U01ALICE", "messages")
    await alice.send_text("/quotes Q-2041")
    await alice.wait_for_title("quote")
    await alice.take("quote.review-replaced")
    await alice.close()


async def _picture_sandbox(studio: Studio) -> None:
    alice = await studio.open_session("U01ALICE", "guide")
    await expect(alice.page.locator(".guide li").first).to_be_visible()
    await alice.take("guide")
    await alice.open_page("traffic")
    await alice.page.locator(".entries summary").filter(has_text="view_submission").first.click()
    await alice.wait_for_text("Payload")
    await alice.take("traffic", DESKTOP)
    await alice.close()
