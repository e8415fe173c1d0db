"""Building the services: the only file that names a concrete adapter."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.billing.embedded import EmbeddedGateway
from bot.blocks.account import PortalLinks
from bot.db import Database
from bot.directory.slack_directory import SlackDirectory
from bot.installations.clients import MeasuredClient
from bot.mail.smtp_mailer import SmtpMailer
from bot.messaging.slack_home_screens import SlackHomeScreens
from bot.messaging.slack_messenger import SlackMessenger
from bot.services import Services
from bot.settings import Settings
from bot.tasks import Tasks

DRAIN_SECONDS = 20
SLACK_TIMEOUT = aiohttp.ClientTimeout(total=10)


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def slack_client(settings: Settings) -> AsyncIterator[AsyncWebClient]:
    """One session for all Slack calls. Nothing is sent again by the client itself: a message posted twice
    is worse than one that waits, and the outbox does the waiting."""
    async with aiohttp.ClientSession(timeout=SLACK_TIMEOUT) as session:
        yield MeasuredClient(
            token=settings.slack_bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            session=session,
            retry_handlers=[],
        )


def _links(settings: Settings) -> PortalLinks:
    return PortalLinks(
        settings.corporate_portal_url, settings.admin_portal_url, settings.account_services_url
    )


@asynccontextmanager
async def build_services(
    settings: Settings, client: AsyncWebClient, clock: Callable[[], datetime] = now
) -> AsyncIterator[Services]:
    """The services of one process; on leaving, background work is finished and the database closed."""
    database = Database(settings.database_url)
    smtp_url = settings.smtp_url.get_secret_value() if settings.smtp_url else None
    services = Services(
        settings=settings,
        database=database,
        now=clock,
        billing=EmbeddedGateway(database, clock, settings.admin_portal_url),
        messenger=SlackMessenger(client, settings.account_services_url),
        home_screens=SlackHomeScreens(client, _links(settings)),
        directory=SlackDirectory(client),
        mailer=SmtpMailer(smtp_url, settings.mail_from),
        tasks=Tasks(),
    )
    try:
        yield services
    finally:
        await services.tasks.drain(DRAIN_SECONDS)
        await database.close()
