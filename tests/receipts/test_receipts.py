"""The receipt as a PDF: what it says, in which letters, and that it is the same each time (R13)."""

import asyncio
import io
import os
import re
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream
from structlog.testing import capture_logs

from bot.i18n import Localizer
from bot.receipts import (
    MAX_PDF_BYTES,
    build_receipt_content,
    find_missing_receipt_glyphs,
    format_file_name,
    render_receipt_pdf,
)
from models.details import ReceiptDetails
from models.receipt import Receipt, Seller
from models.tax import TaxDetails
from tests.models.examples import make_receipt
from tests.receipts.japanese_font import need_japanese_font

ENGLISH, FRENCH = Localizer("en-GB", "America/New_York"), Localizer("fr-FR", "Europe/Paris")
SELLER = Seller(name="GoTo Sales", address=("1 Main Street", "Dublin 2", "Ireland"), tax_id="VAT IE1234567X")
TOKYO = {
    "line1": "千代田1-1", "postal_code": "100-0001", "city": "千代田区", "state": "東京都", "country": "JP",
}  # fmt: skip
LONG = "Vereinigte & <b>#strong[x] " + "w" * 80


def make_receipt_details(receipt: Receipt | None = None, seller: Seller = SELLER) -> ReceiptDetails:
    return ReceiptDetails(receipt or make_receipt(), "SO-1007", "SQ-1042", seller)


def line(**changes: Any) -> dict[str, Any]:
    return {**make_receipt().lines[0], **changes}


def pages(pdf: bytes) -> list[str]:
    """What is read on each page, with plain spaces."""
    texts = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    return [text.replace("\u00a0", " ").replace("\u202f", " ") for text in texts]


def read_pdf(reader: Localizer, receipt: Receipt | None = None) -> str:
    return "\n".join(pages(render_receipt_pdf(reader, make_receipt_details(receipt))))


def test_it_says_all_that_a_bookkeeper_asks_for() -> None:
    text = read_pdf(ENGLISH)
    for part in (
        "Receipt",
        "Paid",
        "GoTo Sales",
        "1 Main Street",
        "VAT IE1234567X",
        "Acme SA",
        "1 rue de la Paix",
        "75002 Paris",
        "France",
        "R-1001",
        "16 Nov 2026",  # the account's day, whatever the reader's zone (R22)
        "SO-1007",
        "SQ-1042",
        "GoTo Meeting",
        "€14.00 per seat per month, prorated",
        "from 16 Nov 2026",
        "to 30 Nov 2026",
        "€70.00",
        "€14.00",
        "€84.00",
        "Paid on 16 Nov 2026 with Visa ending in 4242",
        "Page 1 of 1",
    ):
        assert part in text


def test_it_speaks_the_readers_language() -> None:
    text = read_pdf(FRENCH)
    for part in (
        "Reçu",
        "Vendeur",
        "Facturé à",
        "Nouveaux postes",
        "14,00 € par poste et par mois, au prorata",
        "du 16 nov. 2026",
        "84,00 €",
        "Payé le 16 nov. 2026 avec la carte Visa se terminant par 4242",
        "Page 1 sur 1",
    ):
        assert part in text


@pytest.mark.parametrize("reader", [ENGLISH, FRENCH], ids=["en", "fr"])
def test_programs_and_screen_readers_know_its_title_and_language(reader: Localizer) -> None:
    pdf = PdfReader(io.BytesIO(render_receipt_pdf(reader, make_receipt_details())))
    assert pdf.metadata is not None
    assert pdf.metadata.title == reader.format_text("receipt-title", number="R-1001")
    root: Any = pdf.trailer["/Root"]
    assert root["/Lang"] == reader.language
    assert root["/MarkInfo"]["/Marked"]


async def test_the_same_receipt_is_the_same_bytes_in_any_process_anywhere() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.receipts.test_receipts"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LANG": "C"},
    )
    written, _ = await process.communicate()
    assert written == render_receipt_pdf(FRENCH, make_receipt_details())


def test_its_date_is_the_instant_of_its_issue() -> None:
    at = datetime(2026, 11, 15, 23, 0, 0, 250_000, tzinfo=UTC)
    pdf = PdfReader(io.BytesIO(render_receipt_pdf(ENGLISH, make_receipt_details(make_receipt(issued_at=at)))))
    assert pdf.metadata is not None
    assert pdf.metadata.creation_date == at.replace(microsecond=0)


