"""The ports without a network: what they were given can be read, and what they answer can be set."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.db import transaction_open
from bot.directory.user_directory import DirectoryUnavailable, UserProfile
from bot.mail.mailer import MailUnavailable, OutboundEmail
from bot.messaging.home_publisher import HomeContent
from bot.messaging.messenger import MessageRef, OutboundMessage
from bot.messaging.screen_updater import ScreenClosed, ScreenContent


def _check_no_transaction() -> None:
    assert not transaction_open.get(), "a port was called inside a transaction"


@dataclass(frozen=True)
class Sent:
    """A message as it was taken, and where it stands."""

    message: OutboundMessage
    posted: MessageRef

    @property
    def channel(self) -> str:
        return self.posted.channel


class FakeMessenger:
    """`refusals` holds, for each channel or person, what is raised next; `before` runs ahead of each."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.tried: list[OutboundMessage] = []
        self.refusals: dict[str, list[Exception]] = defaultdict(list)
        self.before: Callable[[OutboundMessage], Awaitable[None]] | None = None
        self.uninstalled: set[str] = set()
        self._busy: set[str] = set()

    async def is_installed(self, team_id: str) -> bool:
        _check_no_transaction()
        return team_id not in self.uninstalled

    async def deliver_message(self, message: OutboundMessage) -> MessageRef:
        _check_no_transaction()
        destination = f"{message.destination_kind}:{message.channel}"
        assert destination not in self._busy, "two at once for one destination"
        self._busy.add(destination)
        try:
            return await self._take(message)
        finally:
            self._busy.discard(destination)

    async def _take(self, message: OutboundMessage) -> MessageRef:
        self.tried.append(message)
        await asyncio.sleep(0.001)
        if self.before:
            await self.before(message)
        if self.refusals[message.channel]:
            raise self.refusals[message.channel].pop(0)
        channel = message.channel.replace("U", "D", 1) if message.channel.startswith("U") else message.channel
        posted = MessageRef(channel, message.update_ts or f"{len(self.sent) + 1}.000000")
        self.sent.append(Sent(message, posted))
        return posted

    def to(self, channel: str) -> list[Sent]:
        return [sent for sent in self.sent if sent.channel == channel]


class FakeHomePublisher:
    """`refusals` is what is raised next."""

    def __init__(self) -> None:
        self.shown: list[HomeContent] = []
        self.refusals: list[Exception] = []

    async def publish_home(self, home: HomeContent) -> None:
        _check_no_transaction()
        await asyncio.sleep(0)
        if self.refusals:
            raise self.refusals.pop(0)
        self.shown.append(home)


class FakeScreenUpdater:
    """Its screens are closed."""

    async def update_screen(self, content: ScreenContent) -> None:
        _check_no_transaction()
        raise ScreenClosed


class FakeMailer:
    def __init__(self) -> None:
        self.is_configured = True
        self.is_plain_text = False
        self.sent: list[OutboundEmail] = []
        self.refusals: list[Exception] = []

    async def check_connection(self) -> None:
        if not self.is_configured:
            raise MailUnavailable("no server is set")

    async def check_sender(self) -> None:
        """It is taken."""

    async def send_email(self, email: OutboundEmail) -> None:
        _check_no_transaction()
        if not self.is_configured:
            raise MailUnavailable("no server is set")
        if self.refusals:
            raise self.refusals.pop(0)
        self.sent.append(email)


class FakeUserDirectory:
    def __init__(self) -> None:
        self.profiles: dict[str, UserProfile] = {}
        self.silent = False
        self.delay = 0.0
        self.asked = 0
        self.failing_users: set[str] = set()

    def add(self, user_id: str, email: str | None = None, **changes: object) -> None:
        usual: dict[str, object] = {
            "user_id": user_id,
            "home_team_id": "T01ACME",
            "name": user_id,
            "email": email,
            "locale": "en-GB",
            "time_zone": "Europe/Paris",
        }
        self.profiles[user_id] = UserProfile(**{**usual, **changes})  # type: ignore[arg-type]

    async def fetch_profile(self, team_id: str, user_id: str) -> UserProfile:
        await self._answer()
        if user_id in self.failing_users:
            raise DirectoryUnavailable("timeout")
        nobody = UserProfile(user_id, "", user_id, None, None, None, deleted=True)
        return self.profiles.get(user_id, nobody)

    async def check_connection(self) -> None:
        await self._answer()

    async def fetch_server_time(self) -> datetime | None:
        return None

    async def list_installations(self) -> list[str]:
        return ["T01ACME"]

    async def list_team_ids(self) -> list[str]:
        return ["T01ACME"]

    async def fetch_granted_scopes(self, team_id: str) -> set[str] | None:
        return set()

    async def check_app_token(self, token: str) -> None:
        """It is right."""

    async def is_in_channel(self, team_id: str, channel_id: str) -> bool:
        return True

    async def list_channel_members(self, team_id: str, channel_id: str) -> set[str]:
        await self._answer()
        return set(self.profiles)

    async def find_user_by_email(self, team_id: str, email: str) -> str | None:
        await self._answer()
        return next((p.user_id for p in self.profiles.values() if p.email == email), None)

    async def _answer(self) -> None:
        _check_no_transaction()
        self.asked += 1
        await asyncio.sleep(self.delay)
        if self.silent:
            raise DirectoryUnavailable("silent")
