"""Answering a person: with a view, errors at a form's fields, or a message that only they can see."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import aiohttp
import structlog
from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.billing.gateway import BillingUnavailable
from bot.blocks.block_kit import View, build_modal, build_section, render_form_with_errors
from bot.blocks.refusal import format_refusal, render_refusal_modal
from bot.db import DATABASE_UNAVAILABLE_ERRORS, DatabaseNotWritable, get_database_error_kind
from bot.i18n import escape_mrkdwn
from bot.installations.clients import NotInstalled
from bot.installations.slack_errors import (
    SlackErrorKind,
    get_error_details,
    get_error_kind,
    get_error_name,
    is_slack_failure,
)
from bot.logs import get_request_id
from bot.metrics import ERRORS_TOTAL
from bot.network import find_proxy
from bot.tasks import TooBusy
from handlers.payloads import BlockActions, ViewSubmission
from handlers.request import VIEW_ID_PREFIX, SlackRequest
from models.account.billing_contact import IdentityNotFresh
from models.errors import (
    DatabaseReadOnly,
    DatabaseUnavailable,
    InvalidInput,
    Refusal,
    SlackUnavailable,
    UnexpectedError,
    ViewTriggerExpired,
)

log = structlog.get_logger()

# A handler's result. None if there is nothing to show.
HandlerResult = View | Refusal | None
# Returns False if there is no such place.
RefusalDelivery = Callable[[SlackRequest, Refusal], Awaitable[bool]]

# The form stays open with this text at its first field, because submitting it again may work.
RETRYABLE_REFUSALS = (BillingUnavailable, DatabaseReadOnly, DatabaseUnavailable, IdentityNotFresh, TooBusy)
# Not shown in the modal in which the person acted: that has just failed, or may have.
NO_VIEW_REFUSALS = (SlackUnavailable, UnexpectedError, ViewTriggerExpired)
NO_RESPONSE_ERRORS = (aiohttp.ClientError, TimeoutError)
DELIVERY_ERRORS = (SlackApiError, *NO_RESPONSE_ERRORS, NotInstalled, *DATABASE_UNAVAILABLE_ERRORS)


# --- in the ack


async def ack_with_result(ack: AsyncAck, request: SlackRequest, result: HandlerResult) -> None:
    """Acknowledges a form with the next view, or with errors at its fields."""
    errors = build_field_errors(request, result)
    if errors and _list_inputs(request):
        await ack(response_action="errors", errors=errors)
    elif view := render_result(request, result):
        await ack(response_action="update", view=with_external_id(request, view))
    else:
        await ack()


def build_field_errors(request: SlackRequest, result: HandlerResult) -> dict[str, str]:
    inputs = _list_inputs(request)
    if isinstance(result, InvalidInput):
        return _build_input_errors(request, result, inputs)
    if isinstance(result, RETRYABLE_REFUSALS) and inputs:
        return {inputs[0]: format_refusal(request.localizer, result)}
    return {}


def _build_input_errors(request: SlackRequest, invalid: InvalidInput, inputs: list[str]) -> dict[str, str]:
    # An error of a field that the view does not have is shown at the first one.
    errors: dict[str, str] = {}
    for name, refusal in invalid.errors.items():
        block_id = name if name in inputs else next(iter(inputs), name)
        sentences = [errors.get(block_id), format_refusal(request.localizer, refusal)]
        errors[block_id] = " ".join(filter(None, sentences))
    return errors


def _list_inputs(request: SlackRequest) -> list[str]:
    blocks = request.view.blocks if request.view else []
    if not blocks:
        return list(request.input_values)
    inputs = [block.get("block_id") for block in blocks if block.get("type") == "input"]
    return [block_id for block_id in inputs if isinstance(block_id, str)]


def render_result(request: SlackRequest, result: HandlerResult) -> View | None:
    """Returns the handler's view; for a refusal, the same form with errors above it, or a view of its own."""
    if not isinstance(result, Refusal):
        return result
    if request.view and (errors := build_field_errors(request, result)):
        return render_form_with_errors(request.view.model_dump(exclude_none=True), errors)
    return _render_refusal(request, result)


