"""More time for a quote: a billing contact asks, and Account Services decide in their channel."""

from dataclasses import replace
from datetime import date

from bot.blocks import quote as quote_blocks
from bot.blocks import quote_extension as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.use_cases.quote.extension import (
    approve_extension,
    decline_extension,
    get_extendable_quote,
    get_open_extension,
    request_extension,
)
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind
from models.errors import InvalidInput
from models.quote import ReasonTooLong


async def ask(request: SlackRequest) -> View:
    details = await get_extendable_quote(
        request.dependencies, person=request.person, quote_id=request.action_row_id
    )
    metadata = replace(request.metadata, account=details.account.id, quote=details.quote.key)
    return blocks.render_request_modal(request.localizer, details, metadata)


async def submit_request(request: SlackRequest) -> View:
    try:
        details = await request_extension(
            request.dependencies,
            person=request.person,
            quote_id=request.metadata.quote,
            until=_find_day(request),
            reason=request.input_values.get("reason"),
        )
    except ReasonTooLong as refusal:
        raise InvalidInput({"reason": refusal}) from None
    return quote_blocks.render_quote_modal(request.localizer, details, request.metadata)


async def open_approval(request: SlackRequest) -> View:
    found = await get_open_extension(
        request.dependencies, person=request.person, extension_id=request.action_row_id
    )
    return blocks.render_approval_modal(
        request.localizer, found.extension, found.quote, ModalMetadata(extension=found.extension.key)
    )


async def approve(request: SlackRequest) -> View:
    decided = await approve_extension(
        request.dependencies,
        person=request.person,
        extension_id=request.metadata.extension,
        until=_find_day(request),
    )
    return blocks.render_decision_modal(request.localizer, decided.extension, decided.quote, request.metadata)


async def open_decline(request: SlackRequest) -> View:
    found = await get_open_extension(
        request.dependencies, person=request.person, extension_id=request.action_row_id
    )
    return blocks.render_decline_modal(
        request.localizer, found.extension, found.quote, ModalMetadata(extension=found.extension.key)
    )


async def decline(request: SlackRequest) -> View:
    try:
        decided = await decline_extension(
            request.dependencies,
            person=request.person,
            extension_id=request.metadata.extension,
            reason=request.input_values.get("reason"),
        )
    except ReasonTooLong as refusal:
        raise InvalidInput({"reason": refusal}) from None
    return blocks.render_decision_modal(request.localizer, decided.extension, decided.quote, request.metadata)


def _find_day(request: SlackRequest) -> date | None:
    try:
        return date.fromisoformat(request.input_values.get("until", ""))
    except ValueError:
        return None


ROUTES = [
    Route(RouteKind.SHOW, blocks.ASK, ask),
    Route(RouteKind.SUBMIT, blocks.REQUEST, submit_request),
    Route(RouteKind.SHOW, blocks.APPROVE, open_approval),
    Route(RouteKind.SUBMIT, blocks.APPROVE, approve),
    Route(RouteKind.SHOW, blocks.DECLINE, open_decline),
    Route(RouteKind.SUBMIT, blocks.DECLINE, decline),
]
