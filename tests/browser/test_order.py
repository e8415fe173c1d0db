"""The main job in the page: from /add-seats to the receipt (R10 to R13, R16)."""

import pytest
from playwright.async_api import expect

from models.account.administrator import Administrator
from models.quote import Quote
from models.service_order import ServiceOrder
from tests.browser.browser_session import BrowserSession, BrowserSessions

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STEPS = ("Save cart and review", "Proceed to checkout", "Place service order")

# Step by step: what Alice and Benoît are shown, and press.
ENGLISH = {
    "person": "alice",
    "cart": "Add seats",
    "meeting": "GoTo Meeting: seats to add",
    "webinar": "GoTo Webinar: seats to add",
    "intro": "Add seats to Acme SA",
    "held": "Currently 25 seats · €14.00 per seat per month · current period runs through 30 Nov 2026",
    "save": "Save cart and review",
    "quote": "Quote SQ-1001",
    "line": "5 new seats: 25 → 30",
    "dates": "prorated for 10–30 Nov",
    "totals": "Subtotal",
    "subtotal": "€338.88",
    "due": "Total due now",
    "recurring": "From your next renewal",
    "proceed": "Proceed to checkout",
    "card": "Visa •••• 4242",
    "order": "Service order",
    "free": "6 new seats left to assign to others.",
    "place": "Place service order",
    "placed": "Service order SO-1001 has been placed.",
    "until": "until 11 Nov 2026, 10:00 (CET) at the latest",
    "receipt": "Receipt R-1001 for service order SO-1001",
    "total": "Total: €406.66",
    "sum": "€406.66",
    "mailed_to": "alice@acme.example",
}
FRENCH = {
    "person": "benoit",
    "cart": "Ajouter des postes",
    "meeting": "GoTo Meeting : postes à ajouter",
    "webinar": "GoTo Webinar : postes à ajouter",
    "intro": "Ajouter des postes au compte Acme SA",
    "held": (
        "Actuellement 25 postes · 14,00 € par poste et par mois"
        " · période en cours jusqu’au 30 nov. 2026 inclus"
    ),
    "save": "Enregistrer et examiner",
    "quote": "Devis SQ-1001",
    "line": "5 nouveaux postes : 25 → 30",
    "dates": "au prorata (10–30 nov.)",
    "totals": "Sous-total",
    "subtotal": "338,88 €",
    "due": "Total dû maintenant",
    "recurring": "À partir du prochain renouvellement",
    "proceed": "Passer au paiement",
    "card": "Visa •••• 4242",
    "order": "Commande de Service",
    "free": "6 nouveaux postes à attribuer à d’autres personnes.",
    "place": "Passer la commande",
    "placed": "La commande de Service SO-1001 est passée.",
    "until": "au plus tard le 11 nov. 2026, 10:00",
    "receipt": "Reçu R-1001 de la commande de Service SO-1001",
    "total": "Total : 406,66 €",
    "sum": "406,66 €",
    "mailed_to": "benoit@acme.example",
}


@pytest.mark.parametrize(
    "words", [pytest.param(ENGLISH, marks=pytest.mark.long), FRENCH], ids=["English", "French"]
)
async def test_the_whole_order(sessions: BrowserSessions, words: dict[str, str]) -> None:
    session = await sessions.open_session(words["person"])
    await session.type_message("/add-seats")
    await session.expect_title(words["cart"])
    await session.expect_text(words["intro"], words["held"])
    await session.find_field(words["meeting"]).fill("5")
    await session.find_field(words["webinar"]).fill("2")
    await session.press(words["save"])
    await session.expect_text(
        *(words[name] for name in ("quote", "line", "dates", "totals", "subtotal", "due", "recurring"))
    )
    await session.press(words["proceed"])
    await session.expect_title(words["order"])
    await session.expect_text("Hugo Petit", words["card"], "1 rue de la Paix", words["free"])
    await session.press(words["place"])
    await session.expect_text(words["placed"], words["until"])
    await session.close()
    await sessions.settle()
    await _check_channel_messages(session)
    await session.open_place("Messages")
    receipt = session.messages.filter(has_text=words["receipt"]).first
    await session.expect_text(words["receipt"], words["sum"], within=receipt)
    await session.open_place("Mail")
    await session.expect_text(words["receipt"], words["mailed_to"], within=session.page.locator(".email"))
    email = session.page.frame_locator(".email iframe").locator("body")
    await session.expect_text("GoTo Meeting", words["total"], within=email)
    await session.open_place("Traffic")
    await expect(session.page.locator(".entries")).to_contain_text("views.open")
    await expect(session.page.locator(".entries .failed")).to_have_count(0)
    assert await sessions.world.load_seats("acme_meeting") == (30, 30)