def _render_refusal(request: SlackRequest, refusal: Refusal) -> View:
    services_url = request.dependencies.settings.account_services_url
    return render_refusal_modal(request.localizer, refusal, request.metadata, services_url=services_url)


def render_waiting_modal(request: SlackRequest) -> View:
    localizer = request.localizer
    text = build_section(localizer.format_mrkdwn("loading-text"))
    title = localizer.format_text("loading-title")
    return build_modal("waiting.show", title, [text], localizer, metadata=request.metadata)


def with_external_id(request: SlackRequest, view: View) -> View:
    """Gives a view another external id than the one it replaces, so that late updates of that one cannot
    reach it. A form that a choice in it has redrawn keeps its id: the last choice counts."""
    if view.get("external_id"):
        return view
    return {**view, "external_id": _find_redrawn_id(request, view) or request.external_id}


def _find_redrawn_id(request: SlackRequest, view: View) -> str | None:
    before = request.payload.view if isinstance(request.payload, BlockActions) else None
    if before is None or before.callback_id != view["callback_id"]:
        return None
    # Not the id of a view that a job updates.
    found = before.external_id or ""
    return found if found.startswith(VIEW_ID_PREFIX) else None


# --- after the ack


async def show_view(request: SlackRequest, view: View, *, missed: Refusal | None = None) -> None:
    """Replaces the modal in which the person acted, or opens a new one. `missed` is sent directly if that
    modal has been closed, or shows something else by now."""
    if not request.in_modal and not request.payload.trigger_id:
        await show_refusal(request, ViewTriggerExpired())
        return
    try:
        await _update_or_open(request, view)
    except NO_RESPONSE_ERRORS as error:
        await _report_slack_failure(request, view, error)
    except SlackApiError as error:
        name = get_error_name(error)
        kind = get_error_kind(error)
        if is_slack_failure(error):
            await _report_slack_failure(request, view, error)
        elif kind is SlackErrorKind.TRIGGER_EXPIRED:
            _record_expired_trigger(request, name)
            await show_refusal(request, ViewTriggerExpired())
        elif kind is SlackErrorKind.TARGET_GONE:
            log.info("view.closed", view=view.get("callback_id"))
            if missed is not None:
                await _deliver_refusal(request, missed, (_send_refusal_directly,))
        else:
            log.error(
                "view.rejected", view=view.get("callback_id"), error=name, details=get_error_details(error)
            )
            await show_refusal(request, report_unexpected_error(request.route_id))


async def _update_or_open(request: SlackRequest, view: View) -> None:
    client, view = await request.get_client(), with_external_id(request, view)
    if not (request.in_modal and request.view and request.view.id):
        await client.views_open(trigger_id=request.payload.trigger_id or "", view=view)
    elif isinstance(request.payload, ViewSubmission) or not request.view.external_id:
        # After the ack of a form, nothing but its waiting view can be there.
        await client.views_update(view_id=request.view.id, view=view)
    else:
        await _update_if_unchanged(request, client, request.view.external_id, view)


async def _update_if_unchanged(
    request: SlackRequest, client: AsyncWebClient, external_id: str, view: View
) -> None:
    """Raises `not_found` if the modal has moved on since the person acted. By its view id, the answer to one
    button would replace what another one has opened in the meantime."""
    try:
        await client.views_update(external_id=external_id, view=view)
    except SlackApiError as error:
        if get_error_name(error) != "not_found":
            raise
        # Perhaps only to what this request has shown already.
        await client.views_update(external_id=request.external_id, view=view)


async def _report_slack_failure(request: SlackRequest, view: View, error: Exception) -> None:
    ERRORS_TOTAL.labels(request.route_id).inc()
    log.warning("view.delivery_failed", view=view.get("callback_id"), error=get_error_name(error))
    await show_refusal(request, SlackUnavailable())


def _record_expired_trigger(request: SlackRequest, error: str) -> None:
    # The cause may well be on our side: most often a slow database.
    ERRORS_TOTAL.labels(request.route_id).inc()
    seconds = round(time.monotonic() - request.started, 2)
    log.warning("view.trigger_expired", handler=request.route_id, error=error, duration_seconds=seconds)


