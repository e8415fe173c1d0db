"""Orders over Stripe, step by step, for the tests that need one."""

import io

from pypdf import PdfReader

from bot.permissions import SlackIdentity as Caller
from bot.use_cases.cart.open import open_cart
from bot.use_cases.cart.save import save_cart
from bot.use_cases.checkout.open import open_checkout
from bot.use_cases.checkout.save import save_checkout
from bot.use_cases.service_order.place import place_service_order
from bot.use_cases.service_order.retry import retry_service_order
from bot.use_cases.slack_user import refresh_slack_user
from models.details import OrderDetails
from models.service_order import OrderLine
from tests.handlers.steps import ForgetfulTasks
from tests.stripe_world import StripeWorld

ALICE = Caller("T01ACME", "U01ALICE", "test")
CARLA = Caller("T01ACME", "U06CARLA", "test")
DORA = Caller("T01ACME", "U03DORA", "test")


def read_pdf(content: bytes) -> str:
    return " ".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


async def refresh_and_open_cart(world: StripeWorld, who: Caller, account: str) -> None:
    await refresh_slack_user(world.dependencies, who)
    await open_cart(world.dependencies, person=who, account_id=account)


async def prepare_order(
    world: StripeWorld, who: Caller, subscription: str, seats: int = 2, **form: str
) -> int:
    """Up to the form that places the order. Returns the quote's id."""
    account = subscription.removeprefix("si_").split("_")[0]
    await refresh_and_open_cart(world, who, account)
    details = await save_cart(
        world.dependencies, person=who, account_id=account, seat_inputs={subscription: str(seats)}
    )
    typed = (await open_checkout(world.dependencies, person=who, quote_id=details.quote.key)).form
    changed = typed.model_copy(update=form)
    await save_checkout(world.dependencies, person=who, quote_id=details.quote.key, form=changed)
    return details.quote.key


async def place_order(
    world: StripeWorld, who: Caller, subscription: str, seats: int = 2, **form: str
) -> OrderDetails:
    quote_id = await prepare_order(world, who, subscription, seats, **form)
    order = await place_service_order(world.dependencies, person=who, quote_id=quote_id)
    await world.settle()
    return order


async def place_unprocessed_order(world: StripeWorld, who: Caller, subscription: str, **form: str) -> None:
    """The process dies right after its commit: a job takes the line up."""
    quote_id = await prepare_order(world, who, subscription, 2, **form)
    tasks = world.dependencies.tasks
    world.dependencies.tasks = ForgetfulTasks()
    await place_service_order(world.dependencies, person=who, quote_id=quote_id)
    world.dependencies.tasks = tasks


async def retry_order(world: StripeWorld, order_id: int) -> None:
    method = "pm_good_1"
    await retry_service_order(world.dependencies, person=DORA, order_id=order_id, payment_method_id=method)


async def get_order_line(world: StripeWorld) -> OrderLine:
    [line] = await world.load_lines()
    return line