def fonts(pdf: bytes) -> list[Any]:
    """The descriptors of every font on every page."""
    found = []
    for page in PdfReader(io.BytesIO(pdf)).pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            [descendant] = font.get_object()["/DescendantFonts"]
            found.append(descendant.get_object()["/FontDescriptor"].get_object())
    return found


def list_glyphs(pdf: bytes) -> list[tuple[str, bytes]]:
    """What is printed, in that order: the font of each glyph, and its number there."""
    reader, glyphs, font = PdfReader(io.BytesIO(pdf)), [], ""
    for page in reader.pages:
        content = ContentStream(page.get_contents(), reader)
        for operands, operator in content.operations:
            if operator == b"Tf":
                font = str(operands[0])
            if operator not in (b"Tj", b"TJ"):
                continue
            parts = operands[0] if operator == b"TJ" else operands
            codes = [part.original_bytes for part in parts if hasattr(part, "original_bytes")]
            glyphs += [(font, code[at : at + 2]) for code in codes for at in range(0, len(code), 2)]
    return glyphs


def has_missing_glyphs(pdf: bytes) -> bool:
    """Whether anything is printed with glyph 0 of its font, the box for a character that it lacks."""
    return any(number == b"\0\0" for _, number in list_glyphs(pdf))


def render_for_buyer(name: str) -> bytes:
    """In which all fonts are embedded, and nothing is missing."""
    details = make_receipt_details(make_receipt(buyer=name))
    pdf = render_receipt_pdf(ENGLISH, details)
    assert all("/FontFile3" in font or "/FontFile2" in font for font in fonts(pdf))
    assert not has_missing_glyphs(pdf)
    assert find_missing_receipt_glyphs(ENGLISH, details) == ""
    return pdf


@pytest.mark.parametrize("buyer", ["Acme SA", "Ακμή Акме Łódź Ðorð Đường", "Օրինակ ՍՊԸ მაგალითი შპს"])
def test_names_in_other_letters_are_kept(buyer: str) -> None:
    assert f"Billed to\n{buyer}\n" in pages(render_for_buyer(buyer))[0]


def test_chinese_japanese_and_korean_names_are_kept_with_the_extra_fonts() -> None:
    need_japanese_font()
    for buyer in ("株式会社 アクメ", "示例有限公司", "주식회사 예시"):
        assert f"Billed to\n{buyer}\n" in pages(render_for_buyer(buyer))[0]


# The library reads glyphs: those of these are put together from letters, or printed from right to left.
SHAPED_NAMES = [
    ("שמן אופק בע״מ", "LibertinusSerif"),
    ("شركة الأفق للتجارة (ذ.م.م)", "NotoSansArabic"),
    ("उदाहरण प्राइवेट लिमिटेड", "NotoSansDevanagari"),
    ("উদাহরণ প্রাইভেট লিমিটেড", "HindSiliguri"),
    ("எடுத்துக்காட்டு நிறுவனம்", "NotoSansTamil"),
    ("ఉదాహరణ ప్రైవేట్ లిమిటెడ్", "NotoSansTelugu"),
    ("บริษัท ตัวอย่าง จำกัด", "NotoSansThai"),
    ("ក្រុមហ៊ុនឧទាហរណ៍", "NotoSansKhmer"),
]


@pytest.mark.parametrize(("buyer", "font"), SHAPED_NAMES)
def test_each_script_comes_with_a_font_from_a_package(buyer: str, font: str) -> None:
    names = [descriptor["/FontName"] for descriptor in fonts(render_for_buyer(buyer))]
    assert any(font in name for name in names), names


def test_arabic_letters_are_joined() -> None:
    apart, joined = (len({*list_glyphs(render_for_buyer(name))}) for name in ("ب ب ب", "ببب"))
    assert joined > apart


def test_a_name_that_reads_from_right_to_left_ends_on_its_left() -> None:
    glyphs = list_glyphs(render_for_buyer("ששש."))
    at = next(at for at in range(len(glyphs)) if glyphs[at] == glyphs[at + 1] == glyphs[at + 2])
    bold = glyphs[at][0]
    assert [glyphs[at - 1][0] == bold, glyphs[at + 3][0] == bold] == [True, False], "only names are bold"


