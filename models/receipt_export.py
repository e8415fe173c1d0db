"""An account's receipts of a period, emailed for its books: PDFs, and a table of what they say (R28)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import JSON, Field, Index, SQLModel

from models.account import Account
from models.account.billing_contact import BillingContact
from models.errors import Refusal
from models.receipt import Receipt

MAX_EXPORTED_RECEIPTS = 500
# An email has to be ready within a lease, and mail servers take some megabytes.
MAX_FILES_PER_EMAIL = 20


class PeriodReversed(Refusal):
    """The last day is before the first."""


class NoReceiptsInPeriod(Refusal):
    """No receipt was issued in that period."""


class TooManyReceipts(Refusal):
    """The period has more receipts than are mailed at once."""


class MailNotConfigured(Refusal):
    """There is no mail server."""


class ReceiptExportNotFound(Refusal):
    """No such request, or one of an account that the person may not know of."""


class ReceiptExport(SQLModel, table=True):
    """`first_day` and `last_day` are dates in the account's time zone. `mails` has the ids of the receipts of
    each email, as they were found when it was requested."""

    __tablename__ = "receipt_export"
    __table_args__ = (Index("ix_receipt_export_contact", "contact_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    contact_id: int = Field(foreign_key="billing_contact.id")
    requested_at: datetime
    first_day: date
    last_day: date
    mails: list[list[int]] = Field(sa_type=JSON)

    @property
    def key(self) -> int:
        assert self.id is not None, "the request is stored"
        return self.id

    @property
    def receipt_ids(self) -> list[int]:
        return [id_ for ids in self.mails for id_ in ids]

    def get_email_event(self, number: int) -> str:
        """Returns the event of the notice that sends the email; the first one's number is 1."""
        return f"receipt_export:{self.key}:mail:{number}"


@dataclass(frozen=True)
class ExportProgress:
    """How far a request is: how many of its emails were sent, and how many never can be."""

    export: ReceiptExport
    email: str
    sent_count: int = 0
    failed_count: int = 0

    @property
    def mail_count(self) -> int:
        return len(self.export.mails)

    @property
    def is_finished(self) -> bool:
        return self.sent_count + self.failed_count >= self.mail_count


@dataclass(frozen=True)
class ExportPage:
    """`receipts` are those of the period, the oldest first, each with its order's number. `problem` is why
    they cannot be mailed; `latest` is the contact's latest request."""

    account: Account
    contact: BillingContact
    first_day: date
    last_day: date
    receipts: Sequence[tuple[Receipt, str]]
    problem: Refusal | None = None
    latest: ExportProgress | None = None
    has_mail: bool = True


def get_previous_month(today: date) -> tuple[date, date]:
    last_day = today.replace(day=1) - timedelta(days=1)
    return last_day.replace(day=1), last_day


def check_exportable(first_day: date, last_day: date, receipt_count: int) -> None:
    """Raises PeriodReversed, NoReceiptsInPeriod and TooManyReceipts."""
    if last_day < first_day:
        raise PeriodReversed(first=first_day)
    if receipt_count == 0:
        raise NoReceiptsInPeriod(first=first_day, last=last_day)
    if receipt_count > MAX_EXPORTED_RECEIPTS:
        raise TooManyReceipts(most=MAX_EXPORTED_RECEIPTS)


def split_into_emails(receipts: Iterable[Receipt]) -> list[list[int]]:
    """Returns their ids in order. What belongs to one receipt stays together: its own PDF, and its
    invoices."""
    mails: list[list[int]] = []
    room = 0
    for receipt in receipts:
        file_count = 1 + len(receipt.invoice_numbers)
        if file_count > room:
            mails.append([])
            room = MAX_FILES_PER_EMAIL
        mails[-1].append(receipt.key)
        room -= file_count
    return mails
