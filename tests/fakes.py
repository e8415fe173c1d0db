"""The ports without a network: what they were given can be read, and what they answer can be set."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.db import transaction_open
from bot.directory.user_directory import DirectoryUnavailable, Profile
from bot.mail.mailer import Mail, MailUnavailable
from bot.messaging.home_publisher import HomeContent
from bot.messaging.messenger import Letter, Posted


def _check_no_transaction() -> None:
    assert not transaction_open.get(), "a port was called inside a transaction"


@dataclass(frozen=True)
class Sent:
    """A message as it was taken, and where it stands."""

    letter: Letter
    posted: Posted

    @property
    def channel(self) -> str:
        return self.posted.channel


class FakeMessenger:
    """`refusals` holds, for each channel or person, what is raised next; `before` runs ahead of each."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.tried: list[Letter] = []
        self.refusals: dict[str, list[Exception]] = defaultdict(list)
        self.before: Callable[[Letter], Awaitable[None]] | None = None
        self.uninstalled: set[str] = set()
        self._busy: set[str] = set()

    async def reaches(self, team: str) -> bool:
        _check_no_transaction()
        return team not in self.uninstalled

    async def deliver(self, letter: Letter) -> Posted:
        _check_no_transaction()
        assert letter.channel not in self._busy, "two at once for one destination"
        self._busy.add(letter.channel)
        try:
            return await self._take(letter)
        finally:
            self._busy.discard(letter.channel)

    async def _take(self, letter: Letter) -> Posted:
        self.tried.append(letter)
        await asyncio.sleep(0.001)
        if self.before:
            await self.before(letter)
        if self.refusals[letter.channel]:
            raise self.refusals[letter.channel].pop(0)
        channel = letter.channel.replace("U", "D", 1) if letter.channel.startswith("U") else letter.channel
        posted = Posted(channel, letter.edits or f"{len(self.sent) + 1}.000000")
        self.sent.append(Sent(letter, posted))
        return posted

    def to(self, channel: str) -> list[Sent]:
        return [sent for sent in self.sent if sent.channel == channel]


class FakeHomeScreens:
    """`refusals` is what is raised next."""

    def __init__(self) -> None:
        self.shown: list[HomeContent] = []
        self.refusals: list[Exception] = []

    async def show(self, home: HomeContent) -> None:
        _check_no_transaction()
        await asyncio.sleep(0)
        if self.refusals:
            raise self.refusals.pop(0)
        self.shown.append(home)


class FakeMailer:
    def __init__(self) -> None:
        self.configured = True
        self.sent: list[Mail] = []
        self.refusals: list[Exception] = []

    async def check(self) -> None:
        if not self.configured:
            raise MailUnavailable("no server is set")

    async def send(self, mail: Mail) -> None:
        _check_no_transaction()
        if not self.configured:
            raise MailUnavailable("no server is set")
        if self.refusals:
            raise self.refusals.pop(0)
        self.sent.append(mail)


class FakeDirectory:
    def __init__(self) -> None:
        self.profiles: dict[str, Profile] = {}
        self.silent = False
        self.delay = 0.0
        self.asked = 0

    def add(self, user_id: str, email: str | None = None, **changes: object) -> None:
        usual: dict[str, object] = {
            "user_id": user_id,
            "home_team_id": "T01ACME",
            "name": user_id,
            "email": email,
            "locale": "en-GB",
            "time_zone": "Europe/Paris",
        }
        self.profiles[user_id] = Profile(**{**usual, **changes})  # type: ignore[arg-type]

    async def profile(self, team_id: str, user_id: str) -> Profile:
        await self._answer()
        nobody = Profile(user_id, "", user_id, None, None, None, deleted=True)
        return self.profiles.get(user_id, nobody)

    async def reach(self) -> None:
        await self._answer()

    async def workspaces(self) -> list[str]:
        return ["T01ACME"]

    async def granted_scopes(self, team_id: str) -> set[str]:
        return set()

    async def check_app_token(self, token: str) -> None:
        """It is right."""

    async def in_channel(self, team_id: str, channel_id: str) -> bool:
        return True

    async def user_of_email(self, team_id: str, email: str) -> str | None:
        await self._answer()
        return next((p.user_id for p in self.profiles.values() if p.email == email), None)

    async def _answer(self) -> None:
        _check_no_transaction()
        self.asked += 1
        await asyncio.sleep(self.delay)
        if self.silent:
            raise DirectoryUnavailable("silent")