async def _check_channel_messages(session: BrowserSession) -> None:
    """R25: one status message, in the account's language, without amounts; history below."""
    card = session.messages.first
    await session.expect_text("Commande de Service SO-1001 : Terminée", "5 nouveaux postes", within=card)
    await expect(session.page.locator("#main")).not_to_contain_text("406")
    await card.locator(".replies").click()
    await session.expect_text("Commande passée par", "Traitement commencé", within=session.thread)
    await session.thread.get_by_role("button", name="Close the thread").click()


async def test_a_reload_in_mid_order_loses_nothing_that_was_saved(sessions: BrowserSessions) -> None:
    """R10: each step is stored as it is saved; only the modal is gone, as in Slack."""
    session = await sessions.open_session("alice")
    await session.type_message("/add-seats meeting 5")
    await session.press("Save cart and review")
    await session.expect_text("Quote SQ-1001")
    await session.page.reload()
    await expect(session.modal).to_have_count(0)

    await session.type_message("/add-seats")
    await session.expect_text("Quote SQ-1001 from this cart is pending")
    await expect(session.find_field("GoTo Meeting")).to_have_value("5")
    await session.press("Continue with SQ-1001")
    await session.press("Proceed to checkout")
    await session.press("Change the billing address")
    await session.modal.get_by_role("combobox", name="Admin contact").select_option("New administrator")
    await session.fill(
        **{"New administrator’s name": "Zoé Neuve", "New administrator’s email": "zoe@acme.example"}
    )
    await session.fill(Address_line_2="Bâtiment B")
    await session.press("Save and continue")
    await session.expect_text("Zoé Neuve, zoe@acme.example", "Bâtiment B")
    await session.page.reload()

    await session.type_message("/quotes")
    await session.press("Approve quote SQ-1001")
    await session.expect_text("Zoé Neuve, zoe@acme.example", "Bâtiment B")
    await session.press("Place service order")
    await session.expect_text("Service order SO-1001 has been placed.")
    await session.page.reload()
    await sessions.settle()
    await session.type_message("/service-orders SO-1001")
    await session.expect_text("Completed", "Receipt R-1001", "Zoé Neuve")
    assert len(await sessions.world.load_rows(Quote)) == 1
    assert await sessions.world.load_rows(Administrator, email="zoe@acme.example")


async def test_back_keeps_what_was_typed(sessions: BrowserSessions) -> None:
    """R10: from each step."""
    session = await sessions.open_session("alice")
    await session.type_message("/add-seats")
    await session.fill(GoTo_Meeting="4")
    await session.press("Save cart and review")
    await session.press("Proceed to checkout")
    await session.expect_title("Service order")
    await session.press("Back")
    await session.expect_title("Quote")
    await session.press("Proceed to checkout")
    await session.press("Change the billing address")
    await session.fill(Address_line_2="Bâtiment B")
    await session.press("Save and continue")
    await session.expect_title("Service order")
    await session.press("Back")
    await session.expect_title("Checkout")
    await session.press("Change the billing address")
    await expect(session.find_field("Address line 2")).to_have_value("Bâtiment B")
    await session.fill(City="Lyon")
    await session.press("Back")
    await session.expect_title("Quote")
    await session.press("Proceed to checkout")
    await session.press("Change the billing address")
    await expect(session.find_field("City")).to_have_value("Lyon")
    await session.press("Back")
    await session.expect_title("Quote")
    await session.press("Back")
    await session.expect_title("Add seats")
    await expect(session.find_field("GoTo Meeting")).to_have_value("4")
    await session.fill(GoTo_Webinar="1")
    await session.press("Save cart and review")
    await session.expect_text("Quote SQ-1002", "GoTo Webinar · 1 new seat: 5 → 6")


