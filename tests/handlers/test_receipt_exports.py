"""Receipts of a period for an account's books: chosen in `/billing receipts`, mailed with a table (R28)."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest

from bot.use_cases.delivery.content import export_files
from bot.use_cases.delivery.worker import deliver_due_notices
from models.account.billing_contact import BillingContact
from models.receipt_export import MAX_FILES_PER_EMAIL, ReceiptExport
from models.service_order.order_screen import OrderScreen
from sandbox.driver import Modal, Person
from sandbox.mailbox import Mail
from tests.fake_stripe import Fault
from tests.handlers.db_snapshot import add, change, get_answer, show_button, show_form
from tests.handlers.steps import open_modal, wait_for_modal_text
from tests.handlers.stripe.test_invoices import place_two_products
from tests.mail.html_text import extract_text
from tests.models.examples import make_order, make_quote, make_receipt
from tests.stripe_world import stripe_world
from tests.world import World
from tests.world import world as new_world

OPEN, SEND, SHOW = "receipt_export.open", "receipt_export.send", "receipt_export.show"
FIRST_DAY = date(2026, 10, 5)


async def add_receipts(world: World, count: int, account_id: str = "acme", **values: Any) -> None:
    """One a day from FIRST_DAY on."""
    numbers = range(100, 100 + count)
    await add(world, *(make_quote(id=n, number=f"SQ-{n}", account_id=account_id) for n in numbers))
    await add(
        world,
        *(
            make_order(id=n, number=f"SO-{n}", quote_id=n, account_id=account_id, payment_method_id="pm_acme")
            for n in numbers
        ),
    )
    await add(
        world,
        *(
            make_receipt(
                id=n,
                number=f"R-{n}",
                order_id=n,
                account_id=account_id,
                issued_on=FIRST_DAY + timedelta(days=n - 100),
                **values,
            )
            for n in numbers
        ),
    )


async def open_form(person: Person) -> Modal:
    await open_modal(person, "/billing", "receipts", "receipt.list")
    await person.press(OPEN)
    return await person.wait_for_modal(SEND)


async def choose_period(person: Person, first: str, last: str, words: str) -> Modal:
    await person.press(OPEN, first, block_id="since")
    await person.press(OPEN, last, block_id="until")
    return await wait_for_modal_text(person, words)


def read_table(mail: Mail, delimiter: str = ",") -> list[list[str]]:
    table = mail.attachments[0]
    assert (table.content_type, table.name[-4:]) == ("text/csv", ".csv")
    return list(csv.reader(io.StringIO(table.content.decode("utf-8-sig")), delimiter=delimiter))


async def test_a_periods_receipts_are_mailed_as_pdfs_with_a_table_and_the_progress_is_shown(
    world: World,
) -> None:
    """By default last month's; twenty to an email; asked for twice at once, they are sent once."""
    alice = world.get_person("alice")
    await add_receipts(world, 30, buyer="=HYPERLINK(1)", po_number="PO;-7")
    await alice.open_home()
    await world.settle()
    publications = len(world.slack.list_calls("views.publish"))
    form = await open_form(alice)
    assert (form.get_value("since"), form.get_value("until")) == ("2026-10-01", "2026-10-31")
    assert "27 receipts, in 2 emails to alice@acme.example" in form.text.replace("*", "")
    assert "R-100 · 5 Oct 2026" in form.text
    assert "R-127" not in form.text
    await choose_period(alice, "2026-10-06", "2026-10-29", "24 receipts")
    for _ in range(2):
        await alice.submit()
        await wait_for_modal_text(alice, "0 of 2 emails sent")
        if _ == 0:
            await open_form(alice)
            await choose_period(alice, "2026-10-07", "2026-10-28", "0 of 2 emails sent")
            await alice.press(SHOW, text="View progress")
            await alice.wait_for_modal(SHOW)
            await alice.press(OPEN)
            form = await alice.wait_for_modal(SEND)
            assert (form.get_value("since"), form.get_value("until")) == ("2026-10-07", "2026-10-28")
            await choose_period(alice, "2026-10-06", "2026-10-29", "0 of 2 emails sent")
    export = await world.load_row(ReceiptExport)
    await add(world, make_quote(id=1, number="SQ-1"))
    await add(world, make_order(id=1, number="SO-1", quote_id=1, payment_method_id="pm_acme"))
    await add(world, make_receipt(id=1, number="R-1", order_id=1, issued_on=date(2026, 10, 20)))
    await world.settle()
    assert alice.modal is not None
    assert "2 of 2 emails sent" in alice.modal.text, "the open screen follows the emails"
    assert "We’re emailing" not in alice.modal.text
    assert len(world.slack.list_calls("views.publish")) == publications, "a Home shows nothing of them"
    await alice.press(OPEN)
    form = await alice.wait_for_modal(SEND)
    assert (form.get_value("since"), form.get_value("until")) == ("2026-10-06", "2026-10-29")
    await world.pass_time(seconds=15)
    assert await world.load_rows(OrderScreen) == []
    assert len(export.mails) == 2

    first, second = world.slack.mail.messages
    title = "Receipts for Acme SA, 6 Oct 2026 to 29 Oct 2026"
    assert [mail.subject for mail in (first, second)] == [f"{title} (email {n} of 2)" for n in (1, 2)]
    assert [file.name for file in first.attachments] == [
        "receipts-2026-10-06-2026-10-29.csv",
        *(f"R-{n}.pdf" for n in range(101, 101 + MAX_FILES_PER_EMAIL)),
    ]
    assert [file.name for file in second.attachments] == [f"R-{n}.pdf" for n in range(121, 125)]
    assert "The PDFs of 4 receipts are attached." in second.text
    assert "Slack couldn’t deliver" not in first.text + first.html
    header, *rows = read_table(first)
    assert header[0] == "Document number"
    assert [row[0] for row in rows] == [f"R-{n}" for n in range(101, 125)], "as they were when asked for"
    assert rows[0][2:6] == ["2026-10-06", "SO-101", "PO;'-7", "'=HYPERLINK(1)"]
    assert rows[0][-4:] == ["70.00", "14.00", "70.00", "84.00"]
    assert world.slack.refusals == []


