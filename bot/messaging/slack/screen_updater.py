"""Updating modals through Slack."""

from functools import partial

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.blocks.block_kit import ModalMetadata, View
from bot.blocks.invoice import render_invoice_modal
from bot.blocks.receipt_export import render_progress_modal
from bot.blocks.service_order import render_order_modal, render_placed_modal
from bot.installations.clients import NotInstalled, SlackClientProvider
from bot.installations.slack_errors import get_error_name, get_http_status, read_retry_after
from bot.messaging.messenger import MessengerUnavailable, RateLimited
from bot.messaging.screen_updater import (
    ExportScreenContent,
    InvoiceScreenContent,
    OrderScreenContent,
    ScreenClosed,
    ScreenContent,
)

# Slack forgets a view once it is closed; an external id is forgotten once the view has another one.
CLOSED_VIEW_ERRORS = frozenset({"not_found", "view_not_found"})


class SlackScreenUpdater:
    """`views.update` addresses the view by its external id: a modal that has moved on keeps its view id."""

    def __init__(self, clients: SlackClientProvider, services_url: str, *, has_mail: bool) -> None:
        self._clients = clients
        self._services_url = services_url
        self._render_placed_modal = partial(render_placed_modal, has_mail=has_mail)

    async def update_screen(self, content: ScreenContent) -> None:
        external_id = content.external_id
        view = {**self._render(content), "external_id": external_id}
        try:
            client = await self._clients.get_client(content.team_id)
            await client.views_update(external_id=external_id, view=view)
        except NotInstalled as error:
            raise ScreenClosed("not_installed") from error
        except SlackApiError as error:
            raise _convert_error(error) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MessengerUnavailable(type(error).__name__) from error

    def _render(self, content: ScreenContent) -> View:
        match content:
            case OrderScreenContent(localizer=localizer, order=details):
                render = self._render_placed_modal if content.is_placement else render_order_modal
                metadata = ModalMetadata(account=details.account.id, order=details.order.key)
                return render(localizer, details, metadata, services_url=self._services_url)
            case InvoiceScreenContent(localizer=localizer, page=page):
                return render_invoice_modal(localizer, page, ModalMetadata(account=page.account.id))
            case ExportScreenContent(localizer=localizer, account=account, progress=progress):
                return render_progress_modal(localizer, account, progress, ModalMetadata(account=account.id))


def _convert_error(error: SlackApiError) -> Exception:
    code = get_error_name(error)
    if code == "ratelimited" or get_http_status(error) == 429:
        return RateLimited(read_retry_after(error))
    if code in CLOSED_VIEW_ERRORS:
        return ScreenClosed(code)
    return MessengerUnavailable(code)
