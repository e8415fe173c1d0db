"""The text of emails: the receipt (R13), and what Slack could not deliver."""

import pytest

from bot.i18n import Localizer
from bot.notices.email import render_email
from models.notice import NoticeKind
from tests.blocks.sample_messages import make_message
from tests.blocks.samples import LONGEST, USUAL, Size
from tests.mail.html_text import extract_text

URL = "https://services.example/help"
ENGLISH, FRENCH = Localizer("en-GB", "Europe/Paris"), Localizer("fr-FR", "Europe/Paris")


def test_the_receipt_names_what_was_bought_and_paid() -> None:
    mail = render_email(make_message(NoticeKind.RECEIPT_EMAIL, ENGLISH, Size(rows=4), "email"), URL)
    assert mail.subject == "Receipt R-1001 for service order SO-1007"
    for part in (
        "Receipt: R-1001",
        "Date: 10 Nov 2026",  # 23:30 UTC on the 9th is the 10th in the account's zone (R22)
        "Account: Acme & Söhne SA",
        "Billing address: 1 rue de la Paix, 75002 Paris, France",
        "Service order: SO-1007, from quote SQ-1001",
        "Subtotal: €10.00",
        "Tax: €2.00",
        "Total: €12.00",
        "Charged to Visa ending in 4242",
        "Not bought or billed:",
    ):
        assert part in mail.text
        assert part in extract_text(mail.html)
    assert "• GoTo Meeting: 1 – €10.00 + €2.00" in mail.text


def test_no_line_breaks_in_a_number() -> None:
    mail = render_email(make_message(NoticeKind.RECEIPT_EMAIL, ENGLISH, to="email"), URL)
    for number in ("R-1001", "SO-1007", "SQ-1001"):
        assert f'<span style="white-space: nowrap">{number}</span>' in mail.html
    assert "<title>Receipt R-1001 for service order SO-1007</title>" in mail.html


def test_the_receipt_speaks_french() -> None:
    mail = render_email(make_message(NoticeKind.RECEIPT_EMAIL, FRENCH, to="email"), URL)
    assert mail.subject == "Reçu R-1001 de la commande de Service SO-1007"
    assert '<html lang="fr">' in mail.html


@pytest.mark.parametrize("size", [USUAL, LONGEST], ids=["usual", "longest"])
@pytest.mark.parametrize("reader", [ENGLISH, FRENCH], ids=["en", "fr"])
@pytest.mark.parametrize("kind", NoticeKind)
def test_every_notice_can_go_by_mail(kind: NoticeKind, reader: Localizer, size: Size) -> None:
    mail = render_email(make_message(kind, reader, size, "email"), URL)
    assert "\n" not in mail.subject
    assert "{" not in mail.text + mail.html.replace("{'", "")
    assert "<!channel>" not in mail.html


def test_a_mail_shows_all_lines_however_many() -> None:
    mail = render_email(make_message(NoticeKind.ORDER_STATUS, ENGLISH, LONGEST, "email"), URL)
    assert mail.text.count("•") == 200


def test_an_e_mail_links_to_the_payment_confirmation() -> None:
    mail = render_email(make_message(NoticeKind.ORDER_NEEDS_CUSTOMER, ENGLISH, to="email"), URL)
    assert "Confirm here: https://bank.example/confirm" in mail.text


def test_a_channel_is_named_by_its_id_outside_slack() -> None:
    mail = render_email(make_message(NoticeKind.CHANNEL_UNREACHABLE, ENGLISH, to="email"), URL)
    assert "<#" not in mail.text
    assert "C01BILLING" in mail.text