async def test_the_table_has_a_row_for_each_rate_as_french_spreadsheets_read_it(world: World) -> None:
    taxes = [
        {"name": "TVA", "percent": "20", "taxable_amount": 5000, "amount": 1000},
        {"name": "TVA", "percent": "5.5", "taxable_amount": 2000, "amount": 110},
    ]
    line = {**make_receipt().lines[0], "tax": 1110, "taxes": taxes}
    await add_receipts(world, 1, lines=[line], tax=1110, total=8110)
    benoit = world.get_person("benoit")
    form = await open_form(benoit)
    assert "1 reçu" in form.text
    await benoit.submit()
    await wait_for_modal_text(benoit, "0 e-mail envoyé sur 1.")
    await world.settle()
    [mail] = world.slack.mail.messages
    assert mail.subject == "Reçus du compte Acme SA, du 1er oct. 2026 au 31 oct. 2026"
    _, *rows = read_table(mail, ";")
    assert [row[9:] for row in rows] == [
        ["TVA 20\u00a0%", "20", "50,00", "10,00", "70,00", "81,10"],
        ["TVA 5,5\u00a0%", "5,5", "20,00", "1,10", "", ""],
    ]


async def test_a_period_that_cannot_be_mailed_says_why(world: World) -> None:
    """Empty, the wrong way round; days are those of the account's zone."""
    alice = world.get_person("alice")
    await add_receipts(world, 2)
    await open_form(alice)
    form = await choose_period(alice, "2026-09-01", "2026-09-30", "no receipts from 1 Sept 2026 to 30 Sept")
    reply = await form.submit()
    assert "no receipts from" in reply.errors["until"]
    form = await choose_period(alice, "2026-10-06", "2026-10-05", "ends before it begins")
    reply = await form.submit()
    assert "Choose 6 Oct 2026 or a later day." in reply.errors["until"]
    await choose_period(alice, "2026-10-06", "2026-10-06", "1 receipt")
    assert await world.load_rows(ReceiptExport) == []