async def show_refusal(request: SlackRequest, refusal: Refusal) -> None:
    """Shows it in the modal in which the person acted; otherwise in the first of three places that works."""
    if request.in_modal and not isinstance(refusal, NO_VIEW_REFUSALS):
        await show_view(request, _render_refusal(request, refusal))
        return
    await _deliver_refusal(
        request, refusal, (_post_refusal_privately, _open_refusal_modal, _send_refusal_directly)
    )


async def _deliver_refusal(
    request: SlackRequest, refusal: Refusal, places: tuple[RefusalDelivery, ...]
) -> None:
    for deliver in places:
        try:
            if await deliver(request, refusal):
                return
        except DELIVERY_ERRORS as error:
            log.warning("reply.undelivered", refusal=refusal.key, error=type(error).__name__)


async def _post_refusal_privately(request: SlackRequest, refusal: Refusal) -> bool:
    # Slack accepts it for half an hour.
    url = request.payload.private_reply_url
    return url is not None and await post_ephemeral(url, _format_mrkdwn(request, refusal))


async def post_ephemeral(response_url: str, text: str) -> bool:
    client = AsyncWebhookClient(response_url)
    client.proxy = find_proxy(response_url)
    try:
        response = await client.send(text=text, response_type="ephemeral", replace_original=False)
    except (SlackApiError, *NO_RESPONSE_ERRORS, UnicodeDecodeError) as error:
        # Only its type: the message may contain the URL, which is as good as a secret.
        log.warning("reply.undelivered", error=type(error).__name__)
        return False
    return response.status_code == 200 and _is_acceptance(response.body)


def _is_acceptance(body: str) -> bool:
    # Slack answers with `ok`, or with JSON that says so. Anything else comes from a proxy, or is a refusal.
    if body.strip() == "ok":
        return True
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("ok") is True


async def _open_refusal_modal(request: SlackRequest, refusal: Refusal) -> bool:
    trigger_id = request.payload.trigger_id
    if isinstance(refusal, SlackUnavailable | ViewTriggerExpired) or not trigger_id:
        return False
    client, view = await request.get_client(), _render_refusal(request, refusal)
    await client.views_open(trigger_id=trigger_id, view=with_external_id(request, view))
    return True


async def _send_refusal_directly(request: SlackRequest, refusal: Refusal) -> bool:
    client = await request.get_client()
    await client.chat_postMessage(channel=request.person.user_id, text=_format_mrkdwn(request, refusal))
    return True


def _format_mrkdwn(request: SlackRequest, refusal: Refusal) -> str:
    return escape_mrkdwn(format_refusal(request.localizer, refusal))


@contextmanager
def notify_if_unresponsive(request: SlackRequest) -> Iterator[None]:
    """Tells the person if this takes too long. The work continues, and its result is shown later."""

    seconds = request.dependencies.timeouts.unresponsive_seconds

    def notify() -> None:
        error = TimeoutError(f"no answer within {seconds} s")
        refusal = report_unavailable_database(request.route_id, error)
        request.dependencies.tasks.start_unbounded(
            show_refusal(request, refusal), f"{request.route_id} unresponsive"
        )

    timer = asyncio.get_running_loop().call_later(seconds, notify)
    try:
        yield
    finally:
        timer.cancel()


# --- failures


def report_unavailable_database(route_id: str, error: Exception) -> Refusal:
    ERRORS_TOTAL.labels(route_id).inc()
    log.error("database.unavailable", handler=route_id, reason=get_database_error_kind(error), exc_info=error)
    return DatabaseReadOnly() if isinstance(error, DatabaseNotWritable) else DatabaseUnavailable()


def report_unexpected_error(route_id: str) -> UnexpectedError:
    """Logs the exception being handled, if there is one."""
    request_id = get_request_id()
    ERRORS_TOTAL.labels(route_id).inc()
    log.exception("handler.failed", handler=route_id, request_id=request_id)
    return UnexpectedError(reference=request_id)
