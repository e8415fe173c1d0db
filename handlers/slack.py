"""The Slack app: who calls, which handler answers, and the one place where refusals become words."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.billing.gateway import BillingUnavailable
from bot.blocks.help import help_text
from bot.blocks.kit import View, form_again, modal, section
from bot.blocks.refusal import refusal_text, refusal_view
from bot.db import AWAY
from bot.i18n import Reader, escape
from bot.installations.clients import Clients, NotInstalled
from bot.logs import begin, reference
from bot.metrics import ACKS, FAULTS, RETRIES
from bot.services import Services
from bot.tasks import TooBusy
from bot.use_cases.slack_user import refreshed_reader
from handlers.call import Body, Call, person_of, source_of
from handlers.install import UNINSTALLED, uninstallation
from models.billing_contact import IdentityNotFresh
from models.errors import DatabaseAway, InvalidInput, Refusal, TookTooLong, Unexpected

log = structlog.get_logger()

# Slack waits 3 s for an answer; what takes longer than this is answered by a waiting screen first.
ANSWER_WITHIN = 1.5
LEAST_WAIT = 0.3
# The ack leaves when the listener has returned, by another road than the call that follows it.
ACK_ARRIVES = 0.3
HELP = ("help", "aide", "?")
# The form stays as it is, with these words at its first field: pressing again may do.
TRY_AGAIN = (BillingUnavailable, IdentityNotFresh, TooBusy)
# Too late for a screen, in the words of today's Slack and of yesterday's; or it never was a trigger.
NO_TRIGGER = (
    "expired_trigger_id",
    "exchanged_trigger_id",
    "trigger_expired",
    "trigger_exchanged",
    "invalid_trigger_id",
)

Handler = Callable[[Call], Coroutine[Any, Any, View]]


@dataclass(frozen=True)
class Route:
    """`kind` says what is answered when: `command` and `show` are acknowledged first; `change` and
    `submit` change something, and are acknowledged once that is stored; `link` only needs its ack."""

    kind: str
    id: str
    handler: Handler | None = None


@dataclass(frozen=True)
class Answer:
    """What a handler came to: a screen, or words at fields of the form (block id → text)."""

    view: View | None = None
    errors: dict[str, str] | None = None


def build_app(services: Services, clients: Clients, routes: list[Route]) -> AsyncApp:
    secret = services.settings.slack_signing_secret
    app = AsyncApp(
        client=clients.bare,
        logger=logging.getLogger("slack_bolt"),
        signing_secret=secret.get_secret_value() if secret else "",
        process_before_response=True,
        authorize=_authorize(clients),
        user_facing_authorize_error_message=Reader().text("not-installed"),
    )

    @app.middleware
    async def bring_call(
        req: AsyncBoltRequest, body: Body, context: AsyncBoltContext, next_: Callable[[], Awaitable[None]]
    ) -> None:
        # A person is shown the request's id where it fails.
        begin(source=source_of(body))
        if "x-slack-retry-num" in req.headers:
            RETRIES.labels("event").inc()
        if source_of(body) not in UNINSTALLED:
            context["call"] = await _read_call(services, clients, body, context)
        await next_()

    for route in routes:
        if route.kind == "uninstall":
            app.event(route.id)(uninstallation(services, clients))
        else:
            _register(app, route)
    # An old message's button, an event nobody asked for: acknowledged, and nothing else.
    anything = re.compile(".*")
    for listen in (app.action, app.view, app.event):
        listen(anything)(_only_ack)
    app.error(_report)
    return app


def _authorize(clients: Clients) -> Callable[..., Awaitable[Any]]:
    """The library's own would read the database twice and call `auth.test`, at each request."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        try:
            client = await clients.of(team_id or "")
        except NotInstalled:
            return None
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=client.token)

    return authorize


async def _read_call(services: Services, clients: Clients, body: Body, context: AsyncBoltContext) -> Call:
    """Nothing is asked yet that may take long: what only reads is acknowledged first."""
    client = await clients.of(context.team_id or "")
    person = person_of(body, context.team_id or "", context.user_id or "", source_of(body))
    return Call(services, client, body, person)


async def _recognised(call: Call) -> Call:
    """With what Slack says of the person an hour old at most, and in their language (R5, R22)."""
    try:
        return replace(call, reader=await refreshed_reader(call.services, call.person))
    except AWAY as error:
        # The handler will find so too, and there is a way to say it.
        log.warning("the database did not answer", error=type(error).__name__)
        return call


def _register(app: AsyncApp, route: Route) -> None:
    match route.kind:
        case "command":
            app.command(route.id)(_timed(route, _command))
        case "show":
            app.action(route.id)(_timed(route, _show))
        case "change":
            app.action(route.id)(_timed(route, _change))
        case "submit":
            app.view(route.id)(_timed(route, _submit))
        case "link":
            app.action(route.id)(_timed(route, _link))
        case "event":
            app.event(route.id)(_timed(route, _event))
        case _:
            raise ValueError(route.kind)


