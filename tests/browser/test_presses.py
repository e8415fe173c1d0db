"""How many buttons an order takes, after the command or from the message: five typical ones, in the page."""

from collections.abc import Awaitable, Callable

import pytest

from models.service_order import ServiceOrder
from tests.browser.browser_session import BrowserSession, BrowserSessions
from tests.handlers.steps import import_quote

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PLACE = "Place service order"

Order = Callable[[BrowserSessions, BrowserSession], Awaitable[None]]


async def _press_all(session: BrowserSession, *names: str) -> None:
    for name in names:
        await session.press(name)


async def order_from_the_command(_: BrowserSessions, session: BrowserSession) -> None:
    """One account, no pending quote, and everything that checkout asks for is known."""
    await session.type_message("/add-seats meeting 2")
    await _press_all(session, "Save cart and review", "Proceed to checkout", PLACE)


async def order_again(_: BrowserSessions, session: BrowserSession) -> None:
    await session.type_message("/service-orders SO-1001")
    await _press_all(session, "Order again as in service order SO-1001")
    await _press_all(session, "Save cart and review", "Proceed to checkout", PLACE)


async def approve_a_quote_in_the_channel(sessions: BrowserSessions, session: BrowserSession) -> None:
    await import_quote(sessions.world)
    await sessions.settle()
    # The channel reads its account’s language.
    await session.press("Approuver le devis Q-2041", within=session.messages.last)
    await _press_all(session, PLACE)


async def replace_a_pending_quote(sessions: BrowserSessions, session: BrowserSession) -> None:
    await import_quote(sessions.world, "Q-2042")
    await sessions.settle()
    await session.type_message("/add-seats webinar 1")
    await session.press("Continue and replace")
    await session.press("Continue", within=session.dialog)
    await _press_all(session, "Save cart and review", "Proceed to checkout", PLACE)


async def add_a_new_administrator(_: BrowserSessions, session: BrowserSession) -> None:
    """The fields for one appear when it is chosen."""
    await session.type_message("/add-seats meeting 1")
    await _press_all(session, "Save cart and review", "Proceed to checkout", "Change the admin contact")
    await session.modal.get_by_role("combobox", name="Admin contact").select_option("New administrator")
    name, email = "New administrator’s name", "New administrator’s email"
    await session.fill(**{name: "Zoé Neuve", email: "zoe@acme.example"})
    await _press_all(session, "Save and continue", PLACE)


PRESSES: dict[Order, int] = {
    order_from_the_command: 3,
    order_again: 4,
    approve_a_quote_in_the_channel: 2,
    replace_a_pending_quote: 5,
    add_a_new_administrator: 5,
}


async def test_an_order_takes_few_presses(sessions: BrowserSessions) -> None:
    session = await sessions.open_session("alice")
    counted: dict[Order, int] = {}
    for number, order in enumerate(PRESSES, start=1001):
        before = session.press_count
        await order(sessions, session)
        await session.expect_text(f"Service order SO-{number}")
        counted[order] = session.press_count - before
        await sessions.settle()
        await session.close()
    assert counted == PRESSES
    assert len(await sessions.world.load_rows(ServiceOrder, status="completed")) == len(PRESSES)
