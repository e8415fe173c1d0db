"""The Home tab at a glance."""

from dataclasses import replace
from typing import Any

import pytest

from bot.blocks.account import PortalLinks
from bot.blocks.home import page as home_page
from bot.i18n import Localizer
from models.details import AccountOverview
from models.service_order import LineStatus, OrderStatus
from tests.blocks import samples
from tests.blocks.limits import check, list_buttons, list_texts
from tests.blocks.samples import Size

LINKS = PortalLinks("https://corporate.example", "https://admin.example", "https://services.example")


def quiet(id_: str = "quiet", **changes: Any) -> AccountOverview:
    """Nothing waits for anybody there."""
    overview = samples.make_account_overview(id_=id_)
    return replace(
        overview,
        **{
            "pending_quotes": [],
            "failed_orders": [],
            "open_orders": [samples.make_order_details()],
            **changes,
        },
    )


def read_text(*overviews: AccountOverview, reader: Localizer, **options: Any) -> str:
    return "\n".join(list_texts(home_page.render_home(reader, list(overviews), LINKS, **options)))


def test_pending_decisions_can_be_made_on_home(reader: Localizer) -> None:
    view = home_page.render_home(reader, [samples.make_account_overview()], LINKS)
    found = {(b["action_id"], b.get("value")) for b in list_buttons(view)}
    assert {("quote.open", "2"), ("quote.approve", "2"), ("quote.reject", "2")} <= found
    assert {
        ("service_order.retry", "7"),
        ("service_order.give_up", "7"),
        ("service_order.open", "7"),
    } <= found
    assert {("cart.open", "acme"), ("account.overview", "acme")} <= found
    assert "https://bank.example/confirm" in {b.get("url") for b in list_buttons(view)}


def test_pending_decisions_come_first_for_every_account(english: Localizer) -> None:
    words = read_text(quiet(), samples.make_account_overview(id_="waits"), reader=english)
    first_account = words.index("subscriptions*")
    assert words.startswith("Needs your attention")
    assert words.index("SQ-1002") < first_account
    assert words.index("SO-1007") < words.index("SQ-1002"), "money that hangs is more pressing than an offer"


def test_accounts_for_which_something_waits_come_first(english: Localizer) -> None:
    view = home_page.render_home(english, [quiet(), samples.make_account_overview(id_="waits")], LINKS)
    assert [b["value"] for b in list_buttons(view) if b["action_id"] == "account.overview"] == [
        "waits",
        "quiet",
    ]


def test_home_says_that_nothing_needs_attention(english: Localizer) -> None:
    words = read_text(quiet(), reader=english)
    assert "Nothing needs your attention." in words
    assert "*Service order in progress*" in words
    assert "until 11 Nov 2026" in words or "until Nov 11, 2026" in words, "where it stands, and by when"
    assert "*Recent receipts*" in words
    assert "25 seats" in words
    assert "*Next renewals, before tax*" in words


def test_a_single_day_of_renewals_is_said_once_and_so_is_how_seats_changed(english: Localizer) -> None:
    overview = quiet()
    day = overview.rows[0].subscription.period_end
    for row in overview.rows:
        row.subscription.period_end = day
    words = read_text(overview, reader=english)
    assert words.count("Next renewals") == 1
    assert words.count("How your seats changed") <= 1


def test_a_failed_and_an_overdue_order_wait_with_their_ways_on(english: Localizer) -> None:
    late = samples.make_order_details()
    late.order.placed_at = samples.AT.replace(day=8)
    failed = samples.make_order_details(status=OrderStatus.FAILED)
    for overview in (quiet(open_orders=[late]), quiet(failed_orders=[failed])):
        view = home_page.render_home(english, [overview], LINKS)
        assert "Needs your attention" in "\n".join(list_texts(view))
        assert sum(b["action_id"] == "account.contact_services" for b in list_buttons(view)) == 2


@pytest.mark.parametrize(("year", "month", "warned"), [(2026, 11, True), (2027, 1, True), (2027, 2, False)])
def test_a_card_that_expires_within_two_months_is_warned_of(
    english: Localizer, year: int, month: int, warned: bool
) -> None:
    """On 10 November 2026."""
    method = samples.make_payment_method(0, expiry=(year, month))
    words = read_text(quiet(payment_methods=[method]), reader=english)
    assert f"Visa •••• 4242, expires {month:02}/{year}" in words
    assert ("*Expires soon.*" in words) is warned
    assert "Nothing needs your attention." in words


