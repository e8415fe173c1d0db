"""Builds the dependencies of the use cases: the only module that names concrete adapters."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.billing.charge_listing import ChargeListing
from bot.billing.customer_listing import CustomerListing
from bot.billing.embedded.gateway import EmbeddedGateway
from bot.billing.gateway import BillingGateway, WebhookParser
from bot.blocks.account import PortalLinks
from bot.clock import SteadyClock
from bot.db import Database, PoolerOptions, lock_imports
from bot.dependencies import Dependencies
from bot.directory.slack.user_directory import SlackUserDirectory
from bot.installations.clients import (
    InstrumentedClient,
    MultiWorkspaceClients,
    SingleWorkspaceClients,
    SlackClientProvider,
)
from bot.mail.smtp.mailer import SmtpMailer
from bot.messaging.slack.home_publisher import SlackHomePublisher
from bot.messaging.slack.messenger import SlackMessenger
from bot.messaging.slack.screen_updater import SlackScreenUpdater
from bot.settings import Settings
from bot.tasks import BackgroundTasks
from bot.use_cases.accounts_import.catalogue import save_catalogue
from bot.use_cases.operations.recorded_time import find_latest_recorded_time

if TYPE_CHECKING:
    from stripe import StripeClient

    from bot.installations.store import EncryptedInstallationStore

# Longer than a call to Slack, and with the rest of a shutdown less than the twenty seconds after which an
# orchestrator may kill the process.
DRAIN_TIMEOUT_SECONDS = 11
SLACK_REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=10)


def now() -> datetime:
    return datetime.now(UTC)


def build_database(settings: Settings) -> Database:
    options = PoolerOptions(settings.database_prepared_statements, settings.database_startup_options)
    return Database(settings.database_url, listen_url=settings.database_listen_url, pooler_options=options)


@asynccontextmanager
async def open_slack_clients(settings: Settings, database: Database) -> AsyncIterator[SlackClientProvider]:
    # One HTTP session serves all Slack calls. The client retries nothing, because that could post a message
    # twice: the outbox retries.
    async with aiohttp.ClientSession(timeout=SLACK_REQUEST_TIMEOUT) as session:

        def build_client(token: str | None) -> AsyncWebClient:
            return InstrumentedClient(
                token=token, base_url=settings.slack_api_url, session=session, retry_handlers=[]
            )

        if settings.slack_bot_token is not None:
            yield SingleWorkspaceClients(build_client(settings.slack_bot_token.get_secret_value()))
        else:
            yield MultiWorkspaceClients(build_installation_store(settings, database), build_client)


def build_installation_store(settings: Settings, database: Database) -> "EncryptedInstallationStore":
    from bot.installations.store import EncryptedInstallationStore, build_keyring

    assert settings.slack_client_id, "read_settings requires it without SLACK_BOT_TOKEN"
    assert settings.token_encryption_keys, "read_settings requires it without SLACK_BOT_TOKEN"
    keys = build_keyring(settings.token_encryption_keys.get_secret_value())
    return EncryptedInstallationStore(settings.slack_client_id, database, keys)


@asynccontextmanager
async def open_dependencies(
    settings: Settings, database: Database, clients: SlackClientProvider, clock: Callable[[], datetime] = now
) -> AsyncIterator[Dependencies]:
    """On exit, background tasks are drained and the database is closed."""
    smtp_url = settings.smtp_url.get_secret_value() if settings.smtp_url else None
    mailer = SmtpMailer(smtp_url, settings.mail_from)
    # A test's clock is used as it is.
    steady_clock = SteadyClock() if clock is now else clock
    async with _open_billing(settings, database, steady_clock, clock) as (billing, events):
        dependencies = Dependencies(
            settings=settings,
            database=database,
            now=steady_clock,
            billing=billing,
            messenger=SlackMessenger(clients, settings.account_services_url),
            home_publisher=SlackHomePublisher(clients, PortalLinks.from_settings(settings)),
            screen_updater=SlackScreenUpdater(
                clients, settings.account_services_url, has_mail=mailer.is_configured
            ),
            directory=SlackUserDirectory(clients),
            mailer=mailer,
            tasks=BackgroundTasks(),
            webhook_parser=events,
        )
        try:
            yield dependencies
        finally:
            await dependencies.tasks.drain(DRAIN_TIMEOUT_SECONDS)
            await database.close()


@asynccontextmanager
async def _open_billing(
    settings: Settings,
    database: Database,
    clock: Callable[[], datetime],
    wall_clock: Callable[[], datetime],
) -> AsyncIterator[tuple[BillingGateway, WebhookParser | None]]:
    # The age of a webhook is the difference between the wall clocks of two machines.
    if settings.billing == "embedded":
        yield EmbeddedGateway(database, clock, settings.admin_portal_url), None
        return
    # Imported here: Stripe's library is a tenth of the memory, and of the startup time.
    from bot.billing.stripe.events import StripeWebhookParser
    from bot.billing.stripe.gateway import StripeGateway
    from bot.billing.stripe.invoice_pdf import download_pdf

    secret = settings.stripe_webhook_secret
    async with aiohttp.ClientSession() as session:
        stripe, download = _build_stripe_client(settings, session), partial(download_pdf, session)
        yield (
            StripeGateway(stripe, download, database, clock, settings.admin_portal_url),
            StripeWebhookParser(secret.get_secret_value(), wall_clock) if secret else None,
        )


async def catch_up_clock(dependencies: Dependencies) -> None:
    # If the wall clock stepped back while no process ran, stored times are in the future. If a replica's
    # clock was ahead when it stored them, this machine's is right, by the database server's clock.
    if not isinstance(dependencies.now, SteadyClock):
        return
    latest = await find_latest_recorded_time(dependencies)
    server_time = await dependencies.database.fetch_server_time()
    if latest is not None:
        dependencies.now.catch_up(latest if server_time is None else min(latest, server_time))


@asynccontextmanager
async def open_customer_listing(settings: Settings) -> AsyncIterator[CustomerListing]:
    from bot.billing.stripe.customer_listing import StripeCustomerListing

    async with aiohttp.ClientSession() as session:
        yield StripeCustomerListing(_build_stripe_client(settings, session), now)


@asynccontextmanager
async def open_charge_listing(settings: Settings) -> AsyncIterator[ChargeListing | None]:
    """Yields None if the provider's records are in the bot's own database."""
    if settings.billing == "embedded":
        yield None
        return
    from bot.billing.stripe.charge_listing import StripeChargeListing

    async with aiohttp.ClientSession() as session:
        yield StripeChargeListing(_build_stripe_client(settings, session))


def _build_stripe_client(settings: Settings, session: aiohttp.ClientSession) -> "StripeClient":
    from bot.billing.stripe.client import build_http_client, build_stripe_client

    assert settings.stripe_api_key is not None, "read_settings requires it"
    key = settings.stripe_api_key.get_secret_value()
    http = build_http_client(session, settings.stripe_api_url)
    return build_stripe_client(key, settings.stripe_api_url, http)


async def prepare_database(database: Database) -> None:
    await database.migrate()
    async with database.write() as session:
        await lock_imports(session)
        await save_catalogue(session)
