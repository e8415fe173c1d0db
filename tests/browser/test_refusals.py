"""What the page shows to those who cannot add seats, and at fields that are wrong (R1 to R5, R14)."""

import pytest
from playwright.async_api import expect

from tests.browser.browser_session import CHANNEL, BrowserSessions
from tests.handlers.db_snapshot import load_all_rows
from tests.handlers.steps import import_quote

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NEUTRAL_REFUSAL = (
    "This isn’t available to you. If you need seats or billing information, ask a full member of this"
    " workspace."
)


async def test_a_link_to_add_a_card_is_shown_without_one(sessions: BrowserSessions) -> None:
    """R3, in French."""
    session = await sessions.open_session("noe", "messages")
    await session.type_message("/add-seats")
    await session.expect_title("Ajout impossible")
    await session.expect_text("doit avoir par défaut un mode de paiement valide")
    await expect(session.modal.get_by_role("button", name="Services des comptes Corporate")).to_be_visible()
    await session.press("Gérer les modes de paiement")
    await session.expect_text("GoTo Admin devient votre portail de facturation par défaut")


@pytest.mark.long
async def test_an_account_without_self_service_is_refused_with_the_reason(sessions: BrowserSessions) -> None:
    """R4. A card would not help, so none is asked for."""
    session = await sessions.open_session("ida", "C05INELIGIBLE")
    await session.type_message("/add-seats")
    await session.expect_text(
        "Your contract is managed by Account Services.", "Rescue is sold by contract only."
    )
    await expect(session.modal).not_to_contain_text("credit or debit card")
    async with session.page.context.expect_page() as opened:
        await session.press("Contact Account Services")
    assert (await opened.value).url == "https://support.goto.com/corporate-account-services"


@pytest.mark.long
async def test_r2_a_product_that_takes_no_more_seats_is_shown_and_not_selectable(
    sessions: BrowserSessions,
) -> None:
    session = await sessions.open_session("alice")
    await session.type_message("/add-seats")
    await session.expect_text("Rescue · currently 3 seats", "Rescue is sold by contract only.")
    await expect(session.modal.get_by_label("seats to add")).to_have_count(2)


@pytest.mark.long
async def test_r1_a_member_without_the_role_is_named_the_contacts_in_private(
    sessions: BrowserSessions,
) -> None:
    nora, alice = await sessions.open_session("nobody"), await sessions.open_session("alice")
    await nora.type_message("/add-seats meeting 5")
    await nora.expect_private_message("Ask one of them: Alice Martin and Benoît Roche.")
    await nora.open_place("general")
    await nora.type_message("/quotes")
    await nora.expect_private_message("Ask Account Services who they are.")
    await nora.open_place("Home")
    await nora.expect_text("You aren’t registered as a billing contact", within=nora.page.locator(".home"))
    await expect(alice.messages).to_have_count(0)


async def test_r5_a_guest_learns_nothing(sessions: BrowserSessions) -> None:
    await import_quote(sessions.world)
    session = await sessions.open_session("guest")
    for command in ("/add-seats", "/quotes Q-2041", "/service-orders", "/billing"):
        await session.type_message(command)
        await session.expect_private_message(NEUTRAL_REFUSAL)
    await expect(session.messages.filter(has_text=NEUTRAL_REFUSAL)).to_have_count(4)
    await session.open_place("Home")
    await expect(session.page.locator(".home")).not_to_contain_text("Acme")


@pytest.mark.long
async def test_a_stranger_of_another_workspace_gets_one_private_line(sessions: BrowserSessions) -> None:
    """R5: Olga, with Alice's address, in the shared channel. R22: in English, as Slack gives no language."""
    await import_quote(sessions.world)
    await sessions.settle()
    session, alice = await sessions.open_session("olga"), await sessions.open_session("alice")
    before = await load_all_rows(sessions.world)
    card = session.messages.filter(has_text="Q-2041")
    await session.press("Approuver le devis Q-2041", within=card)
    await session.expect_private_message(NEUTRAL_REFUSAL)
    await expect(alice.messages).to_have_count(1)
    assert await load_all_rows(sessions.world) == before


async def test_invalid_numbers_are_reported_at_their_fields(sessions: BrowserSessions) -> None:
    """By Slack's client at once, and by the bot where only it can know."""
    meeting, webinar = "GoTo Meeting", "GoTo Webinar"
    session = await sessions.open_session("alice")
    await session.type_message("/add-seats")
    for typed, said in {
        "five": "Please enter a valid number.",
        "1001": "Please enter a number that is at most 1000.",
        "2.5": "Please enter a whole number.",
    }.items():
        await session.find_field(webinar).fill(typed)
        await session.press("Save cart and review")
        await session.expect_field_error(webinar, said)
        await expect(session.find_field(webinar)).to_be_focused()
    await session.find_field(webinar).fill("0")
    await session.press("Save cart and review")
    await session.expect_field_error(meeting, "Enter how many seats to add for at least one subscription.")
    await session.find_field(webinar).fill("3")
    await session.press("Save cart and review")
    await session.expect_text("Quote SQ-1001", "3 new seats: 5 → 8")


@pytest.mark.long
async def test_r11_a_new_administrator_needs_a_name_and_an_address(sessions: BrowserSessions) -> None:
    """R11, in French."""
    session = await sessions.open_session("benoit")
    await session.type_message("/add-seats meeting 1")
    await session.press("Enregistrer et examiner")
    await session.press("Passer au paiement")
    await session.press("Modifier l’adresse de facturation")
    administrator = session.modal.get_by_role("combobox", name="Contact administrateur")
    await administrator.select_option("Nouvel administrateur")
    await session.find_field("E-mail du nouvel administrateur").fill("zoe@nowhere")
    await session.find_field("Ville").fill("")
    await session.press("Enregistrer et continuer")
    await session.expect_field_error("Ville", "Please complete this required field.")
    await session.find_field("Ville").fill("Lyon")
    await session.find_field("E-mail du nouvel administrateur").fill("zoe@acme.example")
    await session.press("Enregistrer et continuer")
    await session.expect_field_error("Nom du nouvel administrateur", "Please complete this required field.")
    await session.find_field("Nom du nouvel administrateur").fill("Zoé Neuve")
    await session.press("Enregistrer et continuer")
    await session.expect_text("Zoé Neuve, zoe@acme.example", "Lyon")


@pytest.mark.long
async def test_command_text_that_is_not_understood_is_answered(sessions: BrowserSessions) -> None:
    session = await sessions.open_session("alice", CHANNEL)
    for command, answer in {
        "/add-seats rescue 2": "Rescue is sold by contract only.",
        "/quotes Q-9": "We can’t find quote Q-9.",
        "/service-orders SO-9": "We can’t find service order SO-9.",
        "/billing cards": "“cards” isn’t an option of /billing.",
        "/add-seats help": "/add-seats webinar 5 starts with 5 new seats of GoTo Webinar",
        "/nonsense": "/nonsense is not a valid command.",
    }.items():
        await session.type_message(command)
        await session.expect_private_message(answer)
