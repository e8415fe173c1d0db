"""A cart of one account among several, and of more subscriptions than a screen holds (R10)."""

import copy

from models.account.billing_contact import BillingContact
from models.quote import Quote
from models.subscription import Subscription
from tests.handlers.carts import follow_steps, list_pending_quotes, load_cart_seats
from tests.handlers.db_snapshot import add, change
from tests.handlers.steps import import_file, open_modal, wait_for_modal_text
from tests.world import ACCOUNTS, World
from tests.yaml_files import read_yaml


async def sam_buys_for_two(world: World) -> None:
    await add(world, BillingContact(account_id="declined", email="sam@acme.example", name="Sam Stone"))


async def test_a_person_with_several_accounts_chooses_one_first(world: World) -> None:
    """R10: for every command; each account has its own cart and its own quotes."""
    await sam_buys_for_two(world)
    sam = world.get_person("sam")
    for account_id, account in (("slow", "Slow Inc"), ("declined", "Declined Ltd")):
        chooser = await open_modal(sam, "/add-seats", "meeting 3", "cart.choose")
        assert "Slow Inc" in chooser.text
        assert "Declined Ltd" in chooser.text
        assert "Acme" not in chooser.text
        await chooser.press("cart.account", account_id)
        form = await sam.wait_for_modal("cart.save")
        assert account in form.text
        assert form.get_value(f"seats:{account_id}_meeting") == "3"
        await follow_steps(sam, ("cart.back", "cart.choose"))
        assert sam.modal
        await sam.modal.press("cart.account", account_id)
        form = await sam.wait_for_modal("cart.save")
        assert form.get_value(f"seats:{account_id}_meeting") == "3"
        await follow_steps(sam, ("", "quote.review"))
    assert {q.account_id for q in await world.load_rows(Quote)} == {"slow", "declined"}
    assert await list_pending_quotes(world) == ["SQ-1001", "SQ-1002"]
    for command, callback_id, words in (
        ("/quotes", "quote.list", "SQ-1002"),
        ("/service-orders", "service_order.list", "Declined Ltd"),
        ("/billing", "account.overview", "Declined Ltd"),
    ):
        chooser = await open_modal(sam, command, "", "cart.choose")
        await chooser.press(chooser.get_element(None)["action_id"], "declined")
        modal = await sam.wait_for_modal(callback_id)
        assert words in modal.text
        assert "Slow Inc" not in modal.text
    assert "SQ-1001" in (await open_modal(sam, "/quotes", "SQ-1001", "quote.review")).text


async def test_command_text_too_long_for_a_view_still_waits_for_the_account_choice(world: World) -> None:
    """A view carries 3,000 characters of its own."""
    await sam_buys_for_two(world)
    sam = world.get_person("sam")
    chooser = await open_modal(sam, "/add-seats", "é" * 3900, "cart.choose")
    await chooser.press("cart.account", "slow")
    await wait_for_modal_text(sam, "You don’t have a subscription to “ééé")
    assert world.slack.refusals == []


async def import_many(world: World, count: int = 90) -> None:
    listed = read_yaml(ACCOUNTS)
    account = copy.deepcopy(next(a for a in listed["accounts"] if a["id"] == "slow"))
    [one] = account["subscriptions"]
    more = [{**one, "id": f"slow_{n:02}", "product": f"product-{n:02}"} for n in range(1, count)]
    account["subscriptions"] += more
    products = [
        {"id": m["product"], "name": f"Product {m['product'][-2:]}", "additional_seats": True} for m in more
    ]
    await import_file(world, account, [*listed["products"], *products])


async def test_more_than_forty_subscriptions_page_and_every_page_is_saved(world: World) -> None:
    """R10: turning a page keeps what stands on it."""
    await import_many(world)
    sam = world.get_person("sam")
    form = await open_modal(sam, "/add-seats", "", "cart.save")
    assert "Page 1 of 3" in form.text
    assert len([b for b in form.blocks if b["type"] == "input"]) == 40
    form.fill("seats:slow_meeting", 1)
    await sam.press(text="Next page")
    form = await wait_for_modal_text(sam, "Page 2 of 3")
    form.fill("seats:slow_50", 2)
    await sam.press(text="Next page")
    form = await wait_for_modal_text(sam, "Page 3 of 3")
    form.fill("seats:slow_89", "x")
    await sam.press(text="Previous page")
    form = await wait_for_modal_text(sam, "“x” isn’t a number of seats.")
    assert "Page 3 of 3" in form.text
    assert form.get_value("seats:slow_89") == "x"
    form.fill("seats:slow_89", 3)
    await sam.press(text="Previous page")
    form = await wait_for_modal_text(sam, "Page 2 of 3")
    assert form.get_value("seats:slow_50") == "2"
    await sam.submit()
    review = await sam.wait_for_modal("quote.review")
    for product in ("GoTo Meeting", "Product 50", "Product 89"):
        assert product in review.text
    assert await load_cart_seats(world) == {"slow_meeting": 1, "slow_50": 2, "slow_89": 3}
    assert world.slack.refusals == []


async def test_a_product_named_in_the_command_is_shown_on_its_page(world: World) -> None:
    """R10: what is not on the screen would not be saved."""
    await import_many(world)
    sam = world.get_person("sam")
    form = await open_modal(sam, "/add-seats", "product-77 4", "cart.save")
    assert "Page 2 of 3" in form.text
    assert form.get_value("seats:slow_77") == "4"
    await sam.submit()
    review = await sam.wait_for_modal("quote.review")
    assert "Product 77" in review.text
    assert await load_cart_seats(world) == {"slow_77": 4}


async def test_what_the_command_or_an_earlier_order_fills_in_on_another_page_is_kept(world: World) -> None:
    await import_many(world)
    sam = world.get_person("sam")
    await open_modal(sam, "/add-seats", "product-77 4 product-03 2", "cart.save")
    await sam.submit()
    await sam.wait_for_modal("quote.review")
    assert await load_cart_seats(world) == {"slow_77": 4, "slow_03": 2}


async def test_a_wrong_number_for_one_product_keeps_the_others(world: World) -> None:
    """The form says which; what was understood is filled in."""
    await import_many(world, 3)
    sam = world.get_person("sam")
    form = await open_modal(sam, "/add-seats", "product-01 2 product-02 2.5", "cart.save")
    assert "“2.5” isn’t a number of seats." in form.text
    assert form.get_value("seats:slow_01") == "2"
    assert not form.get_value("seats:slow_02")


async def test_a_page_with_nothing_to_order_on_it_still_says_what_is_wrong(world: World) -> None:
    """There is no field to put the words at: they stand above."""
    await import_many(world)
    for n in range(30, 90):
        await change(world, Subscription, f"slow_{n:02}", self_service=False)
    sam = world.get_person("sam")
    await open_modal(sam, "/add-seats", "", "cart.save")
    await sam.press(text="Next page")
    await wait_for_modal_text(sam, "Page 2 of 3")
    await sam.submit()
    form = await wait_for_modal_text(sam, "Enter how many seats to add for at least one subscription.")
    assert "Page 2 of 3" in form.text
    assert world.slack.refusals == []