@pytest.mark.parametrize("syllable", ["कि", "பி"])
def test_a_long_word_is_not_broken_inside_a_syllable(syllable: str) -> None:
    """Its second letter stands on a dotted circle if the first one is on another line."""
    one, many = (len({*list_glyphs(render_for_buyer("ல" + syllable * count))}) for count in (2, 60))
    assert many == one


RARE, UNASSIGNED, PRIVATE = "\U00030000", "\u0378", "\ue001"


@pytest.mark.parametrize("character", [RARE, UNASSIGNED], ids=["rare", "unassigned"])
def test_characters_that_no_font_has_are_known_and_the_rest_is_rendered(character: str) -> None:
    details = make_receipt_details(make_receipt(buyer=f"Acme {character} Ακμή"))
    assert find_missing_receipt_glyphs(ENGLISH, details) == character
    assert has_missing_glyphs(render_receipt_pdf(ENGLISH, details))
    assert "SO-1007" in read_pdf(ENGLISH, details.receipt)
    assert find_missing_receipt_glyphs(ENGLISH, make_receipt_details()) == ""


def test_a_character_of_private_use_is_missing_whatever_a_font_has_in_its_place() -> None:
    details = make_receipt_details(make_receipt(buyer=f"Acme {PRIVATE}"))
    assert not has_missing_glyphs(render_receipt_pdf(ENGLISH, details))
    assert find_missing_receipt_glyphs(ENGLISH, details) == PRIVATE


def test_with_the_extra_fonts_a_japanese_buyer_is_rendered() -> None:
    need_japanese_font()
    receipt = make_receipt(buyer="株式会社アクメ", address=TOKYO)
    assert find_missing_receipt_glyphs(ENGLISH, make_receipt_details(receipt)) == ""
    assert "株式会社アクメ〒100-0001東京都千代田区千代田1-1Japan" in "".join(
        read_pdf(ENGLISH, receipt).split()
    )
    assert len(render_receipt_pdf(ENGLISH, make_receipt_details(receipt))) < MAX_PDF_BYTES


def test_a_text_that_crashes_the_typesetter_is_printed_without_its_accents() -> None:
    """A crash would be no Exception, and end the job that delivers everybody's notices."""
    details = make_receipt_details(make_receipt(buyer="Café", po_number="\u05a4PO\\\u05aa"))
    with capture_logs() as logs:
        pdf = render_receipt_pdf(ENGLISH, details)
    assert [entry["document"] for entry in logs] == ["Receipt R-1001"]
    [text] = pages(pdf)
    assert "PO\\" in text
    assert "Café" in text


def test_each_rate_is_listed_with_what_is_taxed_at_it() -> None:
    taxes = [
        {"name": "VAT", "percent": "20", "taxable_amount": 5000, "amount": 1000},
        {"name": "VAT", "percent": "5.5", "taxable_amount": 2000, "amount": 110},
    ]
    receipt = make_receipt(
        tax=1110,
        total=8110,
        lines=[line(tax=1000, amount=5000, taxes=taxes[:1]), line(tax=110, amount=2000, taxes=taxes[1:])],
    )
    text = read_pdf(ENGLISH, receipt)
    assert "Tax rate" in text
    assert re.search(r"VAT 20%\s*€50.00\s*€10.00", text)
    assert re.search(r"VAT 5.5%\s*€20.00\s*€1.10", text)
    assert "TVA" not in text


@pytest.mark.parametrize(
    ("treatment", "name", "note"),
    [
        ("reverse_charge", "Autoliquidation", "vous la déclarez vous-même"),
        ("customer_exempt", "Exonéré", "le compte est exonéré"),
        ("not_collected", "Sans taxe", "Aucune taxe n’est facturée."),
    ],
)
def test_the_reason_for_no_tax_is_shown(treatment: str, name: str, note: str) -> None:
    taxes = [{"treatment": treatment, "taxable_amount": 7000, "amount": 0}]
    tax_details = TaxDetails(buyer_tax_ids=("DE136695976",))
    text = read_pdf(
        FRENCH, make_receipt(tax=0, total=7000, lines=[line(tax=0, taxes=taxes)], tax_facts=tax_details)
    )
    for part in (name, note, "70,00 €", "N° de TVA : DE136695976"):
        assert part in text


