"""All that a use case may ask of the world."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime

from bot.billing.gateway import BillingGateway, WebhookParser
from bot.db import Database, Session
from bot.directory.user_directory import UserDirectory
from bot.mail.mailer import Mailer
from bot.messaging.home_publisher import HomePublisher
from bot.messaging.messenger import Messenger
from bot.settings import Settings
from bot.tasks import BackgroundTasks


@dataclass
class Timeouts:
    # A scraper or load balancer gives up after about ten seconds, and then knows nothing at all.
    check_seconds: float = 2.0


@dataclass(eq=False)
class Services:
    settings: Settings
    database: Database
    now: Callable[[], datetime]
    billing: BillingGateway
    messenger: Messenger
    home_publisher: HomePublisher
    directory: UserDirectory
    mailer: Mailer
    tasks: BackgroundTasks
    # Where the provider sends word by itself; none where it does not, or nobody could tell it from a forger.
    webhook_parser: WebhookParser | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def read(self) -> AbstractAsyncContextManager[Session]:
        return self.database.read()

    def write(self) -> AbstractAsyncContextManager[Session]:
        """One transaction, committed at its end."""
        return self.database.write()
