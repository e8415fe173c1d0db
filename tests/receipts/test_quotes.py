"""The quote as a PDF: what the person who pays reads in it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from bot.i18n import Localizer
from bot.presenters.subscription import format_outlook
from bot.presenters.tax import format_tax_location
from bot.receipts import MAX_PDF_BYTES
from bot.receipts.quote import (
    QuoteDocument,
    find_missing_quote_glyphs,
    format_quote_file_name,
    render_quote_pdf,
)
from models.account import Address
from models.details import QuoteDetails
from models.quote import QuoteStatus
from models.subscription.upcoming_changes import (
    CollectionPause,
    Discount,
    InvoiceTerms,
    ScheduledChange,
    SubscriptionStatus,
    UpcomingChanges,
)
from models.tax import TaxDetails, TaxItem, TaxTreatment
from tests.blocks import samples
from tests.receipts.test_receipts import ENGLISH, FRENCH, LONG, SELLER, pages

URL = "https://services.example/help"


def document(details: QuoteDetails | None = None) -> QuoteDocument:
    return QuoteDocument(details or samples.make_quote_details(), SELLER, URL)


def read_pdf(reader: Localizer, details: QuoteDetails | None = None) -> str:
    return "\n".join(pages(render_quote_pdf(reader, document(details)))).replace("\n", " ")


def test_it_says_what_is_offered_until_when_and_how_to_accept_it() -> None:
    text = read_pdf(replace(ENGLISH, time_zone="Europe/Paris"))
    for part in (
        "Quote",
        "Offer",
        "Prepared for",
        "GoTo Sales",
        "VAT IE1234567X",
        "Acme & Söhne SA",
        "75002 Paris",
        "SQ-1001",
        "8 Nov 2026",
        "30 Nov 2026, 10:00 (CET)",
        "GoTo Meeting",
        "€14.00 per seat per month, prorated",
        "from 8 Nov 2026",
        "to 30 Nov 2026",
        "€20.00",
        "€4.00",
        "€24.00",
        "per month: €420.00 + €84.00 tax",
        "types /quotes SQ-1001",
        URL,
    ):
        assert part in text, text


def test_it_speaks_the_readers_language() -> None:
    text = read_pdf(FRENCH)
    for part in ("Devis", "Offre", "Valable jusqu’au", "24,00 €", "tape /quotes SQ-1001", "Nouveaux postes"):
        assert part in text, text


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (QuoteStatus.ACCEPTED, "Accepted"),
        (QuoteStatus.REJECTED, "Rejected"),
        (QuoteStatus.EXPIRED, "Expired"),
    ],
)
def test_one_that_can_no_longer_be_accepted_says_so(status: QuoteStatus, word: str) -> None:
    text = read_pdf(ENGLISH, samples.make_decided_quote(status))
    assert word in text
    assert "Offer" not in text
    assert "How to accept" not in text


def test_it_lists_the_tax_of_each_rate_why_there_is_none_and_the_tax_ids() -> None:
    details = samples.make_quote_details()
    details.quote.tax_facts = TaxDetails(buyer_tax_ids=["FR12345678901"])
    reverse_charge = TaxItem(treatment=TaxTreatment.REVERSE_CHARGE, taxable_amount=1000, amount=0)
    vat = TaxItem(name="VAT", percent=20, taxable_amount=1000, amount=200)
    row, other = details.rows
    taxed = [
        replace(row, line=row.line.model_copy(update={"taxes": (vat,)})),
        replace(other, line=other.line.model_copy(update={"taxes": (reverse_charge,)})),
    ]
    text = read_pdf(ENGLISH, replace(details, rows=taxed))
    assert "VAT 20%" in text
    assert "everse charge" in text
    assert "FR12345678901" in text


def test_r27_it_says_what_the_screen_says_of_each_subscription_and_of_the_tax() -> None:
    details = samples.make_quote_details()
    row, other = details.rows
    outlook = UpcomingChanges(
        ends_on=date(2027, 1, 31),
        collection_pause=CollectionPause(resumes_on=date(2026, 12, 24)),
        scheduled_change=ScheduledChange(on=date(2027, 1, 1), seats=12),
        discounts=(Discount(name="Launch", percent=Decimal(20), until=date(2026, 12, 31)),),
    )
    trial = UpcomingChanges(
        standing=SubscriptionStatus.TRIAL,
        trial_ends_on=date(2026, 12, 2),
        invoice_terms=InvoiceTerms(days_until_due=30, is_order_allowed=True),
    )
    details.quote.tax_facts = TaxDetails(
        address=Address(line1="20 Water St", postal_code="73301", city="Austin", country="US")
    )
    rows = [replace(row, outlook=outlook), replace(other, outlook=trial)]
    for reader in (ENGLISH, FRENCH):
        text = "".join(read_pdf(reader, replace(details, rows=rows)).split())
        notes = [
            *format_outlook(reader, outlook, "EUR"),
            *format_outlook(reader, trial, "EUR"),
            *format_tax_location(reader, details.quote.tax_facts),
            f"{row.line.seats_before} → {row.line.seats_before + row.line.seats}",
        ]
        assert len(notes) == 8
        assert [note for note in notes if "".join(note.split()) not in text] == []


def test_r26_credit_of_the_account_and_what_will_be_charged_are_apart() -> None:
    details = samples.make_quote_details()
    details.quote.starting_balance, details.quote.amount_due = -1000, 1400
    text = read_pdf(ENGLISH, details)
    assert "−€10.00" in text
    assert "Charged when ordered €14.00" in text
    text = read_pdf(ENGLISH, replace(details, at=details.quote.expires_at))
    assert "€24.00" in text
    for promise in ("−€10.00", "when ordered"):
        assert promise not in text


def test_the_same_quote_gives_the_same_bytes_and_few_of_them() -> None:
    size = replace(samples.USUAL, rows=40)
    details = samples.make_quote_details(1, size)
    pdf = render_quote_pdf(ENGLISH, document(details))
    assert pdf == render_quote_pdf(ENGLISH, document(details))
    assert len(pdf) <= MAX_PDF_BYTES
    assert sum(text.count("per seat per month") for text in pages(pdf)) >= 40


def test_names_are_letters_and_a_file_name_is_safe() -> None:
    details = samples.make_quote_details()
    details = replace(details, account=details.account.model_copy(update={"name": LONG}))
    assert "#strong[x]" in read_pdf(ENGLISH, details)
    details.quote.number = "Q 20/41 é"
    assert format_quote_file_name(details) == "Q-20-41-é.pdf"


def test_characters_that_no_font_has_are_known() -> None:
    details = samples.make_quote_details()
    named = replace(details, account=details.account.model_copy(update={"name": "A \U00013000"}))
    assert find_missing_quote_glyphs(ENGLISH, document(named)) == "\U00013000"
    assert find_missing_quote_glyphs(ENGLISH, document(details)) == ""
