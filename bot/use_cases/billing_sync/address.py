"""Taking over a billing address that was changed at the provider, which taxes by its own copy (R10)."""

import contextlib
from datetime import datetime, timedelta

from sqlmodel import col, select

from bot.billing.gateway import BillingUnavailable, CustomerNotFound
from bot.db import Session, lock_account
from bot.dependencies import Dependencies
from bot.use_cases.account_change import record_account_change
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.billing_sync.subscriptions import PROVIDER_ACTOR
from models.account import Account, Address
from models.account.address_fields import has_other_parts
from models.audit.action import AuditAction
from models.checkout import COUNTRY_CODES, MAX_FIELD_LENGTH
from models.service_order import ServiceOrder

# An order's address is written to the provider when the order is charged: within a day, or soon after.
OWN_ORDERS_PERIOD = timedelta(days=3)


async def refresh_address(dependencies: Dependencies, account_id: str) -> bool:
    """Stores the provider's address. It becomes the account's if somebody changed it there since the last
    refresh: until the first one, the account's own counts. Returns whether anything was stored.

    Raises BillingUnavailable, CustomerNotFound.
    """
    address = await dependencies.billing.fetch_billing_address(account_id)
    if address is None:
        return False
    async with dependencies.read() as session:
        account = await session.get_one(Account, account_id)
        known = account.provider_address
    if known == address.model_dump():
        return False
    # Read again: the first answer may be older than what another process has stored since.
    address = await dependencies.billing.fetch_billing_address(account_id)
    async with dependencies.write() as session:
        account = await lock_account(session, account_id)
        if address is None or account.provider_address != known:
            return False
        await _store_provider_address(session, account, address, dependencies.now())
    return True


async def refresh_address_if_available(dependencies: Dependencies, account_id: str) -> bool:
    """Before an address is shown at checkout; if the provider does not respond, the stored one is."""
    with contextlib.suppress(BillingUnavailable, CustomerNotFound):
        return await refresh_address(dependencies, account_id)
    return False


async def _store_provider_address(session: Session, account: Account, address: Address, at: datetime) -> None:
    is_first = account.provider_address is None
    account.provider_address = address.model_dump()
    session.add(account)
    old = account.billing_address
    is_correction = not is_first and _is_showable(address) and has_other_parts(address, old)
    if not is_correction or await _is_of_own_order(session, account, address, at):
        account.revision += 1
        await record_account_change(session, account.id)
        return
    account.set_billing_address(address, at)
    await write_audit_entry(
        session,
        account_id=account.id,
        actor=PROVIDER_ACTOR,
        subject=account.audit_subject,
        action=AuditAction.UPDATED,
        at=at,
        details={"billing_address": [old.model_dump(), address.model_dump()]},
    )


def _is_showable(address: Address) -> bool:
    """Whether checkout can show it."""
    is_short = all(len(text) <= MAX_FIELD_LENGTH for text in address.model_dump().values())
    return is_short and address.country in COUNTRY_CODES


async def _is_of_own_order(session: Session, account: Account, address: Address, at: datetime) -> bool:
    found = await session.exec(
        select(ServiceOrder.address).where(
            ServiceOrder.account_id == account.id, col(ServiceOrder.placed_at) > at - OWN_ORDERS_PERIOD
        )
    )
    return address.model_dump() in found.all()