def test_r3_adding_a_card_needs_attention_without_a_valid_one(english: Localizer) -> None:
    expired = samples.make_payment_method(0, expiry=(2026, 10))
    view = home_page.render_home(english, [quiet(payment_methods=[expired])], LINKS)
    words = "\n".join(list_texts(view))
    assert "You don’t have a valid automatic payment method" in words
    assert "Needs your attention" in words


def test_every_account_is_on_one_of_the_pages_once(reader: Localizer) -> None:
    overviews = [samples.make_account_overview(id_=f"a{n}") for n in range(30)]
    shown: list[str] = []
    for page in range(100):
        view = home_page.render_home(reader, overviews, LINKS, page=page)
        check(view)
        shown += [b["value"] for b in list_buttons(view) if b["action_id"] == "account.overview"]
        if not any(b["action_id"] == home_page.NEXT_PAGE for b in list_buttons(view)):
            break
    assert sorted(shown) == sorted(overview.account.id for overview in overviews)
    assert page > 1
    last = home_page.render_home(reader, overviews, LINKS, page=page + 7)
    assert last == view, "past the last page is the last page"


def test_the_pages_lead_to_each_other(english: Localizer) -> None:
    overviews = [samples.make_account_overview(id_=f"a{n}") for n in range(12)]
    first, second = (home_page.render_home(english, overviews, LINKS, page=page) for page in (0, 1))
    turns = {b["action_id"]: b["value"] for b in list_buttons(first) if b["action_id"].startswith("home.")}
    assert turns == {home_page.NEXT_PAGE: "1"}
    turns = {b["action_id"]: b["value"] for b in list_buttons(second) if b["action_id"].startswith("home.")}
    assert turns == {home_page.PREVIOUS_PAGE: "0", home_page.NEXT_PAGE: "2"}
    assert "Page 2 of " in "\n".join(list_texts(second))


def test_buttons_of_several_accounts_say_which_one_they_are_of(reader: Localizer) -> None:
    """A screen reader reads the buttons without what stands around them."""
    other = quiet("other")
    other.account.name = "Other & Co"
    view = home_page.render_home(reader, [quiet(), other], LINKS)
    named = [(b["text"]["text"], b.get("accessibility_label")) for b in list_buttons(view)]
    assert len(set(named)) == len(named) - 1, "only the way to an order of the same number is there twice"


def test_many_quotes_lead_to_their_list(reader: Localizer) -> None:
    view = home_page.render_home(reader, [samples.make_account_overview(Size(quotes=8))], LINKS)
    assert ("quote.list", "acme") in {(b["action_id"], b.get("value")) for b in list_buttons(view)}


def test_what_is_not_listed_is_counted(english: Localizer) -> None:
    one, invoices = quiet("one"), samples.make_account_overview().invoices
    text = read_text(replace(one, omitted_orders=13, omitted_problem_orders=9), reader=english)
    assert "*14 service orders in progress*" in text
    assert "and 4 more" in text
    assert invoices == []


def test_the_chart_has_alternative_text_and_bars_replace_it(english: Localizer) -> None:
    with_chart = home_page.render_home(english, [quiet()], LINKS)
    assert [b["title"] for b in with_chart["blocks"] if b["type"] == home_page.CHART_BLOCK_TYPE] == [
        "How your seats changed",
        "Ordered here, including tax",
    ]
    for charts in (True, False):
        words = read_text(quiet(), reader=english, show_charts=charts)
        assert "20 seats before" in words
        assert "22 seats since" in words
    bare = home_page.render_home(english, [quiet()], LINKS, show_charts=False)
    assert not any(b["type"] == home_page.CHART_BLOCK_TYPE for b in bare["blocks"])


def test_a_status_line_says_which_order_is_waited_for(english: Localizer) -> None:
    row = replace(samples.make_order_line_details(0, LineStatus.WAITING), blocking_order_number="SO-1001")
    assert "Queued behind service order SO-1001" in read_text(
        quiet(open_orders=[samples.make_order_details(row)]), reader=english
    )


def test_a_person_without_an_account_sees_no_account_but_whom_to_ask(reader: Localizer) -> None:
    view = home_page.render_unlinked_home(reader, LINKS.services_url, ["Alice Martin"])
    words = "".join(list_texts(view))
    assert "Acme" not in words
    assert "`/add-seats`" in words
    assert "Alice Martin" in words
    assert "Alice Martin" not in "".join(
        list_texts(home_page.render_unlinked_home(reader, LINKS.services_url))
    )
