"""The ports of one process: a gate before the effect, a gate before the answer, and faults."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.billing.gateway import (
    BillingUnavailable,
    Charge,
    ChargeOutcome,
    CustomerState,
    InvoiceState,
    LineRequest,
    MixedPricesUnsupported,
    NeverReceived,
    Preview,
    SubscriptionState,
    Unknown,
)
from bot.db import transaction_open
from bot.directory.user_directory import DirectoryUnavailable, UserProfile
from bot.mail.mailer import MailRejected, MailUnavailable, OutboundEmail
from bot.messaging.messenger import (
    ChannelUnreachable,
    MessageGone,
    MessageRef,
    MessageRejected,
    MessengerRefused,
    MessengerUnavailable,
    OutboundMessage,
    RateLimited,
    UserUnreachable,
)
from models.account import Address, ProviderAddress
from models.receipt import ProviderPdf, ProviderReceipt
from tests.fake_stripe import FakeStripe
from tests.fake_stripe.server import FaultKind
from tests.fake_stripe.transport import EncodedRequest, InProcessTransport, Response
from tests.simulation.faults import Faults
from tests.simulation.gates import Gates, Process
from tests.simulation.provider import SimulatedProvider
from tests.simulation.slack import SERVICES_MEMBER, SimulatedSlack

Answer = TypeVar("Answer")


class PortCaller:
    """Calls ports on behalf of one process."""

    def __init__(self, gates: Gates, process: Process, faults: Faults) -> None:
        self._gates, self._process, self._faults = gates, process, faults

    async def call(self, name: str, effect: Callable[[str | None], Answer]) -> Answer:
        """`effect` is called with the fault, if any."""
        assert not transaction_open.get(), "a port was called inside a transaction"
        await self._gates.wait(self._process, name)
        try:
            return effect(self._faults.get_fault(name))
        finally:
            await self._gates.wait(self._process, f"{name} answered")


class GatedGateway:
    """A BillingGateway. `is_key_stored` says whether the key of a charge is committed."""

    reconcile_interval = timedelta(seconds=10)
    invoice_check_interval = timedelta(hours=1)

    def __init__(
        self, caller: PortCaller, provider: SimulatedProvider, is_key_stored: Callable[[str], bool]
    ) -> None:
        self._caller, self._provider, self._is_key_stored = caller, provider, is_key_stored

    async def list_subscriptions(self, account_id: str) -> list[SubscriptionState]:
        def effect(fault: str | None) -> list[SubscriptionState]:
            if fault:
                raise BillingUnavailable
            return self._provider.list_subscriptions(account_id)

        return await self._caller.call("billing.subscriptions", effect)

    async def preview_lines(
        self, account_id: str, lines: list[LineRequest], at: object, address: Address
    ) -> Preview:
        def effect(fault: str | None) -> Preview:
            if fault:
                raise MixedPricesUnsupported if fault == "price_not_held" else BillingUnavailable
            return self._provider.preview_lines(account_id, lines, at, address)  # type: ignore[arg-type]

        return await self._caller.call("billing.preview", effect)

    async def place_charge(self, charge: Charge) -> ChargeOutcome:
        return await self._caller.call("billing.place", lambda fault: self._place(charge, fault))

    async def reconcile_charge(self, charge: Charge) -> ChargeOutcome | NeverReceived:
        return await self._caller.call(
            "billing.reconcile", lambda fault: self._send(charge, fault, self._provider.reconcile_charge)
        )

    async def fetch_customer(self, account_id: str) -> CustomerState:
        return CustomerState(None, None)  # The payment methods of the file stay.

    async def fetch_billing_address(self, account_id: str) -> ProviderAddress | None:
        return None

    async def restore_billing_address(
        self, account_id: str, address: Address, replaced: ProviderAddress
    ) -> ProviderAddress | None:
        return None

    async def fetch_invoice(self, account_id: str, receipt: str) -> InvoiceState | None:
        def effect(fault: str | None) -> InvoiceState | None:
            if fault:
                raise BillingUnavailable
            return self._provider.find_invoice(receipt)

        return await self._caller.call("billing.invoice", effect)

    async def fetch_receipt_page(self, account_id: str, receipt: str) -> ProviderReceipt | None:
        return None

    async def fetch_receipt_pdf(self, account_id: str, receipt: str) -> ProviderPdf | None:
        # Without faults: a message that goes out without the PDF is logged as an error.
        invoice = await self._caller.call("billing.pdf", lambda _: self._provider.find_invoice(receipt))
        return ProviderPdf(invoice.number, b"%PDF-1.4") if invoice else None

    async def fetch_server_time(self) -> datetime | None:
        return None

    async def check_connection(self) -> str:
        return "simulated"

    async def create_portal_link(self, account_id: str) -> str:
        def effect(fault: str | None) -> str:
            if fault:
                raise BillingUnavailable
            return "https://provider.example/portal"

        return await self._caller.call("billing.portal", effect)

    def _place(self, charge: Charge, fault: str | None) -> ChargeOutcome:
        match fault:
            case "timeout":
                self._provider.delay_charge(charge)
            case "server_error":
                self._provider.fail_next_responses(charge.key)
            case "conflict":
                # Another request with the key takes effect, but has not finished.
                self._provider.place_charge(charge)
                self._provider.fail_next_responses(charge.key)
            case "rate_limited":
                pass
            case _:
                return self._send(charge, fault, self._provider.place_charge)
        return Unknown()

    def _send(
        self, charge: Charge, fault: str | None, effect: Callable[[Charge], Answer]
    ) -> Answer | Unknown:
        assert self._is_key_stored(charge.key), f"{charge.key} was sent before it was stored"
        if fault == "outage":
            return Unknown()
        answer = effect(charge)
        return Unknown() if fault == "lost" else answer


# The fake Stripe's fault for each fault of a port.
STRIPE_FAULTS: dict[str, FaultKind] = {
    "outage": "cut_before",
    "lost": "cut_after",
    "timeout": "delay",
    "server_error": "save_500_after",
    "conflict": "conflict",
    "rate_limited": "rate_limit",
}


class GatedStripeTransport(InProcessTransport):
    """One process's requests to Stripe. `is_key_stored` says whether the key of a charge is committed."""

    def __init__(self, caller: PortCaller, fake: FakeStripe, is_key_stored: Callable[[str], bool]) -> None:
        super().__init__(fake)
        self._caller, self._is_key_stored = caller, is_key_stored

    async def send_request(self, request: EncodedRequest) -> Response:
        return await self._caller.call(_name_stripe_call(request), partial(self._answer, request))

    def _answer(self, request: EncodedRequest, fault: str | None) -> Response:
        if request.is_charge:
            assert self._is_key_stored(request.headers["idempotency-key"]), "sent before its key was stored"
        return self.answer_request(request, STRIPE_FAULTS[fault] if fault else None)


