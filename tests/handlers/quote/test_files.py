"""A quote as a PDF, from everywhere a quote is shown."""

import io

from pypdf import PdfReader
from structlog.testing import capture_logs

from bot.use_cases.delivery.worker import deliver_due_notices
from models.account import Account
from tests.handlers.db_snapshot import change
from tests.handlers.quote.quotes import QUOTE_BUTTONS
from tests.handlers.steps import buttons, import_quote, newest, opened, shown
from tests.handlers.test_receipts import files_of
from tests.world import World


def read_pdf(content: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


async def test_the_pdf_of_a_quote_comes_by_direct_message_from_list_screen_and_message(world: World) -> None:
    """Also in the reader's language, with the dates of the account; a decided one says so."""
    alice, benoit = world.person("alice"), world.person("benoit")
    await import_quote(world, expires="2026-11-20")
    await world.settle()
    await opened(alice, "/quotes", "", "quote.list")
    await alice.press("quote.send")
    await shown(alice, "Quote Q-2041 is on its way")
    await world.settle()
    assert files_of(alice.dms) == ["Q-2041.pdf"]
    announced = alice.dms[-2]
    assert "Quote Q-2041" in announced.text
    assert buttons(announced) == QUOTE_BUTTONS
    for part in ("Acme SA", "€107.03", "Valid through 20 Nov 2026", "/quotes Q-2041"):
        assert part in read_pdf(world.slack.files[-1].content).replace("\n", " ")

    await opened(alice, "/quotes", "Q-2041", "quote.review")
    await alice.press("quote.send")
    await world.settle()
    assert [file.content for file in world.slack.files[:1]] == [world.slack.files[-1].content]

    await benoit.press_in(newest(benoit.dms, "Q-2041"), "quote.send")
    await benoit.wait_for_modal("quote.sent")
    await world.settle()
    assert "Comment accepter ce devis" in read_pdf(world.slack.files[-1].content).replace("\n", " ")

    await import_quote(
        world, expires="2026-11-20", decided={"status": "rejected", "at": "2026-11-10T09:00:00Z"}
    )
    await world.settle()
    assert buttons(announced) == [] or buttons(newest(alice.dms, "Rejected outside")) == []
    await opened(alice, "/quotes", "Q-2041", "quote.review")
    await alice.press("quote.send")
    await world.settle()
    assert "Rejected" in read_pdf(world.slack.files[-1].content)


async def test_a_quote_requested_twice_is_sent_once_and_by_email_if_slack_rejects_the_file(
    world: World,
) -> None:
    alice = world.person("alice")
    await import_quote(world, expires="2026-11-20")
    await change(world, Account, "acme", name="Acme \U00030000")
    world.slack.fault("error_500", "files.getUploadURLExternal")
    for _ in range(2):
        await opened(alice, "/quotes", "Q-2041", "quote.review")
        await alice.press("quote.send")
        await shown(alice, "is on its way")
    with capture_logs() as logs:
        for _ in range(12):
            world.clock.move(minutes=5)
            await deliver_due_notices(world.services)
    missing = [entry for entry in logs if entry["event"] == "quote.characters_missing"]
    assert {(entry["quote"], entry["characters"]) for entry in missing} == {("Q-2041", "\U00030000")}
    [mail] = world.slack.mail.messages
    [attached] = mail.attachments
    assert "Q-2041" in mail.text
    assert "/quotes Q-2041" in read_pdf(attached.content).replace("\n", " ")
    assert files_of(alice.dms) == []
