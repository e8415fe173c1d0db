"""Building the services: the only file that names a concrete adapter."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.billing.embedded.gateway import EmbeddedGateway
from bot.billing.gateway import BillingGateway, EventReader
from bot.blocks.account import PortalLinks
from bot.db import Database
from bot.directory.slack.user_directory import SlackDirectory
from bot.installations.clients import Clients, ManyWorkspaces, MeasuredClient, OneWorkspace
from bot.mail.smtp.mailer import SmtpMailer
from bot.messaging.slack.home_publisher import SlackHomeScreens
from bot.messaging.slack.messenger import SlackMessenger
from bot.services import Services
from bot.settings import Settings
from bot.tasks import Tasks

if TYPE_CHECKING:
    from bot.installations.store import EncryptedInstallations

DRAIN_SECONDS = 20
SLACK_TIMEOUT = aiohttp.ClientTimeout(total=10)


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def slack_clients(settings: Settings, database: Database) -> AsyncIterator[Clients]:
    """One session for all Slack calls. Nothing is sent again by the client itself: a message posted twice
    is worse than one that waits, and the outbox does the waiting."""
    async with aiohttp.ClientSession(timeout=SLACK_TIMEOUT) as session:

        def client(token: str | None) -> AsyncWebClient:
            return MeasuredClient(
                token=token, base_url=settings.slack_api_url, session=session, retry_handlers=[]
            )

        if settings.slack_bot_token is not None:
            yield OneWorkspace(client(settings.slack_bot_token.get_secret_value()))
        else:
            yield ManyWorkspaces(installations(settings, database), client)


def installations(settings: Settings, database: Database) -> "EncryptedInstallations":
    from bot.installations.store import EncryptedInstallations, keyring

    assert settings.slack_client_id, "one of the two is set"
    assert settings.token_keys, "checked with the settings"
    keys = keyring(settings.token_keys.get_secret_value())
    return EncryptedInstallations(settings.slack_client_id, database, keys)


def _links(settings: Settings) -> PortalLinks:
    return PortalLinks(
        settings.corporate_portal_url, settings.admin_portal_url, settings.account_services_url
    )


@asynccontextmanager
async def build_services(
    settings: Settings, database: Database, clients: Clients, clock: Callable[[], datetime] = now
) -> AsyncIterator[Services]:
    """The services of one process; on leaving, background work is finished and the database closed."""
    smtp_url = settings.smtp_url.get_secret_value() if settings.smtp_url else None
    async with _billing(settings, database, clock) as (billing, events):
        services = Services(
            settings=settings,
            database=database,
            now=clock,
            billing=billing,
            messenger=SlackMessenger(clients, settings.account_services_url),
            home_screens=SlackHomeScreens(clients, _links(settings)),
            directory=SlackDirectory(clients),
            mailer=SmtpMailer(smtp_url, settings.mail_from),
            tasks=Tasks(),
            provider_events=events,
        )
        try:
            yield services
        finally:
            await services.tasks.drain(DRAIN_SECONDS)
            await database.close()


@asynccontextmanager
async def _billing(
    settings: Settings, database: Database, clock: Callable[[], datetime]
) -> AsyncIterator[tuple[BillingGateway, EventReader | None]]:
    if settings.billing == "embedded":
        yield EmbeddedGateway(database, clock, settings.admin_portal_url), None
        return
    # Late: Stripe's library is a tenth of the memory, and of the time to start.
    from bot.billing.stripe.client import build_client, http_over
    from bot.billing.stripe.events import StripeEvents
    from bot.billing.stripe.gateway import StripeGateway

    key, secret = settings.stripe_api_key, settings.stripe_webhook_secret
    assert key is not None, "read_settings asks for it"
    async with aiohttp.ClientSession() as session:
        stripe = build_client(key.get_secret_value(), settings.stripe_api_url, http_over(session))
        yield (
            StripeGateway(stripe, database, clock, settings.admin_portal_url),
            StripeEvents(secret.get_secret_value(), clock) if secret else None,
        )
