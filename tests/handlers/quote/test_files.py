"""A quote as a PDF, from everywhere a quote is shown."""

import io

from pypdf import PdfReader
from structlog.testing import capture_logs

from bot.use_cases.delivery.worker import deliver_due_notices
from models.account import Account
from tests.handlers.db_snapshot import change
from tests.handlers.quote.quotes import QUOTE_BUTTONS
from tests.handlers.steps import (
    find_newest_message,
    import_quote,
    list_buttons,
    open_modal,
    wait_for_modal_text,
)
from tests.handlers.test_receipts import list_file_names
from tests.world import World


def read_pdf(content: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


async def test_the_pdf_of_a_quote_comes_by_direct_message_from_list_screen_and_message(world: World) -> None:
    """Also in the reader's language, with the dates of the account; a decided one says so."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await import_quote(world, expires="2026-11-20")
    await world.settle()
    await open_modal(alice, "/quotes", "", "quote.list")
    await alice.press("quote.send")
    await wait_for_modal_text(alice, "Quote Q-2041 is on its way")
    await world.settle()
    assert list_file_names(alice.dms) == ["Q-2041.pdf"]
    announced = alice.dms[-2]
    assert "Quote Q-2041" in announced.text
    assert list_buttons(announced) == QUOTE_BUTTONS
    for part in ("Acme SA", "€107.03", "Valid through 20 Nov 2026", "/quotes Q-2041"):
        assert part in read_pdf(world.slack.files[-1].content).replace("\n", " ")

    await open_modal(alice, "/quotes", "Q-2041", "quote.review")
    await alice.press("quote.send")
    await world.settle()
    assert [file.content for file in world.slack.files[:1]] == [world.slack.files[-1].content]

    await benoit.press_in(find_newest_message(benoit.dms, "Q-2041"), "quote.send")
    await benoit.wait_for_modal("quote.sent")
    await world.settle()
    assert "Comment accepter ce devis" in read_pdf(world.slack.files[-1].content).replace("\n", " ")

    await import_quote(
        world, expires="2026-11-20", decided={"status": "rejected", "at": "2026-11-10T09:00:00Z"}
    )
    await world.settle()
    assert (
        list_buttons(announced) == []
        or list_buttons(find_newest_message(alice.dms, "Rejected outside")) == []
    )
    await open_modal(alice, "/quotes", "Q-2041", "quote.review")
    await alice.press("quote.send")
    await world.settle()
    assert "Rejected" in read_pdf(world.slack.files[-1].content)


async def test_a_quote_requested_twice_is_sent_once_and_by_email_if_slack_rejects_the_file(
    world: World,
) -> None:
    alice = world.get_person("alice")
    await import_quote(world, expires="2026-11-20")
    await change(world, Account, "acme", name="Acme \U00030000")
    world.slack.inject_fault("error_500", "files.getUploadURLExternal")
    for _ in range(2):
        await open_modal(alice, "/quotes", "Q-2041", "quote.review")
        await alice.press("quote.send")
        await wait_for_modal_text(alice, "is on its way")
    with capture_logs() as logs:
        for _ in range(12):
            world.clock.move(minutes=5)
            await deliver_due_notices(world.dependencies)
    missing = [entry for entry in logs if entry["event"] == "quote.characters_missing"]
    assert {(entry["quote"], entry["characters"]) for entry in missing} == {("Q-2041", "\U00030000")}
    [mail] = world.slack.mail.messages
    [attached] = mail.attachments
    assert "Q-2041" in mail.text
    assert "/quotes Q-2041" in read_pdf(attached.content).replace("\n", " ")
    assert list_file_names(alice.dms) == []
