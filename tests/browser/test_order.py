"""The main job in the page: from /add-seats to the receipt (R10 to R13, R16)."""

import pytest
from playwright.async_api import expect

from models.administrator import Administrator
from models.quote import Quote
from models.service_order import ServiceOrder
from tests.browser.browser_session import Desk, Office

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STEPS = ("Save cart and review", "Proceed to checkout", "Save and continue", "Place service order")

# Step by step: what Alice and Benoît are shown, and press.
ENGLISH = {
    "person": "alice",
    "cart": "Add seats",
    "meeting": "GoTo Meeting: seats to add",
    "webinar": "GoTo Webinar: seats to add",
    "intro": "Add seats to Acme SA",
    "held": "Currently 25 seats · €14.00 per seat per month · current period ends on 1 Dec 2026",
    "save": "Save cart and review",
    "quote": "Quote SQ-1001",
    "line": "5 new seats: 25 → 30",
    "totals": "Subtotal: €338.88",
    "due": "Total due now: €406.66",
    "recurring": "From your next renewal",
    "proceed": "Proceed to checkout",
    "checkout": "Checkout",
    "administrator": "Administrator",
    "card": "Visa •••• 4242",
    "continue": "Save and continue",
    "order": "Service order",
    "free": "6 new seats left to assign to others.",
    "place": "Place service order",
    "placed": "Service order SO-1001 has been placed.",
    "until": "until 11 Nov 2026, 10:00 (CET) at the latest",
    "receipt": "Receipt R-1001 for service order SO-1001",
    "total": "Total: €406.66",
    "mailed_to": "alice@acme.example",
}
FRENCH = {
    "person": "benoit",
    "cart": "Ajouter des postes",
    "meeting": "GoTo Meeting : postes à ajouter",
    "webinar": "GoTo Webinar : postes à ajouter",
    "intro": "Ajouter des postes au compte Acme SA",
    "held": (
        "Actuellement 25 postes · 14,00 € par poste et par mois · fin de la période en cours le 1 déc. 2026"
    ),
    "save": "Enregistrer et vérifier",
    "quote": "Devis SQ-1001",
    "line": "5 nouveaux postes : 25 → 30",
    "totals": "Sous-total : 338,88 €",
    "due": "Total dû maintenant : 406,66 €",
    "recurring": "À partir du prochain renouvellement",
    "proceed": "Passer au paiement",
    "checkout": "Paiement",
    "administrator": "Administrateur",
    "card": "Visa •••• 4242",
    "continue": "Enregistrer et continuer",
    "order": "Commande de Service",
    "free": "6 nouveaux postes à attribuer à d’autres personnes.",
    "place": "Passer la commande",
    "placed": "La commande de Service SO-1001 est passée.",
    "until": "au plus tard le 11 nov. 2026, 10:00",
    "receipt": "Reçu R-1001 de la commande de Service SO-1001",
    "total": "Total : 406,66 €",
    "mailed_to": "benoit@acme.example",
}


@pytest.mark.parametrize("words", [ENGLISH, FRENCH], ids=["English", "French"])
async def test_the_whole_order(office: Office, words: dict[str, str]) -> None:
    desk = await office.sit(words["person"])
    await desk.say("/add-seats")
    await desk.titled(words["cart"])
    await desk.reads(words["intro"], words["held"])
    await desk.field(words["meeting"]).fill("5")
    await desk.field(words["webinar"]).fill("2")
    await desk.press(words["save"])
    await desk.reads(words["quote"], words["line"], words["totals"], words["due"], words["recurring"])
    await desk.press(words["proceed"])
    await desk.titled(words["checkout"])
    await expect(desk.field(words["administrator"]).first).to_have_value("1")
    await desk.reads(words["card"])
    await desk.press(words["continue"])
    await desk.titled(words["order"])
    await desk.reads("Hugo Petit", words["card"], "1 rue de la Paix", words["free"])
    await desk.press(words["place"])
    await desk.reads(words["placed"], words["until"])
    await desk.close()
    await office.settle()
    await _the_channel_was_told(desk)
    await desk.go("Messages")
    receipt = desk.messages.filter(has_text=words["receipt"]).first
    await desk.reads(words["receipt"], words["total"], within=receipt)
    await desk.go("Mail")
    await desk.reads(words["receipt"], words["mailed_to"], within=desk.page.locator(".letter"))
    letter = desk.page.frame_locator(".letter iframe").locator("body")
    await desk.reads("GoTo Meeting", words["total"], within=letter)
    assert await office.world.seats("acme_meeting") == (30, 30)


