"""Quotes made elsewhere: deciding them, and asking for more time."""

from docs.screenshots.session import Studio

QUOTE = "Q-2050"
REASONS = {"en": "The budget is approved on Monday.", "fr": "Le budget sera approuvé lundi."}


async def picture_quotes(studio: Studio) -> None:
    """Before the account's contact orders anything, which replaces the quote."""
    chloe = await studio.open_session("U04CHLOE", "messages")
    await chloe.wait_for("notice-quote-arrived", number=QUOTE)
    await chloe.take("message-quote")
    await chloe.open_page("C03CADENCE")
    await chloe.send_text("/quotes")
    await chloe.wait_for_title("pending-quotes")
    await chloe.take("quote.list")
    await chloe.press("action-reject-quote-label", number=QUOTE)
    await chloe.wait_for_title("quote-reject-title")
    await chloe.take("quote.reject")
    await chloe.press("back")
    await chloe.wait_for_title("quote")
    await chloe.take("quote.review-elsewhere")
    await chloe.press("action-send-quote-label", number=QUOTE)
    await chloe.wait_for("quote-sent-success", number=QUOTE)
    await chloe.take("quote.sent")
    await chloe.press("back")
    await chloe.press("action-ask-for-extension-label", number=QUOTE)
    await chloe.wait_for_title("action-ask-for-extension")
    await chloe.take("quote_extension.request")
    await chloe.modal.locator("textarea").fill(REASONS[studio.localizer.language])
    await chloe.press("extension-request-submit")
    await chloe.wait_for_title("quote")
    await chloe.take("quote.review-extension")
    await chloe.close_modal()
    services = await studio.open_session("U08GRACE", "C00GENERAL")
    await services.wait_for("action-approve-extension")
    await services.take("message-extension")
    await services.press("action-decline-extension-label", within=services.messages.last, number=QUOTE)
    await services.wait_for_title("extension-decline-title")
    await services.take("quote_extension.decline")
    await services.close_modal()
    await services.press("action-approve-extension-label", within=services.messages.last, number=QUOTE)
    await services.wait_for_title("extension-approve-title")
    await services.take("quote_extension.approve")
    await services.press("extension-approve-submit")
    await services.wait_for_title("extension-title")
    await services.take("quote_extension.show")
    await services.close()
    await chloe.close()
