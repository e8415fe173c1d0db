"""The Home tab at a glance."""

from dataclasses import replace

from bot.blocks import home
from bot.blocks.account import PortalLinks
from bot.i18n import Reader
from models.sheet import AccountSheet
from tests.blocks import samples
from tests.blocks.limits import buttons, check, texts
from tests.blocks.samples import Size

LINKS = PortalLinks("https://corporate.example", "https://admin.example", "https://services.example")


def quiet(id_: str = "quiet") -> AccountSheet:
    return replace(samples.account_sheet(id_=id_), pending=[], orders=[samples.order_sheet()])


def test_what_waits_for_the_person_can_be_decided_there(reader: Reader) -> None:
    view = home.home(reader, [samples.account_sheet()], LINKS)
    found = {(b["action_id"], b.get("value")) for b in buttons(view)}
    assert {("quote.open", "2"), ("quote.approve", "2"), ("quote.reject", "2")} <= found
    assert {("service_order.open", "7"), ("cart.open", "acme"), ("account.overview", "acme")} <= found


def test_accounts_for_which_something_waits_come_first(english: Reader) -> None:
    view = home.home(english, [quiet(), samples.account_sheet(id_="waits")], LINKS)
    assert [b["value"] for b in buttons(view) if b["action_id"] == "cart.open"] == ["waits", "quiet"]


def test_where_nothing_waits_it_says_so(english: Reader) -> None:
    said = "\n".join(texts(home.home(english, [quiet()], LINKS)))
    assert "Nothing waits for you." in said
    assert "*Service order in progress*" in said
    assert "*Last receipts*" in said
    assert "25 seats" in said


def test_accounts_that_do_not_fit_are_counted(english: Reader) -> None:
    view = home.home(english, [samples.account_sheet()] * 30, LINKS)
    check(view)
    shown = len([b for b in buttons(view) if b["action_id"] == "cart.open"])
    assert f"{30 - shown} more accounts do not fit here" in "\n".join(texts(view))


def test_many_quotes_lead_to_their_list(reader: Reader) -> None:
    view = home.home(reader, [samples.account_sheet(Size(quotes=8))], LINKS)
    assert ("quote.list", "acme") in {(b["action_id"], b.get("value")) for b in buttons(view)}


def test_a_person_without_an_account_learns_of_none(reader: Reader) -> None:
    view = home.home_unlinked(reader)
    assert "Acme" not in "".join(texts(view))
    assert "`/add-seats`" in "".join(texts(view))
