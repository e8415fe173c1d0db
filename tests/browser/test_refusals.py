"""What the page shows to those who cannot add seats, and at fields that are wrong (R1 to R5, R14)."""

import pytest
from playwright.async_api import expect

from tests.browser.browser_session import CHANNEL, Office
from tests.handlers.db_snapshot import stored
from tests.handlers.steps import import_quote

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NEUTRAL = "This isn’t available to you."


async def test_a_link_to_add_a_card_is_shown_without_one(office: Office) -> None:
    """R3, in French."""
    desk = await office.sit("noe", "messages")
    await desk.say("/add-seats")
    await desk.titled("Ajout impossible")
    await desk.reads("une carte de crédit ou de débit valide comme mode de paiement automatique par défaut")
    await expect(desk.modal.get_by_role("button", name="Services des comptes Corporate")).to_be_visible()
    await desk.press("Gérer les modes de paiement")
    await desk.reads("GoTo Admin devient votre portail de facturation par défaut")


async def test_an_account_without_self_service_is_refused_with_the_reason(office: Office) -> None:
    """R4, and all the rest that stands in the way."""
    desk = await office.sit("ida", "C05INELIGIBLE")
    await desk.say("/add-seats")
    await desk.reads(
        "Your contract is managed by Account Services.",
        "the account needs a valid credit or debit card",
        "You can’t add seats to any of Ineligible AG’s subscriptions here.",
    )
    async with desk.page.context.expect_page() as opened:
        await desk.press("Contact Account Services")
    assert (await opened.value).url == "https://support.goto.com/corporate-account-services"


async def test_r2_a_product_that_takes_no_more_seats_is_shown_and_not_selectable(office: Office) -> None:
    desk = await office.sit("alice")
    await desk.say("/add-seats")
    await desk.reads("Rescue · currently 3 seats", "Seats of Rescue are sold by Account Services.")
    await expect(desk.modal.get_by_label("seats to add")).to_have_count(2)


async def test_r1_a_member_without_the_role_is_named_the_contacts_in_private(office: Office) -> None:
    nora, alice = await office.sit("nobody"), await office.sit("alice")
    await nora.say("/add-seats meeting 5")
    await nora.told("Ask one of them: Alice Martin and Benoît Roche.")
    await nora.go("general")
    await nora.say("/quotes")
    await nora.told("Ask Account Services who they are.")
    await nora.go("Home")
    await nora.reads("You aren’t registered as a billing contact", within=nora.page.locator(".home"))
    await expect(alice.messages).to_have_count(0)


async def test_r5_a_guest_learns_nothing(office: Office) -> None:
    await import_quote(office.world)
    desk = await office.sit("guest")
    for command in ("/add-seats", "/quotes Q-2041", "/service-orders", "/billing"):
        await desk.say(command)
        await desk.told(NEUTRAL)
    await expect(desk.messages.filter(has_text=NEUTRAL)).to_have_count(4)
    await desk.go("Home")
    await expect(desk.page.locator(".home")).not_to_contain_text("Acme")


async def test_a_stranger_of_another_workspace_gets_one_private_line(office: Office) -> None:
    """R5: Olga, with Alice's address, in the shared channel, in the language of its account."""
    await import_quote(office.world)
    await office.settle()
    desk, alice = await office.sit("olga"), await office.sit("alice")
    before = await stored(office.world)
    card = desk.messages.filter(has_text="Q-2041")
    await desk.press("Approuver le devis Q-2041", within=card)
    await desk.told("Vous n’y avez pas accès.")
    await expect(alice.messages).to_have_count(1)
    assert await stored(office.world) == before


async def test_invalid_numbers_are_reported_at_their_fields(office: Office) -> None:
    """By Slack's client at once, and by the bot where only it can know."""
    meeting, webinar = "GoTo Meeting", "GoTo Webinar"
    desk = await office.sit("alice")
    await desk.say("/add-seats")
    for typed, said in {
        "five": "Please enter a valid number.",
        "1001": "Please enter a number that is at most 1000.",
        "2.5": "Please enter a whole number.",
    }.items():
        await desk.field(webinar).fill(typed)
        await desk.press("Save cart and review")
        await desk.wrong(webinar, said)
        await expect(desk.field(webinar)).to_be_focused()
    await desk.field(webinar).fill("0")
    await desk.press("Save cart and review")
    await desk.wrong(meeting, "Enter how many seats to add for at least one subscription.")
    await desk.field(webinar).fill("3")
    await desk.press("Save cart and review")
    await desk.reads("Quote SQ-1001", "3 new seats: 5 → 8")


async def test_r11_a_new_administrator_needs_a_name_and_an_address(office: Office) -> None:
    """R11, in French."""
    desk = await office.sit("benoit")
    await desk.say("/add-seats meeting 1")
    await desk.press("Enregistrer et vérifier")
    await desk.press("Passer au paiement")
    await desk.field("Administrateur").first.select_option("Nouvel administrateur")
    await desk.field("E-mail du nouvel administrateur").fill("zoe@nowhere")
    await desk.field("Ville").fill("")
    await desk.press("Enregistrer et continuer")
    await desk.wrong("Ville", "Please complete this required field.")
    await desk.field("Ville").fill("Lyon")
    await desk.field("E-mail du nouvel administrateur").fill("zoe@acme.example")
    await desk.press("Enregistrer et continuer")
    await desk.wrong("Nom du nouvel administrateur", "Remplissez ce champ.")
    await desk.field("Nom du nouvel administrateur").fill("Zoé Neuve")
    await desk.press("Enregistrer et continuer")
    await desk.reads("Zoé Neuve, zoe@acme.example", "Lyon")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/add-seats zoom 5", "You don’t have a subscription to “zoom” here."),
        ("/add-seats rescue 2", "Seats of Rescue are sold by Account Services."),
        ("/quotes Q-9", "We can’t find quote Q-9."),
        ("/service-orders SO-9", "We can’t find service order SO-9."),
        ("/billing cards", "/billing doesn’t know “cards”."),
        ("/add-seats help", "/add-seats webinar 5 starts with 5 new seats of GoTo Webinar"),
        ("/nonsense", "/nonsense is not a valid command."),
    ],
)
async def test_command_text_that_is_not_understood_is_answered(
    office: Office, command: str, said: str
) -> None:
    desk = await office.sit("alice", CHANNEL)
    await desk.say(command)
    await desk.told(said)
