"""Receipts of a period, for an account's books: choosing them, and mailing their PDFs with a table (R28)."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import col, select

from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, authorize_row, get_authorized_role, lock_account_role
from bot.use_cases.notice.enqueue import build_notices, enqueue_notices, list_email_destinations
from models.account import Account
from models.account.billing_contact import BillingContact
from models.checkout import FieldRequired
from models.errors import InvalidInput, Refusal
from models.notice import Notice, NoticeKind, NoticeStatus
from models.notice.payloads import ReceiptExportPayload
from models.receipt import Receipt
from models.receipt_export import (
    MAX_EXPORTED_RECEIPTS,
    ExportPage,
    ExportProgress,
    MailNotConfigured,
    ReceiptExport,
    ReceiptExportNotFound,
    check_exportable,
    get_previous_month,
    split_into_emails,
)
from models.service_order import ServiceOrder


async def open_receipt_export(
    dependencies: Dependencies,
    *,
    person: SlackIdentity,
    account_id: str,
    first_day: date | None = None,
    last_day: date | None = None,
) -> ExportPage:
    # The default period is last month.
    at = dependencies.now()
    async with dependencies.read() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=False)
        default_first_day, default_last_day = get_previous_month(account.get_local_date(at))
        first_day, last_day = first_day or default_first_day, last_day or default_last_day
        receipts = await _list_receipts(session, account, first_day, last_day)
        latest = await _find_latest_export(session, account, contact)
        return ExportPage(
            account=account,
            contact=contact,
            first_day=first_day,
            last_day=last_day,
            receipts=receipts,
            problem=_find_problem(first_day, last_day, receipts),
            has_mail=dependencies.mailer.is_configured,
            latest=await _load_progress(session, latest, contact) if latest else None,
        )


async def request_receipt_export(
    dependencies: Dependencies,
    *,
    person: SlackIdentity,
    account_id: str,
    first_day: date | None,
    last_day: date | None,
) -> tuple[Account, ExportProgress]:
    """Enqueues the emails: once, if the export is requested again before they have been sent. Raises
    MailNotConfigured, and InvalidInput for a period that cannot be emailed."""
    at = dependencies.now()
    async with dependencies.write() as session:
        account, contact = await lock_account_role(session, person, account_id, at)
        _check_mailer(dependencies)
        if first_day is None or last_day is None:
            raise InvalidInput({"until" if first_day else "since": FieldRequired()})
        latest = await _find_latest_export(session, account, contact)
        if latest is not None and (latest.first_day, latest.last_day) == (first_day, last_day):
            progress = await _load_progress(session, latest, contact)
            if not progress.is_finished:
                return account, progress
        receipts = await _list_receipts(session, account, first_day, last_day)
        problem = _find_problem(first_day, last_day, receipts)
        if problem is not None:
            raise InvalidInput({"until": problem})
        export = ReceiptExport(
            account_id=account.id,
            contact_id=contact.key,
            requested_at=at,
            first_day=first_day,
            last_day=last_day,
            mails=split_into_emails(receipt for receipt, _ in receipts),
        )
        session.add(export)
        await session.flush()
        await enqueue_notices(session, _build_mails(account, contact, export, at))
        return account, ExportProgress(export, contact.email)


async def get_export_progress(
    dependencies: Dependencies, *, person: SlackIdentity, export_id: int
) -> tuple[Account, ExportProgress]:
    async with dependencies.read() as session:
        authorized = await authorize_row(
            session,
            person,
            await session.get(ReceiptExport, export_id),
            dependencies.now(),
            for_change=False,
            not_found=ReceiptExportNotFound(),
        )
        contact = await session.get_one(BillingContact, authorized.row.contact_id)
        return authorized.account, await _load_progress(session, authorized.row, contact)


def _check_mailer(dependencies: Dependencies) -> None:
    # Without a mail server, emails would wait for one.
    if not dependencies.mailer.is_configured:
        raise MailNotConfigured


async def _list_receipts(
    session: Session, account: Account, first_day: date, last_day: date
) -> Sequence[tuple[Receipt, str]]:
    """Lists receipts in the order of their numbers; one more than can be emailed shows that there are
    more."""
    found = await session.exec(
        select(Receipt, ServiceOrder.number)
        .join(ServiceOrder, col(ServiceOrder.id) == Receipt.order_id)
        .where(
            Receipt.account_id == account.id,
            col(Receipt.issued_on) >= first_day,
            col(Receipt.issued_on) <= last_day,
        )
        .order_by(col(Receipt.id))
        .limit(MAX_EXPORTED_RECEIPTS + 1)
    )
    return found.all()


def _find_problem(first_day: date, last_day: date, receipts: Sequence[tuple[Receipt, str]]) -> Refusal | None:
    try:
        check_exportable(first_day, last_day, len(receipts))
    except Refusal as refusal:
        return refusal
    return None


async def _find_latest_export(
    session: Session, account: Account, contact: BillingContact
) -> ReceiptExport | None:
    found = await session.exec(
        select(ReceiptExport)
        .where(ReceiptExport.contact_id == contact.id, ReceiptExport.account_id == account.id)
        .order_by(col(ReceiptExport.id).desc())
        .limit(1)
    )
    return found.first()


async def _load_progress(session: Session, export: ReceiptExport, contact: BillingContact) -> ExportProgress:
    [destination] = list_email_destinations([contact])
    events = [f"{export.get_email_event(number)}>{destination}" for number, _ in enumerate(export.mails, 1)]
    found = (await session.exec(select(Notice.status).where(col(Notice.event).in_(events)))).all()
    failed_count = found.count(NoticeStatus.UNDELIVERABLE)
    # Old notices are deleted, but never those that wait.
    sent_count = len(events) - found.count(NoticeStatus.WAITING) - failed_count
    return ExportProgress(export, contact.email, sent_count=sent_count, failed_count=failed_count)


def _build_mails(
    account: Account, contact: BillingContact, export: ReceiptExport, at: datetime
) -> list[Notice]:
    return [
        notice
        for number, ids in enumerate(export.mails, 1)
        for notice in build_notices(
            NoticeKind.RECEIPT_EXPORT,
            export.get_email_event(number),
            list_email_destinations([contact]),
            account=account,
            at=at,
            payload=ReceiptExportPayload(
                export_id=export.key,
                first_day=export.first_day,
                last_day=export.last_day,
                mail=number,
                mail_count=len(export.mails),
                receipt_count=len(ids),
            ),
        )
    ]
