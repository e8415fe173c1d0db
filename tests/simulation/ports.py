"""The ports as one process reaches them: a gate before the effect, a gate before the answer, and faults."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from bot.billing.gateway import (
    BillingUnavailable,
    Charge,
    LineRequest,
    MethodState,
    NeverReceived,
    Outcome,
    Preview,
    PriceNotHeld,
    SubscriptionState,
    Unknown,
)
from bot.db import transaction_open
from bot.directory.user_directory import DirectoryUnavailable, Profile
from bot.mail.mailer import Mail, MailRefused, MailUnavailable
from bot.messaging.messenger import (
    ChannelUnreachable,
    Letter,
    MessageGone,
    MessengerUnavailable,
    PersonUnreachable,
    Posted,
    RateLimited,
)
from models.account import Address
from models.receipt import ReceiptPage
from tests.simulation.faults import Faults
from tests.simulation.gates import Gates, Process
from tests.simulation.provider import Provider
from tests.simulation.slack import Slack

Answer = TypeVar("Answer")


class Line:
    """The way out of one process."""

    def __init__(self, gates: Gates, process: Process, faults: Faults) -> None:
        self._gates, self._process, self._faults = gates, process, faults

    async def call(self, name: str, effect: Callable[[str | None], Answer]) -> Answer:
        """`effect` is given what goes wrong, if anything."""
        assert not transaction_open.get(), "a port was called inside a transaction"
        await self._gates.stop(self._process, name)
        try:
            return effect(self._faults.of(name))
        finally:
            await self._gates.stop(self._process, f"{name} answered")


class Billing:
    """BillingGateway. `key_is_stored` asks the database whether the key of a charge is committed."""

    patience = timedelta(seconds=10)

    def __init__(self, line: Line, provider: Provider, key_is_stored: Callable[[str], bool]) -> None:
        self._line, self._provider, self._key_is_stored = line, provider, key_is_stored

    async def subscriptions(self, account_id: str) -> list[SubscriptionState]:
        def effect(fault: str | None) -> list[SubscriptionState]:
            if fault:
                raise BillingUnavailable
            return self._provider.subscriptions(account_id)

        return await self._line.call("billing.subscriptions", effect)

    async def preview(
        self, account_id: str, lines: list[LineRequest], at: object, address: Address
    ) -> Preview:
        def effect(fault: str | None) -> Preview:
            if fault:
                raise PriceNotHeld if fault == "price_not_held" else BillingUnavailable
            return self._provider.preview(account_id, lines, at, address)  # type: ignore[arg-type]

        return await self._line.call("billing.preview", effect)

    async def place(self, charge: Charge) -> Outcome:
        return await self._line.call("billing.place", lambda fault: self._placed(charge, fault))

    async def reconcile(self, charge: Charge) -> Outcome | NeverReceived:
        return await self._line.call(
            "billing.reconcile", lambda fault: self._sent(charge, fault, self._provider.reconcile)
        )

    async def payment_methods(self, account_id: str) -> list[MethodState] | None:
        return None  # Those of the file stay.

    async def receipt_page(self, account_id: str, receipt: str) -> ReceiptPage | None:
        return None

    async def check(self) -> str:
        return "simulated"

    async def payment_portal_link(self, account_id: str) -> str:
        def effect(fault: str | None) -> str:
            if fault:
                raise BillingUnavailable
            return "https://provider.example/portal"

        return await self._line.call("billing.portal", effect)

    def _placed(self, charge: Charge, fault: str | None) -> Outcome:
        match fault:
            case "timeout":
                self._provider.take_later(charge)
            case "server_error":
                self._provider.say_nothing_of(charge.key)
            case "conflict":
                # Another request with the key is under way: it takes effect, and is not done yet.
                self._provider.place(charge)
                self._provider.say_nothing_of(charge.key)
            case "rate_limited":
                pass
            case _:
                return self._sent(charge, fault, self._provider.place)
        return Unknown()

    def _sent(
        self, charge: Charge, fault: str | None, effect: Callable[[Charge], Answer]
    ) -> Answer | Unknown:
        assert self._key_is_stored(charge.key), f"{charge.key} was sent before it was stored"
        if fault == "outage":
            return Unknown()
        answer = effect(charge)
        return Unknown() if fault == "lost" else answer


class Messages:
    """Messenger."""

    def __init__(self, line: Line, slack: Slack) -> None:
        self._line, self._slack = line, slack

    async def reaches(self, team: str) -> bool:
        return True

    async def deliver(self, letter: Letter) -> Posted:
        return await self._line.call("slack.deliver", lambda fault: self._deliver(letter, fault))

    def _deliver(self, letter: Letter, fault: str | None) -> Posted:
        to_person = letter.channel.startswith(("U", "D"))
        match fault:
            case "outage":
                raise MessengerUnavailable("silent")
            case "rate_limited":
                raise RateLimited(3)
            case "channel_gone" | "person_gone" if to_person:
                raise PersonUnreachable("cannot_dm_bot")
            case "channel_gone" | "person_gone":
                raise ChannelUnreachable("is_archived")
            case "message_gone" if letter.edits or letter.thread:
                raise MessageGone("message_not_found")
        posted = self._slack.post(letter)
        if fault == "lost":
            raise MessengerUnavailable("no answer")
        return posted


class Members:
    """Directory."""

    def __init__(self, line: Line, slack: Slack) -> None:
        self._line, self._slack = line, slack

    async def profile(self, team_id: str, user_id: str) -> Profile:
        def effect(fault: str | None) -> Profile:
            if fault:
                raise DirectoryUnavailable("silent")
            return self._slack.asked_for(user_id)

        return await self._line.call("directory.profile", effect)

    async def reach(self) -> None:
        """No process is asked whether it is ready."""

    async def workspaces(self) -> list[str]:
        return []

    async def granted_scopes(self, team_id: str) -> set[str]:
        return set()

    async def check_app_token(self, token: str) -> None:
        """It is right."""

    async def in_channel(self, team_id: str, channel_id: str) -> bool:
        return True

    async def user_of_email(self, team_id: str, email: str) -> str | None:
        def effect(fault: str | None) -> str | None:
            if fault:
                raise DirectoryUnavailable("silent")
            return self._slack.member_of(email)

        return await self._line.call("directory.email", effect)


class Post:
    """Mailer."""

    configured = True

    def __init__(self, line: Line, sent: list[Mail]) -> None:
        self._line, self._sent = line, sent

    async def check(self) -> None:
        """A server is always set."""

    async def send(self, mail: Mail) -> None:
        def effect(fault: str | None) -> None:
            if fault == "outage":
                raise MailUnavailable("silent")
            if fault == "refused":
                raise MailRefused("no such mailbox")
            self._sent.append(mail)
            if fault == "lost":
                raise MailUnavailable("no answer")

        await self._line.call("mail.send", effect)