async def _the_channel_was_told(desk: Desk) -> None:
    """R25: one status message, in the account's language, without amounts; history below."""
    card = desk.messages.first
    await desk.reads("Commande de Service SO-1001 : Terminée", "5 nouveaux postes", within=card)
    await expect(desk.page.locator("#main")).not_to_contain_text("406")
    await card.locator(".replies").click()
    await desk.reads("Commande passée par", "Traitement commencé", within=desk.thread)
    await desk.thread.get_by_role("button", name="Close the thread").click()


async def test_a_reload_in_mid_order_loses_nothing_that_was_saved(office: Office) -> None:
    """R10: each step is stored as it is saved; only the modal is gone, as in Slack."""
    desk = await office.sit("alice")
    await desk.say("/add-seats meeting 5")
    await desk.press("Save cart and review")
    await desk.reads("Quote SQ-1001")
    await desk.page.reload()
    await expect(desk.modal).to_have_count(0)

    await desk.say("/add-seats")
    await desk.reads("Quote SQ-1001 from this cart is pending")
    await expect(desk.field("GoTo Meeting")).to_have_value("5")
    await desk.press("Continue with SQ-1001")
    await desk.press("Proceed to checkout")
    await desk.field("Administrator").first.select_option("New administrator")
    await desk.fill(
        **{"New administrator’s name": "Zoé Neuve", "New administrator’s email": "zoe@acme.example"}
    )
    await desk.fill(Address_line_2="Bâtiment B")
    await desk.press("Save and continue")
    await desk.reads("Zoé Neuve, zoe@acme.example", "Bâtiment B")
    await desk.page.reload()

    await desk.say("/quotes")
    await desk.press("Approve quote SQ-1001")
    await expect(desk.field("New administrator’s name")).to_have_value("Zoé Neuve")
    await expect(desk.field("Address line 2")).to_have_value("Bâtiment B")
    await desk.press("Save and continue")
    await desk.press("Place service order")
    await desk.reads("Service order SO-1001 has been placed.")
    await desk.page.reload()
    await office.settle()
    await desk.say("/service-orders SO-1001")
    await desk.reads("Completed", "Receipt R-1001", "Zoé Neuve")
    assert len(await office.world.rows(Quote)) == 1
    assert await office.world.rows(Administrator, email="zoe@acme.example")


async def test_back_keeps_what_was_typed(office: Office) -> None:
    """R10: from each step."""
    desk = await office.sit("alice")
    await desk.say("/add-seats")
    await desk.fill(GoTo_Meeting="4")
    await desk.press("Save cart and review")
    await desk.press("Proceed to checkout")
    await desk.fill(Address_line_2="Bâtiment B")
    await desk.press("Save and continue")
    await desk.titled("Service order")
    await desk.press("Back")
    await desk.titled("Checkout")
    await expect(desk.field("Address line 2")).to_have_value("Bâtiment B")
    await desk.fill(City="Lyon")
    await desk.press("Back")
    await desk.titled("Quote")
    await desk.press("Proceed to checkout")
    await expect(desk.field("City")).to_have_value("Lyon")
    await desk.press("Back")
    await desk.titled("Quote")
    await desk.press("Back")
    await desk.titled("Add seats")
    await expect(desk.field("GoTo Meeting")).to_have_value("4")
    await desk.fill(GoTo_Webinar="1")
    await desk.press("Save cart and review")
    await desk.reads("Quote SQ-1002", "GoTo Webinar · 1 new seat: 5 → 6")