Listener = Callable[[AsyncAck, Call], Awaitable[None]]


def _timed(route: Route, build: Callable[[Route], Listener]) -> Listener:
    """The ack leaves when the listener has returned. Bolt calls one with what its arguments are named for."""
    listen = build(route)

    async def listener(ack: AsyncAck, call: Call) -> None:
        try:
            await listen(ack, call)
        finally:
            ACKS.labels(route.kind).observe(time.monotonic() - call.started)

    return listener


async def _only_ack(ack: AsyncAck) -> None:
    await ack()


def _link(route: Route) -> Listener:
    async def listener(ack: AsyncAck, call: Call) -> None:
        await ack()

    return listener


def _command(route: Route) -> Listener:
    async def listener(ack: AsyncAck, call: Call) -> None:
        if call.words.lower() in HELP:
            reader = (await _recognised(call)).reader
            await ack(text=help_text(reader, route.id))
            return
        await _ack_and_go_on(ack, call, route)

    return listener


def _show(route: Route) -> Listener:
    async def listener(ack: AsyncAck, call: Call) -> None:
        await _ack_and_go_on(ack, call, route)

    return listener


def _event(route: Route) -> Listener:
    async def listener(ack: AsyncAck, call: Call) -> None:
        call.services.tasks.start(_react(call, route), route.id)

    return listener


async def _react(call: Call, route: Route) -> None:
    assert route.handler is not None, "an event has its handler"
    await route.handler(await _recognised(call))


async def _ack_and_go_on(ack: AsyncAck, call: Call, route: Route) -> None:
    try:
        call.services.tasks.start(_answer_and_show(call, route), route.id)
    except TooBusy as refusal:
        await ack()
        await _tell(await _recognised(call), refusal)
        return
    await ack()


def _change(route: Route) -> Listener:
    async def listener(ack: AsyncAck, call: Call) -> None:
        call = await _recognised(call)
        try:
            work = call.services.tasks.start(_answer(call, route), route.id)
        except TooBusy as refusal:
            await ack()
            await _tell(call, refusal)
            return
        await asyncio.wait({work}, timeout=_time_left(call))
        await ack()
        _show_later(call, work, route)

    return listener


def _submit(route: Route) -> Listener:
    async def listener(ack: AsyncAck, call: Call) -> None:
        call = await _recognised(call)
        try:
            work = call.services.tasks.start(_answer(call, route), route.id)
        except TooBusy as refusal:
            await _ack_answer(ack, _try_again(call, refusal))
            return
        done, _ = await asyncio.wait({work}, timeout=_time_left(call))
        if not done:
            await ack(response_action="update", view=_waiting(call))
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
    call.services.tasks.follow(_show_when_done(call, work, after), f"{route.id} shown")


def _time_left(call: Call) -> float:
    return max(LEAST_WAIT, ANSWER_WITHIN - (time.monotonic() - call.started))


async def _answer(call: Call, route: Route) -> Answer:
    """The handler's screen; a refusal in words; a fault of ours logged, with its reference in the words."""
    assert route.handler is not None, "all but links have a handler"
    try:
        with call.services.tasks.awaited():
            return Answer(view=await route.handler(call))
    except InvalidInput as invalid:
        errors = _field_errors(call, invalid)
        # A page without a field has nowhere to put words at: they go above it.
        return Answer(errors=errors) if _inputs(call) else Answer(view=form_again(call.view or {}, errors))
    except TRY_AGAIN as refusal:
        return _try_again(call, refusal)
    except Refusal as refusal:
        return Answer(view=_refused(call, refusal))
    except AWAY as error:
        return _try_again(call, _away(route.id, error))
    except Exception:
        return Answer(view=_refused(call, _unexpected(route.id)))


def _try_again(call: Call, refusal: Refusal) -> Answer:
    """At the form's first field, which keeps what was typed; a screen where there is no form."""
    field = _first_input(call)
    if field is not None:
        return Answer(errors={field: refusal_text(call.reader, refusal)})
    return Answer(view=_refused(call, refusal))


def _away(where: str, error: Exception) -> DatabaseAway:
    FAULTS.labels(where).inc()
    log.error("the database did not answer", where=where, exc_info=error)
    return DatabaseAway()


def _unexpected(where: str) -> Unexpected:
    shown = reference()
    FAULTS.labels(where).inc()
    log.exception("handler failed", where=where, reference=shown)
    return Unexpected(reference=shown)


def _refused(call: Call, refusal: Refusal) -> View:
    return refusal_view(
        call.reader, refusal, call.place, services_url=call.services.settings.account_services_url
    )


def _field_errors(call: Call, invalid: InvalidInput) -> dict[str, str]:
    """Words at their fields; those of a field that is not on the screen go to the first that is."""
    shown = _inputs(call)
    errors: dict[str, str] = {}
    for name, refusal in invalid.errors.items():
        field = name if name in shown else next(iter(shown), name)
        errors[field] = " ".join(filter(None, [errors.get(field), refusal_text(call.reader, refusal)]))
    return errors


