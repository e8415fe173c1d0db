"""Receipts through the whole program: where the PDF is sent, and how it is found later (R13, R25)."""

import io

import pytest
from pypdf import PdfReader
from structlog.testing import capture_logs

from bot.use_cases.operations.doctor import run_checks
from models.account import Account
from models.notice import Notice
from models.payment_method import PaymentMethod
from models.product import Product
from models.receipt import Receipt
from sandbox.driver import Person, PostedMessage
from tests.handlers.db_snapshot import add, change, show_button
from tests.handlers.steps import import_account, import_quote, open_modal, wait_for_modal_text
from tests.models.examples import make_order, make_quote, make_receipt
from tests.world import World
from tests.world import world as new_world


async def buy_seats(world: World, name: str = "alice", **seats: int) -> Person:
    person = world.get_person(name)
    await world.place_order(person, **(seats or {"acme_meeting": 5}))
    await world.settle()
    await person.close_modal(everything=True)
    return person


def list_file_names(messages: list[PostedMessage]) -> list[str]:
    return [file.name for message in messages for file in message.files]


def extract_pdf_text(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


async def test_a_receipt_is_mailed_to_an_international_domain_and_a_name_injects_no_header(
    world: World,
) -> None:
    """The account's name is one that an old mail library would decode into a line of its own."""
    await import_account(
        world,
        "acme",
        name="=?UTF-8?Q?=0A?=Bcc: injected@acme.example",
        billing_contacts=[
            {"email": "alice@bücher.example", "name": "=?UTF-8?Q?=0A?=Cc: x", "slack_user": "U01ALICE"}
        ],
    )
    await buy_seats(world)
    [mail] = [mail for mail in world.slack.mail.messages if mail.attachments]
    assert mail.recipients == ["alice@xn--bcher-kva.example"]
    assert not {"Bcc", "Cc"} & mail.headers.keys()
    assert not any("injected@acme.example" in mail.recipients for mail in world.slack.mail.messages)


@pytest.mark.parametrize("amounts", [False, True], ids=["no amounts", "amounts"])
async def test_the_pdf_comes_by_direct_message_and_by_mail_and_never_to_the_channel(
    amounts: bool, world: World
) -> None:
    """R13, R25; R1: who is in a channel may not be a contact, and a receipt has an address and a card."""
    await change(world, Account, "acme", channel_amounts=amounts)
    alice = await buy_seats(world)
    assert list_file_names(alice.dms) == ["R-1001.pdf"]
    [file] = world.slack.files
    [mail] = world.slack.mail.messages
    [attached] = mail.attachments
    for pdf in (file.content, attached.content):
        assert "€57.64" in extract_pdf_text(pdf)
        assert "GoTo Corporate Account Services" in extract_pdf_text(pdf)
    assert "Your receipt is attached as a PDF." in mail.text
    assert "Your receipt is attached as a PDF." in mail.html
    channel = world.list_messages("C01BILLING")
    thread = [reply for message in channel for reply in message.thread]
    assert list_file_names([*channel, *thread]) == []
    assert any("/billing reçus" in message.text for message in [*channel, *thread])
    assert world.slack.refusals == []


async def test_without_a_mail_server_nothing_promises_or_reports_an_email() -> None:
    async with new_world(smtp_url=None) as world:
        alice = world.get_person("alice")
        assert (
            "confirmation with the receipt by direct message."
            in (await world.reach_placement(alice, acme_meeting=5)).text
        )
        await alice.submit()
        placed = await alice.wait_for_modal("service_order.show")
        placed_text = placed.text
        await world.settle()
        assert "send the receipt by direct message to Alice Martin." in placed_text
        assert "email" not in placed_text
        channel = world.list_messages("C01BILLING")
        words = [message.text for parent in channel for message in [parent, *parent.thread]]
        assert any("au contact de facturation par message direct. Les contacts" in text for text in words)
        assert not any("e-mail" in text for text in words)
        await open_modal(alice, "/billing", "receipts", "receipt.list")
        await alice.press("receipt.send")
        sent = await alice.wait_for_modal("receipt.sent")
        assert "You’ll get a direct message with the PDF in a moment." in sent.text
        assert "email" not in sent.text
        await import_quote(world, expires="2026-11-20")
        await open_modal(alice, "/quotes", "", "quote.list")
        await alice.press("quote.send")
        assert "email" not in (await alice.wait_for_modal("quote.sent")).text


async def test_characters_that_no_font_has_are_logged_and_doctor_names_them(world: World) -> None:
    await change(world, Account, "acme", name="Acme \U00030000")
    with capture_logs() as logs:
        alice = await buy_seats(world)
    missing = [entry for entry in logs if entry["event"] == "receipt.characters_missing"]
    assert {(entry["receipt"], entry["characters"]) for entry in missing} == {("R-1001", "\U00030000")}
    assert list_file_names(alice.dms) == ["R-1001.pdf"]
    [mail] = [mail for mail in world.slack.mail.messages if mail.attachments]
    assert "Acme \U00030000" in mail.text, "what the PDF shows as a box"
    [found] = [found for found in await run_checks(world.dependencies, set()) if found.name == "receipts"]
    assert found.passed is False
    assert found.message == "R-1001 lacks \U00030000: install fonts (docs/operate.md)"


async def test_an_old_receipt_is_found_and_sent_again(world: World) -> None:
    alice = await buy_seats(world)
    await alice.open_home()
    await world.settle()
    billing = await open_modal(alice, "/billing", "", "account.overview")
    for screen in (str(alice.home and alice.home.text), billing.text):
        text = screen.replace("*", "")
        assert "Ordered here in the last 6 months, including tax: €57.64" in text
        assert "Nov 2026: €57.64 (GoTo Meeting €57.64)" in text
    receipts = await open_modal(alice, "/billing", "receipts", "receipt.list")
    assert "R-1001 · 10 Nov 2026 · €57.64 · service order SO-1001" in receipts.text
    await alice.press("receipt.send")
    await wait_for_modal_text(alice, "Receipt R-1001 is on its way.")
    await world.settle()
    assert list_file_names(alice.dms) == ["R-1001.pdf"] * 2
    first, second = world.slack.files
    assert first.content == second.content, "the same receipt is the same bytes"
    assert len(world.slack.mail.messages) == 1


async def test_two_simultaneous_requests_for_a_receipt_send_it_once(world: World) -> None:
    alice = await buy_seats(world)
    for _ in range(2):
        await open_modal(alice, "/billing", "receipts", "receipt.list")
        await alice.press("receipt.send")
        await wait_for_modal_text(alice, "is on its way")
    await world.settle()
    assert list_file_names(alice.dms) == ["R-1001.pdf"] * 2
    world.clock.move(seconds=1)
    await open_modal(alice, "/billing", "receipts", "receipt.list")
    await alice.press("receipt.send")
    await wait_for_modal_text(alice, "is on its way")
    await world.settle()
    assert list_file_names(alice.dms) == ["R-1001.pdf"] * 3, "asked for again once it was delivered"


async def test_a_receipt_keeps_the_details_of_its_time_of_issue(world: World) -> None:
    """R13: names, address and card may be others by now."""
    alice = await buy_seats(world)
    await change(world, Account, "acme", name="Zenith SA", line1="9 rue Neuve", city="Lyon", time_zone="UTC")
    await change(world, Product, "goto-meeting", name="GoTo Connect")
    await change(world, PaymentMethod, "pm_acme", brand="amex", last4="0005")
    receipt = await world.load_row(Receipt)
    await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    await alice.press("receipt.send", str(receipt.key))
    await wait_for_modal_text(alice, "is on its way")
    await world.settle()
    first, second = world.slack.files
    assert first.content == second.content


async def test_the_list_of_receipts_has_pages(world: World) -> None:
    alice = await buy_seats(world)
    numbers = range(2, 24)
    await add(world, *(make_quote(id=n, number=f"SQ-{n}") for n in numbers))
    orders = (make_order(id=n, number=f"SO-{n}", quote_id=n, payment_method_id="pm_acme") for n in numbers)
    await add(world, *orders)
    await add(world, *(make_receipt(id=n, number=f"R-{n}", order_id=n) for n in numbers))
    newest = await open_modal(alice, "/billing", "receipts", "receipt.list")
    assert newest.text.count("service order SO-") == 20
    assert "R-23 " in newest.text
    await alice.press("receipt.more")
    older = await wait_for_modal_text(alice, "R-1001")
    assert older.text.count("service order SO-") == 3


async def test_r5_another_accounts_receipt_is_not_found(world: World) -> None:
    await buy_seats(world)
    dora = world.get_person("dora")
    notice_count = len(await world.load_rows(Notice))
    show_button(dora, "receipt.send", "1", "{}")
    await dora.press("receipt.send")
    await wait_for_modal_text(dora, "We can’t find that receipt.")
    assert len(await world.load_rows(Notice)) == notice_count
