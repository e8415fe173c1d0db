"""Bolt's listeners, one for each kind of route: what is acknowledged when, and what goes on after it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.blocks.block_kit import render_form_with_errors
from bot.blocks.help import format_help
from bot.db import DATABASE_UNAVAILABLE_ERRORS
from bot.metrics import VIEW_DURATION_SECONDS
from bot.tasks import TooBusy
from bot.use_cases.slack_user import load_refreshed_localizer
from handlers.request import Call, asks_for_help
from handlers.response import Answer, answer_of, away, try_again, unexpected
from handlers.route import Route
from handlers.view_delivery import put, tell, told_where_it_hangs, waiting
from models.errors import Refusal

log = structlog.get_logger()

# Slack waits 3 s for an answer; what takes longer than this is answered by a waiting screen first.
ANSWER_WITHIN = 1.5
LEAST_WAIT = 0.3
# The ack leaves when the listener has returned, by another road than the call that follows it.
ACK_ARRIVES = 0.3

Listener = Callable[[AsyncAck, Call], Awaitable[None]]


def register(app: AsyncApp, route: Route) -> None:
    match route.kind:
        case "command":
            app.command(route.id)(_command(route))
        case "show":
            app.action(route.id)(_show(route))
        case "change":
            app.action(route.id)(_change(route))
        case "submit":
            app.view(route.id)(_submit(route))
        case "link":
            pass  # Its ack is all.
        case "event":
            app.event(route.id)(_event(route))
        case _:
            raise ValueError(route.kind)


def _command(route: Route) -> Listener:
    async def listener(ack: AsyncAck, call: Call) -> None:
        if asks_for_help(call.body):
            reader = (await _recognised(call)).reader
            await ack(text=format_help(reader, route.id))
            return
        await _go_on(ack, call, route)

    return listener


def _show(route: Route) -> Listener:
    async def listener(ack: AsyncAck, call: Call) -> None:
        await _go_on(ack, call, route)

    return listener


def _event(route: Route) -> Listener:
    async def listener(ack: AsyncAck, call: Call) -> None:
        call.services.tasks.start(_react(call, route), route.id)

    return listener


async def _react(call: Call, route: Route) -> None:
    assert route.handler is not None, "an event has its handler"
    await route.handler(await _recognised(call))


async def _go_on(ack: AsyncAck, call: Call, route: Route) -> None:
    """In a task already, unless there are too many (`App` in handlers/slack.py)."""
    await ack()
    try:
        if call.refusal is not None:
            await tell(await _recognised(call), call.refusal)
        else:
            await _answer_and_show(call, route)
    finally:
        VIEW_DURATION_SECONDS.labels(route.kind).observe(time.monotonic() - call.started)


def _change(route: Route) -> Listener:
    async def listener(ack: AsyncAck, call: Call) -> None:
        call = await _recognised(call)
        try:
            work = call.services.tasks.start(answer_of(call, route), route.id)
        except TooBusy as refusal:
            await ack()
            await tell(call, refusal)
            return
        await asyncio.wait({work}, timeout=_time_left(call))
        await ack()
        _show_later(call, work, route)

    return listener


def _submit(route: Route) -> Listener:
    async def listener(ack: AsyncAck, call: Call) -> None:
        call = await _recognised(call)
        try:
            work = call.services.tasks.start(answer_of(call, route), route.id)
        except TooBusy as refusal:
            await _ack_answer(ack, try_again(call, refusal))
            return
        done, _ = await asyncio.wait({work}, timeout=_time_left(call))
        if not done:
            await ack(response_action="update", view=waiting(call))
            _show_later(call, work, route, after=ACK_ARRIVES)
        else:
            await _ack_answer(ack, work.result())

    return listener


async def _ack_answer(ack: AsyncAck, answer: Answer) -> None:
    if answer.errors:
        await ack(response_action="errors", errors=answer.errors)
    else:
        await ack(response_action="update", view=answer.view)


def _show_later(call: Call, work: asyncio.Task[Answer], route: Route, after: float = 0) -> None:
    """Whoever was let in is shown the answer, however busy it has become meanwhile."""
    call.services.tasks.start_unbounded(_show_when_done(call, work, route, after), f"{route.id} shown")


def _time_left(call: Call) -> float:
    return max(LEAST_WAIT, ANSWER_WITHIN - (time.monotonic() - call.started))


async def _answer_and_show(call: Call, route: Route) -> None:
    """For what is acknowledged already. A refused command is answered by a private line, not a screen."""
    assert route.handler is not None, "all but links have a handler"
    try:
        with call.services.tasks.track_interactive_request():
            with told_where_it_hangs(call, route.id):
                call = await _recognised(call)
            # In their language, from here on.
            with told_where_it_hangs(call, route.id):
                view = await route.handler(call)
    except Refusal as refusal:
        await tell(call, refusal)
    except DATABASE_UNAVAILABLE_ERRORS as error:
        await tell(call, away(route.id, error))
    except Exception:
        await tell(call, unexpected(route.id))
    else:
        await put(call, view)


async def _show_when_done(call: Call, work: asyncio.Task[Answer], route: Route, after: float) -> None:
    """Not before `after` seconds: what overtakes the ack is covered by the ack's waiting screen for good."""
    with told_where_it_hangs(call, route.id):
        answer, _ = await asyncio.gather(work, asyncio.sleep(after))
    if answer.errors:
        await put(call, render_form_with_errors(call.view or {}, answer.errors))
    elif answer.view:
        await put(call, answer.view)


async def _recognised(call: Call) -> Call:
    """With what Slack says of the person an hour old at most, and in their language (R5, R22)."""
    try:
        return replace(call, reader=await load_refreshed_localizer(call.services, call.person))
    except DATABASE_UNAVAILABLE_ERRORS as error:
        # The handler will find so too, and there is a way to say it.
        log.warning("slack_user.refresh_failed", error=type(error).__name__)
        return call
