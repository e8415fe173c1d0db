"""What the use cases depend on."""

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
from bot.messaging.screen_updater import ScreenUpdater
from bot.settings import Settings
from bot.tasks import BackgroundTasks


@dataclass
class Timeouts:
    # Scrapers and load balancers give up after about ten seconds, without a result.
    check_seconds: float = 2.0
    # From the request to its ack, for which Slack waits three seconds.
    ack_seconds: float = 1.5
    # Work is given at least this long before the ack, however late the request was read.
    min_work_seconds: float = 0.3
    # From storing that a view follows an order to its first update: it must not overtake the ack.
    first_update_seconds: float = 1.0
    # Longer than anything that ends by itself: a statement, a call to Slack or to the billing provider.
    unresponsive_seconds: float = 20.0
    # The timeout for fetching the profile of a person who sent a request; background work waits longer.
    profile_seconds: float = 1.5


@dataclass(eq=False)
class Dependencies:
    settings: Settings
    database: Database
    now: Callable[[], datetime]
    billing: BillingGateway
    messenger: Messenger
    home_publisher: HomePublisher
    screen_updater: ScreenUpdater
    directory: UserDirectory
    mailer: Mailer
    tasks: BackgroundTasks
    # None if the provider sends no events, or no secret is set to verify them with.
    webhook_parser: WebhookParser | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def read(self) -> AbstractAsyncContextManager[Session]:
        return self.database.read()

    def write(self) -> AbstractAsyncContextManager[Session]:
        return self.database.write()