async def test_r10_an_address_that_changes_the_tax_is_shown_before_placing(office: Office) -> None:
    desk = await office.sit("alice")
    await desk.say("/add-seats meeting 5")
    await desk.press("Save cart and review")
    await desk.reads("Total due now: €57.64")
    await desk.press("Proceed to checkout")
    await desk.field("Country").select_option("Germany")
    await desk.press("Save and continue")
    await desk.reads("quote SQ-1002 has replaced SQ-1001", "The new total is €48.03.")
    await desk.press("Place service order")
    await desk.reads("Service order SO-1001 has been placed.", "Quote: SQ-1002, total €48.03")


async def test_a_declined_card_and_another_one(office: Office) -> None:
    """R18: told in the channel and directly; tried again from the message."""
    desk = await office.sit("dora", "C02DECLINED")
    await desk.say("/add-seats meeting 2")
    for step in STEPS:
        await desk.press(step)
    await desk.reads("Service order SO-1001 has been placed.")
    await desk.close()
    await office.settle()
    await desk.go("Messages")
    told = desk.messages.filter(has_text="payment declined for GoTo Meeting")
    await desk.reads("These seats weren’t charged or added.", within=told)
    await desk.press("Try again: service order SO-1001", within=told)
    await desk.field("Card to charge").select_option(label="Visa •••• 4242, expires 04/2028")
    await desk.press("Try again")
    await desk.titled("Service order")
    await desk.close()
    await office.settle()
    receipt = desk.messages.filter(has_text="Receipt R-1001 for service order")
    await desk.reads("Total: £19.80", within=receipt)
    await desk.reads("PDF of receipt R-1001", "PDF · ", within=desk.messages.last)
    assert await office.world.seats("declined_meeting") == (12, 12)


async def test_the_order_by_the_keyboard_alone(office: Office) -> None:
    """From the first Tab to the placed order; the focus stays in the modal and returns where it was."""
    desk = await office.sit("alice")
    keyboard, focused = desk.page.keyboard, desk.page.locator(":focus")
    await tab_to(desk, "Message or command", within=False)
    await keyboard.type("/add")
    await expect(desk.page.locator(".suggestions [role=option]")).to_have_count(1)
    await keyboard.press("Tab")
    await keyboard.type("meeting")
    await keyboard.press("Enter")
    await expect(focused).to_have_accessible_name("GoTo Meeting: seats to add (optional)")
    await keyboard.type("5")
    await keyboard.press("Enter")
    for title, button in zip(("Quote", "Checkout", "Service order"), STEPS[1:], strict=True):
        await desk.titled(title)
        await tab_to(desk, button)
        await keyboard.press("Enter")
    await desk.reads("Service order SO-1001 has been placed.")
    await keyboard.press("Escape")
    await expect(desk.modal).to_have_count(0)
    await expect(focused).to_have_accessible_name("Message or command")
    assert (await office.world.row(ServiceOrder)).number == "SO-1001"


async def tab_to(desk: Desk, name: str, *, within: bool = True) -> None:
    """Tab after Tab, never leaving the modal."""
    for _ in range(40):
        await desk.page.keyboard.press("Tab")
        inside = await desk.page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('#modal')"
        )
        assert inside or not within
        focused = desk.page.locator(":focus")
        if await focused.count() and name in (await focused.aria_snapshot()):
            return
    raise AssertionError(f"no Tab leads to {name}")


async def test_the_order_on_a_narrow_phone(office: Office) -> None:
    desk = await office.sit("alice", viewport={"width": 360, "height": 700}, has_touch=True)
    await desk.say("/add-seats")
    await desk.fill(GoTo_Meeting="5", GoTo_Webinar="2")
    for step in STEPS:
        await expect(desk.modal.get_by_role("button", name=step)).to_be_in_viewport()
        await desk.fits()
        await desk.press(step)
    await desk.reads("Service order SO-1001 has been placed.")
    await desk.fits()
    await desk.close()
    await office.settle()
    await desk.reads("Terminée", within=desk.messages.first)
    await desk.fits()
    await desk.messages.first.locator(".replies").click()
    await desk.reads("passée par Alice Martin", within=desk.thread)
    await desk.fits()