def test_the_purchase_order_number_is_on_it() -> None:
    text = read_pdf(ENGLISH, make_receipt(po_number="PO-4711/b"))
    assert "Purchase order" in text
    assert "PO-4711/b" in text
    assert "Purchase order" not in read_pdf(ENGLISH)


def test_each_line_names_the_method_it_was_charged_to_if_they_differ() -> None:
    visa = {"brand": "visa", "last4": "4242", "amount": 4200}
    amex = {"brand": "amex", "last4": "0005", "amount": 4200}
    lines = [line(charged_to=visa), line(product="GoTo Webinar", charged_to=amex)]
    text = read_pdf(ENGLISH, make_receipt(lines=lines, cards=[visa, amex]))
    assert text.index("charged to Visa ending in 4242") < text.index("GoTo Webinar")
    assert text.index("GoTo Webinar") < text.index("charged to Amex ending in 0005")
    assert "charged to" not in read_pdf(ENGLISH, make_receipt(lines=lines[:1], cards=[visa]))


def test_r26_each_payment_has_its_own_day() -> None:
    visa = {"brand": "visa", "last4": "4242"}
    first, second = ({**visa, "amount": 4200, "paid_on": f"2026-11-{day}"} for day in (14, 15))
    lines = [line(charged_to=first), line(product="GoTo Webinar", charged_to=second)]
    receipt = make_receipt(lines=lines, cards=[first, second])
    text = " ".join(read_pdf(ENGLISH, receipt).split())
    for part in (
        "charged on 14 Nov 2026 to Visa ending in 4242",
        "charged on 15 Nov 2026 to Visa ending in 4242",
        "Paid on 14 Nov 2026 with Visa ending in 4242 €42.00",
        "Paid on 15 Nov 2026 with Visa ending in 4242 €42.00",
    ):
        assert part in text, text
    assert [method.amount for method in receipt.charged_methods] == [8400]


CARD = [{"brand": "visa", "last4": "4242", "amount": 5400}]
STATUSES: list[tuple[str, dict[str, Any], list[dict[str, Any]], str, str]] = [
    ("charged", {}, CARD, "Paid", "Payé"),
    ("charged and carried over", {"carried_over": 3000}, CARD, "Partly paid", "Payé en partie"),
    ("carried over", {"carried_over": 8400}, [], "On your next invoice", "Sur votre prochaine facture"),
    ("of a credit", {"credit_used": 8400}, [], "Paid with account credit", "Payé par le crédit du compte"),
    ("a part of a credit", {"credit_used": 8000, "carried_over": 400}, [], "Partly paid", "Payé en partie"),
    ("of a credit and charged", {"credit_used": 3000}, CARD, "Paid", "Payé"),
    ("on an invoice", {"invoiced": 8400}, [], "To be paid by invoice", "À payer sur facture"),
    ("free of charge", {"amount": 0, "tax": 0}, [], "Nothing to pay", "Rien à payer"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "cards", "english", "french"), [s[1:] for s in STATUSES], ids=[s[0] for s in STATUSES]
)
def test_r26_it_says_whether_everything_was_paid(
    values: dict[str, Any], cards: list[dict[str, Any]], english: str, french: str
) -> None:
    one = line(**values)
    total = one["amount"] + one["tax"]
    receipt = make_receipt(lines=[one], cards=cards, subtotal=one["amount"], tax=one["tax"], total=total)
    for reader, word in ((ENGLISH, english), (FRENCH, french)):
        content = build_receipt_content(reader, make_receipt_details(receipt))
        assert content["paid"] == word
        assert content["is_settled"] == (english in ("Paid", "Paid with account credit", "Nothing to pay"))


def test_r26_what_the_next_line_has_paid_is_not_carried_over() -> None:
    lines = [line(carried_over=40), line(earlier_balance=40)]
    receipt = make_receipt(lines=lines, cards=CARD)
    assert build_receipt_content(ENGLISH, make_receipt_details(receipt))["paid"] == "Paid"


def test_names_are_letters_and_never_markup() -> None:
    assert "#strong[x] <b> & $x$ \\ */" in read_pdf(ENGLISH, make_receipt(buyer="#strong[x] <b> & $x$ \\ */"))


@pytest.mark.parametrize(("lines", "name"), [(1, "GoTo Meeting"), (200, "GoTo Meeting"), (200, LONG)])
def test_it_is_small(lines: int, name: str) -> None:
    receipt = make_receipt(buyer=name, lines=[line(product=name) for _ in range(lines)])
    assert len(render_receipt_pdf(FRENCH, make_receipt_details(receipt))) < MAX_PDF_BYTES


