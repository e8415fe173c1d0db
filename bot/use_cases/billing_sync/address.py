"""Taking over a billing address that was changed at the provider, which taxes by its own copy (R10).

What the provider had when it was last read is stored, and an address read there that differs is somebody's
correction, unless a charge may have written it since. A charge overwrites only an address that was read. If
the account has got a newer one since the order, the provider gets that back once the line is decided.
"""

import contextlib
from datetime import datetime

from sqlmodel import and_, col, or_, select

from bot.billing.gateway import BillingUnavailable, CustomerNotFound
from bot.db import Session, lock_account
from bot.dependencies import Dependencies
from bot.use_cases.account_change import record_account_change
from bot.use_cases.audit.write import NewAuditEntry, write_audit_entries
from bot.use_cases.billing_sync.subscriptions import PROVIDER_ACTOR
from models.account import Account, Address, ProviderAddress
from models.account.address_fields import has_other_parts, keep_known_parts
from models.audit.action import AuditAction
from models.checkout import COUNTRY_CODES, MAX_FIELD_LENGTH
from models.service_order import BUSY_STATUSES, SENDING_STATUSES, ChargeAttempt, OrderLine, ServiceOrder


async def refresh_address_if_available(dependencies: Dependencies, account_id: str) -> None:
    # If the provider does not respond, the stored address stays.
    with contextlib.suppress(BillingUnavailable, CustomerNotFound):
        found = await dependencies.billing.fetch_billing_address(account_id)
        await store_address(dependencies, account_id, found)


async def store_address(dependencies: Dependencies, account_id: str, found: ProviderAddress | None) -> bool:
    """Stores what was read from the provider. It becomes the account's address if somebody changed it there
    since it was read last: until the first time, the account's own counts. Returns whether anything was
    stored. A provider that keeps no addresses changes nothing. Raises BillingUnavailable,
    CustomerNotFound."""
    if found is None:
        return False
    async with dependencies.read() as session:
        known = (await session.get_one(Account, account_id)).provider_address
    if found.is_same_as(known):
        return False
    # Read again: the first answer may be older than what another process has stored since.
    newest = await dependencies.billing.fetch_billing_address(account_id)
    if newest is None or newest.is_same_as(known):
        return False
    async with dependencies.write() as session:
        account = await lock_account(session, account_id)
        if account.provider_address == known and newest.customer_id == account.stripe_customer:
            entries = await apply_provider_address(session, account, newest, dependencies.now())
            await write_audit_entries(session, account.id, entries)
            return True
        # Which of the two answers is newer is not known.
        account.schedule_refresh(dependencies.now())
        session.add(account)
        return False


async def restore_address(dependencies: Dependencies, account_id: str) -> None:
    """Gives the provider the account's address back, if a charge has replaced it by an older one of its
    order. Raises BillingUnavailable, CustomerNotFound."""
    async with dependencies.read() as session:
        account = await session.get_one(Account, account_id)
        known, address = account.known_provider_address, account.billing_address
        if known is None or not await _is_replaced_by_charge(session, account, known):
            return
    found = await dependencies.billing.restore_billing_address(account_id, address, known)
    if found is None or found.address != address:
        await store_address(dependencies, account_id, found)
        return
    async with dependencies.write() as session:
        account = await lock_account(session, account_id)
        if account.provider_address == known:
            # No correction, even if the account has got another address by now.
            await _store_provider_address(session, account, found)


async def _is_replaced_by_charge(session: Session, account: Account, known: ProviderAddress) -> bool:
    changed_at = account.billing_address_changed_at
    if changed_at is None or known.address in (None, account.billing_address):
        return False
    found = await session.exec(
        select(ServiceOrder.address, OrderLine.status)
        .join(OrderLine, col(OrderLine.order_id) == ServiceOrder.id)
        .outerjoin(ChargeAttempt, col(ChargeAttempt.order_line_id) == OrderLine.id)
        .where(
            ServiceOrder.account_id == account.id,
            or_(
                col(OrderLine.status).in_(BUSY_STATUSES),
                # As it ended later, it may have written later.
                col(ChargeAttempt.ended_at) >= changed_at,
            ),
        )
    )
    rows = [(Address.model_validate(written), status) for written, status in found.all()]
    # Until all lines that may still be sent are decided, their own addresses count.
    is_sending = any(s in SENDING_STATUSES and written != account.billing_address for written, s in rows)
    return not is_sending and any(written == known.address for written, _ in rows)


async def apply_provider_address(
    session: Session, account: Account, found: ProviderAddress, at: datetime
) -> list[NewAuditEntry]:
    """Stores it in the locked account. Returns what is to be written to the history."""
    known = account.known_provider_address
    old, address = account.billing_address, found.address
    is_correction = (
        known is not None
        and address is not None
        and _is_showable(address)
        and has_other_parts(address, old)
        and not await _may_be_of_charge(session, account, address, known)
    )
    if address is None or not is_correction:
        await _store_provider_address(session, account, found)
        return []
    account.provider_address = found
    session.add(account)
    new = keep_known_parts(address, old)
    account.set_billing_address(new, at)
    details: dict[str, object] = {"billing_address": [old.model_dump(), new.model_dump()]}
    return [NewAuditEntry(PROVIDER_ACTOR, account.audit_subject, AuditAction.UPDATED, at, details=details)]


async def _store_provider_address(session: Session, account: Account, found: ProviderAddress) -> None:
    account.provider_address = found
    account.revision += 1
    session.add(account)
    await record_account_change(session, account.id)


def _is_showable(address: Address) -> bool:
    """Whether checkout can show it."""
    is_short = all(len(text) <= MAX_FIELD_LENGTH for text in address.model_dump().values())
    return is_short and address.country in COUNTRY_CODES


async def _may_be_of_charge(
    session: Session, account: Account, address: Address, known: ProviderAddress
) -> bool:
    """Whether a charge may have written it since `known` was read. What it wrote is stored with its outcome,
    unless an earlier version charged."""
    found = await session.exec(
        select(ServiceOrder.address)
        .join(OrderLine, col(OrderLine.order_id) == ServiceOrder.id)
        .join(ChargeAttempt, col(ChargeAttempt.order_line_id) == OrderLine.id)
        .where(
            ServiceOrder.account_id == account.id,
            or_(
                col(ChargeAttempt.started_at) > known.read_at,
                and_(col(ChargeAttempt.ended_at).is_(None), col(OrderLine.status).in_(SENDING_STATUSES)),
            ),
        )
    )
    return any(Address.model_validate(written) == address for written in found.all())
