"""Words as a reader reads them (R22)."""

import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import bot.i18n
from bot.i18n import Localizer
from models.account import Address
from models.checkout import COUNTRY_CODES
from models.money import Money

AT = datetime(2026, 11, 22, 13, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tag", "zone", "written"),
    [
        ("en-US", "America/New_York", "Nov 22, 2026, 8:03\u202fAM (EST)"),
        ("en-GB", "Europe/London", "22 Nov 2026, 13:03 (GMT)"),
        ("fr-FR", "Europe/Paris", "22 nov. 2026, 14:03 (CET)"),
        ("de-DE", "Europe/Berlin", "22 Nov 2026, 14:03 (CET)"),
        ("ja-JP", "Asia/Tokyo", "22 Nov 2026, 10:03\u202fpm (JST)"),
        ("nonsense", "Nowhere/Land", "Nov 22, 2026, 1:03\u202fPM (UTC)"),
    ],
)
def test_a_moment_is_written_in_the_readers_language_and_zone(tag: str, zone: str, written: str) -> None:
    assert Localizer(tag, zone).format_datetime(AT) == written


@pytest.mark.parametrize(
    ("tag", "separator", "decimal"),
    [
        ("en-US", ",", "."),
        ("fr-FR", ";", ","),
        ("de-DE", ";", ","),
        ("es-ES", ";", ","),
        ("pt-BR", ";", ","),
        ("nl", ";", ","),
        ("fr-CH", ";", "."),
        ("de-CH", ";", "."),
        ("ja-JP", ",", "."),
        ("nonsense", ",", "."),
    ],
)
def test_a_csv_is_written_as_spreadsheets_in_the_readers_country_read_it(
    tag: str, separator: str, decimal: str
) -> None:
    localizer = Localizer(tag)
    assert (localizer.list_separator, localizer.decimal_symbol) == (separator, decimal)


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        (Address(line1="Hauptstr. 7", postal_code="10115", city="Berlin", country="DE"),
         ["Hauptstr. 7", "10115 Berlin", "Germany"]),
        (Address(line1="5 High Street", postal_code="E1 6AN", city="London", country="GB"),
         ["5 High Street", "London", "E1 6AN", "United Kingdom"]),
        (Address(line1="1 Main St", line2="Suite 4", postal_code="97712", city="Brothers", state="OR",
                 country="US"),
         ["1 Main St", "Suite 4", "Brothers, OR 97712", "United States"]),
        (Address(line1="千代田1-1", postal_code="100-0001", city="千代田区", state="東京都", country="JP"),
         ["〒100-0001", "東京都千代田区", "千代田1-1", "Japan"]),
        (Address(line1="1-1 Chiyoda", postal_code="100-0001", city="Chiyoda-ku", state="Tokyo", country="JP"),
         ["1-1 Chiyoda, Chiyoda-ku, Tokyo", "100-0001", "Japan"]),
        (Address(line1="20 Water St", postal_code="10004", city="New York", state="New York", country="US"),
         ["20 Water St", "New York, NY 10004", "United States"]),
        (Address(line1="Via Appia 1", postal_code="00179", city="Roma", state="Roma", country="IT"),
         ["Via Appia 1", "00179 Roma RM", "Italy"]),
        (Address(line1="1 Raffles Place", postal_code="048616", city="Singapore", country="SG"),
         ["1 Raffles Place", "SINGAPORE 048616", "Singapore"]),
    ],
)  # fmt: skip
def test_an_address_is_written_in_the_order_of_its_country(address: Address, lines: list[str]) -> None:
    assert Localizer("en-GB").format_address(address) == lines


@pytest.mark.parametrize("words", [("Street 1", "Town", "Region"), ("通り1", "市", "県")])
def test_nothing_of_an_address_is_lost_in_any_country(words: tuple[str, str, str]) -> None:
    street, city, state = words
    for country in (*COUNTRY_CODES, "UK", "XX"):
        address = Address(
            line1=street, line2="Floor 2", postal_code="ZIP9", city=city, state=state, country=country
        )
        written = "\n".join(Localizer().format_address(address))
        assert [part for part in (*words, "Floor 2", "ZIP9") if part not in written] == [], country


@pytest.mark.parametrize(
    ("tag", "money", "written"),
    [
        ("en-GB", Money(140667, "EUR"), "€1,406.67"),
        ("fr-FR", Money(140667, "EUR"), "1\u202f406,67\xa0€"),
        ("fr-CA", Money(-5, "CAD"), "−0,05\xa0$"),
        ("en", Money(5000, "JPY"), "¥5,000"),
        ("en", Money(1234, "KWD"), "KWD1.234"),
    ],
)
def test_an_amount_is_written_as_the_locale_writes_it(tag: str, money: Money, written: str) -> None:
    """R17: minor units of each currency."""
    assert Localizer(tag).format_money(money) == written


def test_a_date_and_a_list_too() -> None:
    reader = Localizer("fr-FR")
    assert reader.format_date(date(2026, 12, 1)) == "1er déc. 2026"
    assert reader.join_items(["a", "b", "c"]) == "a, b et c"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_message_is_named_twice(language: str) -> None:
    """The second would take the first one's place, and nobody would be told."""
    written = (Path(bot.i18n.__file__).parent / f"{language}.ftl").read_text(encoding="utf-8")
    named = Counter(re.findall(r"^([a-z][a-z0-9-]*) =", written, re.MULTILINE))
    assert [name for name, times in named.items() if times > 1] == []


def test_user_input_cannot_mention_anybody() -> None:
    assert "&lt;!channel&gt;" in Localizer().format_mrkdwn("list-item", text="<!channel>")
    assert "<!channel>" in Localizer().format_text("list-item", text="<!channel>")


@pytest.mark.parametrize("typed", ["&" * 500, "x" * 5000, "<" * 3000])
def test_a_long_text_is_cut_and_never_lost(typed: str) -> None:
    drawn = Localizer().format_mrkdwn("list-item", text=typed)
    assert "???" not in drawn
    assert drawn.endswith("…")
    assert not drawn.rstrip("…").endswith("&")
