"""Helpers for tests of quotes."""

from models.quote import Quote
from sandbox.driver import Modal, Person
from tests.world import World

QUOTE_BUTTONS = ["quote.open", "quote.approve", "quote.reject", "quote.send"]


async def load_quote_statuses(world: World) -> dict[str, str]:
    return {quote.number: quote.status.value for quote in await world.load_rows(Quote)}


async def wait_for_refusal(world: World, person: Person, *words: str) -> Modal:
    """R20: the message after acting on something outdated."""
    modal = await person.wait_for_modal("refusal.show")
    for word in words:
        assert word in modal.text
    return modal
