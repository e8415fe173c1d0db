"""Receipts of a period, by email, for an account's books."""

from dataclasses import replace
from datetime import date

from bot.blocks import receipt_export as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.use_cases.receipt_export import (
    get_export_progress,
    open_receipt_export,
    request_receipt_export,
)
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind
from handlers.views import follow_view
from models.account import Account
from models.receipt_export import ExportProgress


async def open_form(request: SlackRequest) -> View:
    page = await open_receipt_export(
        request.dependencies,
        person=request.person,
        account_id=request.action_value or request.metadata.account,
        first_day=_find_day(request, "since") or request.metadata.first_day,
        last_day=_find_day(request, "until") or request.metadata.last_day,
    )
    metadata = replace(request.metadata, account=page.account.id, first_day=None, last_day=None)
    return blocks.render_export_form(request.localizer, page, metadata)


async def send(request: SlackRequest) -> View:
    account, progress = await request_receipt_export(
        request.dependencies,
        person=request.person,
        account_id=request.metadata.account,
        first_day=_find_day(request, "since"),
        last_day=_find_day(request, "until"),
    )
    return _render_progress(request, account, progress)


async def show(request: SlackRequest) -> View:
    account, progress = await get_export_progress(
        request.dependencies, person=request.person, export_id=request.action_row_id
    )
    return _render_progress(request, account, progress)


def _render_progress(request: SlackRequest, account: Account, progress: ExportProgress) -> View:
    metadata = ModalMetadata(
        account=account.id, first_day=_find_day(request, "since"), last_day=_find_day(request, "until")
    )
    view = blocks.render_progress_modal(request.localizer, account, progress, metadata)
    if progress.is_finished:
        return view
    return follow_view(request, view, receipt_export_id=progress.export.key)


def _find_day(request: SlackRequest, block_id: str) -> date | None:
    try:
        return date.fromisoformat(request.input_values.get(block_id, ""))
    except ValueError:
        return None


ROUTES = [
    Route(RouteKind.SHOW, blocks.OPEN, open_form),
    Route(RouteKind.SUBMIT, blocks.SEND, send),
    Route(RouteKind.SHOW, blocks.SHOW, show),
]
