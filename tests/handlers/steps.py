"""What several end-to-end tests do: accounts changed by a file, ports that fail on demand."""

import copy
import io
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import structlog

from bot.billing.gateway import (
    BillingGateway,
    Charge,
    ChargeOutcome,
    CustomerState,
    InvoiceState,
    LineRequest,
    NeverReceived,
    Preview,
    SubscriptionState,
)
from bot.logs import configure_logging
from bot.permissions import SlackIdentity
from bot.tasks import BackgroundTasks
from bot.use_cases.accounts_import.run import ImportSummary, import_accounts
from bot.use_cases.slack_user import refresh_slack_user
from models.account import Address, ProviderAddress
from models.account.billing_contact import BillingContact
from models.ledger import LedgerCharge
from models.quote import Quote
from models.receipt import ProviderPdf, ProviderReceipt
from models.service_order import OrderStatus, ServiceOrder
from sandbox.driver import Modal, Person, PostedMessage
from tests.time_limits import HANG_SECONDS
from tests.world import ACCOUNTS, World
from tests.yaml_files import read_yaml, write_yaml

Answer = TypeVar("Answer")
Hook = Callable[[], Awaitable[None]]


class HookedGateway:
    """A gateway with hooks before and after its calls: a wait, a fault, another buyer.

    `calls` counts each method. A hook stays until it is taken out.
    """

    def __init__(self, inner: BillingGateway) -> None:
        self.inner = inner
        self.reconcile_interval = inner.reconcile_interval
        self.invoice_check_interval = inner.invoice_check_interval
        self.before: dict[str, Hook] = {}
        self.after: dict[str, Hook] = {}
        self.calls: dict[str, int] = {}

    async def _through(self, name: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        self.calls[name] = self.calls.get(name, 0) + 1
        if hook := self.before.get(name):
            await hook()
        answer = await call()
        if hook := self.after.get(name):
            await hook()
        return answer

    async def list_subscriptions(self, account_id: str) -> list[SubscriptionState]:
        return await self._through("subscriptions", lambda: self.inner.list_subscriptions(account_id))

    async def fetch_customer(self, account_id: str) -> CustomerState:
        return await self._through("customer", lambda: self.inner.fetch_customer(account_id))

    async def fetch_billing_address(self, account_id: str) -> ProviderAddress | None:
        return await self._through("address", lambda: self.inner.fetch_billing_address(account_id))

    async def restore_billing_address(
        self, account_id: str, address: Address, replaced: ProviderAddress
    ) -> ProviderAddress | None:
        return await self.inner.restore_billing_address(account_id, address, replaced)

    async def fetch_invoice(self, account_id: str, receipt: str) -> InvoiceState | None:
        return await self._through("invoice", lambda: self.inner.fetch_invoice(account_id, receipt))

    async def fetch_receipt_page(self, account_id: str, receipt: str) -> ProviderReceipt | None:
        return await self._through("receipt_page", lambda: self.inner.fetch_receipt_page(account_id, receipt))

    async def fetch_receipt_pdf(self, account_id: str, receipt: str) -> ProviderPdf | None:
        return await self._through("receipt_pdf", lambda: self.inner.fetch_receipt_pdf(account_id, receipt))

    async def fetch_server_time(self) -> datetime | None:
        return await self.inner.fetch_server_time()

    async def check_connection(self) -> str:
        return await self.inner.check_connection()

    async def preview_lines(
        self, account_id: str, lines: list[LineRequest], at: datetime, address: Address
    ) -> Preview:
        return await self._through(
            "preview", lambda: self.inner.preview_lines(account_id, lines, at, address)
        )

    async def place_charge(self, charge: Charge) -> ChargeOutcome:
        return await self._through("place", lambda: self.inner.place_charge(charge))

    async def reconcile_charge(self, charge: Charge) -> ChargeOutcome | NeverReceived:
        return await self._through("reconcile", lambda: self.inner.reconcile_charge(charge))

    async def create_portal_link(self, account_id: str) -> str:
        return await self._through("payment_portal_link", lambda: self.inner.create_portal_link(account_id))


def install_hooked_gateway(world: World) -> HookedGateway:
    """Put in front of the world's gateway."""
    gateway = HookedGateway(world.dependencies.billing)
    world.dependencies.billing = gateway
    return gateway


def make_failing_hook(error: Exception) -> Hook:
    async def fail() -> None:
        raise error

    return fail


class ForgetfulTasks(BackgroundTasks):
    """A process that dies right after its commit: what would follow is never run."""

    def start(self, work: Any, name: str) -> Any:
        if name != "process_due_orders":
            return super().start(work, name)
        work.close()
        return None


async def import_account(world: World, account_id: str, **changes: Any) -> ImportSummary:
    """The account of tests/accounts.yml once more, with other values; None takes a value away."""
    listed = read_yaml(ACCOUNTS)
    account = copy.deepcopy(next(a for a in listed["accounts"] if a["id"] == account_id))
    return await import_file(
        world, {k: v for k, v in {**account, **changes}.items() if v is not None}, listed["products"]
    )


async def import_invoiced_subscription(
    world: World, account_id: str, subscription_id: str, *, days: int = 30, **changes: Any
) -> None:
    """The account gets another subscription, ten seats of GoTo Meeting that are paid by invoice."""
    subscription = {
        "id": subscription_id,
        "product": "goto-meeting",
        "seats": 10,
        "unit_price": "14.00",
        "period": "month",
        "period_start": date(2026, 11, 1),
        "period_end": date(2026, 12, 1),
        "days_until_due": days,
    }
    values = {"pay_by_invoice": True, "subscriptions": [subscription], **changes}
    await import_account(world, account_id, **values)


async def import_file(world: World, account: dict[str, Any], products: list[Any]) -> ImportSummary:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accounts.yml"
        write_yaml(path, {"accounts": [account], "products": products})
        return await import_accounts(world.dependencies.database, path=path, at=world.clock.at)


async def import_quote(
    world: World, number: str = "Q-2041", expires: str = "2026-11-30", **fields: Any
) -> Quote:
    """A quote that a sales representative made for Acme: 10 seats of GoTo Meeting at €13."""
    lines = [{"subscription": "acme_meeting", "seats": 10, "unit_price": "13.00"}]
    entry = {"number": number, "expires": expires, "lines": lines, **fields}
    await import_account(world, "acme", quotes=[entry])
    return await world.load_row(Quote, number=number)


async def get_known_person(world: World, name: str) -> Person:
    """Waits until Slack has said who they are."""
    person = world.get_person(name)
    identity = SlackIdentity("T01ACME", person.id, "test")
    assert await refresh_slack_user(world.dependencies, identity)
    return person


async def get_contact(world: World, email: str) -> BillingContact:
    return await world.load_row(BillingContact, email=email)


async def get_quote(world: World, number: str) -> Quote:
    return await world.load_row(Quote, number=number)


async def get_order(world: World, number: str = "SO-1001") -> ServiceOrder:
    return await world.load_row(ServiceOrder, number=number)


async def list_charges(world: World, status: str = "settled") -> list[LedgerCharge]:
    """What was charged according to the provider."""
    return await world.load_rows(LedgerCharge, status=status)


async def list_unfinished_orders(world: World) -> list[ServiceOrder]:
    ended = (OrderStatus.COMPLETED, OrderStatus.FAILED)
    return [order for order in await world.load_rows(ServiceOrder) if order.status not in ended]


def list_texts(messages: list[PostedMessage]) -> list[str]:
    return [message.text for message in messages]


def list_buttons(message: PostedMessage) -> list[str]:
    """The ids of what can be pressed in a message."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row]


def find_newest_message(messages: list[PostedMessage], words: str) -> PostedMessage:
    """The last message that says `words`; the message of the failure lists what there is."""
    found = [m for m in messages if words in m.text]
    assert found, f"{words!r} is in none of {list_texts(messages)}"
    return found[-1]


def find_messages(messages: list[PostedMessage], words: str) -> list[PostedMessage]:
    return [m for m in messages if words in m.text]


async def wait_for_modal_text(person: Person, words: str) -> Modal:
    """The modal once it says so."""

    def says() -> Modal | None:
        modal = person.modal
        return modal if modal and words in modal.text else None

    try:
        modal = await person.wait_until(says, timeout=HANG_SECONDS)
    except TimeoutError:
        raise AssertionError(f"{words!r} is not in {person.modal and person.modal.text!r}") from None
    assert isinstance(modal, Modal)
    return modal


async def open_modal(person: Person, command: str, words: str, callback_id: str) -> Modal:
    """The modal a command opens, whatever was open before."""
    await person.close_modal(everything=True) if person.modal else None
    await person.command(command, words)
    return await person.wait_for_modal(callback_id, timeout=HANG_SECONDS)


@contextmanager
def capture_log(world: World, stream: io.StringIO | None = None) -> Iterator[io.StringIO]:
    """What `serve` would log, as it logs it."""
    configured, stream = structlog.get_config(), stream or io.StringIO()
    configure_logging(world.dependencies.settings.model_copy(update={"log_format": "json"}), stream)
    try:
        yield stream
    finally:
        structlog.configure(**configured)
