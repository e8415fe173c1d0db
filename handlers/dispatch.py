"""When each kind of route is acknowledged, and what happens before and after that.

Slack waits three seconds for the ack. What only reads is acknowledged first; what changes something is
acknowledged once that is committed, or after a second and a half.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.blocks.help import format_help
from bot.db import DATABASE_UNAVAILABLE_ERRORS, get_database_error_kind
from bot.installations.clients import NotInstalled, OrganisationUnknown
from bot.metrics import ACK_DURATION_SECONDS, ERRORS_TOTAL, VIEW_DURATION_SECONDS
from bot.tasks import TooBusy
from bot.use_cases.slack_user import load_localizer, load_refreshed_principal
from handlers.request import AppNotInstalled, SlackRequest
from handlers.respond import (
    HandlerResult,
    ack_with_result,
    notify_if_unresponsive,
    render_result,
    render_waiting_modal,
    report_unavailable_database,
    report_unexpected_error,
    show_refusal,
    show_view,
    with_external_id,
)
from handlers.route import Route, RouteKind
from models.account.billing_contact import IdentityNotFresh
from models.errors import Refusal, SlackUnavailable

log = structlog.get_logger()

# The ack is sent after the listener has returned, and over another connection than the next call.
ACK_DELIVERY_SECONDS = 0.3

AckPolicy = Callable[[AsyncAck, SlackRequest, Route], Awaitable[None]]
Listener = Callable[[AsyncAck, SlackRequest], Awaitable[None]]


def register_routes(app: AsyncApp, routes: list[Route]) -> None:
    for route in routes:
        ERRORS_TOTAL.labels(route.id)
        _get_registrar(app, route.kind)(route.id)(_build_listener(route))


def _get_registrar(app: AsyncApp, kind: RouteKind) -> Callable[[str], Callable[[Listener], Any]]:
    match kind:
        case RouteKind.COMMAND:
            return app.command
        case RouteKind.SHORTCUT:
            return app.global_shortcut
        case RouteKind.SHOW | RouteKind.CHANGE | RouteKind.LINK:
            return app.action
        case RouteKind.SUBMIT:
            return app.view
        case RouteKind.EVENT | RouteKind.UNINSTALL:
            return app.event


def _build_listener(route: Route) -> Listener:
    acknowledge = ACK_POLICIES[route.kind]

    async def listener(ack: AsyncAck, slack_request: SlackRequest) -> None:
        try:
            await acknowledge(ack, slack_request, route)
        finally:
            # With process_before_response the ack is sent when the listener returns.
            duration = time.monotonic() - slack_request.started
            ACK_DURATION_SECONDS.labels(route.kind).observe(duration)

    return listener


# --- policies


async def ack_only(ack: AsyncAck, request: SlackRequest, route: Route) -> None:
    await ack()


async def ack_with_help_or_first(ack: AsyncAck, request: SlackRequest, route: Route) -> None:
    if request.is_help:
        localizer = (await _prepare_in_time(request)).localizer
        await ack(text=format_help(localizer, route.id))
    else:
        await ack_first(ack, request, route)


async def ack_first(ack: AsyncAck, request: SlackRequest, route: Route) -> None:
    await ack()
    try:
        request.dependencies.tasks.start(_run_and_show(request, route), route.id)
    except TooBusy as refusal:
        await show_refusal(await _prepare_in_time(request), refusal)


async def commit_then_ack(ack: AsyncAck, request: SlackRequest, route: Route) -> None:
    try:
        work = _start_handler_run(request, route)
    except TooBusy as refusal:
        await ack()
        await show_refusal(await _prepare_in_time(request), refusal)
        return
    await asyncio.wait({work.result}, timeout=_get_time_left(request))
    await ack()
    _schedule_view_update(work)


async def commit_then_ack_with_view(ack: AsyncAck, request: SlackRequest, route: Route) -> None:
    try:
        work = _start_handler_run(request, route)
    except TooBusy as refusal:
        await ack_with_result(ack, await _prepare_in_time(request), refusal)
        return
    done, _ = await asyncio.wait({work.result}, timeout=_get_time_left(request))
    if done:
        await ack_with_result(ack, work.prepared_request, work.result.result())
    else:
        await ack(
            response_action="update",
            view=with_external_id(request, render_waiting_modal(work.prepared_request)),
        )
        _schedule_view_update(work, delay=ACK_DELIVERY_SECONDS)


async def ack_event_first(ack: AsyncAck, request: SlackRequest, route: Route) -> None:
    await ack()
    request.dependencies.tasks.start(_handle_event(request, route), route.id)


async def handle_event_then_ack(ack: AsyncAck, request: SlackRequest, route: Route) -> None:
    """Exceptions of the handler reach `app.error`, so that Slack sends the event again."""
    assert route.handler is not None, "events have a handler"
    await route.handler(request)
    await ack()


ACK_POLICIES: dict[RouteKind, AckPolicy] = {
    RouteKind.COMMAND: ack_with_help_or_first,
    RouteKind.SHORTCUT: ack_first,
    RouteKind.SHOW: ack_first,
    RouteKind.CHANGE: commit_then_ack,
    RouteKind.SUBMIT: commit_then_ack_with_view,
    RouteKind.LINK: ack_only,
    RouteKind.EVENT: ack_event_first,
    RouteKind.UNINSTALL: handle_event_then_ack,
}


async def ack_with_refusal(request: SlackRequest, refusal: Refusal) -> BoltResponse:
    """Answers a request that no route handles, in the person's language, in the place where they acted."""
    kind = RouteKind.SUBMIT if request.payload.type == "view_submission" else RouteKind.SHOW
    ack = AsyncAck()  # type: ignore[no-untyped-call]
    await ACK_POLICIES[kind](ack, replace(request, refusal=refusal), Route(kind, "request.refused", _refuse))
    assert ack.response is not None, "every policy acknowledges"
    return ack.response


