"""The screens before a quote: which account, which pending quotes, how many seats (R2-R7, R10)."""

from dataclasses import replace

import pytest

from bot.blocks import cart
from bot.blocks.block_kit import ModalMetadata, View
from bot.i18n import Localizer
from models.account import AccountNotSelfServed
from models.details import CartPage
from models.payment_method import NoAutomaticPaymentMethod
from tests.blocks import samples
from tests.blocks.limits import list_buttons, list_texts
from tests.blocks.samples import Size

PLACE = ModalMetadata(account="acme", command_text="webinar 5", quote_ids=(2, 3))
URL = "https://services.example"


def form(reader: Localizer, cart_page: CartPage, page: int = 0, most: int = 1000) -> View:
    return cart.render_cart_modal(
        reader, cart_page, ModalMetadata(account="acme", page=page), most, services_url=URL
    )


def inputs(view: View) -> list[dict[str, object]]:
    return [block for block in view["blocks"] if block["type"] == "input"]


def ids(view: View) -> list[str]:
    return [button["action_id"] for button in list_buttons(view)]


def test_each_account_has_its_button(reader: Localizer) -> None:
    accounts = [samples.make_account(id_="acme"), samples.make_account(id_="globex")]
    view = cart.render_account_choice_modal(reader, accounts, PLACE)
    assert [(b["action_id"], b["value"]) for b in list_buttons(view)] == [
        ("cart.account", "acme"),
        ("cart.account", "globex"),
    ]
    assert ModalMetadata.from_json(view["private_metadata"]).command_text == "webinar 5"


def test_another_command_has_the_account_chosen_for_itself(reader: Localizer) -> None:
    view = cart.render_account_choice_modal(reader, [samples.make_account()], PLACE, "quote.list")
    assert ids(view) == ["quote.list"]


@pytest.mark.parametrize("count", [1, 2, 40, 41, 300])
def test_the_warning_names_every_pending_quote(count: int, reader: Localizer) -> None:
    quotes = samples.make_quote_details_list(Size(quotes=count))
    view = cart.render_pending_quotes_modal(reader, quotes, PLACE, None)
    said = " ".join(list_texts(view))
    assert [s.quote.number for s in quotes if s.quote.number not in said] == []
    assert ids(view).count("quote.approve") == min(count, 40)
    assert len(view["blocks"]) <= 100


def test_the_warning_says_that_replaced_quotes_do_not_return(english: Localizer) -> None:
    view = cart.render_pending_quotes_modal(english, samples.make_quote_details_list(), PLACE, None)
    [go_on] = [b for b in list_buttons(view) if b["action_id"] == cart.CONTINUE_TO_CART]
    warning = " ".join(list_texts(view["blocks"]))
    assert "If you abandon it, its quote stays pending." in warning
    for said in (warning, go_on["confirm"]["text"]["text"]):
        assert "Replaced quotes can’t be restored, even if you abandon the new order." in said
    assert (go_on["style"], go_on["value"]) == ("danger", "acme")


def test_the_carts_own_quote_is_offered_and_not_decided_about(reader: Localizer) -> None:
    own = samples.make_quote_details(1)
    view = cart.render_pending_quotes_modal(reader, samples.make_quote_details_list(), PLACE, own)
    assert [b["action_id"] for b in list_buttons(view) if b.get("value") == "1"] == ["quote.open"]


def test_a_warning_that_came_back_says_that_nothing_was_replaced(english: Localizer) -> None:
    first, again = (
        cart.render_pending_quotes_modal(english, samples.make_quote_details_list(), PLACE, None, came_back)
        for came_back in (False, True)
    )
    assert first["blocks"][0]["type"] == "section"
    assert again["blocks"][0]["level"] == "warning"
    assert "Nothing was replaced" in again["blocks"][0]["text"]["text"]


def test_a_number_is_asked_for_each_orderable_subscription_only(reader: Localizer) -> None:
    view = form(reader, samples.make_cart_page())
    assert [block["block_id"] for block in inputs(view)] == ["seats:sub_0", "seats:sub_1"]
    assert all(block["optional"] for block in inputs(view))


def test_a_subscription_that_cannot_be_ordered_shows_its_reason_and_what_to_do(english: Localizer) -> None:
    view = form(english, samples.make_cart_page())
    assert "You can’t order additional seats of Product 4 here. Reason: Not sold." in " ".join(
        list_texts(view)
    )
    assert "account.contact_services" in ids(view)


def test_input_stays_in_its_field_with_the_resulting_total(english: Localizer) -> None:
    first, second = inputs(form(english, samples.make_cart_page()))
    assert first["element"]["initial_value"] == "5"  # type: ignore[index]
    assert first["hint"]["text"].startswith("Currently 25 seats, 30 after adding 5")  # type: ignore[index]
    assert "initial_value" not in second["element"]  # type: ignore[operator]
    assert second["hint"]["text"].startswith("Currently 25 seats · €14.00 per seat per year")  # type: ignore[index]


def test_a_number_out_of_bounds_is_not_put_into_a_field_that_refuses_it(reader: Localizer) -> None:
    view = form(reader, samples.make_cart_page(), most=4)
    assert "initial_value" not in inputs(view)[0]["element"]  # type: ignore[operator]


def test_two_subscriptions_to_one_product_are_distinguished(english: Localizer) -> None:
    cart_page = samples.make_cart_page()
    twin = replace(cart_page.rows[1], product=cart_page.rows[0].product)
    view = form(english, replace(cart_page, rows=[cart_page.rows[0], twin]))
    labels = [b["label"]["text"] for b in inputs(view)]  # type: ignore[index]
    assert labels[0].startswith("GoTo Meeting (sub_0)")
    assert labels[1].startswith("GoTo Meeting (sub_1)")


def test_many_subscriptions_turn_pages_without_losing_one(reader: Localizer) -> None:
    cart_page = samples.make_cart_page(Size(rows=90))
    pages = [form(reader, cart_page, page) for page in range(3)]
    assert [len(inputs(page)) for page in pages] == [40, 40, 10]
    turns = [[b["value"] for b in list_buttons(p) if b["action_id"] == cart.CHANGE_PAGE] for p in pages]
    assert turns == [["1"], ["0", "2"], ["1"]]


def test_forty_subscriptions_need_no_pages(reader: Localizer) -> None:
    view = form(reader, samples.make_cart_page(Size(rows=37)))
    assert cart.CHANGE_PAGE not in ids(view)


def test_every_exit_from_the_cart_has_a_button(reader: Localizer) -> None:
    view = form(reader, samples.make_cart_page(own=True))
    assert {cart.BACK, cart.CONTINUE_TO_QUOTE} <= set(ids(view))
    assert view["callback_id"] == cart.SAVE


def test_all_failed_conditions_are_reported_together_with_their_remedies(reader: Localizer) -> None:
    refusals = [AccountNotSelfServed(account="Acme", reason="By hand"), NoAutomaticPaymentMethod()]
    view = cart.render_cart_blocked_modal(
        reader, samples.make_account(), refusals, ModalMetadata(account="acme"), URL
    )
    assert len([b for b in view["blocks"] if b["type"] == "section"]) == 3
    assert "account.manage_methods" in ids(view)
    assert "account.contact_services" in ids(view)