@pytest.mark.long
async def test_r10_an_address_that_changes_the_tax_is_shown_before_placing(sessions: BrowserSessions) -> None:
    session = await sessions.open_session("alice")
    await session.type_message("/add-seats meeting 5")
    await session.press("Save cart and review")
    await session.expect_text("Total due now", "€57.64")
    await session.press("Proceed to checkout")
    await session.press("Change the billing address")
    await session.find_field("Country").select_option("Germany")
    await session.press("Save and continue")
    await session.expect_text("quote SQ-1002 has replaced SQ-1001", "The new total is €48.03.")
    await session.press("Place service order")
    await session.expect_text("Service order SO-1001 has been placed.", "Quote: SQ-1002", "€48.03")


async def test_a_declined_card_and_another_one(sessions: BrowserSessions) -> None:
    """R18: told in the channel and directly; tried again from the message."""
    session = await sessions.open_session("dora", "C02DECLINED")
    await session.type_message("/add-seats meeting 2")
    for step in STEPS:
        await session.press(step)
    await session.expect_text("Service order SO-1001 has been placed.")
    await session.close()
    await sessions.settle()
    await session.open_place("Messages")
    declined_message = session.messages.filter(has_text="payment declined for GoTo Meeting")
    await session.expect_text("These seats weren’t billed or added.", within=declined_message)
    await session.press("Try again: service order SO-1001", within=declined_message)
    await session.find_field("Payment method to charge").select_option(
        label="Visa •••• 4242, expires 04/2028"
    )
    await session.press("Try again")
    await session.expect_title("Service order")
    await session.close()
    await sessions.settle()
    receipt = session.messages.filter(has_text="Receipt R-1001 for service order")
    await session.expect_text("£19.80", within=receipt)
    await session.expect_text("PDF of receipt R-1001", "PDF · ", within=session.messages.last)
    assert await sessions.world.load_seats("declined_meeting") == (12, 12)


async def test_the_order_by_the_keyboard_alone(sessions: BrowserSessions) -> None:
    """From the first Tab to the placed order; the focus stays in the modal and returns where it was."""
    session = await sessions.open_session("alice")
    keyboard, focused = session.page.keyboard, session.page.locator(":focus")
    await tab_to(session, "Message or command", within=False)
    await keyboard.type("/add")
    await expect(session.page.locator(".suggestions [role=option]")).to_have_count(1)
    await keyboard.press("Tab")
    await keyboard.type("meeting")
    await keyboard.press("Enter")
    await expect(focused).to_have_accessible_name("GoTo Meeting: seats to add (optional)")
    await keyboard.type("5")
    await keyboard.press("Enter")
    for title, button in zip(("Quote", "Service order"), STEPS[1:], strict=True):
        await session.expect_title(title)
        await tab_to(session, button)
        await keyboard.press("Enter")
    await session.expect_text("Service order SO-1001 has been placed.")
    await keyboard.press("Escape")
    await expect(session.modal).to_have_count(0)
    await expect(focused).to_have_accessible_name("Message or command")
    assert (await sessions.world.load_row(ServiceOrder)).number == "SO-1001"


async def tab_to(session: BrowserSession, name: str, *, within: bool = True) -> None:
    """Tab after Tab, never leaving the modal."""
    for _ in range(40):
        await session.page.keyboard.press("Tab")
        inside = await session.page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('#modal')"
        )
        assert inside or not within
        focused = session.page.locator(":focus")
        if await focused.count() and name in (await focused.aria_snapshot()):
            return
    raise AssertionError(f"no Tab leads to {name}")


async def test_the_order_on_a_narrow_phone(sessions: BrowserSessions) -> None:
    session = await sessions.open_session("alice", viewport={"width": 360, "height": 700}, has_touch=True)
    await session.type_message("/add-seats")
    await session.fill(GoTo_Meeting="5", GoTo_Webinar="2")
    for step in STEPS:
        await expect(session.modal.get_by_role("button", name=step)).to_be_in_viewport()
        await session.expect_no_overflow()
        await session.press(step)
    await session.expect_text("Service order SO-1001 has been placed.")
    await session.expect_no_overflow()
    await session.close()
    await sessions.settle()
    await session.expect_text("Terminée", within=session.messages.first)
    await session.expect_no_overflow()
    await session.messages.first.locator(".replies").click()
    await session.expect_text("passée par Alice Martin", within=session.thread)
    await session.expect_no_overflow()
