"""From the command to the receipt: an order, and what can happen to one."""

from datetime import timedelta

from playwright.async_api import expect

from docs.screenshots.session import DESKTOP, ScreenshotSession, Studio
from docs.screenshots.story import INVOICE_DUE_AFTER

ACME = "Acme SA"
INVOICE = "EMB-SO-1005-6-1"


async def picture_ordering(studio: Studio) -> None:
    await _picture_order(studio)
    await _picture_order_in_progress(studio)
    await _picture_declined_order(studio)
    await _picture_payment_to_confirm(studio)
    await _picture_order_on_invoice(studio)


async def place_order(person: ScreenshotSession, command: str) -> None:
    """For an account without pending quotes, if checkout knows everything."""
    await person.send_text(command)
    await person.wait_for_title("add-seats")
    await person.press("cart-submit")
    await person.wait_for_title("quote")
    await person.press("quote-submit")
    await person.wait_for_title("service-order")
    await person.press("placement-submit")


async def _picture_order(studio: Studio) -> None:
    """Of somebody who has two accounts, and two pending quotes in one of them."""
    alice = await studio.open_session("U01ALICE", "C01ACME")
    for number in ("Q-2041", "Q-2042"):
        await alice.wait_for("notice-quote-arrived", number=number)
    await alice.take("channel-quotes")
    benoit = await studio.open_session("U02BENOIT", "C01ACME")
    await benoit.send_text("/quotes Q-2042")
    await benoit.wait_for_title("quote")
    await alice.send_text("/add-seats")
    await alice.wait_for_title("cart-choose-title")
    await alice.take("cart.choose")
    await alice.press("cart-choose-label", account=ACME)
    await alice.wait_for_title("pending-quotes")
    await alice.take("cart.warning")
    await alice.press("cart-continue")
    await alice.take("cart.warning-confirm")
    await alice.confirm("cart-continue-yes")
    await alice.wait_for_title("add-seats")
    await alice.fill("GoTo Meeting", "5")
    await alice.fill("GoTo Webinar", "2")
    await alice.take("cart.save")
    await alice.press("cart-submit")
    await alice.wait_for_title("quote")
    await alice.take("quote.review")
    await _picture_late_decision(benoit)
    await alice.press("quote-submit")
    await alice.wait_for_title("service-order")
    await alice.take("service_order.place")
    await alice.press("action-change-address-label")
    await alice.wait_for_title("checkout-title")
    await alice.take("checkout.save")
    await alice.press("checkout-submit")
    await alice.wait_for_title("service-order")
    await alice.press("placement-submit")
    await alice.wait_for_text("R-1001")
    await alice.take("service_order.placed-completed")
    await alice.close_modal()
    await _picture_results(alice)


async def _picture_late_decision(benoit: ScreenshotSession) -> None:
    """On a quote that somebody else has replaced since it was opened."""
    await benoit.press("quote-submit")
    await benoit.wait_for_title("refusal-title")
    await benoit.take("refusal.show")
    await benoit.close()


async def _picture_results(alice: ScreenshotSession) -> None:
    card = alice.messages.filter(has_text="SO-1001").first
    await expect(card.locator(".replies")).to_have_text("6 replies")
    await card.locator(".replies").click()
    await alice.take("channel")
    await alice.page.emulate_media(color_scheme="dark")
    await alice.take("channel-dark", DESKTOP)
    await alice.page.emulate_media(color_scheme="light")
    await alice.open_page("messages")
    await alice.wait_for("notice-receipt-file", kind="receipt", number="R-1001")
    await alice.take("message-receipt")
    await alice.send_text("/service-orders SO-1001")
    await alice.wait_for_title("service-order")
    await alice.take("service_order.show")
    await alice.close_modal()
    await alice.open_page("mail")
    body = alice.page.frame_locator(".email iframe").locator("body")
    await expect(body).to_contain_text(alice.say("receipt-total"))
    await alice.take("mail")
    await alice.close()


