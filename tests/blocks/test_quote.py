"""Quotes on the screen: what they promise, where they stand, and the way back (R8, R9, R17)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.blocks import quote
from bot.blocks.block_kit import ModalMetadata, View
from bot.i18n import Localizer
from models.quote import QuoteStatus
from models.subscription.upcoming_changes import InvoiceTerms, UpcomingChanges
from tests.blocks import samples
from tests.blocks.limits import list_buttons, list_texts
from tests.blocks.samples import Size

PLACE = ModalMetadata(account="acme", quote=1)


def read_text(view: View) -> str:
    return "\n".join(list_texts(view["blocks"]))


def actions(view: View) -> list[tuple[str, str]]:
    return [(button["action_id"], button.get("value", "")) for button in list_buttons(view)]


def test_a_review_shows_lines_proration_tax_and_totals(english: Localizer) -> None:
    text = read_text(quote.render_quote_modal(english, samples.make_quote_details(), PLACE))
    for part in (
        "2 new seats: 25\u00a0→\u00a027",
        "€14.00 per seat per month, prorated for 8–30 Nov",
        "€10.00\n+ €2.00 tax",
        "Subtotal\n€20.00",
        "Tax\n€4.00",
        "*Total due now*\n*€24.00*",
        "€504.00 per month: €420.00 + €84.00 tax",
        "€216.00 per year: €180.00 + €36.00 tax",
        "Your renewal date stays the same.",
        "valid until 30 Nov 2026, 10:00 (CET)",
    ):
        assert part in text


def test_amounts_and_dates_are_written_as_the_reader_does() -> None:
    text = read_text(
        quote.render_quote_modal(Localizer("fr-FR", "America/New_York"), samples.make_quote_details(), PLACE)
    )
    assert "24,00\u00a0€" in text
    assert "30 nov. 2026, 04:00 (EST)" in text


@pytest.mark.parametrize(
    ("origin", "back"),
    [("cart", "cart.edit"), ("pending", "cart.warn"), ("quotes", "quote.list"), ("", None)],
)
def test_back_leads_to_where_the_person_came_from(origin: str, back: str | None, reader: Localizer) -> None:
    view = quote.render_quote_modal(reader, samples.make_quote_details(), replace(PLACE, origin=origin))
    found = {action for action, _ in actions(view)} & {"cart.edit", "cart.warn", "quote.list"}
    assert found == ({back} if back else set())


def test_a_pending_quote_leads_to_checkout_or_to_its_rejection(reader: Localizer) -> None:
    view = quote.render_quote_modal(reader, samples.make_quote_details(), replace(PLACE, origin="quotes"))
    assert "submit" in view
    assert ("quote.reject", "1") in actions(view)


def test_a_quote_just_made_from_the_cart_needs_no_second_confirmation(reader: Localizer) -> None:
    view = quote.render_quote_modal(reader, samples.make_quote_details(), replace(PLACE, origin="cart"))
    assert [action for action, _ in actions(view)] == ["cart.edit", "quote.send"]


def test_r9_a_quote_past_its_validity_is_expired_though_no_job_ran(english: Localizer) -> None:
    fresh = samples.make_quote_details()
    late = replace(fresh, at=fresh.quote.expires_at)
    view = quote.render_quote_modal(english, late, replace(PLACE, origin="quotes"))
    assert "submit" not in view
    assert "*Expired* on 30 Nov 2026, 10:00 (CET)" in read_text(view)
    assert [action for action, _ in actions(view)] == ["quote.list", "quote.send"]
    just_in_time = replace(fresh, at=fresh.quote.expires_at - timedelta(seconds=1))
    assert "submit" in quote.render_quote_modal(english, just_in_time, PLACE)


def test_an_accepted_quote_shows_who_accepted_it_and_opens_its_order(english: Localizer) -> None:
    view = quote.render_quote_modal(english, samples.make_decided_quote(QuoteStatus.ACCEPTED), PLACE)
    assert "*Accepted* by Bob Durand on 10 Nov 2026, 10:00 (CET). Service order: SO-1007." in read_text(view)
    assert ("service_order.open", "7") in actions(view)
    assert "submit" not in view


def test_a_replaced_quote_names_what_replaced_it(english: Localizer) -> None:
    view = quote.render_quote_modal(
        english, samples.make_decided_quote(QuoteStatus.EXPIRED, replaced=True), PLACE
    )
    words = read_text(view)
    assert "replaced it with quote SQ-2000 on 10 Nov 2026" in words
    for promise in ("renewal", "due now", "Charged now"):
        assert promise not in words


@pytest.mark.parametrize("status", [QuoteStatus.REJECTED, QuoteStatus.EXPIRED])
def test_r26_a_quote_that_is_over_shows_only_its_total(english: Localizer, status: QuoteStatus) -> None:
    details = samples.make_decided_quote(status)
    details.quote.starting_balance, details.quote.amount_due = -1000, 1400
    outlook = UpcomingChanges(invoice_terms=InvoiceTerms(days_until_due=30, is_order_allowed=True))
    details = replace(details, rows=[replace(details.rows[0], outlook=outlook), details.rows[1]])
    words = read_text(quote.render_quote_modal(english, details, PLACE))
    assert "*Total*\n*€24.00*" in words
    for promise in ("when ordered", "Charged", "nvoiced", "Account credit", "€14.00\n"):
        assert promise not in words


def test_a_quote_decided_elsewhere_names_nobody(english: Localizer) -> None:
    details = samples.make_decided_quote(QuoteStatus.REJECTED)
    details.quote.decided_externally, details.quote.decided_by, details.quote.reason = True, None, None
    assert "*Rejected outside Slack* on 10 Nov 2026" in read_text(
        quote.render_quote_modal(english, details, PLACE)
    )


def test_a_quote_made_elsewhere_says_so(english: Localizer) -> None:
    details = samples.make_quote_details()
    details.quote.created_externally = True
    assert "Prepared for you outside Slack" in read_text(quote.render_quote_modal(english, details, PLACE))


def test_a_reason_cannot_mention_a_channel(reader: Localizer) -> None:
    assert "<!channel>" not in read_text(
        quote.render_quote_modal(reader, samples.make_decided_quote(QuoteStatus.REJECTED), PLACE)
    )


def test_the_list_offers_each_quote_to_be_opened_approved_and_rejected(reader: Localizer) -> None:
    view = quote.render_quote_list_modal(
        reader, samples.make_account(), samples.make_quote_details_list(), PLACE
    )
    for number in ("2", "3"):
        assert {(f"quote.{verb}", number) for verb in ("open", "approve", "reject")} <= set(actions(view))


def test_two_hundred_quotes_are_all_named(reader: Localizer) -> None:
    details_list = samples.make_quote_details_list(Size(quotes=200, rows=1))
    text = read_text(quote.render_quote_list_modal(reader, samples.make_account(), details_list, PLACE))
    assert [s.quote.number for s in details_list if s.quote.number not in text] == []


def test_an_empty_list_says_what_to_do(english: Localizer) -> None:
    view = quote.render_quote_list_modal(english, samples.make_account(), [], PLACE)
    assert "`/add-seats`" in read_text(view)
    assert ("cart.open", "acme") in actions(view)


def test_rejecting_asks_for_a_reason_that_may_stay_blank(reader: Localizer) -> None:
    view = quote.render_reject_modal(reader, samples.make_quote_details(), PLACE)
    [reason] = [block for block in view["blocks"] if block["type"] == "input"]
    assert (reason["block_id"], reason["element"]["action_id"], reason["optional"]) == (
        "reason",
        "reason",
        True,
    )
    assert reason["element"]["max_length"] == 500
    assert actions(view) == [("quote.open", "1")]
    assert view["callback_id"] == quote.REJECT


def test_in_a_long_quote_every_line_is_shown(reader: Localizer) -> None:
    text = read_text(quote.render_quote_modal(reader, samples.make_quote_details(1, Size(rows=200)), PLACE))
    assert [n for n in range(3, 200) if f"*Product {n}*" not in text] == []