async def _refuse(request: SlackRequest) -> None:
    assert request.refusal is not None
    raise request.refusal


# --- the work


async def prepare_request(request: SlackRequest) -> SlackRequest:
    """Adds the person's roles and language, from a profile at most an hour old (R5, R22), or the refusal that
    ends the request. Never raises."""
    try:
        await request.get_client()
        principal = await load_refreshed_principal(request.dependencies, request.person)
        person = replace(request.person, principal=principal)
        localizer = await load_localizer(request.dependencies, person)
    except NotInstalled as error:
        log.warning("app.not_installed", team=request.person.team_id, reason=error.reason)
        return replace(request, refusal=AppNotInstalled())
    except OrganisationUnknown as error:
        log.warning("slack.unavailable", operation="auth.teams.list", error=str(error))
        return replace(request, refusal=SlackUnavailable())
    except DATABASE_UNAVAILABLE_ERRORS as error:
        # The handler runs into the same error, and has a text for it.
        log.warning(
            "slack_user.refresh_failed", error=type(error).__name__, reason=get_database_error_kind(error)
        )
        return replace(request, refresh_error=error)
    except Exception:
        return replace(request, refusal=report_unexpected_error(request.route_id))
    return replace(request, person=person, localizer=localizer)


async def run_handler(request: SlackRequest, route: Route) -> HandlerResult:
    """Never raises: an error on our side is logged, and its refusal carries the reference."""
    assert route.handler is not None, "only links have no handler"
    if request.refusal is not None:
        return request.refusal
    try:
        with request.dependencies.tasks.track_interactive_request():
            return await route.handler(request)
    except IdentityNotFresh as refusal:
        # Slack may well have confirmed it.
        error = request.refresh_error
        return report_unavailable_database(route.id, error) if error else refusal
    except Refusal as refusal:
        return refusal
    except DATABASE_UNAVAILABLE_ERRORS as error:
        return report_unavailable_database(route.id, error)
    except Exception:
        return report_unexpected_error(route.id)


async def _run_and_show(request: SlackRequest, route: Route) -> None:
    try:
        with request.dependencies.tasks.track_interactive_request():
            with notify_if_unresponsive(request):
                request = await prepare_request(request)
            with notify_if_unresponsive(request):
                result = await run_handler(request, route)
        if isinstance(result, Refusal):
            await show_refusal(request, result)
        elif result:
            await show_view(request, result)
    finally:
        VIEW_DURATION_SECONDS.labels(route.kind).observe(time.monotonic() - request.started)


async def _handle_event(request: SlackRequest, route: Route) -> None:
    assert route.handler is not None, "events have a handler"
    request = await prepare_request(request)
    if request.refusal is None:
        await route.handler(request)


@dataclass(frozen=True)
class HandlerRun:
    """A handler that runs while its request waits to be acknowledged."""

    request: SlackRequest
    preparation: asyncio.Task[SlackRequest]
    result: asyncio.Task[HandlerResult]

    @property
    def prepared_request(self) -> SlackRequest:
        return self.preparation.result() if self.preparation.done() else self.request


def _start_handler_run(request: SlackRequest, route: Route) -> HandlerRun:
    tasks = request.dependencies.tasks
    preparation = tasks.start(prepare_request(request), f"{route.id} prepared")

    async def run_when_prepared() -> HandlerResult:
        return await run_handler(await preparation, route)

    return HandlerRun(request, preparation, tasks.start_unbounded(run_when_prepared(), route.id))


def _schedule_view_update(work: HandlerRun, delay: float = 0) -> None:
    # Unbounded: the result of what was started is shown, however busy the process has become.
    work.request.dependencies.tasks.start_unbounded(
        _show_when_done(work, delay), f"{work.request.route_id} shown"
    )


async def _show_when_done(work: HandlerRun, delay: float) -> None:
    """Waits at least `delay` seconds: a view that overtakes the ack is replaced by the ack's waiting view."""
    with notify_if_unresponsive(work.request):
        request = await work.preparation
    with notify_if_unresponsive(request):
        result, _ = await asyncio.gather(work.result, asyncio.sleep(delay))
    if view := render_result(request, result):
        # A person who has moved on believes that the change was made.
        await show_view(request, view, missed=result if isinstance(result, Refusal) else None)


async def _prepare_in_time(request: SlackRequest) -> SlackRequest:
    """Returns the request unprepared if that takes too long: the ack matters more than its language."""
    preparation = request.dependencies.tasks.start_unbounded(
        prepare_request(request), f"{request.route_id} prepared"
    )
    done, _ = await asyncio.wait({preparation}, timeout=_get_time_left(request))
    return preparation.result() if done else request


def _get_time_left(request: SlackRequest) -> float:
    timeouts = request.dependencies.timeouts
    return max(timeouts.min_work_seconds, timeouts.ack_seconds - (time.monotonic() - request.started))
