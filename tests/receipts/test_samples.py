"""Receipts of several countries, an order confirmation and a quote: what a second library reads (R28)."""

from pathlib import Path

import pytest

from bot.i18n import Localizer
from bot.receipts import MAX_PDF_BYTES, find_missing_receipt_glyphs, render_receipt_pdf
from bot.receipts.quote import render_quote_pdf
from docs.receipt_samples import build_sample_quote, build_sample_receipts, get_sample_tag
from models.text.localized_text import LANGUAGES
from tests.receipts.japanese_font import need_japanese_font
from tests.receipts.test_receipts import fonts, has_missing_glyphs, pages

SELLER = "GoTo Corporate Account Services 77 Sir John Rogerson’s Quay Dublin 2 D02 NW08"
SELLERS = (f"{SELLER} Ireland VAT number: IE9692928F", f"{SELLER} Irlande N° de TVA : IE9692928F")
# What stands on each in English and in French, in the order in which it is read.
TEXTS = {
    "receipt-german": (
        ["Müller & Söhne GmbH Hauptstraße 5 10827 Berlin Germany VAT number: DE136695976", "4500012345",
         "USt 19% €70.00 €13.30", "Total €83.30", "with Visa ending in 4242 €83.30"],
        ["Müller & Söhne GmbH Hauptstraße 5 10827 Berlin Allemagne N° de TVA : DE136695976",
         "USt 19 % 70,00 € 13,30 €", "Total 83,30 €", "Visa se terminant par 4242 83,30 €"],
    ),
    "receipt-british-retried": (
        ["Echo Ltd 3 Mill Lane Cambridge CB2 1RX United Kingdom VAT number: GB980780684",
         "GoTo Meeting £20.00 per seat per month, prorated charged on 16 Nov 2026 to Visa ending in 4242",
         "GoTo Webinar £100.00 per seat per month, prorated",
         "charged on 17 Nov 2026 to Mastercard ending in 4444",
         "VAT 20% £100.00 £20.00", "Paid on 16 Nov 2026 with Visa ending in 4242 £60.00",
         "Paid on 17 Nov 2026 with Mastercard ending in 4444 £60.00"],
        ["Echo Ltd 3 Mill Lane Cambridge CB2 1RX Royaume-Uni",
         "débité le 16 nov. 2026 sur la carte Visa se terminant par 4242", "VAT 20 % 100,00 £GB 20,00 £GB"],
    ),
    "order-confirmation-two-rates": (
        ["Gamma Inc 20 Water St New York, NY 10004 United States", "PO-2026-118",
         "NY State Tax 4% $200.00 $8.00", "NYC Sales Tax 4.5% $200.00 $9.00", "Total $217.00",
         "Account credit −$17.00", "Paid on Nov 16, 2026 with Amex ending in 0005 $200.00"],
        ["Gamma Inc 20 Water St New York, NY 10004 États-Unis", "NYC Sales Tax 4,5 % 200,00 $US 9,00 $US"],
    ),
    "receipt-japanese": (
        ["株式会社アクメ 〒100-0001 東京都千代田区 千代田1-1 Japan Tax ID: T5835678256246",
         "JCT 10% JP¥4,500 JP¥450", "Total JP¥4,950", "with JCB ending in 0505 JP¥4,950"],
        ["株式会社アクメ", "Japon Identifiant fiscal : T5835678256246", "JCT 10 %"],
    ),
    "order-confirmation": (
        ["Order confirmation", "Echo Ltd 3 Mill Lane Cambridge CB2 1RX United Kingdom",
         "This order confirmation isn’t an invoice. The invoices are A1B2C3D4-0007 and A1B2C3D4-0008.",
         "Invoice A1B2C3D4-0007", "Invoice A1B2C3D4-0008", "PO-2026-118", "VAT 20% £100.00 £20.00",
         "Total £120.00"],
        ["Confirmation de commande", "n’est pas une facture", "Facture A1B2C3D4-0007"],
    ),
    "receipt-reverse-charge": (
        ["Acme SA 1 rue de la Paix 75002 Paris France VAT number: FR40303265045",
         "Reverse charge €70.00 €0.00",
         "Reverse charge: no tax is charged. You account for the tax yourself.", "Total €70.00"],
        ["Acme SA 1 rue de la Paix 75002 Paris France", "Autoliquidation 70,00 € 0,00 €",
         "Autoliquidation : aucune taxe n’est facturée, vous la déclarez vous-même.", "Total 70,00 €"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_r28_each_countrys_receipt_says_what_its_bookkeepers_need(name: str) -> None:
    if name == "receipt-japanese":
        need_japanese_font()
    details = build_sample_receipts()[name]
    country = details.receipt.billing_address.country
    for language, seller, parts in zip(LANGUAGES, SELLERS, TEXTS[name], strict=True):
        localizer = Localizer(get_sample_tag(language, country))
        pdf = render_receipt_pdf(localizer, details)
        text = " ".join("\n".join(pages(pdf)).split())
        assert [part for part in (seller, *parts) if part not in text] == [], text
        assert len(pdf) < MAX_PDF_BYTES
        assert pdf == render_receipt_pdf(localizer, details)
        assert all("/FontFile3" in font or "/FontFile2" in font for font in fonts(pdf))
        assert find_missing_receipt_glyphs(localizer, details) == ""
        assert not has_missing_glyphs(pdf)


def test_a_quote_to_forward_says_what_is_offered_and_how_to_accept_it() -> None:
    document = build_sample_quote()
    for tag, seller, parts in (
        ("en-GB", SELLERS[0],
         ["Müller & Söhne GmbH Hauptstraße 5 10827 Berlin Germany", "USt 19% €160.00 €30.40",
          "Total €190.40", "Valid through 30 Nov 2026 Product", "types /quotes SQ-1042",
          "€2,856.00 per month: €2,400.00 + €456.00 tax"]),
        ("fr-FR", SELLERS[1],
         ["10827 Berlin Allemagne", "USt 19 % 160,00 € 30,40 €", "tape /quotes SQ-1042"]),
    ):  # fmt: skip
        localizer = Localizer(tag, "Europe/Berlin")
        pdf = render_quote_pdf(localizer, document)
        text = " ".join("\n".join(pages(pdf)).split())
        assert [part for part in (seller, *parts) if part not in text] == [], text
        assert len(pdf) < MAX_PDF_BYTES
        assert all("/FontFile3" in font or "/FontFile2" in font for font in fonts(pdf))
        assert not has_missing_glyphs(pdf)


def test_each_sample_has_its_pictures_in_both_languages() -> None:
    for language in ("en", "fr"):
        folder = Path(__file__).parents[2] / "docs/pictures" / language / "documents"
        assert {*TEXTS, "quote"} <= {path.stem for path in folder.glob("*.png")}
