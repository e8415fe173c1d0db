"""With Stripe, its invoices are the documents of record, and the bot's own is an order confirmation (R13,
R28)."""

import re
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.service_order.process import process_due_orders
from models.document_sequence import RECEIPT_PREFIX, DocumentSequence
from models.receipt import Receipt
from sandbox.driver import PostedMessage
from tests.fake_stripe import Fault
from tests.handlers.steps import find_newest_message, open_modal, wait_for_modal_text
from tests.handlers.stripe.stripe_orders import read_pdf
from tests.mail.html_text import extract_text
from tests.stripe_world import StripeWorld, stripe_world


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


def list_files(messages: list[PostedMessage]) -> list[list[str]]:
    return [[file.name for file in message.files] for message in messages if message.files]


async def order_two_products(world: StripeWorld) -> list[str]:
    numbers = await place_two_products(world)
    await world.settle()
    return numbers


async def place_two_products(world: StripeWorld) -> list[str]:
    """The numbers of the two invoices."""
    await world.place_order(world.get_person("alice"), acme_meeting=5, acme_webinar=2)
    await world.dependencies.tasks.wait_until_idle()
    await process_due_orders(world.dependencies)
    return [f"FAKE-{invoice.id[-4:]}" for invoice in world.records.list_paid_updates()]


async def test_each_lines_invoice_is_mailed_and_posted_under_stripes_number_with_an_order_confirmation(
    world: StripeWorld,
) -> None:
    numbers = await order_two_products(world)
    alice = world.get_person("alice")
    names = [f"{number}.pdf" for number in numbers] + ["SO-1001.pdf"]
    assert list_files(alice.dms) == [names]
    [mail] = world.slack.mail.messages
    assert [attached.name for attached in mail.attachments] == names
    title = f"Invoices {numbers[0]} and {numbers[1]} for service order SO-1001"
    assert mail.subject == title
    assert "Your invoices and the order confirmation are attached as PDFs." in mail.text
    assert find_newest_message(alice.dms, title)
    for number, attached in zip(numbers, mail.attachments, strict=False):
        assert f"Invoice {number}" in read_pdf(attached.content)
    confirmation = read_pdf(mail.attachments[-1].content)
    assert "Order confirmation" in confirmation
    assert f"This order confirmation isn’t an invoice. The invoices are {numbers[0]} and" in confirmation
    assert all(f"Invoice {number}" in confirmation for number in numbers)
    assert "Receipt" not in confirmation
    channel = world.list_messages("C01BILLING")
    assert list_files([*channel, *(reply for message in channel for reply in message.thread)]) == []

    receipt = await world.load_row(Receipt)
    assert (receipt.number, receipt.invoice_numbers) == ("SO-1001", numbers)
    assert sum(world.list_paid_totals()) == receipt.total
    [sequence] = await world.load_rows(DocumentSequence, prefix=RECEIPT_PREFIX)
    assert sequence.last_number == 1000, "no number of its own is used"

    await alice.close_modal(everything=True)
    order = await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    assert f"Invoices {numbers[0]} and {numbers[1]}" in order.text
    links = re.findall(r"invoice\.stripe\.example/i/(\w+)\|", str(order.view.blocks))
    assert len(links) == 2
    await alice.close_modal(everything=True)
    world.fake.faults.append(Fault("down", path=f"/v1/invoices/{links[0]}$", times=9))
    order = await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    assert f"/i/{links[0]}|" not in str(order.view.blocks)
    assert f"/i/{links[1]}|" in str(order.view.blocks), "the other receipt's link stays"
    world.fake.faults.clear()
    await alice.close_modal(everything=True)
    listed = await open_modal(alice, "/billing", "receipts", "receipt.list")
    assert f"{numbers[0]} and {numbers[1]} · 10 Nov 2026" in listed.text
    await alice.press("receipt.send")
    await wait_for_modal_text(alice, "are on their way.")
    await world.settle()
    assert list_files(alice.dms) == [names] * 2
    assert world.slack.refusals == []


async def test_an_e_mail_waits_for_a_pdf_that_stripe_does_not_give_yet(world: StripeWorld) -> None:
    world.fake.faults.append(Fault("down", path="/pdf$", times=6))
    numbers = await order_two_products(world)
    [mail] = world.slack.mail.messages
    assert [attached.name for attached in mail.attachments] == [
        *(f"{number}.pdf" for number in numbers),
        "SO-1001.pdf",
    ]


async def wait_for_an_hour(world: StripeWorld) -> None:
    """The email goes out at its end, the files in the direct message before."""
    for _ in range(5):
        await process_due_orders(world.dependencies)
        await deliver_due_notices(world.dependencies)
        assert world.slack.mail.messages == []
        world.clock.move(minutes=12.5)
    await world.settle()


async def test_direct_message_and_e_mail_name_the_one_pdf_that_is_missing(world: StripeWorld) -> None:
    numbers = await place_two_products(world)
    missing = world.records.list_paid_updates()[1]
    world.fake.faults.append(Fault("down", path=f"{missing.id}/pdf$", times=10_000))
    await wait_for_an_hour(world)
    names = [f"{numbers[0]}.pdf", "SO-1001.pdf"]
    [shared] = [message for message in world.get_person("alice").dms if message.files]
    assert [file.name for file in shared.files] == names
    words = f"hasn’t sent us the PDF of invoice {numbers[1]} yet. Get it later with /billing receipts"
    assert f"Invoice {numbers[0]}, with the order confirmation" in shared.text
    assert words in shared.text
    [mail] = world.slack.mail.messages
    assert [attached.name for attached in mail.attachments] == names
    assert "Your invoice and the order confirmation are attached" in mail.text
    assert words in mail.text


async def test_after_an_hour_the_e_mail_goes_out_and_says_which_pdf_is_missing(world: StripeWorld) -> None:
    world.fake.faults.append(Fault("down", path="/pdf$", times=10_000))
    numbers = await place_two_products(world)
    with capture_logs() as logs:
        await wait_for_an_hour(world)
    [mail] = world.slack.mail.messages
    assert [attached.name for attached in mail.attachments] == ["SO-1001.pdf"]
    words = f"hasn’t sent us the PDFs of invoices {numbers[0]} and {numbers[1]} yet"
    assert words in mail.text
    assert words in extract_text(mail.html)
    assert "Here’s the order confirmation." in mail.text
    [shared] = [message for message in world.get_person("alice").dms if message.files]
    assert [file.name for file in shared.files] == ["SO-1001.pdf"]
    assert "Order confirmation SO-1001" in shared.text
    assert words in shared.text
    missing = {entry["invoice"] for entry in logs if entry["event"] == "invoice.pdf_missing"}
    assert missing == {*numbers}
    world.fake.faults.clear()
    alice = world.get_person("alice")
    await open_modal(alice, "/billing", "receipts", "receipt.list")
    await alice.press("receipt.send")
    await wait_for_modal_text(alice, "are on their way.")
    await world.settle()
    assert list_files(alice.dms)[-1] == [*(f"{number}.pdf" for number in numbers), "SO-1001.pdf"]