def test_every_page_of_a_long_one_has_the_head_of_the_table_and_no_line_is_lost() -> None:
    many = make_receipt(lines=[line(product=f"Product no. {n}") for n in range(60)])
    read = pages(render_receipt_pdf(ENGLISH, make_receipt_details(many)))
    assert len(read) > 2
    for number, text in enumerate(read, start=1):
        assert f"Page {number} of {len(read)}" in text
        assert "Product no." not in text or "New seats" in text
    assert [n for n in range(60) if f"Product no. {n}\n" not in "\n".join(read)] == []


def test_a_line_for_each_of_many_invoices_is_kept_and_the_totals_stand_together() -> None:
    invoiced = [line(invoiced=8400, invoice_number=f"INV-{n:03}", due_on="2026-12-30") for n in range(120)]
    many = make_receipt(lines=invoiced, cards=[], subtotal=840_000, tax=168_000, total=1_008_000)
    pdf = render_receipt_pdf(ENGLISH, make_receipt_details(many))
    read = pages(pdf)
    text = "\n".join(read)
    assert [n for n in range(120) if f"Invoice INV-{n:03}, due on 30 Dec 2026 €84.00" not in text] == []
    assert any("Subtotal €8,400.00\nTax €1,680.00\nTotal €10,080.00" in page for page in read)
    assert len(pdf) <= MAX_PDF_BYTES


@pytest.mark.parametrize("lines", [14, 15, 16])
def test_the_total_is_on_the_page_of_what_it_adds_up(lines: int) -> None:
    """With 15 lines, the page has room for the subtotal alone."""
    read = pages(
        render_receipt_pdf(ENGLISH, make_receipt_details(make_receipt(lines=[line() for _ in range(lines)])))
    )
    assert any("Subtotal" in page and "\nTotal" in page for page in read)


LONG_WORDS = ("4500012345678901234567890", "W" * 50, "https://services.example/help/with/a/path?of=it")


@pytest.mark.parametrize("word", LONG_WORDS)
def test_a_long_word_is_copied_as_it_was_typed(word: str) -> None:
    receipt = make_receipt(po_number=word)
    text = PdfReader(io.BytesIO(render_receipt_pdf(ENGLISH, make_receipt_details(receipt)))).pages[0]
    assert word in text.extract_text().replace("\n", "")


def test_a_long_word_in_wide_letters_is_broken_before_the_margin() -> None:
    [number] = re.findall(r"Purchase order\n((?:W+\n)+)", read_pdf(ENGLISH, make_receipt(po_number="W" * 50)))
    assert max(map(len, number.split())) <= 10


@pytest.mark.parametrize("number", ["🚀", ""])
def test_it_is_small_even_if_characters_are_missing(number: str) -> None:
    receipt = make_receipt(buyer=RARE, po_number=number, lines=[line(product=LONG) for _ in range(200)])
    assert len(render_receipt_pdf(FRENCH, make_receipt_details(receipt))) < MAX_PDF_BYTES


def test_zero_tax_is_shown_as_no_tax() -> None:
    text = read_pdf(ENGLISH, make_receipt(tax=0, total=7000, lines=[line(tax=0)], currency="USD"))
    assert "US$0.00" in text


def test_two_cards_are_named_each_with_its_amount() -> None:
    cards = [
        {"brand": "visa", "last4": "4242", "amount": 5000},
        {"brand": "mastercard", "last4": "4444", "amount": 3400},
    ]
    text = read_pdf(ENGLISH, make_receipt(cards=cards))
    assert "with Visa ending in 4242" in text
    assert "€50.00" in text
    assert "with Mastercard ending in 4444" in text
    assert "€34.00" in text


def test_a_seller_may_be_a_name_alone() -> None:
    pdf = render_receipt_pdf(ENGLISH, make_receipt_details(seller=Seller(name="GoTo Sales")))
    assert "GoTo Sales" in pages(pdf)[0]


def test_its_file_is_named_by_its_number() -> None:
    assert format_file_name(make_receipt_details()) == "R-1001.pdf"


if __name__ == "__main__":
    sys.stdout.buffer.write(render_receipt_pdf(FRENCH, make_receipt_details()))
