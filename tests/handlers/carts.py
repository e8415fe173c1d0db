"""What tests of carts do and look at."""

from models.cart import Cart
from models.quote import Quote, QuoteStatus
from sandbox.driver import Person
from tests.world import World

MEETING, WEBINAR = "seats:acme_meeting", "seats:acme_webinar"


async def load_cart_seats(world: World) -> dict[str, int]:
    """Everybody's together."""
    return {id_: seats for cart in await world.load_rows(Cart) for id_, seats in cart.seats.items()}


async def list_pending_quotes(world: World) -> list[str]:
    return [q.number for q in await world.load_rows(Quote, status=QuoteStatus.PENDING)]


async def follow_steps(person: Person, *steps: tuple[str, str]) -> None:
    """Each press or submit (an empty action) and the screen it leads to."""
    for action_id, callback_id in steps:
        await (person.press(action_id) if action_id else person.submit())
        await person.wait_for_modal(callback_id)
