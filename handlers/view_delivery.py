"""How a screen reaches the person, or a refusal where no screen can: the Slack calls after the ack."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.blocks.block_kit import View, build_modal, build_section
from bot.blocks.refusal import format_refusal
from bot.i18n import escape_mrkdwn
from bot.metrics import ERRORS_TOTAL
from handlers.request import Call, source_of
from handlers.response import away, refused, unexpected
from models.errors import Refusal, UnexpectedError, ViewTriggerExpired

log = structlog.get_logger()

# Longer than whatever ends by itself: a statement, a call of Slack's or the provider's.
HANGS_AFTER = 20.0
# Too late for a screen, in the words of today's Slack and of yesterday's; or it never was a trigger.
NO_TRIGGER = (
    "expired_trigger_id",
    "exchanged_trigger_id",
    "trigger_expired",
    "trigger_exchanged",
    "invalid_trigger_id",
)
UNREACHED = (SlackApiError, aiohttp.ClientError, TimeoutError)


async def put(call: Call, view: View) -> None:
    """Show a screen: in place of the modal it was asked from, else as a new one."""
    try:
        if call.in_modal and call.view:
            await call.client.views_update(view_id=call.view["id"], view=view)
        else:
            await call.client.views_open(trigger_id=call.body["trigger_id"], view=view)
    except (aiohttp.ClientError, TimeoutError):
        ERRORS_TOTAL.labels(source_of(call.body)).inc()
        log.exception("view.delivery_failed", view=view.get("callback_id"))
        await tell(call, ViewTriggerExpired())
    except SlackApiError as error:
        code = error.response.get("error")
        if code in NO_TRIGGER:
            _count_late(call, code)
            await tell(call, ViewTriggerExpired())
        elif code in ("not_found", "view_not_found"):
            log.info("view.closed", view=view.get("callback_id"))
        else:
            details = error.response.get("response_metadata")
            log.error("view.rejected", view=view.get("callback_id"), error=code, details=details)
            await tell(call, unexpected(source_of(call.body)))


def _count_late(call: Call, error: str) -> None:
    """What Slack waits for no longer may well be ours to mend: a slow database, most of all."""
    where = source_of(call.body)
    ERRORS_TOTAL.labels(where).inc()
    seconds = round(time.monotonic() - call.started, 2)
    log.warning("view.trigger_expired", handler=where, error=error, duration_seconds=seconds)


async def tell(call: Call, refusal: Refusal) -> None:
    """In the modal it happened in; else by the first of three ways that Slack takes."""
    if call.in_modal and call.view and not isinstance(refusal, UnexpectedError | ViewTriggerExpired):
        await put(call, refused(call, refusal))
        return
    for way in (_tell_in_private, _tell_on_a_screen, _tell_directly):
        try:
            if await way(call, refusal):
                return
        except UNREACHED as error:
            log.warning("reply.undelivered", refusal=refusal.key, error=type(error).__name__)


async def _tell_in_private(call: Call, refusal: Refusal) -> bool:
    """Where they are, for half an hour."""
    return call.response_url is not None and await say_in_private(call.response_url, _in_words(call, refusal))


async def say_in_private(url: str, text: str) -> bool:
    """Where something was typed or pressed, to whoever did. Whether Slack took it."""
    try:
        sent = await AsyncWebhookClient(url).send(
            text=text, response_type="ephemeral", replace_original=False
        )
    except UNREACHED as error:
        # No more of it: its words may hold the address, which is as good as a secret.
        log.warning("reply.undelivered", error=type(error).__name__)
        return False
    return sent.status_code == 200


async def _tell_on_a_screen(call: Call, refusal: Refusal) -> bool:
    """What came too late has no screen any more."""
    if isinstance(refusal, ViewTriggerExpired) or "trigger_id" not in call.body:
        return False
    await call.client.views_open(trigger_id=call.body["trigger_id"], view=refused(call, refusal))
    return True


async def _tell_directly(call: Call, refusal: Refusal) -> bool:
    await call.client.chat_postMessage(channel=call.person.user_id, text=_in_words(call, refusal))
    return True


def _in_words(call: Call, refusal: Refusal) -> str:
    return escape_mrkdwn(format_refusal(call.reader, refusal))


@contextmanager
def told_where_it_hangs(call: Call, where: str) -> Iterator[None]:
    """Whoever waits is not left in silence. What hangs is not ended: its answer follows, should it come."""

    def say_so() -> None:
        refusal = away(where, TimeoutError(f"no answer within {HANGS_AFTER} s"))
        call.services.tasks.start_unbounded(tell(call, refusal), f"{where} hangs")

    saying = asyncio.get_running_loop().call_later(HANGS_AFTER, say_so)
    try:
        yield
    finally:
        saying.cancel()


def waiting(call: Call) -> View:
    reader = call.reader
    text = build_section(reader.format_mrkdwn("loading-text"))
    return build_modal(
        "waiting.show", reader.format_text("loading-title"), [text], reader, metadata=call.place
    )