def _inputs(call: Call) -> list[str]:
    """The block ids of the form's inputs."""
    blocks = (call.view or {}).get("blocks")
    if blocks is None:
        return list(call.typed)
    return [block["block_id"] for block in blocks if block["type"] == "input"]


def _first_input(call: Call) -> str | None:
    return next(iter(_inputs(call)), None)


async def _answer_and_show(call: Call, route: Route) -> None:
    """For what is acknowledged already. A refused command is answered by a private line, not a screen."""
    assert route.handler is not None, "all but links have a handler"
    try:
        with call.services.tasks.awaited():
            call = await _recognised(call)
            view = await route.handler(call)
    except Refusal as refusal:
        await _tell(call, refusal)
    except AWAY as error:
        await _tell(call, _away(route.id, error))
    except Exception:
        await _tell(call, _unexpected(route.id))
    else:
        await _put(call, view)


async def _show_when_done(call: Call, work: asyncio.Task[Answer], after: float) -> None:
    """Not before `after` seconds: what overtakes the ack is covered by the ack's waiting screen for good."""
    answer, _ = await asyncio.gather(work, asyncio.sleep(after))
    if answer.errors:
        await _put(call, form_again(call.view or {}, answer.errors))
    elif answer.view:
        await _put(call, answer.view)


async def _put(call: Call, view: View) -> None:
    """Show a screen: in place of the modal it was asked from, else as a new one."""
    try:
        if call.in_modal and call.view:
            await call.client.views_update(view_id=call.view["id"], view=view)
        else:
            await call.client.views_open(trigger_id=call.body["trigger_id"], view=view)
    except (aiohttp.ClientError, TimeoutError):
        log.exception("screen was not answered", callback_id=view.get("callback_id"))
        await _tell(call, TookTooLong())
    except SlackApiError as error:
        code = error.response.get("error")
        if code in NO_TRIGGER:
            await _tell(call, TookTooLong())
        elif code in ("not_found", "view_not_found"):
            log.info("screen was closed meanwhile", callback_id=view.get("callback_id"))
        else:
            log.error("screen was refused", error=code, details=error.response.get("response_metadata"))
            await _tell(call, _unexpected(str(view.get("callback_id"))))


async def _tell(call: Call, refusal: Refusal) -> None:
    """In the modal it happened in; else by the first of three ways that Slack takes."""
    if call.in_modal and call.view and not isinstance(refusal, Unexpected | TookTooLong):
        await _put(call, _refused(call, refusal))
        return
    for tell in (_tell_in_private, _tell_on_a_screen, _tell_directly):
        try:
            if await tell(call, refusal):
                return
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            # No more of it: its words may hold the address, which is as good as a secret.
            log.warning("person was not reached", refusal=refusal.key, error=type(error).__name__)


async def _tell_in_private(call: Call, refusal: Refusal) -> bool:
    """Where they are, for half an hour."""
    if call.response_url is None:
        return False
    sent = await AsyncWebhookClient(call.response_url).send(
        text=_in_words(call, refusal), response_type="ephemeral", replace_original=False
    )
    return sent.status_code == 200


async def _tell_on_a_screen(call: Call, refusal: Refusal) -> bool:
    """What came too late has no screen any more."""
    if isinstance(refusal, TookTooLong) or "trigger_id" not in call.body:
        return False
    await call.client.views_open(trigger_id=call.body["trigger_id"], view=_refused(call, refusal))
    return True


async def _tell_directly(call: Call, refusal: Refusal) -> bool:
    await call.client.chat_postMessage(channel=call.person.user_id, text=_in_words(call, refusal))
    return True


def _in_words(call: Call, refusal: Refusal) -> str:
    return escape(refusal_text(call.reader, refusal))


def _waiting(call: Call) -> View:
    reader = call.reader
    text = section(reader.mrkdwn("waiting-text"))
    return modal("waiting.show", reader.text("waiting-title"), [text], reader, place=call.place)


async def _report(error: Exception, body: dict[str, Any]) -> BoltResponse:
    """What escaped all else. Answered all the same: a lost answer leaves the person with nothing."""
    shown = reference()
    FAULTS.labels("request").inc()
    log.error("request failed", where=source_of(body), reference=shown, exc_info=error)
    reader = Reader()
    refusal = Unexpected(reference=shown)
    text = escape(refusal_text(reader, refusal))
    if body.get("type") == "view_submission":
        view = modal("refusal.show", reader.text("refusal-title"), [section(text)], reader)
        return BoltResponse(status=200, body={"response_action": "update", "view": view})
    if "command" in body:
        return BoltResponse(status=200, body={"response_type": "ephemeral", "text": text})
    # Slack repeats an event that was not taken, and the tokens must go.
    return BoltResponse(status=500 if source_of(body) in UNINSTALLED else 200, body="")