def _name_stripe_call(request: EncodedRequest) -> str:
    if request.is_charge:
        return "billing.place"
    if request.path.endswith("create_preview"):
        return "billing.preview"
    if "billing_portal" in request.path:
        return "billing.portal"
    if request.method == "GET" and request.path.startswith("/v1/invoices/"):
        return "billing.invoice"
    return "billing.subscriptions"


class GatedMessenger:
    """A Messenger."""

    def __init__(self, caller: PortCaller, slack: SimulatedSlack) -> None:
        self._caller, self._slack = caller, slack

    async def is_installed(self, team_id: str) -> bool:
        return True

    async def deliver_message(self, message: OutboundMessage) -> MessageRef:
        return await self._caller.call("slack.deliver", lambda fault: self._deliver(message, fault))

    def _deliver(self, message: OutboundMessage, fault: str | None) -> MessageRef:
        to_person = message.channel.startswith(("U", "D"))
        if message.channel.replace("D", "U", 1) in self._slack.unreachable:
            raise MessengerRefused("something_new")
        match fault:
            case "outage":
                raise MessengerUnavailable("silent")
            case "rate_limited":
                raise RateLimited(3)
            case "channel_gone" | "person_gone" if to_person:
                raise UserUnreachable("cannot_dm_bot")
            case "channel_gone" | "person_gone":
                raise ChannelUnreachable("is_archived")
            case "rejected":
                raise MessageRejected("msg_too_long")
            case "message_gone" if message.update_ts or message.thread_ts:
                raise MessageGone("message_not_found")
        posted = self._slack.post(message)
        if fault == "lost":
            raise MessengerUnavailable("no answer")
        return posted


class GatedDirectory:
    """A UserDirectory."""

    def __init__(self, caller: PortCaller, slack: SimulatedSlack) -> None:
        self._caller, self._slack = caller, slack

    async def fetch_profile(self, team_id: str, user_id: str) -> UserProfile:
        def effect(fault: str | None) -> UserProfile:
            if fault:
                raise DirectoryUnavailable("silent")
            return self._slack.fetch_profile(user_id)

        return await self._caller.call("directory.profile", effect)

    async def check_connection(self) -> None:
        """Readiness is not checked here."""

    async def fetch_server_time(self) -> datetime | None:
        return None

    async def list_installations(self) -> list[str]:
        return []

    async def list_team_ids(self) -> list[str]:
        return []

    async def fetch_granted_scopes(self, team_id: str) -> set[str] | None:
        return set()

    async def check_app_token(self, token: str) -> None:
        """Every token is accepted."""

    async def is_in_channel(self, team_id: str, channel_id: str) -> bool:
        return True

    async def list_channel_members(self, team_id: str, channel_id: str) -> set[str]:
        def effect(fault: str | None) -> set[str]:
            if fault:
                raise DirectoryUnavailable("silent")
            return {SERVICES_MEMBER}

        return await self._caller.call("directory.members", effect)

    async def find_user_by_email(self, team_id: str, email: str) -> str | None:
        def effect(fault: str | None) -> str | None:
            if fault:
                raise DirectoryUnavailable("silent")
            return self._slack.find_member(email)

        return await self._caller.call("directory.email", effect)


class GatedMailer:
    """A Mailer."""

    is_configured = True
    is_plain_text = False

    def __init__(self, caller: PortCaller, sent: list[OutboundEmail]) -> None:
        self._caller, self._sent = caller, sent

    async def check_connection(self) -> None:
        """The server can always be reached here."""

    async def check_sender(self) -> None:
        """Every sender is accepted."""

    async def send_email(self, email: OutboundEmail) -> None:
        def effect(fault: str | None) -> None:
            if fault == "outage":
                raise MailUnavailable("silent")
            if fault == "refused":
                raise MailRejected("no such mailbox")
            self._sent.append(email)
            if fault == "lost":
                raise MailUnavailable("no answer")

        await self._caller.call("mail.send", effect)
