"""Keeping the bot's copy of payment methods, where the provider keeps them (R3, R23)."""

import contextlib
from typing import Any

import structlog
from sqlmodel import select

from bot.billing.gateway import BillingUnavailable, CustomerNotFound, PaymentMethodState
from bot.db import Session, lock_account
from bot.services import Services
from bot.use_cases.account_change import record_account_change
from models.payment_method import PaymentMethod

log = structlog.get_logger()


async def refresh_payment_methods(services: Services, account_id: str) -> bool:
    """Bring the bot's copy up to what the provider holds; what it no longer holds is kept, inactive. Returns
    whether anything was to be changed.

    Where the provider keeps none, those of the import stay. Raises BillingUnavailable, CustomerUnknown.
    """
    states = await services.billing.list_payment_methods(account_id)
    if states is None:
        return False
    async with services.read() as session:
        if _get_local_values(await _list_methods(session, account_id)) == _get_provider_values(states):
            return False
    async with services.write() as session:
        await lock_account(session, account_id)
        await _apply_method_states(session, account_id, states)
        await record_account_change(session, account_id)
    return True


async def refresh_methods_if_available(services: Services, account_id: str) -> None:
    """Where a card is about to be chosen: those there were are shown while the provider is silent."""
    with contextlib.suppress(BillingUnavailable, CustomerNotFound):
        await refresh_payment_methods(services, account_id)


async def _apply_method_states(session: Session, account_id: str, states: list[PaymentMethodState]) -> None:
    rows = {row.id: row for row in await _list_methods(session, account_id)}
    for row in rows.values():
        # First what is no default any more, then what becomes one: an account never has two.
        row.is_default = row.active = False
        session.add(row)
    await session.flush()
    for state in states:
        values = _build_values(state)
        if state.id in rows:
            session.add(rows[state.id].sqlmodel_update({**values, "active": True}))
        elif await session.get(PaymentMethod, state.id) is None:
            session.add(PaymentMethod(account_id=account_id, **values))
        else:
            log.error("payment_method.account_mismatch", payment_method=state.id, account=account_id)


async def _list_methods(session: Session, account_id: str) -> list[PaymentMethod]:
    found = await session.exec(select(PaymentMethod).where(PaymentMethod.account_id == account_id))
    return list(found.all())


def _build_values(state: PaymentMethodState) -> dict[str, Any]:
    return {
        "id": state.id,
        "automatic": True,
        "brand": state.brand,
        "last4": state.last4,
        "expiry_year": state.expiry_year,
        "expiry_month": state.expiry_month,
        "is_default": state.is_default,
    }


def _get_local_values(rows: list[PaymentMethod]) -> set[tuple[object, ...]]:
    fields = ("id", "automatic", "brand", "last4", "expiry_year", "expiry_month", "is_default")
    return {tuple(getattr(row, field) for field in fields) for row in rows if row.active}


def _get_provider_values(states: list[PaymentMethodState]) -> set[tuple[object, ...]]:
    return {tuple(_build_values(state).values()) for state in states}
