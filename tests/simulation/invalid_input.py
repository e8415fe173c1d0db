"""Invalid input, and attempts without permission."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from bot.use_cases.account import portal
from bot.use_cases.cart import open as cart_open
from bot.use_cases.cart import save as cart_save
from bot.use_cases.checkout.save import save_checkout
from bot.use_cases.quote.decide import reject_quote
from bot.use_cases.quote.read import get_quote
from bot.use_cases.service_order import place as place_order
from bot.use_cases.service_order import read as read_order
from bot.use_cases.service_order import retry as retry_order
from models.checkout import NEW_ADMINISTRATOR_OPTION, CheckoutForm
from tests.simulation.database import Store
from tests.simulation.people import Click

GOOD_FORM = CheckoutForm(
    administrator="1",
    payment_method="pm_1",
    line1="1 rue de la Paix",
    postal_code="75002",
    city="Paris",
    country="FR",
)
WRONG_SEATS: tuple[dict[str, str], ...] = (
    {"acme_meeting": "five"},
    {"acme_meeting": "-1"},
    {"acme_meeting": "0", "acme_webinar": ""},
    {"acme_meeting": "21"},
    {"acme_meeting": "20", "acme_webinar": "20"},
    {"acme_rescue": "1"},
    {"acme_assist": "1"},
    {"borea_training": "1"},
)
WRONG_FIELDS: tuple[dict[str, str], ...] = (
    {"line1": ""},
    {"city": "x" * 300},
    {"country": "XX"},
    {"administrator": "77"},
    {"administrator": NEW_ADMINISTRATOR_OPTION, "admin_name": "Nora", "admin_email": "nora"},
    {"payment_method": "pm_old"},
    {"payment_method": "pm_3"},
)
IDS = (
    "SELECT id FROM quote",
    "SELECT id FROM quote WHERE status = 'pending'",
    "SELECT id FROM service_order",
)
USERS = ("U01ALICE", "U02BENOIT", "U03DORA", "U04EVE", "U05GUEST", "U09IDA", "U00NOBODY")


def choose_invalid_click(random: Random, store: Store) -> Click:
    quotes, pending, orders = ([row[0] for row in store.rows(query)] for query in IDS)
    return random.choice(list(_list_invalid_clicks(random, [*quotes, 999], pending * 5, [*orders, 999])))


def _list_invalid_clicks(
    random: Random, quotes: list[int], pending: list[int], orders: list[int]
) -> Iterator[Click]:
    def click(name: str, use_case: Callable[..., Any], user: str = "U01ALICE", **given: Any) -> Click:
        return Click(name, user, use_case, given)

    anybody, some_quote, some_order = random.choice(USERS), random.choice(quotes), random.choice(orders)
    wrong = GOOD_FORM.model_copy(update=random.choice(WRONG_FIELDS))
    yield click(
        "cart.open", cart_open.open_cart, anybody, account_id=random.choice(("acme", "borea", "custos"))
    )
    yield click(
        "cart.open",
        cart_open.open_cart,
        account_id="acme",
        command_text=random.choice(("teapot", "go 2", "5 5")),
    )
    yield click("cart.save", cart_save.save_cart, account_id="acme", seat_inputs=random.choice(WRONG_SEATS))
    yield click("cart.save", cart_save.save_cart, account_id="acme", seat_inputs=random.choice(WRONG_SEATS))
    yield click(
        "cart.save", cart_save.save_cart, "U09IDA", account_id="custos", seat_inputs={"custos_rescue": "1"}
    )
    yield click("cart.open", cart_open.open_cart, "U09IDA", account_id="custos")
    yield click("quote.open", get_quote, anybody, quote_id=some_quote)
    yield click("quote.reject", reject_quote, anybody, quote_id=some_quote, reason="No.")
    yield click("quote.reject", reject_quote, quote_id=some_quote, reason="x" * 501)
    for number in pending:
        yield click("checkout.save", save_checkout, quote_id=number, form=wrong)
    yield click("service_order.place", place_order.place_service_order, anybody, quote_id=some_quote)
    yield click("service_order.open", read_order.get_order, anybody, order_id=some_order)
    retry: dict[str, Any] = {"order_id": some_order, "payment_method_id": random.choice(("pm_1", "pm_3"))}
    yield click("service_order.retry", retry_order.retry_service_order, anybody, **retry)
    yield click("service_order.give_up", retry_order.cancel_declined_seats, anybody, order_id=some_order)
    yield click("portal.switch", portal.switch_portal, anybody, account_id="acme")