async def _picture_order_in_progress(studio: Studio) -> None:
    """At a bank that takes 20 seconds."""
    chloe = await studio.open_session("U04CHLOE", "C03CADENCE")
    await chloe.send_text("/add-seats webinar 2")
    await chloe.wait_for_title("pending-quotes")
    await chloe.press("cart-continue")
    await chloe.confirm("cart-continue-yes")
    await chloe.wait_for_title("add-seats")
    await chloe.press("cart-submit")
    await chloe.wait_for_title("quote")
    await chloe.press("quote-submit")
    await chloe.wait_for_title("service-order")
    await chloe.press("placement-submit")
    await chloe.wait_for_title("placed-title")
    await chloe.take("service_order.placed")
    await chloe.close_modal()
    await chloe.open_page("home")
    await expect(chloe.page.locator(".home")).to_contain_text("SO-1002")
    await chloe.take("home-order")
    await chloe.close()


async def _picture_declined_order(studio: Studio) -> None:
    bram = await studio.open_session("U03BRAM", "C02BOLT")
    await place_order(bram, "/add-seats meeting 2")
    await bram.wait_for("action-retry")
    await bram.take("service_order.show-declined")
    await bram.close_modal()
    declined = bram.messages.filter(has_text=bram.say("action-retry")).first
    await expect(declined).to_be_visible()
    await bram.take("channel-declined")
    await bram.open_page("messages")
    await expect(bram.messages.filter(has_text=bram.say("action-retry")).first).to_be_visible()
    await bram.take("message-declined")
    number = "SO-1003"
    await bram.press("action-cancel-seats-label", within=bram.messages.last, number=number)
    await bram.take("service_order.cancel-confirm")
    await bram.confirm("go-back")
    await bram.press("action-retry-label", within=bram.messages.last, number=number)
    await bram.wait_for_title("action-retry")
    await bram.take("service_order.retry")
    select = bram.modal.locator("select")
    await select.select_option(index=2)
    await bram.press("action-retry")
    await bram.wait_for("action-send-receipt")
    await bram.take("service_order.show-retried")
    await bram.close_modal()
    await bram.take("message-retried")
    await bram.close()


async def _picture_payment_to_confirm(studio: Studio) -> None:
    david = await studio.open_session("U05DAVID", "C04DELTA")
    await place_order(david, "/add-seats training 1")
    await david.wait_for("action-confirm-payment")
    await david.take("service_order.show-confirm")
    await david.close_modal()
    await david.open_page("messages")
    await expect(david.messages.filter(has_text=david.say("action-confirm-payment")).first).to_be_visible()
    await david.take("message-confirm")
    await david.close()


async def _picture_order_on_invoice(studio: Studio) -> None:
    """With an invoice that is never paid."""
    hanna = await studio.open_session("U11HANNA", "C07HOTEL")
    await hanna.send_text("/add-seats training 2")
    await hanna.wait_for_title("add-seats")
    await hanna.press("cart-submit")
    await hanna.wait_for_title("quote")
    await hanna.take("quote.review-invoice")
    await hanna.press("quote-submit")
    await hanna.wait_for_title("service-order")
    await hanna.take("service_order.place-invoice")
    await hanna.press("action-change-method-label")
    await hanna.wait_for_title("checkout-title")
    await hanna.take("checkout.save-invoice")
    await hanna.press("checkout-submit")
    await hanna.wait_for_title("service-order")
    await hanna.press("placement-submit")
    await hanna.wait_for_title("placed-title")
    await hanna.take("service_order.placed-invoice")
    studio.clock.skip(timedelta(seconds=15))
    await hanna.close_modal()
    await hanna.open_page("messages")
    await expect(hanna.messages.filter(has_text=INVOICE).first).to_be_visible()
    await hanna.take("message-invoice")
    await hanna.send_text("/service-orders SO-1005")
    await hanna.wait_for_title("service-order")
    await hanna.take("service_order.show-invoice")
    await hanna.press("action-open-invoice-label", number=INVOICE)
    await hanna.wait_for("action-pay-invoice")
    await hanna.take("invoice.open")
    await hanna.close_modal()
    await hanna.close()


async def picture_overdue_invoice(studio: Studio) -> None:
    """The bot looks at an invoice twice a minute: once the day on which it was due is over."""
    studio.clock.skip(INVOICE_DUE_AFTER + timedelta(days=1))
    hanna = await studio.open_session("U11HANNA", "messages")
    await hanna.wait_for("notice-invoice", status="overdue", number=INVOICE, order="SO-1005")
    await hanna.take("message-invoice-overdue")
    await hanna.open_page("C07HOTEL")
    await hanna.take("channel-invoice")
    await hanna.close()