async def test_r5_another_accounts_receipts_stay_hidden_from_forged_ids(world: World) -> None:
    alice, dora = world.get_person("alice"), world.get_person("dora")
    await add_receipts(world, 1)
    await open_form(alice)
    await alice.submit()
    await wait_for_modal_text(alice, "0 of 1 email sent")
    export = await world.load_row(ReceiptExport)
    show_button(dora, SHOW, str(export.key), "{}")
    await dora.press(SHOW)
    await wait_for_modal_text(dora, "We can’t find that request.")
    show_button(dora, OPEN, "acme", "{}")
    await dora.press(OPEN)
    assert "R-100" not in await get_answer(world, dora, 0)
    form = show_form(dora, SEND, '{"account": "acme"}', "since", "until")
    form.fill("since", "2026-10-01").fill("until", "2026-10-31")
    await form.submit()
    await world.settle()
    assert len(await world.load_rows(ReceiptExport)) == 1
    assert [mail.recipients for mail in world.slack.mail.messages] == [["alice@acme.example"]]


async def test_someone_who_loses_the_role_meanwhile_gets_no_receipts(world: World) -> None:
    alice = world.get_person("alice")
    await add_receipts(world, 1)
    await open_form(alice)
    await alice.submit()
    await wait_for_modal_text(alice, "0 of 1 email sent")
    contact = await world.load_row(BillingContact, email="alice@acme.example", account_id="acme")
    await change(world, BillingContact, contact.key, active=False)
    await world.settle()
    assert world.slack.mail.messages == []


async def test_with_stripe_its_invoices_are_mailed_under_stripes_numbers() -> None:
    """A PDF that Stripe does not give within the hour is named instead."""
    async with stripe_world() as world:
        alice = world.get_person("alice")
        numbers = await place_two_products(world)
        await world.settle()
        await alice.close_modal(everything=True)
        world.slack.mail.messages.clear()
        for files, words in (
            ([*(f"{number}.pdf" for number in numbers), "SO-1001.pdf"], "1 receipt is attached"),
            (["SO-1001.pdf"], "hasn’t sent us the PDFs of invoices"),
        ):
            await open_form(alice)
            await choose_period(alice, "2026-11-10", "2026-11-10", "1 receipt")
            await alice.submit()
            await wait_for_modal_text(alice, "0 of 1 email sent")
            for _ in range(6):
                await deliver_due_notices(world.dependencies)
                world.clock.move(minutes=12.5)
            mail = world.slack.mail.messages[-1]
            assert [file.name for file in mail.attachments[1:]] == files
            assert words in mail.text
            assert words in extract_text(mail.html)
            _, *rows = read_table(mail)
            assert [row[:4] for row in rows] == [[n, "paid", "2026-11-10", "SO-1001"] for n in numbers]
            assert rows[0][-1] != rows[1][-1], "each with its own amounts"
            world.fake.faults.append(Fault("down", path="/pdf$", times=10_000))
        assert len(world.slack.mail.messages) == 2


async def test_without_a_mail_server_the_form_says_so_and_lists_the_receipts() -> None:
    async with new_world(smtp_url=None) as world:
        alice = world.get_person("alice")
        await add_receipts(world, 1)
        await open_modal(alice, "/billing", "receipts", "receipt.list")
        await alice.press(OPEN)
        form = await wait_for_modal_text(alice, "Email isn’t set up yet")
        assert "R-100 · 5 Oct 2026" in form.text
        assert "Email receipts" not in str(form.blocks)
        await choose_period(alice, "2026-09-01", "2026-10-04", "no receipts from 1 Sept 2026")
        await choose_period(alice, "2026-09-01", "2026-10-05", "1 receipt")
        assert world.slack.refusals == []


async def test_receipts_too_large_for_an_email_are_named_in_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_files, "MAX_ATTACHED_BYTES", 2000)
    alice = world.get_person("alice")
    await add_receipts(world, 1)
    await open_form(alice)
    await alice.submit()
    await world.settle()
    [mail] = world.slack.mail.messages
    assert [file.name for file in mail.attachments] == ["receipts-2026-10-01-2026-10-31.csv"]
    assert "These files are too large for this email: R-100.pdf." in mail.text
